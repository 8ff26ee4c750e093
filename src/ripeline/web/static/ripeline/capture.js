/* The settings of a form: what is typed is shown beside them, and colours can be picked. Works without this: the button
 * shows what was changed, and a colour is written.
 *
 *   form[data-shows="id"]     presses the button with that id, which sends the form into a frame, a moment after a change
 *   input[data-picks="id"]    a colour that is the same as the one written in the field with that id
 */
"use strict";
(() => {
  const SOON = 350; // milliseconds after the last key

  for (const form of document.querySelectorAll("form[data-shows]")) {
    const button = document.getElementById(form.dataset.shows), frame = document.querySelector(`iframe[name="${button.formTarget}"]`);
    let soon, top = 0;
    button.hidden = true;
    form.addEventListener("input", () => {
      clearTimeout(soon);
      soon = setTimeout(() => { top = frame.contentWindow.scrollY; form.requestSubmit(button); }, SOON);
    });
    if (form.querySelector(".wrong")) form.requestSubmit(button); // what is typed, and not kept yet, is what is shown
    form.addEventListener("submit", ({ submitter }) => { if (submitter !== button) clearTimeout(soon); });
    frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, top)); // one sees on what one was looking at
  }

  for (const picker of document.querySelectorAll("input[data-picks]")) {
    const written = document.getElementById(picker.dataset.picks);
    const follow = () => {
      const short = /^#?([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(written.value.trim());
      const text = short ? short.slice(1).map((each) => each + each).join("") : (written.value.trim() || written.placeholder).replace(/^#/, "");
      if (/^[0-9a-f]{6}$/i.test(text)) picker.value = `#${text}`;
    };
    picker.hidden = false;
    follow();
    written.addEventListener("input", follow);
    picker.addEventListener("input", () => { written.value = picker.value; }); // its own event goes on to the form
  }
})();
