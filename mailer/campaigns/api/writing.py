"""Campaigns for programs to write, find, copy and throw away."""

from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from flask import g
from pydantic import AfterValidator, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Address, Given, Line, Lines, ListId, changes_of, id_of, list_of
from mailer.audience.queries.lists import lists_by_ids
from mailer.campaigns import draft, queries
from mailer.campaigns.api.frame import CampaignShown, bp, campaign_of, shown_campaign
from mailer.campaigns.choose_tracking import choose_tracking
from mailer.campaigns.click_tags import ANY_LINK, LinkTags, set_click_tags
from mailer.campaigns.duplicate import duplicate
from mailer.campaigns.models import Campaign, CampaignStatus, Priority
from mailer.campaigns.narrowing import chosen_segments, narrow
from mailer.campaigns.prioritise import prioritise
from mailer.composing.models import Format
from mailer.composing.queries import template_by_id
from mailer.db import db
from mailer.delivery.models import TrackingMode
from mailer.errors import Invalid
from mailer.lib.addresses import split_mailbox
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.segments.models import Segment

#: What a draft has under the same name.
_PLAIN: Final = {"name", "subject", "preheader", "format", "design", "body", "text"}


def _mailbox(text: str) -> str:
    try:
        name, address = split_mailbox(text)
    except Invalid as error:
        raise ValueError(error.message) from None
    return f"{name} <{address}>" if name else address


class LinkTagsGiven(Given):
    """The tags that whoever follows a link gets."""

    link: Line | None = Field(
        None, max_length=2_000, description="The address as it stands in the mail; null for any of its links."
    )
    tags: list[Line] = Field(max_length=50, examples=[["interested in rye"]])


class NewCampaign(Given):
    """A campaign to be written; it is a draft until it is sent, and may be as unfinished."""

    name: Line = Field("", max_length=200, description="For you; left out, the subject is taken.")
    subject: Line = Field("", max_length=998, examples=["Fresh on Sunday"])
    preheader: Line = Field("", max_length=500, description="The inbox’s second line.")
    from_: Annotated[Line, AfterValidator(_mailbox)] | None = Field(
        None, alias="from", max_length=440, examples=["Ana <ana@example.com>"]
    )
    reply_to: Address | None = None
    lists: list[ListId] = Field(
        [], max_length=50, description="Who gets it: everyone active on any of these."
    )
    segments: list[id_of("seg")] = Field(  # type: ignore[valid-type]
        [], max_length=20, description="Only people in any of these; empty for everybody on the lists."
    )
    excluded_segments: list[id_of("seg")] = Field(  # type: ignore[valid-type]
        [], max_length=20, description="Nobody in any of these."
    )
    priority: Priority = Priority.NORMAL
    tracking: TrackingMode | None = Field(None, description="What it counts; null: as the workspace does.")
    click_tags: list[LinkTagsGiven] = Field(
        [],
        max_length=200,
        description="Tags for people who follow a link, machines excepted; of a campaign that was sent,"
        " people who did so already get them, too.",
    )
    template: id_of("tpl") | None = Field(  # type: ignore[valid-type]
        None, description="The layout around words in Markdown or HTML."
    )
    format: Format = Format.MARKDOWN
    design: dict[str, Any] | None = Field(
        None, description="A document of blocks, in the place of a body; its format is then “design”."
    )
    body: Lines = Field(
        "",
        description="With merge tags such as {{ subscriber.name | default('there') }}.",
        examples=["Hello\n\n[Order](https://example.com/order)"],
    )
    text: Lines | None = Field(None, description="The plain part; left out, it is made from the body.")


class CampaignQuery(PageQuery):
    """Which campaigns are asked for."""

    status: Literal["", "draft", "scheduled", "sending", "paused", "finished", "cancelled"] = Field(
        "", description="Only those that stand there."
    )
    search: Line = Field("", max_length=200, description="Words in the name or the subject.")


CampaignChanges = changes_of(NewCampaign, "CampaignChanges")
CampaignPage = list_of(CampaignShown, "CampaignPage")


@bp.get("/campaigns")
@bp.input(CampaignQuery, location="query")
@bp.output(CampaignPage)
def index_campaigns(query_data: CampaignQuery) -> dict[str, Any]:
    """Read the campaigns, newest first."""
    status = CampaignStatus(query_data.status) if query_data.status else None
    found = queries.campaigns_of(g.workspace.id, search=query_data.search, status=status)
    return page(found, Campaign, query_data, lambda rows: [shown_campaign(row) for row in rows])


