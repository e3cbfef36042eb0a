"""A few rows written and read by the driver itself."""

import pytest
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from mailer.audience.models import Subscriber
from mailer.db import DATABASE_AWAY, db, looking_first, reading_apart
from mailer.delivery.models import Delivery, DeliveryState
from mailer.driver import Inserted, Question, insert_rows
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.sqlite import READ_ONLY
from tests import factories
from tests.delivery.conftest import message_of

DELIVERIES = Inserted(
    Delivery,
    *("id", "created_at", "workspace_id", "message_id", "email", "values", "next_try_at"),
    made={
        "subscriber_id": select(Subscriber.id).where(Subscriber.id == bindparam("known_as")).scalar_subquery()
    },
)
QUESTION = Question(
    select(Delivery.id, Delivery.state, Delivery.created_at).where(
        Delivery.id == bindparam("asked", type_=Delivery.id.type), Delivery.state == DeliveryState.PREPARED
    )
)


@pytest.fixture
def row(workspace):
    message = message_of(workspace)
    db.session.commit()
    return {
        "id": uuid7(),
        "created_at": utcnow(),
        "workspace_id": workspace.id,
        "message_id": message.id,
        "email": "ana@example.com",
        "values": {"name": "Åna"},
        "next_try_at": utcnow(),
        "known_as": None,
    }


def test_what_is_written_reads_as_if_the_orm_had_written_it(row):
    insert_rows({DELIVERIES: [row]})
    db.session.commit()

    written = db.session.get(Delivery, row["id"])
    assert (written.email, written.values, written.created_at) == (
        row["email"],
        row["values"],
        row["created_at"],
    )
    assert (written.state, written.attempt, written.crash_count, written.reply) == (
        DeliveryState.PREPARED,
        0,
        0,
        "",
    )


def test_a_value_that_the_database_makes_may_be_none(workspace, row):
    ana = factories.subscriber(workspace, email="ana@example.com")
    db.session.commit()

    insert_rows({DELIVERIES: [row | {"known_as": ana.id}, row | {"id": uuid7(), "known_as": uuid7()}]})

    assert set(db.session.scalars(select(Delivery.subscriber_id))) == {ana.id, None}


def test_a_broken_constraint_is_told_as_anywhere(row):
    with pytest.raises(IntegrityError):
        insert_rows({DELIVERIES: [row, row]})
    db.session.rollback()

    assert db.session.scalar(select(Delivery.id)) is None


def test_to_look_first_takes_no_place_to_write_on_sqlite(row):
    db.session.commit()
    # As whoever puts an object of another session into this one.
    db.session().begin()

    with looking_first() as connection:
        assert connection.scalar(select(Delivery.id)) is None
        is_apart = bool(connection.get_execution_options().get(READ_ONLY))

    assert is_apart is (db.session.get_bind().dialect.name == "sqlite")


def test_what_this_thread_has_written_is_seen_when_it_looks(row):
    insert_rows({DELIVERIES: [row]})

    with looking_first() as connection:
        assert connection.scalar(select(Delivery.id)) == row["id"]


def test_a_question_is_answered_about_each_in_the_form_of_the_model(row):
    insert_rows({DELIVERIES: [row]})
    db.session.commit()

    found = QUESTION.ask([{"asked": row["id"]}, {"asked": uuid7()}])

    assert found == [(row["id"], DeliveryState.PREPARED, row["created_at"])]


def test_a_question_sees_what_this_thread_has_written(row):
    insert_rows({DELIVERIES: [row]})

    assert QUESTION.ask([{"asked": row["id"]}]) == [(row["id"], DeliveryState.PREPARED, row["created_at"])]


def test_a_line_that_broke_is_told_as_anywhere_and_replaced(row):
    if db.session.get_bind().dialect.name == "sqlite":
        pytest.skip("nothing lies between us and a file")
    insert_rows({DELIVERIES: [row]})
    db.session.commit()
    ours = db.session.scalar(select(func.pg_backend_pid()))
    with reading_apart() as others:
        others.execute(select(func.pg_terminate_backend(ours)))

    with pytest.raises(DATABASE_AWAY):
        QUESTION.ask([{"asked": row["id"]}])
    db.session.rollback()

    assert QUESTION.ask([{"asked": row["id"]}]) == [(row["id"], DeliveryState.PREPARED, row["created_at"])]
