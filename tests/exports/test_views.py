"""Exports as marketers meet them: begun, watched, fetched and deleted on a page."""

import pytest

from mailer.db import db
from mailer.exports.models import Export, ExportStatus
from mailer.lib.clock import utcnow
from mailer.segments.save import create_segment, delete_segment
from tests import factories


@pytest.fixture
def at(workspace):
    return f"/w/{workspace.slug}/exports"


def test_a_file_is_written_fetched_and_deleted(sign_in, ben, workspace, other_workspace, at, work_off):
    bread = factories.mailing_list(workspace, "Bread")
    factories.subscription(factories.subscriber(workspace, "sam@example.com"), bread)
    factories.subscriber(workspace, "vera@example.com")
    db.session.commit()
    browser = sign_in(ben)

    assert "Nothing is kept here" in browser.get(at).text
    assert f'value="list:{bread.public_id}"' in browser.get(f"{at}/new").text
    begun = browser.post(at, data={"contents": "people", "whom": f"list:{bread.public_id}"})
    early = browser.get(at).text
    export = db.session.query(Export).one()
    file = f"{at}/{export.public_id}/file"
    refused = browser.get(file, follow_redirects=True).text
    db.session.commit()
    work_off()

    assert (begun.status_code, begun.location) == (302, at)
    assert "hx-get" in early
    assert "no file yet" in refused
    listed, fetched = browser.get(f"{at}/progress").text, browser.get(file)
    assert "hx-get" not in listed
    assert file in listed
    assert "sam@example.com" in fetched.text
    assert "vera@example.com" not in fetched.text
    assert fetched.headers["Content-Disposition"].startswith("attachment; filename=subscribers-")
    browser.post(f"{at}/{export.public_id}/delete")
    assert "Nothing is kept here" in browser.get(at).text
    assert browser.get(file).status_code == 404


def test_suppressions_are_not_narrowed(sign_in, ben, workspace, at):
    bread = factories.mailing_list(workspace)
    db.session.commit()

    sign_in(ben).post(at, data={"contents": "suppressions", "whom": f"list:{bread.public_id}"})

    export = db.session.query(Export).one()
    assert (export.kind, export.selection, export.created_by) == ("suppressions", {}, ben)


def test_one_of_a_segment_that_is_gone_is_still_listed(sign_in, ben, workspace, at):
    tree = {"type": "group", "match": "all", "conditions": [{"type": "did", "deed": "opened"}]}
    segment = create_segment(workspace.id, "Readers", tree, now=utcnow())
    browser = sign_in(ben)
    db.session.commit()
    browser.post(at, data={"contents": "histories", "whom": f"segment:{segment.public_id}"})
    assert "Readers" in browser.get(at).text

    delete_segment(segment)
    db.session.query(Export).update({"status": ExportStatus.FAILED, "error": "There is no such segment."})
    db.session.commit()

    assert "Of what is gone by now" in browser.get(at).text


def test_whom_one_may_not_choose(sign_in, ben, other_workspace, at):
    strange = factories.mailing_list(other_workspace)
    db.session.commit()

    answer = sign_in(ben).post(at, data={"contents": "people", "whom": f"list:{strange.public_id}"})

    assert answer.status_code == 422
    assert db.session.query(Export).count() == 0
