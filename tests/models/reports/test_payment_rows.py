"""The rows of a payment as plain data: what they come to, how they differ, and which of them are wanted."""

from datetime import date, timedelta

import pytest

from models.calendar import as_on
from models.payments.hold import Hold, HoldKind
from models.reports.breakdown import rows_of, with_working
from models.reports.compared_rows import Change
from models.reports.payment_rows import Show, SortedBy, Wanted, kinds_of
from tests.care_factories import (
    make_allowance,
    make_claim_item,
    make_client,
    make_contract,
    make_item,
    make_service_level,
)
from tests.support.rows import reading, saved
from tests.support.runs import calculate, change, finalise, payment
from tests.support.snapshots import built_once

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.postgres]

MONDAY = date(2019, 9, 2)
DAY = timedelta(days=1)
NEXT = MONDAY + 7 * DAY


@pytest.fixture
@built_once
def contract():
    """Alan's week stays, Bea gets an allowance, Cai leaves, Dai comes, and of Efa there is less."""
    contract = make_contract(calculate_from=MONDAY)
    level = make_item(contract, 700_000, make_client(surname="Žák", first_name="Alan")).service_level_id
    own = {"service_level_id": level}
    bea = make_item(contract, 700_000, make_client(surname="O’Brien-Łoś", first_name="Bea"), **own)
    cai = make_item(contract, 700_000, make_client(surname="Adams", first_name="Cai"), **own)
    efa = make_item(contract, 1_400_000, make_client(surname="Evans", first_name="Efa"), **own)
    finalise(MONDAY + 6 * DAY)
    make_allowance(bea, NEXT, 1_000)
    change(cai, ends_on=MONDAY + 6 * DAY)
    change(efa, ends_on=NEXT + 2 * DAY)
    dai = make_client(surname="Zachary", first_name="Dai")
    make_item(contract, 700_000, dai, starts_on=NEXT, authorised_on=NEXT, **own)
    return contract


@pytest.fixture
def found(contract):
    calculate(NEXT)
    return payment(contract, NEXT)


def of(payment, *more, on=NEXT, **wanted):
    with reading(), as_on(on):
        return rows_of(payment, Wanted(*more, **wanted))


def names(rows):
    return [row.title.split(" (")[0] for row in rows.items]


def test_each_row_says_what_it_comes_to_and_how_it_differs(found):
    rows = of(found)
    assert [(row.title[:4], row.total_pence, row.change, row.change_pence) for row in rows.items] == [
        ("E, E", 6_000, Change.LESS, -8_000),
        ("O, B", 8_000, Change.MORE, 1_000),
        ("Ž, A", 7_000, Change.SAME, 0),
        ("Z, D", 7_000, Change.NEW, 7_000),
    ]
    assert (rows.count, rows.total_pence, rows.before.first) == (4, found.total_pence, MONDAY)


def test_what_is_gone_stands_among_what_has_changed_and_all_of_it_is_the_difference(found, contract):
    rows = of(found, show=Show.CHANGED)
    assert [(row.title[:6], row.total_pence, row.change, row.change_pence) for row in rows.items][0] == (
        "A, Cai", 0, Change.GONE, -7_000,
    )  # fmt: skip
    assert names(rows) == ["A, Cai", "E, Efa", "O, Bea", "Z, Dai"]
    assert rows.change_pence == found.total_pence - payment(contract, MONDAY).total_pence == -7_000
    with reading():
        assert kinds_of(found) == {
            Change.GONE: (1, -7_000), Change.LESS: (1, -8_000), Change.MORE: (1, 1_000), Change.NEW: (1, 7_000),
            Change.SAME: (1, 0),
        }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "is_part"),
    [
        (Wanted(), False), (Wanted("  "), False), (Wanted(order=SortedBy.SUM), False), (Wanted(with_gone=True), False),
        (Wanted("a"), True), (Wanted(show=Show.CHANGED), True), (Wanted("a", Show.QUERIED), True),
    ],
)  # fmt: skip
def test_a_part_is_what_words_or_a_choice_leave_rows_out_of(wanted, is_part):
    assert wanted.is_part == is_part


