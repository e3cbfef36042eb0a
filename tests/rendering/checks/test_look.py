import os
import re
from pathlib import Path

import pytest

from mailer.errors import Invalid
from mailer.rendering.checks.colors import contrast, read_color, readable
from mailer.rendering.checks.families import FAMILIES, USUAL_MIX, family_of, mix_of, without
from mailer.rendering.checks.features import FEATURES
from mailer.rendering.checks.findings import Severity
from mailer.rendering.checks.look import look
from mailer.rendering.checks.mail import Mail
from mailer.rendering.design import Design
from mailer.rendering.freeze import freeze
from mailer.rendering.merge import Renderer

CORPUS = os.environ.get("MAILER_HTML_CORPUS", "")
OWN = frozenset({"#unsubscribe"})
WORDS = "Rye and walnut loaves come out of the oven at six in the morning, and brioche at eight. " * 2


def mail(
    body="",
    *,
    subject="Fresh bread on Sunday",
    preheader="Rye and walnut, from six in the morning on",
    text=None,
    head="",
):
    html = (
        f'<!DOCTYPE html><html lang="en"><head><title>x</title>{head}</head><body><p>{WORDS}</p>{body}'
        '<a href="#unsubscribe">Unsubscribe from this list</a></body></html>'
    )
    return Mail(subject, preheader, html, WORDS + "Unsubscribe from this list" if text is None else text, OWN)


def checks(looked_at):
    return {finding.check for finding in look(looked_at)}


def test_nothing_is_found_in_a_good_mail():
    body = (
        '<h1>Bread</h1><h2>Rye</h2><a href="https://bakery.example/order">Order a loaf</a>'
        '<img src="https://bakery.example/loaf.png" alt="A loaf of rye" width="100">'
        '<table role="presentation"><tr><td>Fresh</td></tr></table>'
    )
    assert look(mail(body)) == []


