"""A week of 60 people is filled in and confirmed: with a mouse, by keys alone, on a telephone, and without scripts."""

import pytest
from playwright.sync_api import expect

from models.money import SCALE
from models.permissions import Role
from models.records.actual import AbsenceReason, Actual, ConfirmedActual
from tests.actual_factories import AFTER
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.factories import make_user
from tests.support.agency import make_agency
from tests.support.rows import every


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return make_agency(app, 60)


def has_scripts(page):
    return page.locator("body.js-enabled").count() == 1


def look(page, name):
    assert_fits(page)
    if has_scripts(page):
        assert_accessible(page)
    take_picture(page, name)


def box(page, agency, n, name):
    return page.locator(f"#{name}-{agency.items[n].id}")


def stands(agency, n):
    [row] = [each for each in every(Actual) if each.item_id == agency.items[n].id]
    return row.actual_e4 / SCALE


def said(page, agency, n):
    return page.locator(f"#row-{agency.items[n].id} .said")


@pytest.mark.covers("S0-002", "S3-003", "S3-004", "S4-023")
def test_from_home_to_a_confirmed_week_of_60_people(page, sign_in, agency):
    sign_in(page, make_user(Role.FINANCE, agency.provider))
    page.goto(agency.home)
    page.get_by_role("link", name="Open the week").click()
    page.get_by_role("button", name="Generate actuals from the plan").click()
    expect(page.locator(".sheet tbody tr")).to_have_count(60)
    look(page, "actuals-sheet")
    page.get_by_role("button", name="Everything as planned").click()
    page.get_by_role("button", name="Set everything as planned").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review Exceptions")
    page.get_by_role("link", name="Back to the week").click()
    for n, actual, missed, comment in ((3, "12", "2", "Nobody came on Friday"), (40, "16", "", "Two bad nights")):
        box(page, agency, n, "actual").fill(actual)
        box(page, agency, n, "missed").fill(missed)
        if missed:
            box(page, agency, n, "reason").select_option("STAFF")
        else:
            box(page, agency, n, "extra").fill("2")
        box(page, agency, n, "comment").fill(comment)
        if has_scripts(page):
            box(page, agency, n, "comment").press("Tab")
            expect(said(page, agency, n)).to_contain_text("Saved")
    if not has_scripts(page):
        page.get_by_role("button", name="Save", exact=True).click()
    expect(said(page, agency, 40)).to_contain_text("The council looks at it first")
    page.get_by_role("button", name="Review Exceptions and confirm").click()
    expect(page.locator("#looked-at + p + ul li")).to_have_count(1)
    look(page, "actuals-review")
    page.get_by_role("button", name="Confirm 840 hours for 20 Apr to 26 Apr").click()
    expect(page.get_by_text("Waits for the council")).to_be_visible()
    look(page, "actuals-kept")
    assert len(every(ConfirmedActual)) == 60
    page.get_by_role("link", name="Back to all weeks").click()
    expect(page.get_by_text("Exceptions open").last).to_be_visible()
    look(page, "actuals-list")


def test_by_keys_as_in_a_spreadsheet(open_browser, sign_in, agency):
    page = open_browser("script-1280")
    sign_in(page, make_user(Role.FINANCE, agency.provider))
    agency.begin()
    page.goto(agency.week)
    box(page, agency, 0, "actual").select_text()
    page.keyboard.type("13")
    page.keyboard.press("Enter")
    expect(box(page, agency, 1, "actual")).to_be_focused()
    expect(said(page, agency, 0)).to_contain_text("Saved")
    page.keyboard.press("ArrowDown")
    expect(box(page, agency, 2, "actual")).to_be_focused()
    page.keyboard.type("12.5")
    page.keyboard.press("ArrowUp")
    expect(box(page, agency, 1, "actual")).to_be_focused()
    page.keyboard.press("Shift+Enter")
    expect(box(page, agency, 0, "actual")).to_be_focused()
    page.keyboard.press("Tab")
    expect(box(page, agency, 0, "frustrated")).to_be_focused()
    expect(said(page, agency, 2)).to_contain_text("Saved")
    assert [stands(agency, n) for n in (0, 1, 2)] == [13, 14, 12.5]
    box(page, agency, 59, "actual").select_text()
    page.keyboard.type("11")
    page.keyboard.press("Enter")
    expect(said(page, agency, 59)).to_contain_text("Saved")


def paste(page, agency, n, name, text):
    """As from a spreadsheet: cells apart by tabs, rows by line ends."""
    box(page, agency, n, name).focus()
    box(page, agency, n, name).evaluate(
        """(box, text) => {
            const clipboardData = new DataTransfer()
            clipboardData.setData('text/plain', text)
            const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
            if (box.dispatchEvent(event)) box.setRangeText(text)
        }""",
        text,
    )


def line_of(page):
    return page.locator("[data-unsaved]")


@pytest.fixture
def grid(open_browser, sign_in, agency):
    page = open_browser("script-1280")
    sign_in(page, make_user(Role.FINANCE, agency.provider))
    agency.begin()
    page.goto(agency.week)
    return page


def test_a_column_copied_from_a_spreadsheet_fills_60_rows_and_each_is_saved(grid, agency):
    hours = [10 + n / 4 for n in range(60)]
    paste(grid, agency, 0, "actual", "\r\n".join(f"{each:g}" for each in hours) + "\r\n")
    expect(line_of(grid)).to_contain_text("60 boxes filled.")
    expect(grid.locator(".said", has_text="Saved")).to_have_count(60, timeout=60_000)
    assert [stands(agency, n) for n in range(60)] == hours
    grid.goto(agency.list)  # nothing is unsaved, so nobody is asked about going
    expect(grid.get_by_role("heading", level=1)).to_have_text("Actuals")


