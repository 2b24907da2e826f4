// The presence of people, and a switch for it.

import { ask } from "./ask.js";
import { el } from "./dom.js";

/** Handbell itself has no presence. */
export const isHandbell = (email) => /^handbell@/.test(email ?? "");

/** The switch of a person; null for Handbell, and if the presence is unknown. */
export function presenceNode(person) {
  if (!person.status || isHandbell(person.email)) return null;
  const away = person.status !== "active";
  const next = away ? "active" : "inactive";
  const set = () => ask("PUT", `/sim/webex/people/${encodeURIComponent(person.email)}/presence`, { json: { status: next }, told: "compose-said" });
  const word = { active: "active", inactive: "away" }[person.status] ?? person.status;
  return el(
    "button",
    { type: "button", class: "presence", "data-away": String(away), "aria-label": `${person.name || person.email} is ${word}. Make it ${away ? "active" : "away"}`, onclick: set },
    word,
  );
}
