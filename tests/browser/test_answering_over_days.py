"""A payment over ten days, on both sides: rejected, changed by the feed, adjusted, sent back, confirmed in a window,
paid but for one row, and that row paid later. On every day both sides read the same sums.

See tests/support/states.py: a week from Monday 30 September 2019, to be confirmed by Thursday, finalised on Sunday.
"""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.support.runs import banked
from tests.support.states import FRIDAY, MONDAY, SUNDAY, TUESDAY, Office, office

NEXT_TUESDAY = date(2019, 10, 8)


class Days:
    """One office, and a browser for each side. `on(day)` is the morning after the night's calculation."""

    def __init__(self, the: Office, provider: Page, council: Page, set_today) -> None:
        self.the, self.provider, self.council, self.set_today = the, provider, council, set_today

    def on(self, day: date) -> None:
        self.set_today(day)
        self.the.to(day)

    def home(self) -> Page:
        self.provider.goto(f"/providers/{self.the.contract.provider_id}/")
        return self.provider

    def payment(self, act: str = "") -> Page:
        reference = self.the.contract.reference
        self.provider.goto(f"/providers/{self.the.contract.provider_id}/payments/{reference}/{MONDAY}{act}")
        return self.provider

    def desk(self, act: str = "") -> Page:
        self.council.goto(f"/council/payments/{self.the.contract.reference}/{MONDAY}{act}")
        return self.council

    def look(self, page: Page, name: str) -> None:
        take_picture(page, name)
        assert_fits(page)
        if page.locator("body.js-enabled").count():
            assert_accessible(page)


@pytest.fixture
def days(database, page, open_browser, sign_in, set_today) -> Days:
    the = office()
    council = open_browser()
    sign_in(page, the.finance)
    sign_in(council, the.officer)
    return Days(the, page, council, set_today)


def test_from_a_rejection_to_the_last_pound(days):
    days.on(TUESDAY)
    answer = days.payment("/answer")
    answer.get_by_text("Reject the whole payment instead").click()
    answer.get_by_label("What is wrong with the payment as a whole?").fill("Bea left on Tuesday")
    answer.get_by_role("button", name="Reject this payment").click()
    expect(answer.locator(".payment-sentence")).to_contain_text("£656.11 is held: you rejected")
    home = days.home()
    expect(home.locator(".next-payment--held")).to_contain_text(
        "£656.11 held: you rejected it on Tuesday 1 October 2019"
    )
    days.look(home, "over-days-rejected-home")

    days.the.feed()
    expect(days.payment().locator(".asked")).to_contain_text(
        "The total has changed to £656.18 since. Your rejection stands."
    )
    days.look(days.provider, "over-days-rejected")
    expect(days.desk().locator(".standing")).to_contain_text("the provider rejected it on")
    days.look(days.council, "over-days-rejected-desk")

    days.on(FRIDAY)
    days.the.adjust()
    desk = days.desk("/send-back")
    desk.get_by_label("What do you say to the provider?").fill("She left on Friday. The taxi is in it now")
    for label, typed in (("Day", "9"), ("Month", "10"), ("Year", "2019")):
        desk.get_by_label(label, exact=True).fill(typed)
    days.look(desk, "over-days-send-back")
    desk.get_by_role("button", name="Send back").click()
    expect(desk.locator("section", has_text="The provider’s answer")).to_contain_text(
        "asked anew until the end of Wednesday 9 October"
    )

    home = days.home()
    expect(home.locator(".todo")).to_contain_text("Confirm 30 Sep to 6 Oct, £657.18: the council has answered you")
    days.look(home, "over-days-asked-home")
    answer = days.payment("/answer")
    expect(answer.locator(".strip")).to_contain_text("Wednesday 9 October")

    days.on(SUNDAY)
    days.the.run()
    assert banked(days.the.contract) == []

    days.on(NEXT_TUESDAY)
    answer = days.payment("/answer")
    answer.locator("tr.queried", has_text="B, Bart").get_by_label("Something is wrong with this row").check()
    answer.get_by_label("What is wrong?").last.fill("She left on Thursday")
    scripts = answer.locator("body.js-enabled").count()
    if scripts:
        expect(answer.get_by_text("£303.03 of 1 row queried and held")).to_be_visible()
    days.look(answer, "over-days-confirm")
    if not scripts:  # the button says what it confirms once the page is loaded again
        answer.get_by_role("button", name="Confirm £").click()
    answer.get_by_role("button", name="Confirm £354.15").click()
    expect(
        answer.get_by_text("You have confirmed £354.15 for 30 Sep to 6 Oct 2019, and queried 1 row, £303.03")
    ).to_be_visible()
    expect(answer.locator(".standing")).to_contain_text("To your bank £354.15")
    expect(answer.locator(".standing")).to_contain_text("Held, since you have queried it £303.03")
    days.look(answer, "over-days-queried")

    days.the.run()
    assert banked(days.the.contract) == [35_415]
    home = days.home()
    expect(home.locator(".next-payment").first).to_contain_text(
        "£303.03 held, since you have queried it. The rest is not held."
    )
    expect(home.get_by_text("in your bank on Monday 14 October 2019, on its way")).to_be_visible()
    days.look(home, "over-days-part-paid-home")

    days.on(date(2019, 10, 10))
    desk = days.desk()
    desk.get_by_role("link", name="Release").click()
    desk.get_by_label("What do you say to the provider?").fill("She stayed until Sunday")
    desk.get_by_role("button", name="Release").click()
    days.the.run()
    assert banked(days.the.contract) == [35_415, 30_303]
    expect(days.payment().locator(".strip")).to_contain_text("£657.18")
    expect(days.provider.locator(".payment-sentence")).to_contain_text("does not change any more")
    expect(days.provider.locator(".asked")).to_contain_text("confirmed £354.15, and queried £303.03, on")
    days.look(days.provider, "over-days-finalised")
