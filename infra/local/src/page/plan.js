// The floor plan: a store for each site, its zones as areas, and a dot for each device. The drawing is deterministic.

import { amountOf, nameOf, signOf, snoozeOf, toneOf, wordOf } from "./levels.js";

const NS = "http://www.w3.org/2000/svg";
/** Limit of dots, beyond which more show nothing. */
const DOTS = 150;

/** Creates an SVG element. */
export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(key, String(value));
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const round = (value) => Math.round(value * 10) / 10;

/** Returns a stable number for a text. */
const seedOf = (text) => [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)) >>> 0, 17);

/**
 * Divides the box among the parts according to their weights: recursively cuts it into two halves of about the same weight,
 * across the longer side.
 */
function share(parts, box) {
  if (parts.length <= 1) return parts.map((part) => ({ ...part, box }));
  const whole = parts.reduce((sum, part) => sum + part.weight, 0);
  let cut = 1;
  let left = parts[0].weight;
  while (cut < parts.length - 1 && Math.abs(left + parts[cut].weight - whole / 2) <= Math.abs(left - whole / 2)) left += parts[cut++].weight;
  const part = left / whole;
  // Areas are wider than high, like their names.
  const across = box.w >= box.h * 1.15;
  const [one, other] = across
    ? [{ ...box, w: box.w * part }, { ...box, x: box.x + box.w * part, w: box.w * (1 - part) }]
    : [{ ...box, h: box.h * part }, { ...box, y: box.y + box.h * part, h: box.h * (1 - part) }];
  return [...share(parts.slice(0, cut), one), ...share(parts.slice(cut), other)];
}

/** The stores with their areas. */
function layout(zones, width, height) {
  // A small zone needs room for its name, too.
  const known = zones.map((zone) => zone.capacity ?? zone.levels?.at(-1)?.at ?? 0).filter(Boolean);
  const usual = known.length ? Math.max(...known) : 1;
  const weight = (zone) => Math.sqrt(Math.min(1, Math.max(0.3, (zone.capacity ?? zone.levels?.at(-1)?.at ?? usual / 2) / usual)));
  const sites = [...new Set(zones.map((zone) => zone.site))].map((site) => {
    const parts = zones.filter((zone) => zone.site === site).map((zone) => ({ zone, weight: weight(zone) }));
    return { site, parts, weight: parts.reduce((sum, part) => sum + part.weight, 0) };
  });
  const gap = 7;
  return share(sites, { x: 0, y: 0, w: width, h: height }).map(({ site, parts, box }) => {
    const wall = { x: box.x + gap, y: box.y + gap, w: box.w - 2 * gap, h: box.h - 2 * gap };
    const title = sites.length > 1 ? 20 : 0;
    const inside = { x: wall.x + 5, y: wall.y + 5 + title, w: wall.w - 10, h: wall.h - 20 - title };
    return { site, wall, titled: title > 0, areas: share(parts, inside) };
  });
}

/** The position of a device in an area: evenly spread, and stable when more devices come. */
function places(zone, box) {
  const seed = seedOf(`${zone.site}/${zone.name}`);
  const [left, top] = [(seed % 997) / 997, ((seed >>> 10) % 991) / 991];
  // The R2 sequence: no two are close, however many there are.
  return (at) => ({
    x: round(box.x + 7 + ((left + at * 0.7548776662466927) % 1) * Math.max(1, box.w - 14)),
    y: round(box.y + 7 + ((top + at * 0.5698402909980532) % 1) * Math.max(1, box.h - 14)),
  });
}

/** The approximate width of a letter. */
const LETTER = 7.6;

const fits = (text, width) => {
  const most = Math.max(3, Math.floor(width / LETTER));
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
};

function area({ zone, box }, choose) {
  const [x, y, w, h] = [box.x + 2, box.y + 2, box.w - 4, box.h - 4].map(round);
  const node = svg(
    "g",
    { class: "area" },
    svg("title"),
    svg("rect", { class: "ground", x, y, width: w, height: h, rx: 6 }),
    svg("rect", { class: "hatch", x, y, width: w, height: h, rx: 6, fill: "url(#hatch)" }),
    svg("g", { class: "dots" }),
    svg("rect", { class: "edge", x, y, width: w, height: h, rx: 6 }),
    svg("rect", { class: "plate", x: x + 1, y: y + 1, width: w - 2, height: 43, rx: 5 }),
    svg("text", { class: "name", x: x + 8, y: y + 17 }),
    svg("text", { class: "amount", x: x + 8, y: y + 35 }),
    // A moon, for a snoozed zone.
    svg("path", { class: "moon", d: "M8 1A7 7 0 1 0 15 9.5 5.5 5.5 0 0 1 8 1Z", transform: `translate(${round(x + w - 23)} ${y + 6})` }),
  );
  node.dataset.zone = zone.name;
  node.addEventListener("click", () => choose(zone.name));
  const small = Math.sqrt((w * (h - 44)) / DOTS);
  return Object.assign(node, { room: w, spots: places(zone, { x, y: y + 44, w, h: h - 44 }), radius: round(Math.min(3.6, Math.max(1.3, small / 4))) });
}

