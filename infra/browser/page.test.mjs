// The button, the floor and the troubles on the page, in a real browser, as a person uses them. Every part starts a runner of its own.
//
// Screenshots: page.png, page-phone.png, floor.png and floor-phone.png.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { DANA, PHONE, SCREENSHOTS, nameless, open, overflow, start, until } from "./stage.mjs";

describe("Three presses", () => {
  let runner, hands, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address);
    page = hands.page;
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("begins quietly and says what to do first", async () => {
    await hands.says(/^Press “green”/);
    assert.equal(await hands.bellState.textContent(), "not pressed yet");
    assert.match(await page.locator("#space").textContent(), /No space yet/);
    assert.deepEqual(await nameless(page), []);
  });

  it("brings people into a space at the first press", async () => {
    await hands.press();
    assert.equal(await hands.told.textContent(), "OK 1");
    await hands.says(/The space “Green Power” is there, with \d people in it/);
    assert.equal(await page.locator("#space .title").textContent(), "Green Power");
    await until("the people are there", async () => (await hands.people.count()) >= 3);
    const people = (await hands.people.allTextContents()).join(" ");
    assert.match(people, /Alice.*moderator/);
    assert.match(people, /Bob/);
    const message = hands.message("Help is needed");
    await message.waitFor();
    assert.match(await message.textContent(), /Somebody pressed the green button at \d\d:\d\d/);
    assert.equal(await message.locator("strong").first().textContent(), "green");
    const picture = message.locator("img");
    await picture.scrollIntoViewIfNeeded();
    await until("the picture is loaded", () => picture.evaluate((image) => image.complete && image.naturalWidth > 0));
    assert.match(await picture.getAttribute("alt"), /dashboard\.png/);
  });

  it("sends texts at the second press, and the form", async () => {
    await hands.press();
    await hands.dana.locator('.text[data-status="delivered"]').waitFor();
    assert.match(await hands.dana.locator(".text").textContent(), /Check Webex.*delivered/);
    const file = hands.messages.locator(".file");
    await file.waitFor();
    assert.match(await file.textContent(), /PDF.*incident-report\.pdf.*application\/pdf/);
    const [download] = await Promise.all([page.waitForEvent("download"), file.locator("a").click()]);
    assert.equal(download.suggestedFilename(), "incident-report.pdf");
    await hands.says(/has a text now.*Press again: a phone rings/);
  });

  it("lets a phone ring at the third press, and speaks when it is answered", async () => {
    await hands.press();
    await hands.dana.getByText("Incoming call").waitFor();
    await hands.says(/rings\. Answer it\.$/);
    await hands.dana.getByRole("button", { name: "Answer" }).click();
    const heard = hands.dana.locator(".heard li");
    await heard.first().waitFor();
    await until("it waits for a key", async () => (await hands.dana.locator(".pad").getAttribute("data-gather")) === "true");
    await until("the whole message is heard", async () => /Please check Webex\. There is an escalation going on\..*press 1/is.test((await heard.allTextContents()).join(" ")) || (await heard.allTextContents()));
    await hands.says(/Press 1 on the key pad/);
    assert.deepEqual(await nameless(page), []);
    await hands.message(`Call to ${DANA}: answered`).waitFor();
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(SCREENSHOTS, "page.png") });
  });

  it("fits on a phone", async () => {
    const small = await open(runner.address, PHONE, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    await small.dana.locator(".pad").waitFor();
    await small.page.locator("#wire-list details").first().waitFor();
    assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] });
    await small.page.screenshot({ path: join(SCREENSHOTS, "page-phone.png") });
    const line = small.page.locator("#wire-list summary").first();
    await line.click();
    await small.page.locator("#wire-list .open").waitFor();
    assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] }, "with an open request");
    assert.deepEqual(await nameless(small.page), []);
    assert.deepEqual(small.complaints, []);
    await small.page.context().close();
  });

  it("says in the space who has it after key 1", async () => {
    await hands.dana.getByRole("button", { name: "1", exact: true }).click();
    await until("the button shows that somebody has it", async () => / has it · pressed 3 times/.test(await hands.bellState.textContent()) || (await hands.bellState.textContent()));
    assert.equal(await page.locator("#bells .bell").first().getAttribute("data-state"), "acknowledged");
    await hands.message(`${DANA} (by phone) has it since`).waitFor();
    await hands.says(/has it, and the climb has stopped/);
  });

  it("shows what went over the wire, with its signatures", async () => {
    const signed = page.locator("#wire-list details", { has: page.locator(".verdict", { hasText: /^signed$/ }) });
    await signed.first().waitFor();
    assert.ok((await signed.count()) >= 6, "texts and the call were reported on");
    assert.equal(await page.locator("#wire-list .verdict", { hasText: /forged|refused|wrong/ }).count(), 0);
    const filter = page.getByLabel("Show only requests that contain");
    await filter.fill("/twilio/voice");
    await until("the filter holds", async () => (await page.locator("#wire-list summary").allTextContents()).every((line) => line.includes("/twilio/voice")));
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#wire-list summary").first().click();
    await page.getByRole("button", { name: "copy as curl" }).click();
    await page.getByRole("button", { name: "copied" }).waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(command, /^curl -i -X POST 'http:\/\/127\.0\.0\.1:\d+\/twilio\/voice/);
    assert.match(command, /x-twilio-signature: /);
    assert.match(command, /--data-raw '.*CallSid=CA/);
    assert.doesNotMatch(command, /authorization/i);
    await page.locator("#wire-list summary").first().click();
    await filter.fill("");
  });

  it("counts the same press once, though it is sent twice", async () => {
    const before = await hands.count();
    await page.getByRole("button", { name: "Same press twice" }).click();
    await until("both are answered", async () => /The answers: “OK (\d+)” and “OK \1”\. The same: it was counted once\.$/.test(await hands.said.textContent()) || (await hands.said.textContent()));
    await until("the count rises", async () => (await hands.count()) > before);
    await page.waitForTimeout(500);
    assert.equal(await hands.count(), before + 1);
  });
});

