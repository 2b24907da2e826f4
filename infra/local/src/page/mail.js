// Outbound mail: answers to customers, and the mails of alerts.

import { $, el, here, keyed, many, when } from "./dom.js";
import { lines } from "./lines.js";
import { sources } from "./roster.js";
import { state } from "./state.js";

/** Handbell itself writes to people on call and to reporters; a line's mails come from its own address. */
const isOfDuty = (letter) => sources().length > 0 && (!lines().length || bare(letter.from) === state.mail_from);

const bare = (address) => /<([^>]*)>\s*$/.exec(address)?.[1] ?? address;

export function showMail() {
  const letters = (state.mail ?? []).map((letter) => ({ ...letter, to: [letter.to].flat().join(", ") })).reverse();
  show("mail", letters.filter((letter) => !isOfDuty(letter)), "None yet. Who leaves only an address in the form is answered by mail.");
  show("duty-mail", letters.filter(isOfDuty), "None yet. A minute after the end, the sender of the mail gets a report.");
}

/** Newest first, as in any mailbox. */
function show(id, letters, none) {
  $(`${id}-count`).textContent = letters.length ? many(letters.length, "mail") : "";
  keyed($(`${id}-list`), letters, (letter) => letter.id, letterNode);
  $(`${id}-list`).dataset.empty = none;
}

/** Headers that name a mail's thread, and show whether a program wrote it. */
const SHOWN = ["In-Reply-To", "References", "Reply-To", "Auto-Submitted"];

function letterNode(letter) {
  const known = (letter.headers ?? []).filter(([name]) => SHOWN.some((shown) => shown.toLowerCase() === name.toLowerCase()));
  // For a thread of one mail, both headers have the same value.
  const headers = known.filter(([, value], at) => known.findIndex(([, other]) => other === value) === at);
  return el(
    "li",
    { class: "letter" },
    el("p", { class: "letter-head" }, el("strong", {}, letter.subject || "(no subject)"), " ", when(letter.at)),
    el("p", { class: "dim" }, `${letter.from} → ${letter.to}`),
    headers.length ? el("dl", { class: "letter-headers" }, headers.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, el("code", {}, value))))) : null,
    el("pre", { class: "letter-text" }, linked(letter.text ?? "")),
    (letter.attachments ?? []).length ? el("p", { class: "dim" }, `With ${letter.attachments.map((file) => file.name || "a file").join(", ")}`) : null,
  );
}

/** Text with links to addresses of this server; all other addresses are only text. */
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/).map((part, at) => {
    const path = at % 2 ? here(part) : null;
    return path?.startsWith("/") ? el("a", { href: path, target: "_blank", rel: "noopener" }, part) : part;
  });
}
