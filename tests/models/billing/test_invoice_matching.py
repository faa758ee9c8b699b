"""In what an invoice differs from what the council knows."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError, session
from models.billing import invoice_deciding, invoice_lines, invoicing
from models.billing.invoice_matching import Beside, Differs, in_short, match
from models.calendar import as_on
from models.money import SCALE
from models.permissions import Role
from models.records.actual import ExceptionState
from models.records.actual_rule import RuleKind
from models.records.invoice import InvoiceLine, InvoiceStatus
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.actual_factories import make_rule as make_actual_rule
from tests.care_factories import make_price, make_service_level
from tests.factories import make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.support import runs
from tests.support.rows import unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
NEXT = MONDAY + timedelta(days=7)
HOURS = 10 * SCALE


@pytest.fixture
def care():
    """Ten hours confirmed for the week of MONDAY."""
    with as_on(NEXT + timedelta(days=7)):
        contract, item = made.make_home_care()
        made.make_confirmed(item, HOURS)
        yield contract, item


def matched(invoice):
    with unit_of_work():
        return match(made.invoice_now(invoice))


def differs(invoice):
    return [each.value for each in matched(invoice).kinds]


def texts(invoice):
    return [each.text for many in matched(invoice).by_line.values() for each in many]


def test_what_was_confirmed_at_the_contracts_price_matches(care):
    contract, item = care
    found = matched(made.make_invoice(contract, asked(item)))
    assert found.is_matched
    assert in_short(found) == "Matched"


@pytest.mark.parametrize(("units", "said"), [(HOURS, []), (HOURS + 1, ["quantity"])])
def test_units_may_be_what_is_confirmed_and_no_more(care, units, said):
    contract, item = care
    assert differs(made.make_invoice(contract, asked(item, quantity_e4=units))) == said


def test_units_that_another_invoice_asks_for_count(care):
    contract, item = care
    made.make_sent(contract, asked(item, 6))
    assert differs(made.make_invoice(contract, asked(item, 4))) == []
    second = made.make_invoice(contract, asked(item, 5))
    assert texts(second) == ["10 confirmed for 5 to 11 October 2026; this invoice asks for 5, and other invoices 6."]


def test_a_draft_and_a_rejected_invoice_take_no_units_away(care):
    contract, item = care
    made.make_invoice(contract, asked(item))
    sent = made.make_sent(contract, asked(item))
    by = made.officer()
    act(sent, invoice_deciding.reject, "Sent twice", by=by)
    assert differs(made.make_invoice(contract, asked(item))) == []


def test_units_that_a_credit_note_takes_back_may_be_asked_for_again(care):
    contract, item = care
    sent = made.make_sent(contract, asked(item))
    made.approve(sent)
    [line] = made.invoice_now(sent).lines
    note = made.make_credit_note(sent, {line.id: 3 * SCALE})
    made.send(note)
    made.approve(note)
    assert differs(made.make_invoice(contract, asked(item, 3))) == []
    assert differs(made.make_invoice(contract, asked(item, 4))) == ["quantity"]


def test_two_lines_of_one_invoice_for_the_same_week_count_together(care):
    contract, item = care
    assert differs(made.make_invoice(contract, asked(item, 6), asked(item, 5))) == ["quantity"]


def test_days_without_confirmed_actuals_are_told(care):
    contract, item = care
    week = {"first_on": NEXT, "last_on": NEXT + timedelta(days=6)}
    assert texts(made.make_invoice(contract, asked(item, **week))) == [
        "No actuals are confirmed for 12 to 18 October 2026."
    ]


def test_another_price_is_told_in_pounds(care):
    contract, item = care
    found = made.make_invoice(contract, asked(item, rate_e4=240_000))
    assert texts(found) == ["The price on 5 October 2026 is £23.10 an hour, and the line says £24.00."]


def test_a_price_that_changes_within_the_line_is_told(care):
    contract, item = care
    other = made.make_hourly_item(contract, None, level=make_service_level(unit="hour"))
    made.make_confirmed(other, HOURS)
    make_price(other, made.HOURLY_E4, ends_on=MONDAY + timedelta(days=2))
    make_price(other, 240_000, starts_on=MONDAY + timedelta(days=3))
    assert texts(made.make_invoice(contract, asked(other))) == [
        "The price changes on 8 October 2026. Make a line for the days from then on."
    ]
    assert differs(made.make_invoice(contract, asked(other, last_on=MONDAY + timedelta(days=2)))) == []


def test_without_a_price_nothing_matches(care):
    contract, _ = care
    other = made.make_hourly_item(contract, None)
    made.make_confirmed(other, HOURS)
    assert differs(made.make_invoice(contract, asked(other))) == ["price"]


def test_vat_that_the_service_does_not_carry_is_told(care):
    contract, item = care
    line = asked(item, vat_code="standard", vat_basis_points=2_000)
    assert texts(made.make_invoice(contract, line))[0].endswith("is exempt from VAT, and the line says at 20 % VAT.")


def test_exempt_is_not_zero_rated(care):
    contract, item = care
    assert differs(made.make_invoice(contract, asked(item, vat_code="zero"))) == ["VAT"]


def test_a_sum_that_is_no_product_is_told(care):
    contract, item = care
    assert texts(made.make_invoice(contract, asked(item, net_pence=23_101))) == [
        "10 at £23.10 comes to £231.00 before VAT, and the line says £231.01."
    ]


@pytest.mark.parametrize(("days", "said"), [(0, []), (1, ["days"])])
def test_days_after_the_care_package_has_ended_are_told(care, days, said):
    contract, item = care
    runs.change(item, ends_on=MONDAY + timedelta(days=6 - days))
    assert differs(made.make_invoice(contract, asked(item))) == said


def test_the_days_that_were_bought_are_told_to_their_end_or_from_their_beginning(care):
    contract, item = care
    early = asked(item, first_on=MONDAY - timedelta(days=1))
    runs.change(item, starts_on=MONDAY)
    assert (
        "This care was bought from 5 October 2026, and the line is for" in texts(made.make_invoice(contract, early))[0]
    )
    days = {5: "for 5 to 10 October 2026", 0: "for 5 October 2026", -1: "for no days"}
    for last, words in days.items():
        runs.change(item, ends_on=MONDAY + timedelta(days=last))
        assert f"This care was bought {words}, and" in texts(made.make_invoice(contract, early))[0]


def test_a_line_may_last_until_today_and_no_longer(care):
    contract, item = care
    invoice = made.make_invoice(contract, asked(item))
    for today, said in ((6, []), (5, ["days"])):
        with as_on(MONDAY + timedelta(days=today)):
            assert differs(invoice) == said


def test_what_differs_in_lines_and_in_all_is_counted_together(care):
    contract, item = care
    lines = [asked(item, 4, rate_e4=240_000), asked(item, 4, vat_code="zero")]
    found = matched(made.make_invoice(contract, *lines, stated_pence=1))
    assert (found.count, in_short(found)) == (3, "3 differences: price, VAT, total")


@pytest.mark.parametrize(("days", "said"), [(0, []), (1, ["days"])])
def test_days_before_the_care_package_began_are_told(care, days, said):
    contract, item = care
    runs.change(item, starts_on=MONDAY + timedelta(days=days))
    assert differs(made.make_invoice(contract, asked(item))) == said


def test_days_after_the_contract_has_ended_are_told(care):
    contract, item = care
    runs.change(contract, ends_on=MONDAY + timedelta(days=5))
    assert differs(made.make_invoice(contract, asked(item))) == ["days"]


@pytest.mark.parametrize(
    ("is_paid", "extras", "said"), [(True, True, []), (False, True, ["quantity"]), (True, False, ["quantity"])]
)
def test_frustrated_hours_count_where_the_service_pays_them_and_extras_where_it_has_them(care, is_paid, extras, said):
    contract, _ = care
    level = make_service_level(unit="hour", is_frustrated_paid=is_paid, is_extra_allowed=extras)
    item = made.make_hourly_item(contract, level=level)
    made.make_confirmed(item, 8 * SCALE, frustrated_e4=2 * SCALE, planned_e4=9 * SCALE)
    assert differs(made.make_invoice(contract, asked(item, 10))) == said


@pytest.mark.parametrize(("days", "said"), [(0, []), (1, ["quantity"])])
def test_where_a_rule_pays_the_plan_the_planned_units_count(care, days, said):
    """From the week that begins on the rule's day; the week before goes by what was delivered."""
    contract, _ = care
    item = made.make_hourly_item(contract)
    make_actual_rule(item.service_level_id, RuleKind.PAID_ON_PLAN, refuses_from=MONDAY + timedelta(days=days))
    made.make_confirmed(item, 8 * SCALE, planned_e4=HOURS)
    assert differs(made.make_invoice(contract, asked(item))) == said


