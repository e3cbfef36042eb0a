"""Whether the words of a document are in the merge language, block by block."""

from collections.abc import Iterator
from typing import Any

from mailer.errors import Invalid
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.palette import PALETTE
from mailer.rendering.language import VOCABULARY, BadTag, check

_LABELS = {offer.type: offer.label for offer in PALETTE}


def check_words(document: Document, *, names: frozenset[str] = VOCABULARY) -> None:
    """Refuse merge tags that cannot be used.

    :raises Invalid: with every mistake under the id of its block or row
    """
    problems: dict[str, str] = {}
    first = ""
    for identifier, label, text in _texts(document):
        try:
            check(text, names=names)
        except BadTag as error:
            problems.setdefault(identifier, error.message)
            first = first or f"{label}: {error.message}"
    if problems:
        raise Invalid(first, fields={"design": first, **problems})


def _texts(document: Document) -> Iterator[tuple[str, str, str]]:
    for row in document.rows:
        if row.visible_if:
            yield row.id, "Row", f"{{% if {row.visible_if} %}}{{% endif %}}"
        if row.settings.background_image:
            yield row.id, "Row", row.settings.background_image
    for block in document.blocks():
        label = _LABELS[block.type]
        if block.visible_if:
            yield block.id, label, f"{{% if {block.visible_if} %}}{{% endif %}}"
        for text in _strings(block):
            if "{" in text:
                yield block.id, label, text


def _strings(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _strings(each)
    elif hasattr(type(part), "model_fields"):
        for name in type(part).model_fields:
            if name not in {"id", "type", "visible_if"}:
                yield from _strings(getattr(part, name))
