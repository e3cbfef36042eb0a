"""A form from the designer to another site, through a stranger's hands, and out again."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

from mailer.proof.product import Product, wait_until
from tests.journeys.test_newsletter import begin, go_to, make_a_list, open_mail

Look = Callable[[Page, str], None]
EMAIL = "rosa@example.com"


def test_a_form_from_the_designer_to_the_door(
    page: Page,
    browser: Browser,
    product: Product,
    look: Look,
    other_site: tuple[Path, str],
    tmp_path: Path,
):
    begin(page, product, lambda *_: None)
    make_a_list(page, lambda *_: None)
    script, frame = design(page, look)
    sign_up_elsewhere(browser, *other_site, script, email=EMAIL)
    sign_up_elsewhere(browser, *other_site, frame, email="ida@example.com")
    preferences = confirm(page, product, look)
    see_the_proof(page, look)
    choose(browser, preferences, look)
    leave(browser, preferences, look)
    be_refused(page, tmp_path)
    stand_at_the_counter(page, browser, look)


def design(page: Page, look: Look) -> tuple[str, str]:
    """Design a form with a box to tick; return the two codes for another site, a script and a frame."""
    go_to(page, "Forms")
    look(page, "forms-empty")
    page.get_by_role("link", name="Design a form").click()
    page.get_by_label("Name", exact=True).first.fill("Shop window")
    page.get_by_label("Heading").first.fill("Bread by mail")
    page.get_by_label("Words of box 1").fill("I have read the privacy notice.")
    page.get_by_label("Deutsch").check()
    preview = page.frame_locator("iframe[name=form-preview]")
    expect(preview.get_by_role("heading", name="Bread by mail")).to_be_visible()
    expect(preview.get_by_label("I have read the privacy notice.")).not_to_be_checked()
    look(page, "form-designer")
    page.get_by_role("button", name="Open the form").click()
    expect(page.get_by_role("heading", name="Shop window")).to_be_visible()
    look(page, "form")
    codes = page.locator("pre code")
    return codes.filter(has_text="embed.js").inner_text(), codes.filter(has_text="<iframe").inner_text()


def sign_up_elsewhere(browser: Browser, folder: Path, address: str, code: str, *, email: str) -> None:
    """Put the code into another site's page, and sign up there as a stranger."""
    (folder / "index.html").write_text(f"<!doctype html><title>Shop</title><h1>Shop</h1>{code}")
    stranger = browser.new_page()
    stranger.goto(f"{address}?utm_source=fair")
    form = stranger.frame_locator("iframe")
    form.get_by_label("Email").fill(email)
    form.get_by_role("button", name="Subscribe").click()
    expect(form.get_by_text("Please tick this to go on.")).to_be_visible()
    form.get_by_label("I have read the privacy notice.").check()
    form.get_by_role("button", name="Subscribe").click()
    expect(form.get_by_role("heading", name="Check your inbox")).to_be_visible()
    stranger.close()


def confirm(page: Page, product: Product, look: Look) -> str:
    """Follow the link of the confirmation mail; return the address of the preference page."""
    open_mail(page, product, to=EMAIL)
    link = page.frame_locator(".mail-frame").get_by_role("link", name="Confirm my subscription")
    with page.context.expect_page() as opened:
        link.click()
    confirming = opened.value
    confirming.get_by_role("button", name="Yes, subscribe me").click()
    expect(confirming.get_by_role("heading", name="You are subscribed")).to_be_visible()
    address = confirming.get_by_role("link", name="Choose what you receive").get_attribute("href") or ""
    confirming.close()
    return address


def see_the_proof(page: Page, look: Look) -> None:
    """See what she agreed to, in the words that she saw."""
    go_to(page, "Subscribers")
    page.get_by_role("link", name=EMAIL).click()
    page.get_by_role("link", name="Proof of consent").click()
    expect(page.get_by_text("☑ I have read the privacy notice.")).to_be_visible()
    look(page, "proof")
    page.get_by_role("link", name="The form as it was shown").first.click()
    shown = page.frame_locator("iframe").first
    expect(shown.get_by_role("heading", name="Bread by mail")).to_be_visible()
    look(page, "form-version")


