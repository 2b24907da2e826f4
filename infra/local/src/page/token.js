// The kind of Handbell's Webex token, the messages that it receives, and the command for the other kind.

import { copy } from "./copy.js";
import { $ } from "./dom.js";
import { state } from "./state.js";

const OTHER = { true: "cargo run", false: "cargo run -- --bot" };

export function showToken() {
  const known = typeof state.bot === "boolean";
  $("token").hidden = !known;
  if (!known || $("token").dataset.bot === String(state.bot)) return;
  $("token").dataset.bot = String(state.bot);
  $("token-kind").textContent = state.bot ? "Bot’s token" : "User’s token";
  $("token-hears").textContent = state.bot ? "hears only what mentions it" : "hears everything";
  $("token-other").textContent = state.bot ? "a user’s:" : "a bot’s:";
  $("token-command").textContent = OTHER[state.bot];
  $("token-copy").setAttribute("aria-label", `Copy the command for ${state.bot ? "a user’s" : "a bot’s"} token`);
}

$("token-copy").addEventListener("click", (event) => copy(OTHER[state.bot], event.currentTarget));
