"""What replies mean, by what servers really say."""

import pytest

from mailer.delivery.engine.backoff import retry_delay
from mailer.delivery.engine.outcomes import Stage, Verdict, read_reply

DEAD, FULL, US, LATER = "dead address", "this message", "us", "later"

REPLIES = [
    # Gmail
    ("rcpt", 550, "5.1.1 The email account that you tried to reach does not exist.", DEAD),
    ("rcpt", 552, "5.2.2 The recipient's inbox is out of storage space and inactive.", FULL),
    ("dot", 550, "5.7.26 Your email has been blocked because the sender is unauthenticated.", US),
    ("dot", 550, "5.7.28 Gmail has detected an unusual rate of unsolicited mail", US),
    ("dot", 552, "5.7.0 This message was blocked because its content presents a potential risk.", US),
    ("dot", 421, "4.7.28 Gmail has detected an unusual rate of mail; try later", LATER),
    ("rcpt", 450, "4.2.1 The user you are trying to contact is receiving mail too quickly", LATER),
    # Outlook
    ("rcpt", 550, "5.5.0 Requested action not taken: mailbox unavailable", DEAD),
    ("rcpt", 550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", DEAD),
    ("dot", 550, "5.7.515 Access denied, sending domain does not meet the required level", US),
    ("mail", 550, "5.7.1 Unfortunately, messages from [1.2.3.4] weren't sent. block list (S3140)", US),
    # Yahoo
    ("rcpt", 554, "5.7.9 Message not accepted for policy reasons.", US),
    ("dot", 554, "delivery error: dd This user doesn't have a yahoo.com account", FULL),
    ("mail", 553, "5.7.1 [BL21] Connections will not be accepted because of Spamhaus", US),
    # Postfix, Exim, others
    ("rcpt", 550, "5.1.1 <x@y>: Recipient address rejected: User unknown in local recipient table", DEAD),
    ("rcpt", 554, "5.7.1 <x@y>: Relay access denied", US),
    ("rcpt", 550, "5.7.1 no such user here", DEAD),
    ("rcpt", 550, "No Such User Here", DEAD),
    ("rcpt", 550, "relay not permitted", US),
    ("rcpt", 550, "", DEAD),
    ("rcpt", 551, "User not local", DEAD),
    ("rcpt", 552, "Quota exceeded", FULL),
    ("rcpt", 550, "5.2.1 Mailbox disabled", DEAD),
    ("rcpt", 550, "5.1.8 Sender address rejected: Domain not found", US),
    ("rcpt", 554, "Transaction failed", FULL),
    ("dot", 554, "5.6.0 Message content rejected", US),
    ("dot", 552, "5.3.4 Message size exceeds fixed limit", FULL),
    ("dot", 550, "5.6.7 SMTPUTF8 is required", FULL),
    ("dot", 550, "", FULL),
    ("dot", 550, "High probability of spam", US),
    ("mail", 550, "", US),
    ("mail", 530, "5.7.0 Authentication required", US),
    ("connect", 554, "no SMTP service here", US),
    ("rcpt", 451, "4.7.1 Greylisted", LATER),
    ("rcpt", 452, "4.5.3 Too many recipients", LATER),
    ("dot", 600, "what?", LATER),
]


@pytest.mark.parametrize(("stage", "code", "text", "meaning"), REPLIES)
def test_a_reply_is_about_the_address_or_us_or_this_message(stage, code, text, meaning):
    outcome = read_reply(code, text, stage=Stage.FINAL_DOT if stage == "dot" else Stage(stage))

    wanted = {
        DEAD: (Verdict.REJECTED, True),
        FULL: (Verdict.REJECTED, False),
        US: (Verdict.HELD, False),
        LATER: (Verdict.DEFERRED, False),
    }
    assert (outcome.verdict, outcome.is_about_address) == wanted[meaning]
    assert outcome.reply == f"{code} {text}".strip()


def test_delays_double_up_to_the_longest_and_never_fall_short():
    for attempts in range(1, 60):
        least = min(1_800.0 * 2 ** (attempts - 1), 21_600.0)

        assert least <= retry_delay(attempts) <= least * 1.5


def test_there_is_no_delay_before_the_first_try():
    with pytest.raises(ValueError, match="0 were made"):
        retry_delay(0)
