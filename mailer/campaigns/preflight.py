"""What is looked at before a campaign leaves: what stops it, and what its author should know."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from mailer.audience.models import Field
from mailer.campaigns.models import Campaign
from mailer.campaigns.queries import Reach, reach
from mailer.composing.layout import layout_of
from mailer.composing.models import Format
from mailer.composing.queries import brand_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.addresses import clean_address
from mailer.rendering.blocks.read import read
from mailer.rendering.design import Design, Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.language import FIELDS, names_in

#: Gmail shows the first 102 KB of a message and hides the rest, with the link to unsubscribe.
_GMAIL_CLIPS_AT = 102 * 1024
#: Blocks that say nothing themselves.
_NO_WORDS = frozenset({"footer", "spacer", "divider", "logo", "content"})


@dataclass(frozen=True)
class Preflight:
    """The findings about a campaign.

    :param problems: what has to be mended first, by field
    :param warnings: what may be meant that way
    :param notes: what was done for the author
    :param frozen: the message as it would leave; none when there are problems with it
    """

    problems: dict[str, str]
    warnings: list[str]
    notes: list[str]
    reach: Reach
    frozen: Frozen | None

    @property
    def is_ready(self) -> bool:
        """Whether it can be sent."""
        return not self.problems


def design_of(campaign: Campaign) -> Design:
    """Return what a campaign's author wrote, as rendering takes it."""
    brand = brand_of(campaign.workspace)
    is_design = campaign.format is Format.DESIGN
    has_layout = campaign.format in (Format.MARKDOWN, Format.HTML)
    published = campaign.template.published if campaign.template and has_layout else None
    return Design(
        subject=campaign.subject,
        preheader=campaign.preheader,
        body="" if is_design else campaign.body,
        format=campaign.format,
        text=campaign.text,
        layout=layout_of(published, brand) if published else None,
        document=read(campaign.design or {}) if is_design else None,
        brand=brand,
    )


def frozen_if_ready(campaign: Campaign) -> Frozen:
    """Return the message that a campaign would send.

    :raises Invalid: it is not ready, with what to mend under each field
    """
    problems = _missing(campaign)
    frozen = _freeze(campaign, problems)
    if frozen is None or problems:
        raise Invalid(" ".join(problems.values()), fields=problems)
    return frozen


def preflight(campaign: Campaign, *, now: datetime) -> Preflight:
    """Look at everything that can be known before sending."""
    problems = _missing(campaign)
    frozen = _freeze(campaign, problems)
    reached = reach(campaign, now=now)
    if campaign.lists and not reached.people:
        problems["lists"] = "Nobody on these lists can be mailed."
    return Preflight(
        problems=problems,
        warnings=list(_warnings(campaign, frozen)) if frozen else [],
        notes=list(_notes(campaign, frozen)) if frozen else [],
        reach=reached,
        frozen=frozen,
    )


def _missing(campaign: Campaign) -> dict[str, str]:
    problems = {}
    if not campaign.subject:
        problems["subject"] = "Write a subject."
    if _is_empty(campaign):
        problems["body"] = "Write something to send."
    if not campaign.lists:
        problems["lists"] = "Choose at least one list."
    elif any(one.archived_at for one in campaign.lists):
        problems["lists"] = "One of its lists is archived; choose others."
    for name, words in (("from_email", "Say whom it is from"), ("reply_to", "Mend the address for replies")):
        address = getattr(campaign, name)
        if not address and name == "reply_to":
            continue
        try:
            clean_address(address)
        except Invalid as error:
            problems[name] = f"{words}: {error.message}" if address else f"{words}."
    return problems


def _is_empty(campaign: Campaign) -> bool:
    if campaign.format is not Format.DESIGN:
        return not campaign.body.strip()
    return not any(block.type not in _NO_WORDS for block in read(campaign.design or {}).blocks())


def _freeze(campaign: Campaign, problems: dict[str, str]) -> Frozen | None:
    try:
        return freeze(design_of(campaign))
    except Invalid as error:
        for name, sentence in (error.fields or {"body": error.message}).items():
            problems.setdefault(name, sentence)
        return None


def _warnings(campaign: Campaign, frozen: Frozen) -> list[str]:
    found = []
    size = len(frozen.html.encode())
    if size > _GMAIL_CLIPS_AT:
        found.append(f"The HTML has {size // 1024} KB; Gmail cuts messages off after 102 KB.")
    if not campaign.workspace.postal_address:
        found.append(
            "The workspace has no postal address. The law of many countries asks for one in every campaign; "
            "add it in the settings."
        )
    insecure = [link for link in frozen.links if link.startswith("http://")]
    if insecure:
        found.append(f"{_links(insecure)} without https: {insecure[0][:80]}")
    if not frozen.text.strip():
        found.append("The text part is empty; those who read without HTML see nothing.")
    unknown = sorted(_fields_used(frozen) - _known_fields(campaign))
    if unknown:
        found.append(
            f"No subscriber has the field “{unknown[0]}”: nothing, or the default, will stand in its place."
        )
    if campaign.subject.isupper() and len(campaign.subject) > 8:
        found.append("The subject is all capitals; many filters and readers take that for spam.")
    return found


def _notes(campaign: Campaign, frozen: Frozen) -> list[str]:
    found = []
    if frozen.is_footer_added:
        found.append("There is no link to unsubscribe in the design, so ours is added at the end.")
    if frozen.uncounted:
        found.append(
            f"{_links(frozen.uncounted)} with merge tags in the address: clicks there are not counted."
        )
    if campaign.text is not None:
        found.append("The text part was edited by hand; changes of the body do not reach it.")
    return found


def _links(links: list[str] | tuple[str, ...]) -> str:
    return "One link is" if len(links) == 1 else f"{len(links)} links are"


def _fields_used(frozen: Frozen) -> set[str]:
    names = names_in(frozen.subject) | names_in(frozen.html) | names_in(frozen.text)
    return {name.removeprefix(FIELDS) for name in names if name.startswith(FIELDS)}


def _known_fields(campaign: Campaign) -> set[str]:
    return set(db.session.scalars(select(Field.key).where(Field.workspace_id == campaign.workspace_id)))
