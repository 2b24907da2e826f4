// Inbound mails: to a source's address, as mail servers deliver them.

import { ask, say } from "./ask.js";
import { $, el, keyed, many } from "./dom.js";
import { example, flap, infected, problem, recovery, typed, vacation } from "./mime.js";
import { sources } from "./roster.js";

const TOLD = "duty-said";
const STORM = 200;
/** Limit of concurrent requests in a browser. */
const ABREAST = 6;

const withMail = () => sources().filter((source) => source.mail);

/** The recipient's address. */
const to = () => $("mailbox-to").value || withMail()[0]?.mail;

const post = (mail, query = "") => ask("POST", `/sim/mail?to=${encodeURIComponent(to())}${query}`, { body: mail, headers: { "Content-Type": "message/rfc822" }, told: TOLD });

async function send(mail, words, query) {
  const told = await post(mail, query);
  if (told.ok) say(words, "good", TOLD);
}

async function storm() {
  let [left, taken] = [STORM, 0];
  say(`Sending ${STORM} mails…`, "", TOLD);
  const one = async () => {
    while (left > 0) {
      left -= 1;
      if ((await post(flap(to()))).ok) taken += 1;
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, one));
  if (taken) say(`${taken} of ${many(STORM, "mail")} were taken. They are about one thing: one incident, and one phone that rings.`, taken === STORM ? "good" : "bad", TOLD);
}

const SENDS = {
  "send-problem": () => send(problem(to()), "The mail is in. The person on call is told of it now."),
  "send-recovery": () => send(recovery(to()), "The recovery is in. It ends what the problem began."),
  "send-vacation": () => send(vacation(to()), "The vacation reply is in. It raises nothing and is answered by nobody."),
  "send-storm": storm,
  "send-virus": () => send(infected(to()), "The mail is in, and SES found a virus: it is locked away, and raises nothing.", "&virus=FAIL"),
};
for (const [id, go] of Object.entries(SENDS)) {
  $(id).addEventListener("click", async (event) => {
    const button = event.currentTarget;
    // An impatient person may send another mail, but not another two hundred.
    if (button.dataset.busy) return;
    button.dataset.busy = "true";
    await go();
    delete button.dataset.busy;
  });
}

$("own-mail").addEventListener("submit", (event) => {
  event.preventDefault();
  const mail = $("own-mail-text").value;
  if (!mail.trim()) return $("own-mail-text").focus();
  send(typed(mail), "Your mail is in.");
});

/** The possible recipients; hidden if no source has an address. */
export function showMailbox() {
  const known = withMail();
  $("mails").hidden = !known.length;
  if (!known.length) return;
  $("mailbox-choice").hidden = known.length < 2;
  keyed($("mailbox-to"), known, (source) => source.mail, (source) => el("option", { value: source.mail }, `${source.label}: ${source.mail}`));
  $("mailbox-address").textContent = to();
  if (!$("own-mail-text").dataset.begun) {
    $("own-mail-text").dataset.begun = "true";
    $("own-mail-text").value = example(to());
  }
}

$("mailbox-to").addEventListener("change", showMailbox);
