/* The settings of a form: what is typed is shown beside them, and colours can be picked. Works without this: the button
 * shows what was changed, and a colour is written.
 *
 *   form[data-shows="id"]     presses the button with that id, which sends the form into a frame, a moment after a change
 *   [data-group]              is open again after Keep where it was open before, in this tab
 *   .asks button[name=move]   moves its question up or down at once, says so, and keeps the focus where one was
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

  const groups = [...document.querySelectorAll("[data-group]")], kept = `groups ${location.pathname}`;
  for (const each of groups) {
    if ((sessionStorage.getItem(kept) || "").split(" ").includes(each.dataset.group)) each.open = true;
    each.addEventListener("toggle", () => sessionStorage.setItem(kept, groups.filter((one) => one.open).map((one) => one.dataset.group).join(" ")));
  }

  const said = document.querySelector("[data-moved]");
  for (const list of document.querySelectorAll(".asks")) list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li"), isUp = button.value.startsWith("up "), beside = isUp ? row.previousElementSibling : row.nextElementSibling;
    if (!beside) return;
    beside[isUp ? "before" : "after"](row);
    const rows = [...list.children], place = rows.indexOf(row);
    const isAtEnd = place === (isUp ? 0 : rows.length - 1); // there its button is gone: the other one is next
    (isAtEnd ? row.querySelector(`button[value^="${isUp ? "down" : "up"} "]`) : button).focus();
    said.textContent = `${row.querySelector("label").textContent} is now ${place + 1} of ${rows.length}.`;
    row.dispatchEvent(new Event("input", { bubbles: true }));
  });

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
