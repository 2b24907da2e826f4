"""Dovecot as a mail server on this machine: IMAP and POP3 on two free ports, one maildir for each user, no root's account."""

import email.utils
import grp
import imaplib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

PATIENCE = 20
# As the runner gives the functions a value for each secret that the configuration names: local-NAME.
PASSWORDS = {"alarm": "local-mailbox-imap", "alarm-pop": "local-mailbox-pop", "alarm-locked": "local-mailbox-locked"}
IMAP, POP3 = (int(port) for port in os.environ["HANDBELL_PEERS_MAIL"].split(":"))
HOME = pathlib.Path(os.environ["HANDBELL_PEERS_MAIL_HOME"])

CONFIGURATION = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {home}/run
log_path = {home}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{home}/mail/%u
mailbox_list_index = no
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
}}
"""


class MailServer:
    """The server; it can be killed and come back, and lose its index."""

    def __init__(self):
        self.process = None
        HOME.mkdir(parents=True, exist_ok=True)
        # Dovecot lets root read no mail.
        self.owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        (HOME / "mail").mkdir(exist_ok=True)
        os.chown(HOME / "mail", self.owner.pw_uid, self.owner.pw_gid)
        self.passwords = dict(PASSWORDS)
        self.write_passwords()
        text = CONFIGURATION.format(
            home=HOME, imap=IMAP, pop3=POP3, uid=self.owner.pw_uid, gid=self.owner.pw_gid,
            user=self.owner.pw_name, group=grp.getgrgid(self.owner.pw_gid).gr_name,
        )
        (HOME / "dovecot.conf").write_text(text)

    def start(self):
        """Returns when both ports are open."""
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(HOME / "dovecot.conf")])
        end = time.monotonic() + PATIENCE
        for port in (IMAP, POP3):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    if time.monotonic() > end or self.process.poll() is not None:
                        raise AssertionError(f"dovecot doesn't come up: {self.log()}") from None
                    time.sleep(0.05)

    def stop(self):
        """Ends it, and everybody who is connected."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=PATIENCE)
            self.process = None

    def kill(self):
        """Ends all of it at once, in the middle of whatever it says."""
        master = self.process.pid
        tree = subprocess.run(["ps", "-o", "pid=", "--ppid", str(master)], capture_output=True, text=True, check=False)
        for pid in [master, *(int(pid) for pid in tree.stdout.split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(timeout=PATIENCE)
        self.process = None

    def password(self, user, password):
        """Somebody changes a password."""
        self.passwords[user] = password
        self.write_passwords()
        # It looks at the file's time in whole seconds.
        self.process.send_signal(signal.SIGHUP)

    def write_passwords(self):
        lines = [f"{user}:{{PLAIN}}{password}\n" for user, password in self.passwords.items()]
        (HOME / "users").write_text("".join(lines))

    def log(self):
        file = HOME / "dovecot.log"
        return file.read_text() if file.exists() else ""

    def forget(self, user):
        """The index and the list of numbers are lost: the server has to count anew, and says so by another UIDVALIDITY."""
        maildir = HOME / "mail" / user
        for file in [*maildir.glob("dovecot*"), *maildir.glob(".Done/dovecot*")]:
            shutil.rmtree(file) if file.is_dir() else file.unlink()

    def drop(self, user, mail):
        """A mail is delivered as a mail server does it: a file in the maildir, whole from its first moment."""
        maildir = HOME / "mail" / user
        for folder in ("tmp", "new", "cur"):
            (maildir / folder).mkdir(parents=True, exist_ok=True)
            os.chown(maildir / folder, self.owner.pw_uid, self.owner.pw_gid)
        os.chown(maildir, self.owner.pw_uid, self.owner.pw_gid)
        name = f"{time.time_ns()}.peers.localhost"
        (maildir / "tmp" / name).write_bytes(mail)
        os.chown(maildir / "tmp" / name, self.owner.pw_uid, self.owner.pw_gid)
        (maildir / "tmp" / name).rename(maildir / "new" / name)

    def files(self, user, folder=""):
        """Returns the mails in a folder, whether or not a client has read them."""
        maildir = HOME / "mail" / user / folder
        return [file.read_bytes() for part in ("new", "cur") for file in sorted((maildir / part).glob("*"))]

    @staticmethod
    def imap():
        """Python's own client, logged in."""
        client = imaplib.IMAP4("127.0.0.1", IMAP, timeout=PATIENCE)
        client.login("alarm", PASSWORDS["alarm"])
        return client


def mail(number, subject, text="Connection refused"):
    """A mail as a monitoring system writes it."""
    lines = [
        "From: Nagios <nagios@mon.example.com>",
        "To: duty@example.com",
        f"Subject: {subject}",
        f"Message-ID: <{number}@mon.example.com>",
        f"Date: {email.utils.formatdate()}",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode()
