/* Keeps the booth's page for when there is no connection. VERSION and ASSETS are put before this by the server.
 *
 * The page comes from the network where there is one, and from here where there is none, where the network is too slow,
 * or where somebody's sign-in has run out: their cards and what they are typing stay in sight. What waits is sent from here, too,
 * once there is a connection, where the browser wakes us for it: the page may be closed by then.
 */
"use strict";
importScripts(...ASSETS.filter((url) => /booth-(store|sending)\.js/.test(url)));
const CACHE = `ripeline-booth-${VERSION}`, PAGES = "ripeline-booth-pages", SLOW = 4000; // milliseconds

self.addEventListener("install", (event) => {
  const fresh = ASSETS.map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith("ripeline-booth-") && ![CACHE, PAGES].includes(name));
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

async function page(event) {
  const { pathname } = new URL(event.request.url);
  const pages = await caches.open(PAGES), kept = await pages.match(pathname);
  const asked = fetch(event.request).then(async (answer) => {
    if (answer.ok && !answer.redirected) await pages.put(pathname, answer.clone());
    return answer;
  });
  if (!kept) return asked;
  event.waitUntil(asked.catch(() => {}));
  const slow = new Promise((done) => setTimeout(done, SLOW));
  const answer = await Promise.race([asked.catch(() => null), slow]);
  return !answer || answer.type === "opaqueredirect" || answer.status >= 500 ? kept : answer;
}

async function asset(request) {
  const exact = await caches.match(request);
  if (exact) return exact;
  try { return await fetch(request); } catch (error) {
    const other = await caches.match(request, { ignoreSearch: true }); // a page kept from before an upgrade
    if (other) return other;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && /^\/booth\/[\w-]+$/.test(url.pathname)) event.respondWith(page(event));
  else if (url.pathname.startsWith("/static/ripeline/")) event.respondWith(asset(request));
});

self.addEventListener("sync", (event) => {
  const [what, slug, user] = event.tag.split(" ");
  if (what !== "ripeline-booth") return;
  event.waitUntil((async () => {
    const { is } = await self.booth.send({ slug, user });
    for (const client of await self.clients.matchAll()) client.postMessage("ripeline-booth-sent");
    if (["offline", "away", "full"].includes(is)) throw new Error(`not sent: ${is}`); // the browser wakes us again
  })());
});
