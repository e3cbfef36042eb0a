import time

import pytest

from mailer.errors import Invalid
from mailer.rendering.design import Frozen
from mailer.rendering.language import BadTag, check, names_in, without_tags
from mailer.rendering.merge import MergeFailed, Renderer

VALUES = {
    "subscriber": {
        "tags": ["baker", "early bird"],
        "name": "Ana",
        "email": "ana@example.com",
        "locale": "en",
        "time_zone": "UTC",
        "fields": {"city": "Rome", "empty": "", "age": 30, "breads": ["Rye", "Spelt"]},
    },
    "campaign": {"name": "Sunday"},
    "workspace": {
        "name": "Bakery",
        "postal_address": "",
        "accent_color": "#3b5bdb",
        "on_accent_color": "#ffffff",
    },
    "unsubscribe_url": "https://mail.example/u/1",
    "preferences_url": "https://mail.example/p/1",
    "view_url": "https://mail.example/v/1",
}


def render(text, html="", **values):
    renderer = Renderer(Frozen(subject="", html=html, text=text, links=[]))
    return renderer.render({**VALUES, **values})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ subscriber.name }}", "Ana"),
        ("{{subscriber['name']}}", "Ana"),
        ("{{ subscriber.fields.city | upper }}", "ROME"),
        ("{{ subscriber.fields.empty | default('somewhere') }}", "somewhere"),
        ("{{ subscriber.fields.gone | default('somewhere') }}", "somewhere"),
        ("{{ subscriber.fields.gone }}", ""),
        ("{{ subscriber.fields.items | default('no method') }}", "no method"),
        ("{{ workspace.postal_address | d('nowhere') }}", "nowhere"),
        ("{% if subscriber.fields.city == 'Rome' %}yes{% else %}no{% endif %}", "yes"),
        ("{% if subscriber.fields.age >= 18 %}yes{% endif %}", "yes"),
        ("{% if subscriber.fields.gone > 18 %}yes{% else %}no{% endif %}", "no"),
        ("{% if subscriber.locale in ['fr', 'en'] %}yes{% endif %}", "yes"),
        ("{% if subscriber.name is defined and not subscriber.fields.gone %}yes{% endif %}", "yes"),
        ("{{ subscriber.name | truncate(2) }}", "An…"),
        ("a {- b {# c -}", "a {- b {# c -}"),
        ("{{ subscriber.tags }}", "baker, early bird"),
        ("{% if 'baker' in subscriber.tags %}yes{% endif %}", "yes"),
        ("{{ subscriber.fields.breads | join }}", "Rye, Spelt"),
        ("{% if 'Rye' in subscriber.fields.breads %}yes{% endif %}", "yes"),
        ("{% for bread in subscriber.fields.breads %}{{ bread }}. {% endfor %}", "Rye. Spelt. "),
        ("{% if 'baker' in subscriber.lists %}yes{% else %}no{% endif %}", "no"),
        (
            "{% for tag in subscriber.tags %}{{ loop.index }}. {{ tag }}\n{% endfor %}",
            "1. baker\n2. early bird\n",
        ),
        (
            "{% for tag in subscriber.tags %}{{ tag }}{% if not loop.last %} + {% endif %}{% endfor %}",
            "baker + early bird",
        ),
        ("{% for each in subscriber.lists %}{{ each }}{% else %}none{% endfor %}", "none"),
        ("{% for item in subscriber.fields.items %}{{ item.name }} {{ item.gone.deeper }}{% endfor %}", ""),
        (
            "{% for a in subscriber.tags %}{% for b in subscriber.tags %}{{ loop.index }}{% endfor %}"
            "{{ loop.index }} {% endfor %}",
            "121 122 ",
        ),
        (
            "{{ subscriber.tags | length }} {{ subscriber.tags | first | upper }}",
            "2 BAKER",
        ),
        ("{{ subscriber.lists | default('none') }}", "none"),
    ],
)
def test_the_language_says(source, expected):
    assert render(source).text == expected


