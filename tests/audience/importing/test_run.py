import io
from datetime import date

import pytest
from openpyxl import Workbook

from mailer.audience.fields import create_field
from mailer.audience.importing import run as running
from mailer.audience.importing.begin import cancel_import
from mailer.audience.importing.receive import upload_path
from mailer.audience.importing.refusals import csv_of_refusals
from mailer.audience.importing.run import import_chunks, sweep_imports
from mailer.audience.models import (
    Existing,
    FieldType,
    Import,
    ImportRefusal,
    ImportStatus,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from mailer.audience.queries.imports import import_by_id
from mailer.audience.queries.lists import counts_of
from mailer.audience.queries.narrowed import SubscriberFilter, select_subscribers
from mailer.consent.models import ConsentRecord
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.lib.clock import utcnow
from tests import factories
from tests.audience.importing.conftest import BASIS, run, undo
from tests.factories import refreshed
from tests.support.events import listening

CHUNK = 1_000


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(running, "CHUNK", CHUNK)


def figures(source):
    return (source.added_count, source.updated_count, source.unchanged_count, source.refused_count)


def emails(workspace):
    query = select_subscribers(workspace.id, SubscriberFilter())
    return sorted(row.email for row in db.session.scalars(query))


def test_columns_are_guessed_from_what_people_write_above_them(upload, workspace):
    create_field(workspace.id, "City")

    source = upload("E-Mail;Vorname;Nachname;City;Shoe size\nrosa@example.com;Rosa;Lima;Porto;38\n")

    assert source.mapping == {
        "0": "email",
        "1": "first_name",
        "2": "last_name",
        "3": "field:city",
        "4": "new:number",
    }
    assert source.row_count == 1


def test_a_spreadsheet_is_a_table_like_any_other(upload, begin):
    packed, book = io.BytesIO(), Workbook()
    book.active.append(["E-Mail", "Name", "Born", "Loaves", "Customer id"])
    book.active.append(["rosa@example.com", "Rosa", date(1980, 5, 31), 3.5, 4711])
    book.save(packed)

    source = upload(packed.getvalue(), "people.xlsx")
    run(begin(source, mapping=source.mapping))

    rosa = db.session.query(Subscriber).one()
    assert (rosa.name, rosa.external_id) == ("Rosa", "4711")
    assert rosa.fields == {"born": "1980-05-31", "loaves": 3.5}


def test_addresses_are_found_under_any_heading(upload):
    assert upload("who,where\nrosa@example.com,Porto\n").mapping == {"0": "email", "1": "new:text"}
    born = upload("who,born\nrosa@example.com,31/05/1980\nsam@example.com,01/02/1990\n")
    assert born.mapping == {"0": "email", "1": "new:date"}


def test_everyone_in_the_file_joins_the_list_with_the_basis_as_proof(workspace, bread, ana, upload, begin):
    source = run(
        begin(upload("email,name\nrosa@example.com,Rosa\nSam@Example.com,Sam\n"), tag_names=["fair"])
    )

    assert source.status is ImportStatus.FINISHED
    assert figures(source) == (2, 0, 0, 0)
    assert emails(workspace) == ["Sam@example.com", "rosa@example.com"]
    assert counts_of([bread])[bread.id].active == 2
    record = db.session.query(ConsentRecord).first()
    assert (record.words, record.actor_id, record.list_id) == (BASIS, ana.id, bread.id)
    assert [tag.name for tag in db.session.query(Subscriber).first().tags] == ["fair"]


def test_who_left_stays_away(workspace, bread, upload, begin):
    left = factories.subscriber(
        workspace, "left@example.com", on=bread, status=SubscriptionStatus.UNSUBSCRIBED
    )
    waits = factories.subscriber(workspace, "waits@example.com", on=bread, status=SubscriptionStatus.PENDING)

    source = run(begin(upload("email\nleft@example.com\nwaits@example.com\nnew@example.com\n")))

    places = {place.subscriber_id: place.status for place in db.session.query(Subscription)}
    assert places[left.id] is SubscriptionStatus.UNSUBSCRIBED
    assert places[waits.id] is SubscriptionStatus.PENDING
    assert (source.subscribed_count, source.left_before_count) == (1, 1)
    assert db.session.query(ConsentRecord).count() == 1


@pytest.mark.parametrize(
    ("existing", "name", "locale", "updated"),
    [
        (Existing.FILL, "Rosa", "pt", 1),
        (Existing.OVERWRITE, "Rosa Lima", "pt", 1),
        (Existing.KEEP, "Rosa", "", 0),
    ],
)
def test_who_is_here_already_is_treated_as_chosen(workspace, upload, begin, existing, name, locale, updated):
    rosa = factories.subscriber(workspace, "rosa@example.com", name="Rosa")

    source = run(begin(upload("email,name,lang\nROSA@example.com,Rosa Lima,pt\n"), existing=existing))

    rosa = refreshed(rosa)
    assert (rosa.name, rosa.locale, source.updated_count) == (name, locale, updated)
    assert figures(source) == (0, updated, 1 - updated, 0)


def test_refused_rows_are_kept_with_their_reason_and_come_back_as_a_file(workspace, upload, begin):
    create_field(workspace.id, "Loaves", type=FieldType.NUMBER)
    text = "email,loaves\nrosa@example.com,3\nnobody,1\n,2\nsam@example.com,many\n"

    source = run(begin(upload(text)))

    assert figures(source) == (1, 0, 0, 3)
    refused = db.session.query(ImportRefusal).order_by(ImportRefusal.row_number).all()
    assert [row.row_number for row in refused] == [3, 4, 5]
    assert "Loaves" in refused[2].reason
    lines = "".join(csv_of_refusals(source)).splitlines()
    assert lines[1].startswith("nobody,1,3,")


def test_an_address_twice_in_a_file_is_one_subscriber(workspace, upload, begin):
    source = run(begin(upload("email,name\nrosa@example.com,\nROSA@example.com,Rosa\n")))

    assert emails(workspace) == ["rosa@example.com"]
    assert db.session.query(Subscriber).one().name == "Rosa"
    assert sum(figures(source)) == 2


def test_a_field_can_be_made_on_the_way(workspace, upload, begin):
    source = upload("email,Shoe size\nrosa@example.com,38\n")

    run(begin(source, mapping={"0": "email", "1": "new:number"}))

    assert db.session.query(Subscriber).one().fields == {"shoe_size": 38}


def test_another_workspace_is_not_touched(workspace, other_workspace, upload, begin):
    theirs = factories.subscriber(other_workspace, "rosa@example.com", name="Theirs")

    run(begin(upload("email,name\nrosa@example.com,Ours\n"), existing=Existing.OVERWRITE))

    assert refreshed(theirs).name == "Theirs"
    assert emails(workspace) == ["rosa@example.com"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"consent_basis": "ok"}, "when and how"),
        ({"mapping": {"0": "name"}}, "email addresses"),
        ({"mapping": {"0": "email", "1": "email"}}, "Two columns"),
        ({"mapping": {"0": "email", "1": "password"}}, "nothing that a column can be"),
    ],
)
def test_an_import_does_not_begin_without_what_it_needs(upload, begin, values, words):
    source = upload("email,name\nrosa@example.com,Rosa\n")

    with pytest.raises(Invalid, match=words):
        begin(source, **values)


