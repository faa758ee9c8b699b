"""Who owes what: every contract with a debt, what waits for somebody about it, and which payments to come will take it.

For a provider the same queries find only its own contracts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import session, sum_of
from models.calendar import Span
from models.payments.adjustment import RecoveryPlan
from models.payments.debt import DebtEntry, WriteOff
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.standing import standings_of, with_facts
from models.records.contract import Contract
from models.records.provider import Provider
from models.waiting import waits


class Concern(StrEnum):
    """What an officer looks for among the debts."""

    NOTHING_LEFT = "nothing left"
    PLAN = "plan"
    WRITE_OFF = "write-off"
    SURPLUS = "surplus"
    SETTLED = "settled"

    @property
    def label(self) -> str:
        return {
            "nothing left": "With nothing left to take it from",
            "plan": "With instalments",
            "write-off": "A write-off waits",
            "surplus": "Repaid too much",
            "settled": "Nothing owed any more",
        }[self.value]

    @property
    def queue(self) -> str:
        """What it is called on the page of work that waits."""
        return {
            "nothing left": "Debts with nothing left to take them from",
            "write-off": "Write-offs to agree to",
            "surplus": "Repaid too much",
        }.get(self.value, self.label)

    @property
    def why(self) -> str:
        return {
            "nothing left": "No payment is to come on these contracts. Ask for the money, or move or write it off.",
            "write-off": "They wait for somebody else than who asked.",
            "surplus": "More came to the bank than was owed. Send it back, and say so.",
        }.get(self.value, "")


@dataclass(frozen=True, slots=True)
class Coming:
    """What a payment to come does to a debt; pence. A forecast."""

    first_on: date
    last_on: date
    bank_on: date
    taken_pence: int
    added_pence: int
    left_pence: int
    """What is owed after it."""

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)


@dataclass(frozen=True)
class Forecast:
    """How a debt goes down, as things stand; pence."""

    owed_pence: int
    steps: Sequence[Coming] = ()
    """The payments that take some of it or add to it, until it is gone."""

    @property
    def rest_pence(self) -> int:
        """What no payment takes that is planned so far."""
        return self.steps[-1].left_pence if self.steps else self.owed_pence

    @property
    def taken_pence(self) -> int:
        return sum(each.taken_pence for each in self.steps)

    @property
    def bars(self) -> list[tuple[str, int]]:
        """What is owed now, and after each payment: columns of a chart."""
        return [("now", self.owed_pence), *((each.span.short, each.left_pence) for each in self.steps)]


def _carried() -> sa.Subquery:
    """What runs have carried less what they have brought, by contract."""
    line = PaymentLine
    return (
        select(line.contract_id, sum_of(line.net_pence).label("pence"))
        .where(~line.is_own, line.run_id.is_not(None))
        .group_by(line.contract_id)
        .subquery("carried")
    )


def _concerned() -> sa.CompoundSelect:
    """The contracts that owe or have owed something, or about whose debt something waits: few of many."""
    line = PaymentLine
    carried = select(line.contract_id).where(~line.is_own, line.run_id.is_not(None))
    return sa.union(
        carried, select(DebtEntry.contract_id), select(WriteOff.contract_id).where(WriteOff.decided_at.is_(None))
    )


def _entered() -> sa.Subquery:
    """What entries take off, and what was repaid too much and waits, by contract."""
    entry = DebtEntry
    waits = sa.case((entry.surplus_settled_at.is_(None), entry.surplus_pence), else_=0)
    return (
        select(entry.contract_id, sum_of(entry.pence).label("pence"), sum_of(waits).label("surplus_pence"))
        .group_by(entry.contract_id)
        .subquery("entered")
    )


def has_more() -> sa.ColumnElement[bool]:
    """A condition on Contract: a payment of it is to come from which a run can take something."""
    payment = ScheduledPayment
    return (
        select(payment.id)
        .where(payment.contract_id == Contract.id, payment.closed_run_id.is_(None), payment.total_pence > 0)
        .correlate(Contract)
        .exists()
    )


@dataclass(frozen=True)
class Debtor:
    """Who owes something on a contract, and how it can be paid back."""

    provider: Provider
    plan: RecoveryPlan | None
    """The instalments in force."""
    has_more: bool
    """Payments are to come on it from which something can be taken."""
    has_others: bool
    """They have other contracts, to which it can be moved."""


def debtor_of(contract_id: int) -> Debtor:
    other, plan = aliased(Contract), RecoveryPlan
    others = select(other.id).where(other.provider_id == Contract.provider_id, other.id != Contract.id)
    in_force = sa.and_(plan.contract_id == Contract.id, plan.ended_at.is_(None))
    query = select(Provider, plan, has_more(), others.exists()).select_from(Contract)
    query = query.join(Provider, Provider.id == Contract.provider_id).outerjoin(plan, in_force)
    return Debtor(*session.execute(query.where(Contract.id == contract_id)).one())


def ever_owed() -> Select:
    """Contracts that owe or have owed something, or about whose debt something waits: rows with what is owed
    (`owed_pence`), the instalment, the write-off that waits, what was repaid too much, and whether there are payments
    to come to take it from (`has_more`). The greatest debt first.
    """
    return _Terms().query


def listed(*, name: str = "", concern: Concern | None = None) -> Select:
    """Of `ever_owed`, those on which something is owed or waits. `concern` picks some of them, or those on which
    nothing is owed any more; `name` is that of the provider, or a contract's reference.
    """
    terms = _Terms()
    query = terms.query.where(terms.condition(concern))
    return query.where(sa.or_(Provider.found_by(name), Contract.reference == name)) if name else query


def owed_by_provider(provider_ids: Collection[int]) -> Select:
    """Rows (provider id, pence) of those of these providers that owe something."""
    owed = listed().where(Contract.provider_id.in_(provider_ids)).order_by(None).subquery().c
    pence = sum_of(owed.owed_pence)
    return select(owed.provider_id, pence).group_by(owed.provider_id).having(pence > 0)


class _Terms:
    """The query of `ever_owed`, and the sums in it that conditions are about."""

    def __init__(self) -> None:
        carried, entered, plan, asked = _carried(), _entered(), RecoveryPlan, WriteOff
        left = sa.func.coalesce(carried.c.pence, 0) - sa.func.coalesce(entered.c.pence, 0)
        self.owed = sa.cast(sa.case((left > 0, left), else_=0), sa.BigInteger)
        self.surplus = sa.cast(sa.func.coalesce(entered.c.surplus_pence, 0), sa.BigInteger)
        self.query = (
            select(
                Contract.id, Contract.reference, Contract.name.label("contract"), Contract.provider_id,
                Provider.name.label("provider"), self.owed.label("owed_pence"), self.surplus.label("surplus_pence"),
                plan.per_payment_pence, asked.pence.label("write_off_pence"), has_more().label("has_more"),
            )
            .join(Provider, Provider.id == Contract.provider_id)
            .outerjoin(carried, carried.c.contract_id == Contract.id)
            .outerjoin(entered, entered.c.contract_id == Contract.id)
            .outerjoin(plan, sa.and_(plan.contract_id == Contract.id, plan.ended_at.is_(None)))
            .outerjoin(asked, sa.and_(asked.contract_id == Contract.id, asked.decided_at.is_(None)))
            .where(Contract.id.in_(_concerned()))
            .order_by(self.owed.desc(), Provider.folded_name, Contract.folded_name, Contract.id)
        )  # fmt: skip

    def condition(self, concern: Concern | None) -> sa.ColumnElement[bool]:
        match concern:
            case Concern.NOTHING_LEFT:
                return sa.and_(self.owed > 0, ~has_more())
            case Concern.PLAN:
                return sa.and_(self.owed > 0, RecoveryPlan.id.is_not(None))
            case Concern.WRITE_OFF:
                return WriteOff.id.is_not(None)
            case Concern.SURPLUS:
                return self.surplus > 0
            case Concern.SETTLED:
                return self.owed == 0
        return sa.or_(self.owed > 0, self.surplus > 0, WriteOff.id.is_not(None))


WORK = (Concern.NOTHING_LEFT, Concern.WRITE_OFF, Concern.SURPLUS)
"""The concerns that wait for somebody."""


def waiting(concern: Concern) -> Select:
    """One of WORK, counted: see models.waiting. A debt with nothing left has been one since the contract's last payment
    was to be finalised.
    """
    asked, entry, payment = WriteOff, DebtEntry, ScheduledPayment
    if concern is Concern.WRITE_OFF:
        query = waits(concern, sa.func.count(asked.id), sa.func.min(asked.asked_at), sum_of(asked.pence))
        return query.where(asked.decided_at.is_(None))
    if concern is Concern.SURPLUS:
        query = waits(concern, sa.func.count(entry.id), sa.func.min(entry.on), sum_of(entry.surplus_pence))
        return query.where(entry.surplus_pence > 0, entry.surplus_settled_at.is_(None))
    debts = listed(concern=Concern.NOTHING_LEFT).order_by(None).subquery()
    last = select(sa.func.max(payment.finalise_on)).where(payment.contract_id == debts.c.id).correlate(debts)
    since = sa.func.min(last.scalar_subquery())
    return waits(concern, sa.func.count(debts.c.id), since, sum_of(debts.c.owed_pence))


def forecasts(owed: Mapping[int, int]) -> dict[int, Forecast]:
    """Which payments to come take what is owed, by contract id; `owed` is pence by contract id. A fixed number of
    queries.
    """
    payment = ScheduledPayment
    found: dict[int, list[Coming]] = {id_: [] for id_ in owed}
    left = {id_: pence for id_, pence in owed.items() if pence > 0}
    to_come = select(payment.bank_on).where(payment.contract_id.in_(left), payment.closed_run_id.is_(None))
    to_come = to_come.order_by(payment.contract_id, payment.first_on, payment.id)
    rows = session.execute(with_facts(to_come)).all() if left else []
    stand = standings_of(rows)
    for each in rows:
        if left[each.contract_id] <= 0:
            continue
        taken, added = stand[each.id].taken_pence - each.brought_pence, stand[each.id].added_pence - each.carried_pence
        if not taken and not added:
            continue
        left[each.contract_id] = max(left[each.contract_id] + added - taken, 0)
        found[each.contract_id].append(
            Coming(each.first_on, each.last_on, each.bank_on, taken, added, left[each.contract_id])
        )
    return {id_: Forecast(pence, found[id_]) for id_, pence in owed.items()}


def forecast_of(contract_id: int, owed_pence: int) -> Forecast:
    return forecasts({contract_id: owed_pence})[contract_id]
