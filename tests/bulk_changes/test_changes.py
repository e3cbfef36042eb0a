import pytest

from mailer.audience.fields import create_field
from mailer.audience.models import Subscriber, SubscriptionStatus
from mailer.audience.tags import delete_tag
from mailer.bulk_changes.begin import begin_change, cancel_change, undo_change
from mailer.bulk_changes.models import BulkChange, ChangeKind, ChangeStatus
from mailer.bulk_changes.run import run_chunks, sweep_changes
from mailer.consent.models import ConsentRecord
from mailer.consent.suppress import suppression_of
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.lib.clock import utcnow
from mailer.segments.selection import Selection
from tests import factories

EVERYBODY = Selection()
ASKED = {"basis": "Asked at the counter in May."}


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace, "Weekly bread")


@pytest.fixture
def people(workspace, other_workspace) -> list[Subscriber]:
    """Three of Ana's readers; a stranger of another workspace, whom nothing may touch."""
    factories.subscriber(other_workspace, "cleo@other.example")
    return [factories.subscriber(workspace, f"reader{n}@example.com") for n in range(3)]


@pytest.fixture
def change(workspace, ana, work_off):
    """Make a change to everybody, or to whom is selected, and let the worker do it."""

    def make(kind: ChangeKind, selection: Selection = EVERYBODY, **options: str) -> BulkChange:
        made = begin_change(workspace.id, kind, selection, options=options, actor_id=ana.id, now=utcnow())
        db.session.commit()
        work_off()
        return factories.refreshed(made)

    return make


@pytest.fixture
def undo(work_off):
    def take_back(made: BulkChange) -> BulkChange:
        undo_change(made, now=utcnow())
        db.session.commit()
        work_off()
        return factories.refreshed(made)

    return take_back


def tags_of(person: Subscriber) -> list[str]:
    return [tag.name for tag in factories.refreshed(person).tags]


def test_a_tag_comes_off_again_only_from_those_who_had_it_not(change, undo, people):
    change(ChangeKind.TAG, Selection(ids=[people[0].public_id]), tag="vip")

    made = change(ChangeKind.TAG, tag="vip")

    assert (made.status, made.done_count, made.changed_count) == (ChangeStatus.FINISHED, 3, 2)
    assert [tags_of(person) for person in people] == [["vip"]] * 3
    assert undo(made).status is ChangeStatus.UNDONE
    assert [tags_of(person) for person in people] == [["vip"], [], []]


def test_a_tag_that_was_taken_off_comes_back(change, undo, people):
    change(ChangeKind.TAG, Selection(ids=[people[1].public_id]), tag="vip")
    tag = factories.refreshed(people[1]).tags[0]

    made = change(ChangeKind.UNTAG, Selection(tag=tag.public_id), tag=tag.public_id)

    assert (made.done_count, made.changed_count) == (1, 1)
    assert tags_of(people[1]) == []
    undo(made)
    assert tags_of(people[1]) == ["vip"]


def test_who_was_on_a_list_stays_as_they_are(change, undo, people, bread):
    left = factories.subscription(people[0], bread, SubscriptionStatus.UNSUBSCRIBED)

    made = change(ChangeKind.SUBSCRIBE, list=bread.public_id, **ASKED)

    assert made.changed_count == 2
    assert factories.refreshed(left).status is SubscriptionStatus.UNSUBSCRIBED
    proof = db.session.query(ConsentRecord).filter_by(subscriber_id=people[1].id).one()
    assert (proof.words, proof.actor_id) == (ASKED["basis"], made.created_by_id)
    undo(made)
    places = factories.refreshed(people[1]).subscriptions
    assert [place.status for place in places] == [SubscriptionStatus.UNSUBSCRIBED]


def test_a_field_is_put_back_where_nobody_wrote_since(workspace, change, undo, people):
    field = create_field(workspace.id, "City")
    people[0].fields = {"city": "Faro"}

    made = change(ChangeKind.SET_FIELD, field=field.public_id, value="Porto")
    assert [factories.refreshed(person).fields["city"] for person in people] == ["Porto"] * 3
    factories.refreshed(people[2]).fields = {"city": "Braga"}
    undo(made)

    kept = [factories.refreshed(person).fields.get("city") for person in people]
    assert kept == ["Faro", None, "Braga"]


def test_suppressions_of_others_stay_when_it_is_undone(workspace, change, undo, people):
    change(ChangeKind.SUPPRESS, Selection(ids=[people[0].public_id]))
    made = change(ChangeKind.SUPPRESS)

    undo(made)

    standing = [suppression_of(workspace.id, person.email) is not None for person in people]
    assert standing == [True, False, False]


def test_a_way_back_that_was_deleted_is_said_to_be_gone(workspace, sign_in, ben, change, undo, people):
    made = change(ChangeKind.TAG, tag="vip")
    finished_at = made.finished_at
    delete_tag(factories.refreshed(people[0]).tags[0])
    db.session.commit()

    made = undo(made)

    assert (made.status, made.finished_at) == (ChangeStatus.FAILED, finished_at)
    page = sign_in(ben).get(f"/w/{workspace.slug}/bulk-changes/{made.public_id}")
    assert "It could not be taken back. There is no such tag." in page.get_data(as_text=True)


