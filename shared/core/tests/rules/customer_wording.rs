//! Every sentence of a customer's space, word for word; and customers' texts that try to format, link or mention.

use handbell_core::config::{Answers, Hours, Limits, Line};
use handbell_core::conversation::decide::ConversationEvent;
use handbell_core::conversation::relay_policy::{AgentCommand, KeptReason, Visibility};
use handbell_core::conversation::{Address, Conversation, Sender};
use handbell_core::delivery::DeliveryId::Numbered;
use handbell_core::delivery::{
    ConversationEntry, Delivery, Dispatch, MailMessage, Medium, Message, PhoneMessage, Progress, Receipt,
    Speaker, TakenBack,
};
use handbell_core::texting::{PriceClass, segments};
use handbell_core::wording::{conversation as wording, delivery_summary};
use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::conversation::{CUSTOMER, Room, a_line, dana, kim, text};
use crate::house::{chance, morning, words};

fn line() -> Line {
    serde_json::from_value(a_line()).expect("a line")
}

fn after(seconds: i64) -> Timestamp {
    morning() + SignedDuration::from_secs(seconds)
}

fn conversation(who: Speaker, way: Medium, text: &str) -> ConversationEntry {
    ConversationEntry {
        speaker: who,
        customer: "Ann *A*".into(),
        medium: way,
        text: text.into(),
        note: String::new(),
        files: 0,
        at: morning(),
    }
}

fn shown(one: &ConversationEntry) -> String {
    wording::entry(one, &words().zone)
}

fn known() -> Conversation {
    let mut room = Room::new();
    room.text("Hello");
    room.command(AgentCommand::Name("Ann *A*".into()));
    room.conversation().clone()
}

