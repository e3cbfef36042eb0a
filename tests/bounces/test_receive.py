"""What follows from a mail that came back, by how sure it is which delivery it is about."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailer.bounces.models import BounceRules, Effect, Return, Trust, Via
from mailer.bounces.parsers.returned import Kind
from mailer.bounces.queries import counts_of
from mailer.bounces.receive import receive
from mailer.bounces.sums import recount_returns
from mailer.consent.models import Suppression, SuppressionReason
from mailer.consent.suppress import suppression_of
from mailer.db import db
from mailer.delivery import send
from mailer.delivery.compose import message_id_of
from mailer.delivery.models import Delivery, DeliveryState
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.lib.return_paths import Purpose, ReturnPaths
from tests.bounces.parsers.test_returned import mail, report
from tests.delivery.conftest import bread, deliveries, launch, readers, smtp
from tests.support.smtp import TAKE_AND_CUT

__all__ = ["bread", "launch", "readers", "smtp"]

BEN, CLEO = "reader-0@example.com", "reader-1@example.com"


@pytest.fixture
def sent(app, bread, readers, launch, smtp):
    """A campaign that was accepted; its deliveries by address."""
    launch(bread)
    send.deliver_due()
    return deliveries()


@pytest.fixture
def address(settings):
    """The signed return address of a delivery."""
    paths = ReturnPaths(settings.secret_key)
    return lambda delivery, purpose=Purpose.BOUNCE: paths.address(purpose, delivery.id, "back.bakery.example")


def bounce(words="550 5.1.1 User unknown", status="5.1.1", recipient=BEN) -> bytes:
    # Each is another mail.
    return report(words, status=status, recipient=recipient) + f"\n{uuid7()}".encode()


def take(raw, workspace, *, to=(), owner=None):
    return receive(raw, recipients=to, workspace_id=owner, via=Via.LISTENER, now=utcnow())


def test_a_hard_bounce_to_a_signed_address_suppresses_at_once(sent, workspace, address):
    (found,) = take(bounce(), workspace, to=[address(sent[BEN])])

    assert (found.kind, found.is_hard, found.trust, found.effect) == (
        *(Kind.BOUNCE, True, Trust.TOKEN, Effect.SUPPRESSED),
    )
    assert suppression_of(workspace.id, BEN).reason is SuppressionReason.HARD_BOUNCE
    assert found.campaign_id == sent[BEN].campaign_id
    # It was accepted, and that stays so: bounces are counted aside.
    assert db.session.get_one(Delivery, sent[BEN].id).state is DeliveryState.ACCEPTED


def test_the_token_says_who_bounced_whatever_the_report_says(sent, workspace, address):
    take(bounce(recipient=CLEO), workspace, to=[address(sent[BEN])])

    assert suppression_of(workspace.id, BEN) is not None
    assert suppression_of(workspace.id, CLEO) is None


@pytest.mark.parametrize("spoil", ["forged", "old", "absent"])
def test_without_a_true_token_nobody_is_suppressed(sent, workspace, address, spoil):
    to = address(sent[BEN])
    if spoil == "forged":
        to = to[:10] + ("a" if to[10] != "a" else "b") + to[11:]
    elif spoil == "old":
        sent[BEN].created_at -= timedelta(days=90)
        db.session.flush()

    found = take(bounce(), workspace, to=[] if spoil == "absent" else [to], owner=workspace.id)

    assert [(each.trust, each.effect) for each in found] == [(Trust.ADDRESS, Effect.NOTHING)]
    assert db.session.scalar(select(func.count()).select_from(Suppression)) == 0


def test_the_message_id_is_enough_and_another_workspaces_is_not(sent, workspace, other_workspace):
    named = message_id_of(sent[BEN].id, "bakery.example").encode()
    raw = bounce().replace(b"dlv_01@bakery.example", named)

    assert [each.trust for each in take(raw, workspace, owner=other_workspace.id)] == [Trust.ADDRESS]
    assert [each.trust for each in take(raw, workspace, owner=workspace.id)] == [Trust.MESSAGE_ID]
    assert suppression_of(workspace.id, BEN) is not None


def test_what_came_twice_is_written_down_once(sent, workspace, address):
    raw = bounce()

    assert len(take(raw, workspace, to=[address(sent[BEN])])) == 1
    assert take(raw, workspace, to=[address(sent[BEN])]) == []


def test_each_reader_counts_once_of_a_kind_and_again_to_the_same(sent, workspace, address):
    for email, words in ((BEN, "550 5.1.1 User unknown"), (BEN, "552 5.2.2 Mailbox full")):
        for _ in range(2):
            take(bounce(words, status=words.split()[1]), workspace, to=[address(sent[email])])
    take(bounce(), workspace, to=[address(sent[CLEO])])

    campaign_id = sent[BEN].campaign_id
    kept = counts_of(campaign_id)
    recount_returns(campaign_id)

    assert (kept.hard, kept.soft) == (2, 1)
    assert counts_of(campaign_id) == kept


@pytest.mark.parametrize(
    "words",
    [
        "550 5.7.1 blocked using Spamhaus",
        "552 5.3.4 Message too big",
        "550 5.7.26 DMARC policy",
        "554 5.7.1 spam",
    ],
)
def test_what_is_about_us_or_the_message_never_suppresses(sent, workspace, address, words):
    db.session.add(BounceRules(workspace_id=workspace.id, soft_limit=1, within_days=30))

    (found,) = take(bounce(words, "5.7.1"), workspace, to=[address(sent[BEN])])

    assert found.effect is Effect.NOTHING
    assert suppression_of(workspace.id, BEN) is None


def several(sent, number):
    """Give Ben as many accepted deliveries of other campaigns, oldest first."""
    made = []
    for days in range(number, 0, -1):
        delivery = Delivery(
            workspace_id=sent[BEN].workspace_id,
            message_id=sent[BEN].message_id,
            subscriber_id=sent[BEN].subscriber_id,
            email=BEN,
            state=DeliveryState.ACCEPTED,
            created_at=utcnow() - timedelta(days=days),
            ended_at=utcnow() - timedelta(days=days),
        )
        db.session.add(delivery)
        made.append(delivery)
    db.session.flush()
    return made


def test_soft_bounces_of_several_mails_suppress_when_they_are_enough(sent, workspace, address):
    db.session.add(BounceRules(workspace_id=workspace.id, soft_limit=3, within_days=30))
    full = [bounce("552 5.2.2 Mailbox full", "5.2.2") for _ in range(4)]
    first, second, third = several(sent, 3)

    effects = [
        take(raw, workspace, to=[address(delivery)])[0].effect
        for raw, delivery in zip(full, (first, first, second, third), strict=True)
    ]

    # Twice about the same mail is once.
    assert effects == [Effect.NOTHING] * 3 + [Effect.SUPPRESSED]
    assert "3 soft bounces" in suppression_of(workspace.id, BEN).detail


def test_a_mail_that_was_read_in_between_begins_the_count_anew(sent, workspace, address):
    db.session.add(BounceRules(workspace_id=workspace.id, soft_limit=2, within_days=30))
    first, second = several(sent, 2)
    (early,) = take(bounce("552 5.2.2 Mailbox full", "5.2.2"), workspace, to=[address(first)])
    early.created_at -= timedelta(days=5)
    sent[BEN].human_opened_at = utcnow() - timedelta(days=1)
    db.session.flush()

    (late,) = take(bounce("552 5.2.2 Mailbox full", "5.2.2"), workspace, to=[address(second)])

    assert late.effect is Effect.NOTHING


def complaint(kind="abuse") -> bytes:
    return mail(f"""
        From: feedback@isp.example
        To: abuse@bakery.example
        Subject: complaint
        Content-Type: multipart/report; report-type=feedback-report; boundary="cut"

        --cut
        Content-Type: message/feedback-report

        Feedback-Type: {kind}
        User-Agent: SomeISP/1.0
        Version: 1
        --cut--
    """)


def test_a_complaint_always_suppresses_and_a_report_on_signatures_does_not(sent, workspace, address):
    (complained,) = take(complaint(), workspace, to=[address(sent[BEN])])
    (reported,) = take(complaint("auth-failure"), workspace, to=[address(sent[CLEO])])

    assert (complained.effect, reported.effect) == (Effect.SUPPRESSED, Effect.NOTHING)
    assert suppression_of(workspace.id, BEN).reason is SuppressionReason.COMPLAINT
    assert suppression_of(workspace.id, CLEO) is None


def answer(text, *, sender=BEN, subject="Re: Fresh bread", message_id="x@y") -> bytes:
    head = f"From: {sender}\nTo: news@bakery.example\nSubject: {subject}\nIn-Reply-To: <{message_id}>"
    return f"{head}\n\n{text}".encode()


def test_whatever_people_write_to_the_unsubscribe_address_is_a_wish_to_leave(sent, workspace, address):
    to = address(sent[BEN], Purpose.UNSUBSCRIBE)

    (found,) = take(answer("", sender="somewhere@else.example", subject="unsubscribe"), workspace, to=[to])
    (vacation,) = take(
        answer("I am out of the office."), workspace, to=[address(sent[CLEO], Purpose.UNSUBSCRIBE)]
    )

    assert (found.kind, found.effect) == (Kind.UNSUBSCRIBE, Effect.UNSUBSCRIBED)
    assert (vacation.kind, vacation.effect) == (Kind.AUTO_REPLY, Effect.NOTHING)


def test_apples_unsubscribe_leaves_though_a_program_wrote_it(sent, workspace, address):
    raw = (
        b"From: reader-0@example.com\nSubject: unsubscribe\nAuto-Submitted: auto-replied\n"
        b"X-Apple-Unsubscribe: true\n\nApple Mail sent this.\n"
    )

    (found,) = take(raw, workspace, to=[address(sent[BEN], Purpose.UNSUBSCRIBE)])

    assert (found.kind, found.effect) == (Kind.UNSUBSCRIBE, Effect.UNSUBSCRIBED)


def test_of_several_failures_the_one_that_is_ours_counts(sent, workspace, address):
    blocks = "".join(
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n\n"
        for recipient, status in (("somebody@else.example", "5.1.1"), (BEN, "5.2.2"))
    )
    head = "From: MAILER-DAEMON@x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"

    (found,) = take((head + blocks).encode(), workspace, to=[address(sent[BEN])])

    assert (found.email, found.is_hard, found.status) == (BEN, False, "5.2.2")


def test_unsubscribe_in_a_reply_counts_from_the_readers_own_address_alone(sent, workspace):
    named = message_id_of(sent[BEN].id, "bakery.example")

    (stranger,) = take(
        answer("unsubscribe", sender="x@else.example", message_id=named), workspace, owner=workspace.id
    )
    (own,) = take(answer("unsubscribe", message_id=named), workspace, owner=workspace.id)
    (reply,) = take(answer("How much is it?", message_id=named), workspace, owner=workspace.id)

    assert [each.effect for each in (stranger, own, reply)] == [
        *(Effect.NOTHING, Effect.UNSUBSCRIBED, Effect.NOTHING),
    ]
    assert reply.kind is Kind.REPLY


def test_a_bounce_resolves_doubt(app, bread, readers, launch, smtp, workspace, address):
    smtp.script = lambda stage, recipient: TAKE_AND_CUT if stage == "dot" and recipient == BEN else None
    launch(bread)
    send.deliver_due()
    doubtful = next(each for each in deliveries().values() if each.state is DeliveryState.IN_DOUBT)

    take(bounce(recipient=doubtful.email), workspace, to=[address(doubtful)])

    db.session.expire_all()
    assert doubtful.state is DeliveryState.ACCEPTED


def test_every_row_stays_in_its_workspace(sent, workspace, other_workspace, address):
    take(bounce(), workspace, to=[address(sent[BEN])])

    assert {each.workspace_id for each in db.session.scalars(select(Return))} == {workspace.id}
    assert suppression_of(other_workspace.id, BEN) is None
