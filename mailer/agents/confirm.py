"""What an assistant may not do alone: mail many people. It prepares, and a person presses the button."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from mailer.accounts.models import Workspace
from mailer.campaigns.narrowing import narrowing_of
from mailer.campaigns.queries import campaign_by_id, reach
from mailer.current import settings

_SENDING: Final = frozenset({"send_campaign", "schedule_campaign", "resume_campaign"})


def asks_for_a_person(
    tool: str, arguments: Mapping[str, Any], workspace: Workspace, *, now: datetime
) -> str | None:
    """Return what a person has to do first, or None when the tool may be used.

    :raises NotFound: there is no such campaign
    """
    most = settings().agents_send_up_to
    if tool in _SENDING:
        campaign = campaign_by_id(workspace.id, str(arguments.get("campaign_id", "")))
        narrowing = narrowing_of(campaign.id, workspace.id, now=now)
        people = reach(campaign, now=now, narrowing=narrowing).people
        if people > most:
            page = f"{settings().base_url}/w/{workspace.slug}/campaigns/{campaign.public_id}/review"
            return (
                f"This campaign goes to {people:,} people, and an assistant may mail {most:,} at most. "
                f"Ask a person to look at it and to send it: {page}"
            )
    emails = arguments.get("emails")
    if isinstance(emails, list) and len(emails) > most:
        return f"These are {len(emails):,} messages, and an assistant may send {most:,} at most."
    return None
