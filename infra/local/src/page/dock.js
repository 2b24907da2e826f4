// The dock of the phones: a rail of all phones, which opens when one of them rings.

import { rings, talks } from "./calls.js";
import { $, el, keyed, many, toEnds } from "./dom.js";
import { callName } from "./lines.js";
import { avatar } from "./message.js";

const rung = new Set(); // the calls for which the dock has come up
const read = new Map(); // how many texts of a phone have been seen

let byItself = false; // the dock has come up for a call, and nobody has opened it

const isOpen = () => !$("dock-body").hidden;

function toggle(open) {
  $("dock-body").hidden = !open;
  $("phones").dataset.open = String(open);
  $("dock-toggle").setAttribute("aria-expanded", String(open));
  if (open) toEnds($("phone-list"));
}

$("dock-toggle").addEventListener("click", () => {
  byItself = false;
  toggle(!isOpen());
});

/** In another scene, a dock that opened automatically closes once nobody calls any more. */
export function lowerDock() {
  const busy = document.querySelector('#rail-list [data-call]:not([data-call=""])');
  if (byItself && !busy) toggle(false);
}

/** Opens the dock at this phone, and returns the phone's element. */
export function openPhone(number) {
  if (!isOpen()) toggle(true);
  const node = [...$("phone-list").children].find((each) => each.dataset.key === number);
  const list = $("phone-scroll");
  // Scrolls only the dock, never the page under the user's hands.
  if (node) list.scrollTop += node.getBoundingClientRect().top - list.getBoundingClientRect().top - 6;
  return node;
}

const received = (phone) => phone.texts.filter((text) => text.direction !== "inbound").length;

/** The rail: the phones' owners, the ringing phones, and the number of unread texts. */
export function showRail(phones) {
  const busy = phones.filter((phone) => rings(phone.call) || talks(phone.call));
  const fresh = busy.filter((phone) => !rung.has(phone.call.sid));
  for (const phone of fresh) rung.add(phone.call.sid);
  if (fresh.length && !isOpen()) {
    byItself = true;
    toggle(true);
  }
  if (isOpen()) for (const phone of phones) read.set(phone.number, received(phone));
  const items = phones.map((phone) => ({
    number: phone.number,
    name: callName(phone),
    call: rings(phone.call) ? "rings" : talks(phone.call) ? "talks" : "",
    fresh: Math.max(0, received(phone) - (read.get(phone.number) ?? 0)),
  }));
  keyed($("rail-list"), items, (item) => item.number, makeItem, updateItem);
}

function makeItem(item) {
  const go = () => {
    byItself = false;
    openPhone(item.number)?.focus({ preventScroll: true });
  };
  const button = el("button", { type: "button", class: "rail-phone", onclick: go }, avatar(item.number, item.name), el("span", { class: "rail-name" }, item.name), el("span", { class: "rail-news" }));
  return el("li", {}, button);
}

function updateItem(node, item) {
  node.dataset.call = item.call;
  const news = item.call === "rings" ? "☎" : item.fresh ? String(item.fresh) : "";
  const said = item.call === "rings" ? "rings" : item.fresh ? many(item.fresh, "new text") : "";
  node.querySelector(".rail-news").replaceChildren(...(said ? [el("span", { "aria-hidden": "true" }, news), el("span", { class: "sr" }, said)] : []));
}