@pytest.mark.parametrize(
    ("source", "value", "locale", "expected"),
    [
        ("{{ subscriber.fields.x | date }}", "2026-03-01", "en", "March 1, 2026"),
        ("{{ subscriber.fields.x | date }}", "2026-03-01", "de-AT", "1. März 2026"),
        ("{{ subscriber.fields.x | date('d MMMM') }}", "2026-03-01", "fr", "1 mars"),
        ("{{ subscriber.fields.x | date('short') }}", "2026-03-01T23:30:00+00:00", "en", "3/2/26"),
        ("{{ subscriber.fields.x | date }}", "soon", "en", "soon"),
        ("{{ subscriber.fields.x | date | default('soon') }}", None, "en", "soon"),
        ("{{ subscriber.fields.x | number }}", 1234.5, "en", "1,234.5"),
        ("{{ subscriber.fields.x | number(2) }}", 1234.5, "de", "1.234,50"),
        ("{{ subscriber.fields.x | number }}", "1e999999", "en", "1e999999"),
        ("{{ subscriber.fields.x | percent(1) }}", 0.125, "en", "12.5%"),
        ("{{ subscriber.fields.x | currency('USD') }}", 12.5, "en", "$12.50"),
        ("{{ subscriber.fields.x | currency('eur') }}", 12.5, "pt_BR", "€\u00a012,50"),
        ("{{ subscriber.fields.x | plural('one point', '# points') }}", 1, "en", "one point"),
        ("{{ subscriber.fields.x | plural('one point', '# points') }}", 1200, "en", "1,200 points"),
        (
            "{{ subscriber.fields.x | plural('# punkt', few='# punkty', other='# punktów') }}",
            3,
            "pl",
            "3 punkty",
        ),
        (
            "{{ subscriber.fields.x | plural('# punkt', few='# punkty', other='# punktów') }}",
            5,
            "pl",
            "5 punktów",
        ),
        ("{{ subscriber.fields.x | number }}", 1.5, "not a locale", "1.5"),
    ],
)
def test_filters_write_as_the_readers_language_does(source, value, locale, expected):
    reader = {"locale": locale, "time_zone": "Europe/Moscow", "fields": {"x": value}}

    assert render(source, subscriber=reader).text == expected


def test_a_loop_goes_through_rows_of_data():
    rows = [{"name": "Rye & salt", "price": 4}, {"name": "Baguette", "price": 2.5}]
    line = "<li>{{ row.name }}: {{ row.price | currency('EUR') }}</li>"
    source = "{% for row in subscriber.fields.rows %}" + line + "{% endfor %}"

    rendered = render("", source, subscriber={"locale": "de", "fields": {"rows": rows}})

    assert rendered.html == "<li>Rye &amp; salt: 4,00\u00a0€</li><li>Baguette: 2,50\u00a0€</li>"


def test_values_are_escaped_in_html_and_plain_in_text():
    rendered = render("{{ subscriber.name }}", "<p>{{ subscriber.name }}</p>", subscriber={"name": "<b>&'\""})

    assert rendered.text == "<b>&'\""
    assert rendered.html == "<p>&lt;b&gt;&amp;&#39;&#34;</p>"


