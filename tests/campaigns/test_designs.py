"""Campaigns as designs, MJML and Markdown with front matter: written, frozen, sent."""

import pytest

from mailer.audience.models import OptIn
from mailer.campaigns.draft import Draft, create_draft
from mailer.campaigns.duplicate import duplicate
from mailer.campaigns.launch import launch
from mailer.campaigns.preflight import preflight
from mailer.campaigns.words import design_of
from mailer.composing.gallery import gallery_design
from mailer.composing.models import Format
from mailer.composing.save_template import create_template
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.clock import utcnow
from mailer.rendering.blocks.read import written
from mailer.rendering.freeze import freeze
from tests import factories

MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi</mj-text></mj-column></mj-section></mj-body></mjml>"


@pytest.fixture
def weekly(workspace):
    weekly = factories.mailing_list(workspace, opt_in=OptIn.SINGLE)
    factories.subscriber(workspace, on=weekly)
    return weekly


def a_draft(workspace, weekly, **values):
    sender = {"subject": "News", "from_name": "Ana", "from_email": "ana@bakery.example"}
    return create_draft(workspace.id, Draft(**{**sender, "lists": [weekly], **values}))


def test_a_design_is_frozen_when_it_is_launched(workspace, weekly, queued):
    template = create_template(workspace.id, name="Mine", document=gallery_design("letter"))
    campaign = a_draft(
        workspace, weekly, format=Format.DESIGN, design=written(gallery_design("letter")), template=template
    )

    launch(campaign, now=utcnow())

    assert "a letter needs no pictures" in campaign.message.html
    assert "a letter needs no pictures" in campaign.message.text
    assert "{{ unsubscribe_url }}" in campaign.message.html
    db.session.refresh(template)
    assert template.use_count == 1
    assert template.used_at is not None
    assert not template.is_changed


def test_a_template_frames_the_words_that_are_written_in_markdown(workspace, weekly):
    template = create_template(workspace.id, name="Mine", document=gallery_design("event"))

    campaign = a_draft(workspace, weekly, body="# Ours\n\nWords.", template=template)

    html = freeze(design_of(campaign)).html
    assert "Ours" in html
    assert "An evening worth coming for" not in html
    assert "#f3eee6" in html


@pytest.mark.parametrize(
    "empty", [{}, {"rows": []}, {"rows": [{"columns": [{"blocks": [{"type": "footer"}]}]}]}]
)
def test_a_design_without_words_is_not_sent(workspace, weekly, empty):
    campaign = a_draft(workspace, weekly, format=Format.DESIGN, design=empty)

    with pytest.raises(Invalid, match="Write something"):
        launch(campaign, now=utcnow())


def test_front_matter_says_what_stands_in_the_header(workspace, weekly):
    front = "subject: 'From the letter'\npreheader: Still warm\nfrom: Ben <ben@bakery.example>"

    campaign = a_draft(workspace, weekly, body=f"---\n{front}\n---\nHello")

    assert (campaign.subject, campaign.preheader) == ("From the letter", "Still warm")
    assert (campaign.from_name, campaign.from_email) == ("Ben", "ben@bakery.example")
    assert "subject:" not in freeze(design_of(campaign)).html


def test_what_cannot_be_sent_is_saved_and_found_beside_everything_else(workspace, weekly):
    blocks = [
        {"type": "button", "id": "blk_aaaa", "label": "Order", "href": "javascript:x"},
        {"type": "button", "id": "blk_bbbb", "label": "Recipes"},
        {"type": "text", "id": "blk_cccc", "html": "<p>Dear {{ subscriber.nmae }}</p>"},
    ]
    campaign = a_draft(
        workspace, weekly, format=Format.DESIGN, design={"rows": [{"columns": [{"blocks": blocks}]}]}
    )

    errors = preflight(campaign, now=utcnow()).errors

    assert [(error.check, error.where.block) for error in errors] == [
        ("blocks.mistake", "blk_aaaa"),
        ("blocks.mistake", "blk_cccc"),
        ("links.nowhere", "blk_bbbb"),
    ]
    with pytest.raises(Invalid, match="https:"):
        launch(campaign, now=utcnow())
    assert campaign.design["rows"][0]["columns"][0]["blocks"][0]["href"] == "javascript:x"


def test_a_copy_has_the_design_too(workspace, weekly):
    design = written(gallery_design("letter"))
    campaign = a_draft(workspace, weekly, format=Format.DESIGN, design=design)

    assert duplicate(campaign).design == design


def test_mjml_is_sent_as_it_is_written(workspace, weekly):
    campaign = a_draft(workspace, weekly, format=Format.MJML, body=MJML)

    frozen = freeze(design_of(campaign))

    assert ">Hi</div>" in frozen.html
    assert frozen.is_footer_added
