// The button's plan: the effect of each press, the progress, and the next thing to try.

import { $, el, keyed, many } from "./dom.js";
import { callName, isTeam, takerName } from "./lines.js";
import { spacesOfPlan } from "./plans.js";
import { personName, rotaLabel } from "./roster.js";
import { state } from "./state.js";
import { is } from "./troubles.js";

/** The button that is shown: one with an acknowledged incident, one that was pressed, or the first. */
const activeButton = () => state.buttons.find((button) => button.state === "acknowledged") ?? state.buttons.find((button) => button.count) ?? state.buttons[0];

const stepsOf = (button) => state.plans[button?.plan]?.steps ?? [];

const ENDED = ["resolved", "cancelled"];

/** The people of a target. */
function targetName(target) {
  if (typeof target === "string") return callName(state.phones.find((phone) => phone.number === target) ?? { number: target });
  if (target.person) return personName(target.person);
  if (target.team) return `team ${target.team}`;
  const [rota] = Object.values(target);
  return `the person on call in ${rotaLabel(rota)}`;
}

const names = (targets) => targets.map(targetName).join(" and ");

/** `A text to Dana and Eli; a post with “Print and fill in this form”`. */
function words(step) {
  const post = step.post && (step.post.label ? `a post with “${step.post.label}”` : "a post in the space");
  const all = [
    step.call.length && `a call to ${names(step.call)}`,
    step.page.length && `${names(step.page)} is woken`,
    step.sms.length && `a text to ${names(step.sms)}`,
    post,
  ];
  const said = all.filter(Boolean).join("; ");
  return said.charAt(0).toUpperCase() + said.slice(1);
}

export function showSteps() {
  const button = activeButton();
  const steps = stepsOf(button);
  $("steps").hidden = !steps.length;
  const count = ENDED.includes(button?.state) ? 0 : (button?.count ?? 0);
  const rows = steps.map((step, at) => ({ at: at + 1, words: words(step), after: step.after, state: at + 1 < count ? "past" : at + 1 === Math.min(count, steps.length) ? "now" : "" }));
  keyed($("step-list"), rows, (row) => row.at, (row) =>
    el(
      "li",
      { class: "step", "data-state": row.state, "aria-current": row.state === "now" ? "step" : null },
      el("span", { class: "step-number", "aria-hidden": "true" }, row.state === "past" ? "✓" : String(row.at)),
      el("span", {}, row.words, row.after && el("span", { class: "dim" }, `, or ${row.after} later when nobody has it`)),
    ));
}

/** The action of the next step, in short. */
function coming(step) {
  if (!step) return "it is counted";
  if (step.call.length || step.page.length) return "a phone rings";
  return step.sms.length ? "phones get a text" : "the next step is posted";
}

const time = (at) => new Date(at ?? 0).getTime();

/** When the step began, according to the reference tag in its own post or text. */
function since(button, step) {
  const tag = `${button.reference}.${step}.`;
  const posts = spacesOfPlan(button.plan).flatMap((space) => space.messages).filter((message) => `${message.markdown ?? ""}${message.text ?? ""}`.includes(tag));
  return posts.length ? Math.min(...posts.map((message) => time(message.created))) : Infinity;
}

/** The people whom only this press called. */
function called(button, step) {
  const from = since(button, button.count) - 5000;
  const numbers = step.call.filter((target) => typeof target === "string");
  return state.phones.find((phone) => numbers.includes(phone.number) && (phone.calls ?? []).some((call) => call.sid !== phone.call?.sid && time(call.at) >= from));
}

/** The people with a text of this incident. */
const texted = (button) => state.phones.filter(isTeam).find((phone) => phone.texts.some((text) => text.direction !== "inbound" && text.body?.includes(button.reference)));

/** The next thing to try with the button, and its place. */
export function nextForButton() {
  const button = activeButton();
  if (!button) return ["No button is configured. Add one under buttons: in the configuration.", null];
  const troubles = state.troubles.filter((trouble) => trouble.vendor !== "cmx");
  if (troubles.some(is("webex", "502-before"))) return ["Webex is down. Press: the press is stored and waits. Then bring Webex back and see it arrive.", "troubles"];
  if (troubles.length) return ["There is trouble. Press, and see that nothing is lost and nothing comes twice.", "troubles"];
  if (button.state === "acknowledged") return [`${takerName(button.by) || "Somebody"} has it, and nothing more is sent. Press again to begin again, or make some trouble.`, "buttons"];
  if (ENDED.includes(button.state)) return [`It is ${button.state}. The next press begins anew.`, "buttons"];
  if (!button.count) return [`Press “${button.label || button.name}”: people are called into a Webex space.`, "buttons"];
  const steps = stepsOf(button);
  const step = steps[Math.min(button.count, steps.length) - 1];
  const space = spacesOfPlan(button.plan).find((each) => each.messages.length);
  if (!space) return ["The press is stored. A Webex space is being made…", null];
  const again = `Press again: ${coming(steps[button.count])}.`;
  if (step?.call.length) {
    return called(button, step) ? ["The call has ended and nobody has said “I have it”. Press again: the next step is taken.", "buttons"] : [`Pressed ${many(button.count, "time")}. A phone is about to ring…`, null];
  }
  const reader = step?.sms.length ? texted(button) : null;
  if (reader) return [`${callName(reader)} has a text now. Still nobody? ${again}`, "buttons"];
  if (button.count === 1) return [`The space “${space.title}” is there, with ${many(space.people.length, "person", "people")} in it. Nobody comes? Press again.`, "buttons"];
  if (since(button, button.count) === Infinity) return [`Pressed ${many(button.count, "time")}. The next step is on its way…`, null];
  return [`Step ${button.count} is in the space. Still nobody? ${again}`, "buttons"];
}