@pytest.mark.parametrize("text", ["email,name\n", "", "\n\n"])
def test_a_file_without_people_is_refused(upload, text):
    with pytest.raises(Invalid):
        upload(text)


@pytest.fixture
def long_import(upload, begin):
    rows = "".join(f"reader{number}@example.com\n" for number in range(2 * CHUNK + 500))
    return begin(upload("email\n" + rows))


def test_a_run_that_was_killed_is_taken_up_where_it_stopped(workspace, long_import):
    chunks = import_chunks(long_import.id)
    next(chunks)
    db.session.commit()
    next(chunks)
    db.session.rollback()  # the kill: this chunk was never committed

    source = run(long_import)

    assert figures(source) == (2 * CHUNK + 500, 0, 0, 0)
    assert source.done_count == source.row_count == len(emails(workspace))
    assert db.session.query(ConsentRecord).count() == source.row_count


def test_a_second_run_at_once_does_no_harm(workspace, long_import):
    first, second = import_chunks(long_import.id), import_chunks(long_import.id)
    next(first)
    db.session.commit()
    stale = refreshed(long_import)
    stale.done_count = 0
    db.session.flush()
    db.session.rollback()

    for _ in second:
        db.session.commit()
    for _ in first:
        db.session.commit()

    source = refreshed(long_import)
    assert figures(source) == (2 * CHUNK + 500, 0, 0, 0)


