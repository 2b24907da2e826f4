// The customer job on the page, in a real browser: customers text, call and fill in the form, and the team answers.
//
// Screenshots: customers.png, customers-phone.png and call.png.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { POCKET, SCREENSHOTS, WIDE, nameless, open, overflow, start, until } from "./stage.mjs";

const TOMMY = "+12025550123";
const ADA = "+447700900123";
const CENTRE = "+12025550120";

/** What a person finds of the customer job. */
class Desk {
  constructor({ page }) {
    this.page = page;
    this.centre = page.locator(`#phone-list .phone[data-key="${CENTRE}"]`);
    this.field = page.locator("#compose-text");
    this.mentions = page.getByLabel("mention Handbell");
    this.journey = page.locator("#next-text");
    this.messages = page.locator("#space .message");
  }

  phone(number) {
    return this.page.locator(`#customer-list .phone[data-key="${number}"]`);
  }

  /** What came to this phone. */
  came(number, text) {
    return this.phone(number).locator(".text:not(.mine)", { hasText: text });
  }

  message(text) {
    return this.messages.filter({ hasText: text });
  }

  async text(number, words) {
    await this.phone(number).getByRole("textbox", { name: /^Text from/ }).fill(words);
    await this.phone(number).getByRole("button", { name: "Send", exact: true }).click();
  }

  async opens(space) {
    const tab = this.page.locator("#tabs button", { hasText: space });
    await tab.waitFor({ state: "attached" });
    // One space needs no tabs.
    if (await tab.isVisible()) await tab.click();
    await this.page.locator("#space .title", { hasText: space }).waitFor({ state: "attached" });
  }

  /** Writes into the space as the person who is chosen there. */
  async says(words) {
    await this.field.fill(words);
    await this.field.press("Enter");
    await until("it is sent", async () => (await this.field.inputValue()) === "");
  }

  /** Waits until the space has said everything that it says of a call or a text. */
  async rests() {
    let before = -1;
    await until("the space is quiet", async () => {
      const now = await this.messages.count();
      const same = now === before;
      before = now;
      await this.page.waitForTimeout(same ? 0 : 700);
      return same;
    });
  }
}

const loaded = (picture) => until("the picture is loaded", () => picture.evaluate((image) => image.complete && image.naturalWidth > 100));

