"""From JSON to a document, whichever version wrote it, and back."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from mailer.errors import Invalid
from mailer.rendering.blocks.document import VERSION, Document

#: A document of all blocks with all their words stays far below.
LONGEST: Final = 512 * 1024

Raw = dict[str, Any]

#: From a version to the next: what turns the one's JSON into the other's.
UPGRADES: Final[Mapping[int, Callable[[Raw], Raw]]] = {}


def read(source: Any) -> Document:
    """Return the document that some JSON says.

    :param source: its text, or what that was decoded to
    :raises Invalid: with every mistake under its place: a block's id where there is one, or a path such as
        ``rows.0.columns.1``
    """
    raw = _decoded(source)
    version = raw.get("version", VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= VERSION:
        sentence = f"This is a design of version {version!s:.20}; this server reads 1 to {VERSION}."
        raise Invalid(sentence, fields={"version": sentence})
    for step in range(version, VERSION):
        raw = UPGRADES[step](raw)
    try:
        return Document.model_validate({**raw, "version": VERSION})
    except ValidationError as error:
        fields = _by_place(error, raw)
        where, what = next(iter(fields.items()))
        more = f" There are {len(fields) - 1} more mistakes." if len(fields) > 1 else ""
        raise Invalid(f"The design cannot be read: {where}: {what}{more}", fields=fields) from None


def written(document: Document) -> Raw:
    """Return a document as JSON holds it."""
    return document.model_dump(mode="json")


def _decoded(source: Any) -> Raw:
    if isinstance(source, str | bytes):
        if len(source) > LONGEST:
            raise Invalid(f"This design is longer than {LONGEST // 1024} KB.")
        try:
            source = json.loads(source)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"The design is not JSON: {error}.") from None
    if not isinstance(source, dict):
        raise Invalid("A design is a JSON object with settings and rows.")
    return source


def _by_place(error: ValidationError, raw: Raw) -> dict[str, str]:
    fields: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False):
        place = _place(each["loc"], raw)
        sentence = each["msg"].removeprefix("Value error, ")
        fields.setdefault(place, f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}.")
    return fields


def _place(location: tuple[int | str, ...], raw: Any) -> str:
    """Return ``blk_7k2m9q4x.href`` for a place inside a block that has an id, or the whole path."""
    path: list[str] = []
    value = raw
    for step in location:
        if isinstance(value, dict) and isinstance(step, str) and step == value.get("type"):
            continue  # pydantic names the member of the union too
        path.append(str(step))
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
        identifier = value.get("id") if isinstance(value, dict) else None
        if isinstance(identifier, str) and len(identifier) <= 40:
            path = [identifier]
    return ".".join(path) or "design"
