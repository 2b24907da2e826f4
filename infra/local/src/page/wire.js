// The wire log: every request between the vendors and Handbell, to read and to repeat.

import { copy } from "./copy.js";
import { $, clockTime, el, keyed } from "./dom.js";

const KEPT = 500;
let wire = []; // newest last

/** The whole log, in order of arrival. */
export function knowWire(entries) {
  wire = entries.slice(-KEPT);
  showWire();
}

/** Adds an entry. */
export function hearWire(entry) {
  if (wire.some((known) => known.number === entry.number)) return;
  wire.push(entry);
  wire = wire.slice(-KEPT);
  showWireSoon();
}

function showWire() {
  const find = $("wire-find").value.trim().toLowerCase();
  const plainText = (entry) => `${entry.from} ${entry.to} ${entry.method} ${entry.url} ${entry.status} ${entry.verdict}`.toLowerCase();
  const shown = find ? wire.filter((entry) => plainText(entry).includes(find)) : wire;
  $("wire-count").textContent = find ? `${shown.length} of ${wire.length}` : "";
  $("wire-total").textContent = wire.length || "";
  const list = $("wire-list");
  // If the user reads further down, or has opened an entry, the view must not move.
  const reads = list.scrollTop > 4 || list.querySelector("details[open]");
  const edge = list.getBoundingClientRect().top;
  const anchor = reads && [...list.children].find((line) => line.getBoundingClientRect().bottom > edge);
  const before = anchor && anchor.getBoundingClientRect().top;
  keyed(list, [...shown].reverse(), (entry) => `${entry.number}`, wireNode);
  if (anchor?.isConnected) list.scrollTop += anchor.getBoundingClientRect().top - before;
  list.dataset.empty = wire.length ? "Nothing matches." : "Nothing has been said yet.";
}

const good = (status) => status >= 200 && status < 400;

function verdictTone(verdict) {
  if (/forg|bad|wrong|invalid|refus/i.test(verdict ?? "")) return "bad";
  return /^(signed|valid|good|ok|verified)/i.test(verdict ?? "") ? "good" : "none";
}

function wireNode(entry) {
  let path = entry.url;
  try {
    const url = new URL(entry.url, location.href);
    path = url.pathname + url.search;
  } catch {
    // Shown unchanged.
  }
  const details = el(
    "details",
    { "data-tone": good(entry.status) ? "good" : "bad" },
    el(
      "summary",
      {},
      el("span", { class: "at" }, clockTime(entry.at)),
      el("span", { class: "way" }, `${entry.from} → ${entry.to}`),
      el("span", { class: "request" }, el("b", {}, entry.method), " ", path),
      el("span", { class: "status" }, entry.status ? String(entry.status) : "none"),
      el("span", { class: "verdict", "data-tone": verdictTone(entry.verdict) }, entry.verdict || "–"),
      el("span", { class: "ms" }, String(entry.millis), el("span", { class: "sr" }, " milliseconds")),
    ),
  );
  // The bodies are rendered only when they are opened.
  details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && details.append(wireBody(entry)));
  return el("li", {}, details);
}

function wireBody(entry) {
  const button = el("button", { type: "button" }, "copy as curl");
  button.addEventListener("click", () => copy(curl(entry), button));
  const block = (title, text) => [el("h4", {}, title), text ? el("pre", { tabindex: "0" }, text) : el("p", { class: "dim" }, "empty")];
  return el(
    "div",
    { class: "open" },
    el("div", { class: "actions" }, button, el("span", { class: "dim" }, "Credentials are never logged: put yours in.")),
    el("div", { class: "two" },
      el("div", {}, block("Request", `${entry.method} ${entry.url}\n${(entry.headers ?? []).map(([name, value]) => `${name}: ${value}`).join("\n")}${entry.body ? `\n\n${pretty(entry.body)}` : ""}`)),
      el("div", {}, block(`Answer ${entry.status || "never came"}`, pretty(entry.answer ?? ""))),
    ),
  );
}

function pretty(body) {
  try {
    return /^\s*[[{]/.test(body) ? JSON.stringify(JSON.parse(body), null, 2) : body;
  } catch {
    return body;
  }
}

/** The request as a command for a POSIX shell. */
function curl(entry) {
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const url = new URL(entry.url, location.href).href;
  const skip = /^(host|content-length|connection|accept-encoding|transfer-encoding|user-agent)$/i;
  const parts = [`curl -i -X ${/^[A-Z]+$/.test(entry.method) ? entry.method : quote(entry.method)} ${quote(url)}`];
  for (const [name, value] of entry.headers ?? []) if (!skip.test(name)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  if (entry.body) parts.push(`--data-raw ${quote(entry.body)}`);
  return parts.join(" \\\n  ");
}

let wireSoon = false;
function showWireSoon() {
  if (wireSoon) return;
  wireSoon = true;
  setTimeout(() => {
    wireSoon = false;
    showWire();
  }, 60);
}

$("wire-find").addEventListener("input", showWire);
