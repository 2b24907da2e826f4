// The message field, in which the team writes into a space, answers in a thread, and edits messages.

import { ask, brief, say } from "./ask.js";
import { $, el, keyed } from "./dom.js";
import { isHandbell } from "./presence.js";
import { state } from "./state.js";

const TOLD = "compose-said";
const ids = new Map(); // Handbell's id at Webex, as people see it, by its address

let shown = null; // the space that is written into
let as = null; // the author's address
let about = null; // { message, edits }: the message that is answered or edited
let whenChanged = () => {};
let mentions = null; // whether Handbell is mentioned; as the token needs it, until somebody chooses

/** The author. */
export const writer = () => as;

/** Called when the author changes. */
export const whenWriterChanges = (call) => (whenChanged = call);

/** Shows the field for this space, or hides it without one. */
export function showCompose(space) {
  const people = (space?.people ?? []).filter((person) => !isHandbell(person.email));
  $("compose").hidden = !people.length;
  if (shown?.id !== space?.id) leave();
  shown = space ?? null;
  // The message to answer or edit may have been deleted meanwhile.
  if (about && !space?.messages.some((message) => message.id === about.message.id)) leave();
  keyed($("compose-as"), people.map(({ email, name }) => ({ email, name })), (person) => person.email, (person) => el("option", { value: person.email }, person.name || person.email));
  if (!people.some((person) => person.email === as)) as = people[0]?.email ?? null;
  if ($("compose-as").value !== as) $("compose-as").value = as ?? "";
  const handbell = handbellOf(space);
  $("compose-mention-label").hidden = !handbell;
  $("compose-mention").checked = mentions ?? Boolean(state.bot);
}

const handbellOf = (space) => space?.people.find((person) => isHandbell(person.email))?.email;

/** Makes the next message an answer to this one, in its thread. */
export function beginAnswer(message) {
  turnTo({ message, edits: false }, `Answers ${message.authorName || message.author}: `, message.text ?? "");
}

/** Makes the next message an edit of this one. */
export function beginEdit(message) {
  turnTo({ message, edits: true }, "Edits: ", message.text ?? "");
  const mention = /^<@person(Id|Email):[^>]*>\s*/;
  const words = message.markdown || message.text || "";
  mentions = mention.test(words) || (state.bot ? false : null);
  $("compose-mention").checked = mentions ?? Boolean(state.bot);
  $("compose-text").value = words.replace(mention, "");
}

/** Deletes a message as its author. */
export async function remove(message) {
  const told = await ask("DELETE", `/sim/webex/v1/messages/${encodeURIComponent(message.id)}`, { headers: token(), quiet: true });
  say(told.ok ? "" : refusal(told), "bad", TOLD);
}

function turnTo(what, doing, words) {
  about = what;
  $("compose-about").hidden = false;
  $("compose-about-text").textContent = `${doing}“${brief(words.replace(/\s+/g, " "))}”`;
  $("compose-file-button").hidden = what.edits;
  $("compose-text").focus();
}

function leave() {
  if (about?.edits) {
    $("compose-text").value = "";
    mentions = null;
  }
  about = null;
  $("compose-about").hidden = true;
  $("compose-file-button").hidden = false;
}

const token = () => ({ Authorization: `Bearer person:${as}` });

/** Webex explains a refusal in its JSON. */
function refusal(told) {
  try {
    return `Webex refused it: ${told.status} ${brief(JSON.parse(told.text).message)}`;
  } catch {
    return `Webex refused it: ${told.status} ${brief(told.text)}`;
  }
}

/** Returns a mention of Handbell by id, as in a Webex client; an empty text if Handbell isn't in the space. */
async function mention() {
  const email = handbellOf(shown);
  if (!email) return "";
  if (!ids.has(email)) {
    const told = await ask("GET", `/sim/webex/v1/people?email=${encodeURIComponent(email)}`, { headers: token(), quiet: true });
    const id = told.ok ? JSON.parse(told.text).items?.[0]?.id : null;
    if (!id) throw new Error("Webex doesn’t say who Handbell is; try again.");
    ids.set(email, id);
  }
  return `<@personId:${ids.get(email)}|Handbell> `;
}

/** Like a client, sends plain text as `text`, and formatted text as `markdown`. */
function saying(words, front) {
  const formed = /\*\*|__|`|\]\(|<@|^ {0,3}(#{1,6} |> |[-*] )/m.test(words);
  return front || formed ? { markdown: front + words } : { text: words };
}

async function send() {
  const words = $("compose-text").value.trim();
  const file = about?.edits ? null : $("compose-file").files[0];
  if (!words && !file) return $("compose-text").focus();
  const space = shown.id;
  const front = $("compose-mention").checked && !$("compose-mention-label").hidden ? await mention() : "";
  const message = { roomId: space, ...(words || front ? saying(words, front) : {}) };
  const path = "/sim/webex/v1/messages";
  let told;
  if (about?.edits) {
    told = await ask("PUT", `${path}/${encodeURIComponent(about.message.id)}`, { json: message, headers: token(), quiet: true });
  } else {
    // A thread has one level: an answer to an answer joins the same thread.
    if (about) message.parentId = about.message.parentId ?? about.message.id;
    told = await ask("POST", path, { ...(file ? { form: { ...message, files: file } } : { json: message }), headers: token(), quiet: true });
  }
  if (!told.ok) return say(refusal(told), "bad", TOLD);
  say("", "", TOLD);
  // Shows the author the new message, unless the answered one is further up.
  const list = document.querySelector("#space .messages");
  if (list && !about) list.scrollTop = list.scrollHeight;
  leave();
  $("compose-text").value = "";
  chooseFile(null);
}

let busy = false; // one message at a time, however often Enter is hit

async function submit() {
  if (busy || !shown || !as) return;
  busy = true;
  try {
    await send();
  } catch (error) {
    say(error.message, "bad", TOLD);
  } finally {
    busy = false;
  }
}

function chooseFile(file) {
  if (!file) $("compose-file").value = "";
  $("compose-file-name").textContent = file?.name ?? "";
  $("compose-file-none").hidden = !file;
}

$("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
$("compose-text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.repeat) return;
  event.preventDefault();
  submit();
});
$("compose-as").addEventListener("change", () => {
  as = $("compose-as").value;
  // Nobody edits what another wrote.
  if (about?.edits) leave();
  whenChanged();
});
$("compose-mention").addEventListener("change", () => (mentions = $("compose-mention").checked));
$("compose-leave").addEventListener("click", () => {
  leave();
  $("compose-text").focus();
});
$("compose-file-button").addEventListener("click", () => $("compose-file").click());
$("compose-file").addEventListener("change", () => chooseFile($("compose-file").files[0]));
$("compose-file-none").addEventListener("click", () => chooseFile(null));
for (const button of document.querySelectorAll("#compose [data-put]")) {
  button.addEventListener("click", () => {
    const text = $("compose-text");
    // One command stands in front, not two.
    text.value = `${button.dataset.put} ${text.value.replace(/^\/(w|claim|help)\b\s*/, "")}`;
    text.focus();
  });
}
