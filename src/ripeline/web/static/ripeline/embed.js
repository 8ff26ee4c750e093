/* A form of Ripeline in a page of your own: <script src="…/embed.js" data-form="its-name" async></script>.
 * Puts a frame where the script stands and keeps it as tall as the form. Sets no cookie and stores nothing. */
"use strict";
(() => {
  const script = document.currentScript, slug = script.dataset.form, home = new URL(script.src).origin;
  const here = new URL(location.href), query = new URLSearchParams({ embed: "1", page: (here.origin + here.pathname).slice(0, 500) });
  if (document.referrer) query.set("referrer", document.referrer.slice(0, 500));
  for (const name of ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]) {
    const value = here.searchParams.get(name);
    if (value) query.set(name, value.slice(0, 500));
  }

  /* How light the ground is on which the form will stand, from 0 to 1; where no page paints it, the browser does. */
  function light(at) {
    for (; at; at = at.parentElement) {
      const painted = getComputedStyle(at).backgroundColor, [red, green, blue, alpha = 1] = (painted.match(/[\d.]+/g) || []).map(Number);
      if (painted.startsWith("rgb") && alpha > 0.5) return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
      if (!painted.startsWith("rgb")) return 1; // a way of writing colours that we do not read
    }
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
    return isDark ? 0 : 1;
  }
  const isDark = light(script.parentElement) < 0.4;
  if (isDark) query.set("ground", "dark");

  const frame = document.createElement("iframe");
  frame.src = `${home}/f/${encodeURIComponent(slug)}?${query}`;
  frame.title = script.dataset.title || "Form";
  frame.loading = "lazy";
  frame.style.cssText = "width:100%;border:0;display:block;min-height:20rem";
  frame.style.colorScheme = isDark ? "dark" : "light";
  script.after(frame);
  let pages = 0;
  frame.addEventListener("load", () => { // after sending, what is said stands where one looks
    if (pages++ && frame.getBoundingClientRect().top < 0) frame.scrollIntoView({ block: "start" });
  });
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== home || event.data?.ripeline !== slug) return;
    if (event.data.height > 0) Object.assign(frame.style, { height: `${Math.min(Number(event.data.height), 20000)}px`, minHeight: "0" });
    if (/^https?:/.test(event.data.go || "")) location.assign(event.data.go);
  });
})();
