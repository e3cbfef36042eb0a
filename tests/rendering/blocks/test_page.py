"""A design becomes HTML and text that say what it says, by day and by night."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.errors import Invalid
from mailer.rendering.blocks.document import Column, Document, Row
from mailer.rendering.blocks.page import to_html, to_layout
from mailer.rendering.blocks.palette import PALETTE, new_block
from mailer.rendering.blocks.read import read
from mailer.rendering.brand import Brand
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from mailer.rendering.merge import Renderer
from mailer.rendering.shield import Shield

DAY = date(2026, 11, 30)
VALUES: dict[str, Any] = {
    "subscriber": {"name": "Cleo", "email": "cleo@example.com", "fields": {"city": "Berlin"}},
    "workspace": {"name": "Bakery", "postal_address": "Mill Lane 1", "accent_color": "#000000"},
    "campaign": {"name": "May"},
    "unsubscribe_url": "https://example.com/u",
    "preferences_url": "https://example.com/p",
    "view_url": "https://example.com/v",
}


def a_document(*blocks: dict[str, Any], **row: Any) -> Document:
    return read({"rows": [{"columns": [{"blocks": list(blocks)}], **row}]})


def everything() -> Document:
    blocks = tuple(new_block(offer.type, today=DAY) for offer in PALETTE)
    return Document(rows=(Row(columns=(Column(blocks=blocks),)),))


def sent(document: Document, **values: Any) -> Any:
    frozen = freeze(Design(subject="News", preheader="", body="", format="design", document=document))
    return Renderer(frozen).render({**VALUES, **values})


def test_every_block_says_its_words_in_both_parts():
    rendered = sent(everything())

    for words in ("A headline", "Read more", "WELCOME10", "Unsubscribe", "Mill Lane 1", "30"):
        assert words in rendered.html
        assert words in rendered.text


def test_what_is_not_there_yet_is_shown_on_the_canvas_only():
    document = a_document({"type": "image", "id": "blk_aaaa"})
    shield = Shield(document.model_dump_json())

    assert "Choose a picture" in to_html(document, Brand(), shield, is_marked=True)
    assert "Choose a picture" not in to_html(document, Brand(), shield)


@pytest.mark.parametrize(
    ("blocks", "widths"),
    [
        ([{"type": "image", "id": "blk_aaaa"}], {"100"}),
        ([{"type": "image", "id": "blk_aaaa"}, {"type": "text", "html": "<p>Hi</p>"}], {"30", "70"}),
        ([], {"30", "70"}),
    ],
    ids=["all of it waits", "some of it waits", "empty on purpose"],
)
def test_a_column_that_waits_to_be_filled_leaves_its_room_to_the_others(
    blocks: list[dict[str, Any]], widths: set[str]
):
    columns = [
        {"width": 30, "blocks": [{"type": "text", "html": "<p>Hello</p>"}]},
        {"width": 70, "blocks": blocks},
    ]
    document = read({"rows": [{"columns": columns}]})
    shield = Shield(document.model_dump_json())

    def taken(**how: bool) -> set[str]:
        return set(re.findall(r'class="[^"]*mj-column-per-(\d+)', to_html(document, Brand(), shield, **how)))

    assert taken() == widths
    assert taken(is_marked=True) == {"30", "70"}


def test_the_canvas_knows_every_part_by_its_id():
    document = everything()
    html = to_html(document, Brand(), Shield(), is_marked=True)

    assert re.findall(r'data-row="(\w+)"', html) == [row.id for row in document.rows]
    assert re.findall(r'data-column="(\w+)"', html) == [row.columns[0].id for row in document.rows]
    assert re.findall(r'data-block="(\w+)"', html) == [block.id for block in document.blocks()]
    assert "data-block" not in to_html(document, Brand(), Shield())


@pytest.mark.parametrize(
    ("blocks", "row"),
    [
        (
            [
                {
                    "type": "text",
                    "html": "<p>Only Berlin</p>",
                    "visible_if": "subscriber.fields.city == 'Berlin'",
                }
            ],
            {},
        ),
        (
            [{"type": "text", "html": "<p>Only Berlin</p>"}],
            {"visible_if": "subscriber.fields.city == 'Berlin'"},
        ),
        (
            [{"type": "button", "label": "Only Berlin", "visible_if": "subscriber.fields.city == 'Berlin'"}],
            {},
        ),
    ],
)
def test_a_condition_decides_in_both_parts(blocks: list[dict[str, Any]], row: dict[str, Any]):
    document = a_document(*blocks, **row)
    elsewhere = {**VALUES["subscriber"], "fields": {"city": "Rome"}}

    here, there = sent(document), sent(document, subscriber=elsewhere)

    assert "Only Berlin" in here.html
    assert "Only Berlin" in here.text
    assert "Only Berlin" not in there.html + there.text


def test_entries_come_from_what_is_known_of_the_reader():
    document = a_document(
        {"type": "items", "source": "subscriber.fields.articles", "most": 2, "label": "Read"}
    )
    articles = [
        {"title": f"Article {n}", "href": f"https://example.com/{n}", "text": "<b>"} for n in range(3)
    ]

    rendered = sent(document, subscriber={"fields": {"articles": articles}})

    assert "Article 1" in rendered.html
    assert "https://example.com/1" in rendered.text
    assert "Article 2" not in rendered.html + rendered.text
    assert "&lt;b&gt;" in rendered.html


def test_nobody_can_be_left_without_a_way_out():
    shown = a_document({"type": "footer", "visible_if": "subscriber.name"})
    frozen = freeze(Design(subject="", preheader="", body="", format="design", document=shown))

    assert frozen.is_footer_added
    assert "https://example.com/u" in Renderer(frozen).render({**VALUES, "subscriber": {}}).html
    assert not freeze(Design("", "", "", "design", document=everything())).is_footer_added


def test_a_mistake_is_found_under_the_block_that_it_is_in():
    document = a_document(
        {"type": "text", "id": "blk_aaaa", "html": "{{ subscriber.nam }}"},
        {"type": "button", "id": "blk_bbbb", "visible_if": "subscriber.name ==", "label": "x"},
        id="row_cccc",
    )

    with pytest.raises(Invalid, match=r"Text: .*did you mean “subscriber\.name”") as refused:
        freeze(Design("", "", "", "design", document=document))

    assert {"blk_aaaa.html", "blk_bbbb.visible_if"} == set(refused.value.fields)


def test_a_layout_has_one_place_for_a_campaigns_words():
    layout = to_layout(everything(), Brand(), slot="{{ content }}")
    design = Design("", "", "# Hello\n\n[Go](https://example.com)", "markdown", layout=layout)

    assert layout.count("{{ content }}") == 1
    assert "Hello" in freeze(design).html


_ODD = st.text(alphabet="<>&\"'{}% ab\n#é￾", max_size=30)


@settings(max_examples=25, deadline=None)
@given(_ODD, _ODD, st.sampled_from(["{{ subscriber.name }}", "{% if 1 < 2 %}x{% endif %}", "{{ 'a' }}", ""]))
def test_merge_tags_and_words_survive_all_tools(words: str, more: str, tag: str):
    def plain(text: str) -> str:
        # What would be a tag itself is another test's matter.
        return re.sub(r"[{}%]", "", text).replace("\n", " ")

    document = a_document(
        {
            "type": "button",
            "label": f"{plain(words)}{tag}{plain(more)}",
            "href": f"https://example.com/?q={tag}&x=1",
        },
        {"type": "heading", "text": f"{plain(more)}{tag}"},
    )
    html = freeze(Design("", "", "", "design", document=document)).html

    assert html.count(tag) >= 3
    assert "slot0" not in html
    assert "mtag0" not in html