def test_a_rule_that_only_warns_pays_no_plan(care):
    contract, _ = care
    item = made.make_hourly_item(contract)
    make_actual_rule(item.service_level_id, RuleKind.PAID_ON_PLAN, warns_from=MONDAY)
    made.make_confirmed(item, 8 * SCALE, planned_e4=HOURS)
    assert differs(made.make_invoice(contract, asked(item))) == ["quantity"]


def test_what_is_above_the_plan_and_its_tolerance_counts_once_the_council_has_approved_it(care):
    contract, item = care
    made.make_confirmed(item, 12 * SCALE, number=2, state=ExceptionState.OPEN)
    waits = (
        " What is confirmed for 5 to 11 October 2026 waits for the council’s approval, and counts once that is given."
    )
    assert texts(made.make_invoice(contract, asked(item, 12))) == [
        f"10 confirmed for 5 to 11 October 2026; this invoice asks for 12.{waits}"
    ]
    other = made.make_hourly_item(contract)
    made.make_confirmed(other, HOURS, state=ExceptionState.OPEN)
    assert texts(made.make_invoice(contract, asked(other))) == [waits.strip()]
    made.make_confirmed(other, HOURS, number=2, state=ExceptionState.APPROVED)
    assert differs(made.make_invoice(contract, asked(other))) == []


