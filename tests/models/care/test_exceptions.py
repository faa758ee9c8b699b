"""What the council does with exceptions: what hangs on each, several at once, mails, and variations asked for."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError, session
from models.calendar import Span, as_on
from models.care import exception_list, exceptions, weeks
from models.care.figures import Figures
from models.correspondence.action import Action, Side
from models.correspondence.action_post import ActionPost
from models.correspondence.action_type import ActionTeam
from models.correspondence.variation import ask_variation, text_for
from models.money import SCALE
from models.outbox import OutboxMessage
from models.payments import working_out
from models.payments.payment import PaymentLine
from models.permissions import CouncilRole, Role
from models.records.actual import Actual, ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.care_package import ItemPrice
from models.records.contract import Contract, PaymentMethod, PayOnActuals
from models.records.provider import Provider
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, level_of, make_hourly, pays_on
from tests.care_factories import make_price
from tests.factories import make_membership, make_staff, make_user
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MORE = Figures(15 * SCALE, extra_e4=SCALE, comment="A bad night")


@pytest.fixture
def item():
    return make_hourly()


def opened(item, actual_e4=15 * SCALE, state=ExceptionState.OPEN, **given) -> ActualException:
    found = confirmed_actual(item, given.pop("first_on", MONDAY), actual_e4, exception=state, **given)
    return every(select(ActualException).where(ActualException.confirmed_id == found.id))[0]


def make_paid_on_actuals(item) -> None:
    pays_on(next(each for each in every(Contract) if each.id == item.contract_id), PayOnActuals.ALWAYS)
    for method in every(PaymentMethod):
        change(method, calculate_from=MONDAY)


def confirmed(item, figures) -> ActualException:
    """The exception of a week that its provider has confirmed with these figures."""
    clerk, level = make_user(Role.SCHEDULER, None), level_of(item)
    with unit_of_work(), as_on(AFTER):
        contract = session.get(Contract, item.contract_id)
        week = weeks.generate(contract, level.service_id, MONDAY, by=clerk)
        weeks.change(week, {item.id: (figures, None)}, by=clerk)
        weeks.confirm(week, by=clerk)
    [found] = every(ActualException)
    return found


def listed(**wanted):
    with unit_of_work():
        return session.execute(exception_list.exceptions(**wanted)).all()


def lines_of(item) -> int:
    """What the week of 20 April comes to in payments, VAT included."""
    week = Span(MONDAY, MONDAY + timedelta(days=6))
    return sum(
        each.total_pence
        for each in every(PaymentLine)
        if each.item_id == item.id and each.first_on >= week.first and each.last_on <= week.last
    )


CASES = {
    "more than planned": (Figures(152_500, extra_e4=12_500, comment="A bad night"), 42_274),
    "nothing, and no reason": (Figures(0, comment="Nobody knows"), 38_808),
    "frustrated as well": (Figures(140_000, frustrated_e4=20_000, reason="HOSP", comment="Both"), 44_352),
}


@pytest.mark.parametrize("case", CASES)
def test_what_hangs_on_an_exception_is_what_its_payment_comes_to(item, case):
    """15.25 hours at £23.10 are £352.275, rounded up, and £70.46 of VAT; 14 are £323.40, and 16 £369.60, without it."""
    figures, pence = CASES[case]
    make_paid_on_actuals(item)
    change(level_of(item), vat_basis_points=2_000, is_frustrated_paid=True)
    found = confirmed(item, figures)
    assert found.pence == pence
    assert [row.pence for row in listed()] == [pence]
    assert lines_of(item) == 0
    officer = make_staff()
    with unit_of_work(), as_on(AFTER):
        exceptions.approve(session.get(ActualException, found.id), by=officer)
    assert lines_of(item) == (pence if figures.actual_e4 else 0)


def test_what_hangs_on_it_follows_a_price_that_changes_in_the_week(item):
    """16 hours, of which 3 / 7 at £23.10 and 4 / 7 at £24.50: £158.40 + £224.00."""
    make_paid_on_actuals(item)
    [price] = every(ItemPrice)
    change(price, ends_on=MONDAY + timedelta(days=2))
    make_price(item, 245_000, starts_on=MONDAY + timedelta(days=3))
    found = confirmed(item, Figures(16 * SCALE, extra_e4=2 * SCALE, comment="Two bad nights"))
    assert found.pence == 38_240
    officer = make_staff()
    with unit_of_work(), as_on(AFTER):
        exceptions.approve(session.get(ActualException, found.id), by=officer)
    assert lines_of(item) == 38_240


LATER = {
    "another price": (lambda item: change(every(ItemPrice)[0], rate_e4=200_000), 30_000),
    "VAT": (lambda item: change(level_of(item), vat_basis_points=2_000), 41_580),
    "the care has ended": (lambda item: change(item, ends_on=MONDAY - timedelta(days=1)), 0),
    "the plan is paid": (lambda item: pays_on(_contract(item), PayOnActuals.NEVER), 32_340),
}  # fmt: skip


def _contract(item) -> Contract:
    return next(each for each in every(Contract) if each.id == item.contract_id)


@pytest.mark.parametrize("case", LATER)
def test_while_it_waits_it_comes_to_what_would_be_paid_now(item, case):
    """Of 15 hours at £23.10. Once it is decided it says what it came to then."""
    make_paid_on_actuals(item)
    found, (happens, pence) = confirmed(item, MORE), LATER[case]
    assert found.pence == 34_650
    happens(item)
    calculate(AFTER)
    assert [row.pence for row in listed()] == [pence]
    officer = make_staff()
    with unit_of_work(), as_on(AFTER):
        exceptions.approve(session.get(ActualException, found.id), by=officer)
    assert lines_of(item) == pence
    change(every(ItemPrice)[0], rate_e4=100_000)
    calculate(AFTER)
    assert [row.pence for row in listed()] == [pence]


def test_nothing_delivered_comes_to_the_plan_of_now(item):
    make_paid_on_actuals(item)
    found = confirmed(item, Figures(0, comment="Nobody knows"))
    change(every(ItemPrice)[0], rate_e4=200_000)
    calculate(AFTER)
    assert (found.pence, [row.pence for row in listed()]) == (32_340, [28_000])


def test_a_contract_that_cannot_be_calculated_leaves_its_exceptions_as_they_were(item, monkeypatch):
    """And those of others are worked out all the same."""
    make_paid_on_actuals(item)
    found = confirmed(item, MORE)
    other = make_hourly()
    opened(other, 14 * SCALE)
    for price in every(ItemPrice):
        change(price, rate_e4=200_000)
    real = working_out.reckon

    def reckon(contract, *more, **given):
        if contract.id == item.contract_id:
            raise ValueError("Bad facts")
        return real(contract, *more, **given)

    monkeypatch.setattr(working_out, "reckon", reckon)
    calculate(AFTER)
    by_item = {row.item_id: row.pence for row in listed()}
    assert by_item == {item.id: found.pence, other.id: 28_000}


def test_those_that_wait_longest_stand_first_and_my_work_sums_them(item):
    pays_on(next(each for each in every(Contract) if each.id == item.contract_id), PayOnActuals.ALWAYS)
    late = opened(item, 14 * SCALE, first_on=MONDAY - timedelta(weeks=1))
    soon = opened(item, 15 * SCALE)
    opened(item, 16 * SCALE, ExceptionState.APPROVED, first_on=MONDAY - timedelta(weeks=2))
    with unit_of_work():
        assert list(session.scalars(exception_list.in_queue())) == [late.id, soon.id]
        row = session.execute(exception_list.waiting()).one()
    assert (row.how_many, row.pence) == (2, 32_340 + 34_650)
    assert [each.state for each in listed(state=ExceptionState.APPROVED)] == [ExceptionState.APPROVED]
    assert [each.id for each in listed(text=item.reference, state=ExceptionState.OPEN)] == [late.id, soon.id]
    assert listed(text="nobody is called so") == []


def place(item) -> Provider:
    return Provider(id=item.provider_id)


def week_with_more(item, clerk) -> ActualException:
    """The clerk has confirmed more than was planned."""
    [contract] = [each for each in every(Contract) if each.id == item.contract_id]
    with as_on(AFTER), unit_of_work():
        week = weeks.generate(contract, level_of(item).service_id, MONDAY, by=clerk)
        session.flush()
        weeks.change(week, {item.id: (MORE, None)}, by=clerk)
        weeks.confirm(week, by=clerk)
    return every(ActualException)[0]


@pytest.mark.parametrize(("decide", "word"), [
    (lambda found, by: exceptions.approve(found, by=by), "approved"),
    (lambda found, by: exceptions.amend(found, Figures(14 * SCALE), "As planned", by=by), "amended"),
    (lambda found, by: exceptions.reject(found, "Not on the visits", by=by), "rejected"),
])  # fmt: skip
def test_whoever_confirmed_it_is_told_what_the_council_says(item, decide, word):
    clerk, _other, officer = make_user(Role.SCHEDULER, place(item)), make_user(Role.FINANCE, place(item)), make_staff()
    found = week_with_more(item, clerk)
    with unit_of_work():
        decide(session.get(ActualException, found.id), officer)
    [mail] = every(OutboxMessage)
    assert mail.to == clerk.email
    assert word in mail.subject
    assert "bad night" not in mail.body


def test_where_whoever_confirmed_it_may_no_more_everybody_who_may_is_told(item):
    clerk, officer = make_user(Role.SCHEDULER, None), make_staff()
    others = {make_user(Role.FINANCE, place(item)).email, make_user(Role.SCHEDULER, place(item)).email}
    make_user(Role.VIEWER, place(item))
    found = week_with_more(item, clerk)
    with unit_of_work():
        exceptions.approve(session.get(ActualException, found.id), by=officer)
    assert {each.to for each in every(OutboxMessage)} == others


def test_several_are_approved_together_or_none(item):
    first, second = opened(item, 14 * SCALE, first_on=MONDAY - timedelta(weeks=1)), opened(item)
    officer = make_staff()
    with unit_of_work():
        found = session.scalars(exception_list.several([first.id, second.id])).all()
        exceptions.approve_each(found, by=officer)
    assert {each.state for each in every(ActualException)} == {ExceptionState.APPROVED}
    third = opened(item, 17 * SCALE)
    seen = {each.id: each.mark for each in every(ActualException)}
    with unit_of_work():
        found = session.scalars(exception_list.several([third.id])).all()
        with pytest.raises(DomainError, match="comes to about £323.40 now"):
            exceptions.approve_each(found, seen=seen | {third.id: "open/1"}, by=officer)
        with pytest.raises(DomainError, match=f"line item {item.reference}, week from 20 April 2026, comes to"):
            exceptions.approve_each(found, seen={}, by=officer)
        again = session.scalars(exception_list.several([second.id])).all()
        with pytest.raises(DomainError, match="does not wait any more: it is approved"):
            exceptions.approve_each(again, seen={second.id: "open/34650"}, by=officer)
    with pytest.raises(DomainError, match="A colleague has decided"), unit_of_work():
        exceptions.approve_each(session.scalars(exception_list.several([first.id, third.id])).all(), by=officer)
    assert [each.state for each in every(ActualException)][-1] is ExceptionState.OPEN


def test_nobody_decides_for_a_provider_at_which_they_have_a_place(item):
    found, officer = opened(item), make_staff()
    make_membership(officer, place(item), Role.FINANCE)
    for act in (
        lambda: exceptions.approve(session.get(ActualException, found.id), by=officer),
        lambda: ask_variation(session.get(ActualException, found.id), "More hours", by=officer),
    ):
        with pytest.raises(DomainError), unit_of_work():
            act()
    assert every(ActualException)[0].state is ExceptionState.OPEN


def test_what_is_amended_has_to_pass_the_same_judge(item):
    clerk, officer = make_user(Role.SCHEDULER, place(item)), make_staff()
    found = week_with_more(item, clerk)
    with pytest.raises(DomainError, match="steps of"), unit_of_work():
        exceptions.amend(session.get(ActualException, found.id), Figures(141_000), "Slip", by=officer)
    assert len(every(ConfirmedActual)) == 1
    with unit_of_work():
        less = Figures(13 * SCALE, missed_e4=SCALE, reason="STAFF", comment="One hour less")
        exceptions.amend(session.get(ActualException, found.id), less, "As the visits say", by=officer)
    assert [each.actual_e4 for each in every(ConfirmedActual)] == [15 * SCALE, 13 * SCALE]
    assert every(Actual)[0].actual_e4 == 13 * SCALE
    assert not every(ActualWeek)[0].is_open


class TestVariation:
    @pytest.fixture
    def broker(self):
        """The first team of the role, of those that a new portal has."""
        with unit_of_work():
            return next(each for each in session.scalars(ActionTeam.at_work()) if each.is_of(CouncilRole.BROKERAGE))

    def test_brokerage_has_an_action_about_the_care_package_with_the_figures(self, item, broker):
        found, officer = opened(item, planned_e4=14 * SCALE, comment="A bad night"), make_staff()
        with unit_of_work():
            loaded = session.get(ActualException, found.id)
            words = text_for(loaded)
            ask_variation(loaded, words, by=officer)
        [action] = every(Action)
        assert (action.holder, action.team_id, action.item_id) == (Side.COUNCIL, broker.id, item.id)
        [post] = every(ActionPost)
        assert "planned 14 hours, delivered 15 hours" in post.text
        assert "A bad night" in post.text
        assert every(ActualException)[0].action_id == action.id
        assert every(ActualException)[0].state is ExceptionState.OPEN
        assert "actual_exception.variation_asked" in [each.action for each in every(AuditEvent)]

    def test_it_is_asked_for_once(self, item, broker):
        found, officer = opened(item), make_staff()
        with unit_of_work():
            ask_variation(session.get(ActualException, found.id), "More hours", by=officer)
        with pytest.raises(DomainError, match="asked for already"), unit_of_work():
            ask_variation(session.get(ActualException, found.id), "More hours", by=officer)
        assert len(every(Action)) == 1

    def test_without_a_team_of_brokerage_the_officer_is_told(self, item):
        for team in every(ActionTeam):
            if team.is_of(CouncilRole.BROKERAGE):
                change(team, retired_on=date(2019, 1, 1))
        found, officer = opened(item), make_staff()
        with pytest.raises(DomainError, match="No team of Brokerage"), unit_of_work():
            ask_variation(session.get(ActualException, found.id), "More hours", by=officer)
