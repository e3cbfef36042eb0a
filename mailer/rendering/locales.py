"""Which of a mail's languages somebody reads, and languages' messages as parts of one campaign."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from babel import Locale, UnknownLocaleError

from mailer.errors import Invalid
from mailer.rendering.design import Frozen

_LINK: Final = re.compile(r"\{\{ link_url\((\d+)\) \}\}")


def normal_locale(name: str) -> str:
    """Return a locale as it is compared: ``pt_BR`` is ``pt-br``."""
    return name.strip().replace("_", "-").lower()


def clean_locale(name: str) -> str:
    """Return a locale as we keep it: ``pt_br`` is ``pt-BR``.

    :raises Invalid: there is no such language
    """
    try:
        return str(Locale.parse(name.strip().replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError, TypeError):
        sentence = f"“{name[:20]}” is no language that we know; write it like de or pt-BR."
        raise Invalid(sentence, fields={"locale": sentence}) from None


def chain(name: str) -> list[str]:
    """Return what a reader of a locale reads, the nearest first: ``pt-br``, then ``pt``."""
    parts = normal_locale(name).split("-") if name.strip() else []
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]


def best_of(name: str, offered: Iterable[str]) -> str | None:
    """Return the offered locale that a reader's chain names first; None when it names none."""
    by_name = {normal_locale(locale): locale for locale in offered}
    return next((by_name[step] for step in chain(name) if step in by_name), None)


def language_name(name: str) -> str:
    """Return what a language is called in English: “Portuguese (Brazil)”."""
    try:
        return Locale.parse(name.replace("-", "_")).get_display_name("en") or name
    except (UnknownLocaleError, ValueError):
        return name


def with_common_links(messages: Sequence[Frozen]) -> list[Frozen]:
    """Number the links of several messages through, so that a report can sum them up.

    A link that stands at the same place and leads to the same address in the first message
    keeps that one's number; each of the others gets a new one.
    """
    links: list[str] = list(messages[0].links) if messages else []
    known = len(links)
    changed = []
    for message in messages:
        numbers = []
        for number, url in enumerate(message.links):
            if message is messages[0] or (number < known and links[number] == url):
                numbers.append(number)
            else:
                numbers.append(len(links))
                links.append(url)
        changed.append((message, numbers))
    return [
        replace(message, html=_renumbered(message.html, numbers), links=list(links))
        for message, numbers in changed
    ]


def _renumbered(html: str, numbers: Sequence[int]) -> str:
    return _LINK.sub(lambda match: f"{{{{ link_url({numbers[int(match[1])]}) }}}}", html)
