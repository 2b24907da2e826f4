// The floor: the plan, a slider and a chart for each zone, a day to play, a source to fail, and time to let pass.

import { ask, say } from "./ask.js";
import { chart } from "./chart.js";
import { $, el, keyed } from "./dom.js";
import { amountOf, incidentOf, levelWord, mostOf, nameOf, signOf, snoozeOf, toneOf, wordOf } from "./levels.js";
import { showPlan } from "./plan.js";
import { state } from "./state.js";
import { again } from "./troubles.js";

const TOLD = "floor-said";
const tell = (text, tone = "") => say(text, tone, TOLD);
const MINUTE = 60_000;

// ---- the zones

/** Sets a zone's count: one request at a time, and after it the last that was wished meanwhile. */
async function set(node, count) {
  node.wish = count;
  if (node.sends) return;
  node.sends = true;
  while (node.wish !== null) {
    const wish = node.wish;
    node.wish = null;
    await ask("PUT", `/sim/cmx/zones/${encodeURIComponent(node.zone.name)}`, { json: { count: wish }, told: TOLD });
    // Whoever drags wants no request for every pixel.
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  node.sends = false;
  if (node.isConnected) updateZone(node, zoneNow(node.zone));
}

/** The zone as the server told it last. */
const zoneNow = (zone) => state.zones.map(shown).find((each) => each.name === zone.name) ?? zone;

function makeZone(zone) {
  const label = nameOf(zone);
  const slider = el("input", { type: "range", min: "0", step: "1", "aria-label": `Devices in ${label}` });
  const field = el("input", { type: "number", min: "0", max: "50000", step: "1", inputmode: "numeric", "aria-label": `Devices in ${label}, as a number` });
  const node = el(
    "li",
    { class: "zone" },
    el("h3", {}, el("span", { class: "name" }, label), el("span", { class: "level" }, el("span", { class: "sign", "aria-hidden": "true" }), el("span", { class: "word" }))),
    el("p", { class: "zone-facts dim" }),
    el("div", { class: "set" }, el("div", { class: "track" }, slider, el("div", { class: "marks", "aria-hidden": "true" })), field),
    el("div", { class: "chart-box" }),
  );
  slider.addEventListener("input", () => {
    field.value = slider.value;
    set(node, Number(slider.value));
  });
  field.addEventListener("input", () => (field.touched = true));
  field.addEventListener("change", () => {
    field.touched = false;
    const count = Math.round(Number(field.value));
    if (field.value === "" || !Number.isFinite(count)) return updateZone(node, zoneNow(node.zone));
    const held = Math.min(50_000, Math.max(0, count));
    field.value = String(held);
    slider.value = String(held);
    set(node, held);
  });
  return Object.assign(node, { zone, slider, field, wish: null });
}

function updateZone(node, zone) {
  node.zone = zone;
  node.dataset.tone = toneOf(zone);
  node.querySelector(".sign").textContent = signOf(zone);
  node.querySelector(".word").textContent = [wordOf(zone), snoozeOf(zone)].filter(Boolean).join(", ");
  const facts = [`${amountOf(zone.count, zone)} there`, incidentOf(zone)].filter(Boolean).join(" · ");
  node.querySelector(".zone-facts").textContent = facts;
  const most = mostOf(zone);
  const { slider, field } = node;
  slider.max = String(Math.max(most, zone.count));
  // What somebody is moving is theirs until it is sent.
  if (!node.sends) {
    slider.value = String(zone.count);
    if (!field.touched) field.value = String(zone.count);
  }
  slider.setAttribute("aria-valuetext", `${amountOf(Number(slider.value), zone)}, ${wordOf(zone)}`);
  marks(node, zone, Number(slider.max));
  const key = JSON.stringify([zone.points, zone.minute, zone.levels]);
  if (node.chart === key) return;
  node.chart = key;
  node.querySelector(".chart-box").replaceChildren(chart(zone, zone.minute));
}

/** The thresholds below the slider. */
function marks(node, zone, most) {
  const box = node.querySelector(".marks");
  const key = JSON.stringify([zone.levels, most]);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  const levels = zone.levels ?? [];
  box.replaceChildren(
    ...levels.map(({ level, at }, index) => {
      const mark = el("span", { class: `mark ${level}` }, `${levelWord(zone, level)} ${at}`);
      // The thumb's middle goes from half its width to half its width before the end.
      mark.style.left = `calc(8px + (100% - 16px) * ${Math.min(1, at / most)})`;
      // Two that stand close read to both sides.
      mark.classList.toggle("before", index === 0 && levels.length > 1);
      return mark;
    }),
  );
}

// ---- the day

const playing = () => state.zones.find((zone) => zone.day);

$("saturday").addEventListener("click", async () => {
  if (playing()) {
    const told = await ask("DELETE", "/sim/cmx/day", { told: TOLD });
    if (told.ok) tell("The Saturday was stopped.");
    return;
  }
  const zone = $("saturday-zone").value || state.zones[0]?.name;
  faster("");
  const told = await ask("POST", "/sim/cmx/day", { json: { zone, minutes: 720, seconds: 60 }, told: TOLD });
  if (told.ok) tell("A Saturday from opening to closing, in a minute.");
});

function showDay() {
  const zone = playing();
  const button = $("saturday");
  button.textContent = zone ? "Stop the Saturday" : "A whole Saturday in a minute";
  $("saturday-choice").hidden = state.zones.length < 2;
  $("saturday-zone").disabled = Boolean(zone);
  keyed(
    $("saturday-zone"),
    state.zones.map(({ name, label }) => ({ name, label })),
    (each) => each.name,
    (each) => el("option", { value: each.name }, nameOf(each)),
  );
  if (zone) $("saturday-zone").value = zone.name;
  $("speed").disabled = Boolean(zone);
  $("day").hidden = !zone;
  if (!zone) return;
  const { minute, of } = zone.day;
  $("day-bar").max = of;
  $("day-bar").value = minute;
  $("day-text").textContent = `${nameOf(zone)}: minute ${minute} of ${of}`;
}

// ---- the source

const ofSource = (trouble) => trouble.vendor === "cmx";

/** The source has this trouble and no other; without a kind, none. */
async function source(kind) {
  const others = state.troubles.filter((trouble) => !ofSource(trouble));
  const told = await ask("DELETE", "/sim/trouble", { told: TOLD });
  if (!told.ok) return false;
  await again(others);
  if (!kind) return true;
  return (await ask("PUT", "/sim/trouble", { json: { vendor: "cmx", kind, share: 1.0 }, told: TOLD })).ok;
}

const KINDS = { "source-dies": ["reset", "The source is dead: every connection breaks. Let minutes pass."], "source-html": ["html", "The source answers 200 with a page of HTML. Let minutes pass."] };
for (const [id, [kind, words]] of Object.entries(KINDS)) {
  $(id).addEventListener("click", async () => (await source(kind)) && tell(words));
}
$("source-well").addEventListener("click", async () => (await source(null)) && tell("The source answers again.", "good"));

function showSource() {
  const troubles = state.troubles.filter(ofSource);
  for (const [id, [kind]] of Object.entries(KINDS)) $(id).setAttribute("aria-pressed", String(troubles.some((trouble) => trouble.kind === kind)));
}

// ---- the time

const advance = (by) => ask("POST", "/sim/clock", { json: { advance: by }, told: TOLD });

async function later(by, words) {
  const told = await advance(by);
  if (told.ok) tell(words);
}
$("minute").addEventListener("click", () => later("1m", "It is one minute later for everybody."));
$("minutes").addEventListener("click", () => later("5m", "It is five minutes later for everybody."));

let run = 0; // which run of time is on; another number ends the one before

/** Lets so many minutes pass in a second: minute by minute, each after the answer to the one before. Nothing is real time. */
async function faster(speed) {
  run += 1;
  const mine = run;
  $("speed").value = speed;
  const pause = 1000 / Number(speed || 1);
  while (speed && run === mine) {
    const begun = performance.now();
    const told = await advance("1m");
    if (run !== mine) return;
    if (!told.ok) {
      $("speed").value = "";
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause - (performance.now() - begun))));
  }
}

