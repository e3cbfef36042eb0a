"""A mail as a file: a design, MJML, Markdown or HTML, with its subject where each of them has one."""

import html
import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from mailer.errors import Invalid
from mailer.lib.addresses import split_mailbox
from mailer.rendering.blocks.read import read
from mailer.rendering.brand import Brand
from mailer.rendering.design import Design
from mailer.rendering.markdown import split_front_matter
from mailer.rendering.mjml import is_mjml

SourceFormat = Literal["design", "mjml", "markdown", "html"]
FORMATS: Final[tuple[str, ...]] = get_args(SourceFormat)

_SUFFIXES: Final = {
    ".json": "design",
    ".mjml": "mjml",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
}
_TITLE: Final = re.compile(r"<(?:mj-)?title\b[^>]*>(.*?)</(?:mj-)?title>", re.DOTALL | re.IGNORECASE)
_PREVIEW: Final = re.compile(r"<mj-preview\b[^>]*>(.*?)</mj-preview>", re.DOTALL | re.IGNORECASE)

#: What a file of JSON may say beside its design: what the API takes for a campaign.
_BESIDE: Final = ("name", "subject", "preheader", "from", "reply_to", "text", "format")


@dataclass(frozen=True)
class Source:
    """What a file says.

    :param sender: name and address; either may be empty
    """

    design: Design
    sender: tuple[str, str] = ("", "")
    reply_to: str = ""


def format_of(name: str, text: str) -> str:
    """Return what a file is written in, by its name's ending or else by how it begins."""
    ending = re.search(r"\.[a-z]+$", name.lower())
    if ending and ending[0] in _SUFFIXES:
        found = _SUFFIXES[ending[0]]
        return "mjml" if found == "html" and is_mjml(text) else found
    if is_mjml(text):
        return "mjml"
    start = text.lstrip()[:1]
    return {"{": "design", "<": "html"}.get(start, "markdown")


def read_source(text: str, *, format_: str, subject: str = "", brand: Brand | None = None) -> Source:
    """Return what a file says.

    :param format_: one of :data:`FORMATS`
    :param subject: stands above what the file says itself
    :raises Invalid: it cannot be read, with what is wrong and where
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    look = brand or Brand()
    if format_ == "design":
        return _of_design(text, subject, look)
    said: dict[str, str] = {}
    if format_ == "markdown":
        said, _ = split_front_matter(text)
    else:
        said["subject"] = _first(_TITLE, text)
        said["preheader"] = _first(_PREVIEW, text)
    design = Design(
        subject=subject or said.get("subject", ""),
        preheader=said.get("preheader", ""),
        body=text,
        format=format_,
        brand=look,
    )
    return Source(design, _sender(said.get("from", "")), said.get("reply_to", ""))


def _of_design(text: str, subject: str, brand: Brand) -> Source:
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The design is not JSON: {error}.") from None
    is_campaign = isinstance(said, dict) and isinstance(said.get("design"), dict)
    beside = {name: str(said[name]) for name in _BESIDE if said.get(name)} if is_campaign else {}
    document = read(said["design"] if is_campaign else said)
    design = Design(
        subject=subject or beside.get("subject", ""),
        preheader=beside.get("preheader", ""),
        body="",
        format="design",
        text=beside.get("text"),
        document=document,
        brand=brand,
    )
    return Source(design, _sender(beside.get("from", "")), beside.get("reply_to", ""))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return " ".join(html.unescape(found[1]).split()) if found else ""


def _sender(mailbox: str) -> tuple[str, str]:
    return split_mailbox(mailbox) if mailbox else ("", "")
