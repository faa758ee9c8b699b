"""What happens to the money of a payment: what is in the bank or goes there, what is held and why, what is taken for a
debt or added to one. Every page, file and mail that names such a sum asks here.

For what no run has taken yet it is a forecast: as if each open payment were finalised in order of its first day, with
what is held left out. It is worked out anew each time, so that it is never behind; in a fixed number of statements,
however many payments.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.engine.component import Component
from models.engine.recovery import Settlement
from models.payments.adjustment import has_plan
from models.payments.awaited import awaited_pence
from models.payments.blocked import has_fault
from models.payments.debt import may_owe, owed_pence
from models.payments.hold import Hold, HoldKind, has_hold, has_row_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.sent import returned_of, told_days_of
from models.payments.settlement import Owing, ToSettle, drafts_and_owing, drafts_of_payments, settle_all
from models.statements import built_once
from models.words import Choice

P = ScheduledPayment


class Kept(Choice):
    """Why no run takes a payment just now."""

    HELD = "held"
    """The council holds the whole of it."""
    REJECTED = "rejected"
    UNCALCULATED = "uncalculated"
    """Its contract cannot be calculated, so nobody knows what it comes to."""
    MISSED = "missed"
    """Nobody has confirmed it in time, and its contract pays only what is confirmed."""
    ASKED = "asked"
    """It waits for a confirmation, which can still be given: the forecast takes it as given."""


@dataclass(frozen=True, slots=True)
class InRun:
    """The open run that a payment is in."""

    run_id: int
    on: date
    """The council's day of it."""
    is_authorised: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One payment's money, in pence with VAT: total = bank + taken - added + held."""

    total_pence: int
    bank_pence: int
    """What is in the bank, on its way there, or expected to go there."""
    held_pence: int = 0
    """Drafts that no run takes: the whole of what is not finalised, or rows."""
    queried_pence: int = 0
    """Of those, what the provider has queried."""
    taken_pence: int = 0
    """For what is owed."""
    added_pence: int = 0
    """To what is owed."""
    held_rows_pence: int = 0
    """What is held row by row, whatever becomes of the rest."""
    paid_pence: int = 0
    """Of `bank_pence`, what runs have paid already."""
    kept: Kept | None = None
    is_forecast: bool = True
    """A run is still to take some of it."""
    runs: int = 0
    """So many runs have paid some of it."""
    has_holds: bool = False
    """There is, or was, a hold or a query on it or on a row of it."""
    may_owe: bool = False
    """Something is owed on its contract, or was."""
    owed_pence: int = 0
    """So much just now, on its contract."""
    returned_pence: int = 0
    """Of `paid_pence`, what the bank has returned, and what is not paid again."""
    in_run: InRun | None = None
    told_bank_on: date | None = None
    """The last day on which some of it was, or will be, in the bank, where the finance system has told it."""
    sent_on: date | None = None
    returned_on: date | None = None
    is_told: bool = False
    """The finance system has said something of it."""
    run_on: date | None = None
    """The day of the run that closed it."""
    awaited_pence: int = 0
    """What is planned beside it for weeks without actuals."""

    @property
    def is_plain(self) -> bool:
        """All of it goes to the bank, and nothing is to be said about it."""
        return self.bank_pence == self.total_pence and self.kept is None

    @property
    def to_confirm_pence(self) -> int:
        """What a confirmation lets go: the total without the rows that are held."""
        return self.total_pence - self.held_rows_pence


class Stands(Protocol):
    """A payment, or a row of a list of them."""

    @property
    def id(self) -> int: ...
    @property
    def contract_id(self) -> int: ...
    @property
    def first_on(self) -> date: ...
    @property
    def total_pence(self) -> int: ...
    @property
    def closed_run_id(self) -> int | None: ...


def standings(payments: Iterable[Stands]) -> dict[int, Standing]:
    """How each of these payments stands, by its id. One statement, and those of a settlement where a contract owes or
    may come to owe something.
    """
    wanted = {payment.id: payment for payment in payments}
    if not wanted:
        return {}
    found = standings_of(session.execute(facts(), which(list(wanted.values()))).all())
    return {id_: found[id_] for id_ in wanted}


def standing_of(payment: Stands) -> Standing:
    return standings([payment])[payment.id]


def which(payments: Sequence[Stands]) -> dict[str, Any]:
    """The parameters of `facts`."""
    contract_ids = {each.contract_id for each in payments}
    last = max(each.first_on for each in payments)
    return {"payment_ids": [each.id for each in payments], "contract_ids": list(contract_ids), "last_first_on": last}


