"""A payment run before it is authorised: what it pays, how that differs from last time, and every exception.

A fixed number of queries, whatever the number of payments.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.folding import found_by
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold, is_held
from models.payments.payment import PaymentLine
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment, RunState
from models.payments.worklist import P, before, is_before, is_far_off, recovers
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from models.words import Choice


class Finding(Choice):
    """Kinds of exception, in the order in which they are read."""

    STALE = "changed since prepared"
    LEFT = "left for the next run"
    NEW = "new"
    ENDED = "ended"
    CHANGED = "changed"
    FAR_OFF = "more than 50 % different"
    RECOVERY = "recovery"
    UNCONFIRMED = "unconfirmed"
    REJECTED = "rejected"
    HELD = "held"
    HELD_ROWS = "row held"
    WAITING = "blocked"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def names_clients(self) -> bool:
        """It is told by rows of payments, one a client."""
        return self in (*OF_ROWS, Finding.HELD_ROWS)

    @property
    def explanation(self) -> str:
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Finding.STALE: "Their lines have changed, or they are held, since this run was prepared. They are left for the "
    "next run. To pay them now, discard this run and prepare it again.",
    Finding.LEFT: "They had changed or were held when their turn came. The next run takes them.",
    Finding.NEW: "Rows that the payment before did not have.",
    Finding.ENDED: "Rows that the payment before had, and this one has not.",
    Finding.CHANGED: "Rows that pay more or less than in the payment before.",
    Finding.FAR_OFF: "Payments that differ by more than half from the payment before.",
    Finding.RECOVERY: "Payments in which something is taken back.",
    Finding.UNCONFIRMED: "Payments that the provider was asked to confirm, and has not. Those in this run are paid all "
    "the same.",
    Finding.REJECTED: "Left out: the provider says that they are wrong.",
    Finding.HELD: "Left out: we hold them, or they wait for the provider's confirmation.",
    Finding.HELD_ROWS: "Rows that are left out: we hold them, or the provider has queried them.",
    Finding.WAITING: "Payments with a care package that is not authorised, not agreed or suspended. The amount waits.",
}
_BY_PROVIDER = (Provider.folded_name, Provider.id, Contract.folded_name, P.first_on)
OF_ROWS = (Finding.NEW, Finding.ENDED, Finding.CHANGED)


@dataclass(frozen=True)
class Totals:
    """Of this run, and of the payments before those in it."""

    payments: int
    providers: int
    now_pence: int
    """What the lines that it takes come to."""
    before_pence: int
    bank_pence: int
    """What goes to the bank: less what is taken for debts, with what is added to them."""

    @property
    def difference_pence(self) -> int:
        return self.now_pence - self.before_pence


class Review:
    """Questions about one run. A Select gives rows with `reference`, `first_on` and `provider` to open each by."""

    def __init__(self, run: PaymentRun) -> None:
        self.run = run
        self.is_open = run.is_open
        self.before = before()

    def totals(self) -> Totals:
        was = sum_of(self.before.total_pence)
        row = session.execute(
            select(
                sa.func.count(RunPayment.id), sa.func.count(RunPayment.provider_id.distinct()),
                sum_of(RunPayment.taken_pence), was, sum_of(RunPayment.total_pence),
            )
            .join(P, P.id == RunPayment.payment_id)
            .outerjoin(self.before, is_before(self.before))
            .where(RunPayment.run_id == self.run.id)
        ).one()  # fmt: skip
        return Totals(*row)

    def payments(self, *, name: str = "", changed_only: bool = False) -> Select:
        """Every payment of the run by provider, with what the one before came to."""
        query = self._in_run().order_by(*_BY_PROVIDER, P.id)
        if name:
            query = query.where(found_by(name, Provider.folded_name))
        return query.where(self._difference() != 0) if changed_only else query

    def findings(self) -> dict[Finding, int]:
        """How many there are of each kind, in one query; kinds of which there are none are left out."""
        counts = [
            select(sa.literal(kind.name).label("kind"), sa.func.count().label("count")).select_from(
                self.found(kind).order_by(None).subquery()
            )
            for kind in self._kinds()
        ]
        if not counts:  # of a run that is closed unpaid
            return {}
        known: dict[str, int] = dict(session.execute(sa.union_all(*counts).subquery().select()).all())
        return {kind: known[kind.name] for kind in Finding if known.get(kind.name)}

    def _kinds(self) -> list[Finding]:
        if self.is_open:
            return [kind for kind in Finding if kind is not Finding.LEFT]
        if self.run.state is RunState.FINALISED:
            return [Finding.LEFT, *OF_ROWS, Finding.FAR_OFF, Finding.RECOVERY]
        return []

    def found(self, kind: Finding) -> Select:
        if kind in OF_ROWS:
            return self._rows(kind)
        match kind:
            case Finding.HELD_ROWS:
                return self._held_rows()
            case Finding.REJECTED:
                query = self._left_out().where(P.confirmation == Confirmation.REJECTED)
            case Finding.HELD:
                query = self._left_out().where(is_held(), P.confirmation != Confirmation.REJECTED)
            case Finding.WAITING:
                query = self._of_run_or_left_out().where(P.waiting_pence != 0)
            case Finding.UNCONFIRMED:
                query = self._of_run_or_left_out().where(P.is_unanswered)
            case _:
                query = self._in_run().where(self._is(kind))
        return query.order_by(*_BY_PROVIDER, P.id)

    def _is(self, kind: Finding) -> sa.ColumnElement[bool]:
        match kind:
            case Finding.STALE:
                return sa.and_(
                    RunPayment.outcome.is_(None), sa.or_(is_held(), self._drafts_now() != RunPayment.taken_pence)
                )
            case Finding.LEFT:
                return ~RunPayment.is_finalised
            case Finding.FAR_OFF:
                return is_far_off(RunPayment.taken_pence, self.before.total_pence)
            case _:
                return recovers(self._is_of_run())

    def _drafts_now(self) -> sa.ScalarSelect[int]:
        line = PaymentLine
        return select(sum_of(line.total_pence)).where(line.payment_id == P.id, self._is_of_run()).scalar_subquery()

    def _is_of_run(self) -> sa.ColumnElement[bool]:
        """A condition on PaymentLine: the run pays it, or will."""
        line = PaymentLine
        if not self.is_open:
            return line.run_id == self.run.id
        held = select(Hold.id).where(
            Hold.payment_id == line.payment_id,
            Hold.purchase_order_id == line.purchase_order_id,
            Hold.is_in_force,
        )
        return sa.or_(line.run_id == self.run.id, sa.and_(line.run_id.is_(None), ~held.exists()))

    def _difference(self) -> sa.ColumnElement[int]:
        return RunPayment.taken_pence - sa.func.coalesce(self.before.total_pence, 0)

    def _in_run(self) -> Select:
        return (
            _columns(
                RunPayment.taken_pence.label("total_pence"), RunPayment.total_pence.label("bank_pence"),
                RunPayment.outcome,
                self.before.total_pence.label("before_pence"),
                self._difference().label("difference_pence"),
            )
            .join(RunPayment, RunPayment.payment_id == P.id)
            .outerjoin(self.before, is_before(self.before))
            .where(RunPayment.run_id == self.run.id)
        )  # fmt: skip

    def _left_out(self) -> Select:
        """What is due and would be in the run, were it not kept back."""
        return self._of_run_or_left_out().where(P.id.not_in(self._taken()))

    def _of_run_or_left_out(self) -> Select:
        total = P.total_pence
        was = self.before.total_pence
        query = (
            _columns(
                total.label("total_pence"),
                sa.case((P.id.in_(self._taken()), "in this run"), else_="left out").label("outcome"),
                was.label("before_pence"), (total - sa.func.coalesce(was, 0)).label("difference_pence"),
            )
            .outerjoin(self.before, is_before(self.before))
            .where(P.is_due(self.run.as_on))
        )  # fmt: skip
        return query.where(P.provider_id.in_(self.run.chosen)) if self.run.chosen is not None else query

    def _taken(self) -> Select[int]:
        return select(RunPayment.payment_id).where(RunPayment.run_id == self.run.id)

    def _held_rows(self) -> Select:
        line = PaymentLine
        drafts = (
            select(sum_of(line.total_pence))
            .where(
                line.payment_id == Hold.payment_id,
                line.purchase_order_id == Hold.purchase_order_id,
                line.run_id.is_(None),
            )
            .scalar_subquery()
        )
        query = (
            _columns(
                *_CLIENT, drafts.label("total_pence"), Hold.reason.label("outcome"),
                sa.null().label("before_pence"), sa.null().label("difference_pence"),
            )
            .join(Hold, Hold.payment_id == P.id)
            .join(PurchaseOrder, PurchaseOrder.id == Hold.purchase_order_id)
            .outerjoin(Client, Client.id == PurchaseOrder.client_id)
            .where(Hold.is_in_force, P.finalise_on <= self.run.as_on)
            .order_by(*_BY_PROVIDER, Hold.id)
        )  # fmt: skip
        return query.where(P.provider_id.in_(self.run.chosen)) if self.run.chosen is not None else query

    def _rows(self, kind: Finding) -> Select:
        """Rows of the run's payments that are new, gone or changed since the payment before. They are matched by
        client, so that a new financial year's order makes no new row.
        """
        both = self._both_sides()
        now, was = sum_of(both.c.now), sum_of(both.c.was)
        sums = (
            select(
                both.c.payment_id, both.c.client_id, now.label("now"), was.label("was"),
                sa.func.max(both.c.is_now).label("is_now"), sa.func.max(both.c.is_was).label("is_was"),
            )
            .group_by(both.c.payment_id, both.c.client_id)
            .subquery()
        )  # fmt: skip
        condition = {
            Finding.NEW: sa.and_(sums.c.is_was == 0, sums.c.now != 0),
            Finding.ENDED: sa.and_(sums.c.is_now == 0, sums.c.was != 0),
            Finding.CHANGED: sa.and_(sums.c.is_now == 1, sums.c.is_was == 1, sums.c.now != sums.c.was),
        }[kind]
        return (
            _columns(
                *_CLIENT, sums.c.now.label("total_pence"), sa.null().label("outcome"), sums.c.was.label("before_pence"),
                (sums.c.now - sums.c.was).label("difference_pence"),
            )
            .join(sums, sums.c.payment_id == P.id)
            .outerjoin(Client, Client.id == sums.c.client_id)
            .where(condition)
            .order_by(
                *_BY_PROVIDER, P.id, Client.id.is_not(None), Client.folded_surname, Client.folded_first_name, Client.id
            )
        )  # fmt: skip

    def _both_sides(self) -> sa.Subquery:
        line, total = PaymentLine, PaymentLine.total_pence
        zero, one = sa.literal(0), sa.literal(1)
        now = (
            select(P.id.label("payment_id"), PurchaseOrder.client_id, total.label("now"), zero.label("was"),
                   one.label("is_now"), zero.label("is_was"))
            .join(RunPayment, RunPayment.payment_id == P.id)
            .join(line, line.payment_id == P.id)
            .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
            .where(RunPayment.run_id == self.run.id, self._is_of_run())
        )  # fmt: skip
        was = (
            select(P.id.label("payment_id"), PurchaseOrder.client_id, zero.label("now"), total.label("was"),
                   zero.label("is_now"), one.label("is_was"))
            .join(RunPayment, RunPayment.payment_id == P.id)
            .join(self.before, is_before(self.before))
            .join(line, line.payment_id == self.before.id)
            .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
            .where(RunPayment.run_id == self.run.id)
        )  # fmt: skip
        return sa.union_all(now, was).subquery()


_CLIENT = (Client.id.label("client_id"), Client.surname, Client.first_name, Client.reference.label("client_reference"))


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
