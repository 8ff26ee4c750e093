/* The page of a form, small courtesies: the first fault has the focus, the button waits for its answer, and in a frame
 * the page around it is told how tall the form is and where to go afterwards (embed.js), and may say who fills it in
 * (the tracking script, once they agreed). Works without this, too. */
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

  /* Whether somebody has begun, or has sent it and something is wrong: then the page stays as it is. */
  const isBegun = () => document.querySelector(".problem") || form.contains(document.activeElement) || Array.from(form.elements).some((field) =>
    !["hidden", "submit", "button"].includes(field.type) && (["checkbox", "radio"].includes(field.type) ? field.checked : field.value));

  /* Who is known need not say everything again: the form is asked for anew, or sent with who it was. */
  function know(visitor) {
    if (!/^[0-9a-f-]{36}$/.test(visitor) || form.elements.visitor) return;
    if (!isBegun()) {
      const address = new URL(location.href);
      address.searchParams.set("visitor", visitor);
      address.searchParams.set("again", "1"); // the same look: it is not counted twice
      if (document.referrer && !address.searchParams.has("page")) address.searchParams.set("referrer", document.referrer.slice(0, 500));
      return location.replace(address);
    }
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "visitor", value: visitor }));
  }
  if (!form) return;
  const ask = () => parent.postMessage({ ripeline: "who" }, "*");
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    if (data?.ripeline === "here") ask(); // it came after us, or they agreed just now
    if (data?.ripeline === "visitor") know(data.visitor);
    if (data?.ripeline === "gone") form.elements.visitor?.remove(); // they took it back, perhaps while this page came: nobody is named
  });
  ask();
})();
