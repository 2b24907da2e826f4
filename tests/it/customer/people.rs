//! The people of a conversation: a customer with a phone, agents in the customer's space, and what the team sees.

use handbell_core::conversation::Conversation;
use handbell_core::incident::Subject;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::world::{Answer, World};

/// A line with two agents, as most conversations need.
pub(crate) const LINE: &str = r##"
timezone: Europe/Paris
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "+12025550100" }
admins: { webex: [carol@example.com], sms: ["+12025550119"] }
plans:
  somebody-waits:
    space: { title: Somebody waits, participants: [carol@example.com] }
    steps:
      - post: { markdown: "Who can answer **{customer}**?" }
      - sms: [{ to: ["+12025550112"], text: "{customer} waits" }]
        after: 5m
lines:
  support:
    number: "+12025550100"
    label: Support
    agents: [{ email: alice@example.com, phone: "+12025550111" }, { email: bob@example.com }]
    lobby: Support lobby
    waiting: { after: 10m, plan: somebody-waits }
    texts:
      welcome: Thanks for signing up!
      nobody: No agents are available at the moment.
      closed: We are closed now.
      missed_call: We saw your call.
      closing: Thank you, and goodbye.
    canned: { address: "12 Main Street" }
    voice: { forward: "+12025550120", voicemail: "Please leave a message after the tone." }
    form: { secret: contact-form }
    mail: { from: support@example.com }
"##;

pub(crate) const OUR_NUMBER: &str = "+12025550100";
pub(crate) const TOMMY: &str = "+12025550123";

/// The subject of a customer of the line `support`.
pub(crate) fn subject(number: &str) -> Subject {
    Subject::customer("ACffffffffffffffffffffffffffffffff", "support", number)
}

/// A customer with a phone.
#[derive(Clone, Copy)]
pub(crate) struct Customer<'w> {
    world: &'w World,
    pub(crate) number: &'w str,
}

/// An agent in Webex, in one space.
#[derive(Clone, Copy)]
pub(crate) struct AgentAt<'w> {
    world: &'w World,
    who: &'w str,
    /// The end of the space's title.
    space: &'w str,
}

/// Everybody who sees a space.
#[derive(Clone, Copy)]
pub(crate) struct Team<'w> {
    world: &'w World,
    space: &'w str,
}

const JSON: (&str, &str) = ("content-type", "application/json");

impl World {
    pub(crate) fn customer<'w>(&'w self, number: &'w str) -> Customer<'w> {
        Customer { world: self, number }
    }

