// The state of a zone in words, never by colour alone.

import { clockTime } from "./dom.js";

export const nameOf = (zone) => zone.label || zone.name;

/** The word for a level of this zone. */
export const levelWord = (zone, level) => (level === "alert" && zone.capacity ? "full" : "busy");

/** The zone's look: `calm`, `warn`, `alert`, or `unknown`. */
export const toneOf = (zone) => (zone.known && !zone.silent ? (zone.level ?? "calm") : "unknown");

/** `calm`, `busy`, `full`, `not known now (was busy)`. */
export function wordOf(zone) {
  const was = zone.level ? ` (was ${levelWord(zone, zone.level)})` : "";
  if (zone.silent) return `not known any more${was}`;
  if (!zone.known) return zone.points?.some(([, count]) => count !== null) ? `not known now${was}` : "not known yet";
  return zone.level ? levelWord(zone, zone.level) : "calm";
}

/** The count that Handbell knows; null once the site has been silent for some time. */
export function seenOf(zone, sourceFails) {
  const counts = (zone.points ?? []).filter(([, count]) => count !== null);
  if (zone.silent || (!zone.known && counts.length)) return null;
  return sourceFails && counts.length ? counts.at(-1)[1] : zone.count;
}

/** The symbol of the state, which differs in shape. */
export const signOf = (zone) => ({ calm: "●", warn: "▲", alert: "■", unknown: "?" })[toneOf(zone)];

/** `87 of 100`, `57 devices`. */
export const amountOf = (count, zone) => (zone.capacity ? `${count} of ${zone.capacity}` : `${count} ${count === 1 ? "device" : "devices"}`);

/** `snoozed until 14:30`, or an empty text. */
export const snoozeOf = (zone) => (zone.snoozed_until ? `snoozed until ${clockTime(zone.snoozed_until).slice(0, 5)}` : "");

/** `H-7K3Q: Alice is on the way`, or an empty text without an incident. */
export function incidentOf(zone) {
  const incident = zone.incident;
  if (!incident) return "";
  const state = {
    open: "nobody is on the way yet",
    acknowledged: `${incident.by || "somebody"} is on the way`,
    resolved: "over",
    cancelled: incident.by ? `${incident.by} says it is not busy` : "taken back",
  }[incident.state];
  return `${incident.reference}: ${state ?? incident.state}`;
}

/** The maximum of the slider. */
export function mostOf(zone) {
  const full = zone.capacity ?? zone.levels?.at(-1)?.at ?? 50;
  return Math.max(1, Math.ceil(full * 1.5));
}
