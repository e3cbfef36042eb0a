"""The page about how much leaves, and how fast."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from mailer.db import db
from mailer.delivery import runs
from mailer.delivery.allowance import allowance
from mailer.delivery.models import DomainLimit, LearnedPace, Run, SendingLimits
from mailer.delivery.routes import DEFAULT
from tests import factories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = "/w/bakery/settings/limits"
FORM = {"warm_up_first": 50, "warm_up_factor": "1.5", "warm_up_target": 1_000}


@pytest.fixture
def browser(sign_in, ana):
    """Ana's, at noon."""
    with time_machine.travel(NOON, tick=True):
        yield sign_in(ana)


def stored(model):
    db.session.rollback()
    return db.session.scalars(select(model)).one()


def test_a_page_without_limits_says_so(browser):
    page = browser.get(PAGE).text

    assert "no limit for a day" in page
    assert "No limits by domain" in page


def test_caps_are_kept_and_what_was_sent_is_shown(browser, workspace):
    allowance(workspace.id, 120, NOON)
    db.session.commit()

    assert browser.post(PAGE, data={**FORM, "per_hour": "100", "per_day": "500"}).status_code == 302

    limits = stored(SendingLimits)
    assert (limits.per_hour, limits.per_day, limits.warm_up_starts_on) == (100, 500, None)
    page = browser.get(PAGE).text
    assert ">120<" in page
    assert "of 500 allowed" in page


def test_a_cap_is_taken_away_again(browser):
    browser.post(PAGE, data={**FORM, "per_day": "500"})

    browser.post(PAGE, data=FORM)

    assert stored(SendingLimits).per_day is None


def test_a_warm_up_shows_its_days_and_when_it_ends(browser, workspace):
    for _ in range(60):
        factories.subscriber(workspace)
    browser.post(PAGE, data={**FORM, "is_warming_up": "y"})

    page = browser.get(PAGE).text

    assert stored(SendingLimits).warm_up_starts_on == NOON.date()
    assert "9 days" in page
    assert "day 1 of 9" in page
    assert page.count("Mar 10, 2026") + page.count("10 Mar 2026") >= 1
    assert "60 subscribers" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"per_day": "0"}, "1 or more."),
        ({"per_hour": "many"}, "Not a valid integer"),
        ({"warm_up_factor": "1"}, "Between 1.05 and 10."),
        ({"warm_up_target": "49"}, "As many as on the first day"),
    ],
)
def test_limits_that_make_no_sense_are_refused(browser, wrong, words):
    answer = browser.post(PAGE, data={**FORM, **wrong})

    assert answer.status_code == 422
    assert words in answer.text


def test_a_raised_cap_wakes_the_campaigns_that_waited(browser, bread, launch):
    run = launch(bread)
    runs.wait(run.campaign_id, "500 of 500 messages of today are sent", until=NOON.replace(day=3))
    db.session.commit()

    browser.post(PAGE, data={**FORM, "per_day": "1000"})

    assert (stored(Run).waits_until, stored(Run).wait_reason) == (None, "")


def test_domains_are_limited_together_changed_and_freed(browser):
    browser.post(f"{PAGE}/domains", data={"domains": "@GMail.com; googlemail.com", "per_second": "2.5"})
    limit = stored(DomainLimit)
    assert (limit.domains, limit.per_second, limit.concurrent) == (["gmail.com", "googlemail.com"], 2.5, None)
    one = f"{PAGE}/domains/{limit.public_id}"
    assert "gmail.com, googlemail.com" in browser.get(one).text

    browser.post(one, data={"domains": "gmail.com", "concurrent": "3"})
    limit = stored(DomainLimit)
    assert (limit.domains, limit.per_second, limit.concurrent) == (["gmail.com"], None, 3)
    browser.post(f"{one}/delete")

    assert db.session.scalars(select(DomainLimit)).all() == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"domains": "gmail.com", "per_second": "1"}, "has a limit already"),
        ({"domains": "web.de"}, "Limit the pace or the connections"),
        ({"domains": "not a domain!", "per_second": "1"}, "is not a domain"),
        ({"domains": "", "per_second": "1"}, "Which domains?"),
        ({"domains": "web.de", "per_second": "-1"}, "Between 0.01"),
    ],
)
def test_domain_limits_that_make_no_sense_are_refused(browser, form, words):
    browser.post(f"{PAGE}/domains", data={"domains": "gmail.com", "per_second": "1"})

    answer = browser.post(f"{PAGE}/domains", data=form)

    assert answer.status_code == 422
    assert words in answer.text


def test_limits_of_another_workspace_do_not_exist(sign_in, cleo, workspace):
    theirs = factories.add(DomainLimit(workspace_id=workspace.id, domains=["gmail.com"], per_second=1))
    one = f"/w/cheese/settings/limits/domains/{theirs.public_id}"
    client = sign_in(cleo)

    assert client.get(one).status_code == 404
    assert client.post(one, data={"domains": "web.de", "per_second": "1"}).status_code == 404
    assert client.post(f"{one}/delete").status_code == 404


def test_domains_that_asked_to_slow_down_are_shown(browser):
    factories.add(
        LearnedPace(
            route=DEFAULT,
            domain="gmail.com",
            per_second=2.5,
            concurrent=2,
            paused_until=NOON,
            changed_at=NOON,
        )
    )

    page = browser.get(PAGE).text

    assert "Asked us to slow down" in page
    assert "gmail.com" in page
