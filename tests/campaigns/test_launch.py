from datetime import UTC, datetime, timedelta

import pytest

from mailer import signals
from mailer.campaigns.draft import Draft, create_draft, save_draft
from mailer.campaigns.duplicate import duplicate
from mailer.campaigns.launch import launch
from mailer.campaigns.launch_due import launch_due
from mailer.campaigns.models import CampaignStatus
from mailer.campaigns.pause import cancel, pause, resume
from mailer.campaigns.preflight import preflight
from mailer.campaigns.schedule import schedule, unschedule
from mailer.campaigns.test_send import send_test
from mailer.composing.preview import SAMPLE_READER
from mailer.db import db
from mailer.delivery import prepare
from mailer.delivery.models import Delivery, MessageKind
from mailer.errors import Conflict, Invalid
from tests import factories

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


@pytest.fixture
def letter(workspace, bread):
    factories.subscriber(workspace, on=bread)
    return factories.campaign(workspace, lists=[bread])


def test_launching_freezes_the_words_and_starts_a_run(letter, queued):
    launch(letter, now=NOON)
    db.session.commit()

    assert letter.status is CampaignStatus.SENDING
    assert letter.launched_at == NOON
    assert "{{ link_url(0) }}" in letter.message.html
    assert letter.message.links == ["https://bakery.example/order"] * 2
    assert letter.message.trap_link == 1
    assert "link_url(1)" in letter.message.html
    assert "link_url(1)" not in letter.message.text
    assert letter.message.values["workspace"]["name"] == "Ana’s Bakery"
    assert ("prepare_campaign", str(letter.id)) in queued()


def test_what_is_changed_afterwards_does_not_reach_what_was_launched(letter):
    launch(letter, now=NOON)

    with pytest.raises(Conflict, match="can no longer change"):
        save_draft(letter, Draft(subject="Changed"))


def test_a_campaign_is_launched_once(letter):
    launch(letter, now=NOON)

    with pytest.raises(Conflict, match="only once"):
        launch(letter, now=NOON)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"subject": ""}, "subject", "Write a subject."),
        ({"body": "  "}, "body", "Write something"),
        ({"from_email": ""}, "from_email", "Say whom it is from."),
        ({"from_email": "ana@"}, "from_email", "not an email address"),
        ({"reply_to": "nobody"}, "reply_to", "not an email address"),
        ({"lists": []}, "lists", "at least one list"),
        ({"body": "{{ subscriber.nam }}"}, "body", "did you mean"),
        ({"subject": "{{ 1 + 1 }}"}, "subject", "cannot be used"),
    ],
)
def test_what_is_missing_is_said_under_its_field(letter, changes, field, says, queued):
    for name, value in changes.items():
        setattr(letter, name, value)

    with pytest.raises(Invalid) as refused:
        launch(letter, now=NOON)

    assert says in refused.value.fields[field]
    assert letter.status is CampaignStatus.DRAFT
    assert queued() == []


def test_pausing_going_on_and_cancelling(letter):
    launch(letter, now=NOON)
    db.session.commit()
    prepare.prepare_campaign(letter.id)

    pause(letter, now=NOON)
    paused = letter.status
    resume(letter)
    resumed = letter.status
    left = cancel(letter, now=NOON)

    assert (paused, resumed, letter.status) == ("paused", "sending", "cancelled")
    assert left == 1
    with pytest.raises(Conflict):
        resume(letter)


def test_a_draft_is_neither_paused_nor_cancelled(letter):
    for act in (lambda: pause(letter, now=NOON), lambda: cancel(letter, now=NOON), lambda: resume(letter)):
        with pytest.raises(Conflict):
            act()


def test_a_run_that_is_quiet_finishes_its_campaign(letter):
    launch(letter, now=NOON)

    signals.campaign_prepared.send(letter.id)
    signals.campaign_quiet.send(letter.id)

    assert letter.status is CampaignStatus.FINISHED
    assert letter.prepared_at
    assert letter.finished_at


def test_a_campaign_that_servers_refuse_pauses_itself_and_says_why(letter):
    launch(letter, now=NOON)

    signals.campaign_held.send(letter.id, reason="550 5.7.26 not authenticated")

    assert letter.status is CampaignStatus.PAUSED
    assert "5.7.26" in letter.pause_reason


def test_a_cancelled_campaign_stays_cancelled_when_its_last_worker_is_done(letter):
    launch(letter, now=NOON)
    cancel(letter, now=NOON)

    signals.campaign_quiet.send(letter.id)

    assert letter.status is CampaignStatus.CANCELLED


def test_a_scheduled_campaign_leaves_when_its_time_has_come(letter, other_workspace, queued):
    schedule(letter, at=NOON + timedelta(hours=1), now=NOON)
    db.session.commit()

    launch_due(now=NOON)
    early = letter.status
    launch_due(now=NOON + timedelta(hours=1))
    launch_due(now=NOON + timedelta(hours=1))

    assert early is CampaignStatus.SCHEDULED
    assert letter.status is CampaignStatus.SENDING
    assert queued() == [("prepare_campaign", str(letter.id))]


