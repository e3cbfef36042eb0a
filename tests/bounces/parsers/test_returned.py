"""Mails as programs and people send them back, each in the fewest lines that make it what it is."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.bounces.parsers.returned import Kind, read_returned


def mail(text: str) -> bytes:
    return dedent(text).lstrip("\n").encode()


REPORT = """
    From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
    To: news@bakery.example
    Subject: Undelivered Mail Returned to Sender
    Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

    --cut
    Content-Type: text/plain; charset=us-ascii

    I'm sorry to have to inform you that your message could not be delivered.

    <{recipient}>: host mx.example.org[192.0.2.1] said: {words}

    --cut
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.example.com

    Final-Recipient: rfc822; {recipient}
    Original-Recipient: rfc822;{recipient}
    Action: {action}
    Status: {status}
    Diagnostic-Code: smtp; {words}

    --cut
    Content-Type: message/rfc822

    Message-ID: <dlv_01@bakery.example>
    From: News <news@bakery.example>
    To: {recipient}
    Subject: Fresh bread

    Fresh.
    --cut--
"""


def report(words: str, *, status: str, action: str = "failed", recipient: str = "dora@example.org") -> bytes:
    return mail(REPORT.format(words=words, status=status, action=action, recipient=recipient))


@pytest.mark.parametrize(
    ("words", "status", "hard", "reason"),
    [
        (
            "550 5.1.1 <dora@example.org>: Recipient address rejected: User unknown",
            "5.1.1",
            True,
            "unknown_user",
        ),
        ("550 5.1.2 Host unknown (Name server: example.org: host not found)", "5.1.2", True, "unknown_host"),
        ("551 5.1.6 Dora has moved to dora@example.net", "5.1.6", True, "moved"),
        ("552 5.2.2 Mailbox full", "5.2.2", False, "full"),
        ("552 5.7.0 The user's quota is exceeded", "5.0.0", False, "full"),
        ("550 5.2.1 The account is disabled", "5.2.1", False, "disabled"),
        ("552 5.3.4 Message size exceeds fixed limit", "5.3.4", False, "too_large"),
        (
            "550 5.7.1 Service unavailable, client host [192.0.2.9] blocked using Spamhaus",
            "5.7.1",
            False,
            "reputation",
        ),
        (
            "550-5.7.26 Unauthenticated email from bakery.example is not accepted (DMARC)",
            "5.7.26",
            False,
            "authentication",
        ),
        ("554 5.7.1 Message rejected as spam by content filtering", "5.7.1", False, "spam"),
        ("554 5.7.1 Message contains a virus: Eicar", "5.7.1", False, "virus"),
        ("421 4.7.0 Too many messages from your network, slow down", "4.7.0", False, "rate"),
        ("554 5.4.6 Hop count exceeded - possible mail loop", "5.4.6", False, "loop"),
        ("450 4.4.1 connect to mx.example.org[192.0.2.1]:25: Connection refused", "4.4.1", False, "network"),
        ("451 4.3.0 Temporary lookup failure", "4.3.0", False, "system"),
    ],
)
def test_a_report_says_whether_the_address_is_dead(words: str, status: str, hard: bool, reason: str):
    told = read_returned(report(words, status=status))

    assert (told.kind, told.recipients) == (Kind.BOUNCE, ("dora@example.org",))
    assert told.failures[0].hard is hard
    assert told.failures[0].reason == reason
    assert told.message_ids == ("dlv_01@bakery.example",)


def test_a_filter_that_says_user_unknown_after_reading_the_message_is_not_believed():
    words = "550 User unknown (in reply to end of DATA command)"

    told = read_returned(report(words, status="5.0.0"))

    assert told.failures[0].hard is False


def test_a_delay_is_soft_whatever_its_words():
    told = read_returned(report("450 4.1.1 User unknown", status="4.1.1", action="delayed"))

    assert (told.failures[0].hard, told.failures[0].reason) == (False, "expired")


def test_a_receipt_is_no_bounce():
    assert read_returned(report("250 ok", status="2.0.0", action="delivered")).kind is Kind.DELIVERED


def test_whom_we_wrote_to_counts_where_an_alias_failed():
    raw = report("550 5.1.1 no such user", status="5.1.1").replace(
        b"Final-Recipient: rfc822; dora@", b"Final-Recipient: rfc822; d.17@inner."
    )

    assert read_returned(raw).recipients == ("dora@example.org",)


FREE_TEXT = {
    "qmail": (
        """
        From: MAILER-DAEMON@mx.example.com
        To: news@bakery.example
        Subject: failure notice

        Hi. This is the qmail-send program at mx.example.com.
        I'm afraid I wasn't able to deliver your message to the following addresses.

        <dora@example.org>:
        192.0.2.1 does not like recipient.
        Remote host said: 550 no such mailbox
        Giving up on 192.0.2.1.

        --- Below this line is a copy of the message.

        From: news@bakery.example
        To: emil@example.org
        Message-ID: <dlv_02@bakery.example>
        """,
        {"dora@example.org": True},
    ),
    "Exim, two recipients with two fates": (
        """
        From: Mail Delivery System <Mailer-Daemon@mx.example.com>
        To: news@bakery.example
        Subject: Mail delivery failed: returning message to sender

        A message that you sent could not be delivered to one or more of its
        recipients. The following address(es) failed:

          dora@example.org
            SMTP error from remote mail server after RCPT TO:<dora@example.org>:
            host mx.example.org [192.0.2.1]: 550 5.1.1 unknown user
          emil@example.org
            SMTP error from remote mail server after RCPT TO:<emil@example.org>:
            host mx.example.org [192.0.2.1]: 552 5.2.2 mailbox full

        ------ This is a copy of the message, including all the headers. ------

        From: news@bakery.example
        """,
        {"dora@example.org": True, "emil@example.org": False},
    ),
    "Exchange": (
        """
        From: System Administrator <postmaster@example.org>
        To: news@bakery.example
        Subject: Undeliverable: Fresh bread

        Your message

          To:      list@bakery.example
          Subject: Fresh bread
          Sent:    Fri, 4 Oct 2024 17:10:56 -0400

        did not reach the following recipient(s):

        dora@example.org on Fri, 4 Oct 2024 17:12:28 -0400
            The recipient name is not recognized
        """,
        {"dora@example.org": True},
    ),
    "a warning": (
        """
        From: Mail Delivery Subsystem <mailer-daemon@mx.example.com>
        To: news@bakery.example
        Subject: Delivery Status Notification (Delay)

        THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.

        Delivery to the following recipient has been delayed:

             dora@example.org

        Message will be retried for 2 more day(s)
        """,
        {"dora@example.org": False},
    ),
}


@pytest.mark.parametrize("name", FREE_TEXT)
def test_bounces_without_a_report_are_read_by_their_words(name: str):
    text, expected = FREE_TEXT[name]

    told = read_returned(mail(text))

    assert told.kind is Kind.BOUNCE
    assert {failure.recipient: failure.hard for failure in told.failures} == expected


def test_a_complaint_names_whom_it_is_from_and_its_kind():
    told = read_returned(
        mail("""
        From: feedback@isp.example
        To: abuse@bakery.example
        Subject: FW: Fresh bread
        Content-Type: multipart/report; report-type=feedback-report; boundary="cut"

        --cut

        This is an email abuse report.
        --cut
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: SomeISP/1.0
        Version: 1
        Original-Rcpt-To: <dora@example.org>
        --cut
        Content-Type: message/rfc822

        From: news@bakery.example
        To: dora@example.org
        Message-ID: <dlv_03@bakery.example>

        Fresh.
        --cut--
        """)
    )

    assert (told.kind, told.feedback_type) == (Kind.COMPLAINT, "abuse")
    assert told.recipients == ("dora@example.org",)
    assert told.is_wish_to_stop


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        (
            "Subject: Automatic reply: Fresh bread\nAuto-Submitted: auto-replied",
            "I am away.",
            Kind.AUTO_REPLY,
        ),
        ("Subject: Abwesenheitsnotiz", "Ich bin bis Montag nicht im Büro.", Kind.AUTO_REPLY),
        (
            "Subject: Out of office: delivery failed me\nReturn-Path: <>",
            "I am out of the office. Mail to the following address could not be delivered: x@example.org",
            Kind.AUTO_REPLY,
        ),
        (
            "Subject: Please confirm your message",
            "Click here to be whitelisted: are you human?",
            Kind.CHALLENGE,
        ),
        ("Subject: Re: Fresh bread\nIn-Reply-To: <dlv_04@bakery.example>", "How much is it?", Kind.REPLY),
        ("Subject: unsubscribe", "", Kind.UNSUBSCRIBE),
        (
            "Subject: Re: Fresh bread\nIn-Reply-To: <a@b>",
            "Please unsubscribe me.\n\n> Fresh!",
            Kind.UNSUBSCRIBE,
        ),
        ("Subject: Re: unsubscribe\nIn-Reply-To: <a@b>", "What do you mean?\n\n> unsubscribe", Kind.REPLY),
        ("Subject: Re: Mail delivery failed\nIn-Reply-To: <a@b>", "It could not be delivered?", Kind.REPLY),
        (
            "Subject: Fwd: Undelivered Mail Returned to Sender",
            "x@example.org could not be delivered",
            Kind.REPLY,
        ),
    ],
)
def test_what_people_and_their_programs_write_is_no_bounce(headers: str, body: str, kind: Kind):
    told = read_returned(
        f"From: Dora <dora@example.org>\nTo: news@bakery.example\n{headers}\n\n{body}\n".encode()
    )

    assert told.kind is kind
    assert told.recipients == ("dora@example.org",)


RECEIPT = """
    From: Mail Delivery Subsystem <postmaster@example.org>
    To: news@bakery.example
    Subject: About your message
    Content-Type: multipart/report; report-type=disposition-notification; boundary="cut"

    --cut
    Content-Type: text/plain

    Your message to <dora@example.org> {words}
    --cut
    Content-Type: message/disposition-notification

    Final-Recipient: rfc822; dora@example.org
    Disposition: {disposition}
    --cut--
