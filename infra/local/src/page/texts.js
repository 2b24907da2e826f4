// The history of a phone: texts both ways with their receipts and pictures, and past calls.

import { el, number, when } from "./dom.js";
import { fileNode } from "./file.js";
import { callName } from "./lines.js";
import { lined } from "./markdown.js";

/** Twilio's error codes in words. */
const REASONS = {
  21211: "not a phone number", 21408: "texts to this country are not allowed", 21610: "this person has said STOP", 21612: "cannot be reached from our number",
  21614: "not a mobile number", 30003: "the phone is off or out of reach", 30004: "blocked by the network or the person", 30005: "this number does not exist",
  30006: "a landline, or a network that takes no texts", 30007: "filtered as spam by the network", 30008: "the network gave no reason", 30034: "sender not registered",
};
const MARKS = { accepted: "◌", queued: "◌", sending: "◌", sent: "✓", delivered: "✓✓", read: "✓✓", received: "", undelivered: "✕", failed: "✕" };
const CALLS = { queued: "is placed", initiated: "is placed", ringing: "rings", "in-progress": "on the line", completed: "ended", busy: "busy", "no-answer": "not answered", failed: "failed", canceled: "taken back" };

/** Texts and past calls, oldest first. */
export function logOf(phone) {
  const past = (phone.calls ?? []).filter((call) => call.sid !== phone.call?.sid).map((call) => ({ ...call, isCall: true }));
  const log = [...phone.texts, ...past];
  if (log.every((entry) => entry.at)) log.sort((one, other) => new Date(one.at) - new Date(other.at));
  return log;
}

export const entryNode = (entry) => (entry.isCall ? pastCall(entry) : textNode(entry));

function textNode(text) {
  const mine = text.direction === "inbound";
  const code = text.error_code;
  const reason = code ? ` · ${REASONS[code] ?? "error"} (${code})` : "";
  return el(
    "li",
    { class: mine ? "text mine" : "text", "data-status": text.status },
    text.body || !text.media?.length ? el("p", { class: "bubble" }, lined(text.body ?? "")) : null,
    (text.media ?? []).map((file) => fileNode({ name: fileName(file), url: file.url, type: file.content_type })),
    el("p", { class: "receipt" }, mine ? `to ${number(text.to)} ` : "", when(text.at), " ", el("span", { class: "mark" }, `${MARKS[text.status] ?? ""} ${text.status ?? ""}${reason}`)),
  );
}

/** Handbell's files have an address without a file name. */
const fileName = (file) => (/^[^.]{1,60}\.\w{1,5}$/.test(file.name ?? "") ? file.name : `file.${(file.content_type ?? "").split("/")[1] || "bin"}`);

function pastCall(call) {
  const heard = call.heard ?? [];
  const way = call.direction === "inbound" ? `to ${number(call.to)} ` : call.from ? `from ${callName({ number: call.from })} ` : "";
  return el(
    "li",
    { class: "past", "data-status": call.status },
    el("p", {}, `Call ${way}`, when(call.at), " ", el("span", { class: "mark" }, CALLS[call.status] ?? call.status)),
    heard.length ? el("p", { class: "dim" }, `“${heard.join(" ")}”`) : null,
    (call.recordings ?? []).map((tape) => el("p", { class: "tape" }, `Left on tape, ${tape.seconds} s: “${[tape.said].flat().join(" ")}”`)),
  );
}
