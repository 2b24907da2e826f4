"""An agent who answers customers with the Webex SDK, and what Twilio's library finds of what they sent."""

import tempfile
import unittest
import urllib.parse
from datetime import timedelta

import requests
from twilio.base.exceptions import TwilioRestException

from stage import ORIGIN, OURS, PATIENCE, TWILIO_ACCOUNT, TWILIO_TOKEN, inbox, phone, plays, space_of, twilio, until

TOMMY, JENNY = "+12025550123", "+12025550124"
PICTURE = b"\x89PNG\r\n\x1a\n of a shelf"


class Agent(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        plays(TOMMY, "text", to=OURS, body="When do you open?")
        cls.agent, _, cls.space = space_of(TOMMY)
        until("the welcome", lambda: inbox(TOMMY))
        until("it is told of", lambda: cls.posts("received an automatic reply"))

    @classmethod
    def posts(cls, words):
        return [message for message in cls.agent.messages.list(cls.space.id) if words in (message.text or "")]

    def got(self, words):
        return until(f"the phone shows {words!r}", lambda: [text for text in inbox(TOMMY) if words in text["body"]])[0]

    def test_the_customer_s_words_are_there(self):
        self.assertTrue(self.posts("When do you open?"))
        members = {member.personEmail for member in self.agent.memberships.list(roomId=self.space.id)}
        self.assertLessEqual({"handbell@example.com", self.agent.people.me().emails[0]}, members)

    def test_an_answer_goes_out(self):
        self.agent.messages.create(self.space.id, text="We open at 9 & close at 18")
        text = self.got("We open at 9")
        self.assertEqual((text["body"], text["from"], text["media"]), ("We open at 9 & close at 18", OURS, []))
        until("it is delivered", lambda: self.got("We open at 9")["status"] == "delivered")

    def test_markdown_goes_out_as_words(self):
        self.agent.messages.create(self.space.id, markdown="**On Sundays** we open at *10*")
        self.assertEqual(self.got("On Sundays")["body"], "On Sundays we open at 10")

    def test_a_file_goes_out(self):
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(PICTURE)
            file.flush()
            self.agent.messages.create(self.space.id, text="Like this?", files=[file.name])
        until("the picture is fetched", lambda: self.got("Like this?")["media"][0]["url"])
        (media,) = self.got("Like this?")["media"]
        self.assertEqual(media["content_type"], "image/png")
        self.assertEqual(requests.get(f"{ORIGIN}{media['url']}", timeout=PATIENCE).content, PICTURE)

    def test_a_whisper_stays(self):
        self.agent.messages.create(self.space.id, text="/w he is in a hurry")
        self.agent.messages.create(self.space.id, markdown="note: he **called** yesterday")
        self.agent.messages.create(self.space.id, text="We are here until 18")
        self.got("until 18")
        shown = " ".join(text["body"] for text in inbox(TOMMY))
        self.assertNotIn("hurry", shown)
        self.assertNotIn("yesterday", shown)


class Kept(unittest.TestCase):
    """What Twilio keeps, and doesn't keep any longer."""

    @classmethod
    def setUpClass(cls):
        cls.api = twilio()

    def bytes_at(self, uri):
        """A file of Twilio's; requests leaves the password out when it is sent on to another host, and only then."""
        return requests.get(f"{ORIGIN}/sim/twilio{uri}", auth=(TWILIO_ACCOUNT, TWILIO_TOKEN), timeout=PATIENCE)

    def gone(self, ask):
        with self.assertRaises(TwilioRestException) as refused:
            ask()
        self.assertEqual((refused.exception.status, refused.exception.code), (404, 20404))

    def test_texts_are_found_by_their_time(self):
        plays(JENNY, "text", to=OURS, body="Hello?")
        text = until("it came in", lambda: self.api.messages.list(to=OURS, from_=JENNY))[0]
        self.assertEqual((text.direction, text.status, text.body, text.num_media), ("inbound", "received", "Hello?", "0"))
        at = text.date_sent

        def finds(**when):
            return text.sid in [found.sid for found in self.api.messages.list(to=OURS, from_=JENNY, **when)]

        minute, day = timedelta(minutes=1), timedelta(days=1)
        for there, when in (
            (True, {"date_sent": at.date()}),
            (False, {"date_sent": at.date() - day}),
            (True, {"date_sent_after": at - minute}),
            (False, {"date_sent_after": at + minute}),
            (True, {"date_sent_after": at.date()}),
            (True, {"date_sent_before": at + minute}),
            (False, {"date_sent_before": at - minute}),
            (True, {"date_sent_before": at.date() + day}),
            (False, {"date_sent_before": at.date() - day}),
            (True, {"date_sent_after": at - minute, "date_sent_before": at + minute}),
        ):
            with self.subTest(**when):
                self.assertEqual(finds(**when), there)

    def test_a_customer_s_picture_is_deleted_once_it_is_in_the_space(self):
        plays(JENNY, "text", to=OURS, body="look at this", media=["shelf.png"])
        text = next(text for text in self.api.messages.list(to=OURS, from_=JENNY) if text.body == "look at this")
        self.assertTrue(text.sid.startswith("MM"))
        until("Twilio keeps it no longer", lambda: not text.media.list())
        self.assertEqual(text.fetch().num_media, "0")

    def test_media(self):
        plays(JENNY, "text", to=OURS, body="and this", media=["shelf.png"])
        shown = next(text for text in phone(JENNY)["texts"] if text["body"] == "and this")["media"][0]["url"]
        sent = self.api.messages.create(to="+12025550116", from_=OURS, body="See", media_url=[f"{ORIGIN}{urllib.parse.quote(shown)}"])
        until("it is delivered", lambda: sent.fetch().status == "delivered")
        (media,) = sent.media.list()
        self.assertEqual((media.content_type, media.parent_sid), ("image/png", sent.sid))
        self.assertEqual(sent.media(media.sid).fetch().uri, media.uri)
        self.assertEqual(len(sent.media.list(date_created_after=media.date_created - timedelta(minutes=1))), 1)
        self.assertEqual(sent.media.list(date_created_after=media.date_created + timedelta(minutes=1)), [])
        picture = self.bytes_at(media.uri.removesuffix(".json"))
        self.assertEqual((picture.status_code, picture.headers["Content-Type"]), (200, "image/png"))
        self.assertEqual([hop.status_code for hop in picture.history], [307])
        self.assertTrue(picture.content.startswith(b"\x89PNG"))
        self.assertTrue(sent.media(media.sid).delete())
        self.gone(sent.media(media.sid).fetch)
        self.assertEqual(self.bytes_at(media.uri.removesuffix(".json")).status_code, 404)

    def test_recordings(self):
        teller = "+12025550115"
        call = self.api.calls.create(to=teller, from_=OURS, twiml="<Response><Record timeout='20'/></Response>")
        until("it rings", lambda: call.fetch().status == "ringing")
        plays(teller, "answer")
        until("the tone", lambda: "(beep)" in str(phone(teller)["call"]) and call.fetch().status == "in-progress")

        def spoken():
            plays(teller, "speak", text="It is broken.", seconds=4)
            plays(teller, "keys", digits="#")
            return self.api.recordings.list(call_sid=call.sid)

        (recording,) = until("it is recorded", spoken)
        self.assertEqual((recording.status, recording.source, recording.channels), ("completed", "RecordVerb", 1))
        self.assertEqual(self.api.recordings(recording.sid).fetch().duration, recording.duration)
        day = recording.date_created
        self.assertTrue(self.api.recordings.list(call_sid=call.sid, date_created_after=day - timedelta(minutes=1)))
        self.assertEqual(self.api.recordings.list(call_sid=call.sid, date_created_after=day + timedelta(minutes=1)), [])
        sound = self.bytes_at(recording.uri.replace(".json", ".mp3"))
        self.assertEqual((sound.status_code, sound.headers["Content-Type"]), (200, "audio/mpeg"))
        self.assertEqual(requests.get(recording.media_url, timeout=PATIENCE).status_code, 401)
        self.assertTrue(recording.delete())
        self.gone(self.api.recordings(recording.sid).fetch)
        self.assertEqual(self.api.recordings.list(call_sid=call.sid), [])
