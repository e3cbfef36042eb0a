"""Telling the statistics of a website where its visitors come from."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit

_NOT_IN_TAGS: Final = re.compile(r"[^\w.-]+")


def tagged(url: str, tags: Mapping[str, str]) -> str:
    """Return a web address with tags such as ``utm_source`` at the end of its query.

    What its author wrote stays to the letter, tags of theirs included, and so does the fragment.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https"):
        return url
    present = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = "&".join(
        f"{name}={quote_plus(value)}" for name, value in tags.items() if value and name not in present
    )
    if not added:
        return url
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def tag_value(name: str) -> str:
    """Return a name as such tags have it: “Spring sale, 2026” is ``spring-sale-2026``."""
    return _NOT_IN_TAGS.sub("-", name.lower()).strip("-")
