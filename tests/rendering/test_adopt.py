"""What other tools wrote becomes ours and stays as it looked."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from mailer.rendering import document
from mailer.rendering.adopt import adopt
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from mailer.rendering.merge import Renderer
from mailer.rendering.samples import sample_values

CORPUS = Path(os.environ.get("MAILER_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")) / "html"
POSTMARK = sorted((CORPUS / "postmark" / "templates").rglob("*.html"))
TWINS = sorted((CORPUS / "postmark" / "templates-inlined").rglob("*.html"))
FOUNDATION = sorted((CORPUS / "foundation").rglob("*.html"))
ABSENT = f"The public templates are not there: {CORPUS}"

OUTLOOK = re.compile(r"<!--\[if ")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Hi {{name}}", "Hi {{ subscriber.name }}"),
        ("{{ subscriber.name | default('you') }}", "{{ subscriber.name | default('you') }}"),
        ("{% if subscriber.name %}x{% endif %}", "{% if subscriber.name %}x{% endif %}"),
        ("{{{ action_url }}}", "{{ subscriber.fields.action_url }}"),
        ("{{#if plan}}a{{else}}b{{/if}}", "{% if subscriber.fields.plan %}a{% else %}b{% endif %}"),
        ("{{^plan}}b{{/plan}}", "{% if not subscriber.fields.plan %}b{% endif %}"),
        (
            "{{#each lines}}{{name}} {{this}}{{/each}}",
            "{% for item in subscriber.fields.lines %}{{ item.name }} {{ item }}{% endfor %}",
        ),
        ("{{! a remark }}x{{> part }}", "x"),
        ("*|FNAME|* *|EMAIL|*", "{{ subscriber.name }} {{ subscriber.email }}"),
        ("*|UNSUB|* *|ARCHIVE|*", "{{ unsubscribe_url }} {{ view_url }}"),
        ("*|IF:CITY|*a*|ELSE:|*b*|END:IF|*", "{% if subscriber.fields.city %}a{% else %}b{% endif %}"),
        ("*|HTML:LIST_ADDRESS_HTML|*", "{{ workspace.postal_address }}"),
        ("%%first_name%% %recipient.city%", "{{ subscriber.name }} {{ subscriber.fields.city }}"),
        ("[unsubscribe]", "{{ unsubscribe_url }}"),
        ("{{/if}}x{{#if a}}y", "x{% if subscriber.fields.a %}y{% endif %}"),
        ("a { color: red } {{", "a { color: red } {{"),
    ],
)
def test_tags_of_others_become_ours(theirs: str, ours: str):
    assert adopt(theirs).source == ours


def test_fields_are_named_and_a_title_is_the_subject():
    adopted = adopt("<title>Your &amp; my receipt</title>{{total}} {{> footer }}")

    assert (adopted.subject, adopted.fields, adopted.left_out) == (
        "Your & my receipt",
        ["total"],
        ["{{> footer }}"],
    )


@pytest.mark.skipif(not POSTMARK, reason=ABSENT)
@pytest.mark.parametrize("path", POSTMARK + FOUNDATION, ids=lambda path: "-".join(path.parts[-3:]))
def test_public_templates_survive(path: Path):
    theirs = path.read_text(encoding="utf-8")
    source = adopt(theirs).source

    frozen = freeze(Design("News", "", source, "html"))
    rendered = Renderer(frozen).render(sample_values({"subscriber": {"fields": FIELDS}}))

    # Links: each leads where it led, numbered, by a tag, or to nowhere as before.
    hrefs = re.findall(r'<a\b[^>]*?\shref="(https?:[^"]+)"', _without_comments(theirs))
    assert len([link for link in frozen.links if "{" not in link]) >= len(
        [href for href in hrefs if "{" not in href]
    )
    assert _queries(frozen.html) >= _queries(theirs)
    if "<body" in theirs:
        assert len(OUTLOOK.findall(frozen.html)) >= len(OUTLOOK.findall(theirs))
    words = re.findall(r"\w{4,}", _words(theirs))
    shown = set(re.findall(r"\w{4,}", _words(rendered.html.replace("{{", ""))))
    assert [word for word in words if word not in shown] == []


@pytest.mark.skipif(not TWINS, reason=ABSENT)
@pytest.mark.parametrize("twin", TWINS, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_inlining_has_the_effect_of_the_twins(twin: Path):
    """The twin's own style sheet, inlined by us into the source, gives the twin's styles.

    Several twins were made of another version of the style sheet than the source has.
    """
    source = Path(str(twin).replace("templates-inlined", "templates")).read_text(encoding="utf-8")
    theirs = twin.read_text(encoding="utf-8")
    styles = "".join(re.findall(r"<style.*?</style>", _without_comments(theirs), re.DOTALL))
    bare = re.sub(r"<style.*?</style>", "", source, flags=re.DOTALL)
    ours = document.parse(_plain(bare.replace("</head>", f"{styles}</head>", 1)))

    document.inline_css(ours)

    wanted = etree.fromstring(_plain(theirs).encode(), etree.HTMLParser(encoding="utf-8"))
    pairs = list(
        zip(ours.find("body").iter(etree.Element), wanted.find("body").iter(etree.Element), strict=True)
    )
    assert len(pairs) > 20
    for one, other in pairs:
        assert (one.tag, _effect(one.get("style"))) == (other.tag, _effect(other.get("style")))


FIELDS = {
    "receipt_details": [{"description": "Bread", "amount": "3"}],
    "invoice_details": [{"description": "Bread", "amount": "3"}],
    "attachment_details": [{"attachment_name": "a.pdf"}],
}
SIDES = ("top", "right", "bottom", "left")


def _without_comments(html: str) -> str:
    return re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)


def _queries(html: str) -> set[str]:
    return {" ".join(query.split()) for query in re.findall(r"@media[^{]+", _without_comments(html))}


def _words(html: str) -> str:
    text = re.sub(r"<(style|script|title)\b.*?</\1>|<!--.*?-->", " ", html, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}|<[^>]*>|&#?\w+;", " ", text, flags=re.DOTALL)


def _plain(html: str) -> str:
    return re.sub(r"\{\{\{?[^}]*\}?\}\}", "tag", html)


def _effect(style: str | None) -> dict[str, str]:
    """Return what a style attribute says, each property on its own and each value in one spelling."""
    found: dict[str, str] = {}
    for declaration in re.split(r";(?![^(]*\))", style or ""):
        name, colon, value = (part.strip().lower() for part in declaration.partition(":"))
        if colon:
            found.pop(name, None)
            found.update(_spelled_out(name, _one_spelling(value)))
    return found


def _one_spelling(value: str) -> str:
    value = re.sub(r"\s*,\s*", ", ", " ".join(value.split())).replace('"', "'")
    value = re.sub(r"#([0-9a-f])([0-9a-f])([0-9a-f])(?![0-9a-f])", r"#\1\1\2\2\3\3", value)
    return re.sub(r"(?<!\d)\.(\d)", r"0.\1", value)


def _spelled_out(name: str, value: str) -> dict[str, Any]:
    parts = value.split()
    if name in {"padding", "margin", "border-width", "border-style", "border-color"}:
        four = [*parts, parts[1]] if len(parts) == 3 else (parts * 4)[:4]
        base, _, end = name.partition("-")
        return dict(zip((f"{base}-{side}-{end}".rstrip("-") for side in SIDES), four, strict=True))
    match = re.fullmatch(r"border(?:-(top|right|bottom|left))?", name)
    if match and len(parts) == 3:
        sides = (match[1],) if match[1] else SIDES
        return {
            f"border-{side}-{end}": part
            for side in sides
            for end, part in zip(("width", "style", "color"), parts, strict=True)
        }
    return {name: value}
