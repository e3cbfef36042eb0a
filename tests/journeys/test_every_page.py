"""Every page that a link leads to, once for each kind: it is there, it is clean, and axe finds nothing."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from mailer.proof.product import Product

Look = Callable[[Page, str], None]

EMAIL, PASSWORD = "ana@example.com", "fresh bread on sundays"
#: What a link may say that makes no other kind of page.
ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
#: Answers that are no pages: files, and mails in frames of their own.
NO_PAGES = re.compile(r"\.(csv|zip|svg)$|/preview$|/html$|\.json$")
#: Pages for people without a session, whose links stand in mails.
OUTSIDE = ("/login", "/reset")


def test_every_page_is_there_and_axe_finds_nothing(page: Page, product: Product, look: Look):
    product.mailer("owner", "create", "--email", EMAIL, "--password", PASSWORD, "--workspace", "Bakery")
    demo = product.mailer("demo", "plant", "--owner", EMAIL).split()[-1]
    for path in OUTSIDE:
        page.goto(path)
        look(page, name_of(path))
    sign_in(page)

    seen: set[str] = set()
    complaints: list[str] = []
    waiting = [f"{product.base_url}/w/{demo}/"]
    while waiting:
        url = waiting.pop(0)
        kind = kind_of(product, url)
        if kind in seen:
            continue
        seen.add(kind)
        answer = page.goto(url)
        if answer is None or answer.status != 200:
            complaints.append(f"{url} answers {answer and answer.status}")
            continue
        try:
            look(page, name_of(kind))
        except AssertionError as complaint:
            complaints.append(f"{url}: {complaint}")
        waiting += [link for link in links_on(page) if is_page(product, link)]

    assert not complaints, "\n".join(complaints)
    assert len(seen) > 30, sorted(seen)
    find_one_of_many_lists(page, product, look)


def find_one_of_many_lists(page: Page, product: Product, look: Look) -> None:
    """Narrow a page with many lists to those that are meant."""
    key = product.mailer("key", "create", "--workspace", "Bakery", "--name", "Lists")
    for number in range(12):
        product.api(key, "POST", "/lists", {"name": f"Shop {number} – news"})
    page.goto("/w/bakery/lists")
    rows = page.locator("tbody tr:visible")
    expect(rows).to_have_count(12)
    page.get_by_label("Find a list").fill("news 11")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="1 of 12")).to_be_visible()
    look(page, "lists-narrowed")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(12)


def sign_in(page: Page) -> None:
    """Sign in as the owner."""
    page.goto("/login")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/w/"))


def links_on(page: Page) -> list[str]:
    """Return where the page's links lead."""
    found: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    return found


def is_page(product: Product, url: str) -> bool:
    """Whether a link leads to a page of ours."""
    return url.startswith(product.base_url) and not NO_PAGES.search(url.partition("?")[0].partition("#")[0])


def kind_of(product: Product, url: str) -> str:
    """Return what makes a page another kind: its path without ids, and the names of its parameters."""
    path, _, query = url.removeprefix(product.base_url).partition("#")[0].partition("?")
    path = re.sub(r"/w/[^/]+", "/w", ID.sub("…", path))
    path = re.sub(r"/(inbox|v|u|p|confirm)/[^/]+", r"/\1/…", path)
    # A further page of a list is of its first one's kind.
    names = set(re.findall(r"(?:^|&)([^=&]+)=", query)) - {"after", "before"}
    return "?".join(filter(None, (path, "&".join(sorted(names)))))


def name_of(kind: str) -> str:
    """Return a file name for a kind of page."""
    return re.sub(r"[^a-z]+", "-", kind.removeprefix("/w")).strip("-") or "dashboard"
