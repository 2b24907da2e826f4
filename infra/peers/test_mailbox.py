"""A real mail server (Dovecot) and Python's own clients: each mail is one alert, whatever the server does meanwhile."""

import os
import pathlib
import poplib
import time
import unittest

import requests

from mail_server import POP3, PASSWORDS, MailServer, mail
from stage import DANA, PATIENCE, until

ORIGIN = os.environ["HANDBELL_DUTY_ORIGIN"]
LOG = pathlib.Path(os.environ["HANDBELL_DUTY_LOG"])


def poll():
    """The next minute comes, and with it the poll."""
    requests.post(f"{ORIGIN}/sim/clock", json={"advance": "PT61S"}, timeout=PATIENCE).raise_for_status()


def state():
    return requests.get(f"{ORIGIN}/page/state", timeout=PATIENCE).json()


def texts(words):
    """The texts to the person on call that tell of this."""
    phone = next((phone for phone in state()["phones"] if phone["number"] == DANA), {"texts": []})
    return [text["body"] for text in phone["texts"] if words in text["body"]]


def log():
    return LOG.read_text(errors="replace")


def failures(source):
    """How often the log says that a mailbox could not be read."""
    return [line for line in log().splitlines() if "a mailbox can't be read" in line and source in line]


class Mailbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = MailServer()
        cls.server.start()
        client = cls.server.imap()
        client.create("Done")
        client.logout()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        requests.delete(f"{ORIGIN}/sim/trouble", timeout=PATIENCE).raise_for_status()
        if self.server.process is None:
            self.server.start()

    def arrive(self, *mails):
        """They come into the inbox, as a client puts them there."""
        client = self.server.imap()
        for one in mails:
            self.assertEqual(client.append("INBOX", None, None, one)[0], "OK")
        client.logout()

    def told(self, words):
        return until(f"a text tells of {words!r}", lambda: texts(words))

    def nothing_new(self, name):
        """All that came before this mail has been read when this one is told."""
        self.arrive(mail(f"{name}-marker", f"PROBLEM: {name}-marker/ping is CRITICAL"))
        poll()
        self.told(f"{name}-marker")

    def in_done(self, words):
        return [one for one in self.server.files("alarm", ".Done") if words in one]

    def in_inbox(self, words, user="alarm"):
        return [one for one in self.server.files(user) if words in one]

    def test_a_mail_is_told_once_and_moved_away(self):
        self.arrive(mail("m1", "PROBLEM: db1/disk is CRITICAL"))
        poll()
        self.told("db1/disk")
        until("it is moved", lambda: self.in_done(b"db1/disk"))
        self.nothing_new("once")
        self.assertEqual(len(texts("db1/disk")), 1)
        self.assertEqual((self.in_inbox(b"db1/disk"), len(self.in_done(b"db1/disk"))), ([], 1))

    def test_the_same_mail_by_ses_and_by_imap_is_one_alert(self):
        both = mail("m2", "PROBLEM: db2/disk is CRITICAL")
        came = requests.post(f"{ORIGIN}/sim/mail?to=duty-demo@in.example.com", data=both, timeout=PATIENCE)
        self.assertEqual(came.status_code, 202)
        self.told("db2/disk")
        self.arrive(both)
        self.nothing_new("both")
        until("it is moved", lambda: self.in_done(b"db2/disk"))
        self.assertEqual(len(texts("db2/disk")), 1)
        shown = [space for space in state()["spaces"] if "db2/disk" in str(space["messages"])]
        self.assertEqual(len(shown), 1)

    def test_a_server_that_counts_anew_raises_nothing_again(self):
        self.arrive(mail("m3", "PROBLEM: db3/disk is CRITICAL"))
        poll()
        self.told("db3/disk")
        until("it is moved", lambda: self.in_done(b"db3/disk"))
        client = self.server.imap()
        client.select("Done")
        client.uid("MOVE", "1:*", "INBOX")  # somebody puts all of it back
        client.select()
        before = client.response("UIDVALIDITY")
        client.logout()
        self.server.stop()
        # Dovecot takes the second in which it makes a folder for its UIDVALIDITY.
        until("that second is over", lambda: time.time() >= int(before[1][0]) + 1)
        self.server.forget("alarm")
        self.server.start()
        client = self.server.imap()
        client.select()
        self.assertNotEqual(client.response("UIDVALIDITY"), before)
        client.logout()
        self.nothing_new("anew")
        until("it is moved again", lambda: self.in_done(b"db3/disk"))
        self.assertEqual(len(texts("db3/disk")), 1)

    def test_a_server_that_is_away_and_comes_back(self):
        self.server.stop()
        self.server.drop("alarm", mail("m4", "PROBLEM: db4/disk is CRITICAL"))
        before = len(failures("demo"))
        poll()
        until("the log says so", lambda: len(failures("demo")) > before)
        self.assertEqual(texts("db4/disk"), [])
        self.server.start()
        poll()
        self.told("db4/disk")

    def test_a_server_that_is_killed_in_the_middle(self):
        names = [f"middle{number}" for number in range(8)]
        for name in names:
            self.server.drop("alarm", mail(name, f"PROBLEM: {name}/disk is CRITICAL"))
        poll()
        until("the first one is moved", lambda: self.in_done(b"middle"))
        self.server.kill()
        self.server.start()
        self.nothing_new("middle-over")
        for name in names:
            self.told(f"{name}/disk")
            self.assertEqual(len(texts(f"{name}/disk")), 1)
            lies = self.in_done(name.encode()) + self.in_inbox(name.encode())
            self.assertEqual(len(lies), 1, f"{name}: it is still there, and once")

    def test_pop3_deletes_only_what_is_stored(self):
        self.server.drop("alarm-pop", mail("m5", "PROBLEM: db5/disk is CRITICAL"))
        requests.put(f"{ORIGIN}/sim/trouble", json={"vendor": "s3", "kind": "502-before"}, timeout=PATIENCE).raise_for_status()
        before = len(failures("old"))
        poll()
        until("the log says so", lambda: len(failures("old")) > before)
        self.assertEqual(len(self.in_inbox(b"db5/disk", "alarm-pop")), 1)
        requests.delete(f"{ORIGIN}/sim/trouble", timeout=PATIENCE).raise_for_status()
        poll()
        self.told("db5/disk")
        until("it is deleted", lambda: not self.in_inbox(b"db5/disk", "alarm-pop"))
        client = poplib.POP3("127.0.0.1", POP3, timeout=PATIENCE)
        client.user("alarm-pop")
        client.pass_(PASSWORDS["alarm-pop"])
        self.assertEqual(client.stat()[0], 0)
        client.quit()
        self.assertEqual(len(texts("db5/disk")), 1)

    def test_a_wrong_password_is_told_in_the_log_and_loses_nothing(self):
        self.server.password("alarm-locked", "another")
        self.server.drop("alarm-locked", mail("m6", "PROBLEM: db6/disk is CRITICAL"))
        poll()
        until("the log says so", lambda: [line for line in failures("locked") if "doesn't take our user and secret" in line])
        self.assertNotIn("local-mailbox", log())
        self.nothing_new("locked")  # the others are read all the same
        self.assertEqual(texts("db6/disk"), [])
        self.server.password("alarm-locked", "local-mailbox-locked")
        poll()
        self.told("db6/disk")
