"""The first hour with Mailer, as a newcomer lives it: from the first link to the first report."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.product import Product, wait_until

Look = Callable[[Page, str], None]

PASSWORD = "fresh bread on sundays"
IMPORTED = 499


def test_from_the_first_link_to_the_first_report(
    page: Page, browser: Browser, product: Product, look: Look, tmp_path: Path
):
    begin(page, product, look)
    sign_up_address = make_a_list(page, look)
    sign_up(browser, product, look, sign_up_address, "cleo@example.com")
    confirm_by_mail(page, browser, product, look, "cleo@example.com")
    import_people(page, look, tmp_path)


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
    go_to(page, "Inbox")
    look(page, "inbox-empty")


def make_a_list(page: Page, look: Look) -> str:
    """Make a public list; return the address of its sign-up page."""
    go_to(page, "Lists")
    look(page, "lists-empty")
    page.get_by_role("link", name="New list").first.click()
    look(page, "list-new")
    page.get_by_label("Name").fill("Weekly bread")
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_role("heading", name="Weekly bread")).to_be_visible()
    look(page, "list")
    return page.get_by_role("link", name="Open").get_attribute("href") or ""


def sign_up(browser: Browser, product: Product, look: Look, address: str, email: str) -> None:
    """Ask for the newsletter, as a stranger without JavaScript."""
    stranger = browser.new_context(java_script_enabled=False, base_url=product.base_url).new_page()
    stranger.goto(address)
    stranger.get_by_label("Email").fill(email)
    # Whoever is faster than this is a robot, and is asked to look once more.
    stranger.wait_for_timeout(3000)
    stranger.get_by_role("button", name="Subscribe").click()
    expect(stranger.get_by_role("heading", name="Check your inbox")).to_be_visible()
    stranger.context.close()


def confirm_by_mail(page: Page, browser: Browser, product: Product, look: Look, email: str) -> None:
    """Follow the link in the confirmation mail, read on the inbox page."""
    open_mail(page, product, to=email)
    look(page, "inbox-mail")
    mail = page.frame_locator(".mail-frame")
    with page.context.expect_page() as opened:
        mail.get_by_role("link", name=re.compile("confirm|subscribe", re.I)).first.click()
    confirming = opened.value
    look(confirming, "confirm")
    confirming.get_by_role("button").click()
    expect(confirming.get_by_role("heading", name="You are subscribed")).to_be_visible()
    look(confirming, "confirmed")
    confirming.close()


def import_people(page: Page, look: Look, folder: Path) -> None:
    """Import a small CSV, and see it finish."""
    file = folder / "people.csv"
    rows = (f"reader{n}@example.com,Reader {n},Town {n % 7}" for n in range(IMPORTED))
    file.write_text("\n".join(("email,name,city", *rows)))
    go_to(page, "Subscribers")
    look(page, "subscribers")
    page.get_by_role("link", name="Imports").first.click()
    page.get_by_role("link", name="Import a CSV").first.click()
    look(page, "import-new")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="What is in the file?")).to_be_visible()
    look(page, "import-mapping")
    page.get_by_label("Weekly bread").check()
    page.get_by_label(re.compile("consent", re.I)).fill("Signed up at the counter in March.")
    page.get_by_role("button", name="Import 499 rows").click()
    expect(page.get_by_text("Imported 499 rows")).to_be_visible(timeout=60_000)
    look(page, "import-done")


def go_to(page: Page, place: str) -> None:
    """Go to a place of the sidebar."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()


def open_mail(page: Page, product: Product, *, to: str, subject: str = "") -> None:
    """Find a mail on the inbox page, and open it."""
    wait_until(lambda: product.caught()[to] > 0, 30, lambda: product.log)
    go_to(page, "Inbox")
    page.get_by_role("searchbox").fill(to)
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("row").filter(has_text=to).filter(has_text=subject).first.get_by_role("link").click()
    expect(page.locator(".mail-frame")).to_be_visible()
