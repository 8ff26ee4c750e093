/* The page of a form, small courtesies: the first fault has the focus, the button waits for its answer, and in a frame
 * the page around it is told how tall the form is and where to go afterwards (embed.js). Works without this, too. */
"use strict";
(() => {
  document.querySelector('[aria-invalid="true"]')?.focus();
  const form = document.querySelector("form");
  form?.addEventListener("submit", () => setTimeout(() => { form.querySelector("button").disabled = true; }));
  document.documentElement.dataset.ready = "yes"; // its scripts hear, as on every page of ours
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // a proof is good once
  if (parent === window) return;
  const slug = document.body.dataset.form;
  const tell = (what) => parent.postMessage({ ripeline: slug, ...what }, "*");
  new ResizeObserver(() => tell({ height: Math.ceil(document.body.getBoundingClientRect().height) })).observe(document.body);
  if (document.body.dataset.go) tell({ go: document.body.dataset.go });
})();
