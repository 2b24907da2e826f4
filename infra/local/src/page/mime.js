// Mails as monitoring systems and people write them. Each mail is unique.

import { systemTime } from "./state.js";

const random = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** `Sat, 21 Nov 2026 11:46:15 +0000` (RFC 5322). */
const date = () => (systemTime() ?? new Date()).toUTCString().replace("GMT", "+0000");

const newId = (host) => `<${random()}@${host}>`;

/** A mail with these headers, in order. Headers without a value are omitted. */
function mail(headers, body) {
  const head = Object.entries({ ...headers, "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8" });
  return [...head.filter(([, value]) => value).map(([name, value]) => `${name}: ${value}`), "", ...body, ""].join("\r\n");
}

const HOST = "monitor.example.com";
let lastProblem = null; // the Message-ID of the last one, to which a recovery belongs

const nagios = (kind, state) => [
  "***** Nagios *****", "", `Notification Type: ${kind}`, "Service: Disk /var", "Host: db1", "Address: 192.0.2.17", `State: ${state}`, "",
  "Additional Info:", "", state === "OK" ? "DISK OK - free space: /var 41 GB (52 %)" : "DISK CRITICAL - free space: /var 812 MB (1 %)",
];

export function problem(to) {
  lastProblem = newId(HOST);
  return mail({ From: `Nagios <nagios@${HOST}>`, To: to, Subject: "PROBLEM: db1/Disk is CRITICAL", Date: date(), "Message-ID": lastProblem }, nagios("PROBLEM", "CRITICAL"));
}

/** The recovery from the last problem, in its thread. */
export const recovery = (to) =>
  mail(
    { From: `Nagios <nagios@${HOST}>`, To: to, Subject: "RECOVERY: db1/Disk is OK", Date: date(), "Message-ID": newId(HOST), "In-Reply-To": lastProblem, References: lastProblem },
    nagios("RECOVERY", "OK"),
  );

/** An automatic vacation reply, which must wake nobody (RFC 3834). */
export const vacation = (to) =>
  mail(
    { From: "Greta <greta@example.org>", To: to, Subject: "Out of office: PROBLEM: db1/Disk is CRITICAL", Date: date(), "Message-ID": newId("example.org"), "Auto-Submitted": "auto-replied" },
    ["I am away until Monday and don't read my mail.", "", "Greta"],
  );

/** One of the many mails about a flapping link. */
export const flap = (to) =>
  mail(
    { From: `Nagios <nagios@${HOST}>`, To: to, Subject: "PROBLEM: switch7/Uplink is DOWN", Date: date(), "Message-ID": newId(HOST) },
    ["***** Nagios *****", "", "Notification Type: PROBLEM", "Service: Uplink", "Host: switch7", "State: CRITICAL", "", "The link goes up and down."],
  );

/** SES is told to find a virus; the mail itself is harmless. */
export const infected = (to) =>
  mail({ From: "Parcel service <parcels@example.net>", To: to, Subject: "Your parcel: PROBLEM", Date: date(), "Message-ID": newId("example.net") }, ["Please open the attached document."]);

/** The initial text of the field. */
export const example = (to) =>
  ["From: Backup <backup@monitor.example.com>", `To: ${to}`, "Subject: Backup of mail1 failed", "", "The disk for backups can't be written to. The last good backup is two days old.", ""].join("\n");

/** A typed mail, with the line ends of mails. A missing Message-ID and date are added. */
export function typed(text) {
  const lines = text.replace(/\r\n?/g, "\n");
  const end = lines.search(/\n\n/);
  const head = end < 0 ? lines : lines.slice(0, end);
  const has = (name) => new RegExp(`^${name}:`, "im").test(head);
  const added = [has("Message-ID") ? null : `Message-ID: ${newId("laptop.example.org")}`, has("Date") ? null : `Date: ${date()}`].filter(Boolean);
  return [...added, lines].join("\n").replaceAll("\n", "\r\n");
}
