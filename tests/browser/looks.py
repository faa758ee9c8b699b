"""What can be judged of a page by looking at it."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PICTURES = Path(__file__).parent / "pictures"


def assert_accessible(page: Page) -> None:
    """No fault that axe can find. It needs JavaScript, so a page without is not asked."""
    found = Axe().run(page)
    faults = [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']][:3]}"
        for each in found.response["violations"]
    ]
    assert not faults, faults


def assert_fits(page: Page) -> None:
    """Nothing makes the whole page scroll sideways."""
    page.wait_for_load_state()
    inside, outside = page.locator("html").evaluate("html => [html.scrollWidth, window.innerWidth]")
    assert inside <= outside, f"{page.url} is {inside}px wide in a window of {outside}px"


def keeps_nothing(page: Page) -> bool:
    """Whether the browser's own stores hold nothing of what was shown. htmx notes the address of this tab, no more."""
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return set(stored) <= {"htmx-current-path-for-history"}


def take_picture(page: Page, name: str) -> None:
    """For looking at, with PICTURES=1 in the environment."""
    if os.environ.get("PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{page.viewport_size['width']}.png", full_page=True)
