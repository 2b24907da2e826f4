// On-call alerts on the page, in a real browser: mails and reports come in, phones ring, and a person takes the incident.
//
// Screenshots: duty.png, duty-phone.png and rota.png.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { DANA, PHONE, POCKET, SCREENSHOTS, WIDE, nameless, open, overflow, start, until } from "./stage.mjs";

const ELI = "+12025550112";
/** So long 200 mails may take on a slow machine that is busy with other things. */
const STORM = 300_000;

/** What a person finds on the page of on-call alerts. */
class Watch {
  constructor({ page }) {
    this.page = page;
    this.incidents = page.locator("#incident-list .incident");
    this.said = page.locator("#duty-said");
    this.letters = page.locator("#duty-mail-list .letter");
    this.messages = page.locator("#space .message");
    this.cards = page.locator("#space .card");
  }

  phone(number) {
    return this.page.locator(`#phone-list .phone[data-key="${number}"]`);
  }

  /** Sends a mail by one of the buttons. */
  async send(name) {
    await this.page.getByRole("button", { name, exact: true }).click();
    await until("the mail is taken", async () => (await this.said.getAttribute("data-tone")) === "good" || (await this.said.textContent()));
  }

  /** Sends what somebody typed. */
  async pastes(text) {
    const field = this.page.getByLabel("A mail as it is sent");
    if (!(await field.isVisible())) await this.page.getByText("Paste your own").click();
    if (text) await field.fill(text);
    await this.page.getByRole("button", { name: "Send this mail" }).click();
    await until("the mail is taken", async () => /^Your mail is in/.test(await this.said.textContent()) || (await this.said.textContent()));
  }

  incident(text) {
    return this.incidents.filter({ hasText: text });
  }

  /** The incident whose card is the newest stands so. */
  async stands(how) {
    const newest = () =>
      this.incidents.evaluateAll((nodes) => {
        const at = (node) => Date.parse(node.querySelector("time").dateTime);
        return nodes.sort((one, other) => at(other) - at(one))[0]?.textContent ?? "";
      });
    await until(`it stands so: ${how}`, async () => how.test(await newest()) || (await newest()));
  }

  async later(words) {
    await this.page.getByRole("button", { name: words, exact: true }).click();
  }

  async toCard(text) {
    await this.incident(text).first().getByRole("button", { name: /^To its card/ }).click();
    await this.cards.first().waitFor();
  }

  /** Presses a button of the card that is shown, as somebody. */
  async presses(as, button) {
    const card = this.cards.last();
    await card.getByRole("combobox").selectOption({ label: as });
    await card.getByRole("button", { name: button, exact: true }).click();
  }

  /** Picks up, and waits until a key is waited for. */
  async answers(number) {
    const phone = this.phone(number);
    await phone.getByRole("button", { name: "Answer" }).click();
    await until("it waits for a key", async () => (await phone.locator(".pad").getAttribute("data-gather")) === "true");
  }

  /** Hangs up whatever still rings or talks there: several may, one behind the other. */
  async hangsUp(address, number) {
    await until("the phone is quiet", async () => {
      const phone = (await (await fetch(`${address}/sim/phones`)).json()).find((each) => each.number === number);
      if (!phone.call) return true;
      await fetch(`${address}/sim/phones/${encodeURIComponent(number)}/hangup`, { method: "POST" });
      return phone.call.status;
    });
    await this.phone(number).locator(".call").waitFor({ state: "hidden" });
  }

  /** The form in a tab of its own, filled in and sent. */
  async reports(what) {
    const [form] = await Promise.all([this.page.context().waitForEvent("page"), this.page.getByRole("link", { name: "Report trouble by the form" }).click()]);
    await form.getByLabel("What is wrong?").fill(what);
    await form.getByLabel("Who are you?").fill("Tommy");
    await form.getByRole("button", { name: "Report it" }).click();
    await form.locator("#state").waitFor();
    return form;
  }
}

const becomes = (tab, how) => until(`the reporter reads ${how}`, async () => how.test(await tab.locator("#state").textContent()) || (await tab.locator("#state").textContent()));

