"""Exports that a worker writes: whole, once, for two days, whoever is killed meanwhile."""

from datetime import timedelta
from uuid import UUID

import pytest

from mailer.audience.fields import create_field
from mailer.db import db
from mailer.exports.begin import begin_export, file_of, path_of
from mailer.exports.known import Chosen
from mailer.exports.models import KEPT_FOR, Export, ExportFormat, ExportKind, ExportStatus
from mailer.exports.people import csv_of_people, json_of_people
from mailer.exports.run import export_chunks, sweep_exports
from mailer.lib.clock import utcnow
from mailer.segments.save import create_segment, delete_segment
from mailer.segments.selection import Selection
from mailer.webhooks.endpoints import create_endpoint
from mailer.webhooks.models import Event
from tests import factories

ROOT = "/api/v1/exports"
EVERYBODY = Selection()


@pytest.fixture
def begin(workspace, ana):
    """Begin an export of everybody, or of whom is selected; return its id, since a run forgets rows."""

    def make(selection=EVERYBODY, format=ExportFormat.CSV) -> UUID:
        kind = ExportKind.SUBSCRIBERS
        made = begin_export(workspace.id, kind, selection, format=format, actor_id=ana.id, now=utcnow())
        db.session.commit()
        return made.id

    return make


@pytest.fixture
def crowd(workspace, other_workspace, monkeypatch):
    """More people than a page holds, and a stranger."""
    monkeypatch.setattr("mailer.exports.known.PAGE", 4)
    monkeypatch.setattr("mailer.exports.run.PAGE", 4)
    create_field(workspace.id, "City")
    factories.subscriber(other_workspace, "cleo@other.example")
    for number in range(10):
        factories.subscriber(workspace, f"reader{number}@example.com", fields={"city": f"Town {number}"})
    db.session.commit()


def row(export_id) -> Export:
    return db.session.get_one(Export, export_id, populate_existing=True)


def files(export_id) -> list[str]:
    return [path.name for path in path_of(row(export_id)).parent.glob(f"{export_id}*")]


def go(export_id, most=1_000):
    for _, _ in zip(range(most), run := export_chunks(export_id), strict=False):
        db.session.commit()
    return run


def test_a_program_has_people_written_and_fetches_them(shop, workspace, crowd, work_off):
    made = shop.post(ROOT, json={"kind": "subscribers"})
    early = shop.get(f"{ROOT}/{made.json['id']}/file")
    work_off()
    seen = shop.get(f"{ROOT}/{made.json['id']}").json

    fetched = shop.get(f"{ROOT}/{made.json['id']}/file")

    assert (made.status_code, made.json["total"], early.status_code) == (202, 10, 409)
    assert (seen["status"], seen["done"], seen["bytes"]) == ("finished", 10, len(fetched.data))
    streamed = "".join(csv_of_people(Chosen.of(workspace.id, Selection(), now=utcnow())))
    assert fetched.text == streamed
    assert fetched.mimetype == "text/csv"
    assert "Town 9" in fetched.text
    assert "other.example" not in fetched.text
    assert [row["id"] for row in shop.get(ROOT).json["data"]] == [made.json["id"]]


def test_whoever_asked_for_it_is_told(workspace, begin, crowd):
    create_endpoint(workspace.id, url="https://shop.example.com/", events=["export.*"])
    db.session.commit()

    go(begin())

    told = db.session.query(Event).one()
    assert (told.name, told.data["status"], told.data["object"]) == ("export.completed", "finished", "export")


def test_suppressions_are_written_whole_and_as_csv(shop, work_off):
    wrong = shop.post(ROOT, json={"kind": "suppressions", "format": "jsonl"})
    made = shop.post(ROOT, json={"kind": "suppressions"}).json
    work_off()

    fetched = shop.get(f"{ROOT}/{made['id']}/file").text

    assert wrong.status_code == 422
    assert fetched.startswith("\ufeffEmail address")


@pytest.mark.parametrize("format", ExportFormat)
def test_one_that_was_killed_goes_on_where_it_was(begin, workspace, crowd, work_off, format):
    made = begin(format=format)
    run = go(made, most=3)
    halfway = row(made).done_count
    # What a run had written and not yet committed when it was killed.
    (left,) = path_of(row(made)).parent.glob(f"{made}-*.partial")
    with left.open("a") as file:
        file.write("half a li")
    sweep_exports(now=utcnow() + timedelta(minutes=3))

    work_off()

    assert halfway == 4
    assert row(made).status is ExportStatus.FINISHED
    lines = csv_of_people if format is ExportFormat.CSV else json_of_people
    whole = "".join(lines(Chosen.of(workspace.id, EVERYBODY, now=utcnow())))
    assert file_of(row(made)).read_bytes() == whole.encode()
    assert row(made).byte_count == len(whole.encode())
    # The first one, that only slept, sees that it is no longer meant.
    assert list(run) == []
    assert files(made) == [f"{made}.{format}"]


def test_one_whose_file_is_lost_begins_again(begin, crowd, work_off):
    made = begin(format=ExportFormat.JSONL)
    go(made, most=3)
    (left,) = path_of(row(made)).parent.glob(f"{made}-*.partial")
    left.write_text("half")
    sweep_exports(now=utcnow() + timedelta(minutes=3))

    work_off()

    assert row(made).done_count == 10
    assert file_of(row(made)).read_text().count("\n") == 10
    assert files(made) == [f"{made}.jsonl"]


def test_one_whose_columns_changed_begins_again(begin, workspace, crowd, work_off):
    made = begin()
    go(made, most=3)
    create_field(workspace.id, "Bread")
    db.session.commit()
    sweep_exports(now=utcnow() + timedelta(minutes=3))

    work_off()

    lines = file_of(row(made)).read_text().splitlines()
    assert (len(lines), row(made).done_count) == (11, 10)
    assert "Bread" in lines[0]


def test_what_it_was_of_is_gone(begin, workspace, crowd):
    tree = {"type": "group", "match": "all", "conditions": [{"type": "did", "deed": "opened"}]}
    segment = create_segment(workspace.id, "Readers", tree, now=utcnow())
    made = begin(Selection(segment=segment.public_id))
    delete_segment(segment)
    db.session.commit()

    go(made)

    assert (row(made).status, row(made).expires_at) == (ExportStatus.FAILED, None)
    assert "segment" in row(made).error
    assert files(made) == []


def test_a_file_is_deleted_after_two_days(begin, shop, crowd):
    made = begin()
    go(made)
    url = f"{ROOT}/{row(made).public_id}/file"
    before = shop.get(url).status_code

    sweep_exports(now=utcnow() + KEPT_FOR + timedelta(minutes=1))
    db.session.commit()

    assert (before, shop.get(url).status_code) == (200, 404)
    assert (row(made).status, files(made)) == (ExportStatus.EXPIRED, [])


def test_one_that_is_deleted_while_it_is_written_ends(begin, shop, crowd):
    finished, made = begin(), begin()
    go(finished)
    run = go(made, most=2)
    paths = [path_of(row(one)) for one in (finished, made)]

    for one in (finished, made):
        assert shop.delete(f"{ROOT}/{row(one).public_id}").status_code == 204

    assert list(run) == []
    assert [one for path in paths for one in path.parent.glob(f"{path.stem}*")] == []
