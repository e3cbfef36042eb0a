"""The picture that the composer works on."""

import pytest

from mailer.accounts.models import User, Workspace
from mailer.composing.begin_design import begin_design
from mailer.composing.canvas import picture
from mailer.composing.models import Format
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.kinds import Button, Text
from mailer.rendering.blocks.palette import PALETTE, new_block
from mailer.rendering.brand import Brand


def test_every_part_carries_its_id(workspace: Workspace):
    document = Document(rows=tuple(row_of(new_block(offer.type)) for offer in PALETTE))

    html = picture(document, workspace=workspace, brand=Brand())

    for row in document.rows:
        assert f'data-row="{row.id}"' in html
        assert f'data-column="{row.columns[0].id}"' in html
        assert f'data-block="{row.columns[0].blocks[0].id}"' in html


def test_what_only_some_see_is_there_to_be_worked_on(workspace: Workspace):
    block = Text(html="<p>Only for Rome</p>", visible_if="subscriber.fields.city == 'Rome'")

    html = picture(Document(rows=(row_of(block),)), workspace=workspace, brand=Brand())

    assert "Only for Rome" in html


def test_a_mistake_keeps_nothing_from_being_seen(workspace: Workspace):
    block = Text(html="<p>Dear {{ subscriber.nme }}</p>", visible_if="half a")

    html = picture(Document(rows=(row_of(block),)), workspace=workspace, brand=Brand())

    assert "Dear {{ subscriber.nme }}" in html


@pytest.mark.parametrize(
    ("words", "written_in", "shown"),
    [
        ("# Rye\n\nfor {{ subscriber.name }}", Format.MARKDOWN, "<h1>Rye</h1>"),
        ("---\nsubject: Rye\n---\n*new*", Format.MARKDOWN, "<p><em>new</em></p>"),
        ("<p>Rye</p><script>x</script>", Format.HTML, "<p>Rye</p>"),
    ],
)
def test_words_go_on_as_blocks(words: str, written_in: Format, shown: str):
    document = begin_design(None, words=words, written_in=written_in)

    texts = [block.html for block in document.blocks() if isinstance(block, Text)]
    assert any(shown in text for text in texts)
    assert document.has_footer


def test_the_canvas_answers_with_html_and_with_what_is_wrong(sign_in, ben: User, workspace: Workspace):
    browser = sign_in(ben)
    half_written = Document(rows=(row_of(Button(id="blk_aaaa", label="Order", href="htps://")),))

    shown = browser.post("/w/bakery/canvas", json={"design": half_written.model_dump(mode="json")})
    refused = browser.post(
        "/w/bakery/canvas",
        json={"design": {"rows": [{"columns": [{"blocks": [{"type": "spacer", "height": 9_000}]}]}]}},
        headers={"Accept": "application/json"},
    )

    assert shown.status_code == 200
    assert 'data-block="blk_aaaa"' in shown.json["html"]
    assert list(shown.json["problems"]) == ["blk_aaaa.href"]
    assert refused.status_code == 422
    assert "message" in refused.json


def row_of(block: object) -> Row:
    """A row of one column with one block."""
    return Row(columns=(Column(blocks=(block,)),))  # type: ignore[arg-type]
