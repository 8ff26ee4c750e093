/* What a phone keeps: cards until they are sent, and the card that is being typed. In IndexedDB, each change on the disk
 * before it is called done, so that neither a reload, a closed browser nor an empty battery loses anything.
 *
 * A card: { key, owner, booth, at (this phone's clock), rev, state: "waiting" | "refused" | "sent" | "discarded", fields,
 * answers, heat, said (touched notes), note, errors, lead, left, done_at, former }. One that is sent stays whole until the day is
 * over or its owner signs out, so that it can be corrected (`former`: what was sent before); then only the name stays, for some days.
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

  const content = ({ fields, answers, heat, said, note }) => ({ fields, answers, heat, said, note });
  const former = (here) => (here?.whole ? { former: content(here) } : here?.former ? { former: here.former } : {});

  /* Put a card by and forget its draft, or what comes into the form after it, both or neither. Was it kept meanwhile in
   * another tab, a new one is somebody else, and what is corrected last is what holds. */
  const keep = (card, draftId, next) => change((cards, drafts) => after(cards.get(card.key), (here) => {
    const isElse = here && card.rev === 1, lead = here?.lead ? { lead: here.lead } : {};
    cards.put(isElse ? { ...card, key: newKey() } : { ...card, ...lead, ...former(here), rev: Math.max(card.rev, (here?.rev || 0) + 1) });
    next ? drafts.put({ id: draftId, ...next }) : drafts.delete(draftId);
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

  const isToday = (card) => new Date(card.done_at).toDateString() === new Date().toDateString();

  /* Of what is sent and cannot be corrected here any more. */
  const named = ({ key, owner, booth, at, rev, heat, state, lead, done_at, fields: { name, company, email, phone } }) =>
    ({ key, owner, booth, at, rev, heat, state, lead, done_at, said: [], note: "", answers: {}, fields: { name: name || email || phone || "", company: company || "" } });

  /* What has been done for days is forgotten, of what was sent before today only the name stays; what waits never goes. */
  const tidy = (isLeft = false) => change((cards) => after(cards.getAll(), (found) => {
    for (const card of found.filter((one) => ["sent", "discarded"].includes(one.state))) {
      if (Date.now() - card.done_at > KEPT) cards.delete(card.key);
      else if (card.whole && (isLeft || !isToday(card))) cards.put(named(card));
    }
  }));

  self.booth = { ...self.booth, store: { newKey, keep, all, one, update, saveDraft, dropDraft, draft, tidy } };
})();
