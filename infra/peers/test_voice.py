"""What Handbell says to callers, by Twilio's own TwiML library, and signatures of Twilio's own making for all that it asks."""

import inspect
import re
import unittest
from xml.etree import ElementTree

import requests
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, Record, VoiceResponse

from stage import DANA, ORIGIN, OURS, PATIENCE, TWILIO_TOKEN, asked, behaves, form_of, hand, phone, plays, space_of, until

CALLER, CENTRE = "+12025550125", "+12025550120"
AGENT = None  # the number of the agent who calls back
PATHS = ("/twilio/sms", "/twilio/voice", "/twilio/voice/key", "/twilio/voice/dialed", "/twilio/voice/recorded")


def of_caller(path):
    return [entry for entry in asked(path) if form_of(entry).get("From") == CALLER]


def take_the_third_press():
    """It rings the phone of somebody who is an agent, too. Once it is taken, what rings there is the customer's."""
    until("it has rung", lambda: [call for call in phone(DANA).get("calls", []) if call["status"] != "queued"])
    if phone(DANA)["call"]:
        plays(DANA, "answer")
        plays(DANA, "keys", digits="1")
        hand(DANA, "hangup")  # unless Handbell has hung up already
    until("the phone is free", lambda: not phone(DANA)["call"])


def setUpModule():
    """Somebody texts, an agent calls back, and then nobody takes the customer's own call."""
    global AGENT
    take_the_third_press()
    plays(CALLER, "text", to=OURS, body="Please call me")
    agent, AGENT, space = space_of(CALLER)
    until("it is told of", lambda: [post for post in agent.messages.list(space.id) if "received an automatic reply" in (post.text or "")])
    agent.messages.create(space.id, text="/call")
    until("the agent's phone rings", lambda: phone(AGENT)["call"])
    plays(AGENT, "answer")
    plays(AGENT, "keys", digits="1")
    plays(AGENT, "hangup")
    behaves(CENTRE, "busy")
    plays(CALLER, "call", to=OURS)
    until("nobody takes it", lambda: of_caller("/twilio/voice/dialed"))

    # What is said before the tone is on no tape.
    until("the tape runs", lambda: (phone(CALLER)["call"] or {}).get("recording"))
    plays(CALLER, "speak", text="It is broken.", seconds=7)
    plays(CALLER, "keys", digits="#")
    until("the message is recorded", lambda: of_caller("/twilio/voice/recorded"))
    behaves(CENTRE, "ok")


def canonical(xml):
    return ElementTree.canonicalize(xml)


def snake(name):
    """Twilio's library names things in Python's way."""
    return re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), name[0].lower() + name[1:])


def rebuilt(element, twiml):
    """The same document again, of what the library has methods and parameters for; whatever else there is has no place in TwiML."""
    for child in element:
        verb = getattr(type(twiml), snake(child.tag), None)
        assert verb is not None, f"<{child.tag}> has no place in <{element.tag}>"
        known = inspect.signature(verb).parameters
        given = {snake(name): value for name, value in child.attrib.items()}
        assert set(given) <= set(known), f"<{child.tag}> has no {set(given) - set(known)}"
        if child.text:
            # The first parameter is the text: what is said, the number, the address.
            given[[name for name in known if name != "self"][0]] = child.text
        rebuilt(child, verb(twiml, **given))
    return twiml


