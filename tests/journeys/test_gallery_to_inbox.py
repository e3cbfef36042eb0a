"""A Tuesday morning: from a design of the gallery to the inboxes, with preflight in between."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from mailer.catcher.store import Store
from mailer.proof.product import Product, wait_until
from tests.journeys.steps import (
    expect_saved,
    frame,
    mail_on,
    press_until_selected,
    walk_to,
    write_subject,
)

Look = Callable[[Page, str], None]

EMAIL, PASSWORD = "ana@example.com", "fresh bread on sundays"
READERS = {
    "rome@example.com": {"locale": "en", "fields": {"city": "Rome"}},
    "oslo@example.com": {"locale": "en", "fields": {"city": "Oslo"}},
    "wien@example.com": {"locale": "de-AT", "fields": {"city": "Wien"}},
}


@pytest.fixture
def writer(page: Page, product: Product) -> Page:
    """Ana, signed in to a workspace whose list has three readers; it is made for the first test and stays."""
    if not getattr(product, "has_readers", False):
        product.mailer("owner", "create", "--email", EMAIL, "--password", PASSWORD, "--workspace", "Bakery")
        key = product.mailer("key", "create", "--workspace", "Bakery", "--name", "Readers")
        bread = product.api(key, "POST", "/lists", {"name": "Weekly bread", "opt_in": "single"})
        for email, about in READERS.items():
            reader = {"email": email, "name": "Rita", "lists": [bread["id"]], "status": "active", **about}
            product.api(key, "POST", "/subscribers", reader)
        product.has_readers = True  # type: ignore[attr-defined]
    page.goto("/login")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/w/"))
    return page


def test_a_newsletter_by_mouse(writer: Page, product: Product, look: Look, tmp_path: Path):
    page, mail = writer, mail_on(writer)
    page.context.route("https://bakery.example/**", lambda route: route.fulfill(body="Rye."))
    begin(page, "Rye week")
    say_who(page, subject="Rye week, *|FNAME|*")

    # A section with a picture and a headline that asks for a field nobody has …
    frame(page, "Image").first.click()
    part = page.get_by_role("tabpanel", name="Part")
    part.get_by_role("button", name="Choose").click()
    chooser = page.get_by_role("dialog", name="Choose a picture")
    picture = tmp_path / "loaf.png"
    Image.new("RGB", (600, 300), "peru").save(picture)
    chooser.get_by_label("Or upload one").set_input_files(picture)
    expect(chooser).to_be_hidden()
    part.get_by_label("Alternative text").fill("A loaf of rye")
    frame(page, "Heading").first.click()
    part.get_by_label("Words").fill("Rye for {{ subscriber.fields.citty | default('you') }}")

    # … one whose button leads nowhere a mail may, and one for readers in Rome alone.
    frame(page, "Button").first.click()
    part.get_by_label("Leads to").fill("htps://bakery.example/rye")
    expect(part.get_by_role("alert")).to_contain_text("begins with https:")
    expect_saved(page)
    for_rome = frame(page, "Quote").first
    for_rome.click()
    part.get_by_text("Who sees it, and the room around").click()
    part.get_by_label("Shown to").select_option("some")
    part.get_by_label("What is looked at").select_option("subscriber.fields.city")
    part.get_by_label("How it is compared").select_option("==")
    part.get_by_label("Compared with").fill("Rome")
    expect(for_rome).to_have_attribute("aria-label", re.compile("shown to some only"))
    expect_saved(page)

    # Preflight names what was planted; each is mended where one is, without leaving the page.
    page.get_by_role("tab", name="Checks").click()
    to_mend = page.get_by_role("tabpanel", name="Checks")
    expect(finding(page, "begins with https:")).to_be_visible()
    expect(finding(page, "did you mean “city”?")).to_be_visible()
    expect(finding(page, "*|FNAME|*")).to_be_visible()
    look(page, "preflight-errors")
    finding(page, "did you mean “city”?").get_by_role("button", name="Write city").click()
    expect(page.get_by_text("Mended.")).to_be_visible()
    expect(finding(page, "did you mean “city”?")).to_have_count(0)
    expect(mail.get_by_role("heading", name="Rye for you")).to_be_visible()
    finding(page, "*|FNAME|*").get_by_role("button", name="Use the reader’s name").click()
    expect(page.get_by_label("Subject", exact=True)).to_have_value(
        re.compile(r"^Rye week, \{\{ subscriber.name")
    )
    finding(page, "begins with https:").get_by_role("button", name="Show").click()
    part.get_by_label("Leads to").fill("https://bakery.example/rye")
    expect_saved(page)
    page.get_by_role("tab", name="Checks").click()
    expect(to_mend.get_by_text("to mend")).to_have_count(0)
    look(page, "preflight-mended")

    # In German too, with words of its own.
    page.get_by_role("button", name="Write it in another language too").click()
    asked = page.get_by_role("dialog", name="Write it in another language")
    asked.get_by_label("Language", exact=True).fill("de")
    asked.get_by_role("button", name="Add the language").click()
    expect(page.get_by_role("link", name="German")).to_have_attribute("aria-current", "page")
    open_details(page)
    write_subject(page, "Roggenwoche")
    frame(page, "Button").first.click()
    part.get_by_label("Label").fill("Zum Rezept")
    expect(mail.get_by_role("link", name="Zum Rezept")).to_be_visible()
    expect_saved(page)
    look(page, "composer-german")

    send_a_test(page, product)
    send(page)

    rome, oslo, wien = (mail_to(product, email) for email in READERS)
    assert [each["Subject"] for each in (rome, oslo, wien)] == [
        "Rye week, Rita",
        "Rye week, Rita",
        "Roggenwoche",
    ]
    assert "Rye for Rome" in html_of(rome)
    assert "Something that a customer said" in html_of(rome)
    assert "Something that a customer said" not in html_of(oslo)
    assert "Zum Rezept" in html_of(wien)
    assert "Zum Rezept" not in html_of(rome)
    assert all("A loaf of rye" in html_of(each) for each in (rome, oslo, wien))


def test_a_letter_by_keyboard_alone(writer: Page, product: Product):
    page = writer
    page.context.route("https://bakery.example/**", lambda route: route.fulfill(body="Rye."))
    page.goto("/w/bakery/campaigns/new")
    walk_to(page, page.get_by_label("Name", exact=True), is_there=True)
    page.keyboard.type("By keyboard")
    walk_to(page, page.get_by_role("button", name="Start writing"))
    page.keyboard.press("Enter")
    expect(frame(page, "Button").first).to_be_visible()

    for label, words in (("From", "Ana"), ("Address", "ana@bakery.example")):
        walk_to(page, page.get_by_label(label, exact=True))
        page.keyboard.type(words)
    walk_to(page, page.get_by_label("Weekly bread"))
    page.keyboard.press("Space")
    walk_to(page, page.get_by_label("Subject", exact=True))
    page.keyboard.type("By keyboard alone")
    walk_to(page, frame(page, "Logo").first)
    press_until_selected(page, "ArrowDown", frame(page, "Button"))
    walk_to(page, page.get_by_label("Leads to"))
    page.keyboard.type("htps://bakery.example/rye")
    expect_saved(page)

    # Preflight, read and followed to the place.
    walk_to(page, page.get_by_role("tab", name="Part"), backwards=True)
    press_until(page, "ArrowRight", page.get_by_role("tab", name="Checks"))
    wrong = finding(page, "begins with https:")
    expect(wrong).to_be_visible()
    walk_to(page, wrong.get_by_role("button", name="Show"))
    page.keyboard.press("Enter")
    walk_to(page, page.get_by_label("Leads to"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("https://bakery.example/rye")
    expect_saved(page)

    walk_to(page, page.get_by_role("link", name="Review and send"), backwards=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Review and send")).to_be_visible()
    walk_to(page, page.get_by_role("button", name="Send now"))
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog")
    expect(asked).to_be_visible()
    walk_to(page, asked.get_by_role("button", name="Send now"), is_there=True)
    page.keyboard.press("Enter")

    expect(page.locator(".page-header").get_by_text("Finished")).to_be_visible(timeout=90_000)
    assert mail_to(product, "oslo@example.com", subject="By keyboard alone")


def begin(page: Page, name: str) -> None:
    """Begin a campaign from the gallery's newsletter."""
    page.goto("/w/bakery/campaigns/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("radio", name="Newsletter").check(force=True)
    page.get_by_role("button", name="Start writing").click()
    expect(frame(page, "Button").first).to_be_visible()


def say_who(page: Page, *, subject: str) -> None:
    """Say whom it is from, who gets it, and its subject."""
    page.get_by_label("From", exact=True).fill("Ana")
    page.get_by_label("Address", exact=True).fill("ana@bakery.example")
    page.get_by_label("Weekly bread").check()
    write_subject(page, subject)


def open_details(page: Page) -> None:
    """Unfold sender, lists and subject."""
    if not page.get_by_label("Subject", exact=True).is_visible():
        page.get_by_text("Sender, lists, subject").click()


def finding(page: Page, words: str) -> Locator:
    """Return what preflight found, by some of its words."""
    return page.locator(".finding").filter(has_text=words)


def press_until(page: Page, key: str, goal: Locator) -> None:
    """Press a key until something is selected."""
    for _ in range(5):
        page.keyboard.press(key)
        if goal.get_attribute("aria-selected") == "true":
            return
    raise AssertionError(f"{key} does not lead to {goal}.")


def send_a_test(page: Page, product: Product) -> None:
    """Send the test mail to oneself."""
    page.get_by_role("button", name="Send a test").click()
    dialog = page.get_by_role("dialog", name="Send a test")
    dialog.get_by_role("textbox").fill("me@bakery.example")
    dialog.get_by_role("button", name="Send the test").click()
    expect(page.get_by_text("A test is on its way")).to_be_visible()
    assert mail_to(product, "me@bakery.example")["Subject"] == "[Test] Roggenwoche"


def send(page: Page) -> None:
    """Review the campaign, send it, and wait until everyone has it."""
    page.get_by_role("link", name="Review and send").click()
    expect(page.get_by_text("3 people", exact=True)).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    page.get_by_role("dialog").get_by_role("button", name="Send now").click()
    expect(page.locator(".page-header").get_by_text("Finished")).to_be_visible(timeout=90_000)


def mail_to(product: Product, email: str, *, subject: str = "") -> EmailMessage:
    """Return the newest mail to somebody, from the catcher, once it is there."""
    found: list[bytes] = []

    def has_come() -> bool:
        store = Store(product.data_dir)
        try:
            for mail in store.newest(search=subject or email, limit=50):
                kept = store.get(mail.id)
                if kept is not None and email in mail.envelope_to:
                    found.append(kept[1])
                    return True
            return False
        finally:
            store.close()

    wait_until(has_come, 60, lambda: product.log)
    return message_from_bytes(found[0], policy=policy.default)  # type: ignore[return-value]


def html_of(mail: EmailMessage) -> str:
    """Return the HTML part."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
