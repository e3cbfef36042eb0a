"""Workspaces and the people who own them."""

import pytest

from mailer.accounts.found import create_owner, create_user, found_workspace
from mailer.accounts.models import Membership
from mailer.db import db
from mailer.errors import Conflict, Invalid


def test_an_owner_comes_with_a_workspace(app):
    owner, workspace = create_owner(email="ana@example.com", password="bread and butter", workspace="Bakery")

    place = db.session.query(Membership).one()
    assert (place.user, place.workspace, str(place.role)) == (owner, workspace, "owner")
    assert owner.password.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Ana’s Bakery", "anas-bakery"), ("Käse & Co.", "kase-co"), ("パン屋", "workspace"), ("  A  ", "a")],
)
def test_a_slug_reads_like_the_name(app, ana, name, slug):
    assert found_workspace(name, ana).slug == slug


def test_a_taken_slug_gets_an_ending(app, ana):
    first, second = found_workspace("Cafe", ana), found_workspace("Café", ana)

    assert first.slug == "cafe"
    assert second.slug.startswith("cafe-")


@pytest.mark.parametrize("email", ["ana@example.com", "ANA@example.com"])
def test_one_person_is_one_user_however_they_type(app, ana, email):
    with pytest.raises(Conflict):
        create_user(email=email, password="bread and butter")


@pytest.mark.parametrize(("email", "password"), [("ana", "bread and butter"), ("ana@example.com", "short")])
def test_what_cannot_be_used_is_refused(app, email, password):
    with pytest.raises(Invalid):
        create_user(email=email, password=password)


def test_a_zone_that_does_not_exist_is_refused(app, ana):
    with pytest.raises(Invalid):
        found_workspace("Bakery", ana, time_zone="Europe/Atlantis")
