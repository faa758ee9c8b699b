"""A payment run as somebody reviews it: what it pays, how that differs from last time, and every exception as it was
when the run was prepared.

A fixed number of queries, whatever the number of payments.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.payments.finding import COMPARED, Finding, RunFinding
from models.payments.money_line import MoneyLine, money_of, sums_of_run
from models.payments.payment_run import Foresight, foresee_run
from models.payments.run import PaymentRun, RunPayment, RunState
from models.payments.run_history import progress_of
from models.payments.run_progress import RunProgress
from models.payments.worklist import P
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from models.together import read_rows

_BY_PROVIDER = (Provider.folded_name, Provider.id, Contract.folded_name, P.first_on, P.id)


@dataclass(frozen=True)
class Totals:
    """Of this run, and of the payments before those in it."""

    payments: int
    providers: int
    now_pence: int
    """What the lines that it takes come to."""
    before_pence: int
    """What the same rows, and those that have ended, came to in the payments before."""
    bank_pence: int
    """What goes to the bank: less what is taken for debts, with what is added to them."""

    @property
    def difference_pence(self) -> int:
        return self.now_pence - self.before_pence


@dataclass(frozen=True)
class Exceptions:
    """Those of one kind: how many, and the pence that they are about: by how much they differ from last time or, where
    nothing is compared, what they come to.
    """

    kind: Finding
    count: int
    pence: int
    bonds: tuple[int, ...] = ()
    """What `exceptions` was asked for beside."""


@dataclass(frozen=True)
class Figures:
    """All sums of a run."""

    totals: Totals
    line: MoneyLine
    outcome: RunProgress
    of_now: Exceptions | None
    """What has become of it since it was prepared; None where nothing has."""


@dataclass(frozen=True)
class Place:
    """Which of how many an exception is, counted from 1, and the ids of its neighbours; None at either end."""

    number: int
    count: int
    before_id: int | None
    next_id: int | None


class Review:
    """Questions about one run. A Select gives rows with `reference`, `first_on` and `provider` to open each by."""

    def __init__(self, run: PaymentRun) -> None:
        self.run = run

    @cached_property
    def foresight(self) -> Foresight:
        """What finalising the rest of the run would do just now; nothing, once the run is closed."""
        return foresee_run(self.run) if self.run.is_open else Foresight()

    @cached_property
    def figures(self) -> Figures:
        """One query."""
        queries = self._totals(), *sums_of_run(self.run, self.foresight.left), progress_of(self.run.id)
        (now_count, now_pence, *totals), of_payments, of_lines, progress = read_rows(*queries)
        kind = self._kind_of_now
        of_now = Exceptions(kind, now_count, now_pence) if kind and now_count else None
        return Figures(Totals(*totals), money_of(of_payments, of_lines), RunProgress(*progress), of_now)

    def _totals(self) -> Select:
        """One row: how many are of the kind of now and what they come to, and the fields of Totals."""
        part, is_of_now = RunPayment, self._is_of_now
        return select(
            sum_of(sa.case((is_of_now, 1), else_=0)), sum_of(sa.case((is_of_now, part.taken_pence), else_=0)),
            sa.func.count(part.id), sa.func.count(part.provider_id.distinct()), sum_of(part.taken_pence),
            sum_of(sa.func.coalesce(part.before_pence, 0)), sum_of(part.total_pence),
        ).where(part.run_id == self.run.id)  # fmt: skip

    @property
    def _kind_of_now(self) -> Finding | None:
        """What there may be since the run was prepared, or has been left of it."""
        if self.run.is_open:
            return Finding.STALE
        return Finding.LEFT if self.run.state is RunState.FINALISED else None

    @property
    def _is_of_now(self) -> sa.ColumnElement[bool]:
        """A condition on RunPayment."""
        return RunPayment.payment_id.in_(self.foresight.left) if self.run.is_open else ~RunPayment.is_finalised

    def payments(self, *, name: str = "", changed_only: bool = False) -> Select:
        """Every payment of the run by provider, with what the one before came to."""
        query = self._in_run().order_by(*_BY_PROVIDER)
        if name:
            query = query.where(Provider.found_by(name))
        return query.where(_difference() != 0) if changed_only else query

    def exceptions(self, bonds: Iterable[sa.SQLColumnExpression[int]] = ()) -> list[Exceptions]:
        """What there is of each kind: what has become of the run since it was prepared, then the kinds with the most
        money first. Kinds of which there are none are left out. One query, beside that of `figures`; `bonds` are
        columns that it finds by the way (authorising.bonds_in).
        """
        kept = session.execute(
            select(RunFinding.kind, sa.func.count(), sum_of(_at_stake()).label("pence"), *bonds)
            .where(RunFinding.run_id == self.run.id)
            .group_by(RunFinding.kind)
        ).all()
        found = [Exceptions(kind, count, pence, tuple(more)) for kind, count, pence, *more in kept]
        by_money = sorted(found, key=lambda each: (-each.pence, list(Finding).index(each.kind)))
        return [*([self.figures.of_now] if self.figures.of_now else []), *by_money]

    def found(self, kind: Finding) -> Select:
        """The exceptions of a kind, those with the most money first."""
        if not kind.is_of_now:
            return self._kept(kind)
        query = self._in_run().order_by(*_BY_PROVIDER)
        if kind is Finding.LEFT:
            return query.where(~RunPayment.is_finalised)
        return query.where(RunPayment.payment_id.in_(self.foresight.left))

    def _in_run(self) -> Select:
        part = RunPayment
        return (
            _columns(
                part.taken_pence.label("total_pence"), part.total_pence.label("bank_pence"), part.outcome,
                part.paid_pence, part.bank_on,
                part.before_pence, _difference().label("difference_pence"),
            )
            .join(part, part.payment_id == P.id)
            .where(part.run_id == self.run.id)
        )  # fmt: skip

    def opened(self, finding: RunFinding) -> tuple[sa.Row, Place]:
        """The exception as the list shows it, and where it stands among those of its kind: one query."""
        order, id_ = _kept_order(), RunFinding.id
        each = (
            self._kept(finding.kind)
            .order_by(None)
            .add_columns(
                sa.func.row_number().over(order_by=order).label("number"),
                sa.func.count().over().label("of_kind"),
                sa.func.lag(id_).over(order_by=order).label("previous_id"),
                sa.func.lead(id_).over(order_by=order).label("next_id"),
            )
            .subquery()
        )
        row = session.execute(select(each).where(each.c.id == finding.id)).one()
        return row, Place(row.number, row.of_kind, row.previous_id, row.next_id)

    def finding(self, finding_id: int) -> Select[RunFinding]:
        """One of the run's exceptions, as it was kept."""
        return select(RunFinding).where(RunFinding.run_id == self.run.id, RunFinding.id == finding_id)

    def _kept(self, kind: Finding) -> Select:
        kept = RunFinding
        change = sa.case((kept.before_pence.is_not(None), kept.now_pence - kept.before_pence))
        client = (Client.surname, Client.first_name, Client.reference.label("client_reference"))
        return (
            select(
                kept.id, kept.first_on, kept.last_on, Contract.reference, Contract.name.label("contract"),
                Provider.name.label("provider"), kept.client_id, *client, kept.now_pence.label("total_pence"),
                kept.note.label("outcome"), kept.before_pence, change.label("difference_pence"),
            )
            .join(Contract, Contract.id == kept.contract_id)
            .join(Provider, Provider.id == kept.provider_id)
            .outerjoin(Client, Client.id == kept.client_id)
            .where(kept.run_id == self.run.id, kept.kind == kind)
            .order_by(*_kept_order())
        )  # fmt: skip


def _kept_order() -> tuple[sa.SQLColumnExpression, ...]:
    """Those with the most money first."""
    return _at_stake().desc(), Provider.folded_name, Contract.folded_name, RunFinding.first_on, RunFinding.id


def _at_stake() -> sa.ColumnElement[int]:
    """By how much a finding differs from last time; what it comes to, where nothing is compared. Never below 0."""
    kept = RunFinding
    before = sa.case((kept.kind.in_(COMPARED), sa.func.coalesce(kept.before_pence, 0)), else_=0)
    return sa.func.abs(kept.now_pence - before)


def _difference() -> sa.ColumnElement[int]:
    return RunPayment.taken_pence - sa.func.coalesce(RunPayment.before_pence, 0)


def _columns(*more: sa.SQLColumnExpression) -> Select:
    """What opens a payment's page, and more."""
    return (
        select(
            P.id, P.first_on, P.last_on, Contract.reference, Contract.name.label("contract"),
            Provider.name.label("provider"), *more,
        )
        .select_from(P)
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
    )  # fmt: skip
