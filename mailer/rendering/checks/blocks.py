"""What is unfinished in the blocks of a design, where the mail that is made of it no longer shows that."""

from collections.abc import Iterator
from typing import Final

from mailer.rendering.blocks import kinds
from mailer.rendering.blocks.check import Mistake, mistakes_in
from mailer.rendering.blocks.document import Document
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import shortened
from mailer.rendering.checks.mends import ANSWER, Mend, SetProperty

_STAYS: Final = "Who taps it stays where they are."


def look(document: Document) -> Iterator[Finding]:
    """Yield what cannot be sent as it is written, and what is unfinished, block by block."""
    for mistake in mistakes_in(document):
        yield _mistake(mistake)
    for block in document.blocks():
        match block:
            case kinds.Button():
                yield from _button(block)
            case kinds.Image():
                yield from _image(block)
            case kinds.Video() if not block.href and (block.poster or block.label):
                yield _leads_nowhere(block.id, f"The video “{shortened(block.label or block.alt, 40)}”")
            case kinds.Product() | kinds.Coupon() | kinds.Date() if block.label and not block.href:
                yield Finding(
                    "links.left-out",
                    Severity.WARNING,
                    f"The button “{shortened(block.label, 40)}” is left out, because it leads nowhere.",
                    "Readers have nothing to tap.",
                    Where(block=block.id, quote=block.label),
                    _address(block.id),
                )
            case kinds.Social():
                yield from _social(block)


def _mistake(mistake: Mistake) -> Finding:
    place = mistake.place
    has_block = place.owner.startswith(("blk_", "row_"))
    return Finding(
        "blocks.mistake",
        Severity.ERROR,
        f"{place.label}: {mistake.message}",
        "It is saved as it is written, and stays out of the mail until it is mended.",
        Where(block=place.owner if has_block else "", path=str(place), quote=shortened(mistake.text)),
        _address(place.owner) if place.path == "href" else None,
    )


def _button(block: kinds.Button) -> Iterator[Finding]:
    if not block.href:
        yield _leads_nowhere(block.id, f"The button “{shortened(block.label, 40)}”")
    if not block.label.strip():
        yield Finding(
            "accessibility.empty-link",
            Severity.WARNING,
            "A button says nothing.",
            "Nobody knows what it is for (WCAG 2.4.4).",
            Where(block=block.id),
            Mend("Label it", (SetProperty(block.id, "label", ANSWER),), ask="What the button says"),
        )


def _image(block: kinds.Image) -> Iterator[Finding]:
    if not block.src:
        yield Finding(
            "blocks.no-picture",
            Severity.WARNING,
            "A picture was not chosen yet, so it is left out.",
            "Choose one, or remove the block.",
            Where(block=block.id),
        )
    elif not block.alt.strip() and not block.is_decorative and not block.href:
        yield Finding(
            "accessibility.alt",
            Severity.WARNING,
            "A picture has no alternative text.",
            "Many clients show no pictures until they are asked to, and some readers never see them "
            "(WCAG 1.1.1). If it says nothing, mark it as decoration.",
            Where(block=block.id, quote=shortened(block.src)),
            Mend("Describe it", (SetProperty(block.id, "alt", ANSWER),), ask="What the picture shows"),
        )


def _social(block: kinds.Social) -> Iterator[Finding]:
    missing = [one.label or one.network.capitalize() for one in block.links if not one.href]
    if missing:
        yield Finding(
            "links.left-out",
            Severity.WARNING if len(missing) == len(block.links) else Severity.NOTICE,
            f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no address, so "
            f"{'it is' if len(missing) == 1 else 'they are'} left out.",
            "Write the addresses, or remove the links.",
            Where(block=block.id),
        )


def _leads_nowhere(block: str, what: str) -> Finding:
    return Finding(
        "links.nowhere",
        Severity.ERROR,
        f"{what} leads nowhere.",
        _STAYS,
        Where(block=block),
        _address(block),
    )


def _address(block: str) -> Mend:
    return Mend("Say where it leads", (SetProperty(block, "href", ANSWER),), ask="Address, with https://")
