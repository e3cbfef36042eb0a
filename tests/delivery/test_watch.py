"""A sender hears of who leaves, whenever it asked."""

import pytest

from mailer.audience.models import Subscription
from mailer.db import db
from mailer.delivery import watch
from mailer.lib.clock import utcnow
from tests import factories


@pytest.fixture
def listening(app):
    opened = watch.open_watch()
    yield opened
    opened.close()


@pytest.fixture
def leave(workspace, bread):
    """Have somebody leave, and commit it."""

    def go():
        person = factories.subscriber(workspace, "lea@example.com", on=bread)
        db.session.commit()
        db.session.get(Subscription, person.subscriptions[0].id).end(at=utcnow())
        db.session.commit()

    return go


def test_who_left_before_the_question_is_told_of_once(listening, leave):
    assert not listening.changed()

    leave()
    listening.ask()

    assert listening.changed()
    assert not listening.changed()


def test_an_old_answer_does_not_count(listening, leave, monkeypatch):
    monkeypatch.setattr(watch, "_FRESH_SECONDS", 0.0)
    listening.ask()

    leave()

    assert listening.changed()


def test_whoever_the_answer_came_too_early_for_is_told_of_with_the_next(listening, leave, monkeypatch):
    monkeypatch.setattr(watch, "_FRESH_SECONDS", 60.0)
    listening.ask()

    leave()

    assert listening.changed() or listening.changed()
