"""What is looked at before a campaign leaves: what stops it, and what its author should know."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.campaigns import check_audience, check_links, check_sender, check_words
from mailer.campaigns.check_words import Looked
from mailer.campaigns.completeness import completeness
from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.campaigns.narrowing import narrowing_of
from mailer.campaigns.queries import Reach, client_mix, reach
from mailer.campaigns.words import source_of
from mailer.current import settings
from mailer.errors import Invalid
from mailer.lib.addresses import clean_address
from mailer.rendering.checks.findings import Finding, Severity, Where, unfinished
from mailer.rendering.checks.look import in_order
from mailer.rendering.checks.mends import fits
from mailer.rendering.design import Frozen


@dataclass(frozen=True)
class Preflight:
    """The findings about a campaign, worst first.

    :param mendable: the keys of the findings whose mend fits what the author wrote
    :param frozen: the message as far as it can be made; none when nothing can
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


def preflight(campaign: Campaign, *, now: datetime) -> Preflight:
    """Look at everything that can be known before sending."""
    looked = _look_at_words(campaign)
    own = looked[0]
    reached = reach(campaign, now=now, narrowing=narrowing_of(campaign.id, campaign.workspace_id, now=now))
    findings = [*_in_head(campaign), *_in_words(campaign, looked)]
    if campaign.lists and not reached.people:
        findings.append(unfinished("lists", "Nobody on these lists can be mailed."))
    findings += check_sender.look(campaign)
    if own.frozen is not None:
        findings += _of_the_house(campaign, own.frozen)
    findings = in_order([*findings, *check_audience.lists(campaign)])
    return Preflight(
        findings=findings,
        mendable=frozenset(one.key for one in findings if _is_mendable(campaign, one)),
        reach=reached,
        frozen=own.frozen,
        unasked=len(_unasked(campaign, looked, now=now)),
    )


def check_ready(campaign: Campaign) -> None:
    """Refuse to send what is not ready.

    :raises Invalid: with what to mend under each field
    """
    errors: dict[str, str] = {}
    for finding in (*_in_head(campaign), *_in_words(campaign, _look_at_words(campaign))):
        if finding.severity is Severity.ERROR:
            errors.setdefault(finding.where.part, finding.message)
    if errors:
        raise Invalid(" ".join(errors.values()), fields=errors)


def unasked_addresses(campaign: Campaign, *, now: datetime) -> list[str]:
    """Return the addresses in a draft, in whatever language, that were not asked lately if they answer."""
    return _unasked(campaign, _look_at_words(campaign), now=now)


def _look_at_words(campaign: Campaign) -> list[Looked]:
    """Look at a campaign in its own words, and then in each other language."""
    mix = client_mix(campaign.workspace_id)
    return [check_words.look(words, mix=mix) for words in campaign.all_words]


def _in_words(campaign: Campaign, looked: Sequence[Looked]) -> Iterator[Finding]:
    """Yield what is found in all languages; what one has in common with the campaign's own is said once."""
    own, *others = looked
    yield from own.findings
    shared = [one for one in own.findings if not one.check.startswith("unfinished.")]
    said_before = {(one.check, one.message) for one in shared}
    for variant, other in zip(campaign.variants, others, strict=True):
        for one in other.findings:
            if one.severity is not Severity.NOTICE and (one.check, one.message) not in said_before:
                where = replace(one.where, locale=variant.locale)
                yield replace(one, message=f"{variant.language}: {one.message}", where=where)
        yield from _untranslated(variant)


def _untranslated(variant: CampaignVariant) -> Iterator[Finding]:
    copied = completeness(variant).copied
    if copied:
        yield Finding(
            "language.copied",
            Severity.WARNING,
            f"{variant.language}: not everything is translated yet.",
            f"Still as in the campaign’s own words: {', '.join(copied)}.",
            Where("body" if "subject" not in copied else "subject", locale=variant.locale),
        )


def _in_head(campaign: Campaign) -> Iterator[Finding]:
    """Yield what is missing in whom a campaign is from and whom it goes to."""
    if not campaign.lists:
        yield unfinished("lists", "Choose at least one list.")
    elif any(one.archived_at for one in campaign.lists):
        yield unfinished("lists", "One of its lists is archived; choose others.")
    for name, words in (("from_email", "Say whom it is from"), ("reply_to", "Mend the address for replies")):
        address = getattr(campaign, name)
        if not address and name == "reply_to":
            continue
        try:
            clean_address(address)
        except Invalid as error:
            yield unfinished(name, f"{words}: {error.message}" if address else f"{words}.")


def _is_mendable(campaign: Campaign, finding: Finding) -> bool:
    return finding.mend is not None and fits(source_of(campaign.words_in(finding.where.locale)), finding.mend)


def _unasked(campaign: Campaign, looked: Sequence[Looked], *, now: datetime) -> list[str]:
    addresses = dict.fromkeys(
        address for one in looked if one.mail for address in check_links.addresses_in(one.mail)
    )
    return check_links.unanswered(campaign.workspace_id, list(addresses), now=now)


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
