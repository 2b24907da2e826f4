// The customers' phones.

import { ask, say } from "./ask.js";
import { dials, phonePath, rings, talks, updateCall } from "./calls.js";
import { $, el, here, keyed, number } from "./dom.js";
import { CUSTOMERS, callName, lines, phoneOf } from "./lines.js";
import { samplePicture } from "./sample.js";
import { entryNode, logOf } from "./texts.js";

const TOLD = "customers-said";
/** The line to which each customer writes, by the customer's number. */
const chosen = new Map();

const lineOf = (customer) => chosen.get(customer) ?? lines()[0]?.number;

async function act(phone, what, json) {
  say("", "", TOLD);
  const answer = await ask("POST", phonePath(phone, what), { json, told: TOLD });
  if (!answer.ok) return false;
  const { error } = JSON.parse(answer.text);
  if (error) say(`Handbell did not take it: ${error}`, "bad", TOLD);
  return true;
}

const text = (phone, body, media) => act(phone, "text", { to: lineOf(phone.number), body, ...(media ? { media } : {}) });

function makeCustomer(phone) {
  const name = callName(phone);
  const body = el("input", { type: "text", placeholder: "Type a text", "aria-label": `Text from ${name}`, autocomplete: "off" });
  const to = el("select", { "aria-label": `The line that ${name} writes to`, onchange: () => chosen.set(phone.number, to.value) });
  const form = el("form", { class: "type" }, body, to, el("button", { type: "submit" }, "Send"));
  const send = async (media) => {
    if (!body.value.trim() && !media) return body.focus();
    const words = body.value;
    body.value = "";
    // A text that was not sent returns to the field.
    if (!(await text(phone, words, media)) && !body.value) body.value = words;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  const button = (label, go, also = "") => el("button", { type: "button", class: `small ${also}`, "aria-label": `${label} from ${name}`, onclick: go }, label);
  return el(
    "article",
    { class: "phone customer", tabindex: "-1", "aria-label": `Phone of ${name}` },
    el("h3", {}, el("span", { class: "name" }, name), el("span", { class: "number" }, number(phone.number))),
    el("div", { class: "call", hidden: true }),
    el("ol", { class: "plain log bubbles", tabindex: "0", "aria-label": `Texts and calls of ${name}` }),
    form,
    el(
      "div",
      { class: "shortcuts" },
      button("Picture", () => send([{ name: "parcel.png", content: samplePicture() }])),
      button("STOP", () => text(phone, "STOP")),
      button("START", () => text(phone, "START")),
      button("Call", () => act(phone, "call", { to: lineOf(phone.number) }), "calls"),
    ),
  );
}

function updateCustomer(node, phone) {
  const log = node.querySelector(".log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60 || !log.childElementCount;
  node.classList.toggle("rings", rings(phone.call));
  node.classList.toggle("talks", talks(phone.call) || dials(phone.call));
  updateCall(node.querySelector(".call"), phone);
  keyed(log, logOf(phone), (entry) => entry.sid, entryNode);
  log.dataset.empty = "No text yet.";
  node.follows = atEnd;
  node.querySelector(".calls").disabled = Boolean(phone.call);
  const to = node.querySelector("select");
  to.hidden = phone.lines.length < 2;
  keyed(to, phone.lines, (line) => line.number, (line) => el("option", { value: line.number }, `to ${line.label || line.name}`));
  to.value = lineOf(phone.number) ?? "";
}

/** Keeps the newest text in view, unless the user reads further up. */
function follow(node) {
  const log = node.querySelector(".log");
  const toEnd = () => (log.scrollTop = log.scrollHeight);
  if (!node.follows) return;
  node.follows = false;
  toEnd();
  for (const picture of log.querySelectorAll("img")) if (!picture.complete) picture.addEventListener("load", toEnd, { once: true });
}

/** The phones, if the configuration has a line. */
export function showCustomers() {
  const all = lines();
  if (!all.length) return;
  const withForm = all.filter((line) => line.form);
  keyed($("forms"), withForm, (line) => line.name, (line) =>
    el("li", {}, el("a", { href: here(line.form), target: "_blank", rel: "noopener" }, withForm.length > 1 ? `Web form of ${line.label || line.name}` : "Open the web form"), ` as ${CUSTOMERS[0].name}: ${CUSTOMERS[0].number}`));
  keyed($("customer-list"), CUSTOMERS.map((one) => ({ ...phoneOf(one), lines: all })), (phone) => phone.number, makeCustomer, updateCustomer);
  // Only elements on the page can be scrolled.
  for (const node of $("customer-list").children) follow(node);
}
