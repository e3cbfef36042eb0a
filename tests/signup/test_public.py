import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event

from mailer.app import create_app
from mailer.audience.models import OptIn, Subscriber, Subscription, SubscriptionStatus, Visibility
from mailer.consent.models import ConsentRecord, SuppressionReason
from mailer.consent.suppress import suppress
from mailer.current import settings
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.signup.models import SignUp, WaitingEntry
from mailer.signup.sign_up import sign_up as verb
from mailer.signup.sign_up import sweep_sign_ups
from tests import factories


@pytest.fixture
def bread(workspace):
    made = factories.mailing_list(workspace, "Weekly bread")
    db.session.commit()
    return made


@pytest.fixture
def send(client):
    """Open the form of a list, fill it in, and press the button."""

    def press(mailing_list, email, **values):
        page = client.get(f"/s/{mailing_list.public_id}")
        opened = re.search(r'name="opened"[^>]*value="([^"]+)"', page.text)[1]
        return client.post(f"/s/{mailing_list.public_id}", data={"email": email, "opened": opened, **values})

    return press


@pytest.fixture
def sign_up(send):
    """The same, and what the worker makes of it."""

    def press(*args, **values):
        answer = send(*args, **values)
        for entry in db.session.query(WaitingEntry).all():
            verb(entry.id)
        db.session.commit()
        return answer

    return press


def test_a_sign_up_asks_for_its_confirmation_and_keeps_the_words(sign_up, bread, queued):
    answer = sign_up(bread, "rosa@example.com", name="Rosa")

    assert answer.status_code == 303
    subscription = db.session.query(Subscription).one()
    assert subscription.status is SubscriptionStatus.PENDING
    assert ("send_confirmation", str(subscription.id)) in queued()
    record = db.session.query(ConsentRecord).one()
    assert "Weekly bread" in record.words
    assert "[ Subscribe ]" in record.words
    assert record.ip == "127.0.0.1"


def test_known_and_unknown_addresses_get_the_same_answer(client, workspace, send, bread):
    factories.subscriber(workspace, "active@example.com", on=bread)
    factories.subscriber(workspace, "left@example.com", on=bread, status=SubscriptionStatus.UNSUBSCRIBED)
    factories.subscriber(workspace, "waits@example.com", on=bread, status=SubscriptionStatus.PENDING)
    db.session.commit()

    answers = {
        (answer.status_code, answer.headers["Location"], answer.data)
        for answer in (
            send(bread, f"{who}@example.com") for who in ("active", "left", "waits", "new", "active")
        )
    }

    assert len(answers) == 1


def test_known_and_unknown_addresses_make_the_same_work(workspace, send, bread):
    """What is asked of the database, and in which order: the same time by whatever clock."""
    factories.subscriber(workspace, "active@example.com", on=bread)
    factories.subscriber(workspace, "left@example.com", on=bread, status=SubscriptionStatus.UNSUBSCRIBED)
    factories.subscriber(workspace, "waits@example.com", on=bread, status=SubscriptionStatus.PENDING)
    suppress(workspace.id, "suppressed@example.com", SuppressionReason.COMPLAINT)
    db.session.commit()
    asked = []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    def work_for(who):
        asked.clear()
        send(bread, f"{who}@example.com")
        return tuple(asked)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        works = {work_for(who) for who in ("active", "left", "waits", "suppressed", "new", "newer")}
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert len(works) == 1
    assert any("INSERT" in statement for statement in works.pop())


def test_a_stranger_cannot_rename_a_subscriber(workspace, sign_up, bread):
    factories.subscriber(workspace, "rosa@example.com", name="Rosa")
    db.session.commit()

    sign_up(bread, "rosa@example.com", name="Mallory")

    assert db.session.query(Subscriber).one().name == "Rosa"


def test_single_opt_in_begins_at_once(workspace, sign_up, queued):
    news = factories.mailing_list(workspace, "News", opt_in=OptIn.SINGLE)
    db.session.commit()

    sign_up(news, "rosa@example.com")

    assert db.session.query(Subscription).one().is_active
    assert "send_confirmation" not in {job for job, *_ in queued()}


def test_ten_posts_for_one_victim_send_one_mail(sign_up, bread, queued):
    for _ in range(10):
        sign_up(bread, "victim@example.com")

    assert [job for job, *_ in queued()].count("send_confirmation") == 1


