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
  let busy = false; // a deed is on its way
  let waiting = []; // keys pressed before either was there
  let timer;

  /* ---- The sheet follows the list ------------------------------------------------------------------------------ */

  function open(row, { now = false, focus = false } = {}) {
    const lead = row.dataset.lead;
    for (const other of list().querySelectorAll("a.row[aria-current]")) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    clearTimeout(timer);
    if (sheet()?.dataset.lead === lead) { wanted = ""; if (focus) intoSheet(); return; }
    wanted = lead;
    timer = setTimeout(() => load(row, lead, focus), now ? 0 : 120);
  }

  async function load(row, lead, focus) {
    const url = row.getAttribute("href");
    try {
      await htmx.ajax("GET", url, { source: row, target: "#sheet", swap: "outerHTML" });
    } catch { /* said by ripeline.js */ }
    if (wanted !== lead) return;
    wanted = "";
    if (sheet()?.dataset.lead !== lead) { waiting = []; return; }
    history.replaceState(history.state, "", url);
    if (focus) intoSheet();
    repeat();
  }

  function repeat() {
    const keys = waiting;
    waiting = [];
    for (const key of keys) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
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

  /* A key pressed while the sheet of the chosen row is on its way waits for it, and one pressed while a deed is on its way
   * waits for that; but no outcome does: a key pressed twice must not fall on whoever comes next. */
  document.addEventListener("keydown", (event) => {
    if ((!wanted && !busy) || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    if (!/^[1-8cewsnodzjk]$/.test(event.key) || (!busy && /^[jk]$/.test(event.key))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!waiting.some((key) => /[wsnd]/.test(key)) && !(busy && !/^[dzjk]$/.test(event.key))) waiting.push(event.key);
  }, true);

  /* ---- Outcomes: shown at once, and true ------------------------------------------------------------------------ */

  const isDeed = (event) => event.detail.requestConfig?.verb === "post" && event.target.closest?.("#sheet, .toast.deed");
  const rowOf = (event) => {
    const lead = event.target.closest("#sheet")?.dataset.lead;
    return lead && $(`a.row[data-lead="${CSS.escape(lead)}"]`, list());
  };

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isDeed(event)) return;
    const settles = /\/(outcome|next|won|keep)$/.test(event.detail.requestConfig.path);
    if (settles) rowOf(event)?.closest("li").classList.add("done", "pending");
    busy = true;
    sheet()?.setAttribute("aria-busy", "true");
  });

  /* What could not be saved is said by a toast (ripeline.js), and the row stands as it stood. */
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(name, (event) => {
      document.querySelectorAll("#today li.pending").forEach((item) => item.classList.remove("done", "pending"));
      sheet()?.removeAttribute("aria-busy");
      busy = false;
      if (event.target.closest?.("#sheet")) chosen()?.focus({ preventScroll: true });
      waiting = [];
    });
  }

  /* The next row has the focus; the list stays where it was. */
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id !== "today") return;
    wanted = "";
    busy = false;
    const invalid = $('[aria-invalid="true"]', sheet() || document);
    if (invalid) { invalid.focus(); return; }
    if (wide.matches) {
      const row = chosen();
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
      repeat();
    } else {
      scrollTo({ top: 0 });
      $("h2", sheet() || document)?.focus({ preventScroll: true });
    }
  });
})();
