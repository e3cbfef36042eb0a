"""The picture that the visual composer works on."""

from mailer.accounts.models import Workspace
from mailer.composing.preview import SAMPLE_READER, fill_in, shared_values
from mailer.rendering import document as html_document
from mailer.rendering.blocks.check import without_mistakes
from mailer.rendering.blocks.document import Column, Document
from mailer.rendering.blocks.page import to_html
from mailer.rendering.brand import Brand
from mailer.rendering.design import Frozen
from mailer.rendering.shield import Shield


def picture(document: Document, *, workspace: Workspace, brand: Brand) -> str:
    """Return a design as a reader would see it, each part carrying its id.

    Conditional parts are all there: what is hidden could not be worked on. So are those with a mistake
    in them; ``mistakes_in`` names these.

    :raises Invalid: no picture can be made of it
    """
    shown = _without_conditions(without_mistakes(document))
    shield = Shield(shown.model_dump_json())
    covered = to_html(shown, brand, shield, is_marked=True)
    root = html_document.parse(covered)
    html_document.inline_css(root)
    html = shield.uncover(html_document.serialize(root))
    frozen = Frozen(subject="", html=html, text="", links=[])
    return fill_in(frozen, shared_values("A campaign", workspace), SAMPLE_READER).html


def _without_conditions(document: Document) -> Document:
    rows = tuple(
        row.model_copy(update={"visible_if": "", "columns": tuple(map(_shown, row.columns))})
        for row in document.rows
    )
    return document.model_copy(update={"rows": rows})


def _shown(column: Column) -> Column:
    blocks = tuple(block.model_copy(update={"visible_if": ""}) for block in column.blocks)
    return column.model_copy(update={"blocks": blocks})
