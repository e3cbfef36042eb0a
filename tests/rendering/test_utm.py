"""Tags in links: what their author wrote stays to the letter."""

import pytest

from mailer.rendering.utm import tag_value, tagged

TAGS = {"utm_source": "news", "utm_campaign": "spring-sale"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://a.example", "https://a.example?utm_source=news&utm_campaign=spring-sale"),
        ("https://a.example/x?q=a%20b&q=%C3%A9#top", "https://a.example/x?q=a%20b&q=%C3%A9&{tags}#top"),
        ("https://a.example/?empty=&flag", "https://a.example/?empty=&flag&{tags}"),
        ("https://a.example/?utm_source=mine", "https://a.example/?utm_source=mine&utm_campaign=spring-sale"),
        ("https://a.example/?UTM_Source=x&utm_campaign=y", "https://a.example/?UTM_Source=x&utm_campaign=y"),
        ("https://a.example/#/route?x=1", "https://a.example/?{tags}#/route?x=1"),
        ("mailto:ana@a.example", "mailto:ana@a.example"),
    ],
)
def test_tags_come_behind_what_is_there(before, after):
    assert tagged(before, TAGS) == after.replace("{tags}", "utm_source=news&utm_campaign=spring-sale")


def test_names_as_tags():
    assert tag_value("Spring sale, 2026!") == "spring-sale-2026"
