"""The builder in a browser without scripts: every step is a form that is sent back."""

import pytest

from mailer.audience.fields import create_field
from mailer.audience.models import FieldType
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.segments.models import Segment
from mailer.segments.save import create_segment
from mailer.segments.starters import STARTERS
from tests import factories

CITY = {"c:type": "group", "c:match": "all", "c.0:type": "detail", "c.0:detail": "domain", "c.0:test": "is"}


def test_a_segment_is_built_saved_explained_and_deleted(ana, workspace, sign_in):
    factories.subscriber(workspace, "rosa@example.com")
    factories.subscriber(workspace, "sam@example.org")
    browser = sign_in(ana)

    assert "Add a condition" in browser.get("/w/bakery/segments/new").text
    grown = browser.post("/w/bakery/segments/preview", data={"c:type": "group", "c:add": "detail"}).text
    assert 'name="c.0:detail"' in grown
    whole = {**CITY, "c.0:value": "example.com", "name": "Com"}
    assert "<strong>1</strong> subscriber" in browser.post("/w/bakery/segments/preview", data=whole).text
    gone = browser.post("/w/bakery/segments", data={**whole, "do": "remove:c.0"}).text
    assert 'name="c.0:detail"' not in gone
    page = browser.post("/w/bakery/segments", data=whole).headers["Location"]

    shown = browser.get(f"{page}?who=sam@example.org").text
    assert "rosa@example.com" in shown
    assert "They are not in it." in shown
    assert "Com" in browser.get("/w/bakery/segments").text
    assert browser.get(f"{page}/edit").status_code == 200
    assert "Com" in browser.post(page, data={**whole, "c.0:value": "example.org"}, follow_redirects=True).text
    segment = db.session.query(Segment).one()
    exported = browser.get(f"/w/bakery/exports/subscribers.csv?segment={segment.public_id}").text
    assert "sam@example.org" in exported
    assert "rosa@example.com" not in exported
    browser.post(f"{page}/delete")
    assert db.session.query(Segment).count() == 0


def test_a_viewer_changes_nothing(vera, workspace, sign_in):
    segment = factories.add(Segment(workspace_id=workspace.id, name="All", conditions={"conditions": []}))
    db.session.commit()

    browser = sign_in(vera)
    assert browser.get(f"/w/bakery/segments/{segment.public_id}").status_code == 200
    assert browser.post(f"/w/bakery/segments/{segment.public_id}/delete").status_code == 403


def test_what_nobody_meets_or_understands_is_said(ana, workspace, sign_in):
    browser = sign_in(ana)

    bad = {"c:type": "group", "c.0:type": "sample", "c.0:percent": "many", "name": "x"}
    assert browser.post("/w/bakery/segments", data=bad).status_code == 422
    assert "cannot be used" in browser.post("/w/bakery/segments/preview", data=bad).text


def test_several_choices_are_ticked(ana, workspace, sign_in):
    create_field(workspace.id, "Breads", type=FieldType.CHOICES, choices=["Rye", "Spelt", "White"])
    factories.subscriber(workspace, "rosa@example.com", fields={"breads": ["Rye", "White"]})
    factories.subscriber(workspace, "sam@example.org", fields={"breads": ["Spelt"]})
    browser, at = sign_in(ana), "/w/bakery/segments/preview"

    chosen = {"c:type": "group", "c.0:type": "field", "c.0:field": "breads"}
    asked = browser.post(at, data=chosen).text
    told = browser.post(at, data={**chosen, "c.0:test": "any_of", "c.0:values": ["Rye", "White"]}).text

    assert "Tick the choices that are meant." in asked
    assert "People whose Breads include any of “Rye”, “White”." in told
    assert told.count("checked") == 2
    assert "rosa@example.com" in told
    assert "sam@example.org" not in told


def test_a_stranger_finds_nothing(cleo, workspace, sign_in):
    segment = factories.add(Segment(workspace_id=workspace.id, name="All", conditions={"conditions": []}))
    db.session.commit()

    assert sign_in(cleo).get(f"/w/cheese/segments/{segment.public_id}").status_code == 404


@pytest.mark.parametrize("key", STARTERS)
def test_a_starter_is_whole_and_needs_only_to_be_saved(ana, workspace, sign_in, key):
    factories.subscriber(workspace, "rosa@example.com")
    browser = sign_in(ana)

    page = browser.get(f"/w/bakery/segments/new?starter={key}").text

    assert f'value="{STARTERS[key].name}"' in page
    assert "cannot be used" not in page
    assert create_segment(workspace.id, "Ours", STARTERS[key].tree, now=utcnow()).public_id
