"""The council's list of payments, as a page and as a file."""

import csv
import io

import pytest

from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import LIST, rows_of
from tests.support.runs import calculate


@pytest.mark.postgres
def test_the_list_crosses_providers_and_is_filtered_by_the_address(desk):
    other = two_clients(name="Rowan Lodge")
    calculate(SUNDAY)
    everything = desk.officer.get(LIST)
    assert len(rows_of(everything)) == 4
    assert "4 payments" in everything.words
    assert len(rows_of(desk.officer.get(LIST + "?state=finalised"))) == 1
    assert len(rows_of(desk.officer.get(LIST + f"?name=p{other.provider_id}"))) == 2
    assert len(rows_of(desk.officer.get(LIST + f"?first={MONDAY + WEEK}&last={SUNDAY}"))) == 2
    assert all("Future" in row.text for row in rows_of(desk.officer.get(LIST + "?state=future")))
    assert "No payment is like that" in desk.officer.get(LIST + "?name=100%25").words
    part = desk.officer.get(LIST + "?confirmation=rejected", htmx=True)
    assert part.page.select_one("#payments")["data-announce"] == "0 payments found"


def test_a_filter_that_is_none_is_told(desk):
    answer = desk.officer.get(LIST + "?state=strange&first=yesterday", status=422)
    assert "Choose a state from the list" in answer.words


def test_the_list_is_a_file_too(desk):
    text = desk.officer.get(LIST + "data.csv?state=current").response.get_data(as_text=True).removeprefix("\ufeff")
    [heading, row] = csv.reader(io.StringIO(text))
    found = dict(zip(heading, row, strict=True))
    assert (found["State"], found["Total"], found["Answer"]) == ("current", "656.11", "not asked")


@pytest.mark.parametrize("path", [LIST, "/council/"])
def test_the_number_of_queries_does_not_grow_with_providers(desk, path):
    few = desk.officer.get(path)
    for _ in range(10):
        two_clients()
    calculate(SUNDAY)
    assert len(desk.officer.get(path).reads) == len(few.reads)
