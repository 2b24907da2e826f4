// The field in which somebody of the team writes into a space, answers in a thread, and changes what they wrote.

import { ask, brief, say } from "./ask.js";
import { $, el, keyed } from "./dom.js";
import { isHandbell } from "./presence.js";
import { state } from "./state.js";

const TOLD = "compose-said";
const ids = new Map(); // Handbell's id at Webex, as people see it, by its address

let shown = null; // the space that is written into
let as = null; // the address of whoever writes
let about = null; // { message, edits }: the message that is answered or edited
let whenChanged = () => {};
let mentions = null; // whether Handbell is mentioned; as the token needs it, until somebody chooses

/** Who writes. */
export const writer = () => as;

/** Called when somebody else writes from now on. */
export const whenWriterChanges = (call) => (whenChanged = call);

/** Shows the field for this space, or hides it without one. */
export function showCompose(space) {
  const people = (space?.people ?? []).filter((person) => !isHandbell(person.email));
  $("compose").hidden = !people.length;
  if (shown?.id !== space?.id) leave();
  shown = space ?? null;
  // What is answered or edited may have been deleted meanwhile.
  if (about && !space?.messages.some((message) => message.id === about.message.id)) leave();
  keyed($("compose-as"), people.map(({ email, name }) => ({ email, name })), (person) => person.email, (person) => el("option", { value: person.email }, person.name || person.email));
  if (!people.some((person) => person.email === as)) as = people[0]?.email ?? null;
  if ($("compose-as").value !== as) $("compose-as").value = as ?? "";
  const handbell = handbellOf(space);
  $("compose-mention-label").hidden = !handbell;
  $("compose-mention").checked = mentions ?? Boolean(state.bot);
}

const handbellOf = (space) => space?.people.find((person) => isHandbell(person.email))?.email;

/** The next message answers this one, in its thread. */
export function beginAnswer(message) {
  turnTo({ message, edits: false }, `Answers ${message.authorName || message.author}: `, message.text ?? "");
}

/** The next message takes the place of this one. */
export function beginEdit(message) {
  turnTo({ message, edits: true }, "Edits: ", message.text ?? "");
  const mention = /^<@person(Id|Email):[^>]*>\s*/;
  const words = message.markdown || message.text || "";
  mentions = mention.test(words) || (state.bot ? false : null);
  $("compose-mention").checked = mentions ?? Boolean(state.bot);
  $("compose-text").value = words.replace(mention, "");
}

/** Takes a message back, as whoever wrote it. */
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

/** What Webex says of a refusal is in its JSON. */
function refusal(told) {
  try {
    return `Webex refused it: ${told.status} ${brief(JSON.parse(told.text).message)}`;
  } catch {
    return `Webex refused it: ${told.status} ${brief(told.text)}`;
  }
}

/** Who writes in a client mentions by id, and so does whoever writes here; nothing if Handbell isn't there. */
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

/** Plain words are `text`, as a client sends them; anything with a form of its own is `markdown`. */
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
    // A thread has one level: an answer to an answer stands beside it.
    if (about) message.parentId = about.message.parentId ?? about.message.id;
    told = await ask("POST", path, { ...(file ? { form: { ...message, files: file } } : { json: message }), headers: token(), quiet: true });
  }
  if (!told.ok) return say(refusal(told), "bad", TOLD);
  say("", "", TOLD);
  // Who writes wants to see it, but what is answered further up stays in sight.
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
