// Asking the server, and saying what it refused.

import { $ } from "./dom.js";

export async function ask(method, path, { json, form, body, headers = {}, quiet = false, told = "said" } = {}) {
  try {
    const parts = new FormData();
    for (const [name, value] of Object.entries(form ?? {})) parts.append(name, value);
    const answer = await fetch(path, {
      method,
      headers: json === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: form ? parts : json === undefined ? body : JSON.stringify(json),
    });
    const text = (await answer.text()).trim();
    if (!answer.ok && !quiet) say(`${method} ${path} was refused: ${answer.status} ${brief(text)}`, "bad", told);
    return { ok: answer.ok, status: answer.status, text };
  } catch {
    if (!quiet) say("The runner does not answer. Is it still running?", "bad", told);
    return { ok: false, status: 0, text: "no answer" };
  }
}

export const brief = (text) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);

/** Says what came of it, in the place where people look then. */
export function say(text, tone = "", told = "said") {
  $(told).textContent = text;
  $(told).dataset.tone = tone;
}

/** A name for one press, so that it is counted once however often it is sent. */
export function pressId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