def choose(browser: Browser, address: str, look: Look) -> None:
    """Choose a frequency and a language, see why, and take a pause: without JavaScript."""
    rosa = browser.new_context(java_script_enabled=False).new_page()
    rosa.goto(address)
    rosa.get_by_label("How often").select_option("7")
    rosa.get_by_label("Language").select_option("de")
    rosa.get_by_role("button", name="Save my choices").click()
    expect(rosa.get_by_role("heading", name="Was Sie erhalten")).to_be_visible()
    expect(rosa.get_by_label("Wie oft")).to_have_value("7")
    rosa.get_by_role("button", name="1 Monat").click()
    expect(rosa.get_by_role("heading", name="Sie machen gerade eine Pause")).to_be_visible()
    rosa.context.close()
    seen = browser.new_page()
    seen.goto(address)
    seen.locator("summary", has_text="Weekly bread").click()
    expect(seen.get_by_text("bestätigt")).to_be_visible()
    look(seen, "preferences-de")
    seen.close()


def leave(browser: Browser, address: str, look: Look) -> None:
    """Leave everything."""
    rosa = browser.new_page()
    rosa.goto(address)
    rosa.get_by_role("button", name="Von allem abmelden").click()
    expect(rosa.get_by_text("Sie sind von allem abgemeldet.")).to_be_visible()
    rosa.close()


def be_refused(page: Page, folder: Path) -> None:
    """Import her again: she stays away."""
    file = folder / "people.csv"
    file.write_text(f"email,name\n{EMAIL},Rosa\nben@example.com,Ben\n")
    go_to(page, "Subscribers")
    page.get_by_role("link", name="Imports").first.click()
    page.get_by_role("link", name="Import a file").first.click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Weekly bread").check()
    page.get_by_label("Why may you mail these people?").fill("They signed a list at the fair.")
    page.get_by_role("button", name="Check 2 rows").click()
    page.get_by_role("button", name="Import 2 rows").click(timeout=60_000)
    expect(page.get_by_text("Imported 2 rows")).to_be_visible(timeout=60_000)
    go_to(page, "Subscribers")
    page.get_by_role("link", name=EMAIL).click()
    expect(page.get_by_text("Unsubscribed", exact=True).first).to_be_visible()


def stand_at_the_counter(page: Page, browser: Browser, look: Look) -> None:
    """Leave a tablet to whoever comes: with a network, without, and with one that loses answers."""
    go_to(page, "Forms")
    page.get_by_role("link", name="Shop window").click()
    page.get_by_label("A number for your staff").fill("2468")
    page.get_by_role("button", name="Set the number").click()
    tablet = browser.new_context(viewport={"width": 820, "height": 1180}).new_page()
    tablet.goto(page.locator("code", has_text="/kiosk").inner_text())
    open_the_kiosk(tablet, look)
    enter(tablet, "zoe@example.com", look)
    lose_the_answer(tablet)
    enter(tablet, "yara@example.com")
    tablet.context.set_offline(True)
    enter(tablet, "xaver@example.com")
    expect(tablet.locator("[data-waiting]")).to_have_text("(2)")
    tablet.go_back()
    expect(tablet.get_by_role("heading", name="Bread by mail")).to_be_visible()
    tablet.context.set_offline(False)
    expect(tablet.locator("[data-waiting]")).to_have_text("")
    mend_what_was_refused(tablet, look)
    end_the_kiosk(tablet)
    # A worker signs them up a moment later.
    wait_until(lambda: _people_at(page, "Counter") == "4", seconds=60)


