"""A campaign’s words in other languages, for programs."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.schemas import Given, Line, Lines, Shown, changes_of, given
from mailer.campaigns import variants
from mailer.campaigns.api.frame import bp, campaign_of
from mailer.campaigns.draft import draft_of, save_draft
from mailer.composing.models import Format
from mailer.db import db


class Locale(Given):
    """A language."""

    locale: Line = Field(min_length=2, max_length=20, examples=["pt-BR"])


class Words(Given):
    """What a campaign says in a language."""

    subject: Line = Field("", max_length=998)
    preheader: Line = Field("", max_length=500)
    format: Format = Format.MARKDOWN
    design: dict[str, Any] | None = None
    body: Lines = Field("")
    text: Lines | None = None


class VariantShown(Shown):
    """What a campaign says in another language; readers get the nearest one to theirs."""

    object: Literal["campaign_variant"] = "campaign_variant"
    locale: str
    language: str
    subject: str
    preheader: str
    format: Format
    body: str
    design: dict[str, Any] | None
    text: str | None
    updated_at: AwareDatetime


class VariantsShown(Shown):
    """The other languages of a campaign."""

    object: Literal["list"] = "list"
    data: list[VariantShown]


WordsChanges = changes_of(Words, "WordsChanges")


@bp.get("/campaigns/<campaign_id>/variants", endpoint="index_campaign_variants")
@bp.output(VariantsShown)
def index_variants(campaign_id: str) -> VariantsShown:
    """Read the other languages that a campaign is written in."""
    return VariantsShown(data=[VariantShown.of(variant) for variant in campaign_of(campaign_id).variants])


@bp.post("/campaigns/<campaign_id>/variants", endpoint="add_campaign_variant")
@idempotent
@bp.input(Locale)
@bp.output(VariantShown, status_code=201)
def post_variant(campaign_id: str, json_data: Locale) -> VariantShown:
    """Begin a campaign’s words in another language, from its own."""
    return VariantShown.of(variants.add_variant(campaign_of(campaign_id), json_data.locale))


@bp.patch("/campaigns/<campaign_id>/variants/<language>", endpoint="update_campaign_variant")
@bp.input(WordsChanges)
@bp.output(VariantShown)
def patch_variant(campaign_id: str, language: str, json_data: Given) -> VariantShown:
    """Change what a campaign says in a language."""
    campaign = campaign_of(campaign_id)
    changes = given(json_data)
    if changes.get("design") is not None:
        changes["format"] = Format.DESIGN
    variant = variants.variant_in(campaign, language)
    save_draft(campaign, replace(draft_of(campaign, language), **changes), locale=language)
    db.session.commit()
    return VariantShown.of(variant)


@bp.delete("/campaigns/<campaign_id>/variants/<language>", endpoint="remove_campaign_variant")
@bp.output({}, status_code=204)
def delete_variant(campaign_id: str, language: str) -> str:
    """Throw a campaign’s words in a language away."""
    variants.remove_variant(campaign_of(campaign_id), language)
    db.session.commit()
    return ""
