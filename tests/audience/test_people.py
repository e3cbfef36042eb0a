"""What is kept of a person: notes, former addresses, and all of it in one file."""

import io
import json
from zipfile import ZipFile

import pytest

from mailer.audience.models import AddressChange, Note
from mailer.audience.notes import add_note, notes_on
from mailer.audience.subscribers import change_address
from mailer.audience.timeline import events_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.events.record_event import record_event
from mailer.lib.clock import utcnow
from tests import factories


def test_a_former_address_is_kept(workspace, ana):
    rosa = factories.subscriber(workspace, "rosa@example.com")

    change_address(rosa, "rosa@example.org", actor_id=ana.id)
    change_address(rosa, "rosa@example.org", actor_id=ana.id)
    db.session.flush()

    assert [row.before for row in db.session.query(AddressChange)] == ["rosa@example.com"]
    assert any("it was rosa@example.com" in event.text for event in events_of(rosa))


def test_notes_are_written_and_deleted_on_the_page(workspace, ana, sign_in):
    rosa = factories.subscriber(workspace)
    db.session.commit()
    browser, page = sign_in(ana), f"/w/bakery/subscribers/{rosa.public_id}"

    browser.post(f"{page}/notes", data={"text": "Likes <rye>."})

    assert "Likes &lt;rye&gt;." in browser.get(page).text
    (note,) = notes_on(rosa)
    browser.post(f"{page}/notes/{note.public_id}/delete")
    assert db.session.query(Note).count() == 0


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001])
def test_what_is_no_note_is_refused(workspace, text):
    with pytest.raises(Invalid):
        add_note(factories.subscriber(workspace), text, author_id=None)


def test_everything_about_a_person_is_handed_out_in_one_file(workspace, ana, sign_in):
    rosa = factories.subscriber(workspace, "rosa@example.com", on=factories.mailing_list(workspace))
    add_note(rosa, "=1+1", author_id=ana.id)
    change_address(rosa, "rosa@example.org")
    record_event(rosa, "order.placed", properties={"city": "Porto"}, now=utcnow())
    db.session.commit()

    answer = sign_in(ana).get(f"/w/bakery/exports/subscribers/{rosa.public_id}.zip")

    with ZipFile(io.BytesIO(answer.data)) as archive:
        known = json.loads(archive.read("everything.json"))
        tables = {
            name: archive.read(name).decode() for name in archive.namelist() if name != "everything.json"
        }
    assert known["email"] == "rosa@example.org"
    assert known["former_addresses"][0]["email"] == "rosa@example.com"
    assert "'=1+1" in tables["notes.csv"]
    assert "Porto" in tables["custom_events.csv"]
    assert "Weekly bread" in tables["subscriptions.csv"]
    assert "rosa@example.org" in tables["person.csv"]
