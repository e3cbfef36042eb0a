"""Which mail clients cannot show what is in a mail, weighted by who reads with them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mailer.rendering.checks.families import FAMILIES, USUAL_MIX, without
from mailer.rendering.checks.features import FEATURES, Use, uses
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import Mail, shortened

#: Below, what breaks is good to know; from here on its author is asked.
_ASK_FROM: Final = 0.03
_NAMED: Final = 3
#: Outlook needs a table of fixed width instead, which most designs bring in a comment for it.
_HELPED_BY_COMMENTS: Final = frozenset({"css-max-width", "css-at-media", "css-background-image"})


def look(mail: Mail, mix: Mapping[str, float] | None = None) -> Iterator[Finding]:
    """Yield what breaks, feature by feature, and what looks plainer, family by family.

    :param mix: the share of each family among the readers; none for the usual one
    """
    shares = mix or USUAL_MIX
    found: dict[str, list[Use]] = {}
    for use in uses(mail):
        found.setdefault(use.slug, []).append(use)
    plainer: dict[str, list[str]] = {}
    for slug, places in found.items():
        lacking = [family for family in without(slug) if shares.get(family)]
        if mail.has_outlook_comments and slug in _HELPED_BY_COMMENTS:
            lacking = [family for family in lacking if family != "outlook-windows"]
        if slug == "css-background-image":
            lacking = lacking if any(not _has_color(one) for one in places) else []
        if not lacking:
            continue
        if FEATURES[slug].breaks:
            yield _broken(mail, slug, places, lacking, shares)
        else:
            for family in lacking:
                plainer.setdefault(family, []).append(slug)
    yield from _plainer(plainer, shares)


def _broken(
    mail: Mail, slug: str, places: Sequence[Use], lacking: Sequence[str], shares: Mapping[str, float]
) -> Finding:
    feature, share = FEATURES[slug], sum(shares[family] for family in lacking)
    first = places[0]
    quote = shortened(first.quote)
    where = Where(quote=quote) if first.element is None else mail.where(first.element, quote)
    times = "" if len(places) == 1 else f" ({len(places)} times)"
    return Finding(
        f"clients.{slug}",
        Severity.WARNING if share >= _ASK_FROM else Severity.NOTICE,
        f"{_named(lacking)} cannot show {feature.name}{times}.",
        f"About {share:.0%} of your readers see it there. {feature.instead}".strip(),
        where,
    )


def _plainer(plainer: Mapping[str, Sequence[str]], shares: Mapping[str, float]) -> Iterator[Finding]:
    """Yield one notice for the families that lack the same things."""
    together: dict[tuple[str, ...], list[str]] = {}
    for family in FAMILIES:
        if family in plainer:
            together.setdefault(tuple(plainer[family]), []).append(family)
    for slugs, families in together.items():
        names = _listed([FEATURES[slug].name for slug in slugs])
        share = sum(shares[family] for family in families)
        yield Finding(
            "clients.plainer",
            Severity.NOTICE,
            f"It looks plainer in {_named(families)}: without {names}.",
            f"About {share:.0%} of your readers. Nothing is lost; look at the preview for that family.",
        )


def _has_color(use: Use) -> bool:
    """Whether there is a colour behind a background picture, so that its words stay readable."""
    style = (use.element.get("style") or "").lower() if use.element is not None else ""
    has_bgcolor = use.element is not None and bool(use.element.get("bgcolor"))
    return has_bgcolor or "background-color" in style or "#" in use.quote.rpartition(")")[2]


def _named(families: Sequence[str]) -> str:
    names = [FAMILIES[family] for family in families]
    more = len(names) - _NAMED
    return _listed(names) if more <= 1 else f"{', '.join(names[:_NAMED])} and {more} more"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
