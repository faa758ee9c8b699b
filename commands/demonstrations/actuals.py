"""Weeks of actuals of a demonstration: months that are confirmed, one that is late, one with figures that the council
looks at, and one that is filled in with faults.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Select, select

from models.accounts.user import Membership, User
from models.base import session, transaction
from models.calendar import DAY, as_on, today
from models.care import weeks
from models.care.figures import Figures
from models.care.register import ListedWeek
from models.care.register import weeks as listed_weeks
from models.care.sheet import read_sheet
from models.money import SCALE
from models.payments.calculation import calculate
from models.permissions import GRANTS, Permission
from models.records.actual import AbsenceReason, ActualWeek
from models.records.contract import Contract, PaymentMethod, PayOnActuals
from models.tenancy import every_provider

MONTHS = timedelta(weeks=17)
LATE, WAITS, FAULTY = 3, 2, 1
"""How many weeks ago: nobody has begun it; some of it waits for the council; it is filled in with faults."""


def perform() -> None:
    """For each contract that pays on actuals and not by invoice, by somebody of its provider's."""
    with transaction(), every_provider():
        ids = sorted(set(session.scalars(paid_on_actuals())))
        found = [each for each in reversed(listed_weeks(today() - MONTHS)) if each.contract_id in ids and each.is_over]
    for week in found:
        with transaction(), every_provider():
            _fill_in(week)
    with transaction(), every_provider():
        calculate(sorted(set(session.scalars(select(Contract.provider_id).where(Contract.id.in_(ids))))))


def _fill_in(listed: ListedWeek) -> None:
    age = (today() - listed.span.last + 6 * DAY).days // 7
    contract = session.scalars(select(Contract).where(Contract.id == listed.contract_id)).one()
    by = session.scalars(submitters(contract.provider_id)).first()
    if age == LATE or by is None:
        return
    with as_on(listed.span.last + DAY):
        week = weeks.generate(contract, listed.service_id, listed.span.first, by=by)
        session.flush()
        planned = {row.item_id: row.actual.planned_e4 for row in read_sheet(week).rows}
        wanted = [item_id for item_id, hours in planned.items() if hours > 2 * SCALE]
        changes = _changes(wanted, planned, listed.span.first, age)
        weeks.change(week, {item_id: (figures, None) for item_id, figures in changes.items()}, by=by)
        session.flush()
        if age != FAULTY:
            _confirm(week, by)


def _confirm(week: ActualWeek, by: User) -> None:
    """What has a fault is as planned after all."""
    wrong = read_sheet(week).wrong
    weeks.change(week, {row.item_id: (Figures.as_planned(row.actual.planned_e4), None) for row in wrong}, by=by)
    session.flush()
    weeks.confirm_only(week, by=by)


def _changes(items: Sequence[int], planned: Mapping[int, int], first: date, age: int) -> dict[int, Figures]:
    """Somebody missed a visit, somebody did not open the door; and what the week is there to show."""

    def of(at: int) -> int:
        return items[(first.toordinal() // 7 + at) % len(items)]

    less, away, more = of(0), of(2), of(1)
    found = {
        away: Figures(planned[away] - 2 * SCALE, frustrated_e4=2 * SCALE, reason=AbsenceReason.NO_REPLY,
                      comment="Nobody opened the door on Thursday"),
        less: Figures(planned[less] - SCALE, missed_e4=SCALE, reason=AbsenceReason.STAFF,
                      comment="No worker on Sunday evening"),
    }  # fmt: skip
    if age in (WAITS, FAULTY):
        found[more] = Figures(planned[more] + 3 * SCALE, extra_e4=3 * SCALE, comment="Three bad nights")
    if age == FAULTY:
        found[less] = replace(found[less], reason=None, comment="")
        found[away] = replace(found[away], actual_e4=planned[away] - 2 * SCALE + SCALE // 10)
    return found


def paid_on_actuals() -> Select[int]:
    """The ids of the contracts that pay what was delivered, without an invoice."""
    method = PaymentMethod
    query = select(method.contract_id).where(method.pay_on_actuals != PayOnActuals.NEVER, ~method.is_by_invoice)
    return query.order_by(method.contract_id)


def submitters(provider_id: int) -> Select[User]:
    """Whoever may submit actuals there, by id."""
    roles = [role for role, granted in GRANTS.items() if Permission.SUBMIT_ACTUALS in granted]
    place = Membership.provider_id == provider_id, Membership.granted_at.is_not(None), Membership.role.in_(roles)
    return select(User).join(Membership, Membership.user_id == User.id).where(*place).order_by(User.id)
