"""The council's list of payments as a table: sorted, filtered and taken away by its address."""

import csv
import io

import pytest

from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import LIST, rows_of
from tests.care_factories import make_client, make_item
from tests.exchange.downloads.test_workbook import cells_of, sheets_of
from tests.support.rows import every
from tests.support.runs import calculate


@pytest.mark.postgres
def test_headings_sort_and_keep_the_filters(desk):
    rich = two_clients(name="Rowan Lodge")
    make_item(rich, rate_e4=9_000_000, client=make_client(), starts_on=MONDAY)
    calculate(SUNDAY)
    here = LIST + "?state=current"
    page = desk.officer.get(here).page
    by_total = page.select_one("th a#sort-total")["href"]
    assert set(by_total.partition("?")[2].split("&")) == {"state=current", "sort=-total"}
    dearest_first = desk.officer.get(by_total)
    totals = [
        row.select_one("td[data-label=Total]").get_text(" ", strip=True).split()[0] for row in rows_of(dearest_first)
    ]
    assert totals == ["£1,556.11", "£1,556.11", "£656.11"]
    heading = dearest_first.page.select_one("th[aria-sort]")
    assert (heading["aria-sort"], heading.get_text(strip=True)) == ("descending", "Total")
    assert dearest_first.page.select_one("form.filters input[name=sort]")["value"] == "-total"
    part = desk.officer.get(heading.a["href"], htmx=True)
    assert part.page.select_one("th[aria-sort]")["aria-sort"] == "ascending"
    assert "Rowan" in desk.officer.get(here + "&sort=-contract").page.select_one("tbody td[data-label=Contract]").text


def test_the_count_and_the_sum_of_all_are_said_once_above(desk):
    two_clients()
    calculate(SUNDAY)
    assert "3 payments, £1,968.33 in all" in desk.officer.get(LIST + "?state=current").words


def test_payments_of_one_day_to_be_finalised_are_found(desk):
    first, second = every_finalise_day(desk)
    assert len(rows_of(desk.officer.get(LIST + f"?finalise={first}"))) == 1
    assert len(rows_of(desk.officer.get(LIST + f"?finalise={second}"))) == 1
    assert (
        "Finalise on must be a day of the calendar, like 27/03/2026"
        in desk.officer.get(LIST + "?finalise=soon", status=422).words
    )


def every_finalise_day(desk):
    from models.payments.payment import ScheduledPayment as P

    found = every(P)
    return [
        each.finalise_on for each in sorted(found, key=lambda each: each.first_on) if each.first_on <= MONDAY + WEEK
    ]


def test_the_files_are_sorted_too_and_say_the_same(desk):
    two_clients(reference="00741254")
    calculate(SUNDAY)
    query = "?state=current&sort=-contract"
    text = desk.officer.get(f"{LIST}data.csv{query}").response.get_data(as_text=True).removeprefix("\ufeff")
    lines = list(csv.reader(io.StringIO(text)))
    answer = desk.officer.get(f"{LIST}data.xlsx{query}").response
    assert answer.headers["Content-Disposition"] == "attachment; filename=payments.xlsx"
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    [sheet] = sheets_of(answer.data)
    rows = cells_of(sheet)
    assert [row["D"] for row in rows] == [line[3] for line in lines]
    assert "00741254" in [row["D"] for row in rows]
    assert lines[0][13:16] == ["Excl VAT", "VAT", "Total"]
    for column, at in (("N", 13), ("O", 14), ("P", 15)):
        assert [f"{row[column]:.2f}" for row in rows[1:]] == [line[at] for line in lines[1:]]


def test_there_is_no_other_file(desk):
    for ending in ("json", "csv.xlsx", "CSV"):
        desk.officer.get(f"{LIST}data.{ending}", status=404)
