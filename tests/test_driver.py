"""A few rows written and read by the driver itself."""

import pytest
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from mailer.api.dry_run import WouldSucceed, dry_run
from mailer.audience.models import Subscriber
from mailer.db import DATABASE_AWAY, db, looking_first, reading_apart
from mailer.delivery.models import Delivery, DeliveryState, SentHour
from mailer.driver import Change, Inserted, Question, insert_at_commit, insert_rows
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

TABLE = Delivery.__table__


def retry():
    """Set a value that the statement has, one that is none, and one that each row has."""
    return (
        update(TABLE)
        .where(TABLE.c.id == bindparam("asked"), TABLE.c.state == DeliveryState.PREPARED)
        .values(reply="Later.", skip_reason=None, next_try_at=bindparam("due"))
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


def test_what_is_inserted_last_comes_with_the_commit(row, workspace):
    # Its message is only added so far; the row names it.
    later = message_of(workspace)

    insert_at_commit({DELIVERIES: [row, row | {"id": uuid7(), "message_id": later.id}]})
    there_before = QUESTION.ask([{"asked": row["id"]}])
    db.session.commit()

    assert there_before == []
    assert set(db.session.scalars(select(Delivery.message_id))) == {row["message_id"], later.id}
    db.session.commit()
    assert db.session.scalar(select(func.count(Delivery.id))) == 2


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_whoever_gives_up_forgets_what_was_to_be_inserted_last(row, end):
    db.session.commit()
    assert not db.session().in_transaction()

    insert_at_commit({DELIVERIES: [row]})
    getattr(db.session, end)()
    db.session.commit()

    assert db.session.scalar(select(Delivery.id)) is None


def test_in_a_savepoint_they_come_at_once_and_go_with_it(row):
    other = row | {"id": uuid7()}
    with db.session.begin_nested():
        insert_at_commit({DELIVERIES: [row]})
    inner = db.session.begin_nested()
    insert_at_commit({DELIVERIES: [other]})
    inner.rollback()
    db.session.commit()

    assert db.session.scalars(select(Delivery.id)).all() == [row["id"]]


def test_a_dry_run_commits_none_of_them(row):
    insert_at_commit({DELIVERIES: [row]})
    with pytest.raises(WouldSucceed), dry_run():
        db.session.commit()
    db.session.commit()

    assert db.session.scalar(select(Delivery.id)) is None


def test_a_commit_whose_last_rows_break_a_constraint_commits_nothing(row, workspace):
    workspace.name = "Another"
    insert_at_commit({DELIVERIES: [row, row]})

    with pytest.raises(IntegrityError):
        db.session.commit()
    db.session.rollback()

    assert db.session.scalar(select(Delivery.id)) is None
    assert workspace.name != "Another"
    insert_at_commit({DELIVERIES: [row]})
    db.session.commit()
    assert db.session.scalar(select(Delivery.id)) == row["id"]


def test_a_line_that_broke_before_the_last_rows_is_told_as_anywhere_and_replaced(row):
    if db.session.get_bind().dialect.name == "sqlite":
        pytest.skip("nothing lies between us and a file")
    ours = db.session.scalar(select(func.pg_backend_pid()))
    insert_at_commit({DELIVERIES: [row]})
    with reading_apart() as others:
        others.execute(select(func.pg_terminate_backend(ours)))

    with pytest.raises(DATABASE_AWAY):
        db.session.commit()
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


def test_a_change_is_made_for_each_and_tells_how_many_it_met(row):
    others = [row | {"id": uuid7()} for _ in range(2)]
    insert_rows({DELIVERIES: [row, *others]})
    due = utcnow()

    made = Change(retry()).make(
        {"asked": row["id"], "due": due},
        {"asked": uuid7(), "due": due},
        {"asked": others[0]["id"], "due": due},
    )
    db.session.commit()

    assert (made.rows, made.number) == ([], 2)
    written = {each.id: each for each in db.session.scalars(select(Delivery))}
    assert [written[each["id"]].reply for each in (row, *others)] == ["Later.", "Later.", ""]
    assert written[row["id"]].next_try_at == due


def test_a_change_returns_what_it_wrote_in_the_form_of_the_model(row):
    insert_rows({DELIVERIES: [row]})
    due = utcnow()

    made = Change(retry().returning(TABLE.c.id, TABLE.c.state, TABLE.c.next_try_at)).make(
        {"asked": row["id"], "due": due}
    )

    assert made.rows == [(row["id"], DeliveryState.PREPARED, due)]
    assert made.number == 1


def test_nothing_asked_is_nothing_done(row):
    assert Change(retry()).make() == ([], 0)


def test_each_database_may_have_words_of_its_own(row):
    def upsert(dialect):
        insertion = dialect.insert(SentHour.__table__)
        return insertion.on_conflict_do_update(
            index_elements=["workspace_id", "hour"], set_={"count": SentHour.count + insertion.excluded.count}
        )

    adding = Change(upsert)
    hour = {"workspace_id": row["workspace_id"], "hour": utcnow(), "count": 2}
    adding.make(hour, hour)
    adding.make(hour)

    assert db.session.scalar(select(SentHour.count)) == 6


def test_a_change_that_breaks_a_constraint_is_told_as_anywhere(row):
    insert_rows({DELIVERIES: [row]})

    with pytest.raises(IntegrityError):
        Change(update(TABLE).values(state=bindparam("new"))).make({"new": "asleep"})


def test_a_change_that_cannot_be_counted_is_refused(row):
    if db.session.get_bind().dialect.name == "postgresql":
        pytest.skip("PostgreSQL counts every change.")
    chosen = select(TABLE.c.id).cte("chosen")
    change = update(TABLE).where(TABLE.c.id.in_(select(chosen.c.id))).values(reply="Later.")

    with pytest.raises(ValueError, match="let it return its rows"):
        Change(change).make({})
