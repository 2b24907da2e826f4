// The Webex spaces: their people and what was said, answers below what they answer.

import { showCompose, whenWriterChanges, writer } from "./compose.js";
import { $, el, keyed } from "./dom.js";
import { lines } from "./lines.js";
import { avatar, messageNode } from "./message.js";
import { presenceNode } from "./presence.js";
import { sources } from "./roster.js";
import { state } from "./state.js";

let chosen = null; // the id of the space that is shown
const read = new Map(); // how many messages of a space have been seen

export function showSpaces(spaces) {
  const tabs = $("tabs");
  const holder = $("space");
  if (!spaces.some((space) => space.id === chosen)) chosen = spaces[0]?.id ?? null;
  tabs.hidden = spaces.length < 2;
  const space = spaces.find((each) => each.id === chosen);
  if (space) read.set(space.id, space.messages.length);
  keyed(
    tabs,
    spaces.map(({ id, title, messages }) => ({ id, title, fresh: Math.max(0, messages.length - (read.get(id) ?? 0)), on: id === chosen })),
    (tab) => tab.id,
    (tab) => el("button", { type: "button", role: "tab", id: `tab-${tab.id}`, "aria-controls": "space", onclick: () => openSpace(tab.id), onkeydown: walkTabs }),
    (node, tab) => {
      node.setAttribute("aria-selected", String(tab.on));
      node.tabIndex = tab.on ? 0 : -1;
      node.replaceChildren(tab.title, ...(tab.fresh ? [" ", el("span", { class: "fresh", "aria-label": `${tab.fresh} new` }, String(tab.fresh))] : []));
    },
  );
  if (spaces.length > 1) {
    holder.setAttribute("role", "tabpanel");
    holder.setAttribute("aria-labelledby", `tab-${chosen}`);
  } else {
    holder.removeAttribute("role");
    holder.removeAttribute("aria-labelledby");
  }
  showCompose(space);
  if (!space) {
    holder.replaceChildren(el("div", { class: "empty" }, el("p", {}, "No space yet."), el("p", { class: "dim" }, firstSpace())));
    return;
  }
  if (holder.dataset.space !== space.id || !holder.querySelector(".messages")) {
    holder.dataset.space = space.id;
    holder.replaceChildren(
      el("h3", { class: "title" }),
      el("ul", { class: "plain people", "aria-label": "People in this space" }),
      el("ol", { class: "plain messages scroll", tabindex: "0", "aria-label": "Messages" }),
    );
  }
  holder.querySelector(".title").textContent = space.title;
  holder.querySelector(".title").classList.toggle("sr", spaces.length > 1);
  keyed(
    holder.querySelector(".people"),
    space.people,
    (person) => person.email,
    (person) =>
      el(
        "li",
        { title: person.email, class: person.moderator ? "moderator" : "" },
        avatar(person.email, person.name),
        person.name || person.email,
        person.moderator && el("span", { class: "role" }, "moderator"),
        presenceNode(person),
      ),
  );
  const list = holder.querySelector(".messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60 || !list.childElementCount;
  keyed(list, threads(space.messages).map((message) => withPeople({ ...message, mine: message.author === writer() }, space)), (message) => message.id, (message) => messageNode(message));
  if (!space.messages.length) list.dataset.empty = "Nobody has said anything yet.";
  else delete list.dataset.empty;
  if (atEnd) {
    list.scrollTop = list.scrollHeight;
    for (const picture of list.querySelectorAll("img")) {
      if (!picture.complete) picture.addEventListener("load", () => (list.scrollTop = list.scrollHeight), { once: true });
    }
  }
}

/** What makes the first space. */
function firstSpace() {
  if (!state.buttons.length && sources().length) return "The first mail or report makes one, and brings in whoever is on duty.";
  return lines().length ? "The first press makes one, and so does a customer’s first text." : "The first press makes one and brings the people into it.";
}

/** Shows this space. */
export function openSpace(id) {
  chosen = id;
  showSpaces(state.spaces);
}

function walkTabs(event) {
  const tabs = [...$("tabs").children];
  const at = tabs.indexOf(event.currentTarget);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  choose(tab.dataset.key);
  tab.focus();
}

/** Whoever is in the space can press a card's buttons, but not who posted it. */
function withPeople(message, space) {
  return message.card ? { ...message, people: space.people.filter((person) => person.email !== message.author) } : message;
}

/** Answers stand below what they answer. */
function threads(messages) {
  const known = new Set(messages.map((message) => message.id));
  const below = new Map();
  for (const message of messages) {
    if (!known.has(message.parentId)) continue;
    below.set(message.parentId, [...(below.get(message.parentId) ?? []), message]);
  }
  const answers = (message) => (below.get(message.id) ?? []).flatMap((reply) => [{ ...reply, reply: true }, ...answers(reply)]);
  const withBelow = (message) => [message, ...answers(message)];
  return messages.filter((message) => !known.has(message.parentId)).flatMap(withBelow);
}

whenWriterChanges(() => showSpaces(state.spaces));
