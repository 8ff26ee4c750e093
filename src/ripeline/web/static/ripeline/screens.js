/* The record and Today: small courtesies that both share.
 *
 *   a[data-back]           goes back where one came from, if that was a page of ours
 *   details[data-focuses]  its first field gets the focus when it opens; Escape closes it
 *   [data-saves-note]      Ctrl-Enter in the note presses it
 *   a[href^="mailto:"]     the way that the outcome came about is then "by e-mail"
 *
 * While a deed is on its way, keys wait for its answer, which replaces what they would act on; no outcome waits: a key
 * pressed twice must not fall on whoever comes next. `ripeline.hold(why)` and `release(why)` say when keys wait.
 */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);

  /* ---- Keys that wait ------------------------------------------------------------------------------------------ */

  const reasons = new Set();
  let waiting = [];
  let typed = null; // the keys pressed after one that opens a field: text, until that field is there

  function hold(why) {
    reasons.add(why);
    document.documentElement.dataset.waits = "yes";
  }

  function release(why, { drop = false } = {}) {
    reasons.delete(why);
    if (drop) [waiting, typed] = [[], null];
    if (reasons.size) return;
    delete document.documentElement.dataset.waits;
    const keys = waiting, text = typed;
    [waiting, typed] = [[], null];
    for (const key of keys) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    if (text?.length) type(text, document.activeElement);
  }

  function type(keys, field) {
    if (!field.matches("input:not([type=checkbox]), textarea")) return;
    const sends = field.matches("input") && keys.includes("Enter");
    for (const key of sends ? keys.slice(0, keys.indexOf("Enter")) : keys) {
      const { selectionStart: from, selectionEnd: to } = field;
      if (key === "Backspace") field.setRangeText("", from === to ? Math.max(from - 1, 0) : from, to, "end");
      else field.setRangeText(key === "Enter" ? "\n" : key, from, to, "end");
    }
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    if (sends) field.form.requestSubmit();
  }

  Object.assign(window.ripeline, { hold, release });

  document.addEventListener("keydown", (event) => {
    if (!reasons.size || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const { key } = event, deed = reasons.has("deed");
    if (typed) { // text for the field that will be there; Escape takes it back, Tab and the like do what they do
      if (key === "Escape") { waiting.pop(); typed = null; }
      else if (key.length === 1 || key === "Enter" || key === "Backspace") typed.push(key);
      else return;
    } else {
      if (!/^[1-8cewsnodzjk]$/.test(key) || (!deed && /^[jk]$/.test(key))) return;
      if (!(deed && /^[1-8ceo]$/.test(key))) waiting.push(key);
      if (/^[wsnd]$/.test(key)) typed = [];
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  const isDeed = (event) => event.detail.requestConfig?.verb === "post" && event.target.closest?.("#record, #today, .toast.deed");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isDeed(event)) return;
    hold("deed");
    stand(true);
  });
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(name, () => {
      release("deed", { drop: true });
      stand(false);
    });
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.detail.elt.matches("#record, #today, .toast.deed .echo")) return;
    stand(false);
    setTimeout(() => release("deed")); // after the focus is set
  });

  /* Nothing else can be pressed meanwhile. */
  function stand(still) {
    for (const part of document.querySelectorAll("#record, #sheet, .toast.deed")) {
      part.inert = still;
      still ? part.setAttribute("aria-busy", "true") : part.removeAttribute("aria-busy");
    }
  }

  /* ---- Courtesies ------------------------------------------------------------------------------------------------ */

  /* At once, not when the toggle is told: the next key is already text. */
  document.addEventListener("click", (event) => {
    const box = event.target.closest("details[data-focuses] > summary")?.parentElement;
    if (!box) return;
    event.preventDefault();
    for (const other of document.querySelectorAll("details[data-focuses][open]")) if (other !== box) other.open = false;
    box.open = !box.open;
    const first = box.open && $("input:not([type=hidden]), select, textarea", box);
    if (first) { first.focus(); first.select?.(); } // what is typed replaces what stands there
  });

  document.addEventListener("click", (event) => {
    const back = event.target.closest("a[data-back]");
    if (back && !event.ctrlKey && !event.metaKey && document.referrer.startsWith(`${location.origin}/`)) {
      const from = new URL(document.referrer).pathname;
      if (from === "/leads" || from.startsWith("/today")) { event.preventDefault(); history.back(); }
    }
    const way = event.target.closest('a[href^="mailto:"], a[href^="tel:"]');
    const channel = $("#channel");
    if (way && channel) channel.value = way.protocol === "mailto:" ? "email" : "call";
    if (!event.target.closest("details[data-focuses], .toast"))
      for (const open of document.querySelectorAll("details[data-focuses][open]")) if (!open.closest(".toast") && !$('[aria-invalid="true"]', open)) open.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.key === "Escape" && target.matches?.("input, textarea, select, summary")) {
      const box = target.closest("details[data-focuses]");
      if (box) { box.open = false; $("summary", box).focus(); } else target.blur();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.matches("textarea[name=note]")) {
      event.preventDefault();
      [...target.form.elements].find((each) => each.matches("[data-saves-note]")).click();
    }
  });

  /* What a toast offered was done: another toast says so. */
  document.addEventListener("htmx:afterRequest", (event) => {
    const toast = event.target.closest?.(".toast");
    if (toast && event.detail.successful && event.detail.requestConfig.verb === "post") toast.remove();
  });

  /* After a deed the record is new: the keys are its own again, and the page does not move. */
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id !== "record") return;
    const invalid = $('#record [aria-invalid="true"]');
    if (invalid) invalid.focus(); else $("#main").focus({ preventScroll: true });
  });
})();
