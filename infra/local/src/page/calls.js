// A call on a phone: ringing, answering, listening, speaking, and the end.

import { ask } from "./ask.js";
import { $, el, keyed } from "./dom.js";
import { callName } from "./lines.js";

/** The phone is being called. */
export const rings = (call) => Boolean(call) && call.direction !== "inbound" && ["queued", "initiated", "ringing"].includes(call.status);
/** The phone calls, and nobody has answered yet. */
export const dials = (call) => call?.direction === "inbound" && ["queued", "initiated", "ringing"].includes(call.status);
export const talks = (call) => call?.status === "in-progress";

/** The control API of a phone. */
export const phonePath = (phone, act) => `/sim/phones/${encodeURIComponent(phone.number)}/${act}`;

/** Calls between a customer and the team rarely need keys; alert calls always do. */
const asksForKeys = (call) => Boolean(call.gather) || !["inbound", "outbound-dial"].includes(call.direction);

const nameOf = (raw) => callName({ number: raw });

/** Duration of a voicemail, in seconds. */
const SPOKEN = 5;

const answeredHere = new Set(); // calls that were answered on this page, and so may be spoken here
const spoken = new Map(); // how many sentences of a call have been spoken

function speak(call) {
  if (!("speechSynthesis" in window) || !answeredHere.has(call.sid) || !$("aloud").checked) return;
  const done = spoken.get(call.sid) ?? 0;
  for (const sentence of call.heard.slice(done)) speechSynthesis.speak(new SpeechSynthesisUtterance(sentence));
  spoken.set(call.sid, call.heard.length);
}

function hush(call) {
  if ("speechSynthesis" in window && call && answeredHere.has(call.sid)) speechSynthesis.cancel();
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

const MODES = { ring: ringing, dial: dialling, talk: talking, none: () => [] };

/** Updates the box for the phone's call, and hides it if there is none. */
export function updateCall(box, phone) {
  const call = phone.call;
  const mode = rings(call) ? "ring" : dials(call) ? "dial" : talks(call) ? "talk" : "none";
  const keep = `${call?.sid}/${mode}`;
  if (box.dataset.keep !== keep) {
    const focused = box.contains(document.activeElement);
    if (mode === "none") hush(phone.call ?? { sid: box.dataset.keep?.split("/")[0] });
    box.dataset.keep = keep;
    box.hidden = mode === "none";
    box.replaceChildren(...MODES[mode](phone));
    if (focused) ([...box.querySelectorAll("button")].find((button) => button.checkVisibility()) ?? box.closest(".phone")).focus({ preventScroll: true });
  }
  if (mode !== "talk") return;
  keyed(
    box.querySelector(".heard"),
    (call.heard ?? []).map((sentence, at) => ({ sentence, at })),
    (line) => line.at,
    (line) => el("li", {}, line.sentence),
  );
  box.querySelector(".heard").scrollTop = 1e6;
  box.querySelector(".hint").textContent = call.recording ? "It is recording." : call.gather ? "It waits for a key." : (call.heard ?? []).length ? "" : "…";
  box.querySelector(".pad").dataset.gather = String(Boolean(call.gather));
  box.querySelector(".pad").hidden = !asksForKeys(call);
  box.querySelector(".speak").hidden = !call.recording;
  speak({ ...call, heard: call.heard ?? [] });
}

const hangUp = (phone) => el("button", { type: "button", class: "stop", onclick: () => ask("POST", phonePath(phone, "hangup")) }, "Hang up");

function ringing(phone) {
  const sid = phone.call.sid;
  const answer = async () => {
    answeredHere.add(sid);
    // Browsers let a page speak only after a gesture, which is this one.
    if ("speechSynthesis" in window) speechSynthesis.resume();
    await ask("POST", phonePath(phone, "answer"));
  };
  return [
    el("p", { class: "ring" }, el("span", { class: "wave", "aria-hidden": "true" }, "☎"), el("span", {}, el("strong", {}, "Incoming call"), phone.call.from ? ` from ${nameOf(phone.call.from)}` : "")),
    el(
      "div",
      { class: "acts" },
      el("button", { type: "button", class: "go", onclick: answer }, "Answer"),
      hangUp(phone),
    ),
  ];
}

function dialling(phone) {
  return [
    el("p", { class: "line" }, el("strong", {}, "Calling"), ` ${nameOf(phone.call.to)}…`),
    el("div", { class: "acts" }, hangUp(phone)),
  ];
}

/** The text that is recorded. */
function speaking(phone) {
  const words = el("input", { type: "text", value: "Please call me back.", "aria-label": "What is said onto the tape", autocomplete: "off" });
  const form = el("form", { class: "type speak", hidden: true }, words, el("button", { type: "submit" }, `Speak ${SPOKEN} s`));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!words.value.trim()) return words.focus();
    await ask("POST", phonePath(phone, "speak"), { json: { text: words.value.trim(), seconds: SPOKEN } });
  });
  return form;
}

function talking(phone) {
  const other = phone.call.direction === "inbound" ? phone.call.to : phone.call.from;
  const hit = (digit) => ask("POST", phonePath(phone, "keys"), { json: { digits: digit } });
  const pad = el(
    "div",
    { class: "pad", role: "group", "aria-label": "Key pad", hidden: !asksForKeys(phone.call) },
    KEYS.map((digit) => el("button", { type: "button", "data-digit": digit, onclick: () => hit(digit), "aria-label": { "*": "star", "#": "hash" }[digit] }, digit)),
  );
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !KEYS.includes(event.key)) return;
    event.preventDefault();
    pad.querySelector(`[data-digit="${CSS.escape(event.key)}"]`).focus();
    hit(event.key);
  });
  return [
    el("p", { class: "line" }, el("strong", {}, "On the line"), other ? ` with ${nameOf(other)}` : ""),
    el("ol", { class: "plain heard", "aria-live": "polite", "aria-label": "What is heard" }),
    el("p", { class: "hint dim" }),
    pad,
    speaking(phone),
    el("div", { class: "acts" }, hangUp(phone)),
  ];
}

$("aloud-label").hidden = !("speechSynthesis" in window);
$("aloud").addEventListener("change", () => $("aloud").checked || speechSynthesis.cancel());
