// The floor on the page, in a real browser: sliders and cards, a source that fails, and a Saturday in a minute.
//
// Screenshots: floor.png and floor-phone.png.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { PHONE, SCREENSHOTS, nameless, open, overflow, start, until } from "./stage.mjs";

/** A shop with three zones and no button. */
const SHOP = `
timezone: Europe/Paris
webex:
  token: { secret: webex }
  webhook: { secret: webex-webhook }
plans:
  crowd:
    space: { title: Store floor, reuse: always, moderators: [alice@example.com], participants: [bob@example.com] }
sites:
  shop: { cmx: { url: "https://cmx.example.com", user: handbell, password: { secret: cmx } } }
zones:
  shoes: { site: shop, plan: crowd, label: Shoes, where: { hierarchy: Campus/North/Floor 2/Shoes }, capacity: 100 }
  hats: { site: shop, plan: crowd, label: Hats, where: { hierarchy: Campus/North/Floor 2/Hats }, capacity: 60 }
  tills: { site: shop, plan: crowd, label: Tills, where: { hierarchy: Campus/North/Floor 1/Tills }, at: 12 }
`;

describe("The floor", () => {
  let runner, hands, page, folder;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "handbell-floor-"));
    const config = join(folder, "handbell.yaml");
    writeFileSync(config, SHOP);
    runner = await start(config);
    hands = await open(runner.address);
    page = hands.page;
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  const zone = (name) => page.locator(`#zone-list .zone[data-key="${name}"]`);
  const area = (name) => page.locator(`#plan .area[data-zone="${name}"]`);
  const cards = (label) => hands.messages.filter({ has: page.locator(".card", { hasText: label }) });
  const told = async (name) => (await (await fetch(`${runner.address}/page/state`)).json()).zones.find((each) => each.name === name);

  /** One poll more, or several, each waited for. */
  async function minutes(count) {
    for (let minute = 0; minute < count; minute += 1) {
      const before = (await told("shoes")).points.at(-1)?.[0] ?? "";
      await page.getByRole("button", { name: "+1 min" }).click();
      await until("the zones are polled", async () => ((await told("shoes")).points.at(-1)?.[0] ?? "") > before);
    }
  }

  /** Types a count, as who doesn't drag does. */
  async function type(name, count) {
    const field = zone(name).getByRole("spinbutton");
    await field.fill(String(count));
    await field.press("Enter");
    await until("the count is there", async () => (await told(name)).count === count);
  }

  const word = (name, text) => until(`${name} is ${text}`, async () => text.test(await zone(name).locator(".word").textContent()) || (await zone(name).locator(".word").textContent()));

  it("shows the zones, and has no place for a button that isn't", async () => {
    assert.equal(await page.locator("#buttons").isVisible(), false);
    assert.equal(await page.getByRole("heading", { name: "The floor" }).isVisible(), true);
    assert.equal(await page.locator("#zone-list .zone").count(), 3);
    await hands.says(/^Move the slider of \w+ to \d+ or more/);
    assert.match(await page.locator("#plan svg").getAttribute("aria-label"), /Shoes 30 of 100/);
    assert.equal(await area("shoes").locator("circle").count(), 30);
    assert.deepEqual(await nameless(page), []);
    await minutes(1);
    await word("shoes", /^calm$/);
    assert.equal(await area("shoes").getAttribute("data-tone"), "calm");
  });

  it("brings one card with a picture when the slider goes over the threshold", async () => {
    const slider = page.getByRole("slider", { name: "Devices in Shoes" });
    await slider.focus();
    await slider.fill("79");
    await until("the dots are there", async () => (await area("shoes").locator("circle").count()) === 79);
    // The arrow key is a slider, too.
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await until("the count is there", async () => (await told("shoes")).count === 81);
    await minutes(2);
    await word("shoes", /^busy$/);
    const card = cards("Shoes");
    await card.waitFor();
    const picture = card.locator(".card img");
    await picture.scrollIntoViewIfNeeded();
    await until("the picture is loaded", () => picture.evaluate((image) => image.complete && image.naturalWidth > 100));
    assert.match(await picture.getAttribute("alt"), /Shoes/);
    assert.match(await card.textContent(), /81 of 100/);
    assert.equal(await area("shoes").getAttribute("data-tone"), "warn");
    assert.match(await area("shoes").textContent(), /▲ 81\/100 busy/, "it is written, too");
    assert.match(await zone("shoes").locator("svg.chart").getAttribute("aria-label"), /81 now.*busy from 80, full from 95/);
    await hands.says(/^Shoes is busy\. Press “On my way”/);
    await minutes(2);
    await page.waitForTimeout(1000);
    assert.equal(await cards("Shoes").count(), 1);
    assert.equal(await hands.messages.count(), 1);
  });

  it("shows below the card who is on the way", async () => {
    const card = cards("Shoes");
    await card.getByRole("combobox").selectOption({ label: "Alice" });
    await card.getByRole("button", { name: "On my way" }).click();
    const reply = page.locator("#space .message.reply", { hasText: /Alice is on the way/ });
    await reply.waitFor();
    assert.equal(await reply.evaluate((node) => Boolean(node.previousElementSibling.querySelector(".card"))), true, "right below the card");
    assert.equal(await reply.count(), 1);
    await until("the zone shows it, too", async () => /Alice is on the way/.test(await zone("shoes").locator(".zone-facts").textContent()));
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(SCREENSHOTS, "floor.png") });
  });

  it("fits on a phone", async () => {
    const small = await open(runner.address, PHONE, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    await small.page.locator("#space .card img").waitFor();
    assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] });
    assert.deepEqual(await nameless(small.page), []);
    await small.page.screenshot({ path: join(SCREENSHOTS, "floor-phone.png") });
    assert.deepEqual(small.complaints, []);
    await small.page.context().close();
  });

  it("brings one all-clear when it gets empty", async () => {
    await type("shoes", 20);
    await minutes(3);
    await hands.message("Shoes is calm again").waitFor();
    await word("shoes", /^calm$/);
    await minutes(2);
    await page.waitForTimeout(1000);
    assert.equal(await hands.message("calm again").count(), 1);
    assert.equal(await cards("Shoes").count(), 1);
  });

  it("tells neither while the source answers HTML", async () => {
    await type("hats", 50);
    await minutes(2);
    await cards("Hats").waitFor();
    const html = page.getByRole("button", { name: "The source answers HTML" });
    await html.click();
    await until("the switch is on", async () => (await html.getAttribute("aria-pressed")) === "true");
    const before = await hands.messages.count();
    await type("hats", 5);
    await type("tills", 40);
    assert.match(await area("hats").textContent(), /50\/60/, "what was counted last, not what nobody can count");
    await minutes(4);
    await word("hats", /^not known now \(was busy\)$/);
    assert.equal(await area("hats").getAttribute("data-tone"), "unknown");
    assert.doesNotMatch(await area("hats").locator(".amount").textContent(), /\d/, "no number that nobody knows");
    assert.equal(await area("hats").locator("circle").count(), 0);
    assert.match(await zone("hats").locator("svg.chart").getAttribute("aria-label"), /nothing known since/);
    await page.waitForTimeout(1500);
    assert.equal(await hands.messages.count(), before);
    await type("tills", 3);
    await page.getByRole("button", { name: "All well again" }).click();
    await until("the switch is off", async () => (await html.getAttribute("aria-pressed")) === "false");
    await minutes(3);
    await hands.message("Hats is calm again").waitFor();
    await page.waitForTimeout(1000);
    assert.equal(await hands.message("Hats is calm again").count(), 1);
    assert.equal(await cards("Tills").count(), 0);
  });

  it("makes the source die, and keeps the troubles of others", async () => {
    await page.getByRole("button", { name: "Twilio 429" }).click();
    const dies = page.getByRole("button", { name: "The source dies" });
    await dies.click();
    await until("the switch is on", async () => (await dies.getAttribute("aria-pressed")) === "true");
    await page.getByRole("button", { name: "All well again" }).click();
    await until("the switch is off", async () => (await dies.getAttribute("aria-pressed")) === "false");
    await until("Twilio's trouble is still there", async () => (await page.locator("#twilio-429").getAttribute("aria-pressed")) === "true");
    await page.locator("#twilio-429").click();
    await until("it ends", async () => (await page.locator("#twilio-429").getAttribute("aria-pressed")) === "false");
  });

  it("plays a Saturday, and stops it", async () => {
    const other = page.getByRole("combobox", { name: /^in/ });
    await other.selectOption("hats");
    await page.getByRole("button", { name: "A whole Saturday in a minute" }).click();
    await until("it goes on", async () => (await page.getByRole("progressbar").isVisible()) && (await page.locator("#day-bar").evaluate((bar) => bar.value)) >= 5);
    assert.match(await page.locator("#day-text").textContent(), /^Hats: minute \d+ of 720$/);
    await page.getByRole("button", { name: "Stop the Saturday" }).click();
    await page.getByRole("button", { name: "A whole Saturday in a minute" }).waitFor();
    assert.equal(await page.locator("#day").isVisible(), false);
    const { count, day } = await told("hats");
    assert.equal(day, undefined);
    await page.waitForTimeout(500);
    assert.equal((await told("hats")).count, count);
  });

  it("lets time run faster, until it doesn't", async () => {
    const ahead = async () => (await (await fetch(`${runner.address}/page/state`)).json()).ahead_seconds;
    const before = await ahead();
    const speed = page.getByLabel("How fast time runs");
    await speed.selectOption({ label: "10 min per second" });
    await until("time runs", async () => (await ahead()) >= before + 300);
    await speed.selectOption({ label: "in real time" });
    await page.waitForTimeout(300);
    const then = await ahead();
    await page.waitForTimeout(700);
    assert.equal(await ahead(), then);
  });
});
