"""Remittances: what a run keeps of what it pays, why each line is there, and that nothing changes it afterwards."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import delete, update

from commands.batchwise.remitting import fill
from exchange.pdf.report import report_pdf
from exchange.reports.remittance import remittance_sheet
from models.calendar import as_on
from models.engine.component import Component
from models.engine.working import Working
from models.payments import officer
from models.payments.adjustment import Adjustment
from models.payments.advice import Advice, Lines
from models.payments.hold import Hold, HoldKind
from models.payments.payment import ScheduledPayment
from models.payments.remittance import Remittance
from models.portal import current_portal
from models.pricing import Basis, PayOnActuals
from models.records.care_package import ItemPrice
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from models.records.provider import Provider
from models.reports import remittances
from models.reports.remittances import Remitted
from models.verify import check_all
from tests.care_factories import (
    make_absence,
    make_allowance,
    make_claim_item,
    make_contract,
    make_deduction,
    make_item,
)
from tests.factories import make_staff
from tests.support import runs
from tests.support.actuals import confirmed_actual
from tests.support.debts import DAY, FIRST, act, owing
from tests.support.remittances import advice, kept, told
from tests.support.rows import reading, saved, unit_of_work

pytestmark = pytest.mark.usefixtures("database")

MONDAY = date(2019, 9, 9)
WEEK = timedelta(days=7)


@pytest.fixture
def contract():
    return make_contract(calculate_from=MONDAY)


def weeks(count, first=MONDAY):
    runs.finalise_weeks(first, first + count * WEEK - DAY)


def reasons(contract, first_on):
    return [str(line.reason) for line in advice(contract, first_on).lines]


@pytest.mark.postgres
@pytest.mark.covers("S4-004")
def test_a_late_start_is_told_as_planned_days_and_days_not_paid_before(contract):
    """next.md 23: £303.03 planned and £432.90 not paid before are £735.93; the week before is as it was."""
    make_item(contract)
    weeks(1)
    before = advice(contract, MONDAY)
    late = make_item(contract, 3_030_300, starts_on=date(2019, 9, 6), authorised_on=date(2019, 9, 16))
    assert late.id
    weeks(1, MONDAY + WEEK)
    found = advice(contract, MONDAY + WEEK)
    of_late = [line for line in found.lines if line.net_pence != 35_308]
    assert told(of_late) == [("not paid before", "09/09-15/09", 30_303), ("planned", "16/09-22/09", 30_303)]
    assert advice(contract, MONDAY) == before
    assert found.total_pence == 35_308 + 60_606 == runs.banked(contract)[1]


@pytest.mark.covers("S4-125")
def test_the_golden_week_is_735_93_of_which_432_90_were_not_paid_before():
    contract = make_contract(calculate_from=date(2019, 9, 2))
    make_item(contract, 3_030_300, starts_on=date(2019, 9, 6), authorised_on=date(2019, 9, 16))
    runs.finalise(date(2019, 9, 15))
    runs.finalise(date(2019, 9, 22))
    found = advice(contract, date(2019, 9, 16))
    earlier = [line for line in found.lines if line.is_earlier]
    assert {str(line.reason) for line in earlier} == {"not paid before"}
    assert sum(line.net_pence for line in earlier) == 43_290
    assert found.total_pence == 73_593


def test_an_end_that_came_late_takes_back_its_days_and_says_so(contract):
    item = make_item(contract, 3_030_300)
    other = make_item(contract, 10_000_000)
    weeks(2)
    runs.change(item, ends_on=date(2019, 9, 12))
    runs.finalise(MONDAY + 3 * WEEK - DAY)
    found = advice(contract, MONDAY + 2 * WEEK)
    gone = [line for line in found.lines if line.net_pence < 0]
    assert told(gone) == [("end", "09/09-15/09", -12_987), ("end", "16/09-22/09", -30_303)]
    assert [(line.due_pence, line.paid_pence) for line in gone] == [(17_316, 30_303), (0, 30_303)]
    assert all(line.is_earlier for line in gone)
    assert found.total_pence == 100_000 - 43_290 == runs.banked(contract)[2]
    assert other.id


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda item: _price(item), "price"),
        (lambda item: make_absence(item, MONDAY, MONDAY + DAY, 50), "absence"),
        (lambda item: runs.change(item, starts_on=MONDAY + DAY), "end"),
    ],
    ids=["a price", "an absence", "a later start"],
)
def test_a_difference_says_what_has_changed_of_days_that_were_paid(contract, change, reason):
    item = make_item(contract, 7_000_000)
    weeks(1)
    change(item)
    weeks(1, MONDAY + WEEK)
    [difference] = [line for line in advice(contract, MONDAY + WEEK).lines if line.is_earlier]
    assert str(difference.reason) == reason


def _price(item):
    with unit_of_work() as session:
        session.execute(update(ItemPrice).where(ItemPrice.item_id == item.id).values(rate_e4=7_700_000))


def test_every_component_has_its_reason():
    contract = make_contract(calculate_from=MONDAY, basis=Basis.NET)
    item = make_item(contract, 10_000_000)
    for kind in ("contribution", "top_up", "nursing"):
        make_deduction(item, 100_000, kind=kind)
    make_absence(item, MONDAY + DAY, MONDAY + DAY)
    make_allowance(item, MONDAY)
    make_claim_item(contract, 5_805, MONDAY, quantity_e4=1_500_000, rate_e4=3_870, client_id=item.client_id)
    saved(Adjustment(provider_id=contract.provider_id, contract_id=contract.id, client_id=item.client_id,
                     for_day=MONDAY, amount_pence=100, reason="Paid late"))  # fmt: skip
    weeks(1)
    found = advice(contract, MONDAY)
    by_component = {line.component: str(line.reason) for line in found.lines if line.part is None or line.part.percent}
    assert by_component == {
        Component.CARE: "planned", Component.CONTRIBUTION: "contribution", Component.TOP_UP: "top-up",
        Component.NURSING: "nursing", Component.ALLOWANCE: "planned", Component.CLAIM: "claim",
        Component.ADJUSTMENT: "adjustment",
    }  # fmt: skip
    [away] = [line for line in found.lines if str(line.reason) == "absence" and line.component is Component.CARE]
    assert (away.first, away.last, away.net_pence) == (MONDAY + DAY, MONDAY + DAY, 0)
    [claim] = [line for line in found.lines if line.component is Component.CLAIM]
    assert (claim.units.quantity_e4, claim.units.rate_e4, claim.units.unit) == (1_500_000, 3_870, "mile")


@pytest.mark.postgres
def test_plain_lines_say_just_what_they_say_when_they_are_worked_out(contract, monkeypatch):
    """Those that are paid in full as planned are written from what is kept of them: the same words, the same seal."""
    item = make_item(contract, 10_000_000)
    make_deduction(item, 100_000, kind="contribution")
    make_absence(item, MONDAY + DAY, MONDAY + 2 * DAY)
    make_allowance(item, MONDAY)
    weeks(1)
    make_item(contract, 3_030_300, starts_on=MONDAY, authorised_on=MONDAY + WEEK)
    make_absence(item, MONDAY + 4 * DAY, MONDAY + 4 * DAY)  # told late: a difference
    weeks(1, MONDAY + WEEK)
    quick = written_anew(contract)
    assert {"planned", "not paid before", "absence", "contribution"} <= {
        line["reason"] for _, words in quick for line in words["lines"]
    }
    monkeypatch.setattr(Working, "plain_slices", staticmethod(lambda row: []))
    assert written_anew(contract) == quick


def written_anew(contract):
    with unit_of_work() as session:
        session.execute(delete(Remittance))
    assert fill() == 2
    return [(each.sha256, each.advice.as_dict()) for each in kept(contract)]


def test_what_is_paid_on_actuals_says_actual():
    contract = make_contract(calculate_from=MONDAY)
    item = make_item(contract)
    with unit_of_work() as session:
        session.execute(update(PaymentMethod).values(pay_on_actuals=PayOnActuals.ALWAYS))
    confirmed_actual(item, MONDAY, 10_000)
    weeks(1)
    assert reasons(contract, MONDAY) == ["actual"]


@pytest.mark.postgres
def test_debts_are_lines_and_the_total_is_still_the_banks_sum():
    contract = owing(5_000)
    first = advice(contract, FIRST)
    assert [str(line.reason) for line in first.lines] == ["planned", "adjustment", "carried"]
    assert first.total_pence == 0
    runs.finalise(FIRST + 2 * WEEK - DAY)
    second = advice(contract, FIRST + WEEK)
    assert told(second.lines)[-1] == ("brought forward", "09/09-15/09", -5_000)
    assert [each.paid_pence for each in kept(contract)] == runs.banked(contract) == [0, 5_000]


def test_what_an_instalment_takes_is_called_one():
    contract = owing(5_000)
    act(officer.agree_plan, contract, per_payment_pence=1_000, reason="Agreed", by=make_staff())
    runs.finalise(FIRST + 2 * WEEK - DAY)
    assert told(advice(contract, FIRST + WEEK).lines)[-1] == ("instalment", "09/09-15/09", -1_000)


@pytest.mark.covers("S4-121")
def test_a_payment_that_is_paid_in_parts_has_a_remittance_of_each(contract):
    make_item(contract, 1_000_000)
    held = make_item(contract, 2_000_000)
    runs.calculate(MONDAY)
    found = runs.payment(contract, MONDAY)
    [order] = [each for each in runs.orders(contract) if each.client_id == held.client_id]
    hold = saved(Hold(provider_id=contract.provider_id, payment_id=found.id, purchase_order_id=order.id,
                      kind=HoldKind.OFFICER, reason="Asked about", placed_by_id=make_staff().id))  # fmt: skip
    runs.finalise(MONDAY + WEEK - DAY)
    with reading() as session:
        payment = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        part = remittances.of_period(payment)
    assert (part.is_partly, part.total_pence) == (True, 10_000)
    runs.change(hold, released_at=sa.func.now(), released_by_id=make_staff().id, release_reason="Answered")
    runs.finalise(MONDAY + WEEK)
    with reading() as session:
        payment = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        whole = remittances.of_period(payment)
    assert (whole.is_partly, whole.total_pence, len(whole.advices)) == (False, 30_000, 2)
    assert [each.paid_pence for each in kept(contract)] == runs.banked(contract)


@pytest.mark.postgres
def test_nothing_that_changes_afterwards_changes_a_remittance(contract, own_portal):
    """design.md: an immutable snapshot. Names (the council’s too), addresses, prices and dates change: not a byte."""
    item = make_item(contract)
    make_allowance(item, MONDAY)
    weeks(2)
    before = _drawn(contract)
    changes = {
        Client: {"surname": "Other", "folded_surname": "other", "first_name": "Name", "reference": "C9"},
        Provider: {"name": "Renamed", "folded_name": "renamed", "address": "Moved", "account_ending": "9999"},
        Contract: {"name": "Renamed", "folded_name": "renamed"},
        ServiceLevel: {"name": "Renamed", "folded_name": "renamed"},
        ItemPrice: {"rate_e4": 1},
    }
    with unit_of_work() as session:
        for entity, values in changes.items():
            session.execute(update(entity).values(**values))
    make_absence(item, MONDAY, MONDAY + 2 * WEEK)
    runs.change(item, ends_on=MONDAY)
    council = current_portal().council
    own_portal.change(council="Renamed Council")
    weeks(1, MONDAY + 2 * WEEK)
    assert _drawn(contract) == before
    assert [each.advice.council for each in kept(contract)] == [council, council, "Renamed Council"]
    assert [each.sha256 for each in kept(contract)] == [each.advice.sha256 for each in kept(contract)]


def _drawn(contract):
    """The PDFs and data of the first two weeks."""
    found = []
    for first_on in (MONDAY, MONDAY + WEEK):
        with reading() as session:
            payment = session.scalars(ScheduledPayment.of(contract.reference, first_on)).one()
            sheet = remittance_sheet(remittances.of_period(payment), council=current_portal().council)
        found.append((report_pdf(replace(sheet, name="")), list(sheet.data)))
    return found


def _broken(day):
    with as_on(day):
        return {found.promise for found in check_all()}


@pytest.mark.postgres
def test_what_an_earlier_version_paid_is_written_once_and_verify_misses_it_until_then(contract):
    make_item(contract)
    weeks(2)
    before = [(each.reference, each.paid_pence, each.advice.lines) for each in kept(contract)]
    with unit_of_work() as session:
        session.execute(delete(Remittance))
    day = MONDAY + 2 * WEEK - DAY
    assert _broken(day) == {"what was finalised has its remittance"}
    assert (fill(), fill()) == (2, 0)
    assert [(each.reference, each.paid_pence, each.advice.lines) for each in kept(contract)] == before
    assert _broken(day) == set()


def test_one_that_was_kept_before_it_named_the_council_is_read_as_it_was_sealed(contract):
    make_item(contract)
    weeks(1)
    [now] = kept(contract)
    words = now.advice.as_dict()
    assert words.pop("council") == now.advice.council == current_portal().council
    old = Advice.from_dict(words)
    assert (old.as_dict(), old.council) == (words, "")
    shown = remittance_sheet(Remitted(remittances.Basis.PERIOD, "old", [old], MONDAY), council="Today Council")
    assert dict(shown.facts)["Paid by"] == "Today Council"
    both = remittance_sheet(
        Remitted(remittances.Basis.PERIOD, "both", [old, now.advice], MONDAY), council="Today Council"
    )
    assert dict(both.facts)["Paid by"] == f"Today Council; {now.advice.council}"


def test_a_remittance_that_was_tampered_with_is_found(contract):
    make_item(contract)
    weeks(1)
    [found] = kept(contract)
    changed = replace(found.advice, lines=Lines([replace(found.advice.lines[0], net_pence=1).as_dict()]))
    with unit_of_work() as session:
        session.execute(update(Remittance).values(advice=changed))
    assert _broken(MONDAY + WEEK - DAY) == {"a remittance says what its run paid, and never changes"}


def test_by_finalisation_is_all_that_one_run_has_paid(contract):
    make_item(contract)
    runs.finalise(MONDAY + 2 * WEEK - DAY)
    with reading() as session:
        own = session.scalars(Contract.referred_to(contract.reference)).one()
        [run] = remittances.finalisations(own.id)
        found = remittances.of_finalisation(own, run.run_id)
    assert [each.first for each in found.advices] == [MONDAY, MONDAY + WEEK]
    assert found.total_pence == run.pence == sum(runs.banked(contract)) == 70_616
