"""Which keys sign what comes from a domain, and how one takes the place of another."""

import dkim
import pytest

from mailer.db import db
from mailer.delivery import send
from mailer.delivery.dkim_rotation import activate, add_key, retire, take_answer
from mailer.delivery.domains import add_domain, identity_of, remove_domain, switch_signing
from mailer.delivery.engine.dkim_keys import Algorithm
from mailer.delivery.engine.txt_records import Answer
from mailer.delivery.models import DeliveryState, DkimKey, KeyState
from mailer.errors import Conflict, Invalid
from mailer.lib.clock import utcnow
from tests.delivery.conftest import deliveries


@pytest.fixture
def bakery(workspace):
    """A domain whose key was found."""
    sending_domain = add_domain(workspace.id, "bakery.example")
    publish(sending_domain.keys[0])
    return sending_domain


def publish(key):
    take_answer(key, Answer((key.record_value,)), now=utcnow())


def selectors(workspace, domain="bakery.example"):
    return [signer.selector for signer in identity_of(workspace.id, domain).signers]


def test_a_new_domain_signs_once_its_record_is_found(workspace):
    sending_domain = add_domain(workspace.id, " Ana@BÄCKEREI.example. ")
    (key,) = sending_domain.keys

    assert sending_domain.domain == "xn--bckerei-5wa.example"
    assert identity_of(workspace.id, sending_domain.domain).signers == ()

    take_answer(key, Answer(problem="There is no TXT record."), now=utcnow())
    assert (key.state, key.problem) == (KeyState.PENDING, "There is no TXT record.")

    publish(key)
    assert (key.state, key.is_published) == (KeyState.ACTIVE, True)
    assert selectors(workspace, sending_domain.domain) == [key.selector]


def test_an_operator_can_let_it_sign_before(workspace):
    (key,) = add_domain(workspace.id, "bakery.example").keys

    activate(key, now=utcnow())

    assert selectors(workspace) == [key.selector]


def test_no_answer_changes_nothing(workspace, bakery):
    (key,) = bakery.keys

    with pytest.raises(Conflict, match="offline"):
        take_answer(key, Answer(problem="offline", is_authentic=False), now=utcnow())

    assert key.is_published


def test_a_record_that_is_gone_is_told_and_its_key_goes_on(workspace, bakery):
    (key,) = bakery.keys

    take_answer(key, Answer(problem="gone"), now=utcnow())

    assert (key.state, key.problem) == (KeyState.ACTIVE, "gone")


def test_a_new_key_takes_the_place_of_the_old_one_once_it_is_published(workspace, bakery):
    (old,) = bakery.keys
    new = add_key(bakery, Algorithm.RSA)
    assert selectors(workspace) == [old.selector]

    publish(new)

    assert selectors(workspace) == [new.selector]
    assert old.state is KeyState.REPLACED
    retire(old, now=utcnow())
    assert (old.state, old.private_key_encrypted) == (KeyState.RETIRED, "")


def test_one_new_key_of_a_kind_waits_at_a_time(workspace, bakery):
    add_key(bakery, Algorithm.RSA)
    add_key(bakery, Algorithm.ED25519)

    with pytest.raises(Conflict):
        add_key(bakery, Algorithm.RSA)


def test_a_new_key_that_is_discarded_leaves_nothing(workspace, bakery):
    retire(add_key(bakery, Algorithm.RSA), now=utcnow())

    assert db.session.query(DkimKey).count() == 1


def test_the_only_key_that_signs_cannot_be_retired(workspace, bakery):
    with pytest.raises(Conflict):
        retire(bakery.keys[0], now=utcnow())


def test_ed25519_signs_second_and_can_be_taken_away(workspace, bakery):
    second = add_key(bakery, Algorithm.ED25519)
    publish(second)

    assert [signer.algorithm for signer in identity_of(workspace.id, "bakery.example").signers] == [
        "rsa-sha256",
        "ed25519-sha256",
    ]
    retire(second, now=utcnow())
    assert len(selectors(workspace)) == 1


def test_a_domain_vouches_for_those_below_it(workspace, bakery):
    assert selectors(workspace, "news.BAKERY.example") == [bakery.keys[0].selector]
    assert selectors(workspace, "notbakery.example") == []
    assert selectors(workspace, "example") == []

    below = add_domain(workspace.id, "news.bakery.example")
    assert selectors(workspace, "news.bakery.example") == [bakery.keys[0].selector]
    publish(below.keys[0])
    assert selectors(workspace, "news.bakery.example") == [below.keys[0].selector]
    switch_signing(below, is_on=False)
    assert selectors(workspace, "news.bakery.example") == []


def test_nothing_is_signed_where_the_relay_signs(workspace, bakery):
    switch_signing(bakery, is_on=False)

    assert selectors(workspace) == []


def test_a_removed_domain_signs_nothing(workspace, bakery):
    remove_domain(bakery)

    assert selectors(workspace) == []
    assert db.session.query(DkimKey).count() == 0


def test_another_workspace_signs_with_keys_of_its_own(workspace, other_workspace, bakery):
    assert selectors(other_workspace) == []

    theirs = add_domain(other_workspace.id, "bakery.example")
    activate(theirs.keys[0], now=utcnow())

    assert selectors(other_workspace) == [theirs.keys[0].selector]
    assert selectors(workspace) == [bakery.keys[0].selector]


@pytest.mark.parametrize("text", ["", "bakery", "bakery .example", "-.example", "a@", "x" * 300 + ".example"])
def test_what_is_no_domain_is_refused(workspace, text):
    with pytest.raises(Invalid):
        add_domain(workspace.id, text)


def test_a_domain_is_added_once(workspace, bakery):
    with pytest.raises(Conflict):
        add_domain(workspace.id, "BAKERY.example")


def test_keys_are_kept_encrypted(workspace, bakery):
    assert "PRIVATE" not in bakery.keys[0].private_key_encrypted


def test_a_campaign_leaves_signed(workspace, bakery, bread, readers, launch, smtp):
    add_key(bakery, Algorithm.ED25519)
    activate(bakery.keys[1], now=utcnow())
    zone = {f"{key.record_name}.".encode(): key.record_value.encode() for key in bakery.keys}
    launch(bread)

    send.deliver_due()

    assert len(smtp.received) == 5
    for message in smtp.received:
        reader = dkim.DKIM(message.data)
        # Both, and both one-click headers under them (RFC 8058 4).
        for number in (0, 1):
            assert reader.verify(idx=number, dnsfunc=lambda name, timeout=5: zone.get(name))
        assert reader.include_headers.count(b"list-unsubscribe-post") == 2


def test_what_cannot_be_signed_is_held_and_not_sent_unsigned(workspace, bakery, bread, readers, launch, smtp):
    bakery.keys[0].private_key_encrypted = "stored under another key"
    launch(bread)

    send.deliver_due()

    assert smtp.received == []
    assert "another MAILER_SECRET_KEY" in deliveries()["reader-0@example.com"].reply
    assert deliveries()["reader-0@example.com"].state is DeliveryState.HELD
