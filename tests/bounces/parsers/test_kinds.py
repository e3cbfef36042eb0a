"""What kind of mail came back: forwarded notices, notifications, away messages in many languages."""

import json
from textwrap import dedent

import pytest

from mailer.bounces.parsers.returned import Kind, read_returned


def mail(text: str) -> bytes:
    return dedent(text).lstrip("\n").encode()


AWAY = {
    "en": "Automatic reply: Fresh bread",
    "de": "Abwesenheitsnotiz: Fresh bread",
    "fr": "Réponse automatique : Fresh bread",
    "es": "Respuesta automática: Fresh bread",
    "pt": "Resposta automática: Fresh bread",
    "it": "Risposta automatica: Fresh bread",
    "nl": "Automatisch antwoord: Fresh bread",
    "sv": "Autosvar: Fresh bread",
    "da": "Automatisk svar: Fresh bread",
    "fi": "Automaattinen vastaus: Fresh bread",
    "pl": "[Automatyczna odpowiedź] Fresh bread",
    "cs": "Automatická odpověď: Fresh bread",
    "hu": "Automatikus válasz: Fresh bread",
    "ro": "Răspuns automat: Fresh bread",
    "tr": "Otomatik Yanıt: Fresh bread",
    "ru": "Автоматический ответ: Fresh bread",
    "uk": "Автоматична відповідь: Fresh bread",
    "el": "Αυτόματη απάντηση: Fresh bread",
    "ja": "自動応答: Fresh bread",
    "zh": "自动回复: Fresh bread",
    "ko": "자동 회신: Fresh bread",
}


@pytest.mark.parametrize("subject", AWAY.values(), ids=AWAY)
def test_a_machine_that_answers_for_somebody_away_is_no_bounce(subject: str):
    told = read_returned(f"From: dora@example.org\nSubject: {subject}\n\nSee you on Monday.\n".encode())

    assert told.kind is Kind.AUTO_REPLY


NOTICE = """
    From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>
    Subject: Returned mail: see transcript for details

    ----- The following addresses had permanent fatal errors -----
    <dora@example.org>
        (reason: 550 5.1.1 <dora@example.org>... User unknown)
"""


def forwarded(subject: str, *, quote: str = "> ") -> bytes:
    quoted = "\n".join(f"{quote}{line}".rstrip() for line in dedent(NOTICE).strip().split("\n"))
    head = f"From: ben@bakery.example\nSubject: {subject}\n\nLook at this.\n\nBegin forwarded message:\n\n"
    return f"{head}{quoted}\n".encode()


@pytest.mark.parametrize("quote", ["> ", ""])
def test_a_notice_that_somebody_forwards_is_read_like_the_notice(quote: str):
    told = read_returned(forwarded("Fwd: Returned mail: see transcript for details", quote=quote))

    assert (told.kind, told.recipients) == (Kind.BOUNCE, ("dora@example.org",))
    assert told.failure is not None
    assert told.failure.hard


def test_an_answer_that_quotes_a_notice_is_an_answer():
    told = read_returned(forwarded("Re: Returned mail: see transcript for details"))

    assert told.kind is Kind.REPLY


def test_apples_unsubscribe_is_a_wish_to_leave_though_it_calls_itself_a_reply():
    told = read_returned(
        mail("""
            From: dora@icloud.com
            Subject: unsubscribe
            Auto-Submitted: auto-replied
            X-Apple-Unsubscribe: true

            Apple Mail sent this email to unsubscribe from the message “unsubscribe”.
        """)
    )

    assert (told.kind, told.recipients) == (Kind.UNSUBSCRIBE, ("dora@icloud.com",))
    # Who counts reports counts it as one (RFC 5965).
    assert (told.as_dict()["class"], told.as_dict()["feedback_type"]) == ("complaint", "opt-out")


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_amazons_complaints_come_by_mail_in_an_envelope_or_without(is_wrapped: bool):
    complaint = {"complainedRecipients": [{"emailAddress": "d@example.org"}]}
    inner = json.dumps({"notificationType": "Complaint", "complaint": complaint})
    body = json.dumps({"Type": "Notification", "Message": inner}) if is_wrapped else inner

    told = read_returned(f"From: no-reply@sns.amazonaws.com\nSubject: Notice\n\n{body}\n\n--\nBye\n".encode())

    assert (told.kind, told.recipients, told.feedback_type) == (Kind.COMPLAINT, ("d@example.org",), "abuse")


def test_each_recipient_of_a_transcript_gets_the_answer_about_them():
    told = read_returned(
        mail("""
            From: MAILER-DAEMON@mx.example.com
            Subject: Returned mail: Host unknown

               ----- Transcript of session follows -----
            550 example.net (smtp)... 550 Host unknown
            554 <ana@example.net>... 550 Host unknown
            While talking to mx.example.org:
            >>> RCPT To:<ben@example.org>
            <<< 452 Mailbox full
            452 <ben@example.org>... Mailbox full
            250 example.com (smtp)... 250 Deferred

               ----- Unsent message follows -----
            From: news@bakery.example
            To: ana@example.net
        """)
    )

    assert {each.recipient: each.hard for each in told.failures} == {
        "ana@example.net": True,
        "ben@example.org": False,
    }


def test_addresses_beyond_ascii_are_written_as_people_write_them():
    report = (
        "From: MAILER-DAEMON@x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: utf-8; \\x{1F408}@example.org\nAction: failed\nStatus: 5.1.1\n\n"
        "Final-Recipient: rfc822; =?utf-8?B?8J+QiA==?=@example.net\nAction: failed\nStatus: 5.1.1\n"
    )

    assert read_returned(report.encode()).recipients == ("🐈@example.org", "🐈@example.net")
