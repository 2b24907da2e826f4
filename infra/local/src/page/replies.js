// Commands of a person on call by one click: a text about the open incident of which the phone was notified.

import { ask } from "./ask.js";
import { phonePath } from "./calls.js";
import { el } from "./dom.js";
import { openIncidents } from "./incidents.js";

const WORDS = ["ack", "can't", "done", "who"];

/** The number of the last open incident of which this phone was notified; null if there is none. */
export function aboutOf(phone) {
  const open = openIncidents().map((one) => one.number);
  const told = phone.texts.filter((text) => text.direction !== "inbound").flatMap((text) => [...(text.body ?? "").matchAll(/\back (\d+)\b/g)].map((hit) => hit[1]));
  const last = told.reverse().find((number) => open.includes(number));
  // A person who was only called has no number to read, so it is the newest incident.
  return last ?? (phone.calls?.length ? open[0] : undefined) ?? null;
}

/** Buttons that text back. `about` is the incident's number, and `to` is Handbell's. */
export function showReplies(box, phone, about, to) {
  box.hidden = !about;
  if (box.dataset.about === String(about)) return;
  box.dataset.about = String(about);
  const name = phone.name || phone.number;
  const send = (word) => ask("POST", phonePath(phone, "text"), { json: { to: to(), body: `${word} ${about}` }, told: "phones-said" });
  box.replaceChildren(
    el("span", { class: "dim" }, `Text back, about ${about}:`),
    ...WORDS.map((word) => el("button", { type: "button", class: "small", "aria-label": `Text ${word} ${about} from ${name}`, onclick: () => send(word) }, word)),
  );
}
