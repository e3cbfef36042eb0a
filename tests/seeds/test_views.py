"""The demo world's two buttons."""

import pytest

from mailer.accounts.models import Membership, Workspace
from mailer.accounts.roles import Role
from mailer.db import db
from tests import factories


@pytest.fixture
def demo(workspace) -> Workspace:
    """A demo world without anything in it, which is all that its door looks at."""
    made = factories.workspace(name="Demo", slug="demo")
    made.is_demo = True
    return made


def demo_worlds() -> list[Workspace]:
    return db.session.query(Workspace).filter(Workspace.is_demo).all()


def test_one_click_plants_it_and_another_removes_it(sign_in, ana, workspace):
    browser = sign_in(ana)
    assert "Show me the demo world" in browser.get(f"/w/{workspace.slug}/").text

    planted = browser.post("/demo")
    slug = demo_worlds()[0].slug
    page = browser.get(planted.location)
    removed = browser.post(f"/w/{slug}/demo/remove")

    assert planted.location.endswith(f"/w/{slug}/")
    assert "Remove the demo world" in page.text
    assert removed.status_code == 302
    assert demo_worlds() == []
    assert "Show me the demo world" in browser.get(f"/w/{workspace.slug}/").text


def test_an_editor_of_it_does_not_remove_it(sign_in, demo, ben):
    db.session.add(Membership(workspace_id=demo.id, user_id=ben.id, role=Role.EDITOR))

    assert sign_in(ben).post(f"/w/{demo.slug}/demo/remove").status_code == 403
    assert len(demo_worlds()) == 1


def test_for_a_stranger_it_does_not_exist(sign_in, demo, cleo):
    assert sign_in(cleo).post(f"/w/{demo.slug}/demo/remove").status_code == 404
    assert len(demo_worlds()) == 1


def test_a_real_workspace_stays(sign_in, ana, workspace):
    assert sign_in(ana).post(f"/w/{workspace.slug}/demo/remove").status_code == 403
    assert factories.refreshed(workspace)
