/* The record and Today: small courtesies that both share.
 *
 *   a[data-back]           goes back where one came from, if that was a page of ours
 *   details[data-focuses]  its first field gets the focus when it opens; Escape closes it
 *   [data-saves-note]      Ctrl-Enter in the note presses it
 *   a[href^="mailto:"]     the way that the outcome came about is then "by e-mail"
 */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);

  document.addEventListener("toggle", (event) => {
    const box = event.target;
    if (!box.matches?.("details[data-focuses]") || !box.open) return;
    for (const other of document.querySelectorAll("details[data-focuses][open]")) if (other !== box) other.open = false;
    $("input:not([type=hidden]), select, textarea", box)?.focus();
  }, true);

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
      ($("[data-saves-note]", target.form) || $("button:not([name])", target.form)).click();
    }
  });

  /* After a deed the record is new: the focus goes to its beginning, without moving the page. */
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.id === "record" && document.activeElement === document.body) $("#main").focus({ preventScroll: true });
  });
})();
