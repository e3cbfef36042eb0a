from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mailer.audience.fields import create_field
from mailer.audience.merge import differences, merge_subscribers
from mailer.audience.models import AddressChange, Subscriber, SubscriptionStatus
from mailer.audience.notes import add_note
from mailer.audience.queries.subscribers import subscriber_behind
from mailer.audience.tags import add_tags
from mailer.consent.models import Channel, ConsentRecord, Evidence
from mailer.consent.proof import proof_of
from mailer.consent.seal import seal_consent
from mailer.consent.subscribe import subscribe
from mailer.consent.verify import verify
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, Message, MessageKind
from mailer.errors import Invalid
from mailer.events.models import CustomEvent
from tests import factories

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BY_STAFF = Evidence(Channel.STAFF, words="Asked at the counter.", ip="192.0.2.1", user_agent="Till/1")


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace, "Weekly bread")


@pytest.fixture
def cakes(workspace):
    return factories.mailing_list(workspace, "Cakes")


@pytest.fixture
def home(workspace) -> Subscriber:
    """Rosa, as she signed up first."""
    return factories.subscriber(workspace, "rosa@home.example", name="Rosa", fields={"city": "Porto"})


@pytest.fixture
def work(workspace) -> Subscriber:
    """Rosa again, by her address at work."""
    return factories.subscriber(
        workspace, "rosa@work.example", name="Rosa Lima", locale="pt", fields={"city": "Faro", "loaves": 3}
    )


def places_of(person: Subscriber) -> dict[str, str]:
    return {place.list.name: place.status.value for place in factories.refreshed(person).subscriptions}


def test_who_stays_has_everything_of_both(workspace, home, work, bread, cakes):
    factories.subscription(home, bread)
    factories.subscription(work, cakes)
    add_tags(home, ["vip"])
    add_tags(work, ["vip", "early"])
    add_note(work, "Likes rye.", author_id=None)
    event = factories.add(
        CustomEvent(workspace_id=workspace.id, subscriber_id=work.id, name="order.placed", at=NOON)
    )
    gone_id = work.id

    merge_subscribers(home, work, now=NOON)

    kept = factories.refreshed(home)
    assert db.session.get(Subscriber, gone_id) is None
    assert places_of(home) == {"Weekly bread": "active", "Cakes": "active"}
    assert [tag.name for tag in kept.tags] == ["early", "vip"]
    assert factories.refreshed(event).subscriber_id == home.id
    assert (kept.email, kept.name, kept.locale) == ("rosa@home.example", "Rosa", "pt")
    assert kept.fields == {"city": "Porto", "loaves": 3}


def test_what_differs_is_chosen(workspace, home, work):
    create_field(workspace.id, "City")
    assert [each.key for each in differences(home, work)] == ["name", "fields.city"]

    merge_subscribers(home, work, taken=["name"], now=NOON)

    kept = factories.refreshed(home)
    assert (kept.name, kept.fields["city"]) == ("Rosa Lima", "Porto")


def test_nobody_who_left_comes_back(home, work, bread):
    factories.subscription(home, bread, SubscriptionStatus.UNSUBSCRIBED)
    factories.subscription(work, bread)

    merge_subscribers(home, work, now=NOON)

    assert places_of(home) == {"Weekly bread": "unsubscribed"}


def test_both_histories_prove_themselves(workspace, home, work, bread, cakes):
    for person, joined, at in ((home, bread, NOON), (work, cakes, NOON - timedelta(days=400))):
        subscribe(person, joined, evidence=BY_STAFF, now=at, is_confirmed=True)
    db.session.flush()
    seal_consent()

    merge_subscribers(home, work, now=NOON)
    seal_consent()

    proven = proof_of(factories.refreshed(home))
    assert [one.record.list.name for one in proven] == ["Cakes", "Weekly bread"]
    assert all(one.holds for one in proven)
    copy = proven[0]
    assert copy.original_seal is not None
    assert copy.record.words == "Asked at the counter."
    (chain,) = verify(workspace.id)
    assert (chain.broken, chain.erased) == ("", 1)


