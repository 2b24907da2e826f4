// Troubles, and the functions that must cope with them.

import { ask, brief, pressId, say } from "./ask.js";
import { lastPressed } from "./bells.js";
import { $, el, here, keyed, many } from "./dom.js";
import { state } from "./state.js";

export const is = (vendor, kind) => (trouble) => trouble.vendor === vendor && trouble.kind === kind;

const TWICE = "press-said";

let turn = Promise.resolve();

/** Changes troubles one click after another. Each change gets the current troubles, which the page may not know yet. */
export function changeTroubles(change) {
  turn = turn.then(async () => {
    const now = await ask("GET", "/page/state");
    if (now.ok) await change(JSON.parse(now.text).troubles);
  });
  return turn;
}

/** Ends all troubles but these. The API can only end all troubles, so these are made again. Returns true on success. */
export async function keepOnly(troubles, told) {
  const ended = await ask("DELETE", "/sim/trouble", { told });
  if (!ended.ok) return false;
  for (const { vendor, kind, share, seconds } of troubles) {
    await ask("PUT", "/sim/trouble", { json: { vendor, kind, share, ...(seconds ? { seconds } : {}) }, told });
  }
  return true;
}

const toggleTrouble = (vendor, kind, on, off) =>
  changeTroubles(async (troubles) => {
    const others = troubles.filter((trouble) => !is(vendor, kind)(trouble));
    if (others.length < troubles.length) return (await keepOnly(others)) && say(off);
    const told = await ask("PUT", "/sim/trouble", { json: { vendor, kind, share: 1.0 } });
    if (told.ok) say(on);
  });

$("webex-down").addEventListener("click", () => toggleTrouble("webex", "502-before", "Webex is down: it answers 502 to everything. Nothing gets lost: what is stored waits.", "Webex is back. What waited is posted now."));
$("twilio-429").addEventListener("click", () => toggleTrouble("twilio", "429", "Twilio takes nothing: 429 to everything, with Retry-After.", "Twilio takes requests again."));

$("twice").addEventListener("click", async () => {
  const button = state.buttons.find((each) => each.url === lastPressed) ?? state.buttons[0];
  if (!button) return say("No button is configured.", "bad", TWICE);
  say("Sending the same press twice at once…", "", TWICE);
  const once = { headers: { "Idempotency-Key": pressId() }, quiet: true };
  const [one, other] = await Promise.all([ask("POST", here(button.url), once), ask("POST", here(button.url), once)]);
  const show = (answer) => (answer.ok ? `“${answer.text}”` : `${answer.status || "none"} ${brief(answer.text)}`);
  const same = one.ok && other.ok && one.text === other.text;
  say(`The answers: ${show(one)} and ${show(other)}. ${same ? "The same: it was counted once." : "Not the same."}`, same ? "good" : "bad", TWICE);
});

$("kill").addEventListener("click", async () => {
  const told = await ask("POST", "/sim/kill", { json: { function: "deliver" } });
  if (!told.ok) return;
  const { killed } = JSON.parse(told.text);
  say(killed ? `deliver was killed (${many(killed, "process", "processes")}). It is started again when there is work.` : "deliver is not running; it starts when there is work.");
});

export function showTroubles() {
  const has = (vendor, kind) => state.troubles.some(is(vendor, kind));
  $("webex-down").setAttribute("aria-pressed", String(has("webex", "502-before")));
  $("twilio-429").setAttribute("aria-pressed", String(has("twilio", "429")));
  const others = state.troubles.filter((trouble) => !is("webex", "502-before")(trouble) && !is("twilio", "429")(trouble));
  keyed($("others"), others, (trouble) => `${trouble.vendor} ${trouble.kind}`, ({ vendor, kind, share }) =>
    el("li", {}, `${vendor}: ${kind}${share < 1 ? `, ${Math.round(share * 100)} %` : ""} `, el("button", { type: "button", class: "small", onclick: () => toggleTrouble(vendor, kind, "", `${vendor}: ${kind} has ended.`) }, "end")));
  keyed($("function-list"), state.functions ?? [], (each) => each.name, (each) =>
    el("li", { "data-state": each.state }, each.state && el("span", { class: "dot", "aria-hidden": "true" }), el("code", {}, each.name), el("span", { class: "dim" }, [each.state, each.pid ? `pid ${each.pid}` : null, each.calls ? many(each.calls, "call") : null].filter(Boolean).join(" · "))));
}
