"""Journeys: Chromium in front of the whole product, with real workers and real SMTP."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mailer.proof.product import Product
from tests.support.serving import serving

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Other machines are far slower than the one that a test was written on.
expect.set_options(timeout=20_000)
#: A name by which the browser finds this machine; a mail may not lead to one that only we can reach.
ELSEWHERE = "shop.example"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
#: A headless browser says so by itself, and is taken for the machine that it is.
PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


class Quiet(SimpleHTTPRequestHandler):
    """Another site's server, which writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """A Mailer of this module's own, empty at first."""
    with tempfile.TemporaryDirectory(prefix="mailer-journey-") as folder:
        product = Product(Path(folder), MAILER_RETRY_FIRST_SECONDS="1")
        product.start()
        yield product
        assert product.stop() == 0
        assert not {"Traceback", "Warning"} & set(re.findall(r"\w+", product.log)), product.log


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window.

    Of one module: while Playwright is there its event loop runs in this thread, and no test beside it
    could begin another.
    """
    if CHROMIUM is None:
        pytest.skip("There is no Chromium on this machine: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A browser window; a mistake that a page writes to its console fails the test."""
    context = browser.new_context(
        base_url=product.base_url, viewport=DESKTOP, reduced_motion="reduce", user_agent=PERSON
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    mistakes: list[str] = []
    context.on("weberror", lambda error: mistakes.append(f"{error.error}"))
    context.on(
        "console",
        # A conflict is told to people by the page itself.
        lambda said: (
            said.type == "error"
            and "409 (Conflict)" not in said.text
            and mistakes.append(f"{said.location}: {said.text}")
        ),
    )
    yield page
    context.close()
    assert not mistakes


@pytest.fixture
def look(pytestconfig: pytest.Config) -> Callable[[Page, str], None]:
    """Look at a page: nothing for axe to find, by day and by night; with ``--pictures``, four screenshots."""
    folder = pytestconfig.getoption("--pictures")

    def look_at(page: Page, name: str) -> None:
        for scheme, rules in (("dark", {"runOnly": ["color-contrast"]}), ("light", {})):
            page.emulate_media(color_scheme=scheme)
            found = found_by_axe(page, {"reporter": "no-passes", "resultTypes": ["violations"], **rules})
            assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for scheme in ("light", "dark"):
                for size in (DESKTOP, PHONE):
                    page.emulate_media(color_scheme=scheme)
                    page.set_viewport_size(size)
                    # Frames are laid out a moment later than the page.
                    page.wait_for_timeout(150)
                    page.screenshot(path=f"{folder}/{name}-{size['width']}-{scheme}.png", full_page=True)
            page.emulate_media(color_scheme="light")
            page.set_viewport_size(DESKTOP)

    return look_at


def found_by_axe(page: Page, options: dict[str, Any]) -> AxeResults:
    """Return what axe says of a page, which is given its half a megabyte once."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return AxeResults(page.evaluate("options => axe.run(options)", options))


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which another port serves it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    with serving(server):
        yield tmp_path, f"http://127.0.0.1:{server.server_port}/"