def test_a_penny_of_rounding_is_told_and_matches(care):
    """The published case 39: by line 115.61 of VAT, by total 115.60."""
    contract, item = care
    level = make_service_level(unit="item", vat_code="standard", vat_basis_points=2_000)
    lines = []
    for pence in (29_933, 17_933, 9_934):
        each = made.make_hourly_item(contract, pence * 100, level=level)
        made.make_confirmed(each, SCALE)
        lines.append(asked(each, 1, rate_e4=pence * 100, vat_code="standard", vat_basis_points=2_000))
    found = matched(made.make_invoice(contract, *lines, stated_pence=69_360))
    assert found.is_matched
    assert found.told == [
        "Your total is £693.60; line by line it comes to £693.61. The penny between them is rounding. We pay £693.61."
    ]
    assert matched(made.make_invoice(contract, *lines, stated_pence=69_363)).is_matched
    off = matched(made.make_invoice(contract, *lines, stated_pence=69_364))
    assert [each.differs for each in off.whole] == [Differs.TOTAL]


@pytest.mark.parametrize(("pence", "is_matched"), [(23_100, True), (23_101, True), (23_102, False), (23_098, False)])
def test_of_one_line_no_more_than_a_penny_is_rounding(care, pence, is_matched):
    contract, item = care
    assert matched(made.make_invoice(contract, asked(item), stated_pence=pence)).is_matched is is_matched


def test_a_number_that_looks_like_another_is_told(care):
    contract, item = care
    made.make_invoice(contract, asked(item), number="12")
    other = made.make_invoice(contract, number="0012", alike_reason="Another series")
    with unit_of_work():
        assert Beside.of(made.invoice_now(other)).alike == ["The number looks like 12 of 12 October 2026, £231.00."]


def test_what_differs_is_approved_only_with_a_note(care):
    contract, item = care
    sent = made.make_sent(contract, asked(item, 11))
    by = made.officer()
    with pytest.raises(DomainError, match="differs from what the council knows"):
        act(sent, invoice_deciding.approve, seen=made.invoice_now(sent).mark, by=by)
    act(sent, invoice_deciding.approve, seen=made.invoice_now(sent).mark, note="A double-up visit", by=by)
    assert made.invoice_now(sent).decision_note == "A double-up visit"


def test_of_several_none_is_approved_where_one_differs(care):
    contract, item = care
    good, off = made.make_sent(contract, asked(item, 4)), made.make_sent(contract, asked(item, rate_e4=240_000))
    by = made.officer()
    with unit_of_work():
        both = invoice_deciding.several([good.id, off.id])
        with pytest.raises(DomainError):
            invoice_deciding.approve_each(both, {each.id: each.mark for each in both}, by=by)
    assert made.invoice_now(good).status is InvoiceStatus.SUBMITTED


def mended(contract, invoice, line):
    """Held, changed and sent again under the same number."""
    by = made.officer()
    act(invoice, invoice_deciding.hold, made.reason_owned_by("provider"), by=by)
    clerk = make_user(Role.FINANCE, Provider(id=contract.provider_id))
    own = made.invoice_now(invoice).lines[0].id

    def change(found):
        row = session.scalars(select(InvoiceLine).where(InvoiceLine.id == own)).one()
        invoice_lines.change_line(found, row, line, by=clerk)

    act(invoice, change)
    made.send(invoice, clerk)


