// Adaptive cards, as far as Handbell uses them, and pressing their buttons as a person.

import { ask, brief } from "./ask.js";
import { el, here } from "./dom.js";
import { inline, link, markdown } from "./markdown.js";

/** The card's colours, in the colours of the page. */
const TONES = { good: "good", warning: "care", attention: "bad", accent: "accent" };
const STYLES = { positive: "go", destructive: "stop" };

let chosen = null; // whom somebody acts as; it holds for the next card too
const answers = new Map(); // what came of the last press and where it stands, by the message: a card that changes is made anew

/** The card of a message. Its buttons are pressed as one of the `people`. */
export function cardNode(message) {
  const content = message.card.content ?? message.card;
  const people = message.people ?? [];
  const answer = el("p", { class: "dim", role: "status" }, answers.get(message.id)?.textContent ?? "");
  answers.set(message.id, answer);
  const as = el(
    "select",
    { onchange: () => (chosen = as.value) },
    people.map((person) => el("option", { value: person.email }, person.name || person.email)),
  );
  if (people.some((person) => person.email === chosen)) as.value = chosen;
  const tell = (text) => (answers.get(message.id).textContent = text);
  const fields = new Map();
  const submit = async (action) => {
    const inputs = { ...(action.data ?? {}) };
    for (const [id, value] of fields) inputs[id] = value();
    const name = as.selectedOptions[0]?.textContent;
    const headers = { Authorization: `Bearer person:${as.value}` };
    if (!as.value) return tell("Nobody is in the space who could press it.");
    tell("…");
    const json = { type: "submit", messageId: message.id, inputs };
    const told = await ask("POST", "/sim/webex/v1/attachment/actions", { json, headers, quiet: true });
    tell(told.ok ? `${name} chose “${action.title}”.` : `Refused: ${told.status} ${brief(told.text)}`);
  };
  const part = (item) => {
    const inside = (items) => (items ?? []).map(part).filter(Boolean);
    switch (item?.type) {
      case "TextBlock": {
        const strong = /bolder/i.test(item.weight ?? "");
        const tone = TONES[String(item.color ?? "").toLowerCase()];
        const large = /large/i.test(item.size ?? "") || item.style === "heading";
        return el("div", { class: ["text", strong && "strong", large && "large", item.isSubtle && "dim", tone, item.horizontalAlignment === "Right" && "right"].filter(Boolean).join(" ") }, markdown(String(item.text ?? "")));
      }
      case "RichTextBlock":
        return el("p", {}, (item.inlines ?? []).map((each) => (typeof each === "string" ? each : String(each.text ?? ""))));
      case "FactSet":
        return el("dl", {}, (item.facts ?? []).map((fact) => el("div", {}, el("dt", {}, String(fact.title ?? "")), el("dd", {}, inline(String(fact.value ?? ""))))));
      case "Image": {
        const url = here(item.url);
        return url && url.startsWith("/") ? el("img", { src: url, alt: item.altText ?? "", loading: "lazy" }) : el("p", { class: "dim" }, `Picture: ${item.altText || item.url}`);
      }
      case "Container":
        return el("div", { class: TONES[String(item.style ?? "").toLowerCase()] }, inside(item.items));
      case "Column":
        return el("div", { class: `column ${item.width === "auto" ? "narrow" : ""}` }, inside(item.items));
      case "ColumnSet":
        return el("div", { class: "columns" }, inside(item.columns));
      case "ActionSet":
        return actions(item.actions);
      case "Input.Text": {
        const input = el(item.isMultiline ? "textarea" : "input", { placeholder: item.placeholder });
        input.value = item.value ?? "";
        fields.set(item.id, () => input.value);
        return el("label", {}, item.label ?? item.placeholder ?? item.id, input);
      }
      case "Input.Toggle": {
        const input = el("input", { type: "checkbox" });
        input.checked = item.value === (item.valueOn ?? "true");
        fields.set(item.id, () => (input.checked ? (item.valueOn ?? "true") : (item.valueOff ?? "false")));
        return el("label", { class: "toggle" }, input, item.title ?? item.id);
      }
      case "Input.ChoiceSet": {
        const input = el("select", {}, (item.choices ?? []).map((choice) => el("option", { value: choice.value }, choice.title)));
        if (item.value) input.value = item.value;
        fields.set(item.id, () => input.value);
        return el("label", {}, item.label ?? item.placeholder ?? item.id, input);
      }
      default:
        return null;
    }
  };
  const actions = (list) => {
    const known = (list ?? []).map((action) => {
      if (action.type === "Action.Submit") return el("button", { type: "button", class: STYLES[action.style], onclick: () => submit(action) }, action.title ?? "Submit");
      if (action.type === "Action.OpenUrl") return link(String(action.url), action.title ?? action.url);
      return null;
    });
    return known.some(Boolean) ? el("div", { class: "actions" }, known) : null;
  };
  const body = (content.body ?? []).map(part).filter(Boolean);
  const buttons = actions(content.actions);
  const acts = JSON.stringify(content).includes('"Action.Submit"');
  return el("div", { class: "card", role: "group", "aria-label": "Card" }, body, buttons, acts && el("label", { class: "as" }, "as ", as), acts && answer);
}