@pytest.mark.parametrize(
    ("body", "check", "severity"),
    [
        ('<a href="">Order</a>', "links.nowhere", "error"),
        ('<a href="#">Order</a>', "links.nowhere", "error"),
        ('<a href="#oven">Oven</a>', "links.no-target", "warning"),
        ('<a href="www.bakery.example/x">Order</a>', "links.syntax", "error"),
        ('<a href="https://bakery example/">Order</a>', "links.syntax", "error"),
        ('<a href="https://bakery">Order</a>', "links.syntax", "error"),
        ('<a href="https://bakery.example:port/">Order</a>', "links.syntax", "error"),
        ('<a href="mailto:ana">Write</a>', "links.syntax", "error"),
        ('<a href="http://localhost:8000/">Order</a>', "links.private", "error"),
        ('<a href="https://10.0.0.7/">Order</a>', "links.private", "error"),
        ('<a href="https://shop.local/">Order</a>', "links.private", "error"),
        ('<a href="https://staging.bakery.example/">Order</a>', "links.staging", "warning"),
        ('<a href="https://bakery-preview.vercel.app/">Order</a>', "links.staging", "warning"),
        ('<a href="https://www.example.com/">Order</a>', "links.placeholder", "warning"),
        ('<a href="http://bakery.example/">Order</a>', "links.http", "warning"),
        ('<a href="https://evil.example/">https://bakery.example/</a>', "links.other-host", "warning"),
        (
            '<a href="https://a.example/">Loaf</a> <a href="https://b.example/">Loaf</a>',
            "links.same-words",
            "notice",
        ),
        ('<a href="https://a.example/">Our loaf</a> ' * 4, "links.duplicate", "notice"),
        ('<img src="loaf.png" alt="Loaf" width="50">', "links.picture-relative", "error"),
        ('<img src="" alt="Loaf" width="50">', "links.picture-empty", "error"),
        ('<img src="https://b.example/a.png" width="50">', "accessibility.alt", "warning"),
        (
            '<a href="https://b.example/"><img src="https://b.example/a.png" alt="" width="50"></a>',
            "accessibility.alt",
            "error",
        ),
        (
            '<img src="https://b.example/a.png" alt="IMG_1.png" width="50">',
            "accessibility.alt-is-file-name",
            "warning",
        ),
        ('<a href="https://b.example/">click here</a>', "accessibility.link-words", "notice"),
        ('<a href="https://b.example/"></a>', "accessibility.empty-link", "warning"),
        ("<h1>A</h1><h3>B</h3>", "accessibility.heading-order", "notice"),
        ("<h1></h1>", "accessibility.empty-heading", "warning"),
        ('<p style="color:#aaa">Faint</p>', "accessibility.contrast", "warning"),
        ('<td style="background:#222"><p>Faint</p></td>', "accessibility.contrast", "warning"),
        ('<p style="font-size:9px">Small</p>', "accessibility.size", "warning"),
        (
            '<a href="https://b.example/" style="display:block;padding:2px;font-size:14px">Order</a>',
            "accessibility.target",
            "notice",
        ),
        ("<table><tr><td>x</td></tr></table>", "accessibility.table-role", "notice"),
        ("<p>Hello *|FNAME|*</p>", "tags.unresolved", "error"),
        ("<p>Hello {{ name }}</p>", "tags.unresolved", "error"),
        ('<a href="%%unsubscribe_url%%">Leave</a>', "tags.unresolved", "error"),
        ("<p>Dear [First Name],</p>", "tags.unresolved", "error"),
        ("<p>Dear friend, act now: risk-free!</p>", "spam.phrases", "warning"),
        ('<p style="color:#fff">words that nobody sees</p>', "spam.hidden-words", "warning"),
        ('<a href="https://bit.ly/3x">Order</a>', "spam.shortener", "warning"),
        ('<a href="https://93.184.216.34/">Order</a>', "spam.numeric-host", "warning"),
        ('<div style="display:flex">x</div>', "clients.css-display-flex", "warning"),
        ('<video src="https://b.example/v.mp4"></video>', "clients.html-video", "warning"),
        ('<img src="https://b.example/a.svg" alt="Loaf" width="50">', "clients.image-svg", "warning"),
        ('<p style="color:var(--ink)">x</p>', "clients.css-variables", "warning"),
        ('<p style="border-radius:4px">x</p>', "clients.plainer", "notice"),
        (f'<p data-x="{"x" * 105_000}">x</p>', "inbox.clipped", "warning"),
    ],
)
def test_what_is_wrong_is_found(body, check, severity):
    found = {finding.check: finding for finding in look(mail(body))}

    assert check in found
    assert found[check].severity == severity
    assert found[check].why
    assert found[check].message


@pytest.mark.parametrize(
    ("parts", "check"),
    [
        ({"subject": ""}, "inbox.subject-missing"),
        ({"subject": "FRESH BREAD ON SUNDAY"}, "inbox.subject-capitals"),
        ({"subject": "RE: your order"}, "inbox.subject-reply"),
        ({"subject": "a" * 90}, "inbox.subject-long"),
        ({"subject": "Fresh bread!!!"}, "spam.exclamation"),
        ({"subject": "Hello %%name%%"}, "tags.unresolved"),
        ({"preheader": ""}, "inbox.preheader-missing"),
        ({"preheader": "Fresh bread on Sunday"}, "inbox.preheader-same"),
        ({"text": ""}, "accessibility.text-empty"),
        ({"text": "Look at this mail in a browser."}, "accessibility.text-differs"),
    ],
)
def test_every_part_is_looked_at(parts, check):
    assert check in checks(mail(**parts))


def test_tags_of_other_products_are_found_in_markdown_before_it_breaks_them_up():
    broken = Mail("Bread", "", "<p>Hello <em>|FNAME|</em></p>", "Hello", markdown="Hello *|FNAME|*")

    assert "tags.unresolved" in checks(broken)