describe("Customers", () => {
  let runner, hands, desk, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address, WIDE, { scene: "customers" });
    page = hands.page;
    desk = new Desk(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("stand ready, and the page says what to try first and whose token it is", async () => {
    assert.equal(await page.getByRole("heading", { name: "Customers" }).isVisible(), true);
    assert.match(await desk.phone(TOMMY).textContent(), /^Tommy\+1 202 555 0123/);
    assert.equal(await desk.phone(ADA).isVisible(), true);
    assert.match(await desk.journey.textContent(), /^Be Tommy: type a text/);
    assert.match(await page.locator("#token").textContent(), /User’s token hears everything · a bot’s: cargo run -- --bot/);
    assert.equal(await page.locator("#compose").isVisible(), false, "there is no space to write into");
    assert.deepEqual(await nameless(page), []);
  });

  it("get a space by a text", async () => {
    await desk.text(TOMMY, "My order <b>4711</b> is late");
    await desk.phone(TOMMY).locator(".text.mine", { hasText: "4711" }).waitFor();
    await desk.opens(TOMMY);
    await desk.message("My order <b>4711</b> is late").waitFor();
    assert.equal(await desk.message("4711").locator("b").count(), 0, "what they write is text");
    await desk.came(TOMMY, "Thanks for signing up!").waitFor();
    await hands.says(/Answer there: it goes out as a text/);
  });

  it("hear what an agent answers, with ticks", async () => {
    await desk.says("It leaves **today**");
    const answer = desk.came(TOMMY, "It leaves today");
    await answer.waitFor();
    await until("it is delivered", async () => (await answer.getAttribute("data-status")) === "delivered");
    assert.match(await answer.textContent(), /✓✓ delivered/);
    await desk.message("Text: ✅ delivered").waitFor();
    await hands.says(/Now whisper in the space/);
  });

  it("don't hear a whisper, nor what it is edited to", async () => {
    await page.getByRole("button", { name: "/w", exact: true }).click();
    assert.equal(await desk.field.inputValue(), "/w ");
    await desk.field.pressSequentially("he complains a lot");
    await desk.field.press("Enter");
    const whisper = desk.message("he complains a lot");
    await whisper.waitFor();
    await whisper.getByRole("button", { name: /^Edit/ }).click();
    assert.equal(await desk.field.inputValue(), "/w he complains a lot");
    await desk.says("/w he never complains");
    await desk.message("he never complains").waitFor();
    assert.match(await desk.message("he never complains").textContent(), /edited/);
    await desk.message("he never complains").getByRole("button", { name: /^Delete/ }).click();
    await until("it is gone", async () => (await desk.message("he never complains").count()) === 0);
    // What came after it has arrived, and it hasn't.
    await desk.says("Anything else?");
    await desk.came(TOMMY, "Anything else?").waitFor();
    assert.equal(await desk.came(TOMMY, "complain").count(), 0);
  });

  it("hear of what is said in a thread only what begins with /reply", async () => {
    await desk.message("4711").getByRole("button", { name: /^Answer/ }).click();
    assert.match(await page.locator("#compose-about-text").textContent(), /^Answers Handbell: “.*4711/);
    await desk.says("Is it on the truck?");
    assert.equal(await page.locator("#compose-about").isVisible(), false);
    await page.locator("#space .message.reply", { hasText: "Is it on the truck?" }).waitFor();
    await page.locator("#space .message.reply", { hasText: "What stands in a thread stays here" }).waitFor();
    await desk.message("4711").getByRole("button", { name: /^Answer/ }).click();
    await desk.says("/reply It is on the truck");
    await desk.came(TOMMY, "It is on the truck").waitFor();
    assert.equal(await desk.came(TOMMY, "Is it on the truck?").count(), 0);
  });

  it("send pictures, and get files", async () => {
    await desk.phone(TOMMY).getByRole("button", { name: "Picture from Tommy" }).click();
    await loaded(desk.phone(TOMMY).locator(".text.mine img"));
    const picture = desk.messages.locator(".picture img");
    await picture.waitFor();
    await picture.scrollIntoViewIfNeeded();
    await loaded(picture);
    const file = readFileSync(new URL("../../examples/green-power/files/dashboard.png", import.meta.url));
    await page.getByLabel("File to send").setInputFiles({ name: "way.png", mimeType: "image/png", buffer: file });
    assert.equal(await page.locator("#compose-file-name").textContent(), "way.png");
    await desk.says("Here is the way");
    assert.equal(await page.locator("#compose-file-name").textContent(), "");
    const got = desk.came(TOMMY, "Here is the way").locator("img");
    await got.waitFor();
    await got.scrollIntoViewIfNeeded();
    await loaded(got);
  });

  it("see who of the team is away", async () => {
    const away = page.getByRole("button", { name: /is active\. Make it away$/ }).first();
    await away.click();
    const back = page.getByRole("button", { name: /is away\. Make it active$/ });
    await back.click();
    await until("all are there", async () => (await back.count()) === 0);
  });

  it("fit on the screen", async () => {
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(SCREENSHOTS, "customers.png") });
    assert.deepEqual(await overflow(page), { sideways: 0, beyond: [] });
    assert.deepEqual(await nameless(page), []);
    const small = await open(runner.address, POCKET, { scene: "customers", hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    await small.page.locator("#space .message").first().waitFor();
    assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] });
    assert.deepEqual(await nameless(small.page), []);
    const pocket = new Desk(small);
    await pocket.phone(TOMMY).scrollIntoViewIfNeeded();
    await small.page.screenshot({ path: join(SCREENSHOTS, "customers-phone.png") });
    await pocket.text(ADA, "Are you open?");
    await pocket.opens(ADA);
    await pocket.message("Are you open?").waitFor();
    await pocket.says("Until six");
    await pocket.came(ADA, "Until six").waitFor();
    assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] }, "with two spaces");
    assert.deepEqual(small.complaints, []);
    await small.page.context().close();
  });

  it("are left alone after STOP, until START", async () => {
    const tommy = desk.phone(TOMMY);
    await desk.opens(TOMMY);
    await tommy.getByRole("button", { name: "STOP from Tommy" }).click();
    await desk.message("texted STOP. Nothing can be sent until START").waitFor();
    await desk.says("Are you still there?");
    // Something else in this space was not sent either, so the reason counts.
    await desk.message("Not sent. The customer texted STOP").waitFor();
    await tommy.getByRole("button", { name: "START from Tommy" }).click();
    await tommy.locator(".text.mine", { hasText: "START" }).waitFor();
    await desk.message("texted START. Texts are welcome again").waitFor();
    await desk.rests();
    await desk.says("Good to have you back");
    await desk.came(TOMMY, "Good to have you back").waitFor();
    assert.equal(await desk.came(TOMMY, "Are you still there?").count(), 0);
  });

  it("leave a voicemail when nobody takes the call", async () => {
    const tommy = desk.phone(TOMMY);
    await tommy.getByRole("button", { name: "Call from Tommy" }).click();
    await desk.centre.getByText("Incoming call").waitFor();
    assert.match(await desk.centre.textContent(), /from Tommy/);
    await hands.says(/^The contact centre’s phone rings/);
    await hands.sooner(tommy.getByRole("button", { name: /^Speak/ }));
    assert.match(await tommy.locator(".heard").textContent(), /Please leave a message after the tone/);
    await hands.says(/^Nobody took Tommy’s call: speak after the tone/);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(SCREENSHOTS, "call.png") });
    await tommy.getByLabel("What is said onto the tape").fill("Please call me back about 4711");
    await tommy.getByRole("button", { name: /^Speak/ }).click();
    await tommy.getByRole("button", { name: "Hang up" }).click();
    await tommy.locator(".past", { hasText: "Left on tape, 5 s: “Please call me back about 4711”" }).waitFor();
    await desk.message("left a message of 5 s").waitFor();
    const recording = desk.messages.locator(".recording");
    await recording.waitFor();
    assert.match(await recording.textContent(), /audio\//);
    assert.equal(await recording.locator("audio").count(), 1);
  });

  it("are connected when the contact centre answers", async () => {
    const tommy = desk.phone(TOMMY);
    await tommy.getByRole("button", { name: "Call from Tommy" }).click();
    await desk.centre.getByRole("button", { name: "Answer" }).click();
    await desk.centre.getByText("On the line").waitFor();
    await tommy.getByText("On the line").waitFor();
    await tommy.getByRole("button", { name: "Hang up" }).click();
    await until("both are free", async () => (await page.locator("#customer-list .talks, #phone-list .talks").count()) === 0);
    await desk.message("the call is over").waitFor();
  });

  it("fill in the form: it lands in the space, and who has no number is answered by mail", async () => {
    const [form] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Open the web form" }).click()]);
    await form.waitForLoadState();
    assert.equal(new URL(form.url()).pathname, "/contact/support");
    await form.getByLabel("Your name").fill("Tommy");
    await form.getByLabel("Phone").fill(TOMMY);
    await form.getByLabel("Message").fill("The dent is in the back");
    await sent(form);
    await desk.message("The dent is in the back").waitFor();
    assert.match(await desk.message("The dent is in the back").textContent(), /by the web form/);

    await form.goto(`${runner.address}/contact/support`);
    await form.getByLabel("Your name").fill("Eve");
    await form.getByLabel("Mail").fill("eve@example.org");
    await form.getByLabel("Message").fill("Where is my bill?");
    await sent(form);
    await form.close();
    await desk.opens("eve@example.org");
    await desk.message("Where is my bill?").waitFor();
    await desk.says("It comes on Friday");
    const letter = page.locator("#mail-list .letter");
    await letter.waitFor();
    assert.match(await letter.textContent(), /support@example\.com → eve@example\.org.*It comes on Friday/s);
    assert.equal(await page.locator("#mail-count").textContent(), "1 mail");
  });

  async function sent(form) {
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText("We got your message").waitFor();
  }
});