def test_the_first_payment_is_compared_with_none(contract):
    rows = of(payment(contract, MONDAY))
    assert rows.before is None
    assert {row.change for row in rows.items} == {Change.SAME}
    assert rows.change_pence == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bea", ["O, Bea"]),
        ("o'brien los", ["O, Bea"]),
        ("bea  OBRIEN", ["O, Bea"]),
        ("zak", ["Ž, Alan"]),
        ("za", ["Ž, Alan", "Z, Dai"]),
        ("%", []),
        ("cai", []),
    ],
)
def test_words_of_a_name_find_rows_however_they_are_typed(found, text, shown):
    assert names(of(found, text)) == shown


def test_a_part_comes_to_its_own_sum(found):
    rows = of(found, "za")
    assert (rows.count, rows.total_pence, rows.change_pence) == (2, 14_000, 7_000)
    with reading():
        second = rows_of(found, offset=1, limit=2)
    assert names(second) == ["O, Bea", "Ž, Alan"]
    assert (second.count, second.total_pence) == (4, found.total_pence)


@pytest.mark.parametrize("order", [SortedBy.NAME, SortedBy.SUM])
def test_rows_chosen_before_they_are_compared_say_what_rows_compared_first_say(found, order):
    every, compared = of(found, order=order), of(found, order=SortedBy.CHANGE)
    assert {row.key: row for row in every.items} == {row.key: row for row in compared.items}
    for name in ("count", "net_pence", "vat_pence", "change_pence", "before"):
        assert getattr(every, name) == getattr(compared, name)
    assert every.change_pence == sum(row.change_pence for row in every.items) == 0  # Cai’s 7,000 is no part of it
    with reading(), as_on(NEXT):
        pages = [rows_of(found, Wanted(order=order), offset=at, limit=1) for at in range(4)]
    assert [row for page in pages for row in page.items] == list(every.items)
    assert {(page.count, page.change_pence) for page in pages} == {(4, 0)}


def test_rows_are_sorted_as_the_eye_sees_them(found):
    assert names(of(found)) == ["E, Efa", "O, Bea", "Ž, Alan", "Z, Dai"]  # not by Zachary, before Žák
    assert names(of(found, order=SortedBy.SUM)) == ["O, Bea", "Ž, Alan", "Z, Dai", "E, Efa"]
    assert names(of(found, order=SortedBy.CHANGE)) == ["E, Efa", "Z, Dai", "O, Bea", "Ž, Alan"]


def test_what_is_queried_or_held_is_found(found):
    first, second, *_ = of(found).items
    own = {"provider_id": found.provider_id, "payment_id": found.id, "reason": "Too little"}
    saved(Hold(**own, purchase_order_id=first.order_id, kind=HoldKind.QUERY))
    saved(Hold(**own, purchase_order_id=second.order_id, kind=HoldKind.OFFICER))
    assert names(of(found, show=Show.QUERIED)) == ["E, Efa", "O, Bea"]
    assert names(of(found, "bea", show=Show.QUERIED)) == ["O, Bea"]


def test_one_off_claims_are_a_row_of_their_own(contract):
    make_claim_item(contract, 2_500, NEXT)
    calculate(NEXT)
    found = payment(contract, NEXT)
    claims = of(found).items[0]
    assert (claims.title, claims.key, claims.change, claims.change_pence) == (
        "One-Off Claims", "0-2019", Change.NEW, 2_500,
    )  # fmt: skip
    assert names(of(found, "claims off")) == ["One-Off Claims"]
    with reading():
        [row] = with_working(found, claims.key)
    assert row.total_pence == 2_500


def test_a_new_financial_year_is_no_change():
    """One client has an order a year, and may have both in one payment."""
    monday = date(2020, 3, 23)
    contract = make_contract(calculate_from=monday)
    make_item(contract, 700_000)
    finalise(monday + 6 * DAY)
    finalise(monday + 13 * DAY)
    calculate(monday + 14 * DAY)
    both, after = payment(contract, monday + 7 * DAY), payment(contract, monday + 14 * DAY)
    assert [(row.year, row.total_pence, row.change) for row in of(both, on=after.first_on).items] == [
        (2020, 5_000, Change.SAME), (2019, 2_000, Change.SAME),
    ]  # fmt: skip
    assert [(row.year, row.total_pence, row.change) for row in of(after, on=after.first_on).items] == [
        (2020, 7_000, Change.SAME)
    ]
    with reading(), as_on(after.first_on):
        assert [with_working(both, row.key)[0].total_pence for row in rows_of(both).items] == [5_000, 2_000]


