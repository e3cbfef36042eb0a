"""The demo world in a browser: one click to it, charts with something to show, one click away from it.

The README's pictures are made by ``pytest tests/journeys/test_demo_world.py --pictures docs/images``.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from mailer.proof.product import Product

Look = Callable[[Page, str], None]


def test_a_newcomer_looks_around_and_leaves(page: Page, product: Product, look: Look):
    page.goto(product.link)
    page.get_by_label("Name of the workspace").fill("Ana’s Bakery")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Your email address").fill("ana@bakery.example")
    page.get_by_label("Password").fill("fresh bread on sundays")
    page.get_by_role("button", name="Begin").click()
    expect(page).to_have_url(re.compile(r"/w/anas-bakery/"))

    page.get_by_role("button", name="Show me the demo world").click()
    expect(page.get_by_text("This is a demo world")).to_be_visible()
    look(page, "dashboard")
    page.get_by_role("link", name="Weekly bread: rye week").first.click()
    expect(page.get_by_role("heading", name="Weekly bread: rye week")).to_be_visible()
    look(page, "report")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Subscribers").click()
    look(page, "subscribers")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Lists").click()
    look(page, "lists")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Dashboard").click()
    page.get_by_role("button", name="Remove the demo world").click()
    expect(page).to_have_url(re.compile(r"/w/anas-bakery/"))
    expect(page.get_by_text("The demo world is gone")).to_be_visible()
