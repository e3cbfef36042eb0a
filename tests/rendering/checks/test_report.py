import json

import pytest

from mailer.rendering.checks.report import as_json, as_lines, look_at_design
from mailer.rendering.samples import sample_values
from mailer.rendering.source import read_source


def test_findings_name_the_line_of_the_file():
    source = (
        '<html lang="en"><body>\n<p>Fresh bread</p>\n<a href="http://bakery.example/">Order</a></body></html>'
    )
    design = read_source(source, format_="html").design

    findings = look_at_design(design, sample_values())
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

    findings = look_at_design(read_source(source, format_="design").design, sample_values())

    assert {one.where.block for one in findings if one.check == "links.http"} == {"blk_0001"}


def test_what_cannot_be_made_into_a_mail_is_an_error():
    findings = look_at_design(
        read_source("Hello {{ subscriber.nam }}", format_="markdown").design, sample_values()
    )

    assert [one.check for one in findings] == ["unfinished.body"]
    assert "subscriber.name" in findings[0].message


@pytest.mark.parametrize(
    ("block", "check", "prop"),
    [
        ({"type": "button", "label": "Order"}, "links.nowhere", "href"),
        ({"type": "button", "href": "https://bakery.example/"}, "accessibility.empty-link", "label"),
        ({"type": "image", "src": "https://bakery.example/a.png"}, "accessibility.alt", "alt"),
        ({"type": "image"}, "blocks.no-picture", None),
        ({"type": "video", "label": "Watch"}, "links.nowhere", "href"),
        ({"type": "product", "name": "Rye", "label": "Buy"}, "links.left-out", "href"),
        ({"type": "social", "links": [{"network": "website"}]}, "links.left-out", None),
    ],
)
def test_what_a_block_lacks_is_found_and_said_of_the_block(block, check, prop):
    column = {"id": "col_0001", "blocks": [{"id": "blk_0001", **block}]}
    source = json.dumps({"rows": [{"id": "row_0001", "columns": [column]}]})

    findings = look_at_design(read_source(source, format_="design").design, sample_values())
    found = next(one for one in findings if one.check == check)

    assert found.where.block == "blk_0001"
    assert [edit.name for edit in found.mend.edits if edit] == [prop] if prop else found.mend is None
