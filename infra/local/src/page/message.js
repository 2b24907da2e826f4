// A message of a space: its author, its text, its files, and the actions on it.

import { cardNode } from "./card.js";
import { beginAnswer, beginEdit, remove } from "./compose.js";
import { clockTime, el, when } from "./dom.js";
import { fileNode } from "./file.js";
import { lined, markdown } from "./markdown.js";

/** The initials of a person, in the person's colour. */
export function avatar(email, name) {
  const words = (name || email || "?").replace(/@.*/, "").split(/[\s._-]+/).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
  const sum = [...(email ?? "")].reduce((total, letter) => (total * 31 + letter.codePointAt(0)) % 997, 7);
  return el("span", { class: `avatar c${sum % 6}`, "aria-hidden": "true" }, initials);
}

/** A message. A `reply` is shown in its thread; a message that is `mine` can be edited and deleted. */
export function messageNode(message) {
  const body = el("div", { class: "body" });
  if (message.card) body.append(cardNode(message));
  else if (message.markdown) body.append(markdown(message.markdown));
  else if (message.text) body.append(el("p", {}, lined(message.text)));
  for (const file of message.files ?? []) body.append(fileNode(file));
  return el(
    "li",
    { class: message.reply ? "message reply" : "message" },
    avatar(message.author, message.authorName),
    el(
      "div",
      { class: "said-by" },
      el("span", { class: "who", title: message.author }, message.authorName || message.author),
      when(message.created),
      message.edited && el("span", { class: "edited", title: typeof message.edited === "string" ? `edited ${clockTime(message.edited)}` : null }, "edited"),
      acts(message),
    ),
    body,
  );
}

function acts(message) {
  const of = `the message of ${message.authorName || message.author} at ${clockTime(message.created)}`;
  const act = (name, what, go) => el("button", { type: "button", class: "act", "aria-label": `${what} ${of}`, onclick: go }, name);
  // Webex can't edit a message with a file or a card.
  const editable = message.mine && !message.card && !message.files?.length;
  return el(
    "span",
    { class: "message-acts" },
    act("answer", "Answer", () => beginAnswer(message)),
    editable && act("edit", "Edit", () => beginEdit(message)),
    message.mine && act("delete", "Delete", () => remove(message)),
  );
}
