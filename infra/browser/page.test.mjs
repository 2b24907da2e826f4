// The button and the troubles on the page, in a real browser, as a person uses them. Every part starts a runner of its own.
//
// Screenshots: page.png and page-phone.png.

import assert from "node:assert/strict";
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
    const dana = page.getByRole("button", { name: "Dana 1 new text" });
    await dana.waitFor();
    assert.equal(await hands.dana.isVisible(), false, "a text brings no phone into the way");
    await dana.click();
    await hands.dana.locator('.text[data-status="delivered"]').waitFor();
    assert.match(await hands.dana.locator(".text").textContent(), /Check Webex.*delivered/);
    const file = hands.messages.locator(".file");
    await file.waitFor();
    assert.match(await file.textContent(), /PDF.*incident-report\.pdf.*application\/pdf/);
    const [download] = await Promise.all([page.waitForEvent("download"), file.locator("a").click()]);
    assert.equal(download.suggestedFilename(), "incident-report.pdf");
    await hands.says(/has a text now.*Press again: a phone rings/);
    await page.getByRole("button", { name: "Phones", exact: true }).click();
    await hands.dana.waitFor({ state: "hidden" });
  });

  it("brings up a phone that rings at the third press, and speaks when it is answered", async () => {
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
    assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] });
    await small.page.screenshot({ path: join(SCREENSHOTS, "page-phone.png") });
    await small.lid("Wire log");
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
    await hands.says(/has it, and nothing more is sent/);
  });

  it("shows what went over the wire, with its signatures", async () => {
    await hands.lid("Wire log");
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
    const twice = page.locator("#press-said");
    await page.getByRole("button", { name: "Send the same press twice" }).click();
    await until("both are answered", async () => /The answers: “OK (\d+)” and “OK \1”\. The same: it was counted once\.$/.test(await twice.textContent()) || (await twice.textContent()));
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
    await hands.phones();
    await hands.lid("Wire log");
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
    await page.getByRole("button", { name: "+5 min" }).click();
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

  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") || document.getElementById(document.activeElement?.getAttribute("aria-labelledby"))?.textContent || document.activeElement?.textContent?.trim().replace(/\s+/g, " ") || "");

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
    assert.equal(await focused(), "Skip to the scene");
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
    await tabTo(/^Wire log/);
    await page.keyboard.press("Enter");
    await tabTo(/^Wire log: every request/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "copy as curl" }).waitFor();
    await page.keyboard.press("Enter");
    await until("it is closed again", async () => (await page.locator("#wire-list details[open]").count()) === 0);
  });
});
