"""What the pages about campaigns share."""

from collections.abc import Mapping
from typing import Any, Final

from flask import g, has_request_context, request

from mailer.campaigns.models import Campaign
from mailer.campaigns.queries import campaign_by_id
from mailer.campaigns.readers import values_of_reader
from mailer.web.guards import workspace_blueprint

#: What is about one of a campaign's languages.
_IN_LANGUAGE: Final = frozenset(
    {
        *("campaigns.edit", "campaigns.update", "campaigns.preview", "campaigns.test", "campaigns.sample"),
        *("campaigns.findings", "campaigns.mend", "campaigns.take_back_mend", "campaigns.seen_in"),
        "campaigns.spam_verdict",
    }
)

bp = workspace_blueprint("campaigns", "mailer.campaigns.views")


def campaign_of(campaign_id: str) -> Campaign:
    """Return a campaign of this workspace, or answer 404."""
    return campaign_by_id(g.workspace.id, campaign_id)


def chosen_locale() -> str:
    """Return the language that the page is about; empty for the campaign's own words."""
    return request.args.get("locale", "")


@bp.url_defaults
def _stay_in_language(endpoint: str, values: dict[str, Any]) -> None:
    """Let the links of a page about one language lead to pages about the same."""
    if not has_request_context() or endpoint not in _IN_LANGUAGE:
        return
    if request.args.get("locale"):
        values.setdefault("locale", request.args["locale"])
    elif request.endpoint == "campaigns.edit" and endpoint == "campaigns.preview":
        # Elsewhere a preview is in its reader's language.
        values.setdefault("locale", "")


def chosen_reader(reader_id: str | None = None) -> Mapping[str, Any]:
    """Return the merge values of the subscriber that the request names, or a sample's."""
    return values_of_reader(g.workspace.id, reader_id or request.values.get("reader", ""))
