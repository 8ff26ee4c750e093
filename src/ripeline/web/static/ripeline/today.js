/* Today by keyboard: the sheet follows the row that has the focus, a key acts on that row and on no other, an outcome is
 * shown at once and taken back from the screen if it could not be saved.
 *
 * The keys themselves are data-key attributes, pressed by ripeline.js. Here is what happens around them.
 */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const list = () => $("#today .list");
  const sheet = () => $("#sheet");
  const wide = matchMedia("(min-width: 60.01rem)"); // narrower: the list or the sheet, each a page of its own
  const chosen = () => $('a.row[aria-current="true"]', list() || document);

  let wanted = ""; // the lead whose sheet is on its way
  let onSettled;
  let timer;

  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.elt.id === "sheet") onSettled?.(); });

  /* ---- The sheet follows the list ------------------------------------------------------------------------------ */

  function open(row, { now = false, focus = false } = {}) {
    const lead = row.dataset.lead;
    for (const other of list().querySelectorAll("a.row[aria-current]")) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    clearTimeout(timer);
    if (sheet()?.dataset.lead === lead) { wanted = ""; ripeline.release("sheet"); if (focus) intoSheet(); return; }
    wanted = lead;
    ripeline.hold("sheet");
    timer = setTimeout(() => load(row, lead, focus), now ? 0 : 120);
  }

  async function load(row, lead, focus) {
    const url = row.getAttribute("href");
    const settled = new Promise((done) => { onSettled = done; });
    try {
      await htmx.ajax("GET", url, { source: row, target: "#sheet", swap: "outerHTML" });
    } catch { /* said by ripeline.js */ }
    if (wanted === lead && sheet()?.dataset.lead === lead) await settled; // before that, htmx does not listen to it yet
    if (wanted !== lead) return;
    wanted = "";
    const isHere = sheet()?.dataset.lead === lead;
    if (isHere) history.replaceState(history.state, "", url);
    if (isHere && focus) intoSheet();
    ripeline.release("sheet", { drop: !isHere });
  }

  function intoSheet() {
    $("h2", sheet())?.focus();
  }

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("#today .list a.row");
    if (row && wide.matches) open(row);
  });

  document.addEventListener("click", (event) => {
    const row = event.target.closest("#today .list a.row");
    if (!row || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(row, { now: true, focus: event.detail === 0 }); // detail 0: by Enter, which goes on into the sheet
  });

  /* ---- The date being typed is in sight ------------------------------------------------------------------------ */

  const ECHO = 56; // pixels below the field, for what is understood of it

  /* Neither behind the outcomes, which stay at the foot of the window, nor behind the rail, which does on a phone. */
  function reveal(form) {
    const feet = [$(".deeds", sheet()), $(".rail")].filter((foot) => foot && foot.getBoundingClientRect().bottom >= innerHeight - 1 && /sticky|fixed/.test(getComputedStyle(foot).position) && getComputedStyle(foot).bottom === "0px");
    const floor = Math.min(innerHeight, ...feet.map((foot) => foot.getBoundingClientRect().top));
    const box = form.getBoundingClientRect();
    const hidden = box.bottom + ($(".echo", form)?.textContent ? 0 : ECHO) - floor;
    if (hidden > 0) scrollBy({ top: hidden, behavior: "instant" });
    else if (box.top < 0) scrollBy({ top: box.top - 16, behavior: "instant" });
  }

  document.addEventListener("focusin", (event) => {
    const form = event.target.closest?.("#sheet form.when");
    if (form) requestAnimationFrame(() => reveal(form)); // after the browser has scrolled by itself
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const form = event.detail.elt.matches?.(".echo") && event.detail.elt.closest("#sheet form.when");
    if (form) reveal(form);
  });

  /* ---- Outcomes: shown at once, and true ------------------------------------------------------------------------ */

  const rowOf = (event) => {
    const lead = event.target.closest?.("#sheet")?.dataset.lead;
    return lead && $(`a.row[data-lead="${CSS.escape(lead)}"]`, list());
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { verb, path } = event.detail.requestConfig || {};
    if (verb === "post" && /\/(outcome|next|won|keep)$/.test(path)) rowOf(event)?.closest("li").classList.add("done", "pending");
  });

  /* What could not be saved is said by a toast (ripeline.js), and the row stands as it stood. */
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(name, (event) => {
      document.querySelectorAll("#today li.pending").forEach((item) => item.classList.remove("done", "pending"));
      if (event.target.closest?.("#sheet")) chosen()?.focus({ preventScroll: true });
    });
  }

  /* The next row has the focus; the list stays where it was. */
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id !== "today") return;
    wanted = "";
    ripeline.release("sheet");
    const invalid = $('[aria-invalid="true"]', sheet() || document);
    if (invalid) { invalid.focus(); return; }
    if (wide.matches) {
      const row = chosen();
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    } else {
      scrollTo({ top: 0 });
      $("h2", sheet() || document)?.focus({ preventScroll: true });
    }
  });
})();