def test_cancelling_keeps_what_was_imported(workspace, long_import):
    chunks = import_chunks(long_import.id)
    next(chunks)
    db.session.commit()

    cancel_import(long_import, now=utcnow())
    db.session.commit()
    list(chunks)

    assert len(emails(workspace)) == CHUNK
    assert not upload_path(long_import.stored_as).exists()
    with pytest.raises(Conflict):
        cancel_import(long_import, now=utcnow())


def test_the_sweep_asks_again_for_a_run_that_was_left_behind(long_import, queued, broker):
    broker.flush_all()
    long_import.touched_at = utcnow().replace(year=2020)
    sweep_imports(now=utcnow())
    db.session.commit()

    assert queued() == [("run_import", str(long_import.id))]


def test_a_lost_file_fails_in_words(long_import):
    upload_path(long_import.stored_as).unlink()

    source = run(long_import)

    assert source.status is ImportStatus.FAILED
    assert "upload it again" in source.error


def test_the_database_is_asked_by_the_chunk_and_not_by_the_row(workspace, upload, begin):
    create_field(workspace.id, "City")
    rows = "".join(f"reader{number}@example.com,Reader {number},Porto\n" for number in range(5 * CHUNK))
    source = begin(upload("email,name,city\n" + rows))
    statements = []

    with listening(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2])):
        run(source)

    assert refreshed(source).added_count == 5 * CHUNK
    assert len(statements) < 5 * 40


def test_an_import_of_another_workspace_is_not_found(other_workspace, upload):
    source = upload("email\nrosa@example.com\n")

    with pytest.raises(NotFound):
        import_by_id(other_workspace.id, source.public_id)
    assert db.session.query(Import).count() == 1


@pytest.fixture
def named(workspace, other_workspace):
    """Rosa, who is c-1; Sam, whom no program has named; and a c-2 of other people."""
    factories.subscriber(workspace, "rosa@example.com", external_id="c-1")
    factories.subscriber(workspace, "sam@example.com")
    factories.subscriber(other_workspace, "cleo@example.com", external_id="c-2")
    db.session.commit()


def external_ids(workspace):
    everybody = db.session.query(Subscriber).filter_by(workspace_id=workspace.id)
    return {person.email: person.external_id for person in everybody}


@pytest.mark.parametrize(
    ("existing", "of_rosa", "of_sam"),
    [(Existing.FILL, "c-1", "c-2"), (Existing.OVERWRITE, "c-9", "c-2"), (Existing.KEEP, "c-1", None)],
)
def test_a_file_gives_external_ids_and_takes_nobody_s(
    named, upload, begin, workspace, existing, of_rosa, of_sam
):
    source = upload(
        "email,external_id\nrosa@example.com,c-9\nSAM@example.com, c-2\nnew@example.com,a\\t\n"
        "twice@example.com,c-2\nthief@example.com,c-1\nplain@example.com,\n"
        f"long@example.com,{'x' * 256}\n"
    )
    assert source.mapping == {"0": "email", "1": "external_id"}

    source = run(begin(source, existing=existing))

    assert external_ids(workspace) == {
        "rosa@example.com": of_rosa,
        "sam@example.com": of_sam,
        "new@example.com": "a\\t",
        "plain@example.com": None,
    }
    refused = db.session.query(ImportRefusal).order_by(ImportRefusal.row_number)
    assert [(row.row_number, row.kind) for row in refused] == [
        (5, "other_person"),
        (6, "other_person"),
        (8, "bad_value"),
    ]
    undo(source)
    assert external_ids(workspace) == {"rosa@example.com": "c-1", "sam@example.com": None}


def test_an_external_id_that_somebody_was_given_meanwhile_stays_theirs(named, upload, begin, workspace):
    source = run(begin(upload("email,external_id\nrosa@example.com,c-9\n"), existing=Existing.OVERWRITE))
    factories.subscriber(workspace, "late@example.com", external_id="c-1")
    db.session.commit()

    undo(source)

    assert external_ids(workspace)["rosa@example.com"] == "c-9"
