"""Where the frame of a page leads."""

import re
from pathlib import Path

from mailer.web.navigation import PLACES, TABS

TEMPLATES = Path(__file__).parents[2] / "templates"
NAMED = re.compile(r"""url_(?:for|if)\(["']([a-z_]\w*(?:\.\w+)+)["']""")


def test_every_place_and_tab_exists(app):
    assert {place.endpoint for place in PLACES} <= set(app.view_functions)
    assert {endpoint for _, endpoint, _ in TABS} <= set(app.view_functions)
    assert {name for place in PLACES for name in place.blueprints} <= set(app.blueprints)


def test_every_page_that_a_template_leads_to_exists(app):
    named = {
        (path.relative_to(TEMPLATES).as_posix(), endpoint)
        for path in TEMPLATES.rglob("*.html")
        for endpoint in NAMED.findall(path.read_text())
    }

    assert {(path, endpoint) for path, endpoint in named if endpoint not in app.view_functions} == set()


def test_a_viewer_is_not_led_where_a_role_is_missing(sign_in, vera):
    page = sign_in(vera).get("/w/bakery/members")

    assert "API keys" not in page.text
    assert "Inbox" not in page.text


def test_the_page_that_is_open_is_marked(sign_in, ana):
    page = sign_in(ana).get("/w/bakery/members").text

    assert re.search(r'aria-current="page">\s*<svg[^>]*>.*?</svg>Settings', page, re.DOTALL)
    assert re.search(r'aria-current="page">Members', page)


def test_the_chosen_theme_is_drawn_by_the_server(client, app):
    client.set_cookie("theme", "dark")

    assert 'data-bs-theme="dark"' in client.get("/login").text


def test_a_forged_theme_is_ignored(client, app):
    client.set_cookie("theme", 'x"><script>')

    assert "<script>" not in client.get("/login").text
