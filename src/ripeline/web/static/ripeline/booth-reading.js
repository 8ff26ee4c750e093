/* What a code on a badge or card says: a vCard (any version), a MECARD, or words. Gives { name, company, … , note }. */
"use strict";
(() => {
  const plain = (text) => text.replace(/\\(.)/gs, (_, sign) => (sign === "n" || sign === "N" ? "\n" : sign)).trim();

  function bytes(text, charset) {
    const found = [];
    for (let at = 0; at < text.length; at += 1) {
      const code = text[at] === "=" && /^[0-9a-f]{2}$/i.test(text.slice(at + 1, at + 3));
      found.push(code ? parseInt(text.slice(at + 1, at + 3), 16) : text.charCodeAt(at) & 255);
      if (code) at += 2;
    }
    try { return new TextDecoder(charset || "utf-8").decode(new Uint8Array(found)); } catch { return text; }
  }

  const parts = (value) => value.split(/(?<!\\);/).map(plain);
  const ofParts = (value) => { // family; given; more; title; suffix
    const [family = "", given = "", more = ""] = parts(value);
    return [given, more, family].filter(Boolean).join(" ");
  };

  /* Long lines are broken: the next begins with a space, or the first ends with "=" where it is quoted-printable. */
  function lines(text) {
    const found = [];
    for (const line of text.split(/\r?\n/)) {
      const last = found.at(-1) ?? "";
      if (last.endsWith("=") && /^[^:]*quoted-printable/i.test(last)) found.splice(-1, 1, last.slice(0, -1) + line);
      else if (/^[ \t]/.test(line) && found.length) found.splice(-1, 1, last + line.slice(1));
      else found.push(line);
    }
    return found;
  }

  function vcard(text) {
    const card = { note: "" };
    let named = "";
    for (const line of lines(text)) {
      const cut = line.indexOf(":");
      if (cut < 0) continue;
      const [head, ...marks] = line.slice(0, cut).split(";");
      const charset = marks.find((mark) => /^charset=/i.test(mark))?.slice(8);
      const value = marks.some((mark) => /quoted-printable/i.test(mark)) ? bytes(line.slice(cut + 1), charset) : line.slice(cut + 1);
      const property = head.split(".").at(-1).toUpperCase();
      if (property === "FN") card.name ||= plain(value);
      else if (property === "N") named ||= ofParts(value);
      else if (property === "ORG") card.company ||= parts(value)[0];
      else if (property === "TITLE" || property === "ROLE") card.title ||= plain(value);
      else if (property === "EMAIL") card.email ||= plain(value).replace(/^mailto:/i, "");
      else if (property === "TEL" && !marks.some((mark) => /fax/i.test(mark))) card.phone ||= plain(value).replace(/^tel:/i, "");
      else if (property === "NOTE") card.note ||= plain(value);
    }
    card.name ||= named;
    return card;
  }

  function mecard(text) {
    const card = { note: "" };
    for (const pair of text.slice(7).split(/(?<!\\);/)) {
      const cut = pair.indexOf(":"), value = plain(pair.slice(cut + 1));
      const name = { N: "name", ORG: "company", TEL: "phone", EMAIL: "email", TITLE: "title", NOTE: "note" }[pair.slice(0, cut).toUpperCase()];
      if (name) card[name] ||= name === "name" && value.includes(",") ? value.split(",").map((word) => word.trim()).reverse().join(" ") : value;
    }
    return card;
  }

  /* `isCard`: whether somebody stands in it; else its words are a note. */
  function read(text) {
    text = text.trim().slice(0, 10000);
    if (/^BEGIN:VCARD/i.test(text)) return { ...vcard(text), isCard: true };
    if (/^MECARD:/i.test(text)) return { ...mecard(text), isCard: true };
    if (/^mailto:/i.test(text)) return { email: text.slice(7).split("?")[0], note: "", isCard: true };
    if (/^tel:/i.test(text)) return { phone: text.slice(4), note: "", isCard: true };
    return { note: text.slice(0, 500), isCard: false };
  }

  /* What is wrong with an e-mail address by its look, "" if nothing: no more than the server refuses of it. */
  function slip(text) {
    const found = /[^\s<>,;"()[\]@]{1,100}@[^\s<>,;"()[\]@]{1,255}/.exec(text.replace(/^mailto:/, ""));
    if (!found) return text.includes("@") ? "This is no e-mail address: something is missing before or after the @." : "This is no e-mail address: it has no @.";
    const [name, host] = found[0].replace(/^[.'’‘`]+|[.'’‘`]+$/g, "").split("@");
    if (!host?.includes(".")) return `This is no e-mail address: after ${host || "the @"} something is missing, such as .com.`;
    const isHost = host.split(".").every((part) => part && !/^-|-$/.test(part)), isName = name && !/^\.|\.$|\.\./.test(name);
    return isHost && isName ? "" : "This is no e-mail address: look at its dots and dashes.";
  }

  window.booth = { ...window.booth, read, slip };
})();