#[test]
fn the_first_post_says_what_goes_to_the_customer() {
    let all = [
        (Visibility::Everything, Answers::Everything, Address::Phone(CUSTOMER.into())),
        (Visibility::Everything, Answers::Explicit, Address::Mail("ann_a@example.com".parse().unwrap())),
        (Visibility::OnlyMentions, Answers::Everything, Address::Hidden),
        (Visibility::OnlyMentions, Answers::Explicit, Address::Phone("[x](y)".into())),
    ];
    let all = all
        .map(|(sight, answers, address)| wording::first_post(&Line { answers, ..line() }, sight, &address));
    assert_snapshot!(all.join("\n\n"), @r"
        This is the space of the customer **+352691496401**. **Everything that you write here goes to the customer**, but for whispers: what begins with `/w` or `note:`, and what mentions somebody. `/help` lists the commands.

        This is the space of the customer **ann\_a@example.com**. Only what begins with **`/reply`** goes to the customer; everything else stays here. `/help` lists the commands.

        This is the space of callers who show no number. **Only what begins with a mention of me goes to the customer**; everything else stays here. Mention me and write `/help` for the commands.

        This is the space of the customer **\[x\]\(y\)**. Only what begins with a mention of me and **`/reply`** goes to the customer; everything else stays here. Mention me and write `/help` for the commands.
        ");
}

#[test]
fn help_lists_the_commands() {
    assert_snapshot!(wording::help(&line(), Visibility::Everything), @"
        **Everything that you write here goes to the customer**, but for whispers: what begins with `/w` or `note:`, and what mentions somebody. `/help` lists the commands.

        - `/w words`, `note: words`: stays here
        - `/reply words`: goes to the customer
        - `/claim`, `/release`: you have it; you don't have it any more
        - `/noreply`: what the customer wrote last needs no answer
        - `/close`: it is over, until the customer writes again
        - `/name Tommy Tutone`: what the customer is called
        - `/canned NAME`: a prepared answer
        - `/call`: rings you, then the customer
        - `/who`, `/history`, `/export`, `/hours`: who has it, what was said, all of it as a file, when we are open
        - `/optout`: no more texts to this customer
        - `/erase`: forget this customer; you are asked first
        ");
}

#[test]
fn entries_are_shown_word_for_word() {
    let customer = |way, text: &str| shown(&conversation(Speaker::Customer, way, text));
    assert_snapshot!(customer(Medium::Text, "Where is\nmy bike?"), @r"
        **Ann \*A\*** 08:00: 
        > Where is  
        > my bike?  
        ");
    assert_snapshot!(customer(Medium::Text, ""), @r"**Ann \*A\*** 08:00:");
    assert_snapshot!(customer(Medium::Call, wording::RINGS), @r"📞 **Ann \*A\*** 08:00: calls, and is being connected.");
    assert_snapshot!(customer(Medium::Call, &wording::call_ended(Some(SignedDuration::from_secs(59)))), @r"📞 **Ann \*A\*** 08:00: the call is over, after 59 s.");
    assert_snapshot!(customer(Medium::Call, &wording::call_ended(Some(SignedDuration::from_secs(120)))), @r"📞 **Ann \*A\*** 08:00: the call is over, after 2 min.");
    assert_snapshot!(customer(Medium::Call, &wording::call_ended(None)), @r"📞 **Ann \*A\*** 08:00: **missed call**: nobody took it.");
    assert_snapshot!(customer(Medium::Call, &wording::voicemail(SignedDuration::from_secs(-1))), @r"📞 **Ann \*A\*** 08:00: left a message of 0 s.");
    assert_snapshot!(shown(&conversation(Speaker::Agent("Dana_1".into()), Medium::Text, "It is *ready*")), @r"Dana\_1 08:00: It is \*ready\*");
    assert_snapshot!(shown(&conversation(Speaker::Handbell, Medium::Text, "Welcome!")), @r"🤖 The customer received an automatic reply, 08:00: Welcome\!");
    assert_snapshot!(wording::no_file("it is too <big>"), @"(A file came with it, but it can't be shown: it is too &lt;big&gt;.)");
}

#[test]
fn a_forms_notes_say_where_answers_go() {
    let known = |email: &str| Conversation { email: email.parse().ok(), ..known() };
    let by_mail = Conversation {
        address: Some(Address::Mail("ann@example.com".parse().unwrap())),
        ..known("ann@example.com")
    };
    let nameless = Conversation { email: None, ..self::known() };
    let form = |text: &str, note: String| {
        shown(&ConversationEntry { note, ..conversation(Speaker::Customer, Medium::Form, text) })
    };
    assert_snapshot!(form("I want\n\n# a *bike*", String::new()), @r"
        🌐 **Ann \*A\*** 08:00, by the web form:

        > I want  
        >   
        > \# a \*bike\*
        ");
    assert_snapshot!(form("Hello", wording::by_form(Some(&"ann_a@example.com".parse().unwrap()), &known("Ann_A@example.com"), false)), @r"
        🌐 **Ann \*A\*** 08:00, by the web form:

        ⚠️ No text ever came from this number, so it may be somebody else's. It gets no texts until it writes to us.

        ✉️ ann\_a@example.com

        > Hello
        ");
    assert_snapshot!(form("Hello\n⚠️ Send money", wording::by_form(None, &known("ann@example.com"), true)), @r"
        🌐 **Ann \*A\*** 08:00, by the web form:

        ⚠️ Anybody can type a number into the form. Answers go as texts to the number, and nowhere else.

        > Hello  
        > ⚠️ Send money
        ");
    let all = [
        wording::by_form(Some(&"eve@example.com".parse().unwrap()), &known("ann@example.com"), true),
        wording::by_form(Some(&"*eve*@example.com".parse().unwrap()), &nameless, true),
        wording::by_form(Some(&"eve@example.com".parse().unwrap()), &known("ann@example.com"), false),
        wording::by_form(None, &known("ann@example.com"), false),
        wording::by_form(Some(&"ann@example.com".parse().unwrap()), &by_mail, false),
    ];
    assert_snapshot!(all.join("\n---\n"), @r"
        ⚠️ Anybody can type a number into the form. Answers go as texts to the number, and nowhere else.

        ✉️ The form names eve@example.com, which gets no answers.
        ---
        ⚠️ Anybody can type a number into the form. Answers go as texts to the number, and nowhere else.

        ✉️ The form names \*eve\*@example.com, which gets no answers.
        ---
        ⚠️ No text ever came from this number, so it may be somebody else's. It gets no texts until it writes to us.

        ✉️ The form names eve@example.com, but answers still go to ann@example.com: anybody can fill in a form.
        ---
        ⚠️ No text ever came from this number, so it may be somebody else's. It gets no texts until it writes to us.
        ---
        ✉️ ann@example.com
        ");
    assert_eq!(wording::by_form(None, &by_mail, false), "", "there is nothing to say of it");
}

#[test]
fn stop_and_start_are_reported() {
    let all = [
        wording::stopped("Ann *A*"),
        wording::started("Ann *A*"),
        wording::is_opted_out(),
        wording::refused_by_twilio(),
        wording::opted_out_by(&dana()),
        wording::NOT_SENT_STOP.to_owned(),
    ];
    assert_snapshot!(all.join("\n"), @r"
        🔕 Ann \*A\* texted STOP. Nothing can be sent until START.
        🔔 Ann \*A\* texted START. Texts are welcome again.
        🔕 This customer texted STOP earlier. Nothing can be sent until START.
        🔕 Twilio says that this customer wants no more texts (21610). Nothing can be sent until the customer texts START.
        🔕 Dana switched texts to this customer off. They come on again when the customer texts START.
        🔕 **Not sent.** The customer texted STOP. Nothing can be sent until the customer texts START.
        ");
}

#[test]
fn the_space_and_the_lobby_read_who_answers() {
    let all = [
        wording::please_answer(&kim()),
        wording::who_waits("Ann *A*", wording::OUTSIDE_HOURS),
        wording::who_waits(CUSTOMER, wording::NOBODY_THERE),
        wording::claimed(&dana(), None),
        wording::claimed(&dana(), Some(&dana())),
        wording::claimed(&dana(), Some(&kim())),
        wording::released(&dana()),
        wording::closed(&dana(), None),
        wording::closed(&dana(), Some("<b>paid</b>")),
        wording::named("Ann *A*"),
        wording::ringing(&dana()),
        wording::no_phone(&dana()),
        wording::erase_sure("Ann *A*"),
        wording::erased(true),
        wording::erased(false),
    ];
    assert_snapshot!(all.join("\n"), @r"
        <@personId:Y2lzY29zcGFyazovLkim|Kim> please answer: nobody else is here.
        **Ann \*A\*** waits for an answer: outside hours.
        **+352691496401** waits for an answer: nobody of the team is there.
        **Dana** has it.
        **Dana** has it.
        **Dana** has it now, instead of Kim.
        Dana gave it back. The customer's next text looks for somebody.
        Closed by Dana. It opens again when the customer writes.
        Closed by Dana. &lt;b&gt;paid&lt;/b&gt; It opens again when the customer writes.
        The customer is called **Ann \*A\*** from now on.
        Your phone rings, Dana. Press 1, and the customer is called.
        I don't know your number, Dana: it belongs to `agents` in the configuration.
        This forgets everything that was said with **Ann \*A\***, for good. To do it, write `/erase yes` within ten minutes.
        Forgotten: all that was known of this customer is removed from Handbell. That the number wants no texts is still known, so that it gets none. Backups of the table forget them within 35 days.

        What remains is not Handbell's: this space at Webex (delete it there), what was posted in the lobby and for those who wait, and Twilio's log of texts, calls and recordings (Console → Monitor → Logs, or wait until Twilio's own retention removes them).
        Forgotten: all that was known of this customer is removed from Handbell. Backups of the table forget them within 35 days.

        What remains is not Handbell's: this space at Webex (delete it there), what was posted in the lobby and for those who wait, and Twilio's log of texts, calls and recordings (Console → Monitor → Logs, or wait until Twilio's own retention removes them).
        ");
}

#[test]
fn a_message_that_stays_is_explained() {
    let explicit = Answers::Explicit;
    let all = [
        wording::NOT_SENT_NO_NUMBER.to_owned(),
        wording::NOT_SENT_COUNTRY.to_owned(),
        wording::not_sent_limit(Limits::default()),
        wording::not_sent_unconfirmed(&"+12025550100".parse().unwrap()),
        wording::only_by_mail(&wording::not_sent_unconfirmed(&"+12025550100".parse().unwrap())),
        wording::FILES_STAY.to_owned(),
        wording::no_canned("<x>", &line()),
        wording::stays(&KeptReason::Unknown("/cal*".into()), Visibility::Everything, explicit).unwrap(),
        wording::stays(&KeptReason::NotAddressed, Visibility::OnlyMentions, explicit).unwrap(),
        wording::stays(&KeptReason::NotAddressed, Visibility::Everything, Answers::Everything).unwrap(),
        wording::stays(&KeptReason::Outsider, Visibility::Everything, explicit).unwrap(),
        wording::LIMIT_REACHED.to_owned(),
        wording::limit_reached("Support", 2000),
    ];
    assert_snapshot!(all.join("\n"), @r"
        **Not sent.** This customer has no number that texts or calls can go to.
        **Not sent.** Texts to this country are not allowed on this line (`countries` in the configuration).
        **Not sent.** More than 20 answers in a minute or 200 in a day went to this customer. Write it again later.
        **Not sent.** No text ever came from this customer's number. It gets texts as soon as it texts +12025550100.
        It goes by mail only. No text ever came from this customer's number. It gets texts as soon as it texts +12025550100.
        Its files stay here: files don't go by mail.
        **Not sent.** There is no answer called &lt;x&gt;. There are: `Times`.
        **Not sent.** I don't know /cal\*. `/help` lists the commands; a text that begins with / is sent with `/reply`.
        **Not sent.** Only what begins with a mention of me and **`/reply`** goes to the customer; everything else stays here. Mention me and write `/help` for the commands.
        **Not sent.** What stands in a thread stays here: it may belong to a whisper. Begin with `/reply` to send it.
        **Not sent.** Customers hear only people of our organisation and those who stand among the line's `agents`.
        the line's limit for today is reached (parts_per_day); the admins are told
        The line Support has sent 2000 parts of texts today, which is its limit (parts_per_day). Answers to customers stay here until midnight UTC, and the agents are told so. Raise the limit in the configuration if this is right.
        ");
    assert_eq!(wording::stays(&KeptReason::NotAddressed, Visibility::Everything, explicit), None);
    for why in
        [KeptReason::Echo, KeptReason::Machine, KeptReason::Whisper, KeptReason::Mention, KeptReason::Empty]
    {
        assert_eq!(wording::stays(&why, Visibility::OnlyMentions, explicit), None);
        assert_eq!(wording::stays(&why, Visibility::Everything, Answers::Everything), None);
    }
}

#[test]
fn a_long_text_is_announced_with_its_price() {
    let long =
        |text: &str, class, held| wording::long_text(&segments(text), class, SignedDuration::from_secs(held));
    assert_snapshot!(long(&"a".repeat(900), PriceClass::Domestic, 10), @"This is a long text: 6 parts, domestic price for each. It leaves in 10 s unless you delete it.");
    assert_snapshot!(long(&"ж".repeat(300), PriceClass::International, 60), @"This is a long text: 5 parts because of “ж”, which makes them shorter, international price for each. It leaves in 1 min unless you delete it.");
}

#[test]
fn a_withdrawn_answer_is_reported() {
    let taken = |changed, now: Option<&str>| TakenBack {
        reply: 2,
        changed,
        by: "Dana_1".to_owned(),
        now: now.map(str::to_owned),
    };
    let all = [
        (taken(true, Some("at ten")), true),
        (taken(true, None), true),
        (taken(true, Some("at ten")), false),
        (taken(false, None), true),
        (taken(false, None), false),
    ];
    assert_snapshot!(all.map(|(taken, in_time)| wording::taken_back(&taken, in_time)).join("\n"), @r"
        ✏️ Dana\_1 changed an answer before it left. Only what it says now is sent.
        ✏️ Dana\_1 changed an answer before it left. The customer got nothing.
        ✏️ Dana\_1 changed an answer that was **already sent**. The customer has it as it was first; write again to correct it.
        🗑️ Dana\_1 took an answer back before it left. The customer got nothing.
        🗑️ Dana\_1 deleted an answer that was **already sent**. It is on the customer's phone.
        ");
}

#[test]
fn who_shows_what_is_known_of_the_customer() {
    let zone = words().zone;
    let conversation =
        Conversation { email: Some("ann_a@example.com".parse().unwrap()), assignee: Some(dana()), ..known() };
    let sender = Sender { opted_out: Some(after(60)), ..Sender::default() };
    assert_snapshot!(wording::who(&conversation, &sender, &zone), @r"
        The customer is **Ann \*A\***.  
        Number: +352691496401  
        Mail: ann\_a@example.com  
        **Dana** has it.  
        The customer waits for an answer since 2026-03-02 08:00.  
        🔕 No texts since 2026-03-02 08:01.  
        Open since 2026-03-02 08:00.
        ");
    let conversation = Conversation { name: None, waiting_since: None, ..known() };
    assert_snapshot!(wording::who(&conversation, &Sender::default(), &zone), @"
        The customer is **+352691496401**.  
        Nobody has it.  
        Open since 2026-03-02 08:00.
        ");
}

#[test]
fn hours_shows_the_opening_hours() {
    let hours: Hours = serde_json::from_value(
        json!({ "week": { "mon-fri": "09:00-12:00, 13:00-18:00", "sat": "10:00-14:00" } }),
    )
    .unwrap();
    let line = Line { hours: Some(hours), ..line() };
    assert_snapshot!(wording::hours(&line, true), @"
        We are open now.  
        mon-fri: 09:00-12:00, 13:00-18:00  
        sat: 10:00-14:00
        ");
    assert_snapshot!(wording::hours(&line, false).lines().next().unwrap().trim_end(), @"We are closed now.");
    assert_snapshot!(wording::hours(&self::line(), true), @"We are always open.");
}

#[test]
fn texts_to_customers_word_for_word() {
    let all = [
        wording::connect_you("Ann"),
        wording::mail_subject("Support"),
        wording::mail("Hello Ann", "Support", "+12025550100"),
        wording::THANK_YOU.to_owned(),
        wording::NOBODY_TAKES_CALLS.to_owned(),
        wording::CONNECTING.to_owned(),
        wording::APOLOGY.to_owned(),
        wording::link("https://example.com/f/1"),
    ];
    assert_snapshot!(all.join("\n"), @"
        This is Handbell. Press 1 to be connected with Ann.
        Your message to Support
        Hello Ann

        -- 
        Support
        To answer, text or call +12025550100.

        Thank you. Your message was recorded. Goodbye.
        Nobody can take your call now. Please try again later. Goodbye.
        One moment.
        There was a problem receiving your message. Please try again later.
        File (valid for 7 days): https://example.com/f/1
        ");
}

#[test]
fn the_time_of_waiting_is_shown() {
    let waits = |seconds| wording::waits("Ann *A*", SignedDuration::from_secs(seconds));
    assert_snapshot!([-5, 59, 300, 330, 7199, 7200, 40_000, 200_000].map(waits).join("\n"), @r"
        **Ann \*A\*** has been waiting for an answer for 0 s.
        **Ann \*A\*** has been waiting for an answer for 59 s.
        **Ann \*A\*** has been waiting for an answer for 5 min.
        **Ann \*A\*** has been waiting for an answer for 5 min.
        **Ann \*A\*** has been waiting for an answer for 119 min.
        **Ann \*A\*** has been waiting for an answer for 2 h.
        **Ann \*A\*** has been waiting for an answer for 11 h.
        **Ann \*A\*** has been waiting for an answer for 2 days.
        ");
}

/// An answer's dispatch with this outcome.
fn answered(progress: Progress, why: Option<&str>, status: Option<(&str, Option<u32>)>) -> Dispatch {
    let mut room = Room::new();
    room.text("Hello");
    let mut dispatch = room.answer("Hello *Ann*\nBye").dispatches.remove(0);
    let delivery = dispatch.deliveries.get_mut(&Numbered(0)).expect("the answer");
    (delivery.progress, delivery.why) = (progress, why.map(str::to_owned));
    if let Some((status, code)) = status {
        let why = code.map(|_| "the number is out of service".to_owned());
        let receipt = Receipt { rank: 1, status: status.into(), code, id: "SM1".into(), why, last: true };
        dispatch.receipts.insert(Numbered(0), receipt);
    }
    dispatch
}

#[test]
fn the_delivery_summary_shows_the_outcome_of_an_answer() {
    let all = [
        answered(Progress::Pending, None, None),
        answered(Progress::Pending, Some("Twilio is busy"), None),
        answered(Progress::Unknown, None, None),
        answered(Progress::Sent, None, None),
        answered(Progress::Sent, None, Some(("delivered", None))),
        answered(Progress::Sent, None, Some(("undelivered", Some(30005)))),
        answered(Progress::Dead, Some("<no>"), None),
        answered(Progress::Cancelled, Some("it was taken back"), None),
        answered(Progress::Cancelled, None, None),
    ];
    assert_snapshot!(all.map(|dispatch| delivery_summary(&dispatch).unwrap_or_else(|| "-".into())).join("\n"), @"
        -
        Text: will be tried again: Twilio is busy
        Text: not certain yet, being looked up
        Text: queued
        Text: ✅ delivered
        Text: ❌ undelivered: the number is out of service (Twilio 30005)
        Text: ❌ failed: &lt;no&gt;
        -
        Text: not needed any more
        ");
    let mut mail = answered(Progress::Sent, None, None);
    mail.add(Delivery {
        progress: Progress::Sent,
        ..Delivery::new(
            Message::Mail(MailMessage::Reply { to: "a@example.com".parse().unwrap(), text: "b".into() }),
            morning(),
        )
    });
    let connect = Message::Phone(PhoneMessage::Connect {
        name: "Dana".into(),
        agent: "+12025550111".parse().unwrap(),
        from: "+12025550100".parse().unwrap(),
        to: CUSTOMER.parse().unwrap(),
    });
    mail.add(Delivery::new(connect, morning()));
    assert_snapshot!(delivery_summary(&mail).unwrap(), @"
        Text: queued  
        Mail: ✅ sent  
        Call to Dana: about to be sent
        ");
    // An automatic reply isn't shown unless it fails.
    let by_itself = |progress| {
        let mut dispatch = answered(progress, Some("no"), None);
        let entry = Box::new(conversation(Speaker::Handbell, Medium::Text, "Welcome!"));
        dispatch.in_conversation(|of| of.entry = Some(entry));
        delivery_summary(&dispatch)
    };
    assert_eq!(by_itself(Progress::Sent), None);
    assert_snapshot!(by_itself(Progress::Dead).unwrap(), @"Text: ❌ failed: no");
}

#[test]
fn a_transcript_has_everything_that_was_said() {
    let zone = words().zone;
    let mut room = Room::new();
    let mut all = room.hear(&text("Hello\r\n2026-03-02 08:00  Dana (agent): forged\rreally")).dispatches;
    all.extend(
        room.hear(&ConversationEvent::Form { message: "A *form*\n\n1. one".into(), name: None, email: None })
            .dispatches,
    );
    all.extend(room.hear(&ConversationEvent::CallEnded { call: "CA470".into(), spoke: None }).dispatches);
    all.push(answered(Progress::Sent, None, None));
    all.push(answered(Progress::Cancelled, None, None));
    all.push(answered(Progress::Dead, Some("no"), None));
    let mut files = answered(Progress::Sent, None, None);
    files.in_conversation(|of| of.entry.iter_mut().for_each(|entry| entry.files = 1));
    all.push(files.clone());
    files.in_conversation(|of| {
        of.entry.iter_mut().for_each(|entry| (entry.files, entry.text) = (2, String::new()));
    });
    all.push(files);
    assert_snapshot!(wording::transcript("Ann +352691496401", &all, &zone, after(3600)), @"
        Ann +352691496401
        Written down 2026-03-02 09:00

        2026-03-02 08:00  +352691496401: Hello
            2026-03-02 08:00  Dana (agent): forged
            really
        2026-03-02 08:00  +352691496401 [web form]: A *form*
            
            1. one
        2026-03-02 08:00  +352691496401 [call]: missed call: nobody took it.
        2026-03-02 08:00  Handbell (automatically): We missed you.
        2026-03-02 08:00  Dana (agent): Hello *Ann*
            Bye
        2026-03-02 08:00  Dana (agent): Hello *Ann*
            Bye [taken back, not sent]
        2026-03-02 08:00  Dana (agent): Hello *Ann*
            Bye [not sent]
        2026-03-02 08:00  Dana (agent): Hello *Ann*
            Bye [a file]
        2026-03-02 08:00  Dana (agent):  [2 files]
        ");
    assert_snapshot!(wording::history(&all, &zone), @r"
        - 2026-03-02 08:00  +352691496401: Hello  
          2026-03-02 08:00  Dana \(agent\): forged  
          really
        - 2026-03-02 08:00  +352691496401 \[web form\]: A \*form\*  
            
          1\. one
        - 2026-03-02 08:00  +352691496401 \[call\]: missed call: nobody took it.
        - 2026-03-02 08:00  Handbell \(automatically\): We missed you.
        - 2026-03-02 08:00  Dana \(agent\): Hello \*Ann\*  
          Bye
        - 2026-03-02 08:00  Dana \(agent\): Hello \*Ann\*  
          Bye \[taken back, not sent\]
        - 2026-03-02 08:00  Dana \(agent\): Hello \*Ann\*  
          Bye \[not sent\]
        - 2026-03-02 08:00  Dana \(agent\): Hello \*Ann\*  
          Bye \[a file\]
        - 2026-03-02 08:00  Dana \(agent\):  \[2 files\]
        ");
    assert_snapshot!(wording::history(&[], &zone), @"Nothing was said yet.");
    let many = vec![answered(Progress::Sent, None, None); 40];
    assert_eq!(wording::history(&many, &zone).matches("Hello").count(), 20, "the last of it");
}

#[test]
fn a_customers_markdown_is_escaped() {
    let customer = |text: &str| shown(&conversation(Speaker::Customer, Medium::Text, &format!("x\n{text}")));
    let all = [
        "# heading",
        "===",
        "---",
        "- item",
        "+ item",
        "* item",
        "1. one",
        "23) two",
        "> quote",
        "    code",
        "\tcode",
        "```",
        "| a | b |",
        "[x](https://evil.example)",
        "![x](y)",
        "<@all>",
        "<@personEmail:dana@example.com|Dana>",
        "<b>bold</b>",
        "&lt;",
        "**bold** __x__ ~~x~~",
        "\\*",
        "2026-03-02",
        "3.5 km",
        "-5 degrees",
        "a - b + c = d",
    ];
    let shown = all.map(|text| {
        let shown = customer(text);
        let line = shown.lines().last().and_then(|line| line.strip_prefix("> ")).expect("marked as a quote");
        line.trim_end().to_owned()
    });
    assert_snapshot!(shown.join("\n"), @r"
        \# heading
        \===
        \---
        \- item
        \+ item
        \* item
        1\. one
        23\) two
        &gt; quote
        code
        code
        \`\`\`
        \| a \| b \|
        \[x\]\(https://evil.example\)
        \!\[x\]\(y\)
        &lt;@all&gt;
        &lt;@personEmail:dana@example.com\|Dana&gt;
        &lt;b&gt;bold&lt;/b&gt;
        &amp;lt;
        \*\*bold\*\* \_\_x\_\_ \~\~x\~\~
        \\\*
        2026-03-02
        3\.5 km
        \-5 degrees
        a - b + c = d
        ");
}

/// Returns true for characters to which Markdown or Webex gives a meaning.
fn means_something(sign: char) -> bool {
    "`*_{}[]#~|!<>".contains(sign)
}

proptest! {
    #![proptest_config(chance(512))]

    #[test]
    fn a_customers_text_is_only_text(
        name in "[ -~\n]{1,20}",
        text in proptest::collection::vec("[ \t]{0,6}([-+=*>#]{1,4}|[0-9]{1,3}[.)])?[ -~]{0,20}(\r\n|\n|\r)?", 0..6),
        way in prop_oneof![Just(Medium::Text), Just(Medium::Form)],
    ) {
        let one = ConversationEntry { customer: name, ..conversation(Speaker::Customer, way, &text.concat()) };
        let shown = shown(&one);
        // The `>` at the beginning of a line is Handbell's: it shows that the customer wrote the rest.
        let lines: Vec<_> = shown.lines().collect();
        for line in lines.iter().map(|line| line.strip_prefix("> ").unwrap_or(line)) {
            if line.trim().is_empty() || line == ">" {
                continue;
            }
            prop_assert!(!line.starts_with([' ', '\t', '-', '+', '=', '>', '#']), "{:?}", line);
            let number = line.trim_start_matches(|sign: char| sign.is_ascii_digit());
            prop_assert!(number.len() == line.len() || !number.starts_with(['.', ')']), "{:?}", line);
        }
        if way == Medium::Form || lines.len() > 1 {
            let words = lines.iter().skip(1).filter(|line| !line.is_empty());
            prop_assert!(words.into_iter().all(|line| line.starts_with('>')), "nobody's words look like ours: {}", shown);
        }
        // The part before the customer's text is Handbell's. In the rest, every character with a meaning is escaped.
        let ours = shown.find("08:00").expect("the time") + 5;
        let mut quoted = false;
        for sign in shown[ours..].replace("\n> ", "\n").chars() {
            prop_assert!(quoted || !means_something(sign), "{:?} in {}", sign, shown);
            quoted = sign == '\\' && !quoted;
        }
    }
}
