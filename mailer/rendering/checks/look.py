"""All checks of a mail, worst findings first."""

from collections.abc import Mapping
from typing import Final

from mailer.rendering.blocks.check import mistakes_in
from mailer.rendering.blocks.document import Document
from mailer.rendering.checks import accessibility, blocks, clients, inbox, links, spam, tags
from mailer.rendering.checks.findings import Finding, Severity
from mailer.rendering.checks.mail import Mail

_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
#: The same thing said of more places than this is said once more, with their number.
_SAID_OF: Final = 4


def look(
    mail: Mail, *, mix: Mapping[str, float] | None = None, document: Document | None = None
) -> list[Finding]:
    """Return everything that was found in a mail, worst first.

    :param document: the design that it was made from, where it was made from one
    :param mix: the share of each family of clients among its readers; none for the usual one
    """
    # A block that shows a tag because of a mistake in it has said so.
    faulty = {mistake.place.owner for mistake in mistakes_in(document)} if document else set()
    found = [
        *inbox.look(mail),
        *(blocks.look(document) if document else ()),
        *(one for one in tags.look(mail) if one.where.block not in faulty),
        *links.look(mail),
        *links.pictures(mail),
        *accessibility.look(mail),
        *accessibility.text_part(mail),
        *spam.look(mail),
        *clients.look(mail, mix),
    ]
    return in_order(_briefly(found))


def in_order(found: list[Finding]) -> list[Finding]:
    """Return findings with the worst first, otherwise as they came."""
    return sorted(dict.fromkeys(found), key=lambda finding: _ORDER[finding.severity])


def _briefly(found: list[Finding]) -> list[Finding]:
    """Leave out what was said of many places already, all but errors."""
    counts: dict[str, int] = {}
    kept = []
    for finding in found:
        counts[finding.check] = counts.get(finding.check, 0) + 1
        if finding.severity is Severity.ERROR or counts[finding.check] <= _SAID_OF:
            kept.append(finding)
    return kept