describe("A mail that alerts", () => {
  let runner, hands, watch, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address, WIDE, { scene: "duty" });
    page = hands.page;
    watch = new Watch(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("finds the two on call first among the phones, with their names", async () => {
    await hands.phones();
    const phones = page.locator("#phone-list .phone");
    assert.match(await phones.nth(0).textContent(), /^Dana\+1 202 555 0111on call: Operations/);
    assert.match(await phones.nth(1).textContent(), /^Eli\+1 202 555 0112on call: Operations, second/);
    assert.match(await page.locator(".rota").first().textContent(), /Operations Dana, and no hand-over in sight/);
    assert.equal(await page.locator(".day-row li").count(), 14);
    assert.match(await page.locator(".day-row .today").textContent(), / today$/);
    assert.match(await page.locator("#incident-list").getAttribute("data-empty"), /^Nothing is open/);
    assert.deepEqual(await nameless(page), []);
  });

  it("lets the phone ring, and key 1 takes it", async () => {
    await watch.send("Nagios: PROBLEM");
    await watch.stands(/^Nobody has it yet.*PROBLEM: db1\/Disk is CRITICAL.*Next: step 2 of 3 at \d\d:\d\d: the person on call in ops-second/);
    const dana = watch.phone(DANA);
    await dana.locator(".text", { hasText: /Have it\? Answer: ack \d+/ }).waitFor();
    await dana.getByText("Incoming call").waitFor();
    await hands.says(/^The phone of Dana rings/);
    assert.equal(await dana.evaluate((node) => node.classList.contains("rings")), true);
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(SCREENSHOTS, "duty.png") });
    assert.deepEqual(await nameless(page), []);
    await watch.answers(DANA);
    await dana.getByRole("button", { name: "1", exact: true }).click();
    await watch.stands(/^Dana has it/);
    await watch.toCard("db1/Disk");
    await until("the card says who has it", async () => /Dana has it/.test(await watch.cards.last().textContent()) || (await watch.cards.last().textContent()));
    await until("the old card is gone", async () => (await watch.cards.count()) === 1 || (await watch.cards.count()));
    await hands.says(/^Dana has it/);
  });

  it("is done by one click on a text, and the report answers the mail", async () => {
    await watch.phone(DANA).getByRole("button", { name: /^Text done \d+ from Dana/ }).click();
    await watch.stands(/^Resolved at/);
    await until("only the last card is left", async () => (await watch.cards.count()) === 1 && /Resolved at/.test(await watch.cards.textContent()));
    assert.equal(await watch.cards.getByRole("button").count(), 0);
    assert.equal(await watch.phone(DANA).locator(".replies").isVisible(), false, "there is nothing to text about");
    // It is written a minute after the end.
    await watch.later("+1 min");
    await watch.letters.first().waitFor();
    const letter = await watch.letters.first().textContent();
    assert.match(letter, /^Re: PROBLEM: db1\/Disk is CRITICAL/);
    assert.match(letter, /handbell@in\.example\.com → nagios@monitor\.example\.com/);
    assert.match(letter, /In-Reply-To<[0-9a-f]+@monitor\.example\.com>/);
    assert.match(letter, /Dana has it.*Dana resolved it \(by text\)/s);
  });

  it("lets the second phone ring when five minutes have passed without a key", async () => {
    await watch.send("Nagios: PROBLEM");
    await watch.stands(/^Nobody has it yet/);
    await watch.phone(DANA).getByText("Incoming call").waitFor();
    assert.equal(await watch.phone(ELI).locator(".ring").count(), 0);
    await watch.later("+5 min");
    await hands.sooner(watch.phone(ELI).getByText("Incoming call"));
    await watch.phone(ELI).locator(".text", { hasText: /Answer: ack \d+/ }).waitFor();
    await watch.phone(ELI).getByRole("button", { name: /^Text ack \d+ from Eli/ }).click();
    await watch.stands(/^Eli has it/);
  });

  it("ends by its recovery, in the thread of the problem", async () => {
    await watch.send("its RECOVERY");
    await watch.stands(/^Resolved at/);
    const { wire } = await (await fetch(`${runner.address}/page/state`)).json();
    const sent = wire.filter((entry) => entry.url.includes("/sim/mail")).map((entry) => entry.body);
    const id = /^Message-ID: (\S+)/m.exec(sent.at(-2))[1];
    assert.ok(sent.at(-1).includes(`In-Reply-To: ${id}`), sent.at(-1));
    assert.equal(new Set(sent.map((mail) => /^Message-ID: (\S+)/m.exec(mail)[1])).size, sent.length, "each is a mail of its own");
  });

  it("raises nothing when it is a vacation reply or has a virus, and something when it is pasted", async () => {
    const before = await watch.incidents.count();
    await watch.send("Vacation reply");
    await watch.send("A mail with a virus");
    await watch.pastes(null);
    // What came after them has arrived.
    await watch.incident("Backup of mail1 failed").waitFor();
    assert.equal(await watch.incidents.count(), before + 1);
    assert.equal(await watch.incident(/Out of office|Your parcel/).count(), 0);
  });

  it("says what is wrong with a mail that can't be sent, and changes nothing", async () => {
    const field = page.getByLabel("A mail as it is sent");
    await field.fill("  ");
    await page.getByRole("button", { name: "Send this mail" }).click();
    assert.equal(await field.evaluate((node) => node === document.activeElement), true);
    await watch.pastes("From: Ops <ops@example.com>\nSubject: <b>Fire</b> & smoke\n\n<script>alert(1)</script>");
    await watch.incident("<b>Fire</b> & smoke").waitFor();
    assert.equal(await page.locator("#incident-list b, #space script").count(), 0, "what mails say is text");
  });

  it("is taken and ended by the buttons of its card", async () => {
    await watch.toCard("smoke");
    await watch.presses("Dana", "I have it");
    await watch.stands(/^Dana has it.*smoke/s);
    await until("the new card is there", async () => /Dana has it/.test(await watch.cards.last().textContent()));
    await watch.presses("Dana", "Done");
    await watch.stands(/^Resolved at.*smoke/s);
    await until("the card has no buttons any more", async () => (await watch.cards.getByRole("button").count()) === 0);
  });

  it("isn't taken by a machine that answers", async () => {
    await watch.hangsUp(runner.address, DANA);
    const choice = watch.phone(DANA).getByRole("combobox", { name: "Who answers the phone of Dana" });
    await choice.selectOption({ label: "a machine" });
    await until("it is so", async () => (await (await fetch(`${runner.address}/sim/phones`)).json()).find((phone) => phone.number === DANA).answers === "machine");
    const calls = await watch.phone(DANA).locator(".past").count();
    await watch.send("Nagios: PROBLEM");
    await watch.stands(/^Nobody has it yet.*db1/s);
    await until("the machine has had the call", async () => {
      const past = watch.phone(DANA).locator(".past");
      return (await past.count()) > calls && /nobody has it yet/.test(await past.last().textContent());
    });
    await watch.stands(/^Nobody has it yet.*db1/s);
    assert.equal(await choice.inputValue(), "machine");
    await choice.selectOption({ label: "a person" });
    await watch.send("its RECOVERY");
    await watch.stands(/^Resolved at/);
  });

  it("fits on a small screen", async () => {
    for (const [viewport, picture] of [[POCKET, "duty-phone.png"], [PHONE, null]]) {
      const small = await open(runner.address, viewport, { scene: "duty", hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
      await small.page.locator("#duty-mail-list .letter").first().waitFor();
      assert.deepEqual(await overflow(small.page), { sideways: 0, beyond: [] });
      assert.deepEqual(await nameless(small.page), []);
      if (picture) await small.page.screenshot({ path: join(SCREENSHOTS, picture) });
      assert.deepEqual(small.complaints, []);
      await small.page.context().close();
    }
  });
});

