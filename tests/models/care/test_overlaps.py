"""One worker at two visits at once: an exception that is kept with the figure, and that an officer decides."""

from datetime import UTC, datetime, timedelta

import pytest

from models.base import session
from models.calendar import as_on
from models.care import exceptions, weeks
from models.care.checking import Code
from models.care.figures import Figures
from models.money import SCALE
from models.payments.payment import PaymentLine
from models.permissions import Role
from models.records.actual import ActualException, ConfirmedActual
from models.records.contract import Contract, PaymentMethod, PayOnActuals
from models.records.visit import Carer, Visit, VisitOutcome
from tests.actual_factories import AFTER, MONDAY, level_of, make_hourly, pays_on
from tests.factories import make_staff, make_user
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
NOON = datetime(2026, 4, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DELIVERED = VisitOutcome.DELIVERED


@pytest.fixture
def item():
    item = make_hourly()
    pays_on(contract_of(item), PayOnActuals.ALWAYS)
    for method in every(PaymentMethod):
        change(method, calculate_from=MONDAY)
    return item


@pytest.fixture
def other(item):
    """Another person of the same provider."""
    return make_hourly(contract=contract_of(item), level=level_of(item))


def contract_of(item) -> Contract:
    return next(each for each in every(Contract) if each.id == item.contract_id)


def worker(item, reference="W1") -> Carer:
    known = [each for each in every(Carer) if each.reference == reference]
    return known[0] if known else saved(Carer(provider_id=item.provider_id, reference=reference))


def visit(item, at=NOON, outcome=DELIVERED, by="W1", **given) -> Visit:
    own = {"started_at": at, "ended_at": at + HOUR, "minutes": 60, "day": at.date()} | given
    return saved(Visit(
        provider_id=item.provider_id, reference=f"V{len(every(Visit)) + 1}", client_id=item.client_id, item_id=item.id,
        carer_id=worker(item, by).id, outcome=outcome, **own,
    ))  # fmt: skip


def confirm(item, figures=None):
    """The week of the item with what its rows say; the codes of each person's exceptions, by line item."""
    clerk = make_user(Role.SCHEDULER, None)
    with unit_of_work(), as_on(AFTER):
        contract = session.get(Contract, item.contract_id)
        week = weeks.generate(contract, level_of(item).service_id, MONDAY, by=clerk)
        if figures:
            weeks.change(week, {item.id: (figures, None)}, by=clerk)
        weeks.confirm(week, by=clerk)
    of = {each.id: each.item_id for each in every(ConfirmedActual)}
    return {of[each.confirmed_id]: each.codes for each in every(ActualException)}


def test_both_people_are_looked_at_and_nothing_is_paid_before_that(item, other):
    visit(item)
    visit(other, NOON + HOUR / 2)
    assert confirm(item) == {item.id: [Code.OVERLAP.value], other.id: [Code.OVERLAP.value]}
    assert Code.OVERLAP.label == "A worker at two visits at once"
    assert every(PaymentLine) == []
    [waits] = [each for each in every(ActualException) if each.pence == 323_40][:1]
    officer = make_staff()
    with unit_of_work(), as_on(AFTER):
        exceptions.approve(session.get(ActualException, waits.id), by=officer)
    assert [each.total_pence for each in every(PaymentLine) if each.first_on == MONDAY] == [323_40]


@pytest.mark.parametrize(("minutes", "is_one"), [(-61, False), (-60, False), (-59, True), (59, True), (60, False)])
def test_a_visit_that_begins_as_another_ends_is_no_overlap(item, other, minutes, is_one):
    visit(item)
    visit(other, NOON + timedelta(minutes=minutes))
    assert bool(confirm(item)) is is_one


@pytest.mark.parametrize("given", [
    {"by": "W2"}, {"outcome": VisitOutcome.MISSED, "started_at": None, "ended_at": None}, {"at": NOON + 7 * 24 * HOUR},
])  # fmt: skip
def test_another_worker_another_day_or_a_missed_visit_is_none(item, other, given):
    visit(item)
    visit(other, **given)
    assert confirm(item) == {}


def test_the_row_says_which_visits_and_a_corrected_one_is_none(item, other):
    visit(item)
    second = visit(other)
    clerk = make_user(Role.SCHEDULER, None)
    with unit_of_work(), as_on(AFTER):
        week = weeks.generate(session.get(Contract, item.contract_id), level_of(item).service_id, MONDAY, by=clerk)
        session.flush()
        assert "visits V1 and V2 at the same time" in weeks.review(week)[item.id][0].text
        assert "visits V2 and V1 at the same time" in weeks.review(week)[other.id][0].text
    change(second, started_at=NOON + 2 * HOUR, ended_at=NOON + 3 * HOUR)
    assert confirm(item) == {}


def test_where_nothing_was_delivered_there_is_nothing_to_look_at(item, other):
    visit(item)
    visit(other)
    nothing = Figures(0, missed_e4=14 * SCALE, reason="STAFF", comment="Nobody came")
    assert list(confirm(item, nothing)) == [other.id]


def test_a_visit_of_another_week_of_the_same_people_is_judged_with_its_own_week(item, other):
    visit(item, NOON - 7 * 24 * HOUR)
    visit(other, NOON - 7 * 24 * HOUR)
    assert confirm(item) == {}
