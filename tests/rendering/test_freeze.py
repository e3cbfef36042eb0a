import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.errors import Invalid
from mailer.rendering.design import Design
from mailer.rendering.freeze import check_layout, freeze
from mailer.rendering.merge import Renderer, Tracking
from tests.rendering.test_language import VALUES

GOLDEN = Path(__file__).parent / "golden"

LAYOUT = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{{ campaign.name }}</title>
<style>
.card { background: #fff; padding: 24px }
a { color: #123456 }
@media (prefers-color-scheme: dark) { .card { background: #000 !important } }
</style></head>
<body><table role="presentation"><tr><td class="card">{{ content }}</td></tr>
<tr><td><a href="{{ unsubscribe_url }}">Leave</a></td></tr></table></body></html>
"""

LETTER = """# Hello *{{ subscriber.name | default("you") }}*

{% if subscriber.fields.city == 'Rome' %}
- only in **Rome**
- [map](https://maps.example/?q={{ subscriber.fields.city | urlencode }}&z=1)
{% endif %}

Read <https://bakery.example/news> or [order](https://bakery.example/order?a=1&b=2 "now").
[Write](mailto:ana@bakery.example) or [jump](#top). `{{ subscriber.email }}` & more.

| bread | price |
|-------|-------|
| rye   | 4 €   |

[Order](https://bakery.example/order?a=1&b=2)
"""


def design(body="Hello", **values):
    return Design(**{"subject": "S", "preheader": "", "format": "markdown", **values, "body": body})


def agrees_with_golden(name, text):
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{name} was missing and has been written; read it, then keep it.")
    assert text == path.read_text(encoding="utf-8")


def test_a_markdown_letter_in_a_layout():
    frozen = freeze(design(LETTER, preheader="Fresh in {{ subscriber.fields.city }}", layout=LAYOUT))

    agrees_with_golden("letter.html", frozen.html)
    agrees_with_golden("letter.txt", frozen.text)


def test_a_letter_without_a_layout_gets_our_footer():
    frozen = freeze(design("Hello {{ subscriber.name }}"))

    assert frozen.is_footer_added
    agrees_with_golden("plain.html", frozen.html)
    agrees_with_golden("plain.txt", frozen.text)


def test_web_links_are_numbered_in_order_and_others_left_alone():
    frozen = freeze(design(LETTER, layout=LAYOUT))

    assert frozen.links == [
        "https://bakery.example/news",
        "https://bakery.example/order?a=1&b=2",
        "https://bakery.example/order?a=1&b=2",
    ]
    assert frozen.uncounted == ("https://maps.example/?q={{ subscriber.fields.city | urlencode }}&z=1",)
    assert [int(n) for n in re.findall(r'href="{{ link_url\((\d)\) }}"', frozen.html)] == [0, 1, 2]
    assert 'href="mailto:ana@bakery.example"' in frozen.html
    assert 'href="{{ unsubscribe_url }}"' in frozen.html


def test_a_recipient_gets_their_own_links_and_pixel_and_a_preview_neither():
    renderer = Renderer(freeze(design("[x](https://a.example/)")))
    tracking = Tracking(lambda number: f"https://m.example/c/t{number}", "https://m.example/o/t.gif")

    sent = renderer.render(VALUES, tracking)
    preview = renderer.render(VALUES)

    assert 'href="https://m.example/c/t0"' in sent.html
    assert 'src="https://m.example/o/t.gif"' in sent.html
    assert 'href="https://a.example/"' in preview.html
    assert "<img" not in preview.html
    assert "x <https://a.example/>" in sent.text


def test_css_is_inlined_once_and_dark_mode_kept():
    html = freeze(design("[x](https://a.example)", layout=LAYOUT)).html

    assert 'style="background:#fff; padding:24px"' in html
    assert 'style="color:#123456"' in html
    assert "!important" in html


def test_scripts_and_handlers_never_leave():
    html = freeze(
        design("<p onclick='x()'>a<script>evil()</script>b</p><iframe src=x></iframe>", format="html")
    ).html

    assert "evil" not in html
    assert "onclick" not in html
    assert "<iframe" not in html
    assert "<p>ab</p>" in html


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        " JaVaScript:alert(1)",
        "java\nscript:x",
        "&#106;avascript:x",
        "data:text/html,x",
    ],
)
def test_a_link_that_runs_something_is_refused(href):
    with pytest.raises(Invalid, match="cannot be used"):
        freeze(design(f'<a href="{href}">x</a>', format="html"))


def test_braces_written_as_entities_stay_braces():
    frozen = freeze(
        design("<p>&#123;&#123; subscriber.name }} {<b>{{ subscriber.name }}</b></p>", format="html")
    )

    rendered = Renderer(frozen).render(VALUES)

    assert "{{ subscriber.name }} {<b>Ana</b>" in rendered.html
    assert "{{ subscriber.name }} {Ana" in rendered.text


def test_an_edited_text_part_is_kept_and_can_always_be_unsubscribed_from():
    frozen = freeze(design(text="My own words for {{ subscriber.name }}."))

    assert frozen.text.startswith("My own words for {{ subscriber.name }}.\n")
    assert "{{ unsubscribe_url }}" in frozen.text


def test_an_unsubscribe_link_in_a_comment_is_none():
    assert freeze(design("x <!-- {{ unsubscribe_url }} -->", format="html")).is_footer_added


def test_a_whole_document_needs_no_layout():
    body = "<!doctype html><html><body><p>Whole</p></body></html>"

    html = freeze(design(body, format="html", layout=LAYOUT)).html

    assert "card" not in html
    assert html.count("<body>") == 1


def test_an_if_may_stand_around_rows_and_inside_a_tag():
    body = """<table><tr><td>1</td></tr>{% if subscriber.name %}<tr><td>2</td></tr>{% endif %}</table>
<p {% if subscriber.name %}class="x"{% endif %}>y</p>"""

    rendered = Renderer(freeze(design(body, format="html"))).render(VALUES)

    assert "<td>2</td>" in rendered.html
    assert 'class="x"' in rendered.html


def test_what_is_wrong_is_said_under_its_part():
    with pytest.raises(Invalid) as refused:
        freeze(design("a\n\n{{ subscriber.nam }}"))

    assert refused.value.fields == {
        "body": "Line 3, {{ subscriber.nam }}: there is nothing called “subscriber.nam”; "
        "did you mean “subscriber.name”?"
    }


@pytest.mark.parametrize("layout", ["<p>no slot</p>", "<p>{{ content }}{{ content }}</p>"])
def test_a_layout_has_one_slot(layout):
    with pytest.raises(Invalid, match="exactly once"):
        check_layout(layout)


@pytest.mark.parametrize("body", ["<" * 5_000, "<div>" * 5_000, "\x0c" * 10, "<p>" + "&#0;" * 10])
def test_odd_documents_are_frozen_all_the_same(body):
    assert "unsubscribe_url" in freeze(design(body, format="html")).html


@pytest.mark.parametrize(
    ("word", "times"), [("[", 40_000), ("https://a.", 6_000), ("- ", 30_000), ("_a ", 20_000), ("`e", 15_000)]
)
def test_markdown_that_is_made_to_slow_its_parser_down_does_not(word, times):
    """Four times as much takes four times as long, and not sixteen times."""

    def seconds(body: str) -> float:
        started = time.process_time()
        freeze(design(body))
        return time.process_time() - started

    quarter = max(min(seconds(word * (times // 4)) for _ in range(2)), 0.02)

    assert min(seconds(word * times) for _ in range(2)) < 11 * quarter


@pytest.mark.parametrize(
    ("body", "says"), [("a" * 70_000, "64 KB"), ("a\n\n" * 20_000, "more than 10,000 elements")]
)
def test_far_too_much_markdown_is_refused(body, says):
    with pytest.raises(Invalid, match=says):
        freeze(design(body))


def test_more_css_than_can_be_inlined_in_time_is_refused():
    style = "<style>" + "".join(f".a{n}{{color:red}}" for n in range(3_000)) + "</style>"

    with pytest.raises(Invalid, match="too many CSS rules"):
        freeze(design(style + "<p>x</p>" * 500, format="html"))


names = st.sampled_from(
    [
        "{{ subscriber.name }}",
        '{{ subscriber.name | default("a b") }}',
        "{{ view_url }}",
        "{{unsubscribe_url}}",
    ]
)
words = st.text(
    st.characters(blacklist_characters="{}<>&#\x00\r", blacklist_categories=("Cs", "Cc")), max_size=12
)


@settings(max_examples=60)
@given(st.lists(st.tuples(words, names), min_size=1, max_size=6))
def test_every_tag_comes_back_as_it_was_from_html(parts):
    body = "".join(f'<p>{word}{tag}</p><a href="{tag}">x</a>' for word, tag in parts)

    html = freeze(design(body, format="html")).html

    for _, tag in parts:
        assert f'<a href="{tag}">x</a>' in html
        assert f"{tag}</p>" in html


#: What follows the mark of a fence is the name of a language, which Markdown shows nobody.
marks = st.text("ab *_`[]()#-\n", max_size=10).filter(lambda word: "```" not in word)


@settings(max_examples=60)
@given(st.lists(st.tuples(marks, names), min_size=1, max_size=6))
def test_every_tag_comes_back_as_it_was_from_markdown(parts):
    body = "".join(f"{word} {tag} " for word, tag in parts)

    html = freeze(
        design(body, layout="<html><body><hr>{{ content }}<hr>{{ unsubscribe_url }}</body></html>")
    ).html

    found = re.findall(r"{{.*?}}", html.partition("<hr>")[2].rpartition("<hr>")[0])
    assert sorted(found) == sorted(tag for _, tag in parts)


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_whatever_a_name_holds_only_words_come_out(name):
    frozen = freeze(design("<p>[{{ subscriber.name }}]</p>", format="html"))

    html = Renderer(frozen).render({**VALUES, "subscriber": {"name": name}}).html

    shown = html.partition("<p>[")[2].partition("]</p>")[0] if "]" not in name else ""
    assert "<" not in shown
