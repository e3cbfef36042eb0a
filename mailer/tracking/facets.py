"""By what opens and clicks are split: told once, when an event comes in, and kept with it.

What is told by tables that learn (countries, programs) or by facts that change (a reader's
language) would otherwise differ from one day to the next, and sums with it.
"""

from datetime import datetime
from functools import lru_cache
from typing import Final

from iptocc import country_code

from mailer.lib.mailbox_providers import provider_of
from mailer.tracking.verdicts import agent_of

#: Minutes between a mail's arrival and what its reader does: the ends of the spans that are told apart.
DELAYS: Final = (1, 5, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 4_320, 10_080)
LATER: Final = "later"
#: Loads the picture for somebody; with what they read, and where, cannot be told.
_BEHIND_PROXY: Final = "proxy"


def facets_of(
    *, email: str, locale: str, user_agent: str, network: str, at: datetime, arrived_at: datetime | None
) -> list[str]:
    """Return an event's facets, one for each ``models.Facet`` and in their order; empty where unknown."""
    agent = agent_of(user_agent)
    is_behind_proxy = bool(agent.family) and not agent.device
    return [
        provider_of(email),
        agent.family[:40],
        _BEHIND_PROXY if is_behind_proxy else agent.device,
        # A proxy's own is that of its provider's data centre.
        _BEHIND_PROXY if is_behind_proxy else country_of(network),
        locale.partition("-")[0].lower()[:8],
        _delay(at, arrived_at),
    ]


@lru_cache(maxsize=20_000)
def country_of(network: str) -> str:
    """Return the country (ISO 3166) that a network was given to by its registry, or an empty text.

    Right for about 95 of 100: a network may be used elsewhere than where it was registered.
    """
    return country_code(network.partition("/")[0]) or "" if network else ""


def _delay(at: datetime, arrived_at: datetime | None) -> str:
    if arrived_at is None:
        return ""
    minutes = (at - arrived_at).total_seconds() / 60
    return next((str(bound) for bound in DELAYS if minutes < bound), LATER)
