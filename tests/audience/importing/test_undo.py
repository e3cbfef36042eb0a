"""Taking back what an import did, and forecasting it before."""

from datetime import timedelta

import pytest

from mailer.audience.fields import create_field
from mailer.audience.importing.begin import begin_import, change_mind, pause_import
from mailer.audience.models import Existing, ImportChange, ImportStatus, Subscriber, Subscription
from mailer.audience.tags import add_tags
from mailer.consent.models import Act, Channel, Evidence, Suppression
from mailer.consent.record import keep_record
from mailer.db import db
from mailer.errors import Conflict
from mailer.lib.clock import utcnow
from tests import factories
from tests.audience.importing.conftest import run, undo
from tests.factories import refreshed


def snapshot():
    """Everything that an import touches, as plain values."""
    db.session.expire_all()
    people = {
        person.email_key: (
            person.name,
            person.locale,
            person.fields,
            sorted(tag.name for tag in person.tags),
            sorted((place.list.name, place.status.value) for place in person.subscriptions),
        )
        for person in db.session.query(Subscriber)
    }
    return people, sorted(row.email_key for row in db.session.query(Suppression))


@pytest.fixture
def known(workspace, bread):
    create_field(workspace.id, "City")
    rosa = factories.subscriber(
        workspace, "rosa@example.com", name="Rosa", fields={"city": "Porto"}, on=bread
    )
    factories.subscriber(workspace, "sam@example.com", name="Sam")
    add_tags(rosa, ["regular"])
    db.session.commit()
    return rosa


FILE = (
    "email,name,city,tags,status\n"
    'rosa@example.com,Rosa Lima,Faro,"fair,regular",subscribed\n'
    "sam@example.com,,Braga,fair,subscribed\n"
    "new@example.com,New,,,subscribed\n"
    "gone@example.com,,,,unsubscribed\n"
    "nobody,,,,subscribed\n"
)


def test_an_import_that_is_undone_was_never_there(known, upload, begin):
    before = snapshot()
    source = run(begin(upload(FILE), existing=Existing.OVERWRITE, tag_names=["batch"]))
    assert snapshot() != before

    source = undo(source)

    assert source.status is ImportStatus.UNDONE
    assert snapshot() == before
    assert db.session.query(ImportChange).count() == 0


def test_who_acted_since_and_what_was_changed_since_stay(known, upload, begin):
    source = run(begin(upload(FILE), existing=Existing.OVERWRITE))
    new = db.session.query(Subscriber).filter_by(email="new@example.com").one()
    keep_record(new, act=Act.RESUMED, evidence=Evidence(Channel.PREFERENCE_PAGE), at=utcnow())
    known.name = "Rosa M. Lima"
    db.session.commit()

    undo(source)

    assert refreshed(new).subscriptions[0].is_active
    assert (refreshed(known).name, known.fields) == ("Rosa M. Lima", {"city": "Porto"})


def test_an_import_can_be_undone_for_thirty_days(upload, begin):
    source = run(begin(upload("email\nrosa@example.com\n")))

    assert not source.can_be_undone(utcnow() + timedelta(days=31))
    undo(source)
    with pytest.raises(Conflict):
        undo(refreshed(source))


def test_the_forecast_says_what_then_happens_and_writes_nothing(known, upload, forecast):
    before = snapshot()
    source = forecast(upload(FILE + "NEW@example.com,Again,,,subscribed\n"), existing=Existing.OVERWRITE)
    told = source.forecast
    assert snapshot() == before
    assert (told["refused_by"], told["role"], told["disposable"]) == ({"not_an_address": 1}, 0, 0)

    begin_import(source, now=utcnow())
    db.session.commit()
    source = run(source)

    done = (source.added_count, source.updated_count, source.unchanged_count, source.departed_count)
    assert (told["new"], told["changed"], told["unchanged"], told["departed"]) == done == (1, 2, 1, 1)
    assert (told["places"], told["refused"]) == (source.subscribed_count, source.refused_count) == (2, 1)


def test_suspicious_addresses_are_counted(upload, forecast):
    told = forecast(upload("email\ninfo@example.com\nrosa@mailinator.com\n")).forecast

    assert (told["role"], told["disposable"], told["new"]) == (1, 1, 2)


def test_minds_are_changed_before_and_work_is_paused_after(upload, forecast, begin):
    source = forecast(upload("email\nrosa@example.com\n"))
    change_mind(source)
    source = begin(source, list_ids=[], consent_basis="")

    pause_import(source)
    db.session.commit()
    assert run(source).done_count == 0
    begin_import(refreshed(source), now=utcnow())
    db.session.commit()

    assert run(source).status is ImportStatus.FINISHED
    assert db.session.query(Subscription).count() == 0


def test_suppressed_people_are_left_alone(workspace, upload, begin):
    db.session.add(Suppression(workspace_id=workspace.id, email_key="rosa@example.com", reason="complaint"))

    source = run(begin(upload("email\nROSA@example.com\n")))

    assert db.session.query(Subscriber).count() == 0
    assert source.refused_count == 1
