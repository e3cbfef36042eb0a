"""The one-time link of a new installation."""

import pytest

from mailer.accounts.first_run import check_first_run, finish_first_run, open_first_run
from mailer.accounts.models import Installation, Membership, User, Workspace
from mailer.accounts.roles import Role
from mailer.db import db
from mailer.errors import NotFound

FORM = {
    "workspace": "Ana’s Bakery",
    "time_zone": "Europe/Vienna",
    "name": "Ana",
    "email": "Ana@Example.com",
    "password": "bread and butter",
}


def token_of(link: str | None) -> str:
    assert link is not None
    return link.rpartition("/")[2]


def test_only_a_hash_of_the_link_is_stored(app):
    link = open_first_run()

    assert token_of(link) not in str(db.session.get(Installation, "first_run_token").value)
    check_first_run(token_of(link))


def test_a_new_start_ends_the_link_before(app):
    before = token_of(open_first_run())

    open_first_run()

    with pytest.raises(NotFound):
        check_first_run(before)


def test_the_first_owner_closes_it_for_good(app):
    token = token_of(open_first_run())

    owner, workspace = finish_first_run(token, **FORM)

    assert (owner.email, workspace.slug, workspace.time_zone) == (
        "ana@example.com",
        "anas-bakery",
        "Europe/Vienna",
    )
    assert db.session.query(Membership).one().role is Role.OWNER
    assert open_first_run() is None
    with pytest.raises(NotFound):
        finish_first_run(token, **FORM)


def test_a_forged_link_makes_nobody(app):
    open_first_run()

    with pytest.raises(NotFound):
        finish_first_run("forged", **FORM)

    assert db.session.query(User).count() == 0


def test_the_wizard_signs_the_owner_in_and_shows_the_dashboard(client, app):
    link = token_of(open_first_run())
    db.session.commit()

    answer = client.post(f"/welcome/{link}", data=FORM)

    assert answer.location == "/w/anas-bakery/"
    assert client.get("/w/anas-bakery/").status_code == 200
    assert client.get(f"/welcome/{link}").status_code == 404


def test_the_wizard_leads_on_to_the_demo_world_when_asked(client, app):
    link = token_of(open_first_run())
    db.session.commit()

    answer = client.post(f"/welcome/{link}", data=FORM | {"demo": "y"}, follow_redirects=True)

    assert answer.status_code == 200
    assert "This is a demo world" in answer.text
    assert {workspace.is_demo for workspace in db.session.query(Workspace)} == {True, False}


def test_a_short_password_is_refused_beside_its_field_and_keeps_the_link(client, app):
    link = token_of(open_first_run())
    db.session.commit()

    answer = client.post(f"/welcome/{link}", data=FORM | {"password": "short"})

    assert answer.status_code == 422
    assert "10 characters or more" in answer.text
    assert db.session.query(Workspace).count() == 0
    assert client.get(f"/welcome/{link}").status_code == 200


def test_the_start_page_says_how_to_begin_before_anybody_can_sign_in(client, app):
    assert "/welcome/" in client.get("/").text