"""


def test_a_read_receipt_is_no_bounce_and_a_filters_refusal_in_its_shape_is():
    read = RECEIPT.format(words="was displayed.", disposition="manual-action/MDN-sent-manually; displayed")
    refused = RECEIPT.format(
        words="was automatically rejected: Quota exceeded",
        disposition="automatic-action/MDN-sent-automatically; deleted",
    )

    assert read_returned(mail(read)).kind is Kind.OTHER
    assert (read_returned(mail(refused)).kind, read_returned(mail(refused)).recipients) == (
        *(Kind.BOUNCE, ("dora@example.org",)),
    )


def test_an_old_feedback_report_without_a_report_part_is_a_complaint():
    subject = b"Email Feedback Report for IP 192.0.2.1"

    told = read_returned(
        b"From: scomp@isp.example\nTo: abuse@bakery.example\nSubject: " + subject + b"\n\nSpam."
    )

    assert (told.kind, told.is_wish_to_stop) == (Kind.COMPLAINT, True)


PIECES = st.sampled_from(
    [
        *(
            "From: MAILER-DAEMON@x\n",
            "Content-Type: multipart/report; boundary=a\n",
            "\n",
            "--a\n",
            "--a--\n",
        ),
        *(
            "Final-Recipient: rfc822;",
            "Status: 5.",
            "<",
            ">",
            "@",
            "a@b.c",
            "550 ",
            "=?utf-8?B?!!!?=",
            "=?utf-8?B?A?=",
            "\\x{D800}",
            "\\x{1F408}",
            "\0",
            "\xff",
        ),
        *(
            "Content-Transfer-Encoding: base64\n",
            "Content-Type: message/rfc822\n",
            "Feedback-Type: abuse\n",
            "{",
        ),
        *(
            "Subject: Undeliverable\n",
            "Subject: Fwd: Undeliverable\n",
            "> From: MAILER-DAEMON\n",
            '{"notificationType":"Bounce","bounce":',
            "could not be delivered",
            "RCPT TO:<",
            "charset=x-none",
            " " * 40,
            "\r",
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=20), max_size=60))
def test_whatever_the_bytes_are_there_is_an_answer(pieces: list[str]):
    told = read_returned("".join(pieces).encode("utf-8", "surrogatepass"))

    assert told.as_dict()["class"] in list(Kind)


@given(st.binary(max_size=2_000))
def test_noise_is_nothing_in_particular(raw: bytes):
    assert read_returned(raw).kind in (Kind.OTHER, Kind.REPLY)


@pytest.mark.parametrize(
    "line",
    ["a@" * 5_000, "<" * 50_000, "user " * 20_000, "--a\n" * 20_000, "a" * 100_000 + "@", "5.1.1 " * 20_000],
)
def test_a_mail_made_to_be_slow_is_read_like_any_other(line: str):
    head = "From: MAILER-DAEMON@x\nSubject: failure notice\nContent-Type: multipart/mixed; boundary=a\n\n"

    assert read_returned(f"{head}{line}\n{line}".encode()).kind is Kind.BOUNCE
