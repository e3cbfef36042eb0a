"""An import whose process is killed, at any statement, ends where an undisturbed one does."""

import os
import signal
from collections import Counter

import pytest
from sqlalchemy import event

from mailer.audience.fields import create_field
from mailer.audience.importing import run as running
from mailer.audience.importing.run import import_chunks
from mailer.audience.models import (
    Import,
    ImportChange,
    ImportRefusal,
    ImportStatus,
    Subscriber,
    Subscription,
    SubscriptionStatus,
)
from mailer.audience.tags import add_tags
from mailer.consent.models import ConsentRecord, Suppression
from mailer.db import db
from tests import factories
from tests.audience.importing.conftest import run, through
from tests.factories import refreshed

CHUNK = 40
#: Before which statement of a process it is killed; each goes on where the one before was.
KILLED_AT = (1, 4, 9, 6, 12, 2, 20, 14)
ENDS = ("status", "done_count", "added_count", "updated_count", "unchanged_count", "refused_count")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(running, "CHUNK", CHUNK)


def people_of(workspace):
    """Some who were there: with other values, with tags, and gone from the list."""
    rye = factories.mailing_list(workspace, "Rye")
    create_field(workspace.id, "City")
    factories.subscriber(workspace, "reader7@example.com", name="Kept", on=rye)
    add_tags(factories.subscriber(workspace, "reader50@example.com", fields={"city": "Faro"}), ["old"])
    factories.subscriber(workspace, "reader90@example.com", on=rye, status=SubscriptionStatus.UNSUBSCRIBED)
    return rye


def file_of_people():
    rows = ["email,name,city,tags,status"]
    for number in range(200):
        status = "unsubscribed" if number % 31 == 0 else "subscribed"
        address = "not an address" if number % 37 == 0 else f"reader{number}@example.com"
        rows.append(f"{address},Reader {number},Porto,{'vip' if number % 5 == 0 else ''},{status}")
    # In a later chunk, the same people say more.
    rows += [f"READER{number}@example.com,,Lisboa,late," for number in range(0, 200, 17)]
    return "\n".join(rows) + "\n"


def end_of(source, workspace):
    """Everything that an import leaves behind, without what is new in every run."""
    query = db.session.query
    people = query(Subscriber).filter_by(workspace_id=workspace.id).all()
    address = {person.id: person.email for person in people}
    places = query(Subscription).filter_by(workspace_id=workspace.id)
    records = query(ConsentRecord).filter_by(workspace_id=workspace.id)
    changes = query(ImportChange).filter_by(import_id=source.id)
    return {
        "people": sorted(
            (row.email, row.name, sorted(row.fields.items()), sorted(tag.name for tag in row.tags))
            for row in people
        ),
        "places": sorted((address[row.subscriber_id], row.status) for row in places),
        "records": Counter((address[row.subscriber_id], row.act, row.words) for row in records),
        "suppressed": sorted(
            row.email_key for row in query(Suppression).filter_by(workspace_id=workspace.id)
        ),
        "refused": sorted(
            (row.row_number, row.kind) for row in query(ImportRefusal).filter_by(import_id=source.id)
        ),
        "changed": sorted(address[row.subscriber_id] for row in changes),
        **{name: getattr(source, name) for name in ENDS},
    }


def run_until_killed(import_id, statement):
    """Import in a process of its own, killed before its so-many-th statement."""
    db.session.commit()
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)
    try:
        # The connections are the parent's.
        db.engine.dispose(close=False)
        left = iter(range(statement - 1, -1, -1))

        def count(*_):
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(db.engine, "before_cursor_execute", count)
        event.listen(db.engine, "commit", count)
        through(import_chunks(import_id))
    finally:
        os._exit(0)


@pytest.mark.parametrize("existing", ["fill", "overwrite"])
def test_a_run_that_is_killed_ends_where_an_undisturbed_one_does(
    workspace, other_workspace, upload, begin, existing
):
    ends = []
    for home, kills in ((other_workspace, ()), (workspace, KILLED_AT)):
        rye = people_of(home)
        db.session.commit()
        source = begin(upload(file_of_people(), to=home), existing=existing, list_ids=[rye.public_id])
        import_id = source.id
        for statement in kills:
            assert run_until_killed(import_id, statement) == -signal.SIGKILL
        finished = run(db.session.get(Import, import_id))
        ends.append(end_of(refreshed(finished), home))

    undisturbed, killed = ends
    assert undisturbed["status"] is ImportStatus.FINISHED
    assert killed == undisturbed