def test_rows_of_a_plan_are_told_alike(contract):
    calculate(NEXT)
    planned = payment(contract, NEXT + 7 * DAY)
    rows = of(planned)
    assert [(row.title[:4], row.total_pence, row.change, row.change_pence) for row in rows.items] == [
        ("O, B", 7_000, Change.LESS, -1_000),
        ("Ž, A", 7_000, Change.SAME, 0),
        ("Z, D", 7_000, Change.SAME, 0),
    ]
    assert names(of(planned, "zak")) == ["Ž, Alan"]


def test_every_row_can_be_opened_and_no_other(found):
    with reading():
        for row in rows_of(found).items:
            [told] = with_working(found, row.key)
            assert (told.title, told.total_pence) == (row.title, row.total_pence)
            assert told.sentences
        assert with_working(found, "99999-2019") == []


def test_vat_is_a_part_of_what_a_row_comes_to_of_how_it_differs_and_of_its_place():
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, 800_000, make_client(surname="Adams", first_name="Cai"))
    vatable = {"service_level_id": make_service_level(vat_basis_points=2000).id}
    less = make_item(contract, 700_000, make_client(surname="Žák", first_name="Alan"), **vatable)
    finalise(MONDAY + 6 * DAY)
    first = of(payment(contract, MONDAY), order=SortedBy.SUM)
    assert [(row.net_pence, row.vat_pence, row.total_pence) for row in first.items] == [
        (7_000, 1_400, 8_400), (8_000, 0, 8_000),
    ]  # fmt: skip
    assert (first.net_pence, first.vat_pence, first.total_pence) == (15_000, 1_400, 16_400)
    change(less, ends_on=NEXT + 4 * DAY)
    calculate(NEXT)
    second = of(payment(contract, NEXT))
    assert [(row.total_pence, row.change, row.change_pence) for row in second.items] == [
        (8_000, Change.SAME, 0), (6_000, Change.LESS, -2_400),
    ]  # fmt: skip
    change(less, ends_on=MONDAY + 6 * DAY)
    calculate(NEXT)
    gone = of(payment(contract, NEXT), with_gone=True)
    assert [(row.total_pence, row.change, row.change_pence) for row in gone.items] == [
        (8_000, Change.SAME, 0), (0, Change.GONE, -8_400),
    ]  # fmt: skip


def test_vat_of_a_plan_is_a_part_of_its_rows_and_of_their_difference():
    contract = make_contract(calculate_from=MONDAY)
    make_item(contract, 800_000, make_client(surname="Adams", first_name="Cai"))
    vatable = {"service_level_id": make_service_level(vat_basis_points=2000).id}
    alan = make_client(surname="Žák", first_name="Alan")
    make_item(contract, 700_000, alan, **vatable)
    calculate(MONDAY)
    make_item(contract, 70_000, alan, starts_on=NEXT, authorised_on=MONDAY, **vatable)
    planned = of(payment(contract, NEXT), order=SortedBy.SUM, on=MONDAY)
    assert [(row.net_pence, row.vat_pence, row.total_pence, row.change, row.change_pence) for row in planned.items] == [
        (7_700, 1_540, 9_240, Change.MORE, 840), (8_000, 0, 8_000, Change.SAME, 0),
    ]  # fmt: skip
    assert (planned.net_pence, planned.vat_pence, planned.total_pence, planned.change_pence) == (
        15_700, 1_540, 17_240, 840,
    )  # fmt: skip


def test_the_difference_stands_on_a_row_of_the_payment_though_a_newer_order_was_in_the_one_before():
    """Of the old year something is caught up, and of the new year nothing is paid any more."""
    monday = date(2020, 3, 30)
    contract = make_contract(calculate_from=monday)
    item = make_item(contract, 700_000)
    finalise(monday + 6 * DAY)
    change(item, ends_on=monday + 6 * DAY)
    make_allowance(item, monday, 1_000)
    calculate(monday + 7 * DAY)
    rows = of(payment(contract, monday + 7 * DAY), on=monday + 7 * DAY, with_gone=True)
    assert [(row.year, row.total_pence, row.change, row.change_pence) for row in rows.items] == [
        (2019, 1_000, Change.LESS, -6_000)
    ]
    assert rows.change_pence == -6_000
