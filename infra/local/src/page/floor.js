// The floor: the plan, a slider and a chart for each zone, a simulated day, and troubles of the site.

import { ask, say } from "./ask.js";
import { chart } from "./chart.js";
import { $, el, keyed } from "./dom.js";
import { amountOf, incidentOf, levelWord, mostOf, nameOf, seenOf, signOf, snoozeOf, toneOf, wordOf } from "./levels.js";
import { showPlan } from "./plan.js";
import { state } from "./state.js";
import { faster } from "./time.js";
import { changeTroubles, keepOnly } from "./troubles.js";

const TOLD = "floor-said";
const tell = (text, tone = "") => say(text, tone, TOLD);
const MINUTE = 60_000;

// ---- the zones

/** Sets a zone's count, with one request at a time; the latest value follows afterwards. */
async function set(node, count) {
  node.wish = count;
  if (node.sends) return;
  node.sends = true;
  while (node.wish !== null) {
    const wish = node.wish;
    node.wish = null;
    await ask("PUT", `/sim/cmx/zones/${encodeURIComponent(node.zone.name)}`, { json: { count: wish }, told: TOLD });
    // Dragging must not cause a request for every pixel.
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  node.sends = false;
  if (node.isConnected) updateZone(node, zoneNow(node.zone));
}

/** The server's last state of the zone. */
const zoneNow = (zone) => state.zones.map(shown).find((each) => each.name === zone.name) ?? zone;

function makeZone(zone) {
  const label = nameOf(zone);
  const slider = el("input", { type: "range", min: "0", step: "1", "aria-label": `Devices in ${label}` });
  const field = el("input", { type: "number", min: "0", max: "50000", step: "1", inputmode: "numeric", "aria-label": `Devices in ${label}, as a number` });
  const node = el(
    "li",
    { class: "zone" },
    el("h3", {}, el("span", { class: "name" }, label), el("span", { class: "level" }, el("span", { class: "sign", "aria-hidden": "true" }), el("span", { class: "word" }))),
    el(
      "div",
      { class: "zone-hand" },
      el("p", { class: "zone-facts dim" }),
      el("div", { class: "set" }, el("div", { class: "track" }, slider, el("div", { class: "marks", "aria-hidden": "true" })), field),
    ),
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
  const facts = [`${amountOf(zone.count, zone)} there${zone.seen === null ? ", and nobody counts them" : ""}`, incidentOf(zone)].filter(Boolean).join(" · ");
  node.querySelector(".zone-facts").textContent = facts;
  const most = mostOf(zone);
  const { slider, field } = node;
  slider.max = String(Math.max(most, zone.count));
  // A slider that the user moves keeps its value until it is sent.
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
      // The centre of the thumb stays half its width away from both ends.
      mark.style.left = `calc(8px + (100% - 16px) * ${Math.min(1, at / most)})`;
      // Two close marks have their labels on opposite sides.
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

/** Sets the site's only trouble, or none without a kind, and confirms it. */
const source = (kind, words, tone) =>
  changeTroubles(async (troubles) => {
    if (!(await keepOnly(troubles.filter((trouble) => !ofSource(trouble)), TOLD))) return;
    const told = kind ? await ask("PUT", "/sim/trouble", { json: { vendor: "cmx", kind, share: 1.0 }, told: TOLD }) : { ok: true };
    if (told.ok) tell(words, tone);
  });

const KINDS = { "source-dies": ["reset", "The source is dead: every connection breaks. Let minutes pass."], "source-html": ["html", "The source answers 200 with a page of HTML. Let minutes pass."] };
for (const [id, [kind, words]] of Object.entries(KINDS)) {
  $(id).addEventListener("click", () => source(kind, words));
}
$("source-well").addEventListener("click", () => source(null, "The source answers again.", "good"));

function showSource() {
  const troubles = state.troubles.filter(ofSource);
  for (const [id, [kind]] of Object.entries(KINDS)) $(id).setAttribute("aria-pressed", String(troubles.some((trouble) => trouble.kind === kind)));
}

// ---- everything

/** What the plan and the list show of a zone, with its minute. */
const shown = (zone) => ({ ...zone, seen: seenOf(zone, state.troubles.some(ofSource)), minute: Math.floor(new Date(state.now).getTime() / MINUTE) * MINUTE });

let known = null; // the words that were told of each zone

/** Announces each change of a zone's level once. */
function announce(zones) {
  const words = new Map(zones.map((zone) => [zone.name, wordOf(zone)]));
  const changed = known && zones.filter((zone) => known.has(zone.name) && known.get(zone.name) !== words.get(zone.name));
  known = words;
  if (changed?.length) $("floor-levels").textContent = changed.map((zone) => `${nameOf(zone)} is ${wordOf(zone)}.`).join(" ");
}

const draw = () => showPlan($("plan"), state.zones.map(shown), (name) => [...$("zone-list").children].find((node) => node.dataset.key === name)?.slider.focus());

export function showFloor() {
  if (!state.zones.length) return;
  draw();
  keyed($("zone-list"), state.zones.map(shown), (zone) => zone.name, makeZone, updateZone);
  showDay();
  showSource();
  announce(state.zones);
}

/** The next thing to try on the floor, and its place. */
export function nextForFloor() {
  const { zones, troubles } = state;
  const busy = zones.find((zone) => zone.level === "alert") ?? zones.find((zone) => zone.level);
  if (troubles.some(ofSource)) return ["The source fails. Let minutes pass: no alarm, no all-clear, and after a while a word that nothing is known.", "zones"];
  if (playing()) return ["A Saturday goes by. Watch the line, and what is told in Webex.", "spaces"];
  if (busy?.incident?.state === "acknowledged") return [`${busy.incident.by || "Somebody"} is on the way to ${nameOf(busy)}. Let it get empty, and minutes pass: one all-clear.`, "zones"];
  if (busy) return [`${nameOf(busy)} is ${wordOf(busy)}. Press “On my way” on the card in Webex.`, "spaces"];
  const lowest = zones[0].levels?.[0];
  return [lowest ? `Move the slider of ${nameOf(zones[0])} to ${lowest.at} or more, then let two minutes pass: +1 min, twice.` : "Move a slider, and let minutes pass.", "zones"];
}

new ResizeObserver(() => state.zones.length && draw()).observe($("plan"));
