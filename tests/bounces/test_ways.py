"""The ways by which mail comes back: our own server, a mailbox, and the pages that set them up."""

import asyncio
import smtplib
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes

import pytest
from sqlalchemy import select

from mailer.bounces import poll
from mailer.bounces.inbound import Inbound, protocol
from mailer.bounces.models import Encryption, Protocol, Return, ReturnMailbox, Trust, Via
from mailer.bounces.poll import poll_mailbox, poll_mailboxes, save_mailbox
from mailer.bounces.receive import receive
from mailer.consent.suppress import suppression_of
from mailer.db import db
from mailer.delivery import send
from mailer.delivery.domains import set_return_path
from mailer.delivery.models import SendingDomain
from mailer.lib.return_paths import Purpose, ReturnPaths
from tests.bounces.test_receive import BEN, bounce
from tests.delivery.conftest import bread, deliveries, launch, readers, smtp
from tests.support.serving import serving

__all__ = ["bread", "launch", "readers", "smtp"]


@pytest.fixture
def sent(app, workspace, bread, readers, launch, smtp):
    """A campaign whose bounces come back to signed addresses; what its server took."""
    domain = SendingDomain(workspace_id=workspace.id, domain="bakery.example")
    db.session.add(domain)
    set_return_path(domain, "back.bakery.example")
    launch(bread)
    send.deliver_due()
    db.session.commit()
    return smtp.received


def test_each_mail_has_a_return_address_and_an_unsubscribe_address_of_its_own(sent, settings):
    paths = ReturnPaths(settings.secret_key)
    rows = deliveries()

    for mail in sent:
        token = paths.read(mail.sender)
        assert (token.purpose, token.delivery_id) == (Purpose.BOUNCE, rows[mail.recipient].id)
        assert len(mail.sender.partition("@")[0]) <= 64
        leave = paths.read(str(message_from_bytes(mail.data)["List-Unsubscribe"]))
        assert (leave.purpose, leave.delivery_id) == (Purpose.UNSUBSCRIBE, rows[mail.recipient].id)
    assert len({mail.sender for mail in sent}) == len(sent)


@contextmanager
def listening(app, *, is_lmtp):
    """Run our own server in a thread; yields its port."""
    loop = asyncio.new_event_loop()
    inbound = Inbound(app.app_context)

    async def begin():
        return await loop.create_server(lambda: protocol(inbound, is_lmtp=is_lmtp), "127.0.0.1", 0)

    server = loop.run_until_complete(begin())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.mark.parametrize("is_lmtp", [True, False])
def test_our_own_server_takes_what_is_ours_and_nothing_else(app, sent, workspace, is_lmtp):
    client_of = smtplib.LMTP if is_lmtp else smtplib.SMTP
    with listening(app, is_lmtp=is_lmtp) as port, client_of("127.0.0.1", port, timeout=30) as client:
        back = next(mail.sender for mail in sent if mail.recipient == BEN)
        client.sendmail("", [back], bounce())
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("", ["anybody@back.bakery.example"], bounce())

    db.session.rollback()
    (returned,) = db.session.scalars(select(Return)).all()
    assert (returned.via, returned.trust) == (Via.LISTENER, Trust.TOKEN)
    assert suppression_of(workspace.id, BEN) is not None


class Pop3(socketserver.StreamRequestHandler):
    """The few commands of RFC 1939 that a mailbox is read by."""

    def handle(self):
        mails, gone = self.server.mails, set()
        self.say("+OK ready")
        for line in self.rfile:
            command, *rest = line.decode().split()
            if command == "PASS" and rest != ["secret"]:
                self.say("-ERR no such password")
            elif command == "LIST":
                listed = [f"{number} {len(mail)}" for number, mail in enumerate(mails, 1)]
                self.say("\r\n".join(["+OK", *listed, "."]))
            elif command == "RETR":
                self.say("+OK")
                self.wfile.write(mails[int(rest[0]) - 1].replace(b"\n", b"\r\n") + b"\r\n.\r\n")
            elif command == "QUIT":
                # Before the answer, after which whoever asked looks at what is left (RFC 1939 6).
                self.server.mails = [mail for number, mail in enumerate(mails, 1) if number not in gone]
                self.say("+OK")
                return
            else:
                if command == "DELE" and self.server.breaks:
                    self.server.breaks -= 1
                    return
                gone |= {int(rest[0])} if command == "DELE" else set()
                self.say("+OK")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


class Imap(socketserver.StreamRequestHandler):
    """The few commands of RFC 3501; a mail's place in ``mails`` is its UID, and None is where one was."""

    def handle(self):
        mails, seen = self.server.mails, self.server.seen
        self.say("* OK ready")
        for line in self.rfile:
            tag, command, *rest = line.decode().split()
            if command == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            elif rest[:1] == ["SEARCH"]:
                unseen = [str(uid) for uid, mail in enumerate(mails) if mail and uid not in seen]
                self.say(" ".join(["* SEARCH", *unseen]))
            elif rest[:1] == ["FETCH"]:
                mail = mails[int(rest[1])]
                self.say(f"* 1 FETCH (UID {rest[1]} BODY[]<0> {{{len(mail)}}}")
                self.wfile.write(mail + b")\r\n")
            elif rest[:1] == ["STORE"]:
                if self.server.breaks:
                    self.server.breaks -= 1
                    return
                seen.add(int(rest[1]))
                if "Deleted" in rest[3]:
                    mails[int(rest[1])] = None
            self.say(f"{tag} OK done")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def mailbox_server(handler):
    """Run a mailbox's server on this machine.

    ``mails`` is what is in it; ``breaks`` is how often the line breaks just when we let go of a mail.
    """
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.mails, server.seen, server.breaks = [], set(), 0
        with serving(server):
            yield server