describe("A report by the form", () => {
  let runner, hands, watch;

  before(async () => {
    runner = await start();
    hands = await open(runner.address, WIDE, { scene: "duty" });
    watch = new Watch(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("tells whoever reported it what becomes of it, as it happens", async () => {
    const tab = await watch.reports("Water in the cellar");
    assert.match(new URL(tab.url()).pathname, /^\/alert\/demo\/.+/);
    await watch.stands(/^Nobody has it yet.*Water in the cellar/s);
    await watch.answers(DANA);
    await watch.phone(DANA).getByRole("button", { name: "1", exact: true }).click();
    await watch.stands(/^Dana has it/);
    await becomes(tab, /Dana/);
    assert.doesNotMatch(await tab.locator("main").textContent(), /555/, "nobody's number stands there");
    await tab.close();
    await watch.toCard("Water");
    await watch.presses("Dana", "Done");
    await watch.stands(/^Resolved at/);
  });

  it("is taken back", async () => {
    const tab = await watch.reports("A strange smell");
    await watch.stands(/^Nobody has it yet.*A strange smell/s);
    await tab.locator("summary").click();
    await tab.getByRole("button", { name: "Yes, take it back" }).click();
    await watch.stands(/^Called off at.*A strange smell/s);
    await becomes(tab, /taken back|called off|nothing|over/i);
    await tab.close();
  });
});

/** Two who take turns, of whom the first wants mail; and nothing else. */
const TURNS = `
timezone: Europe/Paris
webex:
  token: { secret: webex }
  webhook: { secret: webex-webhook }
twilio:
  account: ACffffffffffffffffffffffffffffffff
  token: { secret: twilio }
  from: "+12025550100"
plans:
  duty:
    space: { title: "{incident} {title}", reuse: per-incident }
    steps:
      - page: [{ to: [{ on_duty: ops }], text: "{source}: {title}", say: "{title}." }]
mail: { domain: in.example.com, from: handbell@in.example.com, links: { secret: links } }
sources:
  demo: { label: Monitoring, plan: duty, address: { secret: mail-demo } }
`;
const PEOPLE = `id,name,email,phones,timezone,language,teams,rules
fay,Fay,fay@example.com,+12025550131,,en-US,ops,mail; text
gus,Gus,gus@example.com,+12025550132,,en-US,ops,mail; text
`;

/** Monday of last week: somebody is on call since before today, and the next hand-over is within the two weeks. */
function monday() {
  const day = new Date();
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7) - 7);
  return day.toISOString().slice(0, 10);
}

describe("Duty alone", () => {
  let runner, hands, watch, page, folder;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "handbell-duty-"));
    writeFileSync(join(folder, "handbell.yaml"), TURNS);
    writeFileSync(join(folder, "people.csv"), PEOPLE);
    writeFileSync(join(folder, "rotas.yaml"), `rotas:\n  ops:\n    label: Operations\n    timezone: Europe/Paris\n    layers:\n      - { people: [fay, gus], starts: ${monday()}, hand_over: 08:00 }\n`);
    runner = await start(join(folder, "handbell.yaml"));
    hands = await open(runner.address);
    page = hands.page;
    watch = new Watch(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("is what the page begins with, and draws the hand-overs", async () => {
    await hands.says(/^Send “Nagios: PROBLEM” to Handbell/);
    assert.equal(await page.locator("#buttons").isVisible(), false);
    assert.equal(await page.getByRole("link", { name: /^Report trouble/ }).count(), 0, "there is no form");
    const shifts = await page.locator(".shift").allTextContents();
    assert.ok(shifts.length >= 2, `${shifts.length} shifts`);
    assert.match(shifts[0], /^(Fay|Gus), \w{3},? \d+ \w{3},? 00:00 to/);
    assert.notEqual(shifts[0].slice(0, 3), shifts[1].slice(0, 3), "they take turns");
    assert.match(shifts[1], /Mon,? \d+ \w{3},? 08:00/);
    assert.match(await page.locator(".rota-now").textContent(), /^(Fay|Gus) until Mon,? \d+ \w{3},? 08:00, then (Gus|Fay)$/);
    assert.deepEqual(await overflow(page), { sideways: 0, beyond: [] });
    assert.deepEqual(await nameless(page), []);
    await page.screenshot({ path: join(SCREENSHOTS, "rota.png") });
  });

  it("is taken by the link in a mail, which changes nothing before its button is pressed", async () => {
    await watch.send("Nagios: PROBLEM");
    await watch.stands(/^Nobody has it yet/);
    const link = watch.letters.first().getByRole("link");
    await link.waitFor();
    assert.match(await watch.letters.first().textContent(), /\[H-\w+\] PROBLEM: db1\/Disk is CRITICAL.*(fay|gus)@example\.com/s);
    const [tab] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    await tab.getByRole("button", { name: "I have it" }).waitFor();
    await watch.stands(/^Nobody has it yet/);
    await tab.getByRole("button", { name: "I have it" }).click();
    await tab.locator(".done").waitFor();
    await watch.stands(/^(Fay|Gus) has it/);
    await tab.getByRole("button", { name: "Done" }).click();
    await watch.stands(/^Resolved at/);
    await tab.close();
  });

  it("hands over when its time comes", async () => {
    const now = async () => (await page.locator(".rota-now").textContent()).slice(0, 3);
    const before = await now();
    const told = await fetch(`${runner.address}/sim/clock`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ advance: "168h" }) });
    assert.equal(told.ok, true);
    await until("the other one is on call", async () => (await now()) !== before);
    await until("the other one's phone is first", async () => !(await page.locator("#phone-list .phone .name").first().textContent()).startsWith(before));
  });
});

