"""What an author has typed so far is kept, named, and stays out of the mail until it can be sent."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.errors import Invalid
from mailer.rendering.blocks.check import check_document, mistakes_in, without_mistakes
from mailer.rendering.blocks.document import Document
from mailer.rendering.blocks.read import read, written
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze


def a_document(*blocks: dict[str, Any], **row: Any) -> Document:
    return read({"rows": [{"id": "row_aaaa", "columns": [{"blocks": list(blocks)}], **row}]})


@pytest.mark.parametrize(
    ("block", "place", "words"),
    [
        ({"type": "button", "href": "javascript:1"}, "blk_aaaa.href", "https:"),
        ({"type": "button", "href": "java\tscript:1"}, "blk_aaaa.href", "https:"),
        ({"type": "button", "href": "htps://bakery.example"}, "blk_aaaa.href", "https:"),
        ({"type": "button", "label": "{{ subscriber.nmae }}"}, "blk_aaaa.label", "subscriber.name"),
        ({"type": "button", "label": "{{ half"}, "blk_aaaa.label", "not closed"),
        ({"type": "image", "src": "data:x"}, "blk_aaaa.src", "https:"),
        ({"type": "text", "visible_if": "a %} b"}, "blk_aaaa.visible_if", "braces"),
        ({"type": "text", "visible_if": "subscriber.nmae"}, "blk_aaaa.visible_if", "subscriber.name"),
        ({"type": "text", "html": "<p>{% if 1 %}</p>"}, "blk_aaaa.html", "endif"),
        ({"type": "html", "code": "<b>{{ config }}</b>"}, "blk_aaaa.code", "config"),
        ({"type": "items", "source": "subscriber.fields."}, "blk_aaaa.source", "list of values"),
        ({"type": "items", "source": "os.environ"}, "blk_aaaa.source", "os.environ"),
        ({"type": "items", "items": [{}, {"href": "ftp://x"}]}, "blk_aaaa.items.1.href", "https:"),
        ({"type": "social", "links": [{"href": "vbscript:x"}]}, "blk_aaaa.links.0.href", "https:"),
    ],
)
def test_a_mistake_is_kept_named_and_left_out(block: dict[str, Any], place: str, words: str):
    document = a_document({"id": "blk_aaaa", **block})

    found = mistakes_in(document)

    assert [str(mistake.place) for mistake in found] == [place]
    assert words in found[0].message
    with pytest.raises(Invalid) as refused:
        freeze(Design("News", "", "", "design", document=document))
    assert refused.value.fields == {place: found[0].message}
    assert read(written(document)) == document
    rest = without_mistakes(document)
    assert mistakes_in(rest) == []
    html = freeze(Design("News", "", "", "design", document=rest)).html
    assert "script:" not in html
    assert "{{ subscriber.nmae" not in html


def test_a_row_and_the_whole_mail_are_looked_at_too():
    document = a_document({"type": "text"}, settings={"background_image": "file:///etc/passwd"})
    document = document.model_copy(
        update={"settings": document.settings.model_copy(update={"language": "e"})}
    )

    assert {str(mistake.place) for mistake in mistakes_in(document)} == {
        "row_aaaa.background_image",
        "settings.language",
    }


def test_words_show_a_tag_that_cannot_be_used_as_it_is_written():
    document = a_document({"type": "text", "html": "<p>Dear {{ subscriber.nmae }},</p>"})

    rest = without_mistakes(document)

    frozen = freeze(Design("News", "", "", "design", document=rest))
    assert "{{ '{' }}{{ '{' }} subscriber.nmae }}" in frozen.html


def test_what_can_be_sent_is_left_alone():
    document = a_document(
        {
            "type": "text",
            "html": "<p>{{ subscriber.name | default('you') }}</p>",
            "visible_if": "subscriber.name",
        },
        {"type": "button", "href": "{{ view_url }}"},
        {"type": "button", "href": "mailto:ana@bakery.example"},
        {"type": "items", "source": "subscriber.fields.articles"},
    )

    assert without_mistakes(document) is document
    check_document(document)


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="{}%# 'abf.|x\n", max_size=40))
def test_whatever_is_typed_the_rest_becomes_a_mail(words: str):
    document = a_document(
        {"type": "heading", "text": words},
        {"type": "text", "html": words, "visible_if": words},
        {"type": "button", "label": words, "href": words},
    )

    freeze(Design("News", "", "", "design", document=without_mistakes(document)))