def test_a_program_that_fills_in_every_field_is_told_nothing(sign_up, bread):
    honest = sign_up(bread, "rosa@example.com")
    trapped = sign_up(bread, "bot@example.com", website="https://spam.example")

    assert (trapped.status_code, trapped.data) == (honest.status_code, honest.data)
    assert [row.email for row in db.session.query(Subscriber)] == ["rosa@example.com"]


@pytest.mark.parametrize("opened", ["", "forged", "A" * 32])
def test_a_form_that_was_never_opened_is_shown_with_what_was_typed(client, bread, opened):
    answer = client.post(f"/s/{bread.public_id}", data={"email": "rosa@example.com", "opened": opened})

    assert answer.status_code == 200
    assert 'value="rosa@example.com"' in answer.text
    assert db.session.query(Subscriber).count() == 0


def test_a_form_that_was_opened_days_ago_is_shown_again(client, send, bread):
    page = client.get(f"/s/{bread.public_id}")
    opened = re.search(r'name="opened"[^>]*value="([^"]+)"', page.text)[1]

    with time_machine.travel(utcnow() + timedelta(days=3)):
        answer = client.post(f"/s/{bread.public_id}", data={"email": "rosa@example.com", "opened": opened})

    assert b"once more" in answer.data


@pytest.mark.parametrize("email", ["", "rosa", "rosa@", "a@b@c", "rosa@example.com\r\nBcc: x@example.com"])
def test_what_is_no_address_is_explained_beside_its_field(send, bread, email):
    answer = send(bread, email)

    assert answer.status_code == 422
    assert b"field-error" in answer.data


def test_what_people_type_is_escaped(client, bread):
    answer = client.post(
        f"/s/{bread.public_id}", data={"email": "rosa@example.com", "name": "<script>alert(1)"}
    )

    assert b"<script>alert" not in answer.data


@pytest.mark.parametrize(
    "values", [{"visibility": Visibility.PRIVATE}, {"archived_at": utcnow()}], ids=["private", "archived"]
)
def test_a_list_that_is_not_public_has_no_page(client, workspace, values):
    hidden = factories.mailing_list(workspace, "Hidden", **values)
    db.session.commit()

    assert client.get(f"/s/{hidden.public_id}").status_code == 404
    assert client.post(f"/s/{hidden.public_id}", data={"email": "rosa@example.com"}).status_code == 404


def test_only_the_embedded_form_may_stand_in_a_frame(client, bread):
    page = client.get(f"/s/{bread.public_id}")
    embedded = client.get(f"/s/{bread.public_id}?embed=1")

    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]


def test_an_entry_that_nobody_signed_up_is_asked_for_again(send, bread, queued, broker):
    send(bread, "rosa@example.com")
    entry = db.session.query(WaitingEntry).one()
    broker.flush_all()

    assert sweep_sign_ups(now=entry.created_at + timedelta(seconds=59)) == 0
    assert sweep_sign_ups(now=entry.created_at + timedelta(seconds=61)) == 1
    db.session.commit()

    assert queued() == [("sign_up", str(entry.id))]


def test_an_entry_is_signed_up_once_and_not_to_a_list_that_was_closed_since(workspace, send, bread):
    cake = factories.mailing_list(workspace, "Cake")
    db.session.commit()
    send(bread, "rosa@example.com")
    send(cake, "rosa@example.com")
    cake.archived_at = utcnow()
    entries = [entry.id for entry in db.session.query(WaitingEntry)]

    for entry_id in entries * 2:
        verb(entry_id)

    assert [place.list.name for place in db.session.query(Subscription)] == ["Weekly bread"]
    assert db.session.query(SignUp).count() == 2
    assert db.session.query(WaitingEntry).count() == 0


@pytest.fixture
def broken_client(migrated_app, tmp_path):
    """A browser before an application whose database is away."""
    lost = settings().model_copy(update={"database_url": "postgresql://127.0.0.1:1/mailer?connect_timeout=1"})
    app = create_app(lost)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    return app.test_client()


def test_while_the_database_is_away_everything_typed_is_handed_back(bread, broken_client):
    typed = {"email": "rosa@example.com", "name": "<Rosa>", "lists": ["lst_1", "lst_2"]}

    answer = broken_client.post(f"/s/{bread.public_id}?lang=de", data=typed)
    page = broken_client.get(f"/s/{bread.public_id}")
    staff = broken_client.get("/")

    assert [answer.status_code, page.status_code, staff.status_code] == [503, 503, 503]
    assert "Noch einmal senden" in answer.text
    for part in ('value="rosa@example.com"', "&lt;Rosa&gt;", 'value="lst_1"', 'value="lst_2"'):
        assert part in answer.text
