"""The design that a campaign begins with: a template's, or a plain one, with the words that there are."""

from mailer.composing.models import Format, Template
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.kinds import Block, Content, Text
from mailer.rendering.blocks.palette import new_block
from mailer.rendering.markdown import split_front_matter, to_html
from mailer.rendering.shield import Shield


def begin_design(
    template: Template | None, *, words: str = "", written_in: Format = Format.MARKDOWN
) -> Document:
    """Return a document to go on with.

    :param template: whose published version it begins as; one that is HTML lends nothing
    :param words: what the campaign says already; they stand where the template has room for words
    :param written_in: what the words are in; of MJML nothing can be taken over
    :raises Invalid: the words cannot be read
    """
    source = template.published if template else None
    document = (source.document if source else None) or _plain()
    text = _text(words, written_in)
    has_place = any(isinstance(block, Content) for block in document.blocks())
    rows = [_filled(row, text or Text(html="<p>Write something.</p>")) for row in document.rows]
    if text and not has_place:
        footer = next((index for index, row in enumerate(rows) if _is_foot(row)), len(rows))
        rows.insert(footer, Row(columns=(Column(blocks=(text,)),)))
    return document.model_copy(update={"rows": tuple(rows)})


def _plain() -> Document:
    return Document(
        rows=(
            Row(columns=(Column(blocks=(new_block("logo"),)),)),
            Row(columns=(Column(blocks=(new_block("heading"), new_block("text"), new_block("button"))),)),
            Row(columns=(Column(blocks=(new_block("footer"),)),)),
        )
    )


def _text(words: str, written_in: Format) -> Text | None:
    if written_in is Format.MARKDOWN:
        words = split_front_matter(words)[1]
    if not words.strip() or written_in not in (Format.MARKDOWN, Format.HTML):
        return None
    if written_in is Format.HTML:
        return Text(html=words)
    shield = Shield(words)
    return Text(html=shield.uncover(to_html(shield.cover(words), shield)))


def _filled(row: Row, text: Text) -> Row:
    """Return a row with words where a campaign's words go."""

    def filled(block: Block) -> Block:
        if not isinstance(block, Content):
            return block
        return text.model_copy(update={"id": block.id, "padding": block.padding})

    columns = (
        column.model_copy(update={"blocks": tuple(map(filled, column.blocks))}) for column in row.columns
    )
    return row.model_copy(update={"columns": tuple(columns)})


def _is_foot(row: Row) -> bool:
    return any(block.type == "footer" for column in row.columns for block in column.blocks)