class TwiML(unittest.TestCase):
    def answer(self, path, **said):
        entry = next(entry for entry in reversed(asked(path)) if said.items() <= form_of(entry).items())
        self.assertEqual(entry["status"], 200)
        return entry["answer"]

    def same(self, xml, twiml):
        self.assertEqual(canonical(xml), canonical(str(twiml)))

    def test_every_answer_is_one_that_the_library_can_write(self):
        seen = set()
        for path in PATHS:
            for entry in asked(path):
                if entry["status"] != 200:
                    continue
                with self.subTest(path=path, answer=entry["answer"]):
                    document = ElementTree.fromstring(entry["answer"].encode())
                    self.assertEqual(document.tag, "Response")
                    twiml = MessagingResponse() if path == "/twilio/sms" else VoiceResponse()
                    self.same(entry["answer"], rebuilt(document, twiml))
                    seen |= {element.tag for element in document.iter()}
        self.assertLessEqual({"Say", "Gather", "Dial", "Number", "Record", "Hangup"}, seen)

    def test_a_call_is_announced_and_passed_on(self):
        twiml = VoiceResponse()
        twiml.say("Welcome to Support. One moment, please.")
        dial = twiml.dial(timeout=20, caller_id=CALLER, action=f"{ORIGIN}/twilio/voice/dialed", method="POST")
        dial.number(CENTRE)
        self.same(self.answer("/twilio/voice", From=CALLER), twiml)

    def test_what_nobody_takes_is_recorded(self):
        twiml = VoiceResponse()
        twiml.say("Nobody can take your call. Please leave a message after the tone.")
        twiml.append(
            Record(
                action=f"{ORIGIN}/twilio/voice/recorded", method="POST", max_length=180, timeout=5,
                finish_on_key="#", play_beep=True, trim="trim-silence",
            )
        )
        twiml.hangup()
        self.same(self.answer("/twilio/voice/dialed", From=CALLER), twiml)

    def test_an_agent_says_yes_and_is_connected(self):
        asks = self.answer("/twilio/voice", To=AGENT)
        document = ElementTree.fromstring(asks.encode())
        action = document.find("Gather").get("action")
        self.assertTrue(action.startswith(f"{ORIGIN}/twilio/voice/key?d="))
        twiml = VoiceResponse()
        gather = Gather(input="dtmf", action=action, method="POST", num_digits=1, timeout=10)
        gather.say(document.find("Gather/Say").text)
        twiml.append(gather)
        twiml.hangup()
        self.same(asks, twiml)
        says = self.answer("/twilio/voice/key", To=AGENT)
        document = ElementTree.fromstring(says.encode())
        ended = document.find("Dial").get("action")
        self.assertEqual(ended, action.replace("/twilio/voice/key?", "/twilio/voice/dialed?"), "the same delivery")
        twiml = VoiceResponse()
        twiml.say(document.find("Say").text)
        dial = twiml.dial(timeout=30, time_limit=3600, caller_id=OURS, action=ended, method="POST")
        dial.number(CALLER)
        self.same(says, twiml)

    def test_a_text_is_answered_with_nothing(self):
        self.same(self.answer("/twilio/sms", From=CALLER), MessagingResponse())


class SignedByTwilio(unittest.TestCase):
    """What Twilio's own validator signs is taken at every address; with anything else about it, nothing is."""

    def post(self, url, form, signature):
        headers = {} if signature is None else {"X-Twilio-Signature": signature}
        return requests.post(url, data=form, headers=headers, timeout=PATIENCE).status_code

    def test_every_address_takes_what_twilio_signs_and_nothing_else(self):
        validator = RequestValidator(TWILIO_TOKEN)
        for path in PATHS:
            entry = asked(path)[-1]
            url, form = entry["url"], form_of(entry)
            signature = validator.compute_signature(url, form)
            more = {**form, "Zukunft": "ä ö & = +", "Empty": ""}
            for what, expected, sent, header in (
                ("as it was", 200, form, signature),
                ("a parameter that nobody has heard of", 200, more, validator.compute_signature(url, more)),
                ("somebody else", 403, {**form, "From": "+12025550199"}, signature),
                ("one parameter more", 403, more, signature),
                ("one parameter less", 403, {name: value for name, value in form.items() if name != "To"}, signature),
                ("another address", 403, form, validator.compute_signature(f"{url}?x=1", form)),
                ("another token", 403, form, RequestValidator("another token").compute_signature(url, form)),
                ("no signature", 403, form, None),
                ("another account", 403, {**form, "AccountSid": "AC" + "0" * 32}, None),
            ):
                if what == "another account":
                    header = validator.compute_signature(url, sent)
                with self.subTest(path=path, what=what):
                    self.assertEqual(self.post(url, sent, header), expected)
