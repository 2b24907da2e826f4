"""What the tests share: where the runner is, who they are there, and the people's hands."""

import os
import time
import urllib.parse

import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from webexpythonsdk import WebexAPI

ORIGIN = os.environ["HANDBELL_ORIGIN"]
WEBEX_TOKEN = "local-webex-token"
TWILIO_ACCOUNT = "AC" + "f" * 32
TWILIO_TOKEN = "local-twilio-token"
OURS, DANA, ELI = "+12025550100", "+12025550111", "+12025550112"
PATIENCE = 20


def until(what, ask):
    """Asks until there is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: it never came to that")


def state():
    return requests.get(f"{ORIGIN}/page/state", timeout=PATIENCE).json()


def trouble(**what):
    requests.put(f"{ORIGIN}/sim/trouble", json=what, timeout=PATIENCE).raise_for_status()


def no_trouble():
    requests.delete(f"{ORIGIN}/sim/trouble", timeout=PATIENCE).raise_for_status()


def webex(token=WEBEX_TOKEN, **options):
    return WebexAPI(access_token=token, base_url=f"{ORIGIN}/sim/webex/v1/", **options)


class ToTheStandIn(TwilioHttpClient):
    """Twilio's client, which only ever knows api.twilio.com, sent elsewhere."""

    def request(self, method, url, *args, **kwargs):
        asked = urllib.parse.urlsplit(url)
        assert asked.netloc == "api.twilio.com", url
        return super().request(method, url.replace("https://api.twilio.com", f"{ORIGIN}/sim/twilio"), *args, **kwargs)


def twilio(token=TWILIO_TOKEN):
    return Client(TWILIO_ACCOUNT, token, http_client=ToTheStandIn())


def phone(number):
    """What somebody sees on a phone."""
    return next((phone for phone in state()["phones"] if phone["number"] == number), {"texts": [], "call": None})


def inbox(number):
    """The texts that somebody got, oldest first."""
    return [text for text in phone(number)["texts"] if text["direction"] != "inbound"]


def hand(number, act, **what):
    """What somebody does with a phone."""
    return requests.post(f"{ORIGIN}/sim/phones/{urllib.parse.quote(number, safe='')}/{act}", json=what, timeout=PATIENCE)


def plays(number, act, **what):
    hand(number, act, **what).raise_for_status()


def behaves(number, behaviour):
    where = f"{ORIGIN}/sim/phones/{urllib.parse.quote(number, safe='')}"
    requests.put(where, json={"behaviour": behaviour}, timeout=PATIENCE).raise_for_status()


def asked(path):
    """What Twilio asked Handbell at this path, oldest first."""
    return [
        entry
        for entry in state()["wire"]
        if entry["from"] == "twilio" and entry["method"] == "POST" and urllib.parse.urlsplit(entry["url"]).path == path
    ]


AGENTS = {"alice@example.com": DANA, "bob@example.com": ELI}


def space_of(customer):
    """Who of the agents was asked to answer a customer, as a client of theirs, their phone, and the space."""

    def found():
        for agent, number in AGENTS.items():
            api = webex(f"person:{agent}")
            for room in api.rooms.list(type="group"):
                if room.title.endswith(customer):
                    return api, number, room
        return None

    return until("the customer's space", found)


def form_of(entry):
    return dict(urllib.parse.parse_qsl(entry["body"], keep_blank_values=True))