describe("Trouble", () => {
  let runner, hands, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address);
    page = hands.page;
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("waits while Webex is down, and posts once when it is back", async () => {
    const down = page.getByRole("button", { name: "Webex down" });
    await down.click();
    await until("the switch is on", async () => (await down.getAttribute("aria-pressed")) === "true");
    await hands.says(/^Webex is down/);
    await hands.press();
    assert.equal(await hands.told.textContent(), "OK 1");
    await page.locator("#wire-list .status", { hasText: "502" }).first().waitFor();
    assert.equal(await hands.messages.count(), 0);
    await down.click();
    await until("the switch is off", async () => (await down.getAttribute("aria-pressed")) === "false");
    await page.getByRole("button", { name: "5 minutes later" }).click();
    await page.locator("#ahead", { hasText: "5 min ahead" }).waitFor();
    await hands.sooner(hands.message("Help is needed"));
    await page.waitForTimeout(1000);
    assert.equal(await hands.message("Help is needed").count(), 1);
    assert.equal(await hands.people.count(), 3);
  });

  it("asks Twilio again when it had too much, and texts once", async () => {
    const busy = page.getByRole("button", { name: "Twilio 429" });
    await busy.click();
    await until("the switch is on", async () => (await busy.getAttribute("aria-pressed")) === "true");
    await hands.press();
    await hands.message("Print and fill in this form").waitFor(); // what has to do with Webex doesn't wait
    await page.locator("#wire-list .status", { hasText: "429" }).first().waitFor();
    assert.equal(await hands.dana.locator(".text").count(), 0);
    await busy.click();
    await until("the switch is off", async () => (await busy.getAttribute("aria-pressed")) === "false");
    await hands.sooner(hands.dana.locator('.text[data-status="delivered"]'));
    assert.equal(await hands.dana.locator(".text").count(), 1);
  });

  it("does nothing twice when deliver is killed in the middle", async () => {
    // By the time that it dies it may have called, posted, both or neither.
    await page.evaluate(() => {
      document.querySelector("#bells .press").click();
      setTimeout(() => document.querySelector("#kill").click(), 60);
    });
    await hands.sooner(hands.message("phone is ringing now"));
    await hands.sooner(hands.dana.locator(".call:not([hidden]), .past"));
    await page.waitForTimeout(1000);
    assert.equal(await hands.message("phone is ringing now").count(), 1);
    assert.equal(await hands.dana.locator(".call:not([hidden]), .past").count(), 1);
    assert.equal(await hands.message("Print and fill in this form").count(), 1);
    assert.equal(await hands.dana.locator(".text").count(), 1);
  });

  it("loses nothing when deliver is killed before the press", async () => {
    // After the kill in the middle it may not have come back yet, and somebody must be there to be killed.
    await until("it was killed", async () => {
      await page.getByRole("button", { name: "Kill deliver now" }).click();
      await page.waitForTimeout(100);
      return /^deliver was killed \(\d process(es)?\)/.test(await hands.said.textContent()) || (await hands.said.textContent());
    });
    await hands.press();
    await hands.sooner(hands.message("Who does what now"));
    assert.equal(await hands.message("Who does what now").count(), 1);
    assert.match(await hands.message("Who does what now").locator("img").getAttribute("alt"), /who-does-what\.png/);
  });
});

