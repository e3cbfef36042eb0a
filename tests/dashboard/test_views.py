"""The first page of a workspace."""

from mailer.accounts.models import Workspace
from mailer.db import db
from tests import factories


def test_a_new_workspace_is_told_what_to_do_first(sign_in, ana):
    page = sign_in(ana).get("/w/bakery/")

    assert page.status_code == 200
    assert "Make a list" in page.text
    assert "Bring in subscribers" in page.text


def test_the_growth_chart_has_a_table_behind_it(sign_in, ana, workspace):
    factories.subscriber(workspace)

    page = sign_in(ana).get("/w/bakery/")

    assert "data-chart" in page.text
    assert "Show as a table" in page.text


def test_a_stranger_finds_no_such_workspace(sign_in, cleo, workspace):
    db.session.commit()

    assert sign_in(cleo).get("/w/bakery/").status_code == 404


def test_a_visitor_is_asked_to_sign_in_and_brought_back(client, workspace):
    db.session.commit()

    answer = client.get("/w/bakery/")

    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=")
    assert db.session.query(Workspace).count() == 1
