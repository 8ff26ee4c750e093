/* What a phone keeps: cards until they are sent, and the card that is being typed. In IndexedDB, each change on the disk
 * before it is called done, so that neither a reload, a closed browser nor an empty battery loses anything.
 *
 * A card: { key, owner, booth, at (this phone's clock), rev, state: "waiting" | "refused" | "sent" | "discarded", fields,
 * answers, heat, said (touched notes), note, errors, lead, done_at }. Of one that is sent only the name stays, for some days.
 */
"use strict";
(() => {
  const KEPT = 3 * 24 * 3600e3; // milliseconds that what is done stays in sight
  let opened;

  function open() {
    opened ??= new Promise((done, fail) => {
      const asked = indexedDB.open("ripeline-booth", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("cards", { keyPath: "key" });
        asked.result.createObjectStore("drafts", { keyPath: "id" });
      };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
    return opened;
  }

  /* One transaction; `act` gets the two stores, and what it calls `keep` with is the answer once all is on the disk. */
  async function change(act, mode = "readwrite") {
    const db = await open();
    return new Promise((done, fail) => {
      const transaction = db.transaction(["cards", "drafts"], mode, { durability: "strict" });
      let answer;
      transaction.oncomplete = () => done(answer);
      transaction.onabort = transaction.onerror = () => fail(transaction.error || new Error("not kept"));
      act(transaction.objectStore("cards"), transaction.objectStore("drafts"), (value) => { answer = value; });
    });
  }

  const look = (act) => change(act, "readonly");
  const after = (asked, then) => { asked.onsuccess = () => then(asked.result); };

  /* A UUID also where the page is not reached by https. */
  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  /* Put a card by and forget its draft, both or neither. Was it kept meanwhile in another tab, this one is somebody else. */
  const keep = (card, draftId) => change((cards, drafts) => after(cards.get(card.key), (here) => {
    cards.put(here && here.rev >= card.rev ? { ...card, key: newKey(), rev: 1 } : card);
    if (draftId) drafts.delete(draftId);
  }));

  const all = () => look((cards, _, answer) => after(cards.getAll(), answer));
  const one = (key) => look((cards, _, answer) => after(cards.get(key), answer));

  /* Change a card as it stands now; `how` gives the card as it shall be, or nothing to leave it. */
  const update = (key, how) => change((cards, _, answer) => after(cards.get(key), (card) => {
    const changed = card && how(card);
    if (changed) cards.put(changed);
    answer(changed);
  }));

  const saveDraft = (id, draft) => change((_, drafts) => { drafts.put({ id, ...draft }); });
  const dropDraft = (id) => change((_, drafts) => { drafts.delete(id); });
  const draft = (id) => look((_, drafts, answer) => after(drafts.get(id), answer));

  /* What has been done for days is forgotten; what waits never is. */
  const tidy = () => change((cards) => after(cards.getAll(), (found) => {
    const old = found.filter((card) => ["sent", "discarded"].includes(card.state) && Date.now() - card.done_at > KEPT);
    for (const card of old) cards.delete(card.key);
  }));

  self.booth = { ...self.booth, store: { newKey, keep, all, one, update, saveDraft, dropDraft, draft, tidy } };
})();
