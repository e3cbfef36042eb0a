"""Findings about a file, for people at a terminal and for programs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mailer.errors import Invalid
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.look import in_order, look
from mailer.rendering.checks.mail import Mail
from mailer.rendering.checks.mends import Source, fits
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from mailer.rendering.language import without_tags
from mailer.rendering.merge import Renderer

_OWN_LINKS: Final = ("unsubscribe_url", "preferences_url", "view_url")


def look_at_design(design: Design, values: Mapping[str, Any]) -> list[Finding]:
    """Return what is found in a mail that belongs to no campaign yet.

    :param values: what stands in place of merge tags
    """
    try:
        frozen = freeze(design.without_mistakes(), is_identified=True)
        rendered = Renderer(frozen).render(values)
    except Invalid as error:
        return [
            Finding(
                "unfinished.body",
                Severity.ERROR,
                sentence,
                "It cannot be sent like this.",
                Where(part if part in {"subject", "preheader", "text"} else "body"),
            )
            for part, sentence in (error.fields or {"body": error.message}).items()
        ]
    mail = Mail(
        subject=rendered.subject,
        preheader=without_tags(design.preheader),
        html=rendered.html,
        text=rendered.text,
        own_links=frozenset(str(values.get(name, "")) for name in _OWN_LINKS),
        markdown=design.body if design.format == "markdown" else "",
    )
    found = look(mail, document=design.document)
    if not design.subject:
        # A file need not say its subject; what it has none of is not wrong with it.
        found = [one for one in found if one.where.part not in {"subject", "preheader"}]
    if frozen.is_footer_added:
        found.append(
            Finding(
                "law.footer-added",
                Severity.NOTICE,
                "There is no link to unsubscribe, so Mailer adds its own at the end.",
                "The law asks for one, and so do Gmail and Yahoo.",
            )
        )
    return in_order(found)


def line_of(finding: Finding, source: str) -> int | None:
    """Return the line of a file that a finding is about, counted from 1; none when it cannot be told."""
    for needle in (finding.where.block, finding.where.quote.removesuffix("…")):
        at = source.find(needle) if len(needle) > 1 else -1
        if at >= 0:
            return source.count("\n", 0, at) + 1
    return None


def as_lines(findings: Sequence[Finding], *, name: str, source: str) -> Iterator[str]:
    """Yield findings as compilers write them, so that editors find the place."""
    for finding in findings:
        line = line_of(finding, source)
        place = f"{name}:{line}" if line else name
        yield f"{place}: {finding.severity}: {finding.message} [{finding.check}]"
        yield f"    {finding.why}"
    yield summary(findings)


def summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity, in a sentence."""
    counts = Counter(finding.severity for finding in findings)
    said = [
        f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}"
        for severity in Severity
        if counts[severity]
    ]
    return f"{', '.join(said)}." if said else "Nothing was found."


def as_json(findings: Sequence[Finding], *, name: str, design: Design, source: str) -> dict[str, Any]:
    """Return findings as the JSON that programs read."""
    counts = Counter(finding.severity for finding in findings)
    written = Source(
        subject=design.subject, preheader=design.preheader, body=design.body, format=design.format
    )
    return {
        "path": name,
        "format": design.format,
        **{f"{severity}s": counts[severity] for severity in Severity},
        "findings": [
            {
                "check": finding.check,
                "severity": finding.severity.value,
                "message": finding.message,
                "why": finding.why,
                "where": {**vars(finding.where), "line": line_of(finding, source)},
                "mend": finding.mend.label if finding.mend and fits(written, finding.mend) else None,
            }
            for finding in findings
        ],
    }
