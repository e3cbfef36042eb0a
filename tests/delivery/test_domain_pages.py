"""The pages of whoever looks after the domains that mail comes from."""

import pytest
from sqlalchemy import select

from mailer.db import db
from mailer.delivery.domains import add_domain, identity_of
from mailer.delivery.models import KeyState, Sender, SendingDomain
from tests import factories
from tests.support.dns import name_server

PAGES = "/w/bakery/settings/domains"


@pytest.fixture
def zone(monkeypatch):
    with name_server(monkeypatch) as records:
        yield records


@pytest.fixture
def bakery(workspace):
    """A domain whose record waits to be published."""
    sending_domain = add_domain(workspace.id, "bakery.example")
    db.session.commit()
    return sending_domain


def page_of(sending_domain):
    return f"{PAGES}/{sending_domain.public_id}"


def only_domain():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(SendingDomain)).one()


def test_the_empty_page_says_why_and_offers_the_senders_domains(sign_in, ana, workspace):
    factories.add(Sender(workspace_id=workspace.id, name="Ana", email="ana@münchen.example"))

    page = sign_in(ana).get(PAGES).text

    assert "No sending domain yet" in page
    assert "Add xn--mnchen-3ya.example" in page


def test_a_domain_is_added_published_and_signs(sign_in, ana, zone, workspace):
    client = sign_in(ana)

    answer = client.post(PAGES, data={"domain": "bakery.example"}, follow_redirects=True)
    (key,) = only_domain().keys
    assert key.record_name in answer.text
    assert key.record_value in answer.text
    path = page_of(key.sending_domain)
    zone_of_key = {key.record_name: key.record_value}

    early = client.post(path + "/check", follow_redirects=True).text
    assert "There is no TXT record named" in early
    assert only_domain().keys[0].state is KeyState.PENDING

    zone.update(zone_of_key)
    found = client.post(path + "/check", follow_redirects=True).text
    assert "Record found" in found
    assert only_domain().keys[0].state is KeyState.ACTIVE
    assert len(identity_of(workspace.id, "bakery.example").signers) == 1
    assert "Signed" in client.get(PAGES).text


def test_no_answer_is_told_apart_from_no_record(sign_in, ana, zone, bakery):
    zone.rcode = 2

    page = sign_in(ana).post(page_of(bakery) + "/check", follow_redirects=True).text

    assert "answered with an error" in page
    assert only_domain().keys[0].checked_at is None


def test_keys_are_rotated_from_the_page(sign_in, ana, zone, bakery):
    client, path = sign_in(ana), page_of(bakery)
    client.post(f"{path}/keys/{bakery.keys[0].public_id}/activate")
    client.post(path + "/keys", data={"algorithm": "rsa"})
    new = only_domain().keys[1]
    zone[new.record_name] = new.record_value

    page = client.post(path + "/check", follow_redirects=True).text
    assert "Former key" in page
    client.post(f"{path}/keys/{only_domain().keys[0].public_id}/retire")

    assert [key.state for key in only_domain().keys] == [KeyState.RETIRED, KeyState.ACTIVE]
    assert "Retired keys" in client.get(path).text


def test_ed25519_is_added_once(sign_in, ana, bakery):
    client, path = sign_in(ana), page_of(bakery)

    assert "Add an Ed25519 key" in client.get(path).text
    assert client.post(path + "/keys", data={"algorithm": "ed25519"}).status_code == 302
    assert "Add an Ed25519 key" not in client.get(path).text
    assert client.post(path + "/keys", data={"algorithm": "ed25519"}).status_code == 409
    assert client.post(path + "/keys", data={"algorithm": "dsa"}).status_code == 400


def test_signing_is_left_to_the_server_and_taken_back(sign_in, ana, bakery):
    client, path = sign_in(ana), page_of(bakery)

    client.post(path + "/signing", data={"on": "0"})
    assert not only_domain().is_signing
    assert "Left to the mail server" in client.get(PAGES).text
    client.post(path + "/signing", data={"on": "1"})
    assert only_domain().is_signing


def test_a_domain_is_removed(sign_in, ana, bakery):
    sign_in(ana).post(page_of(bakery) + "/delete")

    assert db.session.scalars(select(SendingDomain)).all() == []


def test_what_is_no_domain_is_refused_beside_its_field(sign_in, ana, bakery):
    client = sign_in(ana)

    for text, words in (("bakery", "not a domain"), ("bakery.example", "there already"), ("", "needed")):
        answer = client.post(PAGES, data={"domain": text})

        assert answer.status_code == 422
        assert words in answer.text


def test_no_page_shows_a_private_key(sign_in, ana, bakery):
    page = sign_in(ana).get(page_of(bakery)).text

    assert "PRIVATE" not in page
    assert bakery.keys[0].private_key_encrypted not in page


def test_an_editor_has_no_business_here(sign_in, ben, bakery):
    client, path = sign_in(ben), page_of(bakery)
    key = f"{path}/keys/{bakery.keys[0].public_id}"

    assert client.get(PAGES).status_code == 403
    assert client.get(path).status_code == 403
    for deed in ("", "/check", "/keys", "/signing", "/delete"):
        assert client.post((path + deed) if deed else PAGES, data={"domain": "a.example"}).status_code == 403
    assert client.post(key + "/activate").status_code == 403
    assert client.post(key + "/retire").status_code == 403


def test_a_domain_of_another_workspace_does_not_exist(sign_in, cleo, other_workspace, bakery):
    own = add_domain(other_workspace.id, "cheese.example")
    db.session.commit()
    client = sign_in(cleo)
    theirs = page_of(bakery).replace("/bakery/", "/cheese/")
    # Their key under one's own domain.
    mixed = f"/w/cheese/settings/domains/{own.public_id}/keys/{bakery.keys[0].public_id}"

    assert client.get(theirs).status_code == 404
    for deed in ("/check", "/keys", "/signing", "/delete"):
        assert client.post(theirs + deed, data={"algorithm": "rsa"}).status_code == 404
    assert client.post(mixed + "/activate").status_code == 404
    assert client.post(mixed + "/retire").status_code == 404
    assert "bakery.example" not in client.get("/w/cheese/settings/domains").text
