// The phones in the dock, of everybody but the customers: calls and texts.

import { ask } from "./ask.js";
import { phonePath, rings, talks, updateCall } from "./calls.js";
import { $, el, keyed, number } from "./dom.js";
import { openPhone, showRail } from "./dock.js";
import { CENTRE, callName, isCustomer, lines } from "./lines.js";
import { aboutOf, showReplies } from "./replies.js";
import { byShift, shiftsOf } from "./roster.js";
import { state } from "./state.js";
import { entryNode, logOf } from "./texts.js";

const TOLD = "phones-said";
/** The choices of who answers a phone. */
const ANSWERS = { person: "a person", machine: "a machine", nobody: "nobody", busy: "busy", unreachable: "unreachable" };

/** Handbell's number with which this phone communicates. */
function ours(phone) {
  const last = [...phone.texts].reverse().find((text) => text.from && text.from !== phone.number)?.from;
  const any = () => state.phones.flatMap((each) => each.texts).find((text) => text.direction !== "inbound")?.from;
  return last ?? phone.call?.from ?? phone.calls?.at(-1)?.from ?? any() ?? lines()[0]?.number ?? "+12025550100";
}

function makePhone(phone) {
  const name = callName(phone);
  const to = el("input", { type: "tel", value: ours(phone), "aria-label": "To", autocomplete: "off" });
  const body = el("input", { type: "text", placeholder: "Type a text", "aria-label": `Text from ${name}`, autocomplete: "off" });
  const form = el("form", { class: "type" }, body, el("span", { class: "dim", "aria-hidden": "true" }, "to"), to, el("button", { type: "submit" }, "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!body.value.trim()) return body.focus();
    const told = await ask("POST", phonePath(phone, "text"), { json: { to: to.value.trim(), body: body.value }, told: TOLD });
    if (told.ok) body.value = "";
  });
  const answers = el("select", { "aria-label": `Who answers the phone of ${name}` }, Object.entries(ANSWERS).map(([value, words]) => el("option", { value }, words)));
  answers.addEventListener("change", () => ask("PUT", `/sim/phones/${encodeURIComponent(phone.number)}`, { json: { answers: answers.value }, told: TOLD }));
  const node = el(
    "article",
    { class: "phone", tabindex: "-1" },
    el("h3", {}, el("span", { class: "name" }), el("span", { class: "number" }), el("span", { class: "on-call" })),
    el("div", { class: "call", hidden: true }),
    el("ol", { class: "plain log bubbles", tabindex: "0", "aria-label": `Texts and calls of ${name}` }),
    el("div", { class: "replies", role: "group", "aria-label": `Text back from ${name}`, hidden: true }),
    // The contact centre only gets forwarded calls; nobody there texts.
    phone.number === CENTRE.number ? null : form,
    el("label", { class: "answers" }, "answered by", answers),
  );
  return Object.assign(node, { to, answers });
}

function updatePhone(node, phone) {
  const name = callName(phone);
  node.setAttribute("aria-label", `Phone of ${name}`);
  node.querySelector(".name").textContent = name;
  node.querySelector(".number").textContent = name === number(phone.number) ? "" : number(phone.number);
  node.querySelector(".on-call").textContent = phone.shifts.length ? `on call: ${phone.shifts.join(", ")}` : "";
  node.classList.toggle("rings", rings(phone.call));
  node.classList.toggle("talks", talks(phone.call));
  updateCall(node.querySelector(".call"), phone);
  const log = node.querySelector(".log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  keyed(log, logOf(phone), (entry) => entry.sid, entryNode);
  node.follows = atEnd;
  showReplies(node.querySelector(".replies"), phone, phone.about, () => node.to.value.trim());
  node.answers.value = phone.answers ?? "person";
}

let shownCall = null; // what was brought into sight of a call

export function showPhones(all) {
  const phones = byShift(all.filter((phone) => !isCustomer(phone))).map((phone) => ({ ...phone, shifts: shiftsOf(phone).map((rota) => rota.label), about: aboutOf(phone) }));
  showRail(phones);
  const list = $("phone-list");
  keyed(list, phones, (phone) => phone.number, makePhone, updatePhone);
  $("phones").hidden = !phones.length;
  // Only elements on the page can be scrolled.
  for (const node of list.children) {
    if (node.follows) node.querySelector(".log").scrollTop = 1e6;
    node.follows = false;
  }
  const busy = phones.find((phone) => rings(phone.call)) ?? phones.find((phone) => talks(phone.call));
  const sight = busy ? `${busy.call.sid} ${busy.call.status} ${busy.call.heard?.length}` : null;
  if (!busy || sight === shownCall) return;
  shownCall = sight;
  if ($("dock-body").hidden) return;
  openPhone(busy.number);
}
