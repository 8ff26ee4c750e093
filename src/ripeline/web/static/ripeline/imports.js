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
})();
