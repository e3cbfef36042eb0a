"""Mails that live in repositories are rendered and checked without a server or a database."""

import json
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mailer.cli import content, mailer
from mailer.composing.gallery import GALLERY
from mailer.errors import Invalid

ROOT = Path(content.__file__).parents[2]
LETTER = """---
subject: "Bread for {{ subscriber.name }}"
preheader: Still warm
from: Ana <ana@example.com>
reply-to: shop@example.com
---
Hello **{{ subscriber.fields.city | default('you') }}**
"""
MJML = """<mjml><mj-head><mj-title>From MJML</mj-title><mj-preview>Look</mj-preview></mj-head><mj-body>
{% if subscriber.name == 'Cleo' %}
<mj-section><mj-column><mj-text>Only<br>Cleo</mj-text></mj-column></mj-section>
{% endif %}
<mj-section><mj-column><mj-button href="https://example.com/?a=1&b=2">Go</mj-button></mj-column></mj-section>
</mj-body></mjml>"""
DESIGN = '{"rows": [{"columns": [{"blocks": [{"type": "heading", "id": "blk_aaaa", "text": "Hi"}]}]}]}'


def run(*arguments: Any, given: str | None = None, expect: int = 0) -> Result:
    done = CliRunner().invoke(content.render, [str(each) for each in arguments], input=given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == expect, done.output
    return done


def test_a_letter_becomes_a_whole_message(tmp_path: Path):
    letter, data = tmp_path / "may.md", tmp_path / "cleo.json"
    letter.write_text(LETTER)
    cleo = {"name": "Cleo", "email": "cleo@example.com", "fields": {"city": "Łódź"}}
    data.write_text(json.dumps({"subscriber": cleo}))

    message = message_from_bytes(run(letter, "--data", data).stdout_bytes, policy=policy.default)

    assert (message["from"], message["to"]) == ("Ana <ana@example.com>", "cleo@example.com")
    assert (message["subject"], message["reply-to"]) == ("Bread for Cleo", "shop@example.com")
    assert "Hello Łódź" in message.get_body(("plain",)).get_content()
    assert "<strong>Łódź</strong>" in message.get_body(("html",)).get_content()
    assert "Still warm" in message.get_body(("html",)).get_content()


def test_tags_of_another_product_take_their_values_and_stay_where_there_is_none(tmp_path: Path):
    letter, data = tmp_path / "theirs.html", tmp_path / "data.json"
    letter.write_text(
        "<title>For {{name}}</title><p>{{name}}: {{product}}</p>"
        "{{#each lines}}<i>{{amount}}</i>{{/each}}<a href='{{action_url}}'>Go</a>"
    )
    data.write_text(json.dumps({"name": "Cleo", "product": "Bread", "lines": [{"amount": "3"}]}))

    done = run(letter, "--data", data, "--out", "html")

    assert "<p>Cleo: Bread</p>" in done.stdout
    assert "<i>3</i>" in done.stdout
    assert 'href="{{action_url}}"' in done.stdout
    assert "action_url, lines, product" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.mjml", MJML, 'href="https://example.com/?a=1&amp;b=2"'),
        ("a.html", "<h1>Hi {{ subscriber.name }}</h1>", "<h1>Hi Sam Reader</h1>"),
        ("a.txt", "# Hi", "<h1>Hi</h1>"),
        ("a.txt", MJML, "Go</a>"),
        ("a.json", DESIGN, ">Hi</h2>"),
        ("a.json", f'{{"subject": "S", "design": {DESIGN}}}', ">Hi</h2>"),
    ],
)
def test_a_file_is_read_as_what_it_is(tmp_path: Path, name: str, text: str, words: str):
    (tmp_path / name).write_text(text)

    html = run(tmp_path / name, "--out", "html").output

    assert words in html
    assert "Only" not in html
    assert "nsubscribe" in html


def test_standard_input_and_a_format_can_be_given():
    assert "# no heading" in run("-", "--format", "html", "--out", "text", given="<p># no heading</p>").output


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.md", "---\nsubjekt: x\n---\n", "has no “subjekt”"),
        ("a.mjml", "<mjml><mj-body><mj-txt/></mj-body></mjml>", "no element “mj-txt”"),
        ("a.mjml", "<mjml><mj-body><mj-section></mj-body></mjml>", "line 1"),
        ("a.mjml", '<mjml><mj-body><mj-include path="/etc/passwd"/></mj-body></mjml>', "mj-include"),
        ("a.json", "{", "not JSON"),
        ("a.html", "{{ subscriber.nme }}", "did you mean"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, name: str, text: str, words: str):
    (tmp_path / name).write_text(text)

    with pytest.raises(Invalid, match=words):
        run(tmp_path / name)


def test_designs_are_validated(tmp_path: Path):
    gallery = [str(ROOT / f"mailer/composing/gallery/{entry.key}.json") for entry in GALLERY]
    bad = tmp_path / "bad.json"
    bad.write_text(
        '{"rows": [{"columns": [{"blocks": [{"type": "text", "id": "blk_aaaa", "html": "{{ x }}"}]}]}]}'
    )

    good = CliRunner().invoke(mailer, ["design", "validate", *gallery])
    wrong = CliRunner().invoke(mailer, ["design", "validate", "--json", str(bad), gallery[0]])

    assert good.exit_code == 0
    assert good.output.count(": good") == len(GALLERY)
    assert wrong.exit_code == 1
    first, second = [json.loads(line)["mistakes"] for line in wrong.output.splitlines()]
    assert "nothing called “x”" in first["blk_aaaa.html"]
    assert second == {}


def test_rendering_is_measured():
    done = CliRunner().invoke(content.bench_render, ["--times", "2"])

    assert done.exit_code == 0
    assert "preview: first" in done.output
    assert "freeze: first" in done.output
