// The phones: they ring, are answered, get texts and send some.

import { ask } from "./ask.js";
import { $, el, keyed, number, when } from "./dom.js";
import { lined } from "./markdown.js";
import { state } from "./state.js";

/** Twilio's error codes in words. */
const REASONS = {
  21211: "not a phone number", 21408: "texts to this country are not allowed", 21610: "this person has said STOP", 21612: "cannot be reached from our number",
  21614: "not a mobile number", 30003: "the phone is off or out of reach", 30004: "blocked by the network or the person", 30005: "this number does not exist",
  30006: "a landline, or a network that takes no texts", 30007: "filtered as spam by the network", 30008: "the network gave no reason", 30034: "sender not registered",
};
const MARKS = { accepted: "◌", queued: "◌", sending: "◌", sent: "✓", delivered: "✓✓", read: "✓✓", received: "", undelivered: "✕", failed: "✕" };
const CALLS = { queued: "is placed", initiated: "is placed", ringing: "rings", "in-progress": "on the line", completed: "ended", busy: "busy", "no-answer": "not answered", failed: "failed", canceled: "taken back" };
export const rings = (call) => Boolean(call) && ["queued", "initiated", "ringing"].includes(call.status);
export const talks = (call) => call?.status === "in-progress";

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

const phonePath = (phone, act) => `/sim/phones/${encodeURIComponent(phone.number)}/${act}`;

/** The number of ours that this phone has to do with. */
function ours(phone) {
  const last = [...phone.texts].reverse().find((text) => text.from && text.from !== phone.number)?.from;
  const any = () => state.phones.flatMap((each) => each.texts).find((text) => text.direction !== "inbound")?.from;
  return last ?? phone.call?.from ?? phone.calls?.at(-1)?.from ?? any() ?? "+12025550100";
}

function makePhone(phone) {
  const to = el("input", { type: "tel", value: ours(phone), "aria-label": "To", autocomplete: "off" });
  const body = el("input", { type: "text", placeholder: "Type a text", "aria-label": `Text from ${phone.name || number(phone.number)}`, autocomplete: "off" });
  const form = el("form", { class: "type" }, body, el("span", { class: "dim", "aria-hidden": "true" }, "to"), to, el("button", { type: "submit" }, "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!body.value.trim()) return body.focus();
    const told = await ask("POST", phonePath(phone, "text"), { json: { to: to.value.trim(), body: body.value } });
    if (told.ok) body.value = "";
  });
  return el(
    "article",
    { class: "phone", tabindex: "-1" },
    el("h3", {}, el("span", { class: "name" }), el("span", { class: "number" })),
    el("div", { class: "call", hidden: true }),
    el("ol", { class: "plain log", "aria-label": "Texts and calls" }),
    form,
  );
}

function updatePhone(node, phone) {
  node.setAttribute("aria-label", `Phone of ${phone.name || number(phone.number)}`);
  node.querySelector(".name").textContent = phone.name || number(phone.number);
  node.querySelector(".number").textContent = phone.name ? number(phone.number) : "";
  node.classList.toggle("rings", rings(phone.call));
  node.classList.toggle("talks", talks(phone.call));
  updateCall(node.querySelector(".call"), phone);
  const past = (phone.calls ?? []).filter((call) => call.sid !== phone.call?.sid).map((call) => ({ ...call, isCall: true }));
  const log = [...phone.texts, ...past];
  if (log.every((entry) => entry.at)) log.sort((one, other) => new Date(one.at) - new Date(other.at));
  keyed(node.querySelector(".log"), log, (entry) => entry.sid, (entry) => (entry.isCall ? pastCall(entry) : textNode(entry)));
}

let shownCall = null; // what was brought into sight of a call

export function showPhones(phones) {
  const list = $("phone-list");
  keyed(list, phones, (phone) => phone.number, makePhone, updatePhone);
  list.dataset.empty = "Nobody in the plan has a phone.";
  const busy = phones.find((phone) => rings(phone.call)) ?? phones.find((phone) => talks(phone.call));
  const sight = busy ? `${busy.call.sid} ${busy.call.status} ${busy.call.heard?.length}` : null;
  if (!busy || sight === shownCall) return;
  shownCall = sight;
  const node = [...list.children].find((each) => each.dataset.key === busy.number);
  // Only this panel is moved, never the page below somebody's hands.
  list.scrollTop += node.getBoundingClientRect().top - list.getBoundingClientRect().top - 6;
}