def test_a_dark_screen_is_looked_at_where_the_mail_has_colours_for_it():
    head = "<style>@media (prefers-color-scheme: dark) { p { background: #111 !important } }</style>"

    found = [
        one for one in look(mail('<p style="color:#333">Ink</p>', head=head)) if one.check.endswith("dark")
    ]

    assert "dark screen" in found[0].message


def test_rules_for_narrow_screens_are_no_use_of_what_they_declare():
    head = "<style>@media (max-width: 600px) { p { display: flex } }</style>"

    assert "clients.css-display-flex" not in checks(mail(head=head))


def test_the_product_s_own_links_and_what_is_hidden_are_left_alone():
    body = '<div style="display:none"><a href="#">x</a><p style="color:#eee">faint</p></div>'

    found = checks(
        Mail("Fresh bread", "Rye and walnut from six on Sunday", f"<p>{WORDS}</p>{body}", WORDS, OWN)
    )

    assert "accessibility.contrast" not in found


def test_a_finding_names_the_block_that_it_is_in():
    found = look(mail('<div data-block="blk_1"><p><a href="#">Order</a></p></div>'))

    assert found[0].where.block == "blk_1"
    assert found[0].where.quote == "Order"


def test_the_audience_s_own_clients_weigh_what_breaks():
    flexible = mail('<div style="display:flex">x</div>')

    by_mix = {
        severity: {one.severity for one in look(flexible, mix=mix) if one.check == "clients.css-display-flex"}
        for severity, mix in (("all", {"outlook-windows": 1.0}), ("none", {"apple-mail": 1.0}))
    }

    assert by_mix == {"all": {Severity.WARNING}, "none": set()}


def test_pixels_tell_which_clients_an_audience_has():
    opens = [
        ("Mozilla/5.0", 150),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", 100),
        ("curl/8", 1000),
    ]

    assert mix_of(opens) == {"apple-mail": 0.6, "gmail": 0.4}
    assert mix_of(opens[:1]) is None
    assert (
        family_of("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Microsoft Outlook 16.0)")
        == "outlook-windows"
    )


def test_the_tables_fit_each_other():
    assert set(USUAL_MIX) == set(FAMILIES)
    assert sum(USUAL_MIX.values()) == pytest.approx(1)
    # What every family can show is no feature to look for.
    assert all(
        without(slug) for slug in FEATURES if slug not in {"css-max-width", "css-letter-spacing", "image-bmp"}
    )


def test_the_colour_that_is_proposed_can_be_read():
    for color, background in (("#aaaaaa", "#ffffff"), ("#3869d4", "#222222"), ("#ff0000", "#ff0000")):
        on = read_color(background)
        assert contrast(readable(read_color(color), on), on) >= 4.5


@pytest.mark.skipif(not CORPUS, reason="MAILER_HTML_CORPUS names no folder of HTML mails")
def test_designs_of_others_are_looked_at_without_false_errors():
    paths = sorted(Path(CORPUS).rglob("*.html"))
    assert paths
    # Links to "#", pictures as links without words, braces that are meant to be read: all as it says.
    allowed = {"links.nowhere", "links.syntax", "accessibility.alt", "tags.unresolved"}
    for path in paths:
        # What stands for values in their languages becomes a value.
        html = re.sub(
            r'(href|src)="\{\{[^"]*"', r'\1="https://bakery.example/"', path.read_text(errors="replace")
        )
        html = re.sub(r"\{\{[^}]*\}\}|\{%.*?%\}|<%.*?%>|\[[\w ]+\]", "value", html)
        try:
            frozen = freeze(Design("Fresh bread", "Rye and walnut, from six in the morning", html, "html"))
        except Invalid:
            continue
        values = {
            "unsubscribe_url": "#unsubscribe",
            "preferences_url": "#unsubscribe",
            "view_url": "#unsubscribe",
        }
        rendered = Renderer(frozen).render(values)
        errors = [
            finding.check
            for finding in look(Mail("Fresh bread", "Rye", rendered.html, rendered.text, OWN))
            if finding.severity is Severity.ERROR
        ]
        assert set(errors) <= allowed, path
