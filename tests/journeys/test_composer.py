"""The visual composer in a browser: three sections of a newsletter, by mouse and by keyboard alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mailer.proof.product import Product
from tests.journeys.steps import (
    drag,
    expect_saved,
    frame,
    mail_on,
    part_to_add,
    press_until_selected,
    walk_to,
    write_subject,
)

Look = Callable[[Page, str], None]

EMAIL, PASSWORD = "ana@example.com", "fresh bread on sundays"


@pytest.fixture
def writer(page: Page, product: Product) -> Page:
    """Ana, signed in to a workspace; it is made for the first test and stays."""
    if not getattr(product, "has_owner", False):
        product.mailer("owner", "create", "--email", EMAIL, "--password", PASSWORD, "--workspace", "Bakery")
        product.has_owner = True  # type: ignore[attr-defined]
    page.goto("/login")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/w/"))
    return page


def test_three_sections_by_mouse(writer: Page, look: Look, tmp_path: Path):
    page, mail = writer, mail_on(writer)
    begin(page, "By mouse")

    # A picture, from this computer, above everything.
    drag(page, part_to_add(page, "Image"), onto=frame(page, "Heading"), above=True)
    expect(frame(page, "Image")).to_have_attribute("aria-pressed", "true")
    field = page.get_by_role("tabpanel", name="Part")
    field.get_by_role("button", name="Choose").click()
    chooser = page.get_by_role("dialog", name="Choose a picture")
    picture = tmp_path / "loaf.png"
    Image.new("RGB", (600, 300), "peru").save(picture)
    chooser.get_by_label("Or upload one").set_input_files(picture)
    expect(chooser).to_be_hidden()
    field.get_by_label("Alternative text").fill("A loaf of rye")
    expect(mail.get_by_role("img", name="A loaf of rye")).to_be_visible()

    # The headline, written where it stands.
    frame(page, "Heading").dblclick()
    writing = page.get_by_role("textbox", name="Words of the heading")
    writing.fill("Rye week")
    page.keyboard.press("Enter")
    expect(mail.get_by_role("heading", name="Rye week")).to_be_visible()

    # The button: its words in place, its address beside.
    frame(page, "Button").click()
    field.get_by_label("Leads to").fill("https://bakery.example/rye")
    expect(mail.get_by_role("link", name="Read more")).to_have_attribute("href", "https://bakery.example/rye")

    # Two columns; a text in each, one for some readers only.
    part_to_add(page, "Two columns").click()
    drag(page, part_to_add(page, "Text"), onto=frame(page, "Row, row 3 of 4"), beside=120)
    text = frame(page, "Text").last
    expect(text).to_have_attribute("aria-label", re.compile("column 1"))
    page.get_by_text("Who sees it, and the room around").click()
    field.get_by_label("Shown to").select_option("some")
    field.get_by_label("What is looked at").select_option("subscriber.name")
    expect(text).to_have_attribute("aria-label", re.compile("shown to some only"))

    # What was done can be undone, and done again.
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(text).not_to_have_attribute("aria-label", re.compile("shown to some only"))
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(text).to_have_attribute("aria-label", re.compile("shown to some only"))

    # What is deleted comes back by the word that says so.
    frame(page, "Button").first.click()
    page.keyboard.press("Delete")
    expect(frame(page, "Button")).to_have_count(0)
    look(page, "composer-deleted")
    page.locator(".flash").get_by_role("button", name="Undo").click()
    expect(frame(page, "Button")).to_have_count(1)

    expect_saved(page)
    look(page, "composer")
    page.get_by_role("button", name="Mobile").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("[data-canvas]")).to_have_attribute("data-device", "mobile")
    page.reload()
    expect(mail.get_by_role("heading", name="Rye week")).to_be_visible()
    expect(mail.get_by_role("img", name="A loaf of rye")).to_be_visible()


def test_three_sections_by_keyboard_alone(writer: Page, look: Look):
    page, mail = writer, mail_on(writer)
    page.context.route("https://bakery.example/**", lambda route: route.fulfill(content_type="image/gif"))
    begin(page, "By keyboard")
    say = page.locator("[data-announcements]")

    # Down to the headline, and a picture above it.
    walk_to(page, frame(page, "Logo"))
    press_until_selected(page, "ArrowDown", frame(page, "Heading"))
    page.keyboard.press("Enter")
    writing = page.get_by_role("textbox", name="Words of the heading")
    expect(writing).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Rye week")
    page.keyboard.press("Escape")
    expect(mail.get_by_role("heading", name="Rye week")).to_be_visible()
    expect(frame(page, "Heading")).to_be_focused()

    walk_to(page, part_to_add(page, "Image"), backwards=True)
    page.keyboard.press("Enter")
    expect(frame(page, "Image")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(say).to_have_text(re.compile("^Image moved: row 2, 1 of"))
    expect(frame(page, "Image")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("https://bakery.example/loaf.png")
    walk_to(page, page.get_by_label("Alternative text"))
    page.keyboard.type("A loaf of rye")
    expect(mail.locator("img[alt='A loaf of rye']")).to_have_count(1)

    # The button's address.
    walk_to(page, frame(page, "Image"), backwards=True)
    press_until_selected(page, "ArrowDown", frame(page, "Button"))
    walk_to(page, page.get_by_label("Leads to"))
    page.keyboard.type("https://bakery.example/rye")
    expect(mail.get_by_role("link", name="Read more")).to_have_attribute("href", "https://bakery.example/rye")

    # Two columns; a text for some, moved to the right one.
    walk_to(page, part_to_add(page, "Two columns"), backwards=True)
    page.keyboard.press("Enter")
    walk_to(page, part_to_add(page, "Text"), backwards=True)
    page.keyboard.press("Enter")
    text = frame(page, "Text").last
    expect(text).to_be_focused()
    expect(text).to_have_attribute("aria-label", re.compile("column 1"))
    page.keyboard.press("Alt+ArrowRight")
    expect(text).to_have_attribute("aria-label", re.compile("column 2"))
    walk_to(page, page.locator(".inspector-more > summary"))
    page.keyboard.press("Enter")
    walk_to(page, page.get_by_label("Shown to"))
    page.keyboard.press("ArrowDown")
    expect(text).to_have_attribute("aria-label", re.compile("shown to some only"))

    # A copy too many goes again, and comes back.
    walk_to(page, text, backwards=True)
    page.keyboard.press("ControlOrMeta+d")
    expect(say).to_have_text(re.compile("^Text duplicated"))
    page.keyboard.press("Delete")
    expect(say).to_have_text(re.compile("^Text deleted"))
    page.keyboard.press("ControlOrMeta+z")
    expect(say).to_have_text("Undone: Text deleted.")

    expect_saved(page)
    look(page, "composer-by-keyboard")


def test_two_windows_lose_no_words(writer: Page):
    page = writer
    begin(page, "Two windows")
    other = page.context.new_page()
    other.goto(page.url)
    write_subject(page, "Mine")
    expect_saved(page)

    write_subject(other, "Theirs")
    asked = other.get_by_role("dialog", name="Somebody else changed this too")
    expect(asked).to_be_visible()
    asked.get_by_role("button", name="Take theirs").click()
    expect(other.get_by_label("Subject", exact=True)).to_have_value("Mine")
    other.get_by_role("button", name="Bring them back").click()
    expect(other.get_by_label("Subject", exact=True)).to_have_value("Theirs")

    expect_saved(other)
    other.close()


def test_a_block_goes_from_one_campaign_to_another(writer: Page):
    page = writer
    begin(page, "Giving")
    frame(page, "Button").click()
    page.get_by_role("button", name="Save for other campaigns").click()
    asked = page.get_by_role("dialog", name="Save for other campaigns")
    asked.get_by_label("Name").fill("Order button")
    asked.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("button", name="Order button", exact=True)).to_be_visible()
    frame(page, "Heading").click()
    page.keyboard.press("ControlOrMeta+c")

    begin(page, "Taking")
    before = frame(page, "Heading").count()
    frame(page, "Text").first.click()
    page.keyboard.press("ControlOrMeta+v")
    expect(frame(page, "Heading")).to_have_count(before + 1)
    buttons = frame(page, "Button").count()
    page.get_by_role("button", name="Order button", exact=True).click()
    expect(frame(page, "Button")).to_have_count(buttons + 1)


def begin(page: Page, name: str) -> None:
    """Begin a campaign of blocks on an empty page."""
    page.goto("/w/bakery/campaigns/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("radio", name="An empty page").check(force=True)
    page.get_by_role("button", name="Start writing").click()
    expect(frame(page, "Button").first).to_be_visible()