    /// Returns an agent in the space whose title ends like this.
    pub(crate) fn agent<'w>(&'w self, who: &'w str, space: &'w str) -> AgentAt<'w> {
        AgentAt { world: self, who, space }
    }

    pub(crate) fn team<'w>(&'w self, space: &'w str) -> Team<'w> {
        Team { world: self, space }
    }

    /// Returns the conversation with a customer of the line `support`, from the table.
    pub(crate) async fn conversation(&self, number: &str) -> Option<Conversation> {
        self.runner.store.conversations().conversation(&subject(number)).await.unwrap()
    }

    /// Returns everything that the table contains about a customer, as text.
    pub(crate) async fn known_of(&self, number: &str) -> String {
        let dispatches = self.runner.store.history().dispatches(&subject(number), 5000).await.unwrap();
        let conversation = self.conversation(number).await;
        serde_json::to_string(&(dispatches, conversation)).unwrap()
    }

    /// Returns every webhook that Webex has sent, with its signature.
    pub(crate) fn webex_hooks(&self) -> Vec<(Vec<(String, String)>, String)> {
        let entries = self.runner.stage.wire.entries().into_iter();
        let hooks = entries.filter(|entry| entry.from == "webex" && entry.to == "handbell");
        hooks.map(|entry| (entry.headers, entry.body)).collect()
    }

    /// Sends a webhook with this body, signed as Webex signs.
    pub(crate) async fn signed_hook(&self, body: &Value) -> Answer {
        let body = body.to_string();
        let mut mac = Hmac::<Sha1>::new_from_slice(handbell_local::runner::WEBEX_SECRET.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.send("POST", "/webex", &[JSON, ("x-spark-signature", &signature)], body).await
    }

    /// Sends a request to Webex as Handbell does.
    pub(crate) async fn as_handbell(&self, method: &str, path: &str, body: Value) -> Value {
        let headers = [JSON, ("authorization", "Bearer local-webex-token")];
        let answer = self.send(method, &format!("/sim/webex/v1/{path}"), &headers, body.to_string()).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Returns the webhooks that are registered at Webex.
    pub(crate) async fn registered_hooks(&self) -> Vec<Value> {
        self.as_handbell("GET", "webhooks", json!({})).await["items"].as_array().unwrap().clone()
    }

    /// Returns the token of a form that was just opened.
    pub(crate) async fn form_token(&self, line: &str) -> String {
        let page = self.send("GET", &format!("/contact/{line}"), &[], "").await;
        assert_eq!(page.status, 200, "{page:?}");
        let rest = page.body.split_once("name=\"token\" value=\"").expect("a token").1;
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form with this token.
    pub(crate) async fn post_form(&self, line: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<_> = fields.iter().copied().chain([("token", token)]).collect();
        let body = reqwest::Url::parse_with_params("http://x/", &fields).unwrap().query().unwrap().to_owned();
        let form = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", &format!("/contact/{line}"), &[form], body).await
    }

    /// Opens the form, fills it in and sends it.
    pub(crate) async fn fill_in(&self, line: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token(line).await;
        self.post_form(line, &token, fields).await
    }

    /// Sets a person's status in Webex.
    pub(crate) async fn presence(&self, who: &str, status: &str) {
        let path = format!("/sim/webex/people/{who}/presence");
        let answer = self.send("PUT", &path, &[JSON], json!({ "status": status }).to_string()).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    fn spaces_ending(&self, title: &str) -> Vec<Value> {
        let ends = |space: &Value| space["title"].as_str().is_some_and(|known| known.ends_with(title));
        self.spaces().into_iter().filter(ends).collect()
    }
}

impl Customer<'_> {
    fn path(self, what: &str) -> String {
        format!("/sim/phones/{}/{what}", self.number.replace('+', "%2B"))
    }

    async fn does(self, what: &str, body: Value) -> Answer {
        self.world.send("POST", &self.path(what), &[JSON], body.to_string()).await
    }

    /// Sends a text, and waits for its effects.
    pub(crate) async fn texts(self, body: &str) {
        self.texts_at_once(body).await;
        self.world.settle().await;
    }

    /// Sends a text and doesn't wait.
    pub(crate) async fn texts_at_once(self, body: &str) -> Answer {
        self.does("text", json!({ "to": OUR_NUMBER, "body": body })).await
    }

    /// Sends a text to another number of Handbell.
    pub(crate) async fn texts_to(self, to: &str, body: &str) {
        self.does("text", json!({ "to": to, "body": body })).await;
        self.world.settle().await;
    }

    /// Sends files with a text.
    pub(crate) async fn sends(self, body: &str, files: &[&str]) {
        let answer = self.does("text", json!({ "to": OUR_NUMBER, "body": body, "media": files })).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
        self.world.settle().await;
    }

    pub(crate) async fn calls(self) {
        let answer = self.does("call", json!({ "to": OUR_NUMBER })).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
        // A caller who says nothing for five seconds after the tone is not recorded any more.
        self.world.pass(3).await;
    }

    pub(crate) async fn speaks(self, seconds: u32) {
        let answer = self.does("speak", json!({ "text": "It is broken.", "seconds": seconds })).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
        self.world.settle().await;
    }

    /// Ends the call, unless it has ended.
    pub(crate) async fn hangs_up(self) {
        let answer = self.does("hangup", json!({})).await;
        assert!(answer.status / 100 == 2 || answer.status == 409, "{answer:?}");
        self.world.settle().await;
    }

    /// Returns every text that came to this phone and was not read before.
    pub(crate) fn new_texts(self) -> Vec<String> {
        self.world.new_texts(self.number)
    }

    /// Requires that exactly these texts have come since the last look.
    #[track_caller]
    pub(crate) fn reads(self, expected: &[&str]) {
        assert_eq!(self.new_texts(), expected);
    }

    #[track_caller]
    pub(crate) fn reads_nothing(self) {
        self.reads(&[]);
    }
}

impl AgentAt<'_> {
    fn token(self) -> String {
        format!("Bearer person:{}", self.who)
    }

    fn room(self) -> String {
        let spaces = self.world.spaces_ending(self.space);
        let inside = |space: &&Value| {
            let people = space["people"].as_array().unwrap();
            people.iter().any(|person| person["email"] == self.who)
        };
        let space = spaces.iter().rfind(inside).or(spaces.last());
        let space = space.unwrap_or_else(|| panic!("there is no space {:?}", self.space));
        space["id"].as_str().unwrap().to_owned()
    }

    /// Sends a request to Webex as this person.
    pub(crate) async fn asks(self, method: &str, path: &str, body: Value) -> Value {
        let token = self.token();
        let headers = [JSON, ("authorization", token.as_str())];
        let answer =
            self.world.send(method, &format!("/sim/webex/v1/{path}"), &headers, body.to_string()).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Joins the space, added by a person who is in it.
    pub(crate) async fn joins(self, brought_by: &str) {
        let by = AgentAt { who: brought_by, ..self };
        by.asks("POST", "memberships", json!({ "roomId": self.room(), "personEmail": self.who })).await;
    }

    /// Leaves the space.
    pub(crate) async fn leaves(self) {
        let path = format!("memberships?roomId={}&personEmail={}", self.room(), self.who);
        let found = self.asks("GET", &path, json!({})).await;
        let id = found["items"][0]["id"].as_str().unwrap().to_owned();
        self.asks("DELETE", &format!("memberships/{id}"), json!({})).await;
    }

    /// Writes a message, and waits for its effects. Returns the message's id.
    pub(crate) async fn says(self, markdown: &str) -> String {
        let id = self.says_at_once(markdown).await;
        self.world.settle().await;
        id
    }

    /// Writes and doesn't wait.
    pub(crate) async fn says_at_once(self, markdown: &str) -> String {
        let posted =
            self.asks("POST", "messages", json!({ "roomId": self.room(), "markdown": markdown })).await;
        let id = posted["id"].as_str().unwrap().to_owned();
        self.world.has_read(&id);
        id
    }

    /// Answers in a message's thread.
    pub(crate) async fn answers_under(self, message: &str, markdown: &str) {
        let body = json!({ "roomId": self.room(), "parentId": message, "markdown": markdown });
        let posted = self.asks("POST", "messages", body).await;
        self.world.has_read(posted["id"].as_str().unwrap());
        self.world.settle().await;
    }

    /// Writes to the bot, which sees only messages that mention it.
    pub(crate) async fn says_to_us(self, text: &str) -> String {
        self.says(&format!("<@personEmail:handbell@webex.bot|Handbell> {text}")).await
    }

    /// Sends a file, with or without text.
    pub(crate) async fn sends(self, text: &str, name: &str, kind: &str, bytes: &[u8]) -> String {
        let boundary = "a-boundary";
        let mut body = Vec::new();
        let fields = [("roomId", self.room()), ("text", text.to_owned())];
        for (field, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let token = self.token();
        let kind = format!("multipart/form-data; boundary={boundary}");
        let headers = [("content-type", kind.as_str()), ("authorization", token.as_str())];
        let answer = self.world.send("POST", "/sim/webex/v1/messages", &headers, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let posted: Value = serde_json::from_str(&answer.body).unwrap();
        let id = posted["id"].as_str().unwrap().to_owned();
        self.world.has_read(&id);
        self.world.settle().await;
        id
    }

    pub(crate) async fn edits(self, message: &str, markdown: &str) {
        let body = json!({ "roomId": self.room(), "markdown": markdown });
        self.asks("PUT", &format!("messages/{message}"), body).await;
        self.world.settle().await;
    }

    pub(crate) async fn deletes(self, message: &str) {
        self.asks("DELETE", &format!("messages/{message}"), json!({})).await;
        self.world.settle().await;
    }
}

impl Team<'_> {
    /// Returns everything in the space that was not read before, oldest first. Replies in a thread begin with `↳`.
    pub(crate) fn new_posts(self) -> Vec<String> {
        let spaces = self.world.spaces_ending(self.space);
        spaces.iter().flat_map(|space| self.world.new_posts(space)).collect()
    }

    /// Requires that exactly these posts have come since the last look; each contains the expected text.
    #[track_caller]
    pub(crate) fn sees(self, expected: &[&str]) {
        let posts = self.new_posts();
        let fits = posts.len() == expected.len()
            && posts.iter().zip(expected).all(|(post, part)| post.contains(part));
        assert!(fits, "expected {expected:#?}\nseen {posts:#?}");
    }

    #[track_caller]
    pub(crate) fn sees_nothing(self) {
        self.sees(&[]);
    }

    pub(crate) fn how_many(self) -> usize {
        self.world.spaces_ending(self.space).len()
    }
}
