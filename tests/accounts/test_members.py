"""Who decides about whom."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from mailer import signals
from mailer.accounts import queries
from mailer.accounts.change_members import change_role, remove_member
from mailer.accounts.invite import invite
from mailer.accounts.join import invitation_for, join
from mailer.accounts.models import Invitation, Membership
from mailer.accounts.roles import Role
from mailer.db import db
from mailer.errors import Conflict, Forbidden, NotFound
from tests import factories

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def mails():
    """The system mails that are asked for."""
    sent = []
    with signals.mail_wanted.connected_to(sent.append):
        yield sent


def place_of(user, workspace):
    return db.session.query(Membership).filter_by(user_id=user.id, workspace_id=workspace.id).one_or_none()


def invited(actor, mails, email="dora@example.com", role=Role.EDITOR):
    invite(actor, email=email, role=role, now=NOON)
    return mails[-1].values["join_url"].rpartition("/")[2]


def test_an_invitation_is_mailed_and_only_its_hash_is_kept(ana, workspace, mails):
    token = invited(place_of(ana, workspace), mails)

    assert (mails[0].template, mails[0].to) == ("invitation", "dora@example.com")
    assert mails[0].values["join_url"].startswith("http://localhost/invitations/")
    assert token not in db.session.query(Invitation).one().token_hash


def test_joining_gives_the_place_once(ana, workspace, mails):
    token = invited(place_of(ana, workspace), mails)
    dora = factories.user("dora@example.com")

    join(invitation_for(token, now=NOON), dora, now=NOON)

    assert place_of(dora, workspace).role is Role.EDITOR
    with pytest.raises(NotFound):
        invitation_for(token, now=NOON)


def test_an_invitation_is_no_good_to_anybody_else(ana, cleo, workspace, mails):
    token = invited(place_of(ana, workspace), mails)

    with pytest.raises(Conflict):
        join(invitation_for(token, now=NOON), cleo, now=NOON)


def test_an_invitation_runs_out(ana, workspace, mails):
    token = invited(place_of(ana, workspace), mails)

    with pytest.raises(NotFound):
        invitation_for(token, now=NOON + timedelta(days=8))


def test_asking_again_ends_the_link_before(ana, workspace, mails):
    first = invited(place_of(ana, workspace), mails)

    second = invited(place_of(ana, workspace), mails)

    assert invitation_for(second, now=NOON).email == "dora@example.com"
    with pytest.raises(NotFound):
        invitation_for(first, now=NOON)


def test_nobody_grants_more_than_they_have(workspace, ana, mails):
    admin = place_of(factories.user("dan@example.com", workspace=workspace, role=Role.ADMIN), workspace)

    with pytest.raises(Forbidden):
        invite(admin, email="dora@example.com", role=Role.OWNER, now=NOON)
    with pytest.raises(Forbidden):
        change_role(admin, Role.OWNER, actor=admin)
    with pytest.raises(Forbidden):
        remove_member(place_of(ana, workspace), actor=admin)
    assert mails == []


def test_a_member_is_not_invited_twice(ana, ben, workspace, mails):
    with pytest.raises(Conflict):
        invite(place_of(ana, workspace), email="Ben@example.com", role=Role.VIEWER, now=NOON)


def test_the_last_owner_stays(ana, workspace):
    own = place_of(ana, workspace)

    with pytest.raises(Conflict):
        remove_member(own, actor=own)
    with pytest.raises(Conflict):
        change_role(own, Role.ADMIN, actor=own)


def test_an_owner_may_go_when_there_is_another(ana, ben, workspace):
    change_role(place_of(ben, workspace), Role.OWNER, actor=place_of(ana, workspace))

    remove_member(place_of(ana, workspace), actor=place_of(ana, workspace))

    assert [str(member.role) for member in queries.members_of(workspace)] == ["owner"]


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/w/bakery/members", {"email": "dora@example.com", "role": "viewer"}),
        ("/w/bakery/settings", {"name": "Mine"}),
        ("/w/bakery/keys", {"name": "Mine", "scope": "all"}),
    ],
)
def test_editors_and_viewers_decide_about_nobody(sign_in, ben, vera, path, data):
    for person in (ben, vera):
        assert sign_in(person).post(path, data=data).status_code == 403


def test_ids_of_another_workspace_do_not_exist_here(sign_in, ana, cleo, other_workspace):
    theirs = place_of(cleo, other_workspace)
    browser = sign_in(ana)

    for path in (f"members/{theirs.public_id}", f"members/{theirs.public_id}/delete"):
        assert browser.post(f"/w/bakery/{path}", data={"role": "viewer"}).status_code == 404
    assert browser.get("/w/cheese/members").status_code == 404
    assert factories.refreshed(theirs).role is Role.OWNER


def test_someone_new_joins_by_the_page_and_is_signed_in(client, ana, workspace, mails):
    token = invited(place_of(ana, workspace), mails, role=Role.VIEWER)
    db.session.commit()
    db.session.query(Invitation).update({"expires_at": datetime.now(UTC) + timedelta(days=1)})
    db.session.commit()

    page = client.get(f"/invitations/{token}")
    answer = client.post(f"/invitations/{token}", data={"name": "Dora", "password": "bread and butter"})

    assert "dora@example.com" in page.text
    assert answer.location == "/w/bakery/"
    assert "Dora" in client.get("/w/bakery/members").text


def test_someone_who_signs_in_here_already_must_do_so_to_join(client, ana, cleo, workspace, mails):
    token = invited(place_of(ana, workspace), mails, email=cleo.email)
    db.session.query(Invitation).update({"expires_at": datetime.now(UTC) + timedelta(days=1)})
    db.session.commit()

    answer = client.post(f"/invitations/{token}", data={"name": "Mallory", "password": "bread and butter"})

    assert re.match(r"/login\?next=(/|%2F)invitations", answer.location)
    assert place_of(cleo, workspace) is None


def test_the_page_of_members_offers_a_viewer_no_button(sign_in, vera):
    page = sign_in(vera).get("/w/bakery/members")

    assert page.status_code == 200
    assert "Send the invitation" not in page.text
    assert "What roles may do" in page.text
