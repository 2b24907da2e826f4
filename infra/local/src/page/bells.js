// The buttons, and the answers to their presses.

import { ask, brief, pressId } from "./ask.js";
import { el, here, many } from "./dom.js";
import { takerName } from "./lines.js";

const answers = new Map(); // what a button was told last, by its url
export let lastPressed = null;

async function press(button, node) {
  lastPressed = button.url;
  const told = (text, tone) => {
    answers.set(button.url, { text, tone });
    const out = node.querySelector("output");
    out.textContent = text;
    out.dataset.tone = tone;
  };
  told("…", "");
  const answer = await ask("POST", here(button.url), { headers: { "Idempotency-Key": pressId() }, quiet: true });
  if (answer.ok) told(answer.text, "good");
  else if (answer.status) told(`not stored: ${answer.status} ${brief(answer.text)}`, "bad");
  else told("not stored: no answer", "bad");
}

const STATES = { open: "calling for help", acknowledged: "somebody has it", resolved: "resolved", cancelled: "cancelled", idle: "quiet" };

export function makeBell(button) {
  const node = el(
    "div",
    { class: "bell" },
    el(
      "button",
      {
        type: "button",
        class: "press",
        onclick: () => press(node.button, node),
        // Holding a key down is one press.
        onkeydown: (event) => event.repeat && event.preventDefault(),
      },
      el("span", { class: "label" }),
      el("span", { class: "plan" }),
    ),
    el("output", { "aria-live": "polite" }),
    el("p", { class: "state" }),
  );
  node.button = button;
  return node;
}

export function updateBell(node, button) {
  node.button = button;
  node.dataset.state = button.state;
  node.querySelector(".label").textContent = button.label || button.name;
  node.querySelector(".plan").textContent = `plan ${button.plan}`;
  const who = button.state === "acknowledged" && button.by ? `${takerName(button.by)} has it` : (STATES[button.state] ?? button.state);
  node.querySelector(".state").textContent = button.count ? `${who} · pressed ${many(button.count, "time")}` : "not pressed yet";
  // The page's answers are outdated once somebody else has pressed, or the runner has restarted.
  const told = /^OK (\d+)$/.exec(answers.get(button.url)?.text ?? "");
  if (told && (button.count === 0 || button.count > Number(told[1]))) {
    answers.delete(button.url);
    node.querySelector("output").textContent = "";
  }
}
