"""Mails that are written in files: which format one is in, and what it says about itself."""

import json
import re
from pathlib import Path
from typing import Any, Final

from mailer.errors import Invalid
from mailer.rendering.blocks.read import read
from mailer.rendering.design import Design
from mailer.rendering.markdown import split_front_matter

FORMATS: Final = ("html", "mjml", "markdown", "design")
LONGEST: Final = 2 * 1024 * 1024

_BY_SUFFIX: Final = {
    **{".md": "markdown", ".markdown": "markdown", ".mdown": "markdown"},
    **{".html": "html", ".htm": "html", ".mjml": "mjml", ".json": "design"},
}
_TITLE: Final = re.compile(r"<(?:mj-)?title[^>]*>(.*?)</(?:mj-)?title>", re.IGNORECASE | re.DOTALL)
_PREVIEW: Final = re.compile(r"<mj-preview[^>]*>(.*?)</mj-preview>", re.IGNORECASE | re.DOTALL)

#: Who gets a mail that is filled in for nobody in particular.
SAMPLE_VALUES: Final[dict[str, Any]] = {
    "subscriber": {
        "name": "Sam Reader",
        "email": "sam@example.com",
        "locale": "en",
        "time_zone": "UTC",
        "fields": {},
        "tags": [],
    },
    "campaign": {"name": "A campaign"},
    "workspace": {
        "name": "Your workspace",
        "postal_address": "1 High Street, Yourtown",
        "accent_color": "#3b5bdb",
        "on_accent_color": "#ffffff",
    },
    "unsubscribe_url": "#unsubscribe",
    "preferences_url": "#preferences",
    "view_url": "#view",
}


def read_text(path: Path) -> str:
    """Return the text of a file.

    :raises Invalid: it is not there, is no text, or is far too long
    """
    try:
        if path.stat().st_size > LONGEST:
            raise Invalid(f"{path} is longer than {LONGEST // 1024:,} KB.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Invalid(f"{path} is not text in UTF-8.") from None


def format_of(path: Path, source: str) -> str:
    """Return the format that a file is written in, by its name or else by how it begins."""
    known = _BY_SUFFIX.get(path.suffix.lower())
    begins = source.lstrip()[:200].lower()
    if known in {None, "html"} and begins.startswith("<mjml"):
        return "mjml"
    if known is not None:
        return known
    if begins.startswith("{"):
        return "design"
    return "html" if begins.startswith(("<!doctype", "<html", "<")) else "markdown"


def design_in(source: str, format: str) -> Design:
    """Return a mail as rendering takes it, with the subject and the preheader that it says itself.

    :raises Invalid: it is a design that cannot be read
    """
    if format == "design":
        # A document as the API returns it, or with the subject beside it.
        said = _object(source)
        document = read(said.get("design", said) if "rows" not in said else said)
        return Design(
            subject=str(said.get("subject", "")),
            preheader=str(said.get("preheader", "")),
            body="",
            format="design",
            document=document,
        )
    front = split_front_matter(source)[0] if format == "markdown" else {}
    return Design(
        subject=front.get("subject", "") or _first(_TITLE, source, format),
        preheader=front.get("preheader", "") or _first(_PREVIEW, source, format),
        body=source,
        format=format,
    )


def values_in(path: Path) -> dict[str, Any]:
    """Return the merge values of a JSON file, with the sample's where it has none.

    :raises Invalid: it is no JSON object
    """
    values = dict(SAMPLE_VALUES)
    for name, value in _object(read_text(path), what="The file of values").items():
        sample = values.get(name)
        both = isinstance(sample, dict) and isinstance(value, dict)
        values[name] = dict(sample or {}, **value) if both else value
    return values


def _first(pattern: re.Pattern[str], source: str, format: str) -> str:
    found = pattern.search(source) if format in {"html", "mjml"} else None
    return " ".join(found[1].split()) if found else ""


def _object(source: str, *, what: str = "The design") -> dict[str, Any]:
    try:
        said = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{what} is not JSON: {error}.") from None
    if not isinstance(said, dict):
        raise Invalid(f"{what} is no JSON object.")
    return said
