"""Whoever follows a link of a campaign is tagged, if it was a person."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.audience.models import Subscriber
from mailer.audience.tags import rename_tag, tags_named
from mailer.campaigns.click_tags import ANY_LINK, LinkTags, choices_of, click_tags, set_click_tags
from mailer.campaigns.duplicate import duplicate
from mailer.campaigns.launch import launch
from mailer.db import db
from mailer.delivery.models import Delivery, TrackingMode
from mailer.delivery.prepare import prepare_campaign
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7
from mailer.tracking.ingest import store
from mailer.tracking.settings import Tracking, save_tracking
from mailer.tracking.spool import Event
from tests import factories

ORDER, STORY = "https://bakery.example/order", "https://bakery.example/story"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCANNER = "python-requests/2.32"


@pytest.fixture
def sunday(workspace):
    bread = factories.mailing_list(workspace)
    for name in ("anna", "bert", "cora"):
        factories.subscriber(workspace, f"{name}@example.com", on=bread)
    return factories.campaign(
        workspace, lists=[bread], body=f"[Order]({ORDER}) [Story]({STORY}) [Now]({ORDER})"
    )


def sent(campaign):
    launch(campaign, now=utcnow())
    db.session.commit()
    prepare_campaign(campaign.id)
    rows = db.session.scalars(select(Delivery).where(Delivery.campaign_id == campaign.id))
    return {row.email.partition("@")[0]: row for row in rows}


def follow(delivery, number, user_agent=BROWSER):
    at = utcnow() + timedelta(minutes=5)
    store([Event(uuid7(), delivery.message_id, delivery.id, at, number, user_agent, "192.0.2.0/24")])
    db.session.commit()


def tags_of(delivery):
    return sorted(tag.name for tag in factories.refreshed(reader_of(delivery)).tags)


def reader_of(delivery):
    return db.session.get(Subscriber, delivery.subscriber_id)


def test_people_get_a_links_tags_and_machines_none(workspace, other_workspace, sunday):
    save_tracking(workspace.id, Tracking(is_tagging=True))
    set_click_tags(sunday, [LinkTags(ANY_LINK, ["curious"]), LinkTags(ORDER, ["buyer", "Curious"])])
    stranger = factories.subscriber(other_workspace, "anna@example.com")

    mails = sent(sunday)
    follow(mails["anna"], 0)
    follow(mails["anna"], 2)
    follow(mails["bert"], 1)
    follow(mails["cora"], 0, SCANNER)

    assert tags_of(mails["anna"]) == ["buyer", "curious"]
    assert tags_of(mails["bert"]) == ["curious"]
    assert tags_of(mails["cora"]) == []
    assert factories.refreshed(stranger).tags == []
    assert click_tags(duplicate(sunday)) == click_tags(sunday)


def test_after_sending_those_who_followed_already_are_tagged_once(sign_in, ben, workspace, sunday):
    mails = sent(sunday)
    follow(mails["anna"], 2)
    browser, at = sign_in(ben), f"/w/{workspace.slug}/campaigns/{sunday.public_id}"
    typed = {"link": [ANY_LINK, ORDER, STORY], "tags": ["", "buyer", "reader, late"]}

    browser.post(f"{at}/click-tags", data=typed)

    assert tags_of(mails["anna"]) == ["buyer"]
    assert 'value="late, reader"' in browser.get(at).get_data(as_text=True)
    reader_of(mails["anna"]).tags = []
    db.session.commit()
    browser.post(f"{at}/click-tags", data=typed)
    assert tags_of(mails["anna"]) == []
    follow(mails["bert"], 1)
    assert tags_of(mails["bert"]) == ["late", "reader"]
    with pytest.raises(Invalid, match="no link to"):
        set_click_tags(sunday, [LinkTags("https://bakery.example/gone", ["buyer"])])


def test_the_page_before_sending_offers_each_address_once(sign_in, ben, workspace, sunday):
    browser, at = sign_in(ben), f"/w/{workspace.slug}/campaigns/{sunday.public_id}"

    browser.post(f"{at}/click-tags", data={"link": [ANY_LINK, STORY], "tags": ["", "reader"]})

    assert [(each.url, list(each.tags)) for each in choices_of(sunday, [ORDER, STORY, ORDER])] == [
        (ANY_LINK, []),
        (ORDER, []),
        (STORY, ["reader"]),
    ]
    page = browser.get(f"{at}/review").get_data(as_text=True)
    assert page.count(f'name="link" value="{ORDER}"') == 1
    assert 'value="reader"' in page
    sunday.tracking = TrackingMode.ANONYMOUS
    db.session.commit()
    assert "Tags by click" not in browser.get(f"{at}/review").get_data(as_text=True)


def test_a_tag_that_joins_another_leaves_its_links_to_it(workspace, sunday):
    save_tracking(workspace.id, Tracking(is_tagging=True))
    set_click_tags(sunday, [LinkTags(ORDER, ["old"]), LinkTags(STORY, ["old", "new"])])
    old, _new = tags_named(workspace.id, ["old", "new"])

    rename_tag(old, "new")
    db.session.commit()

    assert click_tags(sunday) == [LinkTags(ORDER, ["new"]), LinkTags(STORY, ["new"])]
    mails = sent(sunday)
    follow(mails["anna"], 0)
    assert tags_of(mails["anna"]) == ["new"]
