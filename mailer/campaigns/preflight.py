"""What is looked at before a campaign leaves: what stops it, and what its author should know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mailer.campaigns import check_audience, check_links, check_sender
from mailer.campaigns.completeness import completeness
from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.campaigns.narrowing import narrowing_of
from mailer.campaigns.queries import Reach, client_mix, reach
from mailer.composing.layout import layout_of
from mailer.composing.models import Format
from mailer.composing.preview import SAMPLE_READER, fill_in, shared_values
from mailer.composing.queries import brand_of
from mailer.current import settings
from mailer.errors import Invalid
from mailer.lib.addresses import clean_address
from mailer.rendering.blocks.read import read
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.look import in_order, look
from mailer.rendering.checks.mail import Mail
from mailer.rendering.checks.mends import Source, fits
from mailer.rendering.design import Design, Frozen
from mailer.rendering.freeze import freeze
from mailer.rendering.language import FIELDS, without_tags

#: Where the product's own links lead in a preview.
_OWN_LINKS: Final = frozenset({"#unsubscribe", "#preferences", "#view"})
#: Blocks that say nothing themselves.
_NO_WORDS: Final = frozenset({"footer", "spacer", "divider", "logo", "content"})
_UNFINISHED: Final = "Nothing can be sent without it."


@dataclass(frozen=True)
class Preflight:
    """The findings about a campaign, worst first.

    :param mendable: the keys of the findings whose mend fits what the author wrote
    :param frozen: the message as it would leave; none when it cannot be made
    :param unasked: how many of its addresses were not asked lately whether they answer
    """

    findings: list[Finding]
    mendable: frozenset[str]
    reach: Reach
    frozen: Frozen | None
    unasked: int

    def of(self, severity: Severity) -> list[Finding]:
        """Return the findings of one severity."""
        return [finding for finding in self.findings if finding.severity is severity]

    @property
    def errors(self) -> list[Finding]:
        """What has to be mended first."""
        return self.of(Severity.ERROR)

    @property
    def warnings(self) -> list[Finding]:
        """What may be meant that way; whoever sends is asked."""
        return self.of(Severity.WARNING)

    @property
    def notices(self) -> list[Finding]:
        """What is good to know."""
        return self.of(Severity.NOTICE)

    @property
    def has_spam_filter(self) -> bool:
        """Whether a spam filter can be asked about it, too."""
        return bool(settings().spam_filter_url) and self.frozen is not None

    @property
    def is_ready(self) -> bool:
        """Whether it can be sent."""
        return not self.errors


def design_of(campaign: Campaign | CampaignVariant) -> Design:
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
        language=campaign.locale if isinstance(campaign, CampaignVariant) else campaign.workspace.locale,
    )


def source_of(campaign: Campaign) -> Source:
    """Return what a campaign's author wrote, as mends change it."""
    return Source(
        subject=campaign.subject,
        preheader=campaign.preheader,
        body=campaign.body,
        text=campaign.text,
        format=campaign.format,
        design=campaign.design if campaign.format is Format.DESIGN else None,
    )


def frozen_if_ready(campaign: Campaign) -> Frozen:
    """Return the message that a campaign would send.

    :raises Invalid: it is not ready, with what to mend under each field
    """
    findings, frozen = _written(campaign)
    if frozen is not None:
        mail = mail_of(campaign, frozen)
        findings += [
            *_in_mail(campaign, mail),
            *check_audience.look(campaign, frozen),
        ]
    findings += _in_languages(campaign, findings)
    errors: dict[str, str] = {}
    for finding in findings:
        if finding.severity is Severity.ERROR:
            errors.setdefault(finding.where.part, finding.message)
    if frozen is None or errors:
        raise Invalid(" ".join(errors.values()), fields=errors)
    return frozen


def preflight(campaign: Campaign, *, now: datetime) -> Preflight:
    """Look at everything that can be known before sending."""
    findings, frozen = _written(campaign)
    narrowing = narrowing_of(campaign.id, campaign.workspace_id, now=now)
    reached = reach(campaign, now=now, narrowing=narrowing)
    if campaign.lists and not reached.people:
        findings.append(_unfinished("lists", "Nobody on these lists can be mailed."))
    findings += check_sender.look(campaign)
    unasked = 0
    if frozen is not None:
        mail = mail_of(campaign, frozen)
        findings += [
            *_in_mail(campaign, mail),
            *_of_the_house(campaign, frozen),
        ]
        addresses = check_links.addresses_in(mail)
        unasked = len(check_links.unanswered(campaign.workspace_id, addresses, now=now))
    findings += _in_languages(campaign, findings)
    findings = in_order([*findings, *check_audience.look(campaign, frozen)])
    source = source_of(campaign)
    return Preflight(
        findings=findings,
        mendable=frozenset(one.key for one in findings if one.mend and fits(source, one.mend)),
        reach=reached,
        frozen=frozen,
        unasked=unasked,
    )


def unasked_addresses(campaign: Campaign, *, now: datetime) -> list[str]:
    """Return the addresses in a draft that were not asked lately whether they answer."""
    _, frozen = _written(campaign)
    if frozen is None:
        return []
    addresses = check_links.addresses_in(mail_of(campaign, frozen))
    return check_links.unanswered(campaign.workspace_id, addresses, now=now)