function textNode(text) {
  const mine = text.direction === "inbound";
  const code = text.error_code;
  const reason = code ? ` · ${REASONS[code] ?? "error"} (${code})` : "";
  return el(
    "li",
    { class: mine ? "text mine" : "text", "data-status": text.status },
    el("p", { class: "bubble" }, lined(text.body ?? "")),
    el("p", { class: "fate" }, mine ? `to ${number(text.to)} ` : "", when(text.at), " ", el("span", { class: "mark" }, `${MARKS[text.status] ?? ""} ${text.status ?? ""}${reason}`)),
  );
}

function pastCall(call) {
  const heard = call.heard ?? [];
  return el(
    "li",
    { class: "past", "data-status": call.status },
    el("p", {}, `Call ${call.from ? `from ${number(call.from)} ` : ""}`, when(call.at), " ", el("span", { class: "mark" }, CALLS[call.status] ?? call.status)),
    heard.length ? el("p", { class: "dim" }, `“${heard.join(" ")}”`) : null,
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

function updateCall(box, phone) {
  const call = phone.call;
  const mode = rings(call) ? "ring" : talks(call) ? "talk" : "none";
  const keep = `${call?.sid}/${mode}`;
  if (box.dataset.keep !== keep) {
    const focused = box.contains(document.activeElement);
    if (mode === "none") hush(phone.call ?? { sid: box.dataset.keep?.split("/")[0] });
    box.dataset.keep = keep;
    box.hidden = mode === "none";
    box.replaceChildren(...(mode === "ring" ? ringing(phone) : mode === "talk" ? talking(phone) : []));
    if (focused) (box.querySelector("button") ?? box.closest(".phone")).focus({ preventScroll: true });
  }
  if (mode !== "talk") return;
  keyed(
    box.querySelector(".heard"),
    (call.heard ?? []).map((sentence, at) => ({ sentence, at })),
    (line) => line.at,
    (line) => el("li", {}, line.sentence),
  );
  box.querySelector(".heard").scrollTop = 1e6;
  box.querySelector(".hint").textContent = call.gather ? "It waits for a key." : (call.heard ?? []).length ? "" : "…";
  box.querySelector(".pad").dataset.gather = String(Boolean(call.gather));
  speak({ ...call, heard: call.heard ?? [] });
}

function ringing(phone) {
  const sid = phone.call.sid;
  const answer = async () => {
    answeredHere.add(sid);
    // Browsers let a page speak only after a gesture: this one.
    if ("speechSynthesis" in window) speechSynthesis.resume();
    await ask("POST", phonePath(phone, "answer"));
  };
  return [
    el("p", { class: "ring" }, el("span", { class: "wave", "aria-hidden": "true" }, "☎"), el("span", {}, el("strong", {}, "Incoming call"), phone.call.from ? ` from ${number(phone.call.from)}` : "")),
    el(
      "div",
      { class: "acts" },
      el("button", { type: "button", class: "go", onclick: answer }, "Answer"),
      el("button", { type: "button", class: "stop", onclick: () => ask("POST", phonePath(phone, "hangup")) }, "Hang up"),
    ),
  ];
}

function talking(phone) {
  const hit = (digit) => ask("POST", phonePath(phone, "keys"), { json: { digits: digit } });
  const pad = el(
    "div",
    { class: "pad", role: "group", "aria-label": "Key pad" },
    KEYS.map((digit) => el("button", { type: "button", "data-digit": digit, onclick: () => hit(digit), "aria-label": { "*": "star", "#": "hash" }[digit] }, digit)),
  );
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !KEYS.includes(event.key)) return;
    event.preventDefault();
    pad.querySelector(`[data-digit="${CSS.escape(event.key)}"]`).focus();
    hit(event.key);
  });
  return [
    el("p", { class: "line" }, el("strong", {}, "On the line"), phone.call.from ? ` with ${number(phone.call.from)}` : ""),
    el("ol", { class: "plain heard", "aria-live": "polite", "aria-label": "What is heard" }),
    el("p", { class: "hint dim" }),
    pad,
    el("div", { class: "acts" }, el("button", { type: "button", class: "stop", onclick: () => ask("POST", phonePath(phone, "hangup")) }, "Hang up")),
  ];
}

$("aloud-label").hidden = !("speechSynthesis" in window);
$("aloud").addEventListener("change", () => $("aloud").checked || speechSynthesis.cancel());