def open_the_kiosk(tablet: Page, look: Look) -> None:
    """Type the number, which nobody guesses, and the place; it stays open and on the device."""
    tablet.get_by_label("Number").fill("1357")
    tablet.get_by_role("button", name="Open the kiosk").click()
    expect(tablet.get_by_text("This is not the number.")).to_be_visible()
    look(tablet, "kiosk-number")
    tablet.get_by_label("Number").fill("2468")
    tablet.get_by_label("Place").fill("Counter")
    tablet.get_by_role("button", name="Open the kiosk").click()
    expect(tablet.get_by_role("heading", name="Bread by mail")).to_be_visible()
    tablet.reload()
    expect(tablet.get_by_role("heading", name="Bread by mail")).to_be_visible()
    tablet.wait_for_function(
        "caches.match(location.href).then((kept) => kept && navigator.serviceWorker.controller !== undefined)"
    )
    look(tablet, "kiosk")


def enter(tablet: Page, email: str, look: Look | None = None) -> None:
    """Sign up at the kiosk; it thanks, and is empty again."""
    tablet.get_by_label("Email").fill(email)
    tablet.get_by_label("I have read the privacy notice.").check()
    tablet.get_by_role("button", name="Subscribe").click()
    thanks = tablet.get_by_role("heading", name="Thank you")
    expect(thanks).to_be_visible()
    if look:
        look(tablet, "kiosk-thanks")
    thanks.click()
    expect(tablet.get_by_label("Email")).to_have_value("")
    expect(tablet.get_by_label("I have read the privacy notice.")).not_to_be_checked()


def lose_the_answer(tablet: Page) -> None:
    """Let the next sign-up arrive, and its answer not."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    tablet.route("**/kiosk/sign-ups*", lose, times=1)


def mend_what_was_refused(tablet: Page, look: Look) -> None:
    """What nobody can be told any more is kept for staff, who mend or discard it."""
    tablet.context.set_offline(True)
    for email in ("will@mailinator.com", "vera@mailinator.com"):
        enter(tablet, email)
    tablet.context.set_offline(False)
    kept = "JSON.parse(localStorage.getItem(`mailer-kiosk-${location.pathname}-refused`) || '[]').length"
    wait_until(lambda: tablet.evaluate(kept) == 2, seconds=60)
    tablet.get_by_text("Counter (2)").click()
    show = tablet.get_by_role("button", name="Show what was refused")
    tablet.get_by_label("Number").fill("1357")
    show.click()
    expect(tablet.get_by_text("This is not the number.")).to_be_visible()
    tablet.get_by_label("Number").fill("2468")
    show.click()
    expect(tablet.get_by_text("will@mailinator.com")).to_be_visible()
    look(tablet, "kiosk-refused")
    tablet.get_by_role("button", name="Discard").last.click()
    tablet.get_by_role("button", name="Mend").click()
    expect(tablet.get_by_label("Email")).to_have_value("will@mailinator.com")
    expect(tablet.get_by_label("I have read the privacy notice.")).to_be_checked()
    tablet.get_by_label("Email").fill("will@example.com")
    tablet.get_by_role("button", name="Subscribe").click()
    tablet.get_by_role("heading", name="Thank you").click()
    expect(tablet.locator("[data-waiting]")).to_have_text("")


def end_the_kiosk(tablet: Page) -> None:
    """Only the number ends it."""
    tablet.get_by_text("Counter", exact=True).click()
    tablet.get_by_label("Number").fill("1357")
    tablet.get_by_role("button", name="End the kiosk").click()
    expect(tablet.get_by_text("This is not the number.")).to_be_visible()
    expect(tablet.get_by_role("heading", name="Bread by mail")).to_be_visible()
    tablet.get_by_label("Number").fill("2468")
    tablet.get_by_role("button", name="End the kiosk").click()
    expect(tablet.get_by_role("button", name="Open the kiosk")).to_be_visible()
    tablet.go_back()
    expect(tablet.get_by_role("button", name="Open the kiosk")).to_be_visible()
    tablet.context.close()


def _people_at(page: Page, place: str) -> str:
    page.reload()
    row = page.get_by_role("row", name=place)
    return row.get_by_role("cell").last.inner_text() if row.count() else ""
