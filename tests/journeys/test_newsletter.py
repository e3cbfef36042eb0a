"""The first hour with Mailer, as a newcomer lives it: from the first link to the first report."""

import re
import urllib.request
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from mailer.catcher.store import Store
from mailer.proof.product import Product, wait_until

Look = Callable[[Page, str], None]

PASSWORD = "fresh bread on sundays"
IMPORTED = 499
ORDER, STORY = "https://bakery.example/order", "https://bakery.example/story"
READERS = ("cleo@example.com", "reader7@example.com", "reader123@example.com")
LEAVER = "reader42@example.com"


def test_from_the_first_link_to_the_first_report(
    page: Page, browser: Browser, product: Product, look: Look, tmp_path: Path
):
    page.context.route("https://bakery.example/**", lambda route: route.fulfill(body="Thank you."))
    begin(page, product, look)
    sign_up_address = make_a_list(page, look)
    sign_up(browser, product, look, sign_up_address, "cleo@example.com")
    confirm_by_mail(page, browser, product, look, "cleo@example.com")
    import_people(page, look, tmp_path)
    compose(page, look)
    send_a_test(page, product)
    send(page, look)
    open_and_click(page, product, look)
    read_the_report(page, look)
    leave_with_one_click(page, product)
    send_again(page, look)


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
    page.get_by_role("link", name="Import a file").first.click()
    look(page, "import-new")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="What is in the file?")).to_be_visible()
    look(page, "import-mapping")
    page.get_by_label("Weekly bread").check()
    page.get_by_label("Why may you mail these people?").fill("Signed up at the counter in March.")
    page.get_by_role("button", name="Check 499 rows").click()
    page.get_by_role("button", name="Import 499 rows").click(timeout=60_000)
    expect(page.get_by_text("Imported 499 rows")).to_be_visible(timeout=60_000)
    look(page, "import-done")


def compose(page: Page, look: Look) -> None:
    """Write a newsletter over one of our designs; it saves itself."""
    go_to(page, "Campaigns")
    look(page, "campaigns-empty")
    page.get_by_role("link", name="Write the first one").click()
    look(page, "campaign-new")
    page.get_by_label("Name", exact=True).fill("Sunday loaf")
    page.get_by_role("radio", name="Markdown").check()
    page.get_by_role("button", name="Start writing").click()
    page.get_by_label("From", exact=True).fill("Ana")
    page.get_by_label("Address", exact=True).fill("ana@bakery.example")
    page.get_by_label("Weekly bread").check()
    page.get_by_label("Subject", exact=True).fill(
        "Fresh on Sunday, {{ subscriber.name | default('dear reader') }}"
    )
    page.get_by_label("Preheader", exact=True).fill("And a new rye")
    words = page.locator(".cm-content")
    words.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(
        "Hello {{ subscriber.name | default('there') }},\n\n"
        f"[Order now]({ORDER}) or [read on]({STORY}).\n\nAna"
    )
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"^Saved \d"), timeout=15_000)
    page.reload()
    expect(page.get_by_label("Preheader", exact=True)).to_have_value("And a new rye")
    expect(page.locator(".cm-content")).to_contain_text("Order now")
    look(page, "campaign-edit")


def send_a_test(page: Page, product: Product) -> None:
    """Send the test mail to oneself, and read it."""
    page.get_by_role("button", name="Send a test").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("ana@bakery.example")
    dialog.get_by_role("button", name="Send the test").click()
    open_mail(page, product, to="ana@bakery.example", subject="[Test]")
    expect(page.frame_locator(".mail-frame").get_by_role("link", name="Order now")).to_be_visible()


def send(page: Page, look: Look) -> None:
    """Review the campaign, send it, and wait until everyone has it."""
    go_to(page, "Campaigns")
    look(page, "campaigns")
    page.get_by_role("link", name="Sunday loaf").click()
    page.get_by_role("link", name="Review and send").click()
    expect(page.get_by_text("500 people", exact=True)).to_be_visible()
    look(page, "campaign-review")
    page.get_by_role("button", name="Send now").click()
    page.get_by_role("dialog").get_by_role("button", name="Send now").click()
    wait_for_the_end(page)


def open_and_click(page: Page, product: Product, look: Look) -> None:
    """Three people open the mail; one of them follows a link in it."""
    for email in READERS:
        open_mail(page, product, to=email, subject="Fresh on Sunday")
        page.wait_for_load_state("networkidle")
    look(page, "inbox-campaign")
    with page.context.expect_page() as opened:
        page.frame_locator(".mail-frame").get_by_role("link", name="Order now").click()
    expect(opened.value).to_have_url(ORDER)
    opened.value.close()


def read_the_report(page: Page, look: Look) -> None:
    """See exactly what happened, and nothing else."""
    wait_for_figures(
        page,
        "Sunday loaf",
        opened="3 of 500 people",
        clicked="1 of 500 people",
    )
    expect(page.get_by_text("of 500 in the audience")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=ORDER)
    expect(row).to_contain_text("1")
    expect(page.get_by_role("row").filter(has_text=STORY)).to_contain_text("0")
    look(page, "campaign-report")
    go_to(page, "Dashboard")
    look(page, "dashboard")


def leave_with_one_click(page: Page, product: Product) -> None:
    """Unsubscribe as a mail client does it: a bare POST to the address in the header (RFC 8058)."""
    source = mail_to(product, LEAVER)
    assert source["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.search(r"<(http[^>]+)>", source["List-Unsubscribe"])
    assert address is not None
    answer = urllib.request.urlopen(
        urllib.request.Request(address[1], data=b"List-Unsubscribe=One-Click", method="POST")
    )
    assert answer.status == 200
    assert answer.geturl() == address[1]


def send_again(page: Page, look: Look) -> None:
    """The next campaign skips who left, and says why."""
    go_to(page, "Campaigns")
    page.get_by_role("link", name="Sunday loaf").click()
    expect(page.get_by_text("Unsubscribed").first).to_be_visible()
    page.get_by_role("button", name="Duplicate").click()
    page.get_by_role("link", name="Review and send").click()
    page.get_by_role("button", name="Send now").click()
    page.get_by_role("dialog").get_by_role("button", name="Send now").click()
    wait_for_the_end(page)
    expect(page.get_by_text("of 500 in the audience")).to_be_visible()
    expect(page.get_by_text("had left the lists")).to_be_visible()
    look(page, "campaign-report-skipped")


def wait_for_the_end(page: Page) -> None:
    """Watch a campaign until it is finished; the page loads itself again when it is.

    Nothing here loads it as well: two loads at once are an error of the browser's.
    """
    expect(page.locator(".page-header").get_by_text("Finished")).to_be_visible(timeout=90_000)


def wait_for_figures(page: Page, campaign: str, *, opened: str, clicked: str) -> None:
    """Load a report until what was spooled is counted; it takes seconds."""
    go_to(page, "Campaigns")
    page.get_by_role("link", name=campaign).click()
    for _ in range(15):
        if page.get_by_text(opened).count() and page.get_by_text(clicked).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_text(opened)).to_be_visible()
    expect(page.get_by_text(clicked)).to_be_visible()


def mail_to(product: Product, email: str) -> Message:
    """Return the newest mail to somebody, from the catcher."""
    store = Store(product.data_dir)
    found = store.get(store.newest(search=email, limit=1)[0].id)
    store.close()
    assert found is not None
    return message_from_bytes(found[1])


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
