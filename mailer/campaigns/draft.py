"""Writing a campaign: drafts may be as unfinished as their authors; launching is when rules are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from mailer.audience.models import MailingList
from mailer.campaigns.models import Campaign, CampaignStatus
from mailer.composing.models import Format, Template
from mailer.db import db
from mailer.errors import Conflict, Invalid
from mailer.lib.addresses import split_mailbox
from mailer.rendering.blocks.read import read, written
from mailer.rendering.markdown import split_front_matter

UNTITLED: Final = "Untitled campaign"

#: Characters in each line, as their columns hold them.
_LONGEST: Final = {
    "name": 200,
    "subject": 998,
    "preheader": 500,
    "from_name": 120,
    "from_email": 320,
    "reply_to": 320,
}
#: What each language has of its own.
_OF_WORDS: Final = frozenset({"subject", "preheader"})


@dataclass(frozen=True)
class Draft:
    """Everything about a campaign that its author writes.

    :param design: the document's JSON, when it is written as one; none leaves the one that there is
    :param text: the text part as edited by hand; none when it is generated
    """

    name: str = ""
    subject: str = ""
    preheader: str = ""
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    format: Format = Format.MARKDOWN
    body: str = ""
    design: Mapping[str, Any] | str | None = None
    text: str | None = None
    template: Template | None = None
    lists: Sequence[MailingList] = field(default_factory=tuple)


def draft_of(campaign: Campaign, locale: str = "") -> Draft:
    """Return what a campaign's author has written so far.

    :param locale: the language that its words are in; empty for the campaign's own
    :raises NotFound: it is not written in it
    """
    words = campaign.words_in(locale)
    return Draft(
        name=campaign.name,
        subject=words.subject,
        preheader=words.preheader,
        from_name=campaign.from_name,
        from_email=campaign.from_email,
        reply_to=campaign.reply_to,
        format=words.format,
        body=words.body,
        design=words.design,
        text=words.text,
        template=words.template,
        lists=list(campaign.lists),
    )


def create_draft(workspace_id: UUID, draft: Draft, *, by: UUID | None = None) -> Campaign:
    """Begin a campaign.

    :param by: the user who writes it
    :raises Invalid: a part is longer than it may be, or would break a header
    """
    campaign = Campaign(workspace_id=workspace_id, created_by_id=by, name=UNTITLED)
    db.session.add(campaign)
    _write(campaign, draft)
    db.session.flush()
    return campaign


def save_draft(campaign: Campaign, draft: Draft, *, revision: int | None = None, locale: str = "") -> None:
    """Write down what its author has now.

    :param locale: the language that its words are written in; empty for the campaign's own
    :param revision: the one that the author began from; none to write whatever happened since
    :raises Conflict: it is no draft any more, or was saved elsewhere meanwhile
    """
    campaign = lock(campaign)
    if not campaign.is_editable:
        raise Conflict(f"This campaign is {campaign.status}; its words can no longer change.")
    if revision is not None and revision != campaign.revision:
        raise Conflict("This draft was changed in another window. Reload to see it; copy your words first.")
    _write(campaign, draft, locale=locale)
    campaign.revision += 1
    db.session.flush()


def lock(campaign: Campaign) -> Campaign:
    """Return the campaign as it is now, and let nobody change it before this transaction ends."""
    # What was changed but not written yet would be lost.
    db.session.flush()
    db.session.refresh(campaign, with_for_update=True)
    return campaign


def delete_draft(campaign: Campaign, *, now: datetime) -> None:
    """Throw a draft away; ``restore_draft`` takes it back.

    :raises Conflict: it was launched, and what was sent is kept
    """
    campaign = lock(campaign)
    if campaign.status is not CampaignStatus.DRAFT:
        raise Conflict(f"This campaign is {campaign.status}; only drafts can be deleted.")
    campaign.deleted_at = now
    db.session.flush()


def restore_draft(campaign: Campaign) -> None:
    """Take a deleted draft back."""
    campaign.deleted_at = None
    db.session.flush()


def _write(campaign: Campaign, draft: Draft, *, locale: str = "") -> None:
    if draft.format is Format.MARKDOWN:
        draft = _with_front_matter(draft)
    words = campaign.words_in(locale)
    for name in _LONGEST:
        value = str(getattr(draft, name)).strip()
        _check_line(name, value)
        setattr(words if name in _OF_WORDS else campaign, name, value)
    campaign.name = campaign.name or campaign.subject[:200] or UNTITLED
    words.format = draft.format
    words.body = draft.body.replace("\r\n", "\n").replace("\x00", "")
    if draft.design is not None:
        words.design = written(read(draft.design))
    words.text = None if draft.text is None else draft.text.replace("\r\n", "\n").replace("\x00", "")
    words.template = draft.template
    campaign.lists = list(draft.lists)


def _with_front_matter(draft: Draft) -> Draft:
    """Return a draft with what its Markdown says about itself: that is where its author looks."""
    said: dict[str, Any] = dict(split_front_matter(draft.body)[0])
    if "from" in said:
        said["from_name"], said["from_email"] = split_mailbox(said.pop("from"))
    return replace(draft, **said)


def _check_line(name: str, value: str) -> None:
    longest = _LONGEST[name]
    if len(value) > longest:
        sentence = f"Use {longest} characters or fewer."
        raise Invalid(f"The {name.replace('_', ' ')} is too long: {sentence}", fields={name: sentence})
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        sentence = "Write it on one line, without control characters."
        raise Invalid(f"The {name.replace('_', ' ')} cannot be used: {sentence}", fields={name: sentence})
