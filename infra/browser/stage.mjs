// What every part of the test needs: a runner, a browser, the hands of a person, and what holds for every screen.
//
//   HANDBELL      the runner's binary
//   CHROMIUM      the browser's
//   SCREENSHOTS   where the pictures go

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const HANDBELL = process.env.HANDBELL ?? "target/debug/handbell";
export const SCREENSHOTS = process.env.SCREENSHOTS ?? "target/browser";
/** However slow the machine: nothing here takes this long. */
export const PATIENCE = 20_000;
export const DANA = "+12025550111";
export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 800 };
export const POCKET = { width: 390, height: 844 };
export const SCENES = ["Button", "Duty", "Floor", "Customers"];

let browser;

before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
  });
});

after(() => browser?.close());

/** A runner on a free port, with the demo's configuration or another. */
export async function start(config = null, ...more) {
  const child = spawn(HANDBELL, ["--port", "0", "--quiet", ...(config ? ["--config", config] : []), ...more], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the runner names no address: ${said}`)), PATIENCE);
    child.stdout.on("data", (data) => {
      said += data;
      const found = /http:\/\/[\d.]+:\d+/.exec(said);
      if (!found) return;
      clearTimeout(late);
      resolve(found[0]);
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the runner ended with ${code}: ${said}`)));
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  };
  return { address, stop };
}

/** An open page at one of its scenes, and everything that the browser had to complain about. */
export async function open(address, viewport = WIDE, { scene, ...options } = {}) {
  const context = await browser.newContext({ viewport, locale: "en-GB", timezoneId: "Europe/Paris", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error}`));
  page.on("response", (answer) => answer.status() >= 400 && complaints.push(`${answer.status()}: ${answer.request().method()} ${answer.url()}`));
  page.on("request", (request) => request.url().startsWith(address) || complaints.push(`elsewhere: ${request.url()}`));
  await page.exposeFunction("violated", (what) => complaints.push(`CSP: ${what}`));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => window.violated(`${event.violatedDirective} ${event.blockedURI}`)));
  await page.goto(`${address}/${scene ? `#${scene}` : ""}`);
  await page.locator("#link[data-state=live]").waitFor();
  return Object.assign(new Hands(page), { page, complaints });
}

/** Waits until what is asked for is so. */
export async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  let seen;
  while (Date.now() < end) {
    seen = await ask();
    if (seen === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${what}: it never came to that; the last was ${JSON.stringify(seen)}`);
}

/** What a person finds on the page. */
export class Hands {
  constructor(page) {
    this.bell = page.locator("#bells .press").first();
    this.told = page.locator("#bells output").first();
    this.bellState = page.locator("#bells .state").first();
    this.next = page.locator("#next-text");
    this.said = page.locator("#said");
    this.people = page.locator("#space .people li");
    this.messages = page.locator("#space .message");
    this.dana = page.locator(`#phone-list .phone[data-key="${DANA}"]`);
  }

  async press() {
    const before = await this.count();
    await this.bell.click();
    await until("the press is counted", async () => (await this.count()) === before + 1);
    return before + 1;
  }

  /** Goes to another scene by its link. */
  async to(scene) {
    await this.page.getByRole("navigation", { name: "Scenes" }).getByRole("link", { name: scene, exact: true }).click();
  }

  /** Opens the dock of the phones, if it isn't open. */
  async phones() {
    const toggle = this.page.getByRole("button", { name: "Phones", exact: true });
    if ((await toggle.getAttribute("aria-expanded")) === "false") await toggle.click();
  }

  /** Opens what is under the hood: the wire log, the facts or the functions. */
  async lid(name) {
    const lid = this.page.getByRole("button", { name });
    if ((await lid.getAttribute("aria-expanded")) === "false") await lid.click();
  }

  async count() {
    return Number(/pressed (\d+)/.exec(await this.bellState.textContent())?.[1] ?? 0);
  }

  message(text) {
    return this.messages.filter({ hasText: text });
  }

  async says(text) {
    await until(`the next step says ${text}`, async () => text.test(await this.next.textContent()) || (await this.next.textContent()));
  }

  /** Moves the time until it is there; at once if it comes automatically. */
  async sooner(locator) {
    for (let round = 0; round < 4; round += 1) {
      try {
        return await locator.first().waitFor({ timeout: 3000 });
      } catch {
        await this.page.locator("#later").click();
      }
    }
    await locator.first().waitFor();
  }
}

/** Nothing is wider than the screen. */
export const overflow = (page) =>
  page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const beyond = [...document.querySelectorAll("body *")].filter((node) => node.checkVisibility() && !node.closest(".sr, .skip, .tabs") && node.getBoundingClientRect().right > wide + 0.5);
    return { sideways: document.documentElement.scrollWidth - wide, beyond: beyond.map((node) => `${node.tagName} ${node.className}`) };
  });

/** What can be operated and has no name, as the browser tells it to a screen reader. */
export async function nameless(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const operable = new Set(["button", "link", "textbox", "searchbox", "checkbox", "combobox", "spinbutton", "tab", "radio", "switch", "slider", "progressbar", "DisclosureTriangle", "img", "image"]);
  const seen = nodes.filter((node) => !node.ignored && operable.has(node.role?.value));
  assert.ok(seen.length > 8, `${seen.length} things to operate are too few to be all`);
  return seen.filter((node) => !node.name?.value?.trim()).map((node) => `${node.role.value} ${node.backendDOMNodeId}`);
}
