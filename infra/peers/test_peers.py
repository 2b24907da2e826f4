"""The vendors' own clients, as they are published, against the stand-ins: what satisfies them is Webex and Twilio."""

import tempfile
import time
import unittest
import warnings
from datetime import timedelta

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from webexpythonsdk import ApiError, RateLimitError, WebexAPI
from webexpythonsdk.exceptions import RateLimitWarning

from stage import DANA, ELI, ORIGIN, OURS, PATIENCE, TWILIO_TOKEN, WEBEX_TOKEN, form_of, no_trouble, state, trouble, twilio, until, webex


class Webex(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = webex()
        cls.space = until("the space", lambda: [room for room in cls.api.rooms.list() if room.title == "Green Power"])[0]
        until("the third press's post", lambda: cls.find("phone is ringing"))

    @classmethod
    def find(cls, words):
        return [message for message in cls.api.messages.list(cls.space.id) if words in (message.text or "")]

    def tearDown(self):
        no_trouble()

    def test_people(self):
        me = self.api.people.me()
        self.assertTrue(me.id)
        self.assertEqual(me.emails, ["handbell@example.com"])
        self.assertEqual(self.api.people.get(me.id).displayName, me.displayName)
        self.assertEqual([person.id for person in self.api.people.list(email=me.emails[0])], [me.id])

    def test_rooms_page_by_page(self):
        made = [self.api.rooms.create(f"Room {number}") for number in range(5)]
        self.assertIsNotNone(made[0].created)
        titles = [room.title for room in self.api.rooms.list(max=2)]  # the client follows the Link headers
        self.assertEqual(len(titles), len(set(titles)))
        self.assertLessEqual({"Green Power", *(room.title for room in made)}, set(titles))
        wire = [entry["url"] for entry in state()["wire"] if "/rooms?" in entry["url"] and "max=2" in entry["url"]]
        self.assertGreaterEqual(len(wire), 3)
        renamed = self.api.rooms.update(made[0].id, title="Another name")
        self.assertEqual(self.api.rooms.get(made[0].id).title, renamed.title)
        for room in made:
            self.api.rooms.delete(room.id)
        with self.assertRaises(ApiError) as refused:
            self.api.rooms.get(made[0].id)
        self.assertEqual(refused.exception.status_code, 404)
        self.assertTrue(refused.exception.message)

    def test_memberships(self):
        members = {member.personEmail: member for member in self.api.memberships.list(roomId=self.space.id)}
        self.assertEqual(set(members), {"handbell@example.com", "alice@example.com", "bob@example.com"})
        self.assertTrue(members["alice@example.com"].isModerator)
        self.assertFalse(members["bob@example.com"].isModerator)
        room = self.api.rooms.create("Members")
        carol = self.api.memberships.create(room.id, personEmail="carol@example.com")
        with self.assertRaises(ApiError) as refused:
            self.api.memberships.create(room.id, personEmail="carol@example.com")
        self.assertEqual(refused.exception.status_code, 409)
        self.assertTrue(self.api.memberships.update(carol.id, isModerator=True).isModerator)
        self.api.memberships.delete(carol.id)
        self.assertEqual(len(list(self.api.memberships.list(roomId=room.id))), 1)
        self.api.rooms.delete(room.id)

    def test_what_handbell_posted_and_its_files(self):
        messages = list(self.api.messages.list(self.space.id, max=1))  # every page holds one
        self.assertEqual([message.created for message in messages], sorted((message.created for message in messages), reverse=True))
        first = next(message for message in messages if "Help is needed" in message.text)
        self.assertIn("**green**", first.markdown)
        self.assertIn("<p>", first.html)
        picture = requests.get(first.files[0], headers={"Authorization": f"Bearer {WEBEX_TOKEN}"}, timeout=PATIENCE)
        self.assertEqual(picture.headers["Content-Type"], "image/png")
        self.assertIn("dashboard.png", picture.headers["Content-Disposition"])
        self.assertTrue(picture.content.startswith(b"\x89PNG\r\n\x1a\n"))
        form = next(message for message in messages if "Print and fill in" in message.text)
        self.assertTrue(requests.get(form.files[0], headers={"Authorization": f"Bearer {WEBEX_TOKEN}"}, timeout=PATIENCE).content.startswith(b"%PDF-"))
        self.assertEqual(requests.get(form.files[0], timeout=PATIENCE).status_code, 401)

    def test_a_message_is_written_edited_and_deleted(self):
        written = self.api.messages.create(self.space.id, markdown="**Here** it is")
        self.assertEqual((written.text, written.personEmail), ("Here it is", "handbell@example.com"))
        answer = self.api.messages.create(self.space.id, parentId=written.id, text="An answer")
        self.assertEqual([message.id for message in self.api.messages.list(self.space.id, parentId=written.id)], [answer.id])
        edited = self.api.messages.update(messageId=written.id, roomId=self.space.id, markdown="**There** it is")
        self.assertEqual(edited.text, "There it is")
        self.assertIsNotNone(edited.updated)
        for message in (answer, written):
            self.api.messages.delete(message.id)
        with self.assertRaises(ApiError) as refused:
            self.api.messages.get(written.id)
        self.assertEqual(refused.exception.status_code, 404)

    def test_a_file_is_uploaded_and_comes_back(self):
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write("Straße\n".encode())
            file.flush()
            written = self.api.messages.create(self.space.id, text="A file", files=[file.name])
        read = requests.get(written.files[0], headers={"Authorization": f"Bearer {WEBEX_TOKEN}"}, timeout=PATIENCE)
        self.assertEqual(read.content.decode(), "Straße\n")
        self.assertTrue(read.headers["Content-Type"].startswith("text/plain"))
        self.api.messages.delete(written.id)

    def test_a_direct_message(self):
        written = self.api.messages.create(toPersonEmail="alice@example.com", text="Only for you")
        self.assertEqual(written.roomType, "direct")
        self.assertEqual([message.text for message in self.api.messages.list_direct(personEmail="alice@example.com")], ["Only for you"])

    def test_webhooks(self):
        made = self.api.webhooks.create(
            name="peers", targetUrl=f"{ORIGIN}/webex", resource="messages", event="created",
            filter=f"roomId={self.space.id}", secret="a secret of the peers",
        )
        self.assertEqual((made.status, made.resource, made.event), ("active", "messages", "created"))
        self.assertIn(made.id, [webhook.id for webhook in self.api.webhooks.list(max=1)])
        changed = self.api.webhooks.update(made.id, name="peers again", targetUrl=f"{ORIGIN}/webex")
        self.assertEqual(self.api.webhooks.get(made.id).name, changed.name)
        self.api.webhooks.delete(made.id)
        with self.assertRaises(ApiError) as refused:
            self.api.webhooks.get(made.id)
        self.assertEqual(refused.exception.status_code, 404)

    def test_a_429_is_honoured(self):
        trouble(vendor="webex", kind="429", seconds=1)
        began = time.monotonic()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.assertEqual(self.api.people.me().emails, ["handbell@example.com"])  # the client waits as it is told
        self.assertGreaterEqual(time.monotonic() - began, 1)
        self.assertTrue([warning for warning in caught if issubclass(warning.category, RateLimitWarning)])
        trouble(vendor="webex", kind="429")
        with self.assertRaises(RateLimitError) as refused:
            webex(wait_on_rate_limit=False).people.me()
        self.assertEqual(refused.exception.retry_after, 1)

    def test_a_wrong_token(self):
        with self.assertRaises(ApiError) as refused:
            WebexAPI(access_token="somebody else's", base_url=f"{ORIGIN}/sim/webex/v1/").people.me()
        self.assertEqual(refused.exception.status_code, 401)


class Twilio(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = twilio()
        until("the call", lambda: cls.api.calls.list(to=DANA))
        until("the texts", lambda: all(cls.api.messages.list(to=to, from_=OURS) for to in (DANA, ELI)))

    def tearDown(self):
        no_trouble()

    def test_messages(self):
        text = until("the text is delivered", lambda: [text for text in self.api.messages.list(to=DANA) if text.status == "delivered" and "Check Webex" in text.body])[0]
        self.assertEqual((text.from_, text.direction, text.num_segments, text.error_code), (OURS, "outbound-api", "1", None))
        self.assertIsNotNone(text.date_created.tzinfo)
        self.assertEqual(self.api.messages(text.sid).fetch().body, text.body)
        day = text.date_sent
        self.assertIn(text.sid, [found.sid for found in self.api.messages.list(date_sent=day.date())])
        self.assertIn(text.sid, [found.sid for found in self.api.messages.list(date_sent_after=day - timedelta(minutes=1))])
        self.assertNotIn(text.sid, [found.sid for found in self.api.messages.list(date_sent_after=day + timedelta(minutes=1))])

    def test_a_text_is_sent_redacted_and_deleted(self):
        sent = self.api.messages.create(to="+12025550119", from_=OURS, body="Zwölf Boxkämpfer ✅")
        self.assertTrue(sent.sid.startswith("SM"))
        self.assertEqual(sent.status, "queued")
        with self.assertRaises(TwilioRestException) as refused:
            sent.delete()
        self.assertEqual((refused.exception.status, refused.exception.code), (409, 20009))
        until("it is delivered", lambda: sent.fetch().status == "delivered")
        self.assertEqual(sent.fetch().body, "Zwölf Boxkämpfer ✅")
        self.assertEqual(sent.update(body="").body, "")
        self.assertTrue(sent.delete())
        with self.assertRaises(TwilioRestException) as refused:
            sent.fetch()
        self.assertEqual((refused.exception.status, refused.exception.code), (404, 20404))

    def test_messages_page_by_page(self):
        sent = {self.api.messages.create(to="+12025550118", from_=OURS, body=f"Number {number}").sid for number in range(5)}
        found = [text.sid for text in self.api.messages.stream(to="+12025550118", page_size=2)]
        self.assertEqual((len(found), set(found)), (5, sent))
        page = self.api.messages.page(to="+12025550118", page_size=2)
        following = page.next_page()
        self.assertEqual(len({text.sid for text in [*page, *following]}), 4)

    def test_calls(self):
        call = self.api.calls.list(to=DANA)[0]
        self.assertTrue(call.sid.startswith("CA"))
        self.assertEqual((call._from, call.direction), (OURS, "outbound-api"))
        self.assertIn(self.api.calls(call.sid).fetch().status, ("queued", "ringing", "in-progress", "completed", "no-answer"))
        placed = self.api.calls.create(to="+12025550117", from_=OURS, twiml="<Response><Say>Hello</Say></Response>")
        until("it rings", lambda: placed.fetch().status == "ringing")
        self.assertIn(placed.sid, [call.sid for call in self.api.calls.list(status="ringing")])
        self.assertIn(placed.update(status="completed").status, ("completed", "canceled"))

    def test_refusals_have_twilio_s_codes(self):
        for code, ask in {
            21211: lambda: self.api.messages.create(to="12", from_=OURS, body="Hello"),
            21606: lambda: self.api.messages.create(to=DANA, from_="+12025550199", body="Hello"),
            21602: lambda: self.api.messages.create(to=DANA, from_=OURS),
            21617: lambda: self.api.messages.create(to=DANA, from_=OURS, body="x" * 1601),
            21610: lambda: self.api.messages.create(to="+15005550004", from_=OURS, body="Hello"),
            20404: lambda: self.api.messages("SM" + "0" * 32).fetch(),
            20003: lambda: twilio("wrong").messages("SM" + "0" * 32).fetch(),
        }.items():
            with self.subTest(code=code), self.assertRaises(TwilioRestException) as refused:
                ask()
            self.assertEqual(refused.exception.code, code)
            self.assertTrue(refused.exception.msg)

    def test_a_429_is_told(self):
        trouble(vendor="twilio", kind="429")
        with self.assertRaises(TwilioRestException) as refused:
            self.api.messages.create(to=DANA, from_=OURS, body="Hello")
        self.assertEqual(refused.exception.status, 429)
        self.assertNotIn("Hello", [text["body"] for phone in state()["phones"] for text in phone["texts"]])


class Signatures(unittest.TestCase):
    """Our signatures by Twilio's own validator, and Twilio's own signatures by our handlers."""

    @classmethod
    def setUpClass(cls):
        cls.validator = RequestValidator(TWILIO_TOKEN)

        def reported():
            status = [entry for entry in cls.signed() if "/twilio/sms/status?d=" in entry["url"] and "MessageStatus=delivered" in entry["body"]]
            call = [entry for entry in cls.signed() if "/twilio/voice" in entry["url"]]
            return status if status and call else None

        cls.status = until("texts and calls are reported on", reported)[0]

    @staticmethod
    def signed():
        return [entry for entry in state()["wire"] if entry["from"] == "twilio" and "x-twilio-signature" in dict(entry["headers"])]

    def test_the_stand_in_signs_as_twilio_does(self):
        entries = self.signed()
        self.assertGreaterEqual(len(entries), 6)
        for entry in entries:
            signature = dict(entry["headers"])["x-twilio-signature"]
            with self.subTest(url=entry["url"]):
                self.assertEqual(entry["verdict"], "signed")
                self.assertTrue(self.validator.validate(entry["url"], form_of(entry), signature))
                self.assertFalse(self.validator.validate(entry["url"], {**form_of(entry), "From": "+12025550199"}, signature))
                self.assertFalse(RequestValidator("another token").validate(entry["url"], form_of(entry), signature))

    def test_what_twilio_signs_is_accepted(self):
        self.assertEqual(self.post(self.status["url"], form_of(self.status)), 200)
        # Parameters that nobody has heard of yet are signed like all others.
        self.assertEqual(self.post(self.status["url"], {**form_of(self.status), "Zukunft": "ä ö & = +", "A": ""}), 200)

    def test_what_was_tampered_with_is_refused(self):
        form = form_of(self.status)
        signature = self.validator.compute_signature(self.status["url"], form)
        other = self.status["url"][:-1] + ("2" if self.status["url"].endswith("1") else "1")
        for what, url, sent, header in (
            ("another status", self.status["url"], {**form, "MessageStatus": "failed"}, signature),
            ("one parameter more", self.status["url"], {**form, "ErrorCode": "30003"}, signature),
            ("one parameter less", self.status["url"], {name: value for name, value in form.items() if name != "To"}, signature),
            ("another delivery", other, form, signature),
            ("another token", self.status["url"], form, RequestValidator("another token").compute_signature(self.status["url"], form)),
            ("no signature", self.status["url"], form, None),
        ):
            with self.subTest(what):
                self.assertEqual(self.post(url, sent, header), 403)
        refused = [entry for entry in state()["wire"] if entry["status"] == 403]
        self.assertEqual({entry["verdict"] for entry in refused}, {"refused"})

    def post(self, url, form, signature=""):
        if signature == "":
            signature = self.validator.compute_signature(url, form)
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        return requests.post(url, data=form, headers=headers, timeout=PATIENCE).status_code
