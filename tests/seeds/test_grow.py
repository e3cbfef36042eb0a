"""Audiences of any size."""

from sqlalchemy import func, select

from mailer.audience.models import Subscriber
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.audience.queries.growth import audience_size
from mailer.audience.queries.lists import counts_of
from mailer.consent.models import ConsentRecord
from mailer.consent.subscribe import subscription_of
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.seeds.grow import Crowd, grow, list_called
from mailer.seeds.people import people
from tests import factories


def test_everyone_is_on_the_list_with_a_proof(workspace):
    weekly = factories.mailing_list(workspace)

    assert list(grow(Crowd.of(weekly, 250, now=utcnow()))) == [250]

    assert counts_of([weekly])[weekly.id].active == 250
    assert audience_size(workspace.id) == 250
    assert db.session.scalar(select(func.count()).select_from(ConsentRecord)) == 250
    someone = db.session.scalars(select(Subscriber)).first()
    assert subscription_of(someone, weekly).is_active
    assert set(someone.fields) == {"city"}
    assert [field.key for field in fields_of(workspace.id)] == ["city"]
    assert someone.created_at <= utcnow()


def test_growing_again_adds_other_people(workspace):
    weekly, other = factories.mailing_list(workspace), list_called(workspace.id, "Other")

    list(grow(Crowd.of(weekly, 100, now=utcnow())))
    list(grow(Crowd.of(other, 100, now=utcnow())))

    assert counts_of([weekly])[weekly.id].active == 100
    assert counts_of([other])[other.id].active == 100
    assert audience_size(workspace.id) == 200


def test_several_loaders_share_a_crowd_and_make_nobody_twice(workspace):
    weekly = factories.mailing_list(workspace)
    crowd = Crowd.of(weekly, 101, now=utcnow())

    made = [sum(grow(crowd, part)) for part in crowd.shared_by(3)]

    assert made == [33, 34, 34]
    assert counts_of([weekly])[weekly.id].active == 101


def test_a_list_is_found_by_id_and_by_name(workspace):
    weekly = factories.mailing_list(workspace, "Weekly")

    assert list_called(workspace.id, weekly.public_id) == weekly
    assert list_called(workspace.id, "Weekly") == weekly


def test_the_same_seed_makes_the_same_people_and_nobody_twice():
    crowd = [person for person, _ in zip(people(seed=1), range(2_000), strict=False)]

    assert crowd == [person for person, _ in zip(people(seed=1), range(2_000), strict=False)]
    assert len({person.email for person in crowd}) == 2_000
    assert all(person.email.isascii() for person in crowd)
    assert all(person.email.rpartition("@")[2].startswith("example.") for person in crowd)