@bp.post("/campaigns")
@idempotent
@bp.input(NewCampaign)
@bp.output(CampaignShown, status_code=201)
def create_campaign(json_data: NewCampaign) -> CampaignShown:
    """Write a campaign down as a draft; nothing is sent."""
    said = json_data.model_dump()
    written = draft.Draft(**_parts(said))
    campaign = draft.create_draft(g.workspace.id, written, by=g.api_key.created_by_id)
    _direct(campaign, said)
    return shown_campaign(campaign)


@bp.get("/campaigns/<campaign_id>")
@bp.output(CampaignShown)
def show_campaign(campaign_id: str) -> CampaignShown:
    """Read a campaign."""
    return shown_campaign(campaign_of(campaign_id))


@bp.patch("/campaigns/<campaign_id>", endpoint="update_campaign")
@bp.input(CampaignChanges)
@bp.output(CampaignShown)
def patch_campaign(campaign_id: str, json_data: Given) -> CampaignShown:
    """Change a campaign; once it is launched, only its priority and its tags by click."""
    campaign, changes = campaign_of(campaign_id), json_data.model_dump(exclude_unset=True)
    if set(changes) - {"priority", "click_tags"}:
        draft.save_draft(campaign, replace(draft.draft_of(campaign), **_parts(changes)))
    _direct(campaign, changes)
    db.session.commit()
    return shown_campaign(campaign)


@bp.delete("/campaigns/<campaign_id>", endpoint="delete_campaign")
@bp.output({}, status_code=204)
def remove_campaign(campaign_id: str) -> str:
    """Throw a draft away; what was sent is kept."""
    draft.delete_draft(campaign_of(campaign_id), now=utcnow())
    db.session.commit()
    return ""


@bp.post("/campaigns/<campaign_id>/restore", endpoint="restore_campaign")
@idempotent
@bp.output(CampaignShown)
def restore(campaign_id: str) -> CampaignShown:
    """Take a deleted draft back."""
    campaign = queries.deleted_campaign(g.workspace.id, campaign_id)
    draft.restore_draft(campaign)
    return shown_campaign(campaign)


@bp.post("/campaigns/<campaign_id>/duplicate", endpoint="duplicate_campaign")
@idempotent
@bp.output(CampaignShown, status_code=201)
def copy_campaign(campaign_id: str) -> CampaignShown:
    """Begin a campaign from another: a new draft with everything that was written for it."""
    return shown_campaign(duplicate(campaign_of(campaign_id), by=g.api_key.created_by_id))


def _parts(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a call says about a campaign as parts of its author's draft."""
    parts = {name: said[name] for name in _PLAIN & set(said)}
    if said.get("design") is not None:
        parts["format"] = Format.DESIGN
    if "reply_to" in said:
        parts["reply_to"] = said["reply_to"] or ""
    if "from_" in said:
        parts["from_name"], parts["from_email"] = split_mailbox(said["from_"]) if said["from_"] else ("", "")
    if "template" in said:
        template = said["template"]
        parts["template"] = template_by_id(g.workspace.id, template) if template else None
    if "lists" in said:
        parts["lists"] = lists_by_ids(g.workspace.id, said["lists"])
    return parts


def _direct(campaign: Campaign, said: dict[str, Any]) -> None:
    """Let a campaign go to the segments, and with the tracking, tags and priority, that a call names."""
    if {"segments", "excluded_segments"} & set(said):
        chosen = chosen_segments(campaign)
        kept: dict[bool, list[str]] = {True: [], False: []}
        for identifier, is_excluded in chosen.items():
            kept[is_excluded].append(public_id(Segment.prefix, identifier))
        narrow(
            campaign,
            included=said.get("segments", kept[False]),
            excluded=said.get("excluded_segments", kept[True]),
        )
    if "tracking" in said and said["tracking"] != campaign.tracking:
        choose_tracking(campaign, said["tracking"])
    if "click_tags" in said:
        set_click_tags(
            campaign, [LinkTags(each["link"] or ANY_LINK, each["tags"]) for each in said["click_tags"]]
        )
    if "priority" in said:
        prioritise(campaign, said["priority"])
