from email import message_from_bytes, policy

import pytest

from mailer.campaigns.completeness import completeness
from mailer.campaigns.duplicate import duplicate
from mailer.campaigns.launch import launch
from mailer.campaigns.report import report
from mailer.campaigns.variants import (
    add_variant,
    languages_read,
    readers_by_variant,
    remove_variant,
)
from mailer.composing.begin_design import begin_design
from mailer.composing.models import Format
from mailer.db import db
from mailer.delivery import prepare, send
from mailer.delivery.models import Run
from mailer.errors import Conflict, Invalid
from mailer.lib.clock import utcnow
from mailer.rendering.blocks.read import written
from tests import factories
from tests.delivery.conftest import smtp  # noqa: F401

EDIT = "/w/bakery/campaigns/{}"


@pytest.fixture
def bread(workspace):
    return factories.mailing_list(workspace)


@pytest.fixture
def campaign(workspace, bread):
    return factories.campaign(workspace, lists=[bread])


def add_written(campaign, locale, **words):
    variant = add_variant(campaign, locale)
    for name, value in words.items():
        setattr(variant, name, value)
    db.session.flush()
    return variant


def test_each_reader_gets_the_nearest_language(workspace, bread, campaign, smtp):  # noqa: F811
    add_written(campaign, "pt", subject="Fresco", body="Olá\n\n[Pedir](https://bakery.example/pt)")
    add_written(campaign, "pt-BR", subject="Fresquinho", body="Oi\n\n[Order](https://bakery.example/order)")
    for name, locale in [("br", "pt_BR"), ("pt", "pt-PT"), ("de", "de"), ("none", ""), ("ptx", "ptx")]:
        factories.subscriber(workspace, f"{name}@example.com", on=bread, locale=locale)
    launch(campaign, now=utcnow())
    db.session.commit()

    prepare.prepare_campaign(db.session.get(Run, campaign.id).campaign_id)
    send.deliver_due()

    got = {
        each.recipient.partition("@")[0]: message_from_bytes(each.data, policy=policy.default)
        for each in smtp.received
    }
    subjects = {name: mail["Subject"] for name, mail in got.items()}
    assert subjects == {
        "br": "Fresquinho",
        "pt": "Fresco",
        "de": "Fresh on Sunday",
        "none": "Fresh on Sunday",
        "ptx": "Fresh on Sunday",
    }
    assert "Olá" in got["pt"].get_body(("plain",)).get_content()
    db.session.rollback()
    links = [link.url for link in report(campaign).links]
    assert links == ["https://bakery.example/order", "https://bakery.example/pt"]


def test_a_language_begins_as_a_copy_and_says_how_far_it_is(campaign):
    campaign.preheader = "Still warm"
    variant = add_variant(campaign, "pt_br")

    assert variant.locale == "pt-BR"
    assert variant.language == "Portuguese (Brazil)"
    assert completeness(variant).copied == ("subject", "preheader", "body")

    variant.subject, variant.preheader = "Fresquinho", ""

    assert completeness(variant).done == ("subject",)
    assert completeness(variant).missing == ("preheader",)
    assert completeness(variant).copied == ("body",)


def test_a_design_is_copied_for_another_language(workspace):
    campaign = factories.campaign(workspace, format=Format.DESIGN, design=written(begin_design(None)))

    variant = add_variant(campaign, "pt-br")

    assert variant.design["settings"]["language"] == "pt-BR"
    assert campaign.design["settings"]["language"] == "en"
    assert "body" in completeness(variant).copied


def test_a_language_is_added_once_and_only_to_a_draft(campaign):
    add_variant(campaign, "de")

    with pytest.raises(Invalid, match="German already"):
        add_variant(campaign, "DE")
    with pytest.raises(Invalid, match="no language"):
        add_variant(campaign, "klingon")
    launch(campaign, now=utcnow())
    with pytest.raises(Conflict):
        remove_variant(campaign, "de")


def test_a_language_without_words_stops_the_launch(campaign):
    add_written(campaign, "de", subject="", body="{{ subscriber.nmae }}")

    with pytest.raises(Invalid, match="German: Write a subject") as refused:
        launch(campaign, now=utcnow())

    assert "subscriber.name" in refused.value.fields["body"]


def test_readers_are_counted_by_what_they_read(workspace, other_workspace, bread, campaign):
    for locale in ("de", "de_AT", "de-AT", "fr", ""):
        factories.subscriber(workspace, on=bread, locale=locale)
    factories.subscriber(other_workspace, on=factories.mailing_list(other_workspace), locale="de")
    add_variant(campaign, "de")

    shares = languages_read(campaign)

    assert {share.locale: share.count for share in shares} == {"de": 1, "de-AT": 2, "fr": 1, "": 1}
    assert readers_by_variant(campaign, shares) == {"": 2, "de": 3}


def test_a_copy_has_all_its_languages(campaign):
    add_written(campaign, "de", subject="Frisch")

    made = duplicate(campaign)

    assert [(each.locale, each.subject) for each in made.variants] == [("de", "Frisch")]


def test_each_language_has_a_page_of_its_own(workspace, bread, campaign, ben, sign_in):
    here = EDIT.format(campaign.public_id)
    browser = sign_in(ben)

    moved = browser.post(f"{here}/locales", data={"locale": "de"})
    saved = browser.post(
        f"{here}?locale=de",
        data={
            "revision": "2",
            "name": "Sunday loaf",
            "subject": "Frisch",
            "format": "markdown",
            "text_mode": "generated",
            "body": "Guten Tag",
            "from_name": "Ana",
            "from_email": "ana@bakery.example",
            "lists": bread.public_id,
        },
        headers={"Accept": "application/json"},
    )

    assert moved.location.endswith("/edit?locale=de")
    assert saved.json["inbox"]["subject"] == "Frisch"
    page = browser.get(f"{here}/edit?locale=de").text
    assert "Guten Tag" in page
    assert f'action="{here}?locale=de"' in page
    assert "Guten Tag" in browser.get(f"{here}/preview?locale=de").text
    assert "Guten Tag" not in browser.get(f"{here}/preview?locale=").text
    assert "Fresh on Sunday" in browser.get(f"{here}/edit").text
    assert browser.get(f"{here}/edit?locale=fr").status_code == 404
    assert browser.post(f"{here}/locales/de/delete").status_code == 302
    assert browser.get(f"{here}/edit?locale=de").status_code == 404


def test_a_preview_is_in_its_readers_language(workspace, bread, campaign, ben, sign_in):
    add_written(campaign, "de", body="Guten Tag")
    reader = factories.subscriber(workspace, on=bread, locale="de-CH")

    page = sign_in(ben).get(f"{EDIT.format(campaign.public_id)}/preview?reader={reader.public_id}").text

    assert "Guten Tag" in page
