"""What journeys through the composer do again and again, by mouse and by keyboard."""

import re

from playwright.sync_api import FrameLocator, Locator, Page, expect

#: As many stops as there can be on the way to a control; a page with more is a page without order.
_MOST_STOPS = 200


def mail_on(page: Page) -> FrameLocator:
    """Return the mail as the canvas shows it."""
    return page.frame_locator(".canvas-frame")


def frame(page: Page, kind: str) -> Locator:
    """Return what lies over the blocks of a kind."""
    return page.locator(f".frame-button[aria-label^='{kind}']")


def part_to_add(page: Page, label: str) -> Locator:
    """Return an entry of the palette."""
    return page.get_by_role("region", name="Parts to add").get_by_role("button", name=label, exact=True)


def drag(page: Page, part: Locator, *, onto: Locator, above: bool = False, beside: int = 20) -> None:
    """Carry a part onto the mail by mouse: to the upper or lower half of what lies there."""
    expect(page.locator("[data-canvas]")).to_have_attribute("aria-busy", "false")
    # Away from the edges, where the mail would begin to scroll.
    onto.evaluate("element => element.scrollIntoView({ block: 'center' })")
    page.locator("[data-composer]").evaluate("element => element.scrollIntoView()")
    part.scroll_into_view_if_needed()
    x, y = middle_of(part)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y + 10, steps=4)
    expect(page.locator(".is-dragging")).to_have_count(1)
    for _ in range(_MOST_STOPS):
        end = onto.bounding_box()
        assert end is not None
        page.mouse.move(end["x"] + beside, end["y"] + end["height"] * (0.2 if above else 0.6), steps=8)
        # On the way the mail may have scrolled, as it does near its edges.
        if onto.bounding_box() == end:
            break
    expect(page.locator(".drop-line")).to_be_visible()
    page.mouse.up()
    expect(page.locator(".is-dragging")).to_have_count(0)


def middle_of(part: Locator) -> tuple[float, float]:
    """Return where the middle of something is on the page."""
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def walk_to(page: Page, goal: Locator, *, backwards: bool = False, is_there: bool = False) -> None:
    """Press Tab until something has the focus.

    :param is_there: whether the focus may be on it already
    """
    for number in range(_MOST_STOPS):
        if (number or is_there) and goal.first.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"Tab does not lead to {goal}.")


def press_until_selected(page: Page, key: str, goal: Locator) -> None:
    """Press an arrow key until a part is chosen."""
    for _ in range(_MOST_STOPS):
        page.keyboard.press(key)
        if goal.first.get_attribute("aria-pressed") == "true":
            return
    raise AssertionError(f"{key} does not lead to {goal}.")


def write_subject(page: Page, words: str) -> None:
    """Write the subject; the draft saves itself."""
    page.get_by_label("Subject", exact=True).fill(words)


def expect_saved(page: Page) -> None:
    """Wait until everything is saved."""
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"^Saved \d"))
