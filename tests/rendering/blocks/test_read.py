"""A design is read from JSON of any version, and says what is wrong where."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import Invalid
from mailer.rendering.blocks import palette
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.read import read, written
from mailer.rendering.blocks.rich import clean


def a_document(*blocks: Any) -> dict[str, Any]:
    return {"rows": [{"columns": [{"blocks": list(blocks)}]}]}


def test_every_block_of_the_palette_is_written_and_read_unchanged():
    blocks = tuple(palette.new_block(offer.type) for offer in palette.PALETTE)
    document = Document(rows=(Row(columns=(Column(blocks=blocks),)),))

    assert read(json.dumps(written(document))) == document
    assert document.has_footer


def test_the_schema_knows_every_block_of_the_palette():
    mapping = Document.model_json_schema()["$defs"]["Column"]["properties"]["blocks"]["items"][
        "discriminator"
    ]

    assert set(mapping["mapping"]) == {offer.type for offer in palette.PALETTE}


@pytest.mark.parametrize("layout", palette.LAYOUTS)
def test_the_columns_of_every_layout_fill_the_row(layout: str):
    assert sum(palette.LAYOUTS[layout][1]) == 100


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("{", None, "not JSON"),
        ([], None, "JSON object"),
        ("[" * 100_000, None, "not JSON"),
        ({"version": 99}, "version", "version 99"),
        ({"version": True}, "version", "version True"),
        ({"rows": [{"columns": []}]}, "rows.0", "make 100"),
        ({"rows": [{"id": "row_aaaa", "columns": [{"width": 60}]}]}, "row_aaaa", "make 100"),
        (a_document({"type": "nope"}), "rows.0.columns.0.blocks.0", "nope"),
        (a_document({"id": "blk_aaaa", "type": "text", "colour": "x"}), "blk_aaaa.colour", "not permitted"),
        (a_document({"id": "blk_aaaa", "type": "text", "color": "red"}), "blk_aaaa.color", "match"),
        (a_document(*[{"id": "blk_aaaa", "type": "text"}] * 2), "design", "twice"),
        (a_document(*[{"type": "text"}] * 201), "design", "at most"),
    ],
)
def test_what_cannot_be_read_is_named(source: Any, place: str | None, words: str):
    with pytest.raises(Invalid) as refused:
        read(source)

    assert words in (refused.value.fields[place] if place else refused.value.message)


@pytest.mark.parametrize(
    ("written_html", "kept"),
    [
        ('<p onclick="x()" style="color:red;position:fixed">a</p>', '<p style="color:red">a</p>'),
        ("<script>x</script><p>b</p>", "<p>b</p>"),
        ('<a href="javascript:x">c</a>', "<a>c</a>"),
        ('<a href="{{ view_url }}">d</a>', '<a href="{{ view_url }}">d</a>'),
        ("{% if 1 < 2 %}<b>e</b>{% endif %}", "{% if 1 < 2 %}<b>e</b>{% endif %}"),
        ('<a href="{% if a %}javascript:x{% endif %}">f</a>', "<a>f</a>"),
    ],
)
def test_rich_text_keeps_its_tags_and_nothing_that_runs(written_html: str, kept: str):
    assert clean(written_html) == kept


@given(st.text(alphabet="<>/=\"'{}%& ;#123abpx", max_size=60))
def test_cleaning_twice_changes_nothing(html: str):
    assert clean(clean(html)) == clean(html)