$("speed").addEventListener("change", (event) => faster(event.target.value));
addEventListener("pagehide", () => faster(""));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden || !$("speed").value) return;
  faster("");
  tell("You looked away: time runs as usual again.");
});

export function tellFloorTime(now) {
  const text = now.toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  $("floor-clock").textContent = text;
  $("floor-clock").dateTime = now.toISOString();
}

// ---- everything

/** What the plan and the list show of a zone, with the minute at which they do. */
const shown = (zone) => ({ ...zone, minute: Math.floor(new Date(state.now).getTime() / MINUTE) * MINUTE });

let known = null; // the words that were told of each zone

/** Says aloud which zone has changed its level, once. */
function announce(zones) {
  const words = new Map(zones.map((zone) => [zone.name, wordOf(zone)]));
  const changed = known && zones.filter((zone) => known.has(zone.name) && known.get(zone.name) !== words.get(zone.name));
  known = words;
  if (changed?.length) $("floor-levels").textContent = changed.map((zone) => `${nameOf(zone)} is ${wordOf(zone)}.`).join(" ");
}

const draw = () => showPlan($("plan"), state.zones, (name) => [...$("zone-list").children].find((node) => node.dataset.key === name)?.slider.focus());

export function showFloor() {
  const some = state.zones.length > 0;
  $("floor").hidden = !some;
  document.body.classList.toggle("has-floor", some);
  if (!some) return;
  draw();
  keyed($("zone-list"), state.zones.map(shown), (zone) => zone.name, makeZone, updateZone);
  showDay();
  showSource();
  announce(state.zones);
}

new ResizeObserver(() => state.zones.length && draw()).observe($("plan"));