describe("The keyboard alone", () => {
  let runner, hands, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address);
    page = hands.page;
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") || document.activeElement?.textContent?.trim().replace(/\s+/g, " ") || "");

  /** Goes on with Tab until something of this name has the focus. */
  async function tabTo(name, most = 60) {
    const passed = [];
    for (let step = 0; step < most; step += 1) {
      await page.keyboard.press("Tab");
      const here = await focused();
      if (name.test(here)) return;
      passed.push(here.slice(0, 40));
    }
    assert.fail(`Tab never comes to ${name}: ${passed.join(" | ")}`);
  }

  it("skips to the button and presses it with Space and Enter", async () => {
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the button");
    await page.keyboard.press("Enter");
    await tabTo(/^green/, 3);
    assert.equal(await hands.bell.evaluate((node) => node.matches(":focus-visible")), true);
    await page.keyboard.press("Space");
    await until("the first press", async () => (await hands.count()) === 1);
    await hands.message("Help is needed").waitFor();
    assert.match(await focused(), /^green/, "the focus stays on the button");
    await page.keyboard.press("Enter");
    await until("the second press", async () => (await hands.count()) === 2);
    await hands.message("Print and fill in this form").waitFor();
    await page.keyboard.press("Space");
    await until("the third press", async () => (await hands.count()) === 3);
  });

  it("answers the phone and presses 1", async () => {
    await hands.dana.getByText("Incoming call").waitFor();
    await tabTo(/^Answer$/);
    await page.keyboard.press("Space");
    await hands.dana.locator(".pad").waitFor();
    await until("the focus is on the key pad", () => page.evaluate(() => Boolean(document.activeElement.closest(".pad"))));
    await until("it waits for a key", async () => (await hands.dana.locator(".pad").getAttribute("data-gather")) === "true");
    await page.keyboard.press("1");
    await until("somebody has it", async () => / has it /.test(await hands.bellState.textContent()) || (await hands.bellState.textContent()));
  });

  it("scrolls the messages and opens the wire log with the arrows and Enter", async () => {
    const list = page.locator("#space .messages");
    await list.focus();
    // What comes in meanwhile brings the list to its end again, and a person presses again.
    await until("it is at the top", async () => {
      await page.keyboard.press("Home");
      return list.evaluate((node) => node.scrollTop === 0);
    });
    await page.keyboard.press("ArrowDown");
    await until("it moves", () => list.evaluate((node) => node.scrollTop > 0));
    await page.locator("#wire-list").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "copy as curl" }).waitFor();
    await page.keyboard.press("Enter");
    await until("it is closed again", async () => (await page.locator("#wire-list details[open]").count()) === 0);
  });
});

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
      await page.getByRole("button", { name: "One minute later" }).click();
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
    await minutes(4);
    await word("hats", /^not known now \(was busy\)$/);
    assert.equal(await area("hats").getAttribute("data-tone"), "unknown");
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
    const speed = page.getByLabel("Run time faster");
    await speed.selectOption({ label: "10 min per second" });
    await until("time runs", async () => (await ahead()) >= before + 300);
    await speed.selectOption({ label: "real time" });
    await page.waitForTimeout(300);
    const then = await ahead();
    await page.waitForTimeout(700);
    assert.equal(await ahead(), then);
  });
});
