/* The booth on a phone: cards are typed or read by the camera, kept at once, and sent when there is a connection. What
 * waits, what is sent and what needs a look is always in sight. The parts: booth-store, booth-reading, booth-sending.
 */
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const { store, read, slip, send } = window.booth;
  const { user, slug } = document.body.dataset, page = { user, slug };
  const draftId = `${user} ${slug}`, LEFT = "ripeline-booth-left"; // set by signing out (ripeline.js)
  const TRIES = 30e3; // milliseconds between two tries while something waits
  const SECOND_TAP = 500; // milliseconds in which a tap on Keep is not meant for the card that came back
  const form = $("#card");
  const PERSON = ["name", "company", "email", "phone", "title"].filter((name) => form.elements[name]);

  const fresh = () => ({ key: store.newKey(), rev: 0, at: 0 });
  let editing = fresh(); // which card the form holds
  let aside = []; // cards that were being typed when another was corrected, the last one last: drafts, which nothing sends
  let beside = {}; // what that card says for which the form has no place by now

  /* ---- The form and its draft ---------------------------------------------------------------------------------- */

  function typed() {
    const fields = { ...beside.fields, ...Object.fromEntries(PERSON.map((name) => [name, form.elements[name].value.trim()])) };
    const answers = { ...beside.answers };
    for (const group of $$("[data-question]", form)) {
      const inputs = $$("input, textarea", group), ticked = inputs.filter((input) => input.checked).map((input) => input.value);
      const kind = group.dataset.kind, key = group.dataset.question;
      if (kind === "consent") answers[key] = { given: ticked.length > 0, wording: group.dataset.wording }; // a no is one, too
      else if (kind === "choices") { if (ticked.length) answers[key] = ticked; }
      else if (kind === "choice" || kind === "yes_no") { if (ticked.length) answers[key] = ticked[0]; }
      else if (inputs[0].value.trim()) answers[key] = inputs[0].value.trim();
    }
    return {
      fields, answers, heat: form.elements.heat.value, note: form.elements.note.value.trim(),
      said: [...$$('[name="said"]:checked', form).map((input) => input.value), ...beside.said || []],
    };
  }

  function fill({ fields = {}, answers = {}, heat = "warm", note = "", said = [] }) {
    form.reset();
    const asked = $$("[data-question]", form).map((group) => group.dataset.question), touched = $$('[name="said"]', form).map((input) => input.value);
    const others = (all, ours) => Object.fromEntries(Object.entries(all).filter(([name]) => !ours.includes(name)));
    beside = { fields: others(fields, PERSON), answers: others(answers, asked), said: said.filter((note) => !touched.includes(note)) };
    for (const name of PERSON) form.elements[name].value = fields[name] || "";
    for (const group of $$("[data-question]", form)) {
      const answer = answers[group.dataset.question];
      for (const input of $$("input, textarea", group)) {
        if (!/^(checkbox|radio)$/.test(input.type)) input.value = answer ?? "";
        else input.checked = group.dataset.kind === "consent" ? Boolean(answer?.given) : [].concat(answer ?? []).includes(input.value);
      }
    }
    for (const input of $$('[name="heat"]', form)) input.checked = input.value === heat;
    for (const input of $$('[name="said"]', form)) input.checked = said.includes(input.value);
    form.elements.note.value = note;
    fault({});
  }

  function fault(errors) {
    if (Object.keys(errors).length) say(""); // of the card before, which one might take for this one
    for (const place of $$("[data-error]", form)) {
      const text = errors[place.dataset.error] || "";
      place.textContent = text;
      place.hidden = !text;
      const input = form.elements[place.dataset.error];
      if (input?.setAttribute) text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    }
    if ($("#as-note")) $("#as-note").hidden = !errors.email;
    const rest = Object.entries(errors).filter(([name]) => !$(`[data-error="${CSS.escape(name)}"]`, form)).map(([, text]) => text);
    $("#whole").textContent = rest.join(" ");
    $("#whole").hidden = !rest.length;
    $('[aria-invalid="true"]', form)?.focus();
  }

  const isSaid = (answer) => answer !== undefined && answer.given !== false; // a box that is not ticked says nothing yet
  const isEmpty = ({ fields, answers, note, said }) => !note && !said.length && !Object.values(answers).some(isSaid) && !Object.values(fields).some(Boolean);

  let saving; // at most a quarter of a second of typing is on no disk
  const saveSoon = () => { clearTimeout(saving); saving = setTimeout(saveDraft, 250); };
  async function saveDraft() {
    clearTimeout(saving);
    const card = typed();
    try { isEmpty(card) && !aside.length ? await store.dropDraft(draftId) : await store.saveDraft(draftId, { ...card, editing, aside }); } catch { cannotKeep(); }
  }
  form.addEventListener("input", saveSoon);

  /* An answer can be taken back: touched again, it is none. */
  form.addEventListener("pointerdown", (event) => {
    const input = event.target.closest(".touches label")?.querySelector("input[type=radio]");
    if (input) input.dataset.was = input.checked ? "on" : "";
  });
  form.addEventListener("click", (event) => {
    if (!event.target.matches(".touches input[type=radio]") || event.target.dataset.was !== "on") return;
    Object.assign(event.target, { checked: false }).dataset.was = "";
    saveSoon();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) saveDraft(); else tick(); });

  function cannotKeep() {
    fault({ whole: "This browser keeps nothing for us: it is full, or set to forget. Write it down elsewhere, and open this page in another browser." });
  }

  function missing(card) {
    const errors = {};
    if (!["name", "email", "phone"].some((name) => card.fields[name])) errors[PERSON[0]] = "A name, an e-mail address or a number is enough.";
    const wrong = PERSON.includes("email") && card.fields.email && slip(card.fields.email); // while they stand there, and can say it again
    if (wrong) errors.email = wrong;
    for (const group of $$("[data-question][data-must]", form)) if (!isSaid(card.answers[group.dataset.question])) errors[`q-${group.dataset.question}`] = "Please fill this in.";
    return errors;
  }

  let isKeeping = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const card = typed(), errors = missing(card);
    if (Object.keys(errors).length) return fault(errors);
    if (isKeeping) return;
    isKeeping = true;
    let isBack = false;
    clearTimeout(saving);
    const kept = { ...card, key: editing.key, owner: user, booth: slug, at: editing.at || Date.now(), rev: editing.rev + 1, state: "waiting", errors: {} };
    try {
      await store.keep(kept, draftId, next());
      navigator.storage?.persist?.();
      isBack = begin();
      say(isBack ? `${called(kept)} is kept. Here is the card you were typing.` : `${called(kept)} is kept.`);
      await draw();
      sendWhenClosed();
      tick();
    } catch { cannotKeep(); } finally { setTimeout(() => { isKeeping = false; }, isBack ? SECOND_TAP : 0); }
  });

  /* Who cannot mend an address keeps what was said of it, in words. */
  $("#as-note")?.addEventListener("click", () => {
    const { note, email } = form.elements;
    note.value = [note.value.trim(), `E-mail: ${email.value.trim()}`].filter(Boolean).join("\n");
    email.value = "";
    form.requestSubmit($("#keep"));
  });

  /* What comes into the form next: the card that was put aside last; nothing where none was. */
  const next = () => (aside.length ? { ...aside.at(-1), aside: aside.slice(0, -1) } : undefined);

  /* The form for the next card; whether one was put aside for it. */
  function begin() {
    const back = aside.pop();
    editing = back?.editing || fresh();
    fill(back || {});
    showMending();
    form.elements[PERSON[0]].focus({ preventScroll: true });
    scrollTo({ top: 0 });
    return Boolean(back);
  }

  /* ---- The cards ------------------------------------------------------------------------------------------------ */

  function showMending() {
    $("#mending").hidden = !editing.rev;
    const is = editing.isSent ? "This card was sent already. What you change here is sent after it." : "This is a card from below, to be changed.";
    $("#mending span").textContent = aside.length ? `${is} The card you were typing comes back then.` : is;
  }

  const called = ({ fields }) => fields.name || fields.email || fields.phone || fields.company || "The card";
  const WORDS = { waiting: "Waits on this phone", refused: "Needs a look", sent: "Sent", discarded: "Discarded" };
  const HEAT = { hot: "Hot", warm: "Warm", later: "Later" };

  const button = (text, deed, key) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", textContent: text, className: "quiet" });
    made.dataset.deed = deed;
    made.dataset.key = key;
    return made;
  };

  function row(card) {
    const item = $("#row").content.firstElementChild.cloneNode(true);
    item.dataset.state = card.state;
    $(".who b", item).textContent = called(card);
    $(".who span", item).textContent = card.fields.company || "";
    $(".heat", item).textContent = HEAT[card.heat] || "";
    $(".how", item).textContent = `${card.former && card.state === "waiting" ? "A correction waits on this phone" : WORDS[card.state]}, ${new Date(card.at).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`;
    const errors = Object.values(card.errors || {}).join(" ");
    $(".error", item).textContent = errors;
    $(".error", item).hidden = !errors;
    const left = card.state === "sent" ? (card.left || []).join("; ") : "";
    $(".unsaid", item).textContent = `Noted there, and not put on the record: ${left}`;
    $(".unsaid", item).hidden = !left;
    const deeds = $(".deeds", item);
    if (card.state === "sent") {
      if (card.whole) deeds.append(button("Correct", "mend", card.key));
      if (card.lead) deeds.append(Object.assign(document.createElement("a"), { href: `/leads/${card.lead}`, textContent: "Open" }));
    } else if (card.former) deeds.append(button(card.state === "refused" ? "Mend" : "Change", "mend", card.key), button("As it was", "former", card.key));
    else if (card.state === "discarded") deeds.append(button("Take back", "back", card.key));
    else deeds.append(button(card.state === "refused" ? "Mend" : "Change", "mend", card.key), button("Discard", "discard", card.key));
    return item;
  }

  let stands = { is: "offline" };

  async function draw() {
    const found = await store.all(), mine = found.filter((card) => card.owner === user);
    const others = found.filter((card) => card.owner !== user && ["waiting", "refused"].includes(card.state)).length;
    const waiting = mine.filter((card) => card.state === "waiting").length, look = mine.filter((card) => card.state === "refused").length;
    const isLeft = localStorage.getItem(LEFT) !== null;
    document.body.classList.toggle("left", isLeft);
    const order = { refused: 0, waiting: 1, sent: 2, discarded: 3 };
    mine.sort((a, b) => order[a.state] - order[b.state] || b.at - a.at);
    $("#cards").replaceChildren(...(isLeft ? [] : mine).map(row));
    $("#yours").hidden = isLeft || !mine.length;
    tell({ waiting, look, sent: mine.filter((card) => card.state === "sent").length, isLeft });
    $("#others").hidden = !others;
    $("#others span").textContent = `${cards(others)} of somebody else ${others === 1 ? "waits" : "wait"} on this phone, and ${others === 1 ? "goes" : "go"} when they sign in.`;
    return { waiting, look };
  }

  const cards = (count) => (count === 1 ? "1 card" : `${count} cards`);

  function tell({ waiting, look, sent, isLeft }) {
    const isOut = isLeft || stands.is === "signed-out";
    const due = waiting + look;
    $("#sign-in").hidden = !isOut;
    $("#sign-in a").textContent = due ? `Sign in to send ${cards(due)}` : "Sign in";
    $("#sign-in span span").textContent = isLeft ? "You are signed out on this phone." : "Your sign-in has run out. What you take is kept.";
    const why = { offline: "No connection: they go by themselves.", away: "Ripeline did not take them yet; it tries again.", full: "So many came in that the rest must wait a few minutes." }[stands.is];
    const words = [];
    if (waiting) words.push(`${cards(waiting)} ${waiting === 1 ? "waits" : "wait"} on this phone.`, ...(isOut || !why ? [] : [waiting === 1 ? why.replace("they go by themselves", "it goes by itself").replace("take them", "take it") : why]));
    if (look) words.push(`${cards(look)} ${look === 1 ? "needs" : "need"} a look.`);
    if (!due) words.push(sent ? `All ${sent} sent.` : "Nothing waits.", ...(stands.is === "offline" ? ["No connection: take cards all the same."] : []));
    const state = $("#state");
    state.dataset.is = look ? "look" : waiting ? "waiting" : "sent";
    $("a", state).textContent = words.join(" ");
  }

  $("#cards").addEventListener("click", async (event) => {
    const { deed, key } = event.target.dataset;
    if (!deed) return;
    if (deed === "mend") return mend(await store.one(key));
    const again = { state: "waiting", errors: {} };
    await store.update(key, (card) => (deed === "discard" ? { ...card, state: "discarded", done_at: Date.now() } : { ...card, ...(deed === "former" ? card.former : {}), ...again, rev: card.rev + 1 }));
    if (deed === "former") {
      aside = aside.filter((one) => one.editing.key !== key);
      if (editing.key === key) begin();
      await saveDraft();
    }
    await draw();
    tick();
  });

  /* A card again in the form, under its own key. What was being typed was not kept: it is put aside, and comes back after it. */
  async function mend(card) {
    const open = typed();
    if (editing.key !== card.key && !isEmpty(open) && JSON.stringify(open) !== editing.filled) aside.push({ ...open, editing });
    const before = aside.find((one) => one.editing.key === card.key); // half corrected already
    aside = aside.filter((one) => one !== before);
    fill(before || card);
    editing = before?.editing || { key: card.key, rev: card.rev, at: card.at, isSent: card.state === "sent" || Boolean(card.former), filled: JSON.stringify(typed()) };
    showMending();
    scrollTo({ top: 0 });
    fault(card.errors || {});
    if (!Object.keys(card.errors || {}).length) form.elements[PERSON[0]].focus();
    await saveDraft();
    await draw();
  }

  $("#clear").addEventListener("click", async () => { begin(); await saveDraft(); await draw(); });

  function say(text) {
    $("#said").textContent = text;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { $("#said").textContent = ""; }, 6000);
  }

  /* ---- Sending -------------------------------------------------------------------------------------------------- */

  let timer;
  async function tick() {
    clearTimeout(timer);
    await store.tidy(localStorage.getItem(LEFT) !== null).catch(() => {});
    try { stands = await send(page); } catch { stands = { is: "away" }; }
    if (stands.is === "other" && !(await hasJustReloaded())) { await saveDraft(); location.reload(); return; }
    if (stands.user === user) localStorage.removeItem(LEFT);
    const { waiting } = await draw();
    document.documentElement.dataset.asked = String(Number(document.documentElement.dataset.asked || 0) + 1);
    if (waiting) timer = setTimeout(tick, TRIES);
  }

  /* Somebody else has signed in: the page becomes theirs. Once, should it come from the phone again. */
  async function hasJustReloaded() {
    const last = Number(sessionStorage.getItem("ripeline-booth-reloaded") || 0);
    sessionStorage.setItem("ripeline-booth-reloaded", String(Date.now()));
    return Date.now() - last < 60e3;
  }

  /* Have the browser wake the service worker once there is a connection, should this page be closed by then. */
  async function sendWhenClosed() {
    try { await (await navigator.serviceWorker?.getRegistration("/booth/"))?.sync?.register(`ripeline-booth ${slug} ${user}`); } catch { /* it goes when the page is open */ }
  }
  navigator.serviceWorker?.addEventListener("message", ({ data }) => { if (data === "ripeline-booth-sent") draw(); });

  addEventListener("online", tick);
  addEventListener("offline", () => { stands = { is: "offline" }; draw(); });
  $("#again").addEventListener("click", tick);

  /* ---- The camera ----------------------------------------------------------------------------------------------- */

  const camera = $("#camera"), video = $("video", camera);

  async function start() {
    $("#seen").textContent = "Hold the code into the picture.";
    camera.showModal();
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      await video.play();
      look(new BarcodeDetector({ formats: ["qr_code"] }));
    } catch (error) {
      $("#seen").textContent = error.name === "NotAllowedError" ? "The camera is not allowed for this page; allow it in the browser, or type the card." : "The camera cannot be opened; type the card.";
    }
  }

  async function look(detector) {
    while (camera.open) {
      const [code] = await detector.detect(video).catch(() => []);
      if (code?.rawValue) return take(code.rawValue);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  function take(text) {
    const { isCard, note, ...fields } = read(text);
    camera.close();
    for (const name of PERSON) if (fields[name]) form.elements[name].value = fields[name].slice(0, 200);
    if (note) form.elements.note.value = [form.elements.note.value, note].filter(Boolean).join("\n");
    fault({});
    say(isCard ? "Read. Look it over, and keep it." : "There is no card in this code; its words stand in the note.");
    saveDraft();
  }

  camera.addEventListener("close", () => { for (const track of video.srcObject?.getTracks() || []) track.stop(); video.srcObject = null; });
  $("#close-camera").addEventListener("click", () => camera.close());
  $("#scan").addEventListener("click", start);

  async function offerCamera() {
    const can = "BarcodeDetector" in window && navigator.mediaDevices && (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
    $("#scan").hidden = !can;
  }

  /* ---- Begin ---------------------------------------------------------------------------------------------------- */

  async function offerOffline() {
    if (!("serviceWorker" in navigator)) { $("#online-only").hidden = false; return; }
    try {
      await navigator.serviceWorker.register("/booth/worker.js", { scope: "/booth/" });
      await navigator.serviceWorker.ready;
      await keepPage();
      document.documentElement.dataset.offline = "yes";
    } catch {
      $("#online-only").hidden = false;
    }
  }

  /* The first time, the page came before there was a worker to keep it. */
  async function keepPage() {
    const pages = await caches.open("ripeline-booth-pages");
    if (await pages.match(location.pathname)) return;
    const answer = await fetch(location.pathname, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected) await pages.put(location.pathname, answer);
  }

  async function run() {
    offerOffline();
    offerCamera().catch(() => {});
    try {
      await store.tidy(localStorage.getItem(LEFT) !== null);
      const draft = await store.draft(draftId);
      if (draft) { editing = draft.editing; aside = draft.aside || []; fill(draft); showMending(); } else fill({});
      await draw();
    } catch { cannotKeep(); }
    document.documentElement.dataset.ready = "yes";
    await tick();
  }
  run();
})();