@built_once
def facts() -> sa.Select:
    """The rows of which `standings_of` says how the payments of its parameters stand: theirs, and those of earlier open
    ones. See `which`.
    """
    return with_facts(select().select_from(P).where(_is_one_of_them()))


def with_facts(query: sa.Select) -> sa.Select:
    """A query of payments with the columns beside that `standings_of` reads: what runs have paid of each, taken for
    debts and added to them, what of its drafts is held, and what keeps it back.
    """
    in_run, carried = _open_runs(), _carried()
    brought, added = (sa.func.coalesce(carried.c[name], 0) for name in ("brought_pence", "carried_pence"))
    return query.add_columns(
        P.id.label("id"), P.contract_id, P.first_on, P.last_on, P.is_begun, P.closed_run_id,
        P.total_pence.label("total_pence"), P.is_overtime.label("is_overtime"), P.is_rejected.label("is_rejected"),
        P.waits_for_confirmation.label("is_waiting"),
        has_hold(Hold.is_of_whole_payment, Hold.is_in_force).label("is_held"), has_hold().label("has_holds"),
        has_fault().label("has_fault"), may_owe(P.contract_id).label("may_owe"),
        sa.case((may_owe(P.contract_id), owed_pence(P.contract_id)), else_=0).label("owed_pence"),
        has_plan(P.contract_id).label("has_plan"), _recovered().label("recovered_pence"),
        awaited_pence(P.id).label("awaited_pence"),
        returned_of(P.id).label("returned_pence"), *told_days_of(P.id), _run_day().label("run_on"),
        in_run.c.run_id.label("in_run_id"), in_run.c.as_on.label("in_run_on"), in_run.c.is_authorised,
        (P.total_pence - P.unpaid_pence - brought + added).label("paid_pence"),
        brought.label("brought_pence"), added.label("carried_pence"),
        _held().label("held_pence"), _held(Hold.kind == HoldKind.QUERY).label("queried_pence"), _runs().label("runs"),
    ).outerjoin(carried, carried.c.payment_id == P.id).outerjoin(in_run, in_run.c.payment_id == P.id)  # fmt: skip


def standings_of(rows: Sequence[Any], owing: Owing | None = None) -> dict[int, Standing]:
    """How the payments of these rows `with_facts` stand. Of every contract all payments must be among them that are not
    closed, up to the last: what one adds to a debt, the next takes. `owing` of all of them, where it is known.
    """
    kept = {row.id: None if row.closed_run_id is not None else _why_kept(row) for row in rows}
    taken = [row for row in rows if row.closed_run_id is None and kept[row.id] in (None, Kept.ASKED)]
    settled = _settled(taken, owing)
    return {row.id: _standing(row, kept[row.id], settled.get(row.id)) for row in rows}


def _standing(row: Any, kept: Kept | None, settled: Settlement | None) -> Standing:
    """Without a settlement nothing of it is taken: it is closed, or the whole rest of it is kept back."""
    done = settled or Settlement()
    return Standing(
        total_pence=row.total_pence,
        bank_pence=row.paid_pence + done.bank_pence,
        held_pence=row.held_pence if settled else row.total_pence - _own(row),
        queried_pence=row.queried_pence,
        held_rows_pence=row.held_pence,
        taken_pence=row.brought_pence + done.brought_pence,
        added_pence=row.carried_pence + done.carried_pence,
        paid_pence=row.paid_pence,
        kept=kept,
        is_forecast=row.closed_run_id is None,
        runs=row.runs,
        has_holds=row.has_holds,
        may_owe=row.may_owe,
        owed_pence=row.owed_pence,
        returned_pence=row.returned_pence or 0,
        told_bank_on=row.told_bank_on,
        sent_on=row.sent_on,
        returned_on=row.returned_on,
        is_told=bool(row.is_told),
        run_on=row.run_on,
        awaited_pence=row.awaited_pence,
        in_run=InRun(row.in_run_id, row.in_run_on, row.is_authorised) if row.in_run_id is not None else None,
    )


def _own(row: Any) -> int:
    """What is finalised of the payment's own lines."""
    own: int = row.paid_pence + row.brought_pence - row.carried_pence
    return own


