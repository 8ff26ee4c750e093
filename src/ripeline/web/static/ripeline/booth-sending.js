/* Sends what waits, each card under the key it was born with, so that a lost answer or a second press makes nobody twice.
 *
 * `booth.send(page)` answers how it stands: { is: "sent" | "offline" | "away" | "full" | "signed-out" | "other", … }. It asks first
 * who is signed in, and sends the cards of that person alone. Both the page and, where it is closed, the service worker send.
 */
"use strict";
(() => {
  const AT_ONCE = 20, WAITS = 20e3; // cards in a request; milliseconds for an answer
  const { store } = self.booth;

  const ask = (path, more = {}) => fetch(path, { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(WAITS), ...more });

  /* Who is signed in here, and the token to send with. */
  async function standing(slug) {
    if (!navigator.onLine) return { is: "offline" };
    let answer;
    try { answer = await ask(`/booth/${slug}/state`); } catch { return { is: "offline" }; }
    if (answer.status === 401) return { is: "signed-out" };
    if (!answer.ok) return { is: "away" };
    return { is: "here", ...await answer.json() };
  }

  const asSent = ({ key, at, rev, fields, answers, heat, said, note }) =>
    ({ key, at, rev, fields, answers, heat, note: [...said, note].filter(Boolean).join("\n") });

  /* What the server said of a card; changed on the phone meanwhile, it is sent again; discarded too late, it is sent. */
  const settle = (result, sent) => store.update(result.key, (card) => {
    if (card.rev !== sent.rev || !["waiting", "discarded"].includes(card.state)) return null;
    if (result.errors) return card.state === "waiting" ? { ...card, state: "refused", errors: result.errors } : null;
    const { former, ...rest } = card;
    return { ...rest, state: "sent", whole: true, errors: {}, lead: result.lead, left: result.left || [], done_at: Date.now() };
  });

  /* What the server will not take however often it comes is for a person to look at: it waits no more, and is not lost. */
  const REFUSALS = { 413: "it is too long to be sent. Shorten the note", 400: "it holds something that cannot be sent. Look it over", 422: "it holds something that cannot be sent. Look it over" };
  const refuse = (card, status) => store.update(card.key, (now) => (now.rev === card.rev && now.state === "waiting"
    ? { ...now, state: "refused", errors: { whole: `Refused: ${REFUSALS[status]} and keep it once more, or discard it.` } } : null));

  const STOPS = { 401: "signed-out", 409: "other", 429: "full" }; // true of all that waits, whichever card is sent
  const isOver = (is) => Object.values(STOPS).includes(is);

  async function post(slug, cards, here) {
    const body = JSON.stringify({ user: here.user, sent_at: Date.now(), cards: cards.map(asSent) });
    const answer = await ask(`/booth/${slug}/cards`, { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": here.csrf } });
    if (STOPS[answer.status]) return STOPS[answer.status];
    if (!answer.ok && cards.length > 1) { // one of them may be the cause: the others need not wait for it
      let worst = "sent";
      for (const card of cards) {
        const is = await post(slug, [card], here);
        if (is !== "sent") worst = is;
        if (isOver(is)) break;
      }
      return worst;
    }
    if (REFUSALS[answer.status]) { await refuse(cards[0], answer.status); return "sent"; }
    if (!answer.ok) return "away";
    const { results } = await answer.json();
    for (const result of results) await settle(result, cards.find((card) => card.key === result.key));
    return "sent";
  }

  async function sendAll(page) {
    const here = await standing(page.slug);
    if (here.is !== "here") return here;
    if (here.user !== page.user) return { is: "other" };
    const mine = (await store.all()).filter((card) => card.owner === page.user && card.state === "waiting");
    let worst = "sent";
    for (const slug of new Set(mine.map((card) => card.booth))) {
      const cards = mine.filter((card) => card.booth === slug).sort((a, b) => a.at - b.at);
      for (let at = 0; at < cards.length; at += AT_ONCE) {
        let is;
        try { is = await post(slug, cards.slice(at, at + AT_ONCE), here); } catch { return { is: "offline" }; }
        if (isOver(is)) return { ...here, is };
        if (is !== "sent") worst = is; // what comes after it goes all the same
      }
    }
    return { ...here, is: worst };
  }

  /* Never twice at the same time, in however many tabs. */
  let running;
  function send(page) {
    const alone = () => sendAll(page);
    running ??= (navigator.locks ? navigator.locks.request("ripeline-booth", alone) : alone()).finally(() => { running = undefined; });
    return running;
  }

  self.booth = { ...self.booth, send };
})();