def test_a_block_fills_to_the_right_too_and_what_is_no_figure_is_refused_at_its_row(grid, agency):
    block = '12\t1\t1\t\t9\tno worker\t"Friday: ""no"" carer,\nnobody free"\nmany\t\t\t2\n13\t\t1\t\t\thosp'
    paste(grid, agency, 0, "actual", block)
    expect(said(grid, agency, 0)).to_contain_text("Saved")
    expect(said(grid, agency, 1)).to_contain_text("Actual must be a number, like 12.5")
    expect(said(grid, agency, 2)).to_contain_text("Saved")
    expect(box(grid, agency, 1, "actual")).to_have_value("many")
    expect(box(grid, agency, 0, "comment")).to_have_value('Friday: "no" carer, nobody free')
    expect(box(grid, agency, 0, "visits")).to_have_value("9")
    assert [stands(agency, n) for n in (0, 1, 2)] == [12, 14, 13]
    [first] = [each for each in every(Actual) if each.item_id == agency.items[0].id]
    assert (first.frustrated_e4, first.missed_e4, first.reason) == (SCALE, SCALE, AbsenceReason.STAFF)
    expect(box(grid, agency, 2, "reason")).to_have_value("HOSP")
    expect(line_of(grid)).to_have_text("17 boxes filled. Escape takes it back.")
    look(grid, "actuals-pasted")


def test_what_is_pasted_over_the_edge_and_no_reason_of_the_list_is_left_out_and_told(grid, agency):
    paste(grid, agency, 58, "visits", "7\tOn the moon\tAway\tmore\n8\n9")
    expect(line_of(grid)).to_have_text("3 boxes filled. Left out: 3 that have no place here. Escape takes it back.")
    expect(box(grid, agency, 58, "reason")).to_have_value("")
    expect(box(grid, agency, 59, "visits")).to_have_value("8")


def test_one_cell_is_pasted_as_in_any_box(grid, agency):
    box(grid, agency, 0, "actual").select_text()
    paste(grid, agency, 0, "actual", "11\n")
    expect(line_of(grid)).to_be_empty()
    expect(box(grid, agency, 1, "actual")).to_have_value("14")


def test_escape_puts_back_what_was_typed_and_what_was_pasted(grid, agency):
    box(grid, agency, 0, "actual").select_text()
    grid.keyboard.type("99")
    grid.keyboard.press("Escape")
    expect(box(grid, agency, 0, "actual")).to_have_value("14")
    expect(said(grid, agency, 0)).to_contain_text("Saved")
    paste(grid, agency, 1, "actual", "1\n2")
    expect(said(grid, agency, 2)).to_contain_text("Saved")
    with grid.expect_response(lambda answer: answer.url.endswith(f"/rows/{agency.items[2].id}")):
        grid.keyboard.press("Escape")
    for n in (0, 1, 2):
        expect(box(grid, agency, n, "actual")).to_have_value("14")
    expect(line_of(grid)).to_be_empty()
    grid.goto(agency.week)
    assert [stands(agency, n) for n in (0, 1, 2)] == [14, 14, 14]


@pytest.fixture
def context(chromium, site, app, agency):
    """Of a telephone whose console nobody looks at: a browser notes there every request that fails."""
    context = chromium.new_context(base_url=site, viewport={"width": 375, "height": 700})
    context.set_default_timeout(20_000)
    cookie = {"name": app.config["SESSION_COOKIE_NAME"], "value": agency.sign_in(Role.FINANCE).cookie, "url": site}
    context.add_cookies([cookie])
    yield context
    context.close()


def test_a_lost_line_loses_nothing_that_was_typed(context, agency):
    page = context.new_page()
    agency.begin()
    page.goto(agency.week)
    context.set_offline(True)
    for n, hours in ((0, "13"), (1, "12")):
        box(page, agency, n, "actual").fill(hours)
        box(page, agency, n, "actual").press("Tab")
    expect(page.get_by_text("2 rows are not saved")).to_be_visible()
    expect(page.get_by_text("There was no answer", exact=True)).to_be_visible()
    expect(box(page, agency, 0, "actual")).to_have_value("13")
    assert [stands(agency, n) for n in (0, 1)] == [14, 14]
    context.set_offline(False)
    again = page.get_by_role("button", name="Try again")  # gone where the rows have gone by themselves meanwhile
    again.evaluate_all("buttons => buttons.forEach(each => each.click())")
    expect(said(page, agency, 0)).to_contain_text("Saved")
    expect(said(page, agency, 1)).to_contain_text("Saved")
    expect(page.get_by_text("not saved")).to_have_count(0)
    assert [stands(agency, n) for n in (0, 1)] == [13, 12]


def test_a_block_pasted_while_the_line_is_lost_stands_until_it_is_saved(context, agency):
    page = context.new_page()
    agency.begin()
    page.goto(agency.week)
    context.set_offline(True)
    paste(page, agency, 0, "actual", "13\n12\n11")
    expect(page.get_by_text("3 rows are not saved")).to_be_visible()
    expect(box(page, agency, 2, "actual")).to_have_value("11")
    context.set_offline(False)
    again = page.get_by_role("button", name="Try again")
    again.evaluate_all("buttons => buttons.forEach(each => each.click())")
    expect(page.locator(".said", has_text="Saved")).to_have_count(3)
    expect(page.get_by_text("not saved")).to_have_count(0)
    assert [stands(agency, n) for n in (0, 1, 2)] == [13, 12, 11]
