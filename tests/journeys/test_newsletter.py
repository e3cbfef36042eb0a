"""The first hour with Mailer, as a newcomer lives it: from the first link to the first report."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.product import Product

Look = Callable[[Page, str], None]

PASSWORD = "fresh bread on sundays"


def begin(page: Page, product: Product, look: Look) -> None:
    """Open the link that the start printed; found the workspace."""
    page.goto(product.link)
    look(page, "welcome")
    page.get_by_label("Name of the workspace").fill("Ana’s Bakery")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Your email address").fill("ana@bakery.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page).to_have_url(re.compile(r"/w/anas-bakery/"))
    look(page, "dashboard-empty")


def test_from_the_first_link_to_the_first_report(page: Page, product: Product, look: Look):
    begin(page, product, look)
    page.get_by_role("link", name="Inbox").click()
    look(page, "inbox-empty")
