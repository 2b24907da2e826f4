// The page of the local runner. It shows the server's state, and keeps none of its own.

import { makeBell, updateBell } from "./bells.js";
import { showCustomers } from "./customers.js";
import { lowerDock } from "./dock.js";
import { $, el, inWords, keyed, when } from "./dom.js";
import { showDuty } from "./duty.js";
import { showFloor } from "./floor.js";
import { readHoodAddress } from "./hood.js";
import "./keys.js";
import { showMail } from "./mail.js";
import { showNext } from "./next.js";
import { showPhones } from "./phones.js";
import { readAddress, showScenes, whenSceneChanges } from "./scenes.js";
import { showSpaces } from "./spaces.js";
import { learn, state } from "./state.js";
import { showSteps } from "./steps.js";
import { showTime } from "./time.js";
import { showToken } from "./token.js";
import { showTroubles } from "./troubles.js";
import { hearWire, knowWire } from "./wire.js";

function show(fresh) {
  learn(fresh);
  if (Array.isArray(fresh.wire)) knowWire(fresh.wire);
  showScenes();
  keyed($("bells"), state.buttons, (button) => button.url, makeBell, updateBell);
  $("buttons-title").textContent = state.buttons.length > 1 ? "Press a button" : "Press";
  showSteps();
  showSpaces();
  showToken();
  showPhones(state.phones);
  showCustomers();
  showDuty();
  showMail();
  showTroubles();
  showFloor();
  showFacts();
  showNext();
  showTime();
}

function showFacts() {
  const facts = (state.facts ?? []).map((fact, at) => ({ ...fact, key: at + 1 })).reverse();
  keyed($("fact-list"), facts, (fact) => `${fact.key} ${fact.at} ${fact.kind}`, (fact) => {
    return el("li", {}, when(fact.at), el("code", {}, fact.kind), el("span", { class: "dim" }, inWords(fact.detail)));
  });
  $("fact-list").dataset.empty = "Silence.";
  $("fact-total").textContent = facts.length || "";
}

// ---- the address

function readHash(address) {
  const { hash } = new URL(address);
  // The scenes are unknown before the first state.
  if (readAddress(hash) && state.now) showScenes();
  readHoodAddress(hash);
}

whenSceneChanges(() => {
  lowerDock();
  showSpaces();
  showNext();
});
// By the time of the event, the address may have changed once more: each event carries its own.
addEventListener("hashchange", ({ newURL }) => readHash(newURL));
readHash(location.href);

// ---- the connection

let source = null;
let waits = 0;
let retry = null;

function linked(kind) {
  $("link").dataset.state = kind;
  $("link").textContent = { live: "live", wait: "connecting", lost: "not live" }[kind];
  document.body.classList.toggle("is-lost", kind === "lost");
  $("lost").hidden = kind !== "lost";
  const text = kind === "lost" ? "Connection lost. What you see may be old; trying again…" : "";
  if ($("lost").textContent !== text) $("lost").textContent = text;
}

function connect() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource("/page/events");
  source.addEventListener("state", (event) => {
    waits = 0;
    linked("live");
    show(JSON.parse(event.data));
  });
  source.addEventListener("wire", (event) => hearWire(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    linked("lost");
    source.close();
    // 1, 2, 4, 5, 5 … seconds.
    clearTimeout(retry);
    retry = setTimeout(connect, Math.min(5000, 1000 * 2 ** waits));
    waits += 1;
  });
}

addEventListener("online", connect);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && connect());
connect();
