// How full a zone is, in words: never by colour alone.

import { clockTime } from "./dom.js";

export const nameOf = (zone) => zone.label || zone.name;

/** What a level of this zone is called where people read it. */
export const levelWord = (zone, level) => (level === "alert" && zone.capacity ? "full" : "busy");

/** The zone's look: `calm`, `warn`, `alert`, or `unknown` when nobody can say. */
export const toneOf = (zone) => (zone.known && !zone.silent ? (zone.level ?? "calm") : "unknown");

/** `calm`, `busy`, `full`, `not known now (was busy)`. */
export function wordOf(zone) {
  const was = zone.level ? ` (was ${levelWord(zone, zone.level)})` : "";
  if (zone.silent) return `not known any more${was}`;
  if (!zone.known) return zone.points?.some(([, count]) => count !== null) ? `not known now${was}` : "not known yet";
  return zone.level ? levelWord(zone, zone.level) : "calm";
}

/** How many devices Handbell can know of; null once the source has told nothing for some time. */
export function seenOf(zone, sourceFails) {
  const counts = (zone.points ?? []).filter(([, count]) => count !== null);
  if (zone.silent || (!zone.known && counts.length)) return null;
  return sourceFails && counts.length ? counts.at(-1)[1] : zone.count;
}

/** The sign of how full it is, which differs in shape. */
export const signOf = (zone) => ({ calm: "●", warn: "▲", alert: "■", unknown: "?" })[toneOf(zone)];

/** `87 of 100`, `57 devices`. */
export const amountOf = (count, zone) => (zone.capacity ? `${count} of ${zone.capacity}` : `${count} ${count === 1 ? "device" : "devices"}`);

/** `snoozed until 14:30`; nothing if it isn't. */
export const snoozeOf = (zone) => (zone.snoozed_until ? `snoozed until ${clockTime(zone.snoozed_until).slice(0, 5)}` : "");

/** `H-7K3Q: Alice is on the way`; nothing if there is no incident. */
export function incidentOf(zone) {
  const incident = zone.incident;
  if (!incident) return "";
  const fate = {
    open: "nobody is on the way yet",
    acknowledged: `${incident.by || "somebody"} is on the way`,
    resolved: "over",
    cancelled: incident.by ? `${incident.by} says it is not busy` : "taken back",
  }[incident.state];
  return `${incident.reference}: ${fate ?? incident.state}`;
}

/** The farthest that the slider goes. */
export function mostOf(zone) {
  const full = zone.capacity ?? zone.levels?.at(-1)?.at ?? 50;
  return Math.max(1, Math.ceil(full * 1.5));
}
