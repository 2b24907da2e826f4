// The incidents to acknowledge, according to their cards in Webex.

import { plain } from "./markdown.js";
import { state } from "./state.js";

const TONES = { attention: "bad", warning: "care", good: "good", accent: "accent" };

/** The content of an incident's card; null for any other card. */
function read(space, message) {
  const { body = [], actions = [] } = message.card?.content ?? message.card ?? {};
  const facts = new Map(body.flatMap((part) => part.facts ?? []).map(({ title, value }) => [title, plain(String(value))]));
  const name = /^(H-\S+) · text back (\d+)$/.exec(facts.get("Name") ?? "");
  const [title, how] = body.filter((part) => part.type === "TextBlock");
  if (!name || !how) return null;
  return {
    reference: name[1],
    number: name[2],
    title: plain(String(title.text)),
    how: plain(String(how.text)),
    tone: TONES[String(how.color).toLowerCase()] ?? "",
    next: facts.get("Next") ?? "",
    by: facts.get("Has it") ?? "",
    over: !actions.length,
    space: space.id,
    at: message.created,
  };
}

/** Each incident according to its latest card, the newest first. */
export function incidents() {
  const all = new Map();
  for (const space of state.spaces) {
    for (const message of space.messages) {
      const one = message.card && read(space, message);
      if (!one) continue;
      all.delete(one.reference);
      all.set(one.reference, one);
    }
  }
  return [...all.values()].reverse();
}

export const openIncidents = () => incidents().filter((one) => !one.over);
