/* The list of leads: what is ticked is remembered from page to page, and one's place on the way back.
 *
 *   form[data-choosing="query"]   the list's form; its query names what the ticks belong to
 *   x                             ticks the row that has the focus
 */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = () => $("form[data-choosing]");
  const boxes = (root) => $$('input[type=checkbox][name="lead"]', root);

  /* Ticks of other pages live in the session of this tab, and go along as hidden fields. */
  const store = (query) => `leads:${query.replace(/&?(after|before)=[^&]*/g, "")}`;
  const remembered = (of) => new Set(JSON.parse(sessionStorage.getItem(store(of.dataset.choosing)) || "[]"));

  function remember(of) {
    const kept = remembered(of);
    for (const box of boxes(of)) box.checked ? kept.add(box.value) : kept.delete(box.value);
    sessionStorage.setItem(store(of.dataset.choosing), JSON.stringify([...kept]));
    show(of, kept);
  }

  function show(of, kept) {
    const here = new Set(boxes(of).map((box) => box.value));
    const elsewhere = [...kept].filter((id) => !here.has(id));
    $$("input[data-elsewhere]", of).forEach((field) => field.remove());
    for (const id of elsewhere) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "lead", value: id });
      field.dataset.elsewhere = "yes";
      of.append(field);
    }
    const whole = $("[data-check-all]", of), ticked = boxes(of).filter((box) => box.checked).length;
    whole.checked = ticked > 0 && ticked === here.size;
    whole.indeterminate = ticked > 0 && ticked < here.size;
    of.classList.toggle("has-chosen", kept.size > 0);
    $("[data-count]", of).textContent =
      `${kept.size.toLocaleString()} chosen` + (elsewhere.length ? `, ${elsewhere.length.toLocaleString()} on other pages` : "");
  }

  function start() {
    const of = form();
    if (!of || of.dataset.started) return;
    of.dataset.started = "yes";
    forgetDone();
    const kept = remembered(of);
    for (const box of boxes(of)) box.checked = kept.has(box.value);
    show(of, kept);
  }

  /* What was ticked is forgotten once something was done with it; a page that asks once more keeps it. */
  function forgetDone() {
    const done = sessionStorage.getItem("leads:done-with");
    if (done !== null) sessionStorage.removeItem(store(done));
    sessionStorage.removeItem("leads:done-with");
  }

  document.addEventListener("change", (event) => {
    const of = event.target.closest("form[data-choosing]");
    if (of && event.target.matches('[name="lead"], [data-check-all]')) setTimeout(() => remember(of)); // after check-all
  });
  document.addEventListener("reset", (event) => {
    if (!event.target.matches("form[data-choosing]")) return;
    const of = event.target;
    sessionStorage.removeItem(store(of.dataset.choosing));
    setTimeout(() => { for (const box of boxes(of)) box.checked = false; show(of, new Set()); });
  });
  document.addEventListener("submit", (event) => {
    const of = event.target;
    const query = of.dataset.doneWith ?? (event.submitter?.name === "go" ? of.dataset.choosing : undefined);
    if (query !== undefined) sessionStorage.setItem("leads:done-with", query);
  });
  document.addEventListener("DOMContentLoaded", () => { if ($("form[data-done-with]")) sessionStorage.removeItem("leads:done-with"); });
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.("a.row");
    if (event.key !== "x" || !row || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = $('[name="lead"]', row.closest("tr"));
    if (box) { event.preventDefault(); box.click(); }
  });

  /* A column moves before its neighbour; those chosen are shown in the order of their list. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("form[data-columns] [data-earlier]");
    const item = button?.closest("li");
    if (!item?.previousElementSibling) return;
    item.previousElementSibling.before(item);
    $("input", item).checked = true;
    button.focus();
  });
  document.addEventListener("keydown", (event) => {
    const box = event.key === "Escape" && event.target.closest?.("details.drop[open]");
    if (box) { box.open = false; $("summary", box).focus(); }
  });

  /* On the way back the focus is where it was left. */
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tbody[data-list] a.row");
    if (row) sessionStorage.setItem("leads:last", row.getAttribute("href"));
  });
  window.addEventListener("pageshow", () => {
    const last = sessionStorage.getItem("leads:last");
    const row = last && $(`tbody[data-list] a.row[href="${CSS.escape(last)}"]`);
    if (row && document.activeElement === document.body) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
    sessionStorage.removeItem("leads:last");
  });
  /* A list that is long in coming is dimmed, and says so; where none comes the choices are again those of what is shown. */
  const SLOW = 300; // milliseconds
  const choices = () => $$("#ask input:not([type=hidden]), #ask select, .found select");
  let shown = new Map(), late;
  const note = () => { shown = new Map(choices().map((field) => [field.id, field.value])); };
  const isList = (event) => event.detail.target?.id === "results";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isList(event)) return;
    clearTimeout(late);
    late = setTimeout(() => $("#results")?.setAttribute("aria-busy", "true"), SLOW);
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, (event) => {
    if (!isList(event)) return;
    clearTimeout(late);
    $("#results")?.removeAttribute("aria-busy");
    for (const field of choices()) if (field.matches("select") && shown.has(field.id)) field.value = shown.get(field.id);
  });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.elt.id === "results") { clearTimeout(late); $("#results")?.removeAttribute("aria-busy"); note(); } });
  document.addEventListener("DOMContentLoaded", note);

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:afterSettle", start);
})();