def test_one_that_is_no_longer_ready_becomes_a_draft_and_holds_up_no_other(workspace, bread, letter):
    broken = factories.campaign(workspace, lists=[bread], name="Broken")
    for campaign in (broken, letter):
        schedule(campaign, at=NOON + timedelta(hours=1), now=NOON)
    broken.body = "{{ nonsense }}"
    db.session.commit()

    launch_due(now=NOON + timedelta(hours=2))

    assert broken.status is CampaignStatus.DRAFT
    assert "It was not sent as scheduled" in broken.pause_reason
    assert letter.status is CampaignStatus.SENDING


@pytest.mark.parametrize(
    ("at", "says"), [(NOON - timedelta(minutes=1), "passed"), (NOON + timedelta(days=400), "year")]
)
def test_a_time_that_cannot_be_meant_is_refused(letter, at, says):
    with pytest.raises(Invalid, match=says):
        schedule(letter, at=at, now=NOON)


def test_a_scheduled_campaign_can_be_a_draft_again(letter):
    schedule(letter, at=NOON + timedelta(hours=1), now=NOON)

    unschedule(letter)

    assert letter.status is CampaignStatus.DRAFT
    assert letter.scheduled_at is None


def test_two_windows_do_not_overwrite_each_other(letter):
    seen = letter.revision
    save_draft(letter, Draft(subject="First"), revision=seen)

    with pytest.raises(Conflict, match="another window"):
        save_draft(letter, Draft(subject="Second"), revision=seen)

    assert letter.subject == "First"


@pytest.mark.parametrize("subject", ["a\nBcc: x@example.com", "a\x00", "a\x7f", "x" * 999])
def test_a_line_that_would_break_a_header_is_refused(workspace, subject):
    with pytest.raises(Invalid) as refused:
        create_draft(workspace.id, Draft(subject=subject))

    assert "subject" in refused.value.fields


def test_a_campaign_without_a_name_is_called_by_its_subject(workspace):
    assert create_draft(workspace.id, Draft(subject="Fresh")).name == "Fresh"
    assert create_draft(workspace.id, Draft()).name == "Untitled campaign"


def test_a_copy_has_the_words_and_none_of_the_history(letter):
    launch(letter, now=NOON)

    copy = duplicate(letter)

    assert (copy.subject, copy.body, copy.lists) == (letter.subject, letter.body, letter.lists)
    assert copy.status is CampaignStatus.DRAFT
    assert copy.message is None
    assert copy.name == "Sunday loaf (copy)"


def test_a_test_goes_by_the_transactional_queue_and_can_unsubscribe_nobody(letter, queued):
    send_test(
        letter, ["ana@example.com", " ana@example.com", "ben@example.com"], reader=SAMPLE_READER, now=NOON
    )
    db.session.commit()

    deliveries = db.session.query(Delivery).order_by(Delivery.id).all()
    assert [one.email for one in deliveries] == ["ana@example.com", "ben@example.com"]
    assert deliveries[0].message.kind is MessageKind.TRANSACTIONAL
    assert deliveries[0].message.subject == "[Test] Fresh on Sunday"
    assert all(one.subscriber_id is None and one.campaign_id is None for one in deliveries)
    assert {job[0] for job in queued()} == {"deliver_transactional"}


@pytest.mark.parametrize("addresses", [[], ["nobody"], [f"a{n}@example.com" for n in range(6)]])
def test_a_test_needs_one_to_five_addresses(letter, addresses):
    with pytest.raises(Invalid):
        send_test(letter, addresses, reader=SAMPLE_READER, now=NOON)


def test_preflight_counts_whom_the_gate_lets_through(workspace, other_workspace, bread, letter):
    both = factories.subscriber(workspace, on=bread)
    events = factories.mailing_list(workspace, "Events")
    factories.subscription(both, events)
    factories.subscriber(workspace, on=bread, paused_until=NOON + timedelta(days=1))
    factories.subscriber(other_workspace, on=factories.mailing_list(other_workspace))
    letter.lists = [bread, events]

    found = preflight(letter, now=NOON)

    assert (found.reach.people, found.reach.is_exact) == (2, True)
    assert found.is_ready


def test_preflight_says_what_its_author_should_know(letter):
    letter.body = (
        "[a](http://plain.example) [b](https://x.example/{{ subscriber.email }}) {{ subscriber.fields.ciy }}"
    )
    letter.subject = "BUY NOW TODAY"

    found = preflight(letter, now=NOON)

    said = " ".join(finding.message for finding in found.findings)
    for words in ("without https", "“ciy”", "postal address", "all capitals", "not counted", "ours is added"):
        assert words in said
