// The mailbox: what went out by mail.

import { $, el, keyed, many, when } from "./dom.js";
import { lined } from "./markdown.js";
import { state } from "./state.js";

export function showMail() {
  const letters = (state.mail ?? []).map((letter) => ({ ...letter, to: [letter.to].flat().join(", ") }));
  $("mail-count").textContent = letters.length ? many(letters.length, "mail") : "";
  // Newest first, as in any mailbox.
  keyed($("mail-list"), letters.reverse(), (letter) => letter.id, letterNode);
  $("mail-list").dataset.empty = "None yet. Who leaves only an address in the form is answered by mail.";
}

const letterNode = (letter) =>
  el(
    "li",
    { class: "letter" },
    el("p", { class: "letter-head" }, el("strong", {}, letter.subject || "(no subject)"), " ", when(letter.at)),
    el("p", { class: "dim" }, `${letter.from} → ${letter.to}`),
    el("p", { class: "letter-text" }, lined(letter.text ?? "")),
  );
