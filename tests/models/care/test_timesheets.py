"""An approved timesheet becomes confirmed actuals: by week and day, cut weeks, exceptions, corrections, sums."""

from datetime import date, timedelta

import pytest

from models.base import DomainError
from models.calendar import Span, as_on
from models.care import timesheets
from models.care.applying import figures_of
from models.care.timesheet_list import Sheet
from models.care.timesheet_plan import Month, months_of, weeks_touching
from models.money import SCALE
from models.pricing import Convention, Unit
from models.records.actual import AbsenceReason, ActualException, ActualWeek, ConfirmedActual, Origin
from models.records.care_package import ItemPrice
from models.records.contract import ContractRate
from models.records.timesheet import TimesheetState
from tests.care_factories import make_price, make_service_level
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import change
from tests.timesheet_factories import APRIL, MAY, SINCE, SharedLives

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
JUNE = date(2026, 6, 1)
A_WEEK = timedelta(weeks=1)
CUT = date(2026, 4, 27)
"""The week that April and May share."""


@pytest.fixture(autouse=True)
def _in_june():
    with as_on(JUNE):
        yield


def kept():
    return [(each.first_on, each.number, each.actual_e4 // SCALE, each.by_day_e4) for each in every(ConfirmedActual)]


FRI_SAT = [0, 0, 0, 0, SCALE, SCALE, 0]


@pytest.mark.covers("S3-031")
def test_the_weeks_that_lie_in_the_month_are_confirmed_by_day():
    lives = SharedLives()
    lives.fill()
    assert lives.pass_through() == 3
    assert kept() == [(SINCE + n * A_WEEK, 1, 2, FRI_SAT) for n in range(3)]
    assert {each.origin for each in every(ConfirmedActual)} == {Origin.TIMESHEET}
    assert {each.confirmed_by_id for each in every(ConfirmedActual)} == {lives.carer.id}
    assert not any(each.is_open for each in every(ActualWeek))


def test_a_week_that_two_months_share_waits_until_both_are_approved():
    lives = SharedLives()
    lives.fill()
    lives.fill(MAY)
    lives.pass_through(MAY)
    assert CUT not in {first for first, *_ in kept()}
    assert len(kept()) == 4  # of May: 4, 11, 18 and 25 May, of which the last ends on the 31st
    assert [each.first for each in lives.do(Sheet.of, month_on=MAY).waits] == [CUT]
    lives.pass_through()
    assert [(number, units, by_day) for first, number, units, by_day in kept() if first == CUT] == [(1, 2, FRI_SAT)]
    assert lives.do(Sheet.of).waits == lives.do(Sheet.of, month_on=MAY).waits == []


def test_a_month_in_which_the_week_has_no_care_is_not_waited_for():
    """Care begins on 1 April, a Wednesday: of the week from 30 March only April has days."""
    lives = SharedLives(starts_on=APRIL)
    lives.fill()
    lives.pass_through()
    assert kept()[0][0] == date(2026, 3, 30)


def test_a_reason_of_the_persons_is_frustrated_and_one_of_the_carers_is_missed():
    lives = SharedLives()
    lives.fill()
    days = date(2026, 4, 10), date(2026, 4, 17), date(2026, 4, 18)
    for day, reason in zip(days, (AbsenceReason.HOSPITAL, AbsenceReason.STAFF, AbsenceReason.STAFF), strict=True):
        lives.tap(day, 0)
        lives.do(timesheets.explain, {(lives.item.id, day): reason}, by=lives.carer)
    lives.pass_through()
    first, second, third = every(ConfirmedActual)
    assert (first.actual_e4, first.frustrated_e4, first.missed_e4) == (SCALE, SCALE, 0)
    assert first.reason is AbsenceReason.HOSPITAL
    assert "1 fewer than planned, by the timesheet: in hospital (1)" in first.comment
    assert (second.actual_e4, second.frustrated_e4, second.missed_e4) == (0, 0, 2 * SCALE)
    assert (third.actual_e4, third.reason, third.comment) == (2 * SCALE, None, "")
    assert every(ActualException) == []


def test_more_than_planned_is_an_exception_that_pays_nothing_before_it_is_approved():
    lives = SharedLives()
    lives.fill()
    lives.tap(date(2026, 4, 9))
    lives.pass_through()
    first = every(ConfirmedActual)[0]
    assert (first.actual_e4, first.extra_e4) == (3 * SCALE, SCALE)
    assert [each.confirmed_id for each in every(ActualException)] == [first.id]
    assert every(ActualException)[0].codes == ["X200"]


def test_where_no_extra_is_paid_it_is_told_before_it_is_sent():
    lives = SharedLives()
    change(lives.level, is_extra_allowed=False)
    lives.fill()
    lives.tap(date(2026, 4, 9))
    with pytest.raises(DomainError, match="In the week from 6 April 2026: Extra is not paid"):
        lives.send()
    lives.tap(date(2026, 4, 9), 0)
    lives.send()


def test_of_two_weeks_with_faults_the_first_is_told():
    lives = SharedLives()
    change(lives.level, is_extra_allowed=False)
    lives.fill()
    for day in (22, 15):
        lives.tap(date(2026, 4, day))
    with pytest.raises(DomainError, match="In the week from 13 April 2026"):
        lives.send()


def test_a_fault_of_a_shared_week_is_told_once_both_months_are_there():
    lives = SharedLives()
    change(lives.level, is_extra_allowed=False)
    lives.fill()
    lives.tap(date(2026, 4, 29))
    lives.send()  # May is not known: its Friday and Saturday may be empty
    lives.fill(MAY)
    with pytest.raises(DomainError, match="In the week from 27 April 2026"):
        lives.send(MAY)


def test_a_corrected_month_is_sent_again_and_only_what_differs_is_kept():
    lives = SharedLives()
    lives.fill()
    lives.pass_through()
    lives.do(timesheets.take_back, by=lives.carer)
    assert len(kept()) == 3  # what was approved holds
    lives.tap(date(2026, 4, 17), 0)
    lives.do(timesheets.explain, {(lives.item.id, date(2026, 4, 17)): AbsenceReason.FAMILY}, by=lives.carer)
    assert lives.pass_through() == 1
    assert kept()[3][:3] == (date(2026, 4, 13), 2, 1)
    times = {each.first_on: each.confirmations for each in every(ActualWeek)}
    assert times == {SINCE: 1, date(2026, 4, 13): 2, date(2026, 4, 20): 1}
    assert lives.sheet().approvals == 2


def test_approving_calculates_at_once(monkeypatch):
    calculated = []
    monkeypatch.setattr(timesheets, "calculate", calculated.append)
    lives = SharedLives()
    lives.fill()
    lives.pass_through()
    assert calculated == [[lives.contract.provider_id]]


def test_what_no_longer_fits_the_plan_is_refused_and_nothing_of_it_stays():
    lives = SharedLives()
    lives.fill()
    lives.tap(date(2026, 4, 9))
    lives.send()
    lives.verify()
    change(lives.level, is_extra_allowed=False)
    with pytest.raises(DomainError, match="Extra is not paid"):
        lives.approve()
    assert kept() == []
    assert lives.sheet().state is TimesheetState.VERIFIED


class TestMonth:
    def month(self, lives, month_on=APRIL):
        return lives.do(Month.of, month_on=month_on)

    def test_it_adds_up_nights_and_pounds(self):
        lives = SharedLives()
        lives.fill()
        month = self.month(lives)
        [person] = month.people
        assert (person.words, person.planned_e4) == ("6 nights", 6 * SCALE)
        assert month.pence == 6 * 4_556
        lives.tap(date(2026, 4, 10), 0)
        assert self.month(lives).pence == 5 * 4_556

    def test_sessions_without_a_timetable_are_planned_by_the_week_only(self):
        lives = SharedLives()
        days = make_service_level(name="Day support", unit=Unit.SESSION, service_id=lives.level.service_id)
        other = lives.person(days, [], surname="Begum")
        lives.fill()
        month = self.month(lives)
        by_item = {each.item_id: each for each in month.people}
        assert {cell.planned_e4 for cell in by_item[other.id].cells.values()} == {None}
        assert by_item[other.id].units_e4 == 0
        assert by_item[other.id].without_reason == 0
        assert [by_item[other.id].next_after(each) for each in (0, SCALE, 2 * SCALE, SCALE // 2)] == [
            SCALE, 2 * SCALE, SCALE // 2, 0,
        ]  # fmt: skip
        assert by_item[lives.item.id].next_after(SCALE) == 0

    def test_care_by_the_week_stands_in_no_timesheet_and_none_of_it_is_confirmed(self):
        lives = SharedLives()
        weekly = make_service_level(name="Long term", unit=Unit.WEEK, service_id=lives.level.service_id)
        lives.person(weekly, [SCALE // 7] * 7, surname="Cole")
        lives.fill()
        assert [each.item_id for each in self.month(lives).people] == [lives.item.id]
        lives.pass_through()
        assert {each.item_id for each in every(ConfirmedActual)} == {lives.item.id}

    def test_days_away_that_adjoin_in_the_plan_are_told_together(self):
        lives = SharedLives()
        lives.begin()
        [person] = self.month(lives).people
        assert [[cell.day.day for cell in run] for run in person.runs_away] == [[10, 11, 17, 18, 24, 25]]
        lives.tap(date(2026, 4, 17))
        [person] = self.month(lives).people
        assert [[cell.day.day for cell in run] for run in person.runs_away] == [[10, 11], [18, 24, 25]]

    def test_a_day_with_care_between_keeps_two_times_away_apart(self):
        lives = SharedLives()
        lives.fill()
        for day, units in ((18, 0), (20, 1), (24, 0)):
            lives.tap(date(2026, 4, day), units * SCALE)
        [person] = self.month(lives).people
        assert [[cell.day.day for cell in run] for run in person.runs_away] == [[18], [24]]

    def test_today_has_come_and_tomorrow_has_not(self):
        lives = SharedLives()
        lives.begin()
        [person] = self.month(lives).people
        with as_on(date(2026, 4, 11)):
            assert [person.cells[date(2026, 4, day)].has_come for day in (10, 11, 12)] == [True, True, False]
            assert [[cell.day.day for cell in run] for run in person.runs_away] == [[10, 11]]

    def test_after_the_end_of_care_only_what_was_said_to_be_delivered_is_left(self):
        lives = SharedLives()
        lives.fill()
        lives.tap(date(2026, 4, 17), 0)
        change(lives.item, ends_on=date(2026, 4, 12))
        [person] = self.month(lives).people
        late = {cell.day.day: cell.is_payable for cell in person.cells.values() if cell.day.day > 11}
        assert late == {18: False, 24: False, 25: False}
        change(lives.item, ends_on=SINCE)
        assert self.month(lives).people == []

    def test_without_a_price_of_its_own_a_day_stands_at_the_contracts_rate_of_its_level(self):
        lives = SharedLives()
        lives.fill()
        [price] = every(ItemPrice)
        elsewhere = SharedLives()
        rates = (lives, lives.level, 400_000), (lives, elsewhere.level, 990_000), (elsewhere, lives.level, 880_000)
        for of, level, rate_e4 in rates:
            own = {"provider_id": of.contract.provider_id, "contract_id": of.contract.id, "starts_on": SINCE}
            saved(ContractRate(**own | {"service_level_id": level.id, "rate_e4": rate_e4}))
        with unit_of_work() as session:
            session.delete(session.get(ItemPrice, price.id))
        assert self.month(lives).pence == 6 * 4_000

    def test_two_sessions_on_one_day_are_planned_by_the_day(self):
        lives = SharedLives()
        days = make_service_level(name="Day support", unit=Unit.SESSION, service_id=lives.level.service_id)
        other = lives.person(days, [2 * SCALE, 0, 0, 0, 0, 0, 0], surname="Begum")
        lives.begin()
        [found] = [each for each in self.month(lives).people if each.item_id == other.id]
        that_day = date(2026, 4, 13)
        assert found.cells[that_day].planned_e4 == 2 * SCALE
        lives.do(timesheets.explain, {(other.id, that_day): AbsenceReason.FAMILY}, by=lives.carer)
        lives.tap(that_day, SCALE, other)  # one of two is still less than planned
        [found] = [each for each in self.month(lives).people if each.item_id == other.id]
        assert found.cells[that_day].reason is AbsenceReason.FAMILY
        lives.tap(that_day, 2 * SCALE, other)
        [found] = [each for each in self.month(lives).people if each.item_id == other.id]
        assert found.cells[that_day].reason is None

    def test_a_day_after_the_end_of_care_is_set_to_nothing_and_to_nothing_else(self):
        lives = SharedLives()
        lives.fill()
        change(lives.item, ends_on=date(2026, 4, 12))
        with pytest.raises(DomainError, match="no nights or sessions with you on 17 April 2026"):
            lives.tap(date(2026, 4, 17), SCALE)
        with pytest.raises(DomainError, match="no nights or sessions with you on 20 April 2026"):
            lives.tap(date(2026, 4, 20), 0)  # nothing was ever said of it
        lives.tap(date(2026, 4, 17), 0)
        assert date(2026, 4, 17) not in self.month(lives).people[0].cells

    def test_a_day_is_paid_at_the_price_of_that_day(self):
        lives = SharedLives()
        lives.fill()
        [price] = every(ItemPrice)
        change(price, ends_on=date(2026, 4, 11))
        make_price(lives.item, 500_000, starts_on=date(2026, 4, 18))  # nothing is agreed for the 17th
        assert self.month(lives).pence == 2 * 4_556 + 3 * 5_000

    def test_care_ends_with_the_night_before_its_last_day(self):
        lives = SharedLives(ends_on=date(2026, 4, 25))
        lives.fill()
        assert self.month(lives).people[0].words == "5 nights"


def test_the_weeks_and_months_of_a_month():
    lives = SharedLives()
    with unit_of_work():
        found = weeks_touching(lives.contract.id, Span(APRIL, date(2026, 4, 30)))
    assert [each.first.day for each in found] == [30, 6, 13, 20, 27]
    assert months_of(found[0]) == [date(2026, 3, 1), APRIL]
    assert months_of(found[1]) == [APRIL]
    with unit_of_work():
        august = weeks_touching(lives.contract.id, Span(date(2026, 8, 1), date(2026, 8, 31)))
    assert august[-1].first == date(2026, 8, 31)  # a Monday: the month's last day begins a week


def test_figures_of_a_week_by_day_add_up():
    lives = SharedLives()
    lives.fill()
    found = lives.do(figures_of, Span(SINCE, SINCE + timedelta(days=6)))
    assert found[lives.item.id].by_day_e4 == tuple(FRI_SAT)
    assert found[lives.item.id].actual_e4 == 2 * SCALE


def test_a_level_that_pays_its_last_day_counts_it():
    lives = SharedLives()
    change(lives.level, convention=Convention.INCLUSIVE)
    change(lives.item, ends_on=date(2026, 4, 25))
    lives.fill()
    assert lives.do(Month.of).people[0].words == "6 nights"
