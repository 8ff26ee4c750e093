/* What somebody had typed when their session ended is in the form again once they have signed in.
 *
 * A form is kept as it is sent, in this tab alone, under whose it is. If the answer is the page to sign in, it is lost on
 * the way: then it stays for half an hour, and whoever it belongs to finds it in the same form. Any other answer, signing
 * out and anybody else who signs in forget it. Passwords and files are never kept, nor anything of a form that asks for one.
 */
"use strict";
(() => {
  const KEY = "ripeline-typed", LASTS = 30 * 60_000; // milliseconds
  const SECRET = 'input[type="password"], input[autocomplete*="password"], input[autocomplete="one-time-code"], [data-reveal]'; // also one that is shown as it is typed
  const UNKEPT = "[type=hidden], [type=file], [type=submit], [type=button], [type=reset], [type=image], button, fieldset, output, object";

  const forget = () => { try { sessionStorage.removeItem(KEY); } catch { /* a browser that keeps nothing */ } };

  function kept() {
    try {
      const found = JSON.parse(sessionStorage.getItem(KEY));
      if (found && Date.now() - found.at < LASTS) return found;
    } catch { /* nothing that can be read */ }
    forget();
    return null;
  }

  function keep(found) {
    try { sessionStorage.setItem(KEY, JSON.stringify(found)); } catch { forget(); }
  }

  /* Where a form is sent: that names it, on whichever page it stands. */
  const named = (form) => new URL(form.getAttribute("hx-post") || form.getAttribute("action") || location.pathname, location.href).pathname;
  const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !field.matches(UNKEPT));

  function typedIn(form) {
    const counts = new Map();
    return fieldsOf(form).map((field) => {
      const at = counts.get(field.name) || 0;
      counts.set(field.name, at + 1);
      const value = field.matches("select[multiple]") ? [...field.selectedOptions].map((each) => each.value) : field.value;
      return { name: field.name, at, value, checked: Boolean(field.checked) };
    });
  }

  function sent(form) {
    const user = document.body.dataset.user;
    if (!user || form.method !== "post") return;
    if (form.matches('[action$="/sign-out"]') || form.querySelector(SECRET)) { forget(); return; }
    keep({ user, form: named(form), fields: typedIn(form), at: Date.now() });
  }

  document.addEventListener("submit", (event) => sent(event.target), true);
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, requestConfig } }) => {
    const form = elt.matches("form") ? elt : elt.form;
    if (requestConfig?.verb === "post" && form) sent(form);
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
    if (requestConfig?.verb === "post" && xhr?.status && !(xhr.getResponseHeader("HX-Redirect") || "").includes("/sign-in")) forget();
  });

  function fill(form, fields) {
    const counts = new Map();
    for (const field of fieldsOf(form)) {
      const at = counts.get(field.name) || 0;
      counts.set(field.name, at + 1);
      const was = fields.find((each) => each.name === field.name && each.at === at);
      if (!was) continue;
      if (field.matches("[type=checkbox], [type=radio]")) field.checked = was.checked && field.value === was.value;
      else if (field.matches("select[multiple]")) for (const each of field.options) each.selected = was.value.includes(each.value);
      else if (field.matches("select")) { if ([...field.options].some((each) => each.value === was.value)) field.value = was.value; }
      else field.value = was.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      if (was.value && field.matches("input, textarea")) for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) if (!field.matches("[type=checkbox], [type=radio]")) box.open = true;
    }
  }

  function giveBack() {
    const found = kept(), user = document.body.dataset.user;
    if (!found || !user) return;
    if (found.user !== user || !found.isLost) { forget(); return; }
    const form = [...document.forms].find((each) => each.method === "post" && named(each) === found.form && !each.querySelector(SECRET));
    if (!form) return; // it may come with another page, or part of this one
    forget();
    fill(form, found.fields);
    form.scrollIntoView({ block: "center" });
    ripeline.say("What you had typed is in the form again. It is not saved yet.");
  }

  document.addEventListener("DOMContentLoaded", () => {
    const note = document.getElementById("typed-kept");
    if (!note) { giveBack(); return; }
    const found = kept(); // the page to sign in
    if (!found) return;
    keep({ ...found, isLost: true });
    note.hidden = false;
    setTimeout(() => { forget(); note.hidden = true; }, found.at + LASTS - Date.now());
  });
  document.addEventListener("htmx:afterSettle", () => { if (kept()?.isLost) giveBack(); });
})();
