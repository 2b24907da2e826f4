// The Webex spaces: their people and messages, with answers below the messages that they answer.

import { showCompose, whenWriterChanges, writer } from "./compose.js";
import { $, el, keyed } from "./dom.js";
import { avatar, messageNode } from "./message.js";
import { spacesOf } from "./plans.js";
import { presenceNode } from "./presence.js";
import { scene } from "./scenes.js";

const chosenIn = new Map(); // the id of the space that is shown in each scene
const known = new Set(); // the spaces of incidents that have been seen
const read = new Map(); // how many messages of a space have been seen

/** The spaces of the scene. Alerts have a space for each incident, so the newest is first there. */
function spacesNow() {
  const spaces = spacesOf(scene());
  return scene() === "duty" ? spaces.reverse() : spaces;
}

/** The id of the current space. A new incident's space becomes current unless the user is writing. */
function choose(spaces) {
  const fresh = scene() === "duty" ? spaces.find((space) => !known.has(space.id)) : null;
  for (const space of spaces) known.add(space.id);
  const chosen = chosenIn.get(scene());
  const stays = spaces.some((space) => space.id === chosen) && (!fresh || $("compose-text").value.trim() !== "");
  const next = stays ? chosen : (fresh ?? spaces[0])?.id ?? null;
  chosenIn.set(scene(), next);
  return next;
}

export function showSpaces() {
  const tabs = $("tabs");
  const holder = $("space");
  const spaces = spacesNow();
  const chosen = choose(spaces);
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
    holder.replaceChildren(el("div", { class: "empty" }, el("p", {}, "No space yet."), el("p", { class: "dim" }, FIRST[scene()])));
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

/** How to create the first space of a scene. */
const FIRST = {
  button: "The first press makes one and brings the people into it.",
  duty: "The first mail or report makes one, and brings in the person on call.",
  floor: "The first zone that is busy makes one, and brings in the staff.",
  customers: "A customer’s first text makes one, and brings in the team.",
};

/** Shows a space. */
export function openSpace(id) {
  chosenIn.set(scene(), id);
  showSpaces();
}

function walkTabs(event) {
  const tabs = [...$("tabs").children];
  const at = tabs.indexOf(event.currentTarget);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  openSpace(tab.dataset.key);
  tab.focus();
}

/** Everybody in the space but the author can press a card's buttons. */
function withPeople(message, space) {
  return message.card ? { ...message, people: space.people.filter((person) => person.email !== message.author) } : message;
}

/** Answers are below the messages that they answer. */
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

whenWriterChanges(showSpaces);
