"""The languages that a campaign is written in."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from mailer.accounts.roles import Role
from mailer.campaigns.completeness import completeness
from mailer.campaigns.models import Campaign
from mailer.campaigns.variants import (
    add_variant,
    languages_read,
    readers_by_variant,
    remove_variant,
)
from mailer.campaigns.views.frame import bp, campaign_of
from mailer.db import db
from mailer.rendering.locales import best_of, language_name
from mailer.web.answers import refusal_told
from mailer.web.guards import requires

_SUGGESTED = 4


@bp.post("/campaigns/<campaign_id>/locales")
@requires(Role.EDITOR)
def add_locale(campaign_id: str) -> ResponseReturnValue:
    """Begin to write it in another language."""
    campaign = campaign_of(campaign_id)
    with refusal_told():
        variant = add_variant(campaign, request.form.get("locale", ""))
        db.session.commit()
        return redirect(url_for(".edit", campaign_id=campaign_id, locale=variant.locale))
    return redirect(url_for(".edit", campaign_id=campaign_id))


@bp.post("/campaigns/<campaign_id>/locales/<language>/delete")
@requires(Role.EDITOR)
def remove_locale(campaign_id: str, language: str) -> ResponseReturnValue:
    """Write it in this language no more."""
    remove_variant(campaign_of(campaign_id), language)
    db.session.commit()
    flash(f"It is not written in {language_name(language)} any more.", "success")
    return redirect(url_for(".edit", campaign_id=campaign_id, locale=None))


@bp.app_template_global()
def locales_of(campaign: Campaign) -> dict[str, Any]:
    """Return what the languages of a campaign show of themselves: how far, for how many."""
    shares = languages_read(campaign)
    offered = [variant.locale for variant in campaign.variants]
    return {
        "asked": sum(share.count for share in shares),
        "readers": readers_by_variant(campaign, shares),
        "completeness": {variant.locale: completeness(variant) for variant in campaign.variants},
        "suggested": [
            share
            for share in shares
            if share.locale and best_of(share.locale, [*offered, campaign.workspace.locale]) is None
        ][:_SUGGESTED],
        "own": language_name(campaign.workspace.locale),
    }
