"""What can be judged of a page by looking at it."""

import os
from collections.abc import Iterable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PICTURES = Path(__file__).parent / "pictures"


def assert_accessible(page: Page) -> None:
    """No fault that axe can find. It needs JavaScript, so a page without is not asked."""
    if page.evaluate("matchMedia('(scripting: none)').matches"):
        return  # there axe would wait for itself for ever
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
    faults = [f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']][:3]}" for each in violations]
    assert not faults, faults


def assert_fits(page: Page) -> None:
    """Nothing makes the whole page scroll sideways."""
    page.wait_for_load_state()
    inside, outside = page.locator("html").evaluate("html => [html.scrollWidth, window.innerWidth]")
    assert inside <= outside, f"{page.url} is {inside}px wide in a window of {outside}px"


def assert_fits_everywhere(page: Page, widths: Iterable[int]) -> None:
    """At each of these widths, and with text twice as large at the widest, without loading the page again. The window
    keeps the narrowest.
    """
    ever_narrower = sorted(widths, reverse=True)
    for width in ever_narrower:
        if page.viewport_size != {"width": width, "height": 900}:
            page.set_viewport_size({"width": width, "height": 900})
        assert_fits(page)
        if width == ever_narrower[0]:
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert_fits(page)
            page.evaluate("document.documentElement.style.fontSize = ''")


def keeps_nothing(page: Page) -> bool:
    """Whether the browser's own stores hold nothing of what was shown. htmx notes the address of this tab, no more."""
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return set(stored) <= {"htmx-current-path-for-history"}


def take_picture(page: Page, name: str) -> None:
    """For looking at, with PICTURES=1 in the environment."""
    if os.environ.get("PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{page.viewport_size['width']}.png", full_page=True)
