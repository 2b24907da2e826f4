// The phones of those who are called for help: they ring, are answered, get texts and send some.

import { ask } from "./ask.js";
import { phonePath, rings, talks, updateCall } from "./calls.js";
import { $, el, keyed, number } from "./dom.js";
import { lines, onDuty } from "./lines.js";
import { state } from "./state.js";
import { entryNode, logOf } from "./texts.js";

/** The number of ours that this phone has to do with. */
function ours(phone) {
  const last = [...phone.texts].reverse().find((text) => text.from && text.from !== phone.number)?.from;
  const any = () => state.phones.flatMap((each) => each.texts).find((text) => text.direction !== "inbound")?.from;
  return last ?? phone.call?.from ?? phone.calls?.at(-1)?.from ?? any() ?? lines()[0]?.number ?? "+12025550100";
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
  keyed(node.querySelector(".log"), logOf(phone), (entry) => entry.sid, entryNode);
}

let shownCall = null; // what was brought into sight of a call

export function showPhones(all) {
  const phones = all.filter(onDuty);
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
