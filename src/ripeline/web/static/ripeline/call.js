/* A call: one touch says who of those already here it is; another takes that back. */
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const known = $('#call input[name="known"]'), chosen = $("#chosen");

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-known]");
    if (button) {
      known.value = button.dataset.known;
      chosen.querySelector("b").textContent = button.dataset.name;
      chosen.hidden = false;
      $("#callers").replaceChildren();
      $("#id_note").focus();
    } else if (event.target.closest("#chosen button")) {
      known.value = "";
      chosen.hidden = true;
      $("#id_name").focus();
    }
  });
})();
