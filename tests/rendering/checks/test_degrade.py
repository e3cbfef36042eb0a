import pytest

from mailer.rendering.checks.degrade import PREVIEWS, degrade

MAIL = """<!DOCTYPE html><html><head><style>
.box { border-radius: 4px; color: #123456 }
@media (max-width: 600px) { .box { padding: 0 } }
@media (prefers-color-scheme: dark) { .box { color: #eeeeee } }
</style></head><body>
<!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><ol><li>numbered</ol><![endif]-->
<!--[if mso]><table width="600"><tr><td><v:rect>for Outlook</v:rect><![endif]-->
<!--[if !mso]><!--><p>for the others</p><!--<![endif]-->
<div class="box" style="display:flex; color:#123456; box-shadow:0 1px 2px #000">Bread</div>
<img src="https://b.example/a.svg" alt="Loaf"><video src="v.mp4">Watch it on the web</video> and more
</body></html>"""


@pytest.mark.parametrize(
    ("preview", "gone", "kept"),
    [
        (
            "outlook-windows",
            [
                "display: flex",
                "border-radius",
                "box-shadow",
                "@media",
                "for the others",
                "<video",
                "96",
                "<v:",
            ],
            ["for Outlook", "<ol>", "color: #123456", "Watch it on the web", "and more", "a.svg"],
        ),
        (
            "gmail",
            ["a.svg", "prefers-color-scheme", "<video"],
            ["max-width: 600px", "for the others", "border-radius"],
        ),
        ("gmail-other", ["@media", ".box {", "border-radius"], ["display: flex", "color: #123456"]),
        (
            "apple-mail-dark",
            ["prefers-color-scheme"],
            ["#eeeeee", "display:flex", "<video", "color-scheme:dark"],
        ),
    ],
)
def test_what_a_family_cannot_show_is_gone_and_the_rest_is_kept(preview, gone, kept):
    shown = degrade(MAIL, preview)

    assert [one for one in gone if one in shown] == []
    assert [one for one in kept if one not in shown] == []


@pytest.mark.parametrize("preview", PREVIEWS)
@pytest.mark.parametrize(
    "html", ["", "<p>", "plain", "<style>@media {</style>", "<style>}{;</style><p style=';;'>x"]
)
def test_whatever_was_written_can_be_degraded(preview, html):
    assert isinstance(degrade(html, preview), str)
