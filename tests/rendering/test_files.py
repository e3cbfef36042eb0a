import json
from pathlib import Path

import pytest

from mailer.errors import Invalid
from mailer.rendering.checks.report import as_json, as_lines, look_at_design
from mailer.rendering.files import SAMPLE_VALUES, design_in, format_of, read_text, values_in


@pytest.mark.parametrize(
    ("name", "source", "format"),
    [
        ("a.md", "# Hello", "markdown"),
        ("a.html", "<p>Hello", "html"),
        ("a.html", "\n<mjml>", "mjml"),
        ("a.mjml", "<mjml>", "mjml"),
        ("a.json", "{}", "design"),
        ("a", '{"rows": []}', "design"),
        ("a", "<!DOCTYPE html>", "html"),
        ("a.txt", "Hello", "markdown"),
    ],
)
def test_a_file_tells_its_format_by_its_name_or_how_it_begins(name, source, format):
    assert format_of(Path(name), source) == format


@pytest.mark.parametrize(
    ("format", "source"),
    [
        ("markdown", "---\nsubject: Fresh bread\npreheader: Rye\n---\nHello"),
        ("html", "<html><head><title>Fresh\n bread</title></head></html>"),
        ("mjml", "<mjml><mj-head><mj-title>Fresh bread</mj-title></mj-head></mjml>"),
        ("design", '{"subject": "Fresh bread", "design": {"rows": []}}'),
    ],
)
def test_a_file_says_its_subject(format, source):
    assert design_in(source, format).subject == "Fresh bread"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 3_000_000], ids=["no text", "far too long"])
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path, content):
    path = tmp_path / "mail.html"
    path.write_bytes(content)

    with pytest.raises(Invalid, match=r"mail\.html"):
        read_text(path)


@pytest.mark.parametrize("source", ["{", "[]", '{"rows": 3}'])
def test_a_design_that_is_none_is_refused(source):
    with pytest.raises(Invalid):
        design_in(source, "design")


def test_values_complete_the_sample(tmp_path):
    path = tmp_path / "values.json"
    path.write_text(json.dumps({"subscriber": {"name": "Rita"}}))

    assert values_in(path)["subscriber"]["name"] == "Rita"
    assert values_in(path)["subscriber"]["email"] == SAMPLE_VALUES["subscriber"]["email"]


def test_findings_name_the_line_of_the_file():
    source = (
        '<html lang="en"><body>\n<p>Fresh bread</p>\n<a href="http://bakery.example/">Order</a></body></html>'
    )
    design = design_in(source, "html")

    findings = look_at_design(design, SAMPLE_VALUES)
    said = as_json(findings, name="mail.html", design=design, source=source)
    insecure = next(one for one in said["findings"] if one["check"] == "links.http")

    assert insecure["where"]["line"] == 3
    assert insecure["mend"] == "Use https"
    assert any(
        line.startswith("mail.html:3: warning:")
        for line in as_lines(findings, name="mail.html", source=source)
    )


def test_blocks_of_a_design_are_named():
    design = {
        "rows": [
            {
                "id": "row_0001",
                "columns": [{"id": "col_0001", "blocks": [{"id": "blk_0001", "type": "button"}]}],
            }
        ]
    }
    block = design["rows"][0]["columns"][0]["blocks"][0]
    block |= {"label": "Order", "href": "http://bakery.example/"}
    source = json.dumps(design)

    findings = look_at_design(design_in(source, "design"), SAMPLE_VALUES)

    assert {one.where.block for one in findings if one.check == "links.http"} == {"blk_0001"}


def test_what_cannot_be_made_into_a_mail_is_an_error():
    findings = look_at_design(design_in("Hello {{ subscriber.nam }}", "markdown"), SAMPLE_VALUES)

    assert [one.check for one in findings] == ["unfinished.body"]
    assert "subscriber.name" in findings[0].message
