// A zone's last hours as a line: busy and unknown periods, and the current count.

import { el } from "./dom.js";
import { levelWord, nameOf } from "./levels.js";
import { svg } from "./plan.js";

const [WIDTH, HEIGHT] = [340, 128];
const BOX = { left: 30, right: 10, top: 12, bottom: 20 };
const MINUTE = 60_000;
/** Counts come every minute. A longer gap means that a count is missing. */
const APART = 2.5 * MINUTE;

/** Times are text or seconds. */
const millis = (at) => (typeof at === "number" ? (at < 1e12 ? at * 1000 : at) : new Date(at).getTime());

/** Round steps of a scale, about this many. */
function steps(span, about, likes) {
  const wanted = span / about;
  return likes.find((like) => like >= wanted) ?? likes.at(-1);
}

const round = (value) => Math.round(value * 10) / 10;
const hour = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** The runs of counts, which are separated by unknown periods. */
function runs(points) {
  const all = [];
  let last = null;
  for (const { at, count } of points) {
    if (count === null) last = null;
    else {
      if (last === null || at - last > APART) all.push([]);
      all.at(-1).push({ at, count });
      last = at;
    }
  }
  return all;
}

/** The chart of a zone at the given time. */
export function chart(zone, now) {
  const points = (zone.points ?? []).map(([at, count]) => ({ at: millis(at), count: count ?? null })).filter(({ at }) => at <= now + MINUTE).sort((one, other) => one.at - other.at);
  const lines = runs(points);
  const counts = lines.flat();
  if (!counts.length) return el("p", { class: "dim" }, "No counts are stored yet. They come minute by minute.");
  const end = Math.max(now, counts.at(-1).at);
  const begin = Math.min(points[0].at, end - 30 * MINUTE);
  const peak = counts.reduce((most, { count }) => Math.max(most, count), 0);
  const top = Math.max(peak, zone.capacity ?? 0, ...(zone.levels ?? []).map((level) => level.at), 5) * 1.08;
  const x = (at) => round(BOX.left + ((at - begin) / (end - begin)) * (WIDTH - BOX.left - BOX.right));
  const y = (count) => round(HEIGHT - BOX.bottom - (count / top) * (HEIGHT - BOX.top - BOX.bottom));

  const node = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const scale = steps(top, 4, [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000]);
  for (let count = 0; count <= top; count += scale) {
    node.append(svg("path", { class: "rule", d: `M${BOX.left} ${y(count)}H${WIDTH - BOX.right}` }), svg("text", { class: "tick", x: BOX.left - 5, y: y(count) + 3.5, "text-anchor": "end" }, String(count)));
  }
  const pace = steps((end - begin) / MINUTE, 5, [5, 10, 15, 30, 60, 120, 180, 360, 720]) * MINUTE;
  const shift = new Date(begin).getTimezoneOffset() * MINUTE;
  for (let at = Math.ceil((begin - shift) / pace) * pace + shift; at <= end; at += pace) {
    if (x(at) < BOX.left + 10 || x(at) > WIDTH - 16) continue;
    node.append(svg("text", { class: "tick", x: x(at), y: HEIGHT - 5, "text-anchor": "middle" }, hour(at)));
  }
  // Unknown periods have another background.
  const known = lines.map((line) => [line[0].at, line.at(-1).at]);
  const gaps = [];
  for (let at = 1; at < known.length; at += 1) gaps.push([known[at - 1][1], known[at][0]]);
  if (end - known.at(-1)[1] > APART) gaps.push([known.at(-1)[1], end]);
  for (const [from, until] of gaps) {
    node.append(svg("rect", { class: "gap", x: x(from), y: BOX.top, width: Math.max(1, round(x(until) - x(from))), height: HEIGHT - BOX.top - BOX.bottom, fill: "url(#hatch)" }));
  }
  const levels = zone.levels ?? [];
  // The names of close lines are above and below them.
  const close = levels.length > 1 && y(levels[0].at) - y(levels[1].at) < 13;
  for (const [index, { level, at }] of levels.entries()) {
    node.append(
      svg("path", { class: `threshold ${level}`, d: `M${BOX.left} ${y(at)}H${WIDTH - BOX.right}` }),
      svg("text", { class: `threshold-name ${level}`, x: BOX.left + 4, y: y(at) + (close && index === 0 ? 10 : -3) }, `${levelWord(zone, level)} ${at}`),
    );
  }
  for (const line of lines) {
    const d = line.map(({ at, count }, index) => `${index ? "L" : "M"}${x(at)} ${y(count)}`).join("");
    node.append(line.length > 1 ? svg("path", { class: "line", d }) : svg("circle", { class: "lone", cx: x(line[0].at), cy: y(line[0].count), r: 1.6 }));
  }
  const last = counts.at(-1);
  const fresh = end - last.at <= APART && points.at(-1).count !== null;
  if (fresh) {
    const label = svg("text", { class: "now-count", x: Math.min(x(last.at), WIDTH - BOX.right) - 7, y: Math.max(y(last.count) - 6, 10), "text-anchor": "end" }, String(last.count));
    node.append(svg("circle", { class: "now", cx: x(last.at), cy: y(last.count), r: 4 }), label);
  }
  const hours = Math.max(1, Math.round((end - begin) / MINUTE));
  const bounds = levels.map(({ level, at }) => `${levelWord(zone, level)} from ${at}`).join(", ");
  const said = [
    fresh ? `${last.count} now` : `nothing known since ${hour(last.at)}`,
    `${peak} at most`,
    bounds,
    gaps.length ? `${gaps.length} ${gaps.length === 1 ? "gap" : "gaps"}` : "",
  ];
  node.setAttribute("aria-label", `${nameOf(zone)}, the last ${hours} minutes: ${said.filter(Boolean).join("; ")}.`);
  return node;
}
