// Requests to the server, and its refusals.

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

/** Shows the result in the place where the user looks. */
export function say(text, tone = "", told = "said") {
  $(told).textContent = text;
  $(told).dataset.tone = tone;
}

/** An id for a press, so that a repeated request counts once. */
export function pressId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