def test_it_is_approved_as_the_page_has_shown_it(care):
    """It comes to the same after it was mended, for other days."""
    contract, item = care
    sent = made.make_sent(contract, asked(item, 4))
    by, seen = made.officer(), made.invoice_now(sent).mark
    mended(contract, sent, asked(item, 4, last_on=MONDAY))
    with pytest.raises(DomainError, match="has changed since you opened this page: it comes to £92.40 now"):
        act(sent, invoice_deciding.approve, seen=seen, note="As agreed", by=by)
    assert made.invoice_now(sent).status is InvoiceStatus.SUBMITTED
    act(sent, invoice_deciding.approve, seen=made.invoice_now(sent).mark, note="As agreed", by=by)


BETWEEN = {
    "mended for the same sum": lambda contract, item, one: mended(contract, one, asked(item, 5, last_on=MONDAY)),
    "mended for less": lambda contract, item, one: mended(contract, one, asked(item, 3)),
    "held": lambda contract, item, one: act(
        one, invoice_deciding.hold, made.reason_owned_by("provider"), by=made.officer()
    ),
    "cancelled": lambda contract, item, one: act(
        one, invoicing.cancel, by=make_user(Role.FINANCE, Provider(id=contract.provider_id))
    ),
    "rejected": lambda contract, item, one: act(one, invoice_deciding.reject, "Twice", by=made.officer()),
    "approved": lambda contract, item, one: made.approve(one),
}  # fmt: skip


@pytest.mark.parametrize("case", BETWEEN)
def test_of_several_one_that_changed_meanwhile_is_named_and_none_is_approved(care, case):
    """Another one makes up for it, so that their sum is the same as before."""
    contract, item = care
    good, other = made.make_sent(contract, asked(item, 4)), made.make_sent(contract, asked(item, 5))
    by, seen = made.officer(), {each.id: made.invoice_now(each).mark for each in (good, other)}
    BETWEEN[case](contract, item, other)
    before = made.invoice_now(other).status
    with pytest.raises(DomainError, match=f"^{other.called} has|^{other.called} is on hold"), unit_of_work():
        invoice_deciding.approve_each(invoice_deciding.several(seen), seen, by=by)
    assert [made.invoice_now(each).status for each in (good, other)] == [InvoiceStatus.SUBMITTED, before]


def test_of_several_one_that_nobody_has_sent_or_that_is_not_there_stops_them_all(care):
    contract, item = care
    good, draft = made.make_sent(contract, asked(item, 4)), made.make_invoice(contract, asked(item, 5))
    by, seen = made.officer(), {each.id: made.invoice_now(each).mark for each in (good, draft)}
    with pytest.raises(DomainError, match="1 invoice of the list cannot be found"), unit_of_work():
        invoice_deciding.approve_each(invoice_deciding.several(seen), seen, by=by)
    with pytest.raises(DomainError, match=f"{good.called} has changed"), unit_of_work():
        invoice_deciding.approve_each(invoice_deciding.several([good.id]), {}, by=by)
    assert made.invoice_now(good).status is InvoiceStatus.SUBMITTED


def test_nobody_decides_what_they_have_sent_or_where_they_belong(care):
    contract, item = care
    by = made.officer()
    sent = made.make_sent(contract, asked(item), by=by)
    with pytest.raises(DomainError, match="a colleague has to decide"):
        act(sent, invoice_deciding.approve, seen=made.invoice_now(sent).mark, by=by)
    member = make_user("finance", made.Provider(id=contract.provider_id))
    other = made.make_sent(contract, asked(item))
    with pytest.raises(DomainError, match="have or had a place"):
        act(other, invoice_deciding.hold, made.reason_owned_by("provider"), by=member)


def test_some_reasons_are_for_a_manager_to_release(care):
    contract, item = care
    sent, by = made.make_sent(contract, asked(item)), made.with_role(made.officer())
    manager = made.with_role(made.make_staff("payments_manager"))
    act(sent, invoice_deciding.hold, made.reason_owned_by("payments"), by=by)
    with pytest.raises(DomainError, match="payments manager to release"):
        act(sent, invoice_deciding.release, by=by)
    act(sent, invoice_deciding.release, by=manager)
    assert made.invoice_now(sent).status is InvoiceStatus.SUBMITTED
