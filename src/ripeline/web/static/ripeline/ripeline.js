/* The keyboard, the command palette, toasts and a few small courtesies. Plain JavaScript, no build step.
 *
 * The parts below are used by attributes in templates; `window.ripeline.say(text)` shows a toast.
 * In a template:
 *   data-key="c"            that key presses this button or link (the first one that can be seen)
 *   data-chord="c"          g and then that key go to this link, from every page
 *   data-key-label="Call"   its words in the list of keys (`?`); without it the element's own text
 *   data-key-shown="x"      that key is in the list of keys, and another script's
 *   data-offered="Export"   can be done from the palette under these words
 *   data-list               j and k move among the a.row inside; Enter opens (a link does that by itself)
 *   data-opens="palette"    opens the dialog with that id
 *   data-closes             closes the dialog around it
 *   data-copy="id"          copies the value of the input with that id
 *   data-guess="time-zone"  a <select> that starts at the browser's time zone
 *   data-submits            a control whose change sends its form
 *   data-check-all="name"   a box that checks all boxes of that name in its form
 *   data-reveal="id"        a box that shows the password in the field with that id
 *   data-focus              gets the focus when it is swapped in
 *
 * <html> says how far the page is: `data-ready`, its scripts hear; `data-asks`, an answer to a part of it is on its way.
 */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const seen = (element) => element.checkVisibility ? element.checkVisibility() : element.offsetParent !== null;
  const typing = (element) =>
    element.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && !/^(checkbox|radio|button|submit)$/.test(element.type));

  /* ---- Toasts ------------------------------------------------------------------------------------------------ */

  const LASTS = 9000; // milliseconds; a toast with an undo stays until the next one or until it is closed
  const toasts = () => $("#toasts");

  function watch(toast) {
    if (toast.dataset.watched) return;
    toast.dataset.watched = "yes";
    for (const older of $$(".toast", toasts())) if (older !== toast && !older.matches(":focus-within")) older.remove();
    if ($(".undo", toast) || toast.matches(".error")) return;
    let timer = setTimeout(() => toast.remove(), LASTS);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => { timer = setTimeout(() => toast.remove(), LASTS); });
    toast.addEventListener("focusin", () => clearTimeout(timer));
  }

  function say(text, isError = false) {
    const toast = $("#toast-template").content.firstElementChild.cloneNode(true);
    $("span", toast).textContent = text;
    toast.classList.toggle("error", isError);
    toasts().append(toast);
  }

  function startToasts() {
    $$(".toast", toasts()).forEach(watch);
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1 && node.matches(".toast")) watch(node);
    }).observe(toasts(), { childList: true });
  }

  /* ---- What the server answers to a part of a page ------------------------------------------------------------- */

  const page = document.documentElement;
  const asking = new Set();

  document.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => {
    asking.add(xhr);
    page.dataset.asks = "yes";
    xhr.addEventListener("loadend", () => setTimeout(() => { // after what came has settled
      asking.delete(xhr);
      const leaves = ["HX-Redirect", "HX-Refresh", "HX-Location"].some((name) => xhr.getResponseHeader(name));
      if (!asking.size && !leaves) delete page.dataset.asks;
    }, htmx.config.defaultSettleDelay));
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const isWords = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    say(isWords && xhr.responseText ? xhr.responseText : "That did not work; nothing was changed. Please try again.", true);
  });
  document.addEventListener("htmx:sendError", () => say("Ripeline cannot be reached. Nothing was changed; try again in a moment.", true));
  document.addEventListener("htmx:timeout", () => say("Ripeline took too long to answer. Look whether it was done before you repeat it.", true));
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = $("[data-focus]", event.detail.elt) || (event.detail.elt.matches?.("[data-focus]") ? event.detail.elt : null);
    if (target) target.focus();
  });

  /* ---- The keyboard -------------------------------------------------------------------------------------------- */

  function move(step) {
    const list = $$("[data-list]").find(seen);
    if (!list) return false;
    const rows = $$("a.row", list).filter((row) => seen(row) && !row.closest(".done"));
    if (!rows.length) return false;
    const here = rows.findIndex((row) => row === document.activeElement);
    const chosen = here >= 0 ? here : rows.findIndex((row) => row.getAttribute("aria-current") === "true");
    const next = chosen < 0 ? 0 : here < 0 && step > 0 && document.activeElement === document.body ? chosen + step : chosen + step;
    const row = rows[Math.min(rows.length - 1, Math.max(0, next))];
    row.focus();
    row.scrollIntoView({ block: "nearest" });
    return true;
  }

  function press(key) {
    const target = $$(`[data-key="${CSS.escape(key)}"]`).find((element) => seen(element) && !element.disabled);
    if (!target) return false;
    if (typing(target)) target.focus(); else target.click();
    return true;
  }

  function undoLast() {
    const undo = $$(".toast .undo", toasts()).at(-1);
    if (undo) undo.click();
    return Boolean(undo);
  }

  /* Two keys, the first of them g: to a page, from wherever one is. */
  const CHORD = 1500; // milliseconds for the second key
  let begun = 0;

  function chord(key) {
    const isSecond = Date.now() - begun < CHORD;
    begun = key === "g" ? Date.now() : 0;
    const link = isSecond && $(`[data-chord="${CSS.escape(key)}"]`);
    if (link) link.click();
    return Boolean(link) || key === "g";
  }

  const KEYS = { j: () => move(1), k: () => move(-1), z: undoLast, "?": () => showKeys() };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      const palette = $("#palette");
      if (palette) { event.preventDefault(); palette.open ? palette.close() : openPalette(); }
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (chord(event.key) || press(event.key) || KEYS[event.key]?.()) event.preventDefault();
  });

  function showKeys() {
    const dialog = $("#keys");
    if (!dialog) return false;
    const here = $("#keys-here", dialog);
    const rows = $$("[data-key]").filter((element) => seen(element) && !element.closest("dialog"));
    const words = new Map();
    for (const element of [...rows, ...$$("[data-key-shown]")]) {
      const key = element.dataset.key ?? element.dataset.keyShown;
      if (!words.has(key)) words.set(key, labelOf(element));
    }
    here.replaceChildren(...[...words].flatMap(([key, label]) => {
      const term = document.createElement("dt"), kbd = document.createElement("kbd"), words = document.createElement("dd");
      kbd.textContent = key; term.append(kbd); words.textContent = label;
      return [term, words];
    }));
    here.previousElementSibling.hidden = here.hidden = words.size === 0;
    dialog.showModal();
    return true;
  }

  /* ---- The command palette --------------------------------------------------------------------------------------- */

  let asked = 0;

  function openPalette() {
    const palette = $("#palette"), input = $("input", palette);
    input.value = "";
    isAwaited = takesFirst = false;
    forgetFound();
    offerHere();
    palette.showModal();
    input.focus();
    narrow();
  }

  /* What can be done where one is: whatever has a key, and to whom the open lead can be given. */
  function offerHere() {
    const offered = new Map();
    for (const element of $$("[data-key]")) {
      if (!seen(element) || element.disabled || element.closest("dialog, nav")) continue;
      const label = labelOf(element);
      if (label && !offered.has(label)) offered.set(label, { key: element.dataset.key, act: () => press(element.dataset.key) });
    }
    for (const element of $$("[data-offered]")) offered.set(element.dataset.offered, { act: () => element.click() });
    const give = $('main form[action$="/give"] select[name="to"]');
    const receivers = give && /\/leads\/[0-9a-f-]{36}\/give$/.test(give.form.action) ? [...give.options].filter((each) => each.value) : [];
    for (const each of receivers) {
      offered.set(`Give to ${each.textContent.trim()}`, { asked: true, act: () => { give.value = each.value; give.form.requestSubmit(); } });
    }
    $("#palette-here").replaceChildren(...[...offered].map(([label, { key, asked, act }], index) => {
      const option = document.createElement("button");
      Object.assign(option, { type: "button", id: `here-${index}`, tabIndex: -1, textContent: label });
      option.setAttribute("role", "option");
      if (asked) option.dataset.asked = "yes";
      if (key) { const kbd = document.createElement("kbd"); kbd.className = "hint"; kbd.textContent = key; option.append(" ", kbd); }
      option.addEventListener("click", () => { $("#palette").close(); act(); });
      return option;
    }));
  }

  function labelOf(element) {
    if (element.dataset.keyLabel) return element.dataset.keyLabel;
    const copy = element.cloneNode(true);
    $$("kbd, .unseen, svg", copy).forEach((part) => part.remove());
    return copy.textContent.trim();
  }

  /* Whom other words found: Enter must not open them. */
  function forgetFound() {
    asked += 1;
    for (const id of ["#palette-people", "#palette-companies", "#palette-views"]) $(id).replaceChildren();
  }

  const options = () => $$('#palette [role="option"]').filter(seen);

  function choose(option) {
    for (const other of $$('#palette [role="option"]')) other.setAttribute("aria-selected", String(other === option));
    const input = $("#palette input");
    if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  }

  function narrow() {
    const words = $("#palette input").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of $$('#palette [data-fixed] [role="option"]')) {
      option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word)) || (!words.length && "asked" in option.dataset);
    }
    settle();
  }

  function settle() {
    for (const group of $$("#palette [data-group]")) group.hidden = !$$('[role="option"]:not([hidden])', group).length;
    $("#palette-list").hidden = !$$('#palette [role="option"]:not([hidden])').length;
    const found = options();
    $("#palette input").setAttribute("aria-expanded", String(found.length > 0));
    choose(found[0]);
    $("#palette .nothing").hidden = found.length > 0;
    $("#palette-count").textContent = found.length === 1 ? "1 result" : `${found.length} results`;
  }

  async function findPeople() {
    const palette = $("#palette"), query = $("input", palette).value.trim(), mine = ++asked, people = $("#palette-people");
    if (!palette.dataset.url || (query.length < 2 && !/[^\x00-\x7f]/.test(query))) { forgetFound(); settle(); answered(); return; }
    try {
      const answer = await fetch(`${palette.dataset.url}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true" } });
      if (mine !== asked || !answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      const rows = $$("a[href]", page.body);
      rows.forEach((row, index) => { row.setAttribute("role", "option"); row.id = `found-${index}`; row.tabIndex = -1; });
      const companies = $("#palette-companies"), are = (kind) => rows.filter((row) => kind in row.dataset);
      people.replaceChildren(...rows.filter((row) => !("company" in row.dataset || "view" in row.dataset)));
      companies.replaceChildren(...are("company"));
      $("#palette-views").replaceChildren(...are("view"));
      people.parentElement[are("first").length ? "before" : "after"](companies.parentElement);
      settle();
    } catch { /* the pages and verbs are still there */ }
    finally { if (mine === asked) answered(); }
  }

  /* Enter before the answer is there waits for it, and then takes the first. */
  let isAwaited = false, takesFirst = false;

  function answered() {
    const takes = takesFirst && $("#palette").open, first = options()[0];
    isAwaited = takesFirst = false;
    if (takes && first) { $("#palette").close(); first.click(); }
  }

  function startPalette() {
    const palette = $("#palette");
    if (!palette) return;
    let wait;
    $("input", palette).addEventListener("input", () => { forgetFound(); narrow(); isAwaited = true; takesFirst = false; clearTimeout(wait); wait = setTimeout(findPeople, 120); });
    palette.addEventListener("keydown", (event) => {
      const found = options(), here = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown") choose(found[(here + 1) % found.length]);
      else if (event.key === "ArrowUp") choose(found[(here - 1 + found.length) % found.length]);
      else if (event.key === "Enter" && isAwaited) takesFirst = true;
      else if (event.key === "Enter" && found[here]) { palette.close(); found[here].click(); }
      else return;
      event.preventDefault();
    });
  }

  /* ---- Courtesies ------------------------------------------------------------------------------------------------ */

  document.addEventListener("click", async (event) => {
    const { target } = event;
    const opener = target.closest("[data-opens]");
    if (opener) return opener.dataset.opens === "palette" ? openPalette() : opener.dataset.opens === "keys" ? showKeys() : $(`#${CSS.escape(opener.dataset.opens)}`)?.showModal();
    if (target.closest("[data-closes]")) return target.closest("dialog")?.close();
    if (target.matches("dialog")) return target.close(); // the backdrop
    if (target.closest(".toast .close")) return target.closest(".toast").remove();
    const copier = target.closest("[data-copy]");
    if (copier) {
      const source = document.getElementById(copier.dataset.copy);
      source.select();
      try { await navigator.clipboard.writeText(source.value); } catch { document.execCommand("copy"); }
      say("Copied.");
    }
  });

  /* Who signs out leaves the booth's page on this phone, too: it shows nobody's cards until somebody signs in. */
  document.addEventListener("submit", (event) => {
    if (event.target.matches('[action$="/sign-out"]')) localStorage.setItem("ripeline-booth-left", "yes");
  });

  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.matches("[data-submits]")) target.form.requestSubmit();
    if (target.matches("[data-reveal]")) document.getElementById(target.dataset.reveal).type = target.checked ? "text" : "password";
    if (target.matches("[data-check-all]"))
      $$(`input[type=checkbox][name="${CSS.escape(target.dataset.checkAll)}"]`, target.form || document).forEach((box) => { box.checked = target.checked; });
  });

  /* A time zone, and with it a country, to begin with; only in a form that nobody has filled in yet. */
  function guess() {
    const zone = $('select[data-guess="time-zone"]'), country = $('select[data-guess="country"]');
    if (!zone) return;
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const option = [...zone.options].find((each) => each.value === here || each.dataset.also?.split(" ").includes(here));
    if (!option) return;
    option.selected = true;
    if (country && option.dataset.country) country.value = option.dataset.country;
  }

  /* ---- What one's own long work is doing, while one works elsewhere ------------------------------------------------ */

  const WORKING = "ripeline-at-work"; // which are known to be under way
  const LOOK = 4000; // milliseconds

  /* Asked for only once a page of such work was seen, until all of it has ended: nobody else pays for it. */
  let seenAtWork = new Set(); // by this page: another may have noticed the end

  async function lookAtWork() {
    const corner = $("#at-work"), known = new Set([...(localStorage.getItem(WORKING) || "").split(" "), ...seenAtWork].filter(Boolean));
    if (!corner || !known.size || document.hidden) return;
    try {
      const answer = await fetch(corner.dataset.url, { headers: { "HX-Request": "true" } });
      if (!answer.ok || answer.redirected) return;
      const found = $$("a", new DOMParser().parseFromString(await answer.text(), "text/html").body);
      const moving = found.filter((link) => !("ended" in link.dataset));
      for (const link of found) if ("ended" in link.dataset && known.has(link.dataset.job) && location.pathname !== link.getAttribute("href")) sayEnded(link);
      corner.hidden = !moving.length || Boolean($("[data-at-work], #jobs"));
      corner.replaceChildren(...moving);
      seenAtWork = new Set(moving.map((link) => link.dataset.job));
      if (moving.length) localStorage.setItem(WORKING, moving.map((link) => link.dataset.job).join(" "));
      else localStorage.removeItem(WORKING);
    } catch { /* asked again in a moment */ }
  }

  function sayEnded(link) {
    say(`${link.dataset.ended}: `);
    const found = document.createElement("a");
    Object.assign(found, { href: link.getAttribute("href"), textContent: link.textContent.trim() });
    $("span", toasts().lastElementChild).append(found);
  }

  function startLooking() {
    const here = $("[data-at-work]");
    if (here) localStorage.setItem(WORKING, `${localStorage.getItem(WORKING) || ""} ${here.dataset.atWork}`);
    lookAtWork();
    setInterval(lookAtWork, LOOK);
  }

  document.addEventListener("DOMContentLoaded", () => {
    startToasts();
    startLooking();
    startPalette();
    guess();
    $(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
    $('[aria-invalid="true"]')?.focus();
    setTimeout(() => { page.dataset.ready = "yes"; }); // after what the page's other scripts do now
  });

  window.ripeline = { say };
})();
