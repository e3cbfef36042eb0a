"""What is unfinished or wrong in a campaign's words, in one of its languages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mailer.campaigns import check_audience, check_links
from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.campaigns.words import design_of, is_empty
from mailer.composing.models import Format
from mailer.composing.preview import SAMPLE_READER, fill_in, shared_values
from mailer.current import settings
from mailer.errors import Invalid
from mailer.rendering.checks import look as checks
from mailer.rendering.checks.findings import Finding, unfinished
from mailer.rendering.checks.mail import Mail, size_of
from mailer.rendering.design import Design, Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.language import FIELDS, without_tags

#: Where the product's own links lead in a preview.
_OWN_LINKS: Final = frozenset({"#unsubscribe", "#preferences", "#view"})


@dataclass(frozen=True)
class Looked:
    """What was found in one language.

    :param frozen: the message that the words become, its parts named, without what cannot be sent yet;
        none when nothing can be made of them
    :param mail: that as a reader gets it
    """

    findings: list[Finding]
    frozen: Frozen | None = None
    mail: Mail | None = None


def look(words: Campaign | CampaignVariant, *, mix: Mapping[str, float] | None) -> Looked:
    """Look at a campaign's words in one language.

    :param mix: the share of each family of mail clients among the readers, when it is known
    """
    campaign = words.campaign if isinstance(words, CampaignVariant) else words
    findings = list(_missing(words))
    design = design_of(words)
    try:
        # A mistake in one block keeps nobody from hearing of what is wrong in the others.
        frozen = freeze(design.without_mistakes(), is_identified=True)
    except Invalid as error:
        known = {finding.where.part for finding in findings}
        wrong = error.fields or {"body": error.message}
        findings += [unfinished(part, sentence) for part, sentence in wrong.items() if part not in known]
        return Looked(findings)
    mail = _mail(words, campaign, design, frozen)
    found = [
        *checks.look(mail, mix=mix, document=design.document),
        *check_links.look(campaign.workspace_id, mail),
        *check_audience.values(campaign, frozen),
    ]
    # What is missing altogether is said once, as unfinished.
    findings += [one for one in found if one.check != "inbox.subject-missing"]
    return Looked(findings, frozen, mail)


def _missing(words: Campaign | CampaignVariant) -> Iterator[Finding]:
    if not words.subject:
        yield unfinished("subject", "Write a subject.")
    if is_empty(words):
        yield unfinished("body", "Write something to send.")


def _mail(words: Campaign | CampaignVariant, campaign: Campaign, design: Design, frozen: Frozen) -> Mail:
    shared = shared_values(campaign.name, campaign.workspace)
    rendered = fill_in(frozen, shared, SAMPLE_READER)
    return Mail(
        subject=rendered.subject,
        preheader=without_tags(words.preheader),
        html=rendered.html,
        text=rendered.text,
        own_links=_OWN_LINKS,
        own_origin=settings().base_url if settings().is_catching else "",
        largest_bytes=_largest(campaign, frozen, shared),
        markdown=design.body if design.format == Format.MARKDOWN else "",
    )


def _largest(campaign: Campaign, frozen: Frozen, shared: Mapping[str, Any]) -> int:
    """Return how large the HTML is for somebody who has the longest value of each kind."""
    names = check_audience.names_about_readers(frozen)
    if not names or not campaign.lists:
        return 0
    longest = check_audience.holes(campaign, names).longest
    columns = {name.removeprefix("subscriber."): "x" * longest[name] for name in names}
    fields = {name.removeprefix(FIELDS): "x" * longest[name] for name in names if name.startswith(FIELDS)}
    reader = {**SAMPLE_READER, **columns, "fields": fields}
    return size_of(fill_in(frozen, shared, reader).html)