def test_leaving_and_erasing_have_no_way_back(workspace, change, undo, people, bread):
    factories.subscription(people[0], bread)
    left = change(ChangeKind.UNSUBSCRIBE, Selection(list=bread.public_id), list=bread.public_id)
    erased = change(ChangeKind.ERASE)

    assert (left.changed_count, erased.changed_count) == (1, 3)
    assert [row.email for row in db.session.query(Subscriber)] == ["cleo@other.example"]
    for made in (left, erased):
        with pytest.raises(Conflict):
            undo(made)


def test_a_run_goes_on_behind_whom_it_did_last(workspace, ana, people, monkeypatch):
    monkeypatch.setattr("mailer.bulk_changes.run._AT_ONCE", 2)
    made = begin_change(
        workspace.id, ChangeKind.TAG, Selection(), options={"tag": "vip"}, actor_id=ana.id, now=utcnow()
    )
    killed = run_chunks(made.id)
    next(killed)
    db.session.commit()
    next(killed)
    db.session.rollback()

    for _ in run_chunks(made.id):
        db.session.commit()

    made = factories.refreshed(made)
    assert (made.done_count, made.changed_count) == (3, 3)


def test_who_comes_later_is_not_meant(workspace, ana, people, work_off):
    made = begin_change(
        workspace.id, ChangeKind.TAG, Selection(), options={"tag": "vip"}, actor_id=ana.id, now=utcnow()
    )
    late = factories.subscriber(workspace, "late@example.com")
    db.session.commit()

    work_off()

    assert factories.refreshed(made).done_count == 3
    assert tags_of(late) == []


def test_a_change_that_was_left_behind_is_asked_for_again(workspace, ana, people, queued):
    made = begin_change(
        workspace.id, ChangeKind.TAG, Selection(), options={"tag": "vip"}, actor_id=ana.id, now=utcnow()
    )
    db.session.commit()
    made.touched_at = made.created_at.replace(year=2020)

    sweep_changes(now=utcnow())
    db.session.commit()

    # Once when it began, and again.
    assert queued() == [("run_bulk_change", str(made.id))] * 2


def test_a_stopped_change_does_nothing_more(workspace, ana, people, work_off):
    made = begin_change(
        workspace.id, ChangeKind.TAG, Selection(), options={"tag": "vip"}, actor_id=ana.id, now=utcnow()
    )
    cancel_change(made, now=utcnow())
    db.session.commit()

    work_off()

    assert factories.refreshed(made).status is ChangeStatus.CANCELLED
    assert tags_of(people[0]) == []


def test_nothing_of_another_workspace_is_chosen(workspace, other_workspace, ana, people):
    theirs = factories.mailing_list(other_workspace, "Theirs")
    stranger = db.session.query(Subscriber).filter_by(workspace_id=other_workspace.id).one()

    ticked = Selection(ids=[stranger.public_id])
    tag = {"tag": "vip"}
    with pytest.raises(Invalid):
        begin_change(workspace.id, ChangeKind.TAG, ticked, options=tag, actor_id=ana.id, now=utcnow())
    with pytest.raises(NotFound):
        Selection(list=theirs.public_id).people(workspace.id, now=utcnow())


def test_the_pages_lead_from_a_search_to_the_way_back(sign_in, ben, workspace, people, work_off):
    browser, at = sign_in(ben), f"/w/{workspace.slug}/bulk-changes"

    page = browser.get(f"{at}/new?q=reader1").get_data(as_text=True)
    begun = browser.post(at, data={"kind": "tag", "tag": "vip", "chosen_q": "reader1"})
    work_off()
    shown = browser.get(begun.location).get_data(as_text=True)
    undone = browser.post(f"{begun.location}/undo")

    assert "Change 1 subscriber" in page
    assert "Done for 1 subscriber." in shown
    assert undone.status_code == 302
    work_off()
    assert tags_of(people[1]) == []


def test_a_status_that_means_nothing_is_refused_instead_of_meaning_everybody(sign_in, ben, workspace, people):
    browser, at = sign_in(ben), f"/w/{workspace.slug}"

    asked = browser.get(f"{at}/bulk-changes/new?status=actve")
    sent = browser.post(f"{at}/bulk-changes", data={"kind": "erase", "typed": "3", "chosen_status": "actve"})
    handed_out = browser.get(f"{at}/exports/subscribers.csv?status=actve")

    answers = (asked, sent, handed_out)
    assert [answer.status_code for answer in answers] == [422] * 3
    assert all("must be one of: pending, active, unsubscribed" in answer.text for answer in answers)
    assert db.session.query(BulkChange).count() == 0


def test_to_erase_many_their_number_is_typed(sign_in, ben, workspace, people):
    browser, at = sign_in(ben), f"/w/{workspace.slug}/bulk-changes"

    assert browser.post(at, data={"kind": "erase", "typed": "2"}).status_code == 422
    assert browser.post(at, data={"kind": "erase", "typed": "3"}).status_code == 302