def _settled(payments: Sequence[Any], owing: Owing | None) -> dict[int, Settlement]:
    """What a run does with each of these. Single drafts matter only to a contract that owes something, has agreed
    instalments, or of which a payment comes to less than £0.00.
    """
    rest = {row.id: row.total_pence - row.held_pence - _own(row) for row in payments}
    concerned = {row.contract_id for row in payments if row.may_owe or row.has_plan or rest[row.id] < 0}
    found = {row.id: Settlement(rest[row.id]) for row in payments if row.contract_id not in concerned}
    to_settle = [row for row in payments if row.contract_id in concerned]
    if not to_settle:
        return found
    which = PaymentLine.payment_id.in_([row.id for row in to_settle]), ~has_row_held()
    drafts: Mapping[int, list[Any]]
    if owing is None:
        is_asked = any(row.is_begun for row in to_settle)
        drafts, owing = drafts_and_owing(concerned, *which, past_of=[row.id for row in to_settle] if is_asked else ())
    else:
        drafts = drafts_of_payments(*which)
    return found | settle_all(
        (
            ToSettle(
                row.id, row.contract_id, row.first_on, row.last_on, row.is_begun, drafts[row.id],
                planned_pence=rest[row.id] - sum(draft.net_pence + draft.vat_pence for draft in drafts[row.id]),
                recovered_pence=row.recovered_pence,
            )
            for row in to_settle
        ),
        owing,
    )  # fmt: skip


def _is_one_of_them() -> sa.ColumnElement[bool]:
    """A condition: one of these payments, or one of the same contracts that is not closed, up to the last of them."""
    of_contracts = P.contract_id.in_(sa.bindparam("contract_ids", expanding=True))
    before = of_contracts, P.closed_run_id.is_(None), P.first_on <= sa.bindparam("last_first_on", type_=sa.Date())
    return sa.or_(P.id.in_(sa.bindparam("payment_ids", expanding=True)), sa.and_(*before))


def _recovered() -> sa.ColumnElement[int]:
    """What its runs have taken back, where a plan limits that."""
    part = RunPayment
    taken = select(sum_of(part.recovered_pence)).where(part.payment_id == P.id).correlate(P).scalar_subquery()
    return sa.case((has_plan(P.contract_id), taken), else_=0)


def _run_day() -> sa.ScalarSelect[date]:
    return select(PaymentRun.as_on).where(PaymentRun.id == P.closed_run_id).correlate(P).scalar_subquery()


def _open_runs() -> sa.Subquery:
    """Payments that an open run has, and has not had in their turn: no payment is in two."""
    part, run = RunPayment, PaymentRun
    columns = part.payment_id, part.run_id, run.as_on, run.authorised_at.is_not(None).label("is_authorised")
    query = select(*columns).join(run, run.id == part.run_id).where(part.outcome.is_(None), run.is_open)
    return query.subquery("in_run")


def _carried() -> sa.Subquery:
    """What runs have carried forward and brought forward: few lines, which have an index of their own."""
    line = PaymentLine

    def of(pence: sa.SQLColumnExpression[int], component: Component) -> sa.ColumnElement[int]:
        return sum_of(sa.case((line.component == component, pence), else_=0))

    return (
        select(
            line.payment_id,
            of(-line.net_pence, Component.BROUGHT_FORWARD).label("brought_pence"),
            of(line.net_pence, Component.CARRIED_FORWARD).label("carried_pence"),
        )
        .where(~line.is_own, line.run_id.is_not(None))
        .group_by(line.payment_id)
        .subquery("carried")
    )


def _held(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """What of its drafts such holds keep back row by row: of a payment without one no line is read."""
    line = PaymentLine
    of_row = Hold.payment_id == P.id, Hold.is_in_force, *which
    rows = select(Hold.purchase_order_id).where(*of_row).correlate(P)
    drafts = line.payment_id == P.id, line.run_id.is_(None), line.purchase_order_id.in_(rows)
    pence = select(sum_of(line.total_pence)).where(*drafts).correlate(P).scalar_subquery()
    return sa.case((has_hold(~Hold.is_of_whole_payment, Hold.is_in_force, *which), pence), else_=0)


def _runs() -> sa.ColumnElement[int]:
    """How many runs have finalised a line of it."""
    part = RunPayment
    which = part.payment_id == P.id, part.is_finalised, part.lines > 0
    runs = select(sa.func.count(part.id)).where(*which).correlate(P).scalar_subquery()
    return sa.case((P.is_begun, runs), else_=0)


def _why_kept(row: Any) -> Kept | None:
    if row.has_fault:
        return Kept.UNCALCULATED
    if row.is_held:
        return Kept.HELD
    if row.is_rejected:
        return Kept.REJECTED
    if row.is_waiting:
        return Kept.MISSED if row.is_overtime else Kept.ASKED
    return None
