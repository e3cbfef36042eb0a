"""How far a campaign's words in another language are."""

from dataclasses import dataclass
from typing import Any

from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.composing.models import Format


@dataclass(frozen=True)
class Completeness:
    """How far a variant is.

    :param done: its parts that say something of their own
    :param missing: those that say nothing, though the campaign's own words do
    :param copied: those that say what the campaign's own words say
    """

    done: tuple[str, ...]
    missing: tuple[str, ...]
    copied: tuple[str, ...]

    @property
    def part_count(self) -> int:
        """How many parts there are."""
        return len(self.done) + len(self.missing) + len(self.copied)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to write."""
        return not (self.missing or self.copied)


def completeness(variant: CampaignVariant) -> Completeness:
    """Return how far a variant is, beside its campaign's own words."""
    campaign = variant.campaign
    done: list[str] = []
    missing: list[str] = []
    copied: list[str] = []
    for part in ("subject", "preheader", "body"):
        own, original = _said(variant, part), _said(campaign, part)
        if not own and not original and part == "preheader":
            continue
        (missing if not own else copied if own == original else done).append(part)
    return Completeness(tuple(done), tuple(missing), tuple(copied))


def _said(words: Campaign | CampaignVariant, part: str) -> Any:
    """Return what a part says; of a design its rows, since its settings differ by the language alone."""
    if part == "body" and words.format is Format.DESIGN:
        return (words.design or {}).get("rows", [])
    return getattr(words, part).strip()
