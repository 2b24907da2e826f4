// The rotas of the next two weeks: the people on call, the hand-overs and the overrides.

import { el, keyed } from "./dom.js";
import { personName, personPlace } from "./roster.js";

const DAY = 86_400_000;

const time = (at) => new Date(at).getTime();

/** A time in the rota's time zone. */
function moment(at, rota, options) {
  const date = new Date(at);
  try {
    return date.toLocaleString("en-GB", { ...options, timeZone: rota.timezone });
  } catch {
    return date.toLocaleString("en-GB", options);
  }
}

const hour = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };

/** `Dana until Mon 23 Nov, 08:00, then Eli`. */
function told(rota) {
  const name = (id) => (id ? personName(id) : "nobody");
  if (!rota.until) return `${name(rota.now)}, and no hand-over in sight`;
  return `${name(rota.now)} until ${moment(rota.until, rota, hour)}, then ${name(rota.next)}`;
}

/** The position and the width of a period, in percent. */
function place(node, rota, from, until) {
  const [start, end] = [time(rota.from), time(rota.to)];
  const share = (at) => (100 * (Math.min(end, Math.max(start, at)) - start)) / (end - start);
  node.style.left = `${share(from)}%`;
  node.style.width = `${share(until) - share(from)}%`;
  return node;
}

function shiftNode(rota, shift) {
  const name = shift.person ? personName(shift.person) : "nobody";
  const standsIn = shift.why === "stands in";
  const colour = shift.person ? `c${Math.max(0, personPlace(shift.person)) % 6}` : "nobody";
  const when = `${moment(shift.from, rota, hour)} to ${moment(shift.until, rota, hour)}`;
  const node = el(
    "li",
    { class: `shift ${colour}${standsIn ? " stands-in" : ""}`, title: `${name}${standsIn ? " stands in" : ""}, ${when}` },
    el("span", { class: "shift-name" }, name),
    el("span", { class: "sr" }, `${standsIn ? " stands in" : ""}, ${when}`),
  );
  return place(node, rota, time(shift.from), time(shift.until));
}

function days(rota) {
  const count = Math.round((time(rota.to) - time(rota.from)) / DAY);
  return Array.from({ length: count }, (_, index) => {
    // Noon is on the right day even when the clocks change.
    const noon = time(rota.from) + (index + 0.5) * DAY;
    const weekday = moment(noon, rota, { weekday: "short" });
    const day = moment(noon, rota, { day: "numeric" });
    return el("li", { class: [index === 0 && "today", /^S/.test(weekday) && "weekend"].filter(Boolean).join(" ") || null }, el("span", { class: "weekday" }, weekday), el("span", {}, day), index === 0 && el("span", { class: "sr" }, " today"));
  });
}

function rotaNode(rota) {
  return el(
    "li",
    { class: "rota" },
    el("h3", {}, el("span", { class: "rota-name" }, rota.label), " ", el("span", { class: "rota-now" }, told(rota))),
    el("ol", { class: "plain track-of-shifts", "aria-label": `${rota.label}: the next two weeks` }, rota.shifts.map((shift) => shiftNode(rota, shift))),
    el("div", { class: "now-mark", "aria-hidden": "true" }),
  );
}

/** Draws all rotas, and the days below them. `now` is the system's time. */
export function showRotas(box, rotas, now) {
  keyed(box.querySelector(".rotas"), rotas, (rota) => rota.name, rotaNode);
  for (const node of box.querySelectorAll(".rota")) {
    const rota = rotas.find((each) => each.name === node.dataset.key);
    if (rota && now) place(node.querySelector(".now-mark"), rota, now.getTime(), now.getTime());
  }
  keyed(box.querySelector(".days"), rotas.slice(0, 1).map(({ from, to, timezone }) => ({ from, to, timezone })), (rota) => rota.from, (rota) => el("li", {}, el("ol", { class: "plain day-row", "aria-label": "Days" }, days(rota))));
}
