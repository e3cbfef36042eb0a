from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

from mailer.audience.models import Subscription, SubscriptionStatus
from mailer.consent.models import Channel, ConsentRecord
from mailer.consent.subscribe import subscribe
from mailer.current import links
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from tests import factories
from tests.consent.conftest import BY_SIGN_UP, acts_of
from tests.factories import refreshed
from tests.support.links import leave_url


def path_of(url):
    return urlsplit(url).path


@pytest.fixture
def subscription(reader, bread):
    return factories.subscription(reader, bread)


@pytest.fixture
def delivery_id():
    return uuid7()


@pytest.fixture
def leave_path(subscription, delivery_id):
    db.session.commit()
    return path_of(leave_url(subscription.subscriber_id, delivery_id, [subscription.list_id]))


@pytest.fixture
def preferences_path(reader):
    db.session.commit()
    return path_of(links().preferences_url(reader.id))


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_unsubscribe_page_changes_nothing(client, subscription, leave_path, method):
    answer = getattr(client, method)(leave_path)

    assert answer.status_code == 200
    assert refreshed(subscription).is_active
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_button_unsubscribes_and_offers_to_take_it_back(client, reader, subscription, leave_path):
    page = client.post(leave_path)

    assert page.status_code == 200
    assert b"You are unsubscribed" in page.data
    assert refreshed(subscription).status is SubscriptionStatus.UNSUBSCRIBED

    page = client.post(f"{leave_path}/undo", data={"lists": subscription.list.public_id})

    assert b"subscribed again" in page.data
    assert refreshed(subscription).is_active
    assert acts_of(reader) == ["unsubscribed", "subscribed"]


@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_is_answered_at_once_in_either_encoding(
    client, subscription, leave_path, delivery_id, encoding
):
    answer = client.post(
        leave_path,
        data={"List-Unsubscribe": "One-Click"},
        content_type=encoding,
        headers={"User-Agent": "GoogleImageProxy"},
    )

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert refreshed(subscription).status is SubscriptionStatus.UNSUBSCRIBED
    record = db.session.query(ConsentRecord).one()
    assert (record.via, record.delivery_id) == (Channel.ONE_CLICK, delivery_id)


def test_one_click_may_be_repeated_without_limit(client, subscription, leave_path):
    answers = {
        client.post(leave_path, data={"List-Unsubscribe": "One-Click"}).status_code for _ in range(200)
    }

    assert answers == {200}
    assert db.session.query(ConsentRecord).count() == 1


def test_a_forged_link_does_nothing(client, subscription, leave_path):
    last = "A" if leave_path[-1] != "A" else "B"
    open_token = links().open_url(uuid7(), uuid7()).rpartition("/")[2].removesuffix(".gif")

    for path in (leave_path[:-1] + last, f"/u/{open_token}", "/u/x", "/u/" + "A" * 64):
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 404

    assert refreshed(subscription).is_active


def test_a_link_works_for_who_was_erased_and_for_lists_that_are_gone(
    client, reader, subscription, leave_path
):
    db.session.delete(refreshed(subscription).list)
    db.session.commit()
    assert client.post(leave_path, data={"List-Unsubscribe": "One-Click"}).status_code == 200

    db.session.execute(db.text("DELETE FROM subscribers"))
    db.session.commit()

    assert client.get(leave_path).status_code == 200
    assert client.post(leave_path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


@pytest.fixture
def pending(reader, bread):
    made = subscribe(reader, bread, evidence=BY_SIGN_UP, now=utcnow())
    db.session.commit()
    return made


def test_a_confirmation_takes_a_press_of_the_button(client, reader, pending):
    path = path_of(links().confirm_url(pending.id))

    assert b"Yes, subscribe me" in client.get(path).data
    assert refreshed(pending).status is SubscriptionStatus.PENDING

    assert b"You are subscribed" in client.post(path).data
    assert refreshed(pending).is_active
    assert b"already confirmed" in client.get(path).data
    assert client.post(path).status_code == 200
    assert acts_of(reader) == ["requested", "confirmed"]


def test_an_old_confirmation_offers_to_send_again(client, pending, queued, broker):
    path = path_of(links().confirm_url(pending.id))
    broker.flush_all()

    with time_machine.travel(utcnow() + timedelta(days=31)):
        assert client.post(path).status_code == 409
        assert b"too old" in client.get(path).data
        assert b"Check your inbox" in client.post(f"{path}/again").data

    assert queued() == [("send_confirmation", str(pending.id))]


def test_preferences_join_leave_and_rename(client, workspace, reader, subscription, preferences_path):
    cake = factories.mailing_list(workspace, "Cake")
    db.session.commit()
    assert b"Weekly bread" in client.get(preferences_path).data

    answer = client.post(preferences_path, data={"name": "Rosa", "lists": [cake.public_id, "lst_x"]})

    assert answer.status_code == 303
    assert refreshed(reader).name == "Rosa"
    places = {place.list.name: place.status.value for place in db.session.query(Subscription)}
    assert places == {"Weekly bread": "unsubscribed", "Cake": "active"}


def test_a_name_that_cannot_be_kept_is_explained_beside_its_field(client, reader, preferences_path):
    answer = client.post(preferences_path, data={"name": "Rosa\nBcc: x"})

    assert answer.status_code == 422
    assert b"field-error" in answer.data
    assert refreshed(reader).name == ""


def test_a_pause_begins_and_ends(client, reader, subscription, preferences_path):
    subscription.start(at=utcnow())
    db.session.commit()
    client.post(f"{preferences_path}/pause", data={"length": "1m"})
    assert refreshed(reader).paused_until is not None
    assert b"You are on a pause" in client.get(preferences_path).data

    client.post(f"{preferences_path}/resume")
    assert refreshed(reader).paused_until is None


def test_leaving_everything_keeps_the_proof(client, reader, subscription, preferences_path):
    client.post(f"{preferences_path}/leave")

    assert refreshed(subscription).status is SubscriptionStatus.UNSUBSCRIBED
    assert db.session.query(ConsentRecord).one().words == "Unsubscribe me from everything"
