"""Whoever uses no mouse: Tab to a link, button or box, then Enter, Space or what is typed. With scripts and without."""

from playwright.sync_api import Error, Locator, Page, Response, expect

MOST_STOPS = 150


class Keys:
    """The keys of one page. What cannot be reached by Tab is an AssertionError."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, place: Locator) -> None:
        expect(place).to_have_count(1)
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            if place.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"the Tab key does not get to {place}")

    def press(self, name: str, *, exact: bool = False) -> None:
        """A button, or a link that may look like one; its answer is there afterwards."""
        place = self.page.get_by_role("button", name=name, exact=exact)
        self.to(place.or_(self.page.get_by_role("link", name=name, exact=exact)))
        self.page.evaluate("window.isBefore = true")
        with self.page.expect_response(_is_answer) as answer:
            self.page.keyboard.press("Enter")
        if answer.value.request.is_navigation_request():
            while self._is_before():
                self.page.wait_for_timeout(20)
            self.page.wait_for_load_state()

    def _is_before(self) -> bool:
        try:
            return self.page.evaluate("'isBefore' in window")
        except Error:  # between two pages
            return True

    def write(self, place: Locator, text: str) -> None:
        """In place of what stands there."""
        self.to(place)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, place: Locator, text: str) -> None:
        """By the first letters of what a list has."""
        self.to(place)
        self.page.keyboard.type(text)

    def tick(self, place: Locator) -> None:
        self.to(place)
        self.page.keyboard.press("Space")
        expect(place).to_be_checked()


def _is_answer(answer: Response) -> bool:
    """Of a page, or of a part of one; not of a row that the grid saves by itself, and not where it leads elsewhere."""
    is_page = answer.request.resource_type in ("document", "xhr", "fetch")
    return is_page and answer.status != 303 and "/rows/" not in answer.url
