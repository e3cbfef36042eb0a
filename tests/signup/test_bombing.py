"""List bombing: one victim, fifty lists, five hundred networks, ten thousand posts (Spamhaus, 2016)."""

import re

import pytest
import time_machine
from altcha import Challenge, Payload, solve_challenge

from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING
from mailer.audience.models import OptIn, Subscriber, Subscription
from mailer.consent.allowance import MOST, WINDOW, forget_allowances, take_mail
from mailer.consent.models import Channel, Evidence, MailAllowance
from mailer.consent.subscribe import subscribe
from mailer.current import links
from mailer.db import db
from mailer.delivery.models import Delivery
from mailer.lib.clock import utcnow
from mailer.signup.challenge import new_riddle, solved_riddle
from mailer.signup.models import SignUp
from mailer.signup.traps import PATIENCE
from mailer.web.limits import limiter
from tests import factories

VICTIM = "victim@example.com"
MAILS = {"send_confirmation", "send_welcome"}


@pytest.fixture
def limits(app, monkeypatch):
    """Count, as the product does; each test from other networks."""
    monkeypatch.setattr(limiter, "enabled", True)


def note_of(client, mailing_list):
    page = client.get(f"/s/{mailing_list.public_id}").text
    return re.search(r'name="opened"[^>]*value="([^"]+)"', page)[1]


def fifty_lists(*workspaces):
    """Half of them with a welcome mail and single opt-in, which is a mail as well."""
    made = [
        factories.mailing_list(
            workspaces[number % len(workspaces)],
            f"List {number}",
            opt_in=OptIn.SINGLE if number % 2 else OptIn.DOUBLE,
            welcome_subject="Welcome",
            welcome_body="Hello.",
        )
        for number in range(50)
    ]
    db.session.commit()
    return made


def test_a_flood_of_acts_for_one_victim_sends_three_mails_at_most(workspace, other_workspace, queued):
    """Behind every door, pages and API alike: the act itself sends no more."""
    lists = fifty_lists(workspace, other_workspace)
    victims = {each.id: factories.subscriber(each, VICTIM) for each in (workspace, other_workspace)}
    # Whoever is asked for once changes nothing any more: the first thousand say what the next nine would.
    for number in range(1_000):
        mailing_list = lists[number % 50]
        via = Channel.API if number % 3 else Channel.SIGNUP_PAGE
        subscribe(victims[mailing_list.workspace_id], mailing_list, evidence=Evidence(via), now=utcnow())
    db.session.commit()

    assert len([job for job, *_ in queued() if job in MAILS]) <= MOST


@pytest.mark.parametrize("posts", [250, pytest.param(10_000, marks=pytest.mark.heavy)])
def test_posts_from_five_hundred_networks_send_three_mails_at_most(
    client, workspace, limits, work_off, posts
):
    """The most patient flood: from each network few, and each after a wait, which nothing holds up."""
    lists = fifty_lists(workspace)
    opened = note_of(client, lists[0])

    with time_machine.travel(utcnow() + PATIENCE):
        for number in range(posts):
            network = number % 500
            client.post(
                f"/s/{lists[number % 50].public_id}",
                data={"email": VICTIM, "opened": opened},
                environ_base={"REMOTE_ADDR": f"10.{network % 250}.{network // 250}.9"},
            )
        work_off()

    assert 1 <= db.session.query(Delivery).filter_by(email=VICTIM).count() <= MOST
    assert db.session.query(Subscriber).count() == 1
    assert db.session.query(SignUp).count() == posts


def test_calls_of_the_api_from_many_keys_send_three_mails_at_most(
    client, workspace, other_workspace, work_off
):
    """A program that was misled: new people, fifty lists, two workspaces."""
    lists = fifty_lists(workspace, other_workspace)
    spaces = (workspace, other_workspace)
    keys = {each.id: create_key(each.id, name="Shop", scopes=[EVERYTHING])[1] for each in spaces}
    db.session.commit()

    for mailing_list in lists * 4:
        client.post(
            "/api/v1/subscribers",
            json={"email": VICTIM, "lists": [mailing_list.public_id]},
            headers={"Authorization": f"Bearer {keys[mailing_list.workspace_id]}"},
        )
    work_off()

    assert 1 <= db.session.query(Delivery).filter_by(email=VICTIM).count() <= MOST


def test_whoever_holds_an_old_link_cannot_have_mail_sent_again_and_again(client, workspace, work_off):
    lists = fifty_lists(workspace)[:10:2]
    victim = factories.subscriber(workspace, VICTIM)
    for mailing_list in lists:
        subscribe(victim, mailing_list, evidence=Evidence(Channel.SIGNUP_PAGE), now=utcnow())
    addresses = [links().confirm_url(each.id) for each in db.session.query(Subscription)]
    db.session.commit()

    for address in addresses * 20:
        client.post(f"{address.removeprefix('http://localhost')}/again")
    work_off()

    assert 1 <= db.session.query(Delivery).filter_by(email=VICTIM).count() <= MOST


def test_who_sends_too_much_has_to_solve_a_riddle(client, workspace, limits):
    bread = factories.mailing_list(workspace)
    db.session.commit()
    opened = note_of(client, bread)

    def send(number, **values):
        given = {"email": f"reader{number}@example.com", "opened": opened, **values}
        return client.post(f"/s/{bread.public_id}", data=given, environ_base={"REMOTE_ADDR": "198.51.100.7"})

    answers = [send(number) for number in range(9)]

    assert answers[-1].status_code == 429
    assert "data-riddle" in answers[-1].text


def test_a_riddle_of_ours_is_solved_and_a_forged_one_is_not():
    key = "a key that only this test uses"
    riddle = Challenge.from_dict(new_riddle(key, now=utcnow()))
    answer = Payload(riddle, solve_challenge(riddle)).to_base64()

    assert solved_riddle(answer, key) == riddle.signature
    assert not solved_riddle(answer, "another key, which forged it")
    assert not solved_riddle("bm9uc2Vuc2U=", key)


def test_the_allowance_comes_back_after_a_day(app):
    now = utcnow()

    assert [take_mail(VICTIM, now=now) for _ in range(5)] == [True, True, True, False, False]
    assert take_mail(VICTIM.upper(), now=now + WINDOW)
    forget_allowances(now=now + 3 * WINDOW)
    assert db.session.query(MailAllowance).count() == 0