describe("A bot's token", () => {
  let runner, hands, desk, page;

  before(async () => {
    runner = await start(null, "--bot");
    hands = await open(runner.address, WIDE, { scene: "customers" });
    page = hands.page;
    desk = new Desk(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("is shown, with the command for a user's", async () => {
    assert.match(await page.locator("#token").textContent(), /Bot’s token hears only what mentions it · a user’s: cargo run\s/);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the command for a user’s token" }).click();
    await until("it is copied", async () => (await page.evaluate(() => navigator.clipboard.readText())) === "cargo run");
  });

  it("sends out only what mentions Handbell, and the page does that by itself", async () => {
    await desk.text(ADA, "Hello?");
    await desk.opens(ADA);
    await desk.message("Hello?").waitFor();
    assert.equal(await desk.mentions.isChecked(), true);
    await desk.mentions.uncheck();
    await desk.says("Who takes this?");
    await desk.message("Who takes this?").waitFor();
    await desk.mentions.check();
    await desk.says("Hello Ada");
    assert.equal(await desk.message("Hello Ada").locator(".mention").textContent(), "Handbell");
    await desk.came(ADA, "Hello Ada").waitFor();
    assert.equal(await desk.came(ADA, "Handbell").count(), 0, "the mention stays in the space");
    assert.equal(await desk.came(ADA, "Who takes this?").count(), 0);
  });
});

/** A shop with two lines and nothing else; calls go to nobody. */
const TWO = `
webex:
  token: { secret: webex }
  webhook: { secret: webex-webhook }
twilio:
  account: ACffffffffffffffffffffffffffffffff
  token: { secret: twilio }
  from: "+12025550100"
lines:
  repairs: { number: "+12025550101", label: Repairs, agents: [{ email: carol@example.com }] }
  sales: { number: "+12025550102", label: Sales, agents: [{ email: dave@example.com }] }
`;

describe("Two lines", () => {
  let runner, hands, desk, page, folder;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "handbell-lines-"));
    const config = join(folder, "handbell.yaml");
    writeFileSync(config, TWO);
    runner = await start(config);
    hands = await open(runner.address);
    page = hands.page;
    desk = new Desk(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("are a choice, and what to try stands on top where there is no button", async () => {
    await hands.says(/^Be Tommy: type a text/);
    assert.equal(await page.locator("#forms a").count(), 0, "there is no form");
    assert.equal(await desk.centre.count(), 0, "there is no contact centre");
    const line = desk.phone(TOMMY).getByRole("combobox", { name: "The line that Tommy writes to" });
    assert.deepEqual(await line.locator("option").allTextContents(), ["to Repairs", "to Sales"]);
    await line.selectOption({ label: "to Sales" });
    await desk.text(TOMMY, "What does it cost?");
    assert.match(await desk.phone(TOMMY).locator(".text.mine").textContent(), /to \+1 202 555 0102/);
    await desk.opens(TOMMY);
    await desk.message("What does it cost?").waitFor();
    await until("Dave is there", async () => (await page.getByLabel("I am").inputValue()) === "dave@example.com");
    await line.selectOption({ label: "to Repairs" });
    await desk.text(TOMMY, "It is broken");
    await until("a space for each line", async () => (await page.getByRole("tab").count()) === 2);
    await page.getByRole("tab").nth(1).click();
    await desk.message("It is broken").waitFor();
    assert.deepEqual(await overflow(page), { sideways: 0, beyond: [] });
    assert.deepEqual(await nameless(page), []);
    await page.screenshot({ path: join(SCREENSHOTS, "lines.png") });
  });
});
