"""List bombing: one victim, fifty lists, five hundred networks, ten thousand posts (Spamhaus, 2016)."""

import re

import pytest
from altcha import Challenge, Payload, solve_challenge

from mailer.audience.models import OptIn, Subscriber
from mailer.consent.allowance import MOST, WINDOW, forget_allowances, take_mail
from mailer.consent.models import Channel, Evidence, MailAllowance
from mailer.consent.subscribe import subscribe
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.signup.challenge import new_riddle, solved_riddle
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


def test_posts_from_many_networks_send_three_mails_at_most(client, workspace, limits, queued, monkeypatch):
    monkeypatch.setattr("mailer.signup.public._ANSWER_SECONDS", 0)
    lists = fifty_lists(workspace)
    opened = note_of(client, lists[0])

    for number in range(300):
        client.post(
            f"/s/{lists[number % 50].public_id}",
            data={"email": VICTIM, "opened": opened},
            environ_base={"REMOTE_ADDR": f"10.{number % 250}.{number % 7}.9"},
        )

    assert 1 <= len([job for job, *_ in queued() if job in MAILS]) <= MOST
    assert db.session.query(Subscriber).count() == 1


def test_who_sends_too_much_has_to_solve_a_riddle(client, workspace, limits, monkeypatch):
    monkeypatch.setattr("mailer.signup.public._ANSWER_SECONDS", 0)
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
