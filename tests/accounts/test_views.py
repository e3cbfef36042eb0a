"""Profile, settings, workspaces and keys, as people use them."""

import re
from datetime import timedelta

import pytest

from mailer.accounts.keys import create_key, key_for
from mailer.accounts.models import ApiKey, Workspace
from mailer.accounts.scopes import EVERYTHING
from mailer.db import db
from mailer.lib.clock import utcnow
from tests import factories

SETTINGS = {
    "name": "Ana’s Bakery & Café",
    "time_zone": "Europe/Vienna",
    "locale": "de",
    "postal_address": "Hauptstraße 1\n1010 Wien",
    "accent_color": "#b4532a",
}


def test_settings_change_what_they_name_and_nothing_else(sign_in, ana, workspace):
    sign_in(ana).post("/w/bakery/settings", data=SETTINGS | {"slug": "mine", "id": "1", "is_demo": "true"})

    saved = factories.refreshed(workspace)
    assert {name: getattr(saved, name) for name in SETTINGS} == SETTINGS
    assert (saved.slug, saved.is_demo) == ("bakery", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accent_color", "red"),
        ("accent_color", "#12345g"),
        ("accent_color", "#123456;}"),
        ("time_zone", "Europe/Atlantis"),
        ("name", ""),
        ("locale", "xx"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(sign_in, ana, workspace, field, value):
    answer = sign_in(ana).post("/w/bakery/settings", data=SETTINGS | {field: value})

    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert factories.refreshed(workspace).name == "Ana’s Bakery"


def test_viewers_see_the_settings_but_cannot_save_them(sign_in, vera):
    page = sign_in(vera).get("/w/bakery/settings")

    assert "Only admins and owners change these." in page.text
    assert "Save settings" not in page.text


def test_a_keys_secret_is_shown_once_and_never_cached(sign_in, ana):
    browser = sign_in(ana)

    answer = browser.post(
        "/w/bakery/keys",
        data={"name": "Shop", "kind": "chosen", "scopes": ["emails:send", "lists:read"], "days": "30"},
    )

    secret = re.search(r"mlr_[\w-]{20,}", answer.text)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert key_for(secret, now=utcnow()).scopes == ["emails:send", "lists:read"]
    assert key_for(secret, now=utcnow() + timedelta(days=31)) is None
    assert secret not in browser.get("/w/bakery/keys").text


def test_a_revoked_key_works_no_longer(sign_in, ana, workspace):
    key, secret = create_key(workspace.id, name="Shop", scopes=[EVERYTHING])

    sign_in(ana).post(f"/w/bakery/keys/{key.public_id}/revoke")

    assert key_for(secret, now=utcnow()) is None


def test_a_key_of_another_workspace_does_not_exist_here(sign_in, ana, other_workspace):
    key, secret = create_key(other_workspace.id, name="Theirs", scopes=[EVERYTHING])
    browser = sign_in(ana)

    assert "Theirs" not in browser.get("/w/bakery/keys").text
    assert browser.post(f"/w/bakery/keys/{key.public_id}/revoke").status_code == 404
    assert key_for(secret, now=utcnow()) is not None


def test_only_admins_and_owners_see_the_keys(sign_in, ben, vera):
    for person in (ben, vera):
        assert sign_in(person).get("/w/bakery/keys").status_code == 403
    assert db.session.query(ApiKey).count() == 0


def test_a_name_is_changed_on_the_profile_and_nothing_else(sign_in, ben):
    sign_in(ben).post("/profile", data={"name": "Benjamin", "email": "evil@example.com", "active": ""})

    assert (factories.refreshed(ben).name, ben.email, ben.active) == ("Benjamin", "ben@example.com", True)


def test_anybody_who_signs_in_may_begin_a_workspace_of_their_own(sign_in, ben):
    answer = sign_in(ben).post("/workspaces/new", data={"workspace": "Side", "time_zone": "UTC"})

    assert answer.location == "/w/side/settings"
    assert db.session.query(Workspace).filter_by(slug="side").one().name == "Side"


def test_the_switcher_names_only_ones_own_workspaces(sign_in, ana, other_workspace):
    page = sign_in(ana).get("/w/bakery/")

    assert "Ana’s Bakery" in page.text
    assert "Cleo’s Cheese" not in page.text


def test_the_start_page_leads_to_the_workspace_that_was_open_last(sign_in, ana):
    factories.add(
        factories.Membership(
            workspace_id=factories.workspace(name="AAA", slug="aaa").id, user_id=ana.id, role="owner"
        )
    )
    browser = sign_in(ana)

    browser.get("/w/bakery/")

    assert browser.get("/").location == "/w/bakery/"


@pytest.mark.parametrize("path", ["/profile", "/workspaces/new", "/w/bakery/settings", "/w/bakery/members"])
def test_visitors_are_asked_to_sign_in(client, workspace, path):
    db.session.commit()

    assert client.get(path).location.startswith("/login")