@pytest.fixture
def pop3():
    with mailbox_server(Pop3) as server:
        yield server


def mailbox(workspace, server, *, password="secret", **fields):
    made = ReturnMailbox(
        workspace_id=workspace.id,
        protocol=Protocol.IMAP if server.RequestHandlerClass is Imap else Protocol.POP3,
        encryption=Encryption.OFF,
        host="127.0.0.1",
        port=server.server_address[1],
        user="ana",
        **fields,
    )
    save_mailbox(made, password=password)
    db.session.commit()
    return made


def test_a_mailbox_is_read_and_emptied_only_of_what_was_kept(sent, workspace, pop3):
    named = next(mail.sender for mail in sent if mail.recipient == BEN)
    pop3.mails = [
        bounce().replace(b"To: news@bakery.example", f"To: {named}".encode()),
        b"Subject: hello\n\nHello",
    ]
    mailbox(workspace, pop3, is_emptied=True)

    assert poll_mailbox(workspace.id) == 2

    assert suppression_of(workspace.id, BEN) is not None
    assert {each.via for each in db.session.scalars(select(Return))} == {Via.MAILBOX}


def test_what_stays_in_a_mailbox_is_written_down_once(sent, workspace, pop3):
    pop3.mails = [bounce()]
    mailbox(workspace, pop3)

    poll_mailbox(workspace.id)
    poll_mailbox(workspace.id)

    assert len(db.session.scalars(select(Return)).all()) == 1
    assert len(pop3.mails) == 1


@pytest.mark.parametrize("handler", [Imap, Pop3])
def test_after_a_crash_between_keeping_and_letting_go_each_mail_is_kept_once(sent, workspace, handler):
    with mailbox_server(handler) as server:
        server.mails = [bounce().replace(BEN.encode(), BEN.replace("0", str(n)).encode()) for n in range(3)]
        server.breaks = 2
        mailbox(workspace, server, is_emptied=True)

        for _ in range(4):
            poll_mailbox(workspace.id)

        assert not any(server.mails)
    assert len(db.session.scalars(select(Return)).all()) == 3
    assert db.session.get_one(ReturnMailbox, workspace.id).problem == ""


def test_a_mail_that_cannot_be_kept_stays_and_holds_nothing_up(sent, workspace, pop3, monkeypatch):
    worst = b"Subject: nothing that we could foresee\n\n"

    def may_break(raw, **given):
        if raw.startswith(b"Subject: nothing"):
            raise ValueError("a fault of ours")
        return receive(raw, **given)

    monkeypatch.setattr(poll, "receive", may_break)
    pop3.mails = [worst, bounce()]
    mailbox(workspace, pop3, is_emptied=True)

    assert poll_mailbox(workspace.id) == 1
    assert pop3.mails == [worst]


def test_a_mailbox_in_trouble_says_what_its_server_said_and_harms_no_other(
    sent, workspace, other_workspace, pop3
):
    pop3.mails = [bounce()]
    broken = mailbox(other_workspace, pop3, password="wrong")
    mailbox(workspace, pop3)

    poll_mailboxes()

    db.session.refresh(broken)
    assert "no such password" in broken.problem
    assert len(db.session.scalars(select(Return)).all()) == 1


def test_the_pages_show_and_change_the_ways(client, sign_in, ana, workspace, sent):
    sign_in(ana)
    here = f"/w/{workspace.slug}"
    domain = db.session.scalars(select(SendingDomain)).one()

    assert client.get(f"{here}/settings/returns").status_code == 200
    assert client.get(f"{here}/returns").status_code == 200
    rules = {"soft_limit": 3, "within_days": 14}
    assert client.post(f"{here}/settings/returns", data=rules).status_code == 302
    wrong = client.post(f"{here}/settings/returns", data={"soft_limit": 99, "within_days": 14})
    assert wrong.status_code == 422
    hook = client.post(f"{here}/settings/returns/hooks", data={"provider": "generic"}, follow_redirects=True)
    assert "whsec_" in hook.text
    path = client.post(
        f"{here}/settings/returns/domains/{domain.public_id}", data={"return_path": "b.bakery.example"}
    )
    assert path.status_code == 302
    db.session.refresh(domain)
    assert domain.return_path == "b.bakery.example"


def test_a_mailbox_that_moves_asks_for_the_password_again(client, sign_in, ana, workspace, pop3):
    mailbox(workspace, pop3)
    sign_in(ana)
    typed = {"protocol": "pop3", "encryption": "off", "host": "evil.example", "port": 110, "user": "ana"}

    answer = client.post(f"/w/{workspace.slug}/settings/returns/mailbox", data={**typed, "folder": "INBOX"})

    assert answer.status_code == 422
    assert "Type the password" in answer.text