describe("200 mails at once", () => {
  let runner, hands, watch, page;

  before(async () => {
    runner = await start();
    hands = await open(runner.address, WIDE, { scene: "duty" });
    page = hands.page;
    watch = new Watch(hands);
  });
  after(async () => {
    await hands?.page.context().close();
    await runner?.stop();
  });
  afterEach(() => assert.deepEqual(hands.complaints, [], "the browser complains"));

  it("are one incident, and one phone that rings", async () => {
    await page.getByRole("button", { name: "200 mails at once" }).click();
    await page.locator("#duty-said", { hasText: "200 of 200 mails were taken" }).waitFor({ timeout: STORM });
    await watch.phone(DANA).locator(".text").first().waitFor();
    // Each mail is fetched once from where SES has put it.
    const fetched = async () => {
      const { wire } = await (await fetch(`${runner.address}/page/state`)).json();
      return wire.filter((entry) => entry.to === "s3" && entry.method === "GET" && entry.url.includes("inbound/")).length;
    };
    const end = Date.now() + STORM;
    while ((await fetched()) < 200 && Date.now() < end) await page.waitForTimeout(1000);
    assert.ok((await fetched()) >= 200, `${await fetched()} of 200 were fetched`);
    assert.equal(await watch.incidents.count(), 1);
    assert.match(await watch.incidents.first().textContent(), /switch7\/Uplink is DOWN/);
    assert.equal(await watch.phone(DANA).locator(".text").count(), 1, "one text");
    assert.equal(await watch.phone(ELI).locator(".text").count(), 0);
  });
});