def mail_of(campaign: Campaign | CampaignVariant, frozen: Frozen) -> Mail:
    """Return a campaign as a reader gets it, for the checks; its parts say which block they are of."""
    whole = campaign.campaign if isinstance(campaign, CampaignVariant) else campaign
    shared = shared_values(whole.name, whole.workspace)
    design = design_of(campaign)
    identified = frozen if design.document is None else freeze(design, is_identified=True)
    rendered = fill_in(identified, shared, SAMPLE_READER)
    return Mail(
        subject=rendered.subject,
        preheader=without_tags(campaign.preheader),
        html=rendered.html,
        text=rendered.text,
        own_links=_OWN_LINKS,
        largest_bytes=_largest(whole, frozen, shared),
        markdown=campaign.body if campaign.format is Format.MARKDOWN else "",
    )


def _written(campaign: Campaign) -> tuple[list[Finding], Frozen | None]:
    """Return what is unfinished, and the message if it can be made."""
    findings = list(_missing(campaign))
    try:
        return findings, freeze(design_of(campaign))
    except Invalid as error:
        known = {finding.where.part for finding in findings}
        for part, sentence in (error.fields or {"body": error.message}).items():
            if part not in known:
                findings.append(_unfinished(part, sentence))
        return findings, None


def _missing(campaign: Campaign) -> Iterator[Finding]:
    if not campaign.subject:
        yield _unfinished("subject", "Write a subject.")
    if _is_empty(campaign):
        yield _unfinished("body", "Write something to send.")
    if not campaign.lists:
        yield _unfinished("lists", "Choose at least one list.")
    elif any(one.archived_at for one in campaign.lists):
        yield _unfinished("lists", "One of its lists is archived; choose others.")
    for name, words in (("from_email", "Say whom it is from"), ("reply_to", "Mend the address for replies")):
        address = getattr(campaign, name)
        if not address and name == "reply_to":
            continue
        try:
            clean_address(address)
        except Invalid as error:
            yield _unfinished(name, f"{words}: {error.message}" if address else f"{words}.")


def _is_empty(campaign: Campaign) -> bool:
    if campaign.format is not Format.DESIGN:
        return not campaign.body.strip()
    return not any(block.type not in _NO_WORDS for block in read(campaign.design or {}).blocks())


def _in_languages(campaign: Campaign, found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what is unfinished or wrong in the other languages that a campaign is written in.

    :param found: in its own words; what a language has in common with them is said once
    """
    for variant in campaign.variants:
        said = completeness(variant)
        if "subject" in said.missing:
            yield _unfinished("subject", f"{variant.language}: write a subject.")
        if "body" in said.missing:
            yield _unfinished("body", f"{variant.language}: write something to send.")
        try:
            frozen = freeze(design_of(variant))
        except Invalid as error:
            for part, sentence in (error.fields or {"body": error.message}).items():
                yield _unfinished(part, f"{variant.language}: {sentence}")
        else:
            said_before = {(one.check, one.message) for one in found}
            for one in _in_mail(variant, mail_of(variant, frozen)):
                if one.severity is not Severity.NOTICE and (one.check, one.message) not in said_before:
                    yield replace(one, message=f"{variant.language}: {one.message}", mend=None)
        if said.copied:
            yield Finding(
                "language.copied",
                Severity.WARNING,
                f"{variant.language}: not everything is translated yet.",
                f"Still as in the campaign’s own words: {', '.join(said.copied)}.",
                Where("body" if "subject" not in said.copied else "subject"),
            )


def _unfinished(part: str, message: str) -> Finding:
    return Finding(f"unfinished.{part}", Severity.ERROR, message, _UNFINISHED, Where(part))


def _in_mail(written: Campaign | CampaignVariant, mail: Mail) -> list[Finding]:
    workspace_id = written.workspace.id
    found = [
        *look(mail, mix=client_mix(workspace_id), document=design_of(written).document),
        *check_links.look(workspace_id, mail),
    ]
    # What is missing altogether is said once, as unfinished.
    return [one for one in found if one.check != "inbox.subject-missing"]


def _of_the_house(campaign: Campaign, frozen: Frozen) -> Iterator[Finding]:
    """Yield what the law asks for, and what was done for the author."""
    if not campaign.workspace.postal_address:
        yield Finding(
            "law.address",
            Severity.WARNING,
            "The workspace has no postal address.",
            "The law of many countries asks for one in every campaign (CAN-SPAM in the USA, for one); "
            "add it in the settings.",
            Where("workspace"),
        )
    if frozen.is_footer_added:
        yield Finding(
            "law.footer-added",
            Severity.NOTICE,
            "There is no link to unsubscribe in the design, so ours is added at the end.",
            "The law asks for one, and so do Gmail and Yahoo.",
        )
    if frozen.uncounted:
        count = len(frozen.uncounted)
        yield Finding(
            "links.uncounted",
            Severity.NOTICE,
            f"{'One link has' if count == 1 else f'{count} links have'} merge tags in the address: "
            "clicks there are not counted.",
            "They differ from reader to reader, and a click never carries an address.",
            Where(quote=frozen.uncounted[0]),
        )
    if campaign.text is not None:
        yield Finding(
            "text.by-hand",
            Severity.NOTICE,
            "The text part was edited by hand.",
            "Changes of the words do not reach it.",
            Where("text"),
        )


def _largest(campaign: Campaign, frozen: Frozen, shared: Mapping[str, object]) -> int:
    """Return how large the HTML is for somebody who has the longest value of each kind."""
    names = check_audience.names_about_readers(frozen)
    if not names or not campaign.lists:
        return 0
    longest = check_audience.holes(campaign, names).longest
    columns = {name.removeprefix("subscriber."): "x" * longest[name] for name in names}
    fields = {name.removeprefix(FIELDS): "x" * longest[name] for name in names if name.startswith(FIELDS)}
    reader = {**SAMPLE_READER, **columns, "fields": fields}
    return len(fill_in(frozen, shared, reader).html.encode())
