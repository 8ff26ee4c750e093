/* The mapping page: an answer shows the choices it was asked with, and never takes back one that was made since.
 *
 * One request goes at a time, so that the server keeps what was said last. An answer is not shown where the form says
 * something else by now, where a button waits for its turn, or under a list that is open or a button that is pressed;
 * as soon as all that is over the form asks again (`again`).
 */
"use strict";
(() => {
  const PAUSE = 150; // milliseconds until a hand that was busy is looked at again
  const form = () => document.getElementById("mapping");
  const says = () => new URLSearchParams(new FormData(form())).toString();
  const knowsOpen = CSS.supports("selector(:open)");
  let sent = null; // what the form said in the request that is on its way
  let buttonWaits = false; // pressed while another request was on its way
  let isStale = false; // the page does not show what was chosen last
  let pressed = false;

  const isInUse = () => pressed || (knowsOpen && form().querySelector("select:open") !== null);

  function askAgain() {
    if (sent !== null || !isStale || !form()) return;
    if (isInUse()) setTimeout(askAgain, PAUSE);
    else htmx.trigger(form(), "again");
  }

  document.addEventListener("click", (event) => {
    if (sent !== null && event.target.closest(":is(#start, #try)")) buttonWaits = true;
  }, true);
  document.addEventListener("pointerdown", (event) => { pressed = event.target.closest("#mapping :is(button, summary, label)") !== null; });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { pressed = false; });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.closest("#mapping")) return;
    [sent, buttonWaits, isStale] = [says(), false, false];
    form().setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "mapping" || !event.detail.shouldSwap) return;
    isStale = says() !== sent || buttonWaits || isInUse();
    event.detail.shouldSwap = !isStale;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target?.id !== "mapping") return;
    sent = null;
    form()?.removeAttribute("aria-busy");
    queueMicrotask(askAgain); // after the request that waited, if any, is on its way
  });

  /* Of many columns those that are called so, or go there; what is typed is no part of the form. */
  const finder = (event) => (event.target.id === "find-column" ? event.target : null);
  function find() {
    const input = document.getElementById("find-column");
    if (!input) return;
    const wanted = input.value.trim().toLowerCase();
    const rows = [...document.querySelectorAll("#mapping .columns tbody tr")];
    for (const row of rows) {
      const chosen = row.querySelector(".goes select")?.selectedOptions[0]?.text ?? "";
      row.hidden = !`${row.querySelector(".label-of").textContent} ${chosen}`.toLowerCase().includes(wanted);
    }
    const found = rows.filter((row) => !row.hidden).length;
    document.getElementById("found-columns").textContent = wanted ? `${found} of ${rows.length}` : "";
  }
  document.addEventListener("input", (event) => { if (finder(event)) find(); });
  document.addEventListener("change", (event) => { if (finder(event)) event.stopPropagation(); }, true);
  document.addEventListener("keydown", (event) => { if (finder(event) && event.key === "Enter") event.preventDefault(); });
  document.addEventListener("htmx:afterSettle", find);
})();
