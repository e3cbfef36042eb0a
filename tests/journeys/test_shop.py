"""A purchase: from a link in a mail to a shop on another host, and back as revenue on the report."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from mailer.proof.product import Product
from tests.journeys.conftest import ELSEWHERE
from tests.journeys.test_newsletter import begin, go_to, open_mail

Look = Callable[[Page, str], None]
EMAIL = "cleo@example.com"


def test_what_was_bought_after_a_click_is_on_the_report(
    page: Page, product: Product, look: Look, other_site: tuple[Path, str]
):
    begin(page, product, lambda *_: None)
    folder, address = other_site
    shop = f"http://{ELSEWHERE}:{urlsplit(address).port}/"
    name_the_shop(page, folder, look)
    send(page, product, leads_to=shop)

    buy(page, product)

    go_to(page, "Campaigns")
    page.get_by_role("link", name="Sunday loaf").click()
    brought_in = page.locator(".card").filter(has=page.get_by_role("heading", name="What it brought in"))
    expect(brought_in).to_contain_text("1 person bought")
    of_link = brought_in.get_by_role("row").filter(has_text=shop)
    expect(of_link.get_by_role("cell")).to_have_text(["1", "1", "31.50 EUR"])
    look(page, "campaign-worth")


def name_the_shop(page: Page, folder: Path, look: Look) -> None:
    """Name the host of the shop, and put the scripts that the settings hand out into its two pages."""
    page.goto("/w/anas-bakery/settings/tracking")
    page.get_by_label("Hosts of your shops").fill(ELSEWHERE)
    page.get_by_role("button", name="Save").click()
    codes = page.locator("pre code")
    expect(codes).to_have_count(2)
    look(page, "tracking-settings")
    everywhere, thanks = codes.all_inner_texts()
    head = "<!doctype html><link rel='icon' href='data:,'><title>Shop</title>"
    (folder / "index.html").write_text(f"{head}<h1>Rye</h1><a href='thanks.html'>Buy</a>{everywhere}")
    (folder / "thanks.html").write_text(f"{head}<h1>Thank you</h1>{thanks}")


def send(page: Page, product: Product, *, leads_to: str) -> None:
    """Send one reader a campaign with a link to the shop."""
    key = product.mailer("key", "create", "--workspace", "Ana’s Bakery", "--name", "Writer")
    bread = product.api(key, "POST", "/lists", {"name": "Weekly bread", "opt_in": "single"})
    product.api(key, "POST", "/subscribers", {"email": EMAIL, "lists": [bread["id"]], "status": "active"})
    written = {
        "name": "Sunday loaf",
        "subject": "Fresh on Sunday",
        "from": "Ana <ana@bakery.example>",
        "lists": [bread["id"]],
        "body": f"Hello,\n\n[Order]({leads_to})",
    }
    campaign = product.api(key, "POST", "/campaigns", written)
    product.api(key, "POST", f"/campaigns/{campaign['id']}/send")


def buy(page: Page, product: Product) -> None:
    """Follow the link, buy, and load the page of thanks again: the order is told twice."""
    open_mail(page, product, to=EMAIL)
    with page.context.expect_page() as opened:
        page.frame_locator(".mail-frame").get_by_role("link", name="Order").click()
    shop = opened.value
    expect(shop.get_by_role("heading", name="Rye")).to_be_visible()
    with shop.expect_response("**/orders") as told:
        shop.get_by_role("link", name="Buy").click()
    assert told.value.status == 204
    with shop.expect_response("**/orders") as told_again:
        shop.reload()
    assert told_again.value.status == 204
    shop.close()
