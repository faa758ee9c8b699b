"""Care package line items as their provider reads them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import session
from models.records.agreement import AgreementSource, record_agreement, terms_of
from models.records.care_package import SHOWN_AFTER_END, CarePackageLineItem, ItemPrice, ItemStatus
from models.records.contract import ContractRate
from models.reports import care_package_money as money
from models.reports.care_packages import AgreementState, WantedItems, counted, last_changed, listed, offered, one
from models.tenancy import every_provider
from tests.care_factories import (
    make_allowance,
    make_client,
    make_contract,
    make_deduction,
    make_item,
    make_price,
    make_quantity,
    make_service,
    make_service_level,
)
from tests.conftest import TODAY
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import calculate, change, finalise

pytestmark = pytest.mark.postgres
DAY = timedelta(days=1)
MONDAY = date(2019, 9, 23)


def shown(provider_id, **wanted):
    with reading(provider_id):
        rows = session.execute(listed(WantedItems(**wanted))).all()
        found = counted(WantedItems(**wanted))
    assert found.shown == len(rows)
    return [row.reference for row in rows], found.historical


@pytest.mark.covers("S1-018", "S2-024", "S0-053")
def test_what_ended_more_than_28_days_ago_is_historical(database):
    contract = make_contract()
    for name, ends_on in (
        ("goes on", None), ("last day today", TODAY), ("28 days ago", TODAY - SHOWN_AFTER_END),
        ("29 days ago", TODAY - SHOWN_AFTER_END - DAY),
    ):  # fmt: skip
        make_item(contract, reference=name, ends_on=ends_on, client=make_client(surname=name))
    assert shown(contract.provider_id) == (["28 days ago", "goes on", "last day today"], 1)
    assert shown(contract.provider_id, with_historical=True) == (
        ["28 days ago", "29 days ago", "goes on", "last day today"], 0,
    )  # fmt: skip
    assert shown(contract.provider_id, status=ItemStatus.ENDED) == (["28 days ago"], 1)


@pytest.mark.covers("S2-022", "S3-015")
def test_only_what_is_authorised_and_ones_own_is_shown(database):
    contract = make_contract()
    for name, authorised_on in (("today", TODAY), ("tomorrow", TODAY + DAY), ("never", None)):
        make_item(contract, reference=name, authorised_on=authorised_on)
    theirs = make_item(reference="another provider's")
    assert shown(contract.provider_id) == (["today"], 0)
    with reading(contract.provider_id):
        assert session.execute(one(theirs.id)).one_or_none() is None
    with reading(theirs.provider_id):
        assert session.execute(one(theirs.id)).one().reference == "another provider's"


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, ItemStatus.ACTIVE),
        ({"starts_on": TODAY}, ItemStatus.ACTIVE),
        ({"starts_on": TODAY + DAY, "authorised_on": TODAY}, ItemStatus.COMING),
        ({"is_suspended": True}, ItemStatus.SUSPENDED),
        ({"ends_on": TODAY}, ItemStatus.ACTIVE),
        ({"ends_on": TODAY - DAY, "is_suspended": True}, ItemStatus.ENDED),
    ],
)
def test_a_status_is_alike_in_a_list_and_on_a_page(database, facts, status):
    item = make_item(**facts)
    assert item.status is status
    with every_provider():
        [found] = session.execute(select(CarePackageLineItem.status)).scalars()
    assert found is status
    assert shown(item.provider_id, status=status) == ([item.reference], 0)
    others = [each for each in ItemStatus if each is not status]
    assert not any(shown(item.provider_id, status=each)[0] for each in others)


@pytest.mark.covers("S2-025")
def test_each_filter_finds_its_own(database):
    fostering, lodging = make_service(name="Fostering"), make_service(name="Lodging")
    first = make_contract(reference="00741")
    second = make_contract(calendar=None, provider=None, reference="00742", provider_id=first.provider_id)
    adams = make_client(surname="Adams", first_name="Zoë", reference="C1")
    begum = make_client(surname="Begum", first_name="Ali", reference="C2")
    a = make_item(first, client=adams, service_level_id=make_service_level(fostering).id).reference
    b = make_item(second, client=begum, service_level_id=make_service_level(lodging).id).reference
    here = first.provider_id
    assert shown(here)[0] == [a, b]
    for wanted in ({"text": "zoe adams"}, {"text": a}, {"text": "c1"}, {"service_id": fostering.id},
                   {"contract": "00741"}, {"client_id": adams.id}):  # fmt: skip
        assert shown(here, **wanted)[0] == [a], wanted
    assert shown(here, text="adams", client_id=begum.id) == ([], 0)
    with reading(here):
        found = offered(most_clients=9)
        assert len(offered(most_clients=1).clients) == 2
        assert len(offered(most_clients=0).clients) == 1
    assert found.services == [(str(fostering.id), "Fostering"), (str(lodging.id), "Lodging")]
    assert [reference for reference, _ in found.contracts] == ["00741", "00742"]
    assert [name for _, name in found.clients] == ["Adams, Zoë (C1)", "Begum, Ali (C2)"]


def test_the_terms_of_today_are_told_or_those_of_its_own_first_or_last_day(database):
    contract = make_contract()

    def terms_of(rate_e4=None, prices=(), quantities=(), **facts):
        item = make_item(contract, rate_e4=rate_e4, **facts)
        for starts_on, ends_on, price in prices:
            make_price(item, price, starts_on=starts_on, ends_on=ends_on)
        for starts_on, ends_on, quantity in quantities:
            make_quantity(item, quantity, starts_on=starts_on, ends_on=ends_on)
        with reading(contract.provider_id):
            row = session.execute(one(item.id)).one()
        return row.rate_e4, row.quantity_e4

    yesterday, tomorrow = TODAY - DAY, TODAY + DAY
    changed = [(date(2019, 1, 1), yesterday, 100), (TODAY, TODAY, 200), (tomorrow, None, 300)]
    assert terms_of(prices=changed, quantities=changed) == (200, 200)
    assert terms_of(prices=changed, starts_on=tomorrow, authorised_on=TODAY) == (300, None)
    assert terms_of(prices=changed, ends_on=yesterday) == (100, None)
    level = make_service_level()
    own = {"provider_id": contract.provider_id, "contract_id": contract.id, "service_level_id": level.id}
    saved(ContractRate(**own, starts_on=date(2019, 4, 1), ends_on=None, rate_e4=777))
    assert terms_of(service_level_id=level.id) == (777, None)
    gone = [(date(2019, 1, 1), yesterday, 100)]
    assert terms_of(service_level_id=level.id, prices=gone) == (None, None)


def test_a_line_item_tells_what_it_has_paid_and_what_comes_next(database, set_today):
    """Two weeks at £353.08 are paid, less £10.00 that the provider collects; in the one after there is an allowance."""
    contract = make_contract(calculate_from=MONDAY)
    item = make_item(contract, starts_on=MONDAY)
    make_deduction(item, 100_000)
    make_deduction(item, 990_000, kind="top_up", collected_by="council")
    make_item(contract, rate_e4=9_990_000, starts_on=MONDAY, client=make_client())
    make_allowance(item, date(2019, 10, 20), 18_602)
    finalise(MONDAY + 6 * DAY)
    finalise(MONDAY + 13 * DAY)
    set_today(MONDAY + 15 * DAY)
    calculate(MONDAY + 15 * DAY)
    with reading(contract.provider_id):
        row = session.execute(one(item.id)).one()
        paid = session.execute(money.paid_of(item.id)).all()
        coming = money.coming_of(row, money.funding_of(row))
    assert [(each.first_on, each.pence) for each in paid] == [
        (MONDAY + 7 * DAY, 34_308), (MONDAY, 34_308),
    ]  # fmt: skip
    assert [(each.first_on, each.pence, each.is_planned) for each in coming] == [
        (MONDAY + 14 * DAY, 34_308, False), (MONDAY + 21 * DAY, 34_308 + 18_602, True),
        (MONDAY + 28 * DAY, 34_308, True),
    ]  # fmt: skip


def test_a_suspended_item_has_nothing_to_come_but_what_waits(database, set_today):
    contract = make_contract(calculate_from=MONDAY)
    item = make_item(contract, starts_on=MONDAY, ends_on=MONDAY + 6 * DAY)
    change(item, is_suspended=True)
    set_today(MONDAY + DAY)
    calculate(MONDAY + DAY)
    with reading(contract.provider_id):
        row = session.execute(one(item.id)).one()
        coming = money.coming_of(row, money.funding_of(row))
    assert [(each.pence, each.waits_pence) for each in coming] == [(0, 35_308)]


def test_what_no_feed_has_brought_has_never_changed(database):
    item = make_item()
    with every_provider():
        assert last_changed([item.id]) == {}


def agree(item):
    with unit_of_work():
        terms = terms_of(item)
        record_agreement(item, terms, agreed_on=TODAY, by_name="Ada", source=AgreementSource.PAPER)


def test_a_line_item_tells_whether_its_agreement_is_agreed_and_plans_no_more(database, set_today):
    """£353.08 a week is agreed; the price then rises to £400.00, which waits."""
    contract = make_contract(calculate_from=MONDAY, is_agreement_required=True)
    item = make_item(contract, starts_on=MONDAY)
    free = make_item(make_contract(), starts_on=MONDAY)
    set_today(MONDAY + DAY)
    calculate(MONDAY + DAY)

    def told(of=item):
        with reading(of.provider_id):
            row = session.execute(one(of.id)).one()
            coming = money.coming_of(row, money.funding_of(row))
        return row.agreement, row.agreed_version, [(each.pence, each.waits_pence) for each in coming]

    assert told(free)[:2] == (AgreementState.NOT_NEEDED, None)
    assert told() == (AgreementState.NOT_AGREED, None, [(0, 35_308)])
    set_today(TODAY)
    agree(item)
    calculate(TODAY)
    [price] = every(select(ItemPrice).where(ItemPrice.item_id == item.id))
    change(price, rate_e4=4_000_000)
    calculate(TODAY)
    state, version, coming = told()
    assert (state, version) == (AgreementState.AGREED, 1)
    assert coming[:2] == [(35_308, 4_692), (35_308, 4_692)]
    assert coming[2] == (35_308, 0)


def test_of_its_contracts_rates_those_of_its_own_days_are_told(database):
    level, contract = make_service_level(), make_contract()
    own = {"provider_id": contract.provider_id, "contract_id": contract.id, "service_level_id": level.id}
    days = [(date(2018, 4, 1), date(2018, 12, 31)), (date(2019, 1, 1), date(2019, 3, 31)),
            (date(2019, 4, 1), date(2019, 9, 1)), (date(2019, 9, 2), None)]  # fmt: skip
    for rate_e4, (first, last) in enumerate(days, 1):
        saved(ContractRate(**own, starts_on=first, ends_on=last, rate_e4=rate_e4))
    ended = make_item(contract, rate_e4=None, service_level_id=level.id, ends_on=date(2019, 9, 1))
    goes_on = make_item(contract, rate_e4=None, service_level_id=level.id)
    with reading(contract.provider_id):
        told = [
            [each.rate_e4 for each in money.funding_of(session.execute(one(item.id)).one()).prices]
            for item in (ended, goes_on)
        ]
    assert told == [[2, 3], [2, 3, 4]]