def test_a_copy_of_a_copy_proves_the_first_record(workspace, home, work, bread):
    third = factories.subscriber(workspace, "rosa@third.example")
    subscribe(work, bread, evidence=BY_STAFF, now=NOON, is_confirmed=True)
    seal_consent()
    first = db.session.scalars(select(ConsentRecord.id)).one()

    merge_subscribers(home, work, now=NOON)
    seal_consent()
    merge_subscribers(third, home, now=NOON)
    seal_consent()

    (one,) = proof_of(factories.refreshed(third))
    assert one.record.original_id == first
    assert one.holds
    (chain,) = verify(workspace.id)
    assert chain.broken == ""


def test_links_of_who_went_lead_to_who_stays(workspace, home, work):
    third = factories.subscriber(workspace, "rosa@third.example")
    gone_id = work.id

    merge_subscribers(home, work, now=NOON)
    merge_subscribers(third, home, now=NOON)

    assert subscriber_behind(gone_id).id == third.id
    assert set(db.session.scalars(select(AddressChange.before))) == {
        "rosa@work.example",
        "rosa@home.example",
    }


def test_people_of_two_workspaces_are_never_one(home):
    stranger = factories.subscriber(factories.workspace("Other"), "rosa@other.example")

    with pytest.raises(Invalid):
        merge_subscribers(home, stranger, now=NOON)


def test_an_editor_merges_by_the_page(sign_in, ben, workspace, home, work):
    browser, at = sign_in(ben), f"/w/{workspace.slug}/subscribers/{home.public_id}/merge"

    page = browser.get(at, query_string={"email": "ROSA@work.example"}).get_data(as_text=True)
    answer = browser.post(
        at, data={"other": work.public_id, "kept": work.public_id, "right.name": home.public_id}
    )

    assert "rosa@work.example" in page
    assert answer.location.endswith(work.public_id)
    assert factories.refreshed(work).name == "Rosa"
    assert "Was merged with rosa@home.example" in browser.get(answer.location).get_data(as_text=True)


def test_nobody_merges_with_a_stranger(sign_in, ben, workspace, home):
    stranger = factories.subscriber(factories.workspace("Other"), "cleo@other.example")
    browser, at = sign_in(ben), f"/w/{workspace.slug}/subscribers/{home.public_id}/merge"

    assert browser.get(at, query_string={"email": stranger.email}).status_code == 422
    answer = browser.post(at, data={"other": stranger.public_id, "kept": home.public_id})
    assert answer.status_code == 404


def prepared(person, campaign):
    """A campaign's delivery that waits for its worker."""
    message = factories.add(
        Message(
            workspace_id=person.workspace_id,
            kind=MessageKind.CAMPAIGN,
            from_email="ana@bakery.example",
            subject="Bread",
            html="",
            text="",
        )
    )
    return factories.add(
        Delivery(
            workspace_id=person.workspace_id,
            message_id=message.id,
            campaign_id=campaign.id,
            subscriber_id=person.id,
            email=person.email,
            next_try_at=NOON,
        )
    )


def test_what_waits_goes_to_the_address_that_stays(workspace, home, work):
    waiting = prepared(work, factories.campaign(workspace))

    merge_subscribers(home, work, now=NOON)

    kept = factories.refreshed(waiting)
    assert (kept.subscriber_id, kept.email) == (home.id, home.email)


def test_of_two_deliveries_of_a_campaign_the_one_that_says_more_stays(workspace, home, work):
    campaign = factories.campaign(workspace)
    ours, theirs = prepared(home, campaign), prepared(work, campaign)
    theirs.state, theirs.ended_at, theirs.next_try_at = DeliveryState.ACCEPTED, NOON, None
    theirs.human_opened_at = NOON

    merge_subscribers(home, work, now=NOON)

    read = factories.refreshed(theirs)
    assert (read.subscriber_id, read.email, read.human_opened_at) == (home.id, work.email, NOON)
    # The gate drops what is nobody's.
    assert factories.refreshed(ours).subscriber_id is None
