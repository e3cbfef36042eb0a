from datetime import timedelta

import pytest
import time_machine

from mailer.campaigns.models import CampaignComment
from mailer.campaigns.share_preview import address_of, comment_on, end_link, share_preview
from mailer.campaigns.variants import add_variant
from mailer.db import db
from mailer.errors import Invalid, NotFound
from mailer.lib.clock import utcnow
from tests import factories


@pytest.fixture
def campaign(workspace):
    return factories.campaign(workspace, name="Sunday loaf", body="Hello {{ subscriber.name }}")


@pytest.fixture
def link(campaign):
    return share_preview(campaign, days=7, now=utcnow())


def path_of(link):
    return address_of(link).removeprefix("http://localhost")


def test_somebody_without_an_account_looks_and_says_something(campaign, link, client):
    path = path_of(link)
    db.session.commit()

    page = client.get(path)
    mail = client.get(f"{path}/mail?locale=")
    said = client.post(f"{path}/comments", data={"author": "Vera", "text": "More salt.\n<b>Really</b>"})

    assert page.status_code == 200
    assert "Sunday loaf" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Sam Reader" in mail.text
    assert "sandbox" in mail.headers["Content-Security-Policy"]
    assert said.status_code == 200
    assert "&lt;b&gt;Really" in said.text
    [comment] = db.session.query(CampaignComment)
    assert (comment.author, comment.campaign_id) == ("Vera", campaign.id)


def test_a_link_works_for_its_time_and_no_longer(campaign, link, client):
    path = path_of(link)
    db.session.commit()

    with time_machine.travel(utcnow() + timedelta(days=8)):
        assert client.get(path).status_code == 404
        assert client.post(f"{path}/comments", data={"author": "V", "text": "x"}).status_code == 404
    assert client.get(path).status_code == 200
    end_link(link, now=utcnow())
    db.session.commit()
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/mail").status_code == 404


def test_no_other_token_opens_it(campaign, link, client):
    path = path_of(link)
    db.session.commit()

    for position in range(3, len(path)):
        changed = path[:position] + ("A" if path[position] != "A" else "B") + path[position + 1 :]
        assert client.get(changed).status_code == 404, changed


def test_a_draft_that_was_thrown_away_is_not_shown(campaign, link, client):
    campaign.deleted_at = utcnow()
    db.session.commit()

    assert client.get(path_of(link)).status_code == 404


def test_each_language_is_shown(campaign, link, client):
    variant = add_variant(campaign, "de")
    variant.body = "Guten Tag"
    path = path_of(link)
    db.session.commit()

    assert "Guten Tag" in client.get(f"{path}/mail?locale=de").text
    assert "German" in client.get(path).text
    assert client.get(f"{path}?locale=fr").status_code == 404
    assert client.get(f"{path}/mail?locale=fr").status_code == 404


@pytest.mark.parametrize(
    ("author", "text", "says"),
    [
        ("", "x", "name"),
        ("V", " \n ", "Write something"),
        ("V", "x" * 2_001, "2,000"),
        ("V\r\nBcc:", "x", "line"),
    ],
)
def test_what_says_nothing_is_refused(campaign, link, client, author, text, says):
    path = path_of(link)
    db.session.commit()

    answer = client.post(f"{path}/comments", data={"author": author, "text": text})

    assert answer.status_code == 422
    assert says in answer.text


def test_a_link_takes_so_many_comments(campaign, link):
    for _ in range(200):
        comment_on(campaign, "x", author="V", link=link)

    with pytest.raises(Exception, match="no more are taken"):
        comment_on(campaign, "x", author="V", link=link)


def test_a_link_works_for_a_month_at_most(campaign):
    with pytest.raises(Invalid):
        share_preview(campaign, days=365, now=utcnow())


def test_comments_are_attended_to_and_deleted_without_leaving_the_page(campaign, ben, sign_in):
    comment = comment_on(campaign, "More salt.", author="Vera")
    here = f"/w/bakery/campaigns/{campaign.public_id}"
    browser = sign_in(ben)
    part = {"HX-Request": "true"}

    composer = browser.get(f"{here}/edit").text
    shared = browser.post(f"{here}/preview-links", data={"days": "1"}, headers=part)
    done = browser.post(f"{here}/comments/{comment.public_id}/done", headers=part)
    mine = browser.post(f"{here}/comments", data={"text": "Salted."}, headers=part)
    empty = browser.post(f"{here}/comments", data={"text": ""}, headers=part)
    gone = browser.post(f"{here}/comments/{comment.public_id}/delete", headers=part)

    assert "More salt." in composer
    assert "by link" in composer
    assert "http://localhost/r/" in shared.text
    assert "Open again" in done.text
    assert "Ben" in mine.text
    assert "Write something" in empty.text
    assert "More salt." not in gone.text
    assert [each.text for each in db.session.query(CampaignComment)] == ["Salted."]


def test_a_comment_of_another_campaign_is_not_there(workspace, other_workspace, campaign, ben, sign_in):
    theirs = comment_on(factories.campaign(other_workspace), "Secret", author="Cleo")
    browser = sign_in(ben)

    answer = browser.post(f"/w/bakery/campaigns/{campaign.public_id}/comments/{theirs.public_id}/delete")

    assert answer.status_code == 404
    with pytest.raises(NotFound):
        comment_on(campaign, "x", author="V", locale="de")