function drawn(zones, width, height, choose) {
  const stores = layout(zones, width, height).map(({ site, wall, titled, areas }) => {
    const { x, y, w, h } = wall;
    const door = [x + w / 2 - 22, x + w / 2 + 22].map(round);
    const floor = round(y + h);
    return svg(
      "g",
      {},
      svg("rect", { class: "store", x: round(x), y: round(y), width: round(w), height: round(h), rx: 8 }),
      titled ? svg("text", { class: "site", x: round(x + 10), y: round(y + 17) }, fits(site, w - 20)) : null,
      areas.map((each) => area(each, choose)),
      svg("path", { class: "wall", d: `M${door[0]} ${floor}H${round(x + 8)}a8 8 0 0 1-8-8V${round(y + 8)}a8 8 0 0 1 8-8H${round(x + w - 8)}a8 8 0 0 1 8 8V${round(floor - 8)}a8 8 0 0 1-8 8H${door[1]}` }),
      svg("path", { class: "door", d: `M${door[0]} ${floor}v-9M${door[1]} ${floor}v-9` }),
    );
  });
  const hatch = svg("pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("path", { class: "stroke", d: "M0 0V8" }));
  return svg("svg", { class: "plan", viewBox: `0 0 ${width} ${height}`, role: "img" }, svg("defs", {}, hatch), stores);
}

function fill(node, zone) {
  const tone = toneOf(zone);
  const { seen } = zone;
  const words = [seen === null ? "" : amountOf(seen, zone), wordOf(zone), snoozeOf(zone)].filter(Boolean).join(", ");
  node.dataset.tone = tone;
  node.classList.toggle("snoozed", Boolean(zone.snoozed_until));
  node.querySelector("title").textContent = `${nameOf(zone)}: ${words}`;
  node.querySelector(".name").textContent = fits(nameOf(zone), (node.room - (zone.snoozed_until ? 38 : 12)) * 0.95);
  // The word is always shown, even if there is no room for the rest.
  const [sign, word] = [signOf(zone), wordOf(zone).replace(/ any more| now| yet/, "")];
  const short = word.replace(/ \(.*/, "");
  const whole = `${seen}${zone.capacity ? `/${zone.capacity}` : ""}`;
  const counted = seen === null ? [`${sign} ${word}`] : [`${sign} ${whole} ${word}`, `${sign} ${whole} ${short}`, `${sign} ${seen} ${short}`];
  const ways = [...counted, `${sign} ${short}`];
  node.querySelector(".amount").textContent = ways.find((way) => fits(way, node.room - 8) === way) ?? ways.at(-1);
  const dots = node.querySelector(".dots");
  const wanted = Math.min(DOTS, seen ?? 0);
  while (dots.childElementCount > wanted) dots.lastElementChild.remove();
  for (let at = dots.childElementCount; at < wanted; at += 1) {
    const { x, y } = node.spots(at);
    dots.append(svg("circle", { cx: x, cy: y, r: node.radius }));
  }
  return `${nameOf(zone)} ${words}`;
}

/** Draws the zones into the box, each with its `seen` count; null if it is unknown. Redraws only when the zones or the box have changed. `choose` is called with a clicked area. */
export function showPlan(box, zones, choose) {
  const width = Math.max(260, Math.round(box.clientWidth || 600));
  const rows = Math.ceil(zones.length / Math.max(1, Math.floor(width / 170)));
  const height = Math.round(Math.min(Math.max(width * 0.42, 150 + rows * 70, 220), 560));
  const wants = JSON.stringify([width, height, zones.map(({ name, label, site, capacity, levels }) => [name, label, site, capacity, levels])]);
  if (box.wants !== wants) {
    box.wants = wants;
    box.replaceChildren(drawn(zones, width, height, choose));
  }
  const plan = box.firstElementChild;
  const said = zones.map((zone) => fill([...plan.querySelectorAll(".area")].find((node) => node.dataset.zone === zone.name), zone));
  plan.setAttribute("aria-label", `Floor plan. ${said.join("; ")}.`);
}