def test_a_subject_is_one_line_whatever_a_name_holds():
    frozen = Frozen(subject="Hi {{ subscriber.name }}", html="", text="", links=[])

    rendered = Renderer(frozen).render({**VALUES, "subscriber": {"name": "A\r\nBcc: x@y.z"}})

    assert rendered.subject == "Hi A Bcc: x@y.z"


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("\n\n{{ subscribr.name }}", 3, "did you mean “subscriber.name”?"),
        ("{{ subscriber.nmae }}", 1, "did you mean “subscriber.name”?"),
        ("{{ subscriber }}", 1, "there is nothing called “subscriber”"),
        ("{{ subscriber.fields }}", 1, "nothing called “subscriber.fields”"),
        ("{{ subscriber.name | uper }}", 1, "did you mean “upper”?"),
        ("{{ subscriber.name | safe }}", 1, "no filter “safe”"),
        ("{{ subscriber.name", 1, "not closed"),
        ("one\n{% if subscriber.name %}", 2, "endif"),
        ("{% for x in 'abc' %}{% endfor %}", 1, "goes through a name"),
        ("{% for x, y in subscriber.tags %}{% endfor %}", 1, "A loop is written"),
        ("{% for subscriber in subscriber.tags %}{% endfor %}", 1, "already means something"),
        ("{% for tag in subscriber.tgas %}{% endfor %}", 1, "did you mean “subscriber.tags”?"),
        ("{% for tag in subscriber.tags %}{{ loop.inex }}{% endfor %}", 1, "did you mean “loop.index”?"),
        ("{% for tag in subscriber.tags %}{{ tga }}{% endfor %}", 1, "nothing called “tga”"),
        ("{% for tag in subscriber.tags %}{% endfor %}{{ tag }}", 1, "nothing called “tag”"),
        ("{% set x = 1 %}", 1, "cannot be used"),
        ("{{ link_url(1) }}", 1, "Calls cannot be used"),
        ("{{ pixel_url }}", 1, "nothing called “pixel_url”"),
    ],
)
def test_a_bad_tag_is_named_with_its_line(source, line, says):
    with pytest.raises(BadTag) as refused:
        check(source)

    assert says in refused.value.message
    assert refused.value.line == line


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10 ** 9 }}",
        "{{ 'a' ~ 'b' }}",
        "{{ '%1000000000s' % 'a' }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ 'a' | replace('a', 'aa') }}",
        "{{ lipsum(n=100000) }}",
        "{{ range(10**9) }}",
        "{% for x in subscriber.tags recursive %}{{ loop(x) }}{% endfor %}",
        "{% for x in subscriber.tags if x %}{{ x }}{% endfor %}",
        "{% for x in subscriber.tags %}{{ x.__class__ }}{% endfor %}",
        "{% for x in subscriber.tags %}{{ loop.changed }}{% endfor %}",
        "{% for x in subscriber.tags %}{{ loop.__init__ }}{% endfor %}",
        "{% for x in [[1] * 9] * 9 %}{{ x }}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set x = 'aa' %}{% set x = x ~ x %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ subscriber.__class__ }}",
        "{{ subscriber['__class__'] }}",
        "{{ self }}",
        "{{ config.SECRET_KEY }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ subscriber.name | attr('__class__') }}",
        "{{ subscriber.fields.x.y }}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% call x() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{{ {'a': 1} }}",
        "{{ [1] | map('string') }}",
        "{{ " + "(" * 400 + "1" + ")" * 400 + " }}",
        "{{ subscriber" + ".a" * 450 + " }}",
        "{% if 1 %}" * 90 + "{% endif %}" * 90,
        "{{ 1 }}" * 2_001,
        "{{" * 200_000,
        "{% if " * 50_000,
        "{{ '" + "x" * 2_000 + "' }}",
        "x" * 600_000,
    ],
    ids=lambda source: source[:40],
)
def test_bombs_and_escapes_are_refused_at_once(source):
    started = time.process_time()

    with pytest.raises(Invalid):
        check(source)

    assert time.process_time() - started < 2


def test_far_too_long_a_message_is_refused_while_it_is_made():
    with pytest.raises(MergeFailed, match="longer than"):
        render("{{ subscriber.name }}" * 2_000, subscriber={"name": "x" * 100_000})


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in subscriber.tags %}" * 8 + "x" + "{% endfor %}" * 8,
        "{% for a in subscriber.tags %}{% for b in subscriber.tags %}{% for c in subscriber.tags %}"
        + "{{ subscriber.name | upper | title | urlencode | lower }}" * 400
        + "{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in subscriber.tags %}" + "x" * 200_000 + "{% endfor %}",
        "{% for a in subscriber.tags %}{% for b in subscriber.tags %}{{ subscriber.tags }}"
        + "{% endfor %}{% endfor %}",
    ],
    ids=("nested", "busy", "flood", "repeated"),
)
def test_loops_that_go_round_too_often_end_in_a_clear_error(source):
    names = "abcdefghijklmnopqrstuvwxyz"
    source = source if source.count("for a") == 1 else _numbered(source)
    started = time.process_time()

    with pytest.raises(MergeFailed, match=r"loops|longer"):
        render(source, subscriber={"name": "x" * 500, "tags": [f"tag {name}<" * 40 for name in names * 8]})

    assert time.process_time() - started < 2


def _numbered(source):
    first, *rest = source.split("for a")
    return first + "".join(f"for a{number}{part}" for number, part in enumerate(rest))


def test_values_that_do_not_suit_a_tag_are_a_clear_error():
    with pytest.raises(MergeFailed, match="does not suit"):
        render("{% if subscriber.name > 3 %}x{% endif %}")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Hello {{ subscriber.name | default('friend') }}!", "Hello friend!"),
        ("{% if subscriber.name %}Dear {{ subscriber.name }}{% endif %}", "Dear …"),
        ("Half {{ written", "Half {{ written"),
    ],
)
def test_lists_show_a_line_without_its_tags(source, shown):
    assert without_tags(source) == shown


def test_the_names_of_a_source_are_known():
    source = "{{ subscriber.fields.city | default(subscriber.name) }}{% if unsubscribe_url %}{% endif %}"

    assert names_in(source) == {"subscriber.fields.city", "subscriber.name", "unsubscribe_url"}


def test_what_a_loop_calls_its_value_is_no_name_of_the_source():
    source = "{% for row in subscriber.fields.rows %}{{ row.name }}{{ loop.index }}{% endfor %}"

    assert names_in(source) == {"subscriber.fields.rows"}
