import pytest

from mailer.rendering.checks.findings import Severity
from mailer.rendering.checks.look import look
from mailer.rendering.checks.mail import Mail
from mailer.rendering.checks.mends import (
    ANSWER,
    Mend,
    Replace,
    SetAttribute,
    SetColor,
    SetProperty,
    Source,
    apply,
    fits,
)


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (Replace("body", "http://a/", "https://a/"), "x http://a/ y http://a/", "x https://a/ y https://a/"),
        (Replace("body", "here", "there", is_once=True), "here and here", "here and here"),
        (SetAttribute("img", "alt", 'A "loaf"', ("src", "a.png")), '<img src="a.png">', None),
        (
            SetAttribute("img", "alt", "Rye", ("src", "a.png?x=1&y=2")),
            "<IMG alt='' src='a.png?x=1&amp;y=2'/><img src=b.png>",
            "<IMG alt=\"Rye\" src='a.png?x=1&amp;y=2'/><img src=b.png>",
        ),
        (
            SetAttribute("img", "alt", "Rye", ("src", "a.png")),
            '<mj-image src="a.png" />',
            '<mj-image alt="Rye" src="a.png" />',
        ),
        (
            SetAttribute("table", "role", "presentation"),
            '<table><tr></tr></table><table role="table" class="a > b">',
            '<table role="presentation"><tr></tr></table><table role="table" class="a > b">',
        ),
        (
            SetColor("#aaa", "#595959"),
            "a{color:#AAA;background-color:#aaa}",
            "a{color:#595959;background-color:#aaa}",
        ),
    ],
)
def test_edits_change_what_they_are_about_and_nothing_else(edit, before, after):
    changed = apply(Source(body=before), Mend("x", (edit,)))

    assert changed.body == (after or '<img alt="A &quot;loaf&quot;" src="a.png">')


def test_pictures_in_markdown_are_described_where_they_stand():
    edit = SetAttribute("img", "alt", ANSWER, ("src", "https://b.example/a.png"))
    source = Source(body="![](https://b.example/a.png)\n![x](https://b.example/b.png)", format="markdown")

    changed = apply(source, Mend("Describe it", (edit,), ask="What it shows"), answer="A loaf")

    assert changed.body == "![A loaf](https://b.example/a.png)\n![x](https://b.example/b.png)"


def test_blocks_of_a_design_are_mended_by_their_id():
    design = {
        "rows": [{"id": "row_1", "blocks": [{"id": "blk_1", "type": "image", "alt": ""}, {"id": "blk_2"}]}]
    }
    source = Source(format="design", design=design)

    changed = apply(
        source, Mend("Describe it", (SetProperty("blk_1", "alt", ANSWER),), ask="?"), answer="A loaf"
    )

    assert changed.design["rows"][0]["blocks"] == [
        {"id": "blk_1", "type": "image", "alt": "A loaf"},
        {"id": "blk_2"},
    ]
    assert design["rows"][0]["blocks"][0]["alt"] == ""


def test_a_design_s_colours_change_where_words_have_them():
    design = {
        "blocks": [{"color": "#aaaaaa", "background": "#aaaaaa", "html": '<b style="color:#aaaaaa">x</b>'}]
    }

    changed = apply(Source(format="design", design=design), Mend("", (SetColor("#aaaaaa", "#595959"),)))

    assert changed.design == {
        "blocks": [{"color": "#595959", "background": "#aaaaaa", "html": '<b style="color:#595959">x</b>'}]
    }


def test_a_mend_that_does_not_fit_is_not_offered():
    assert not fits(
        Source(body="https://a/"), Mend("Use https", (Replace("body", "http://a/", "https://a/"),))
    )


def test_what_a_mend_was_for_is_gone_afterwards():
    source = Source(
        subject="FRESH BREAD TODAY",
        body="<p>Hello *|FNAME|*</p><a href='http://b.example/?a=1&amp;b=2'>Order</a>"
        "<a href='b.example/x'>Bread</a>"
        "<img src='https://b.example/a.png'><p style='color:#bbbbbb'>Faint</p>",
    )

    def found(source):
        return look(Mail(source.subject, "Rye and walnut, from six in the morning", source.body, source.body))

    for finding in found(source):
        if finding.mend and fits(source, finding.mend):
            source = apply(source, finding.mend, answer="a loaf")
    left = [one for one in found(source) if one.mend and one.severity is not Severity.NOTICE]

    # The words in our language are filled in before they are looked at.
    assert {one.check for one in left} <= {"tags.unresolved"}
    assert "subscriber.name" in source.body


def test_a_colour_is_the_same_however_it_is_written():
    shortened = apply(Source(body="<p style='color:#bbbbbb'>"), Mend("", (SetColor("#bbb", "#767676"),)))
    spelt_out = apply(Source(body="<font color=#BBB>"), Mend("", (SetColor("#bbbbbb", "#767676"),)))

    assert shortened.body == "<p style='color:#767676'>"
    assert spelt_out.body == "<font color=#767676>"
