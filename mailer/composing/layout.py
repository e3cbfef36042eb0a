"""The frame that a template puts around the words of a campaign."""

from mailer.composing.models import Template, TemplateVersion
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.kinds import Content
from mailer.rendering.blocks.page import to_layout
from mailer.rendering.brand import Brand
from mailer.rendering.freeze import SLOT

#: What the head of a letter is made of: everything above its first words.
_HEAD = frozenset({"logo", "divider", "spacer"})
#: What its end is made of: everything below its last words.
_FOOT = frozenset({"footer", "social", "logo", "divider", "spacer"})


def layout_of(source: Template | TemplateVersion, brand: Brand) -> str:
    """Return a template as HTML with a slot for a campaign's words.

    One that is a document lends its look, its head and its footer; where it does not say
    where the words go, they stand between these.
    """
    document = source.document
    if document is None:
        return source.html
    return to_layout(framing(document), brand, slot=SLOT)


def framing(document: Document) -> Document:
    """Return a document with one place for a campaign's words: its own, or between head and footer."""
    if any(isinstance(block, Content) for block in document.blocks()):
        return document
    rows = list(document.rows)
    head: list[Row] = []
    foot: list[Row] = []
    while rows and _is_head(rows[0]):
        head.append(_only_head(rows.pop(0)))
    while rows and _is_foot(rows[-1]):
        foot.insert(0, rows.pop())
    words = Row(id="row_content", columns=(Column(id="col_content", blocks=(Content(id="blk_content"),)),))
    return document.model_copy(update={"rows": (*head, words, *foot)})


def _is_head(row: Row) -> bool:
    types = _types(row)
    return "logo" in types or (bool(types) and types <= _HEAD)


def _only_head(row: Row) -> Row:
    """Return a row without the words beside its logo: they were this design's."""
    columns = tuple(
        column.model_copy(update={"blocks": tuple(block for block in column.blocks if block.type in _HEAD)})
        for column in row.columns
    )
    return row.model_copy(update={"columns": columns})


def _is_foot(row: Row) -> bool:
    types = _types(row)
    return bool(types) and types <= _FOOT


def _types(row: Row) -> set[str]:
    return {block.type for column in row.columns for block in column.blocks}
