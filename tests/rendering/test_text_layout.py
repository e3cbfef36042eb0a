"""What a reader without HTML reads."""

import time

import pytest

from mailer.rendering.plain_text import from_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Hi <b>you</b></h1>One<br>two \n  three", "Hi you\n\nOne\ntwo three"),
        ("<p>a <b> b </b> c</p><p></p><p>d</p>", "a b c\n\nd"),
        ("a<br><br><br>b", "a\n\nb"),
        (
            "<ul><li>a<ul><li>b</li></ul></li><li></li><li>c<br>d</li></ul>",
            "* a\n      + b\n  * c\n    d",
        ),
        ("<p>x</p><ol><li>y</li><li><p>z</p></li></ol>w", "x\n\n 1. y\n\n 2. z\n\nw"),
        ("<dl><dt>Word</dt><dd>What it means</dd></dl>", "Word\n    What it means"),
        ("<pre>a  b\n  c</pre><div style='white-space: pre-line'>d\ne</div>", "a  b\n  c\n\nd\ne"),
        (
            "<table><tr><th>Item</th><th>Price</th></tr><tbody><tr><td>Roll<br>(rye)</td><td>1</td></tr></table>",
            "Item   Price\nRoll   1\n(rye)",
        ),
        ("<table><tr><td>a</td><td>b <i>c</i></td></tr></table>", "a\nb c"),
        ("<div style='DISPLAY: none'>no</div><title>no</title><style>no</style><!-- no -->yes", "yes"),
        (
            '<a href="https://a.example/x">here</a> and <a href="#top">up</a>',
            "here <https://a.example/x> and up",
        ),
        ('<img src="x" alt="A loaf"> fresh', "A loaf fresh"),
    ],
)
def test_blocks_lists_and_tables_are_laid_out(html, text):
    assert from_html(html).strip() == text


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "<b>" * 5_000,
        "<ul><li>" * 2_000,
        "x" * 2_000_000 + "<i>y</i>" * 4_000,
        "<table><tr><th>" + "x" * 500_000 + "</th></tr>" + "<tr><td>y</td></tr>" * 3_000 + "</table>",
    ],
)
def test_nothing_takes_long(html):
    began = time.process_time()

    from_html(html)

    assert time.process_time() - began < 10
