"""Remittances: what each payment of each run was made of, kept as it was on the day of the run.

A run writes them with the payments that it finalises, in the same transaction. They never change: a client's name, an
address, a price or a rule that changes later changes none of them (docs/decisions/0021).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import AsJSON, Base, Key, Pence, insert_rows, session
from models.calendar import london_day
from models.engine import reason_code
from models.engine.component import LUMPS, Component
from models.engine.reason_code import ReasonCode
from models.engine.working import Slice, Working
from models.payments.adjustment import RecoveryPlan
from models.payments.advice import Advice, AdviceLine, Lines, Units, lines_of_slices, seal_of, text_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment
from models.portal import current_portal
from models.records.claim import ClaimItem
from models.records.client import Client, masked_name
from models.records.contract import Calendar, Contract, PaymentMethod, ServiceLevel
from models.records.provider import Organisation, Provider
from models.statements import built_once
from models.tenancy import ProviderOwned, owned

AT_ONCE = 500
"""Payments that are written with one set of queries, ..."""
LINES_AT_ONCE = 5_000
"""... or fewer, where they have more lines: years of a large contract would fill the memory."""


class Remittance(ProviderOwned, Base):
    """What one run paid of one payment. Neither it nor what it says ever changes."""

    __tablename__ = "remittance"
    __table_args__ = owned(
        sa.UniqueConstraint("run_id", "payment_id"),
        sa.Index("ix_remittance_bank_on", "provider_id", "bank_on"),
        payment_id="scheduled_payment",
        contract_id="contract",
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"))
    payment_id: Mapped[int] = mapped_column(index=True)
    contract_id: Mapped[int] = mapped_column(index=True)
    reference: Mapped[str]
    """Contract and run: 741254-317. Payments of one contract in one run share it."""
    bank_on: Mapped[date]
    paid_pence: Mapped[Pence]
    """What the run paid to the bank: the sum of its lines."""
    lines: Mapped[int]
    sha256: Mapped[str]
    advice: Mapped[Advice] = mapped_column(AsJSON(Advice))

    @classmethod
    def of_run(cls, run_id: int, contract_id: int | None = None) -> Select["Remittance"]:
        """By finalisation: what the run has paid, of one contract or of all, payments in order of their days."""
        query = select(cls).join(ScheduledPayment, ScheduledPayment.id == cls.payment_id).where(cls.run_id == run_id)
        if contract_id is not None:
            query = query.where(cls.contract_id == contract_id)
        return query.order_by(cls.contract_id, ScheduledPayment.first_on, cls.id)


def advices_of(payment_id: int) -> Sequence[Advice]:
    """By period: all that runs have paid of the payment, the first run first."""
    return session.execute(_advices(), {"payment_id": payment_id}).scalars().all()


@built_once
def _advices() -> Select[Advice]:
    kept = Remittance
    query = select(kept.advice).where(kept.payment_id == sa.bindparam("payment_id", type_=sa.Integer()))
    return query.order_by(kept.run_id, kept.id)


def write_for(members: Sequence[RunPayment], *, on: date) -> None:
    """Keep what was finalised of these payments on that day; all are of one run, and their lines are marked."""
    finalised = [each for each in members if each.is_finalised]
    for some in _at_once(finalised):
        written = _Writing(some[0].run_id, some, on)
        insert_rows(Remittance, list(written.rows()))


def _at_once(members: Iterable[RunPayment]) -> Iterator[list[RunPayment]]:
    some: list[RunPayment] = []
    lines = 0
    for each in members:
        if some and (len(some) == AT_ONCE or lines + each.lines > LINES_AT_ONCE):
            yield some
            some, lines = [], 0
        some.append(each)
        lines += each.lines
    if some:
        yield some


def missing() -> Select:
    """What was finalised and has no remittance: payments of runs that a version before this one has paid."""
    kept = select(Remittance.id).where(
        Remittance.run_id == RunPayment.run_id, Remittance.payment_id == RunPayment.payment_id
    )
    return select(RunPayment).where(RunPayment.is_finalised, ~kept.exists()).order_by(RunPayment.run_id, RunPayment.id)


def write_missing(most: int = AT_ONCE) -> int:
    """Write remittances for as many as `most` of the payments that have none, as the facts stand; how many."""
    found = session.scalars(missing().limit(most)).all()
    by_run: dict[int, list[RunPayment]] = defaultdict(list)
    for each in found:
        by_run[each.run_id].append(each)
    for run in session.scalars(select(PaymentRun).where(PaymentRun.id.in_(by_run)).order_by(PaymentRun.id)):
        write_for(by_run[run.id], on=london_day(run.finalised_at) if run.finalised_at else run.as_on)
    return len(found)


class _Writing:
    """What some payments of one run come to in words, read with a fixed number of queries."""

    def __init__(self, run_id: int, members: Sequence[RunPayment], on: date) -> None:
        self.run_id, self.members, self.on = run_id, members, on
        ids = [each.payment_id for each in members]
        self.heads = {row.payment_id: row for row in session.execute(_heads(ids))}
        found = session.execute(_lines(run_id, ids)).all()
        self.lines: dict[int, list[Any]] = defaultdict(list)
        for row in found:
            self.lines[row.payment_id].append(row)
        self.workings = {row.id: Working.from_dict(row.kept) for row in found if not _plain_slices(row)}
        """By the id of the line; of those that are not plain."""
        changed = [row for row in found if row.id in self.workings and self.workings[row.id].is_change]
        self.before = _before([row for row in changed if row.component not in LUMPS])
        self.claims = _claims({row.claim_item_id for row in found if row.claim_item_id})
        self.plans = _plans({row.contract_id for row in found if row.component is Component.BROUGHT_FORWARD})

    def rows(self) -> Iterator[dict[str, Any]]:
        for member in self.members:
            head = self.heads[member.payment_id]
            advice = self._advice(head, member)
            text = text_of(advice.as_dict())
            yield {
                "provider_id": member.provider_id, "run_id": self.run_id, "payment_id": member.payment_id,
                "contract_id": head.contract_id, "reference": advice.reference, "bank_on": advice.bank_on,
                "paid_pence": advice.total_pence, "lines": len(advice.lines), "sha256": seal_of(text),
                "advice": text,
            }  # fmt: skip

    def _advice(self, head: Any, member: RunPayment) -> Advice:
        calendar = Calendar(anchor_on=head.anchor_on, frequency=head.frequency)
        method = PaymentMethod(pay_on_actuals=head.pay_on_actuals, basis=head.basis, calendar=calendar)
        lines = (line for row in self.lines[member.payment_id] for line in self._of_line(row, head))
        return Advice(
            reference=f"{head.contract_reference}-{self.run_id}", provider=head.provider,
            provider_reference=head.provider_reference, organisation=head.organisation or "", address=head.address,
            account=head.account_ending, contract=head.contract, contract_reference=head.contract_reference,
            method=method.label, first=head.first_on, last=head.last_on, finalised_on=self.on,
            bank_on=member.bank_on or head.bank_on, run_id=self.run_id, lines=Lines(list(lines)),
            council=current_portal().council,
        )  # fmt: skip

    def _of_line(self, row: Any, head: Any) -> Iterator[dict[str, Any]]:
        """As they are kept: one amount for each slice; of a difference, or a sum, one."""
        if slices := _plain_slices(row):
            is_earlier = row.last_on < head.first_on
            yield from lines_of_slices(
                slices, client=_name(row), reference=row.client_reference or "", order=row.order_number,
                reason=reason_code.of_planned_days(row.component, is_earlier=is_earlier), component=row.component,
                name=row.kept["name"], is_earlier=is_earlier,
            )  # fmt: skip
        else:
            yield from (line.as_dict() for line in self._worked_out(row, self.workings[row.id], head))

    def _worked_out(self, row: Any, working: Working, head: Any) -> Iterator[AdviceLine]:
        is_sum_of_now = row.component in (Component.CLAIM, Component.INVOICE)
        is_earlier = working.until(row.last_on) < head.first_on and not is_sum_of_now
        if row.component in LUMPS or row.component not in _PRICED:
            due = row.net_pence + working.before_net_pence
            reason = reason_code.of_sum(
                row.component, working, is_due=due != 0, is_earlier=is_earlier, has_plan=row.contract_id in self.plans
            )
            yield self._line(
                row, working, reason, is_earlier, units=self.claims.get(row.claim_item_id, {}).get(row.net_pence)
            )
            return
        if working.is_change or not working.slices:
            before = self.before.get(_cell(row), [])
            then = next((slices for id_, slices in before if id_ < row.id), ())
            reason = reason_code.of_change(
                row.component,
                then,
                working.slices,
            )
            yield self._line(row, working, reason, is_earlier)
            return
        for part in working.slices:
            reason = reason_code.of_days(row.component, part, is_earlier=is_earlier)
            yield self._line(row, working, reason, is_earlier, part=part)

    def _line(
        self, row: Any, working: Working, reason: ReasonCode, is_earlier: bool, *, part: Slice | None = None,
        units: Units | None = None,
    ) -> AdviceLine:  # fmt: skip
        first, last, net, vat = (
            (part.first, part.last, part.net_pence, part.vat_pence)
            if part
            else (row.first_on, row.last_on, row.net_pence, row.vat_pence)
        )
        is_change = working.is_change and part is None
        due = (net + working.before_net_pence, working.before_net_pence) if is_change else (None, None)
        return AdviceLine(
            _name(row), row.client_reference or "", row.order_number, reason, row.component, working.name, first, last,
            net, vat, is_earlier, part, units, *due,
        )  # fmt: skip


def _plain_slices(row: Any) -> list[dict[str, Any]]:
    return Working.plain_slices(row.kept) if row.component in _PRICED else []


def _name(row: Any) -> str:
    return "" if row.client_id is None else masked_name(row.surname, row.first_name, row.client_reference)


_PRICED = frozenset({Component.CARE, Component.CONTRIBUTION, Component.TOP_UP, Component.NURSING})


_ORDER = (
    Component.CARE, Component.CONTRIBUTION, Component.TOP_UP, Component.NURSING, Component.ALLOWANCE, Component.CLAIM,
    Component.INVOICE, Component.ADJUSTMENT, Component.BROUGHT_FORWARD, Component.CARRIED_FORWARD,
)  # fmt: skip
_PLACE = sa.case(
    {component.value: at for at, component in enumerate(_ORDER)}, value=sa.cast(PaymentLine.component, sa.String)
)
"""In which order the lines of a client stand: care, what is taken off it, sums."""


def _heads(payment_ids: Collection[int]) -> Select:
    payment, method = ScheduledPayment, PaymentMethod
    return (
        select(
            payment.id.label("payment_id"), payment.contract_id, payment.first_on, payment.last_on, payment.bank_on,
            Contract.name.label("contract"), Contract.reference.label("contract_reference"),
            method.pay_on_actuals, method.basis, Calendar.anchor_on, Calendar.frequency,
            Provider.name.label("provider"), Provider.reference.label("provider_reference"), Provider.address,
            Provider.account_ending, Organisation.name.label("organisation"),
        )
        .join(Contract, Contract.id == payment.contract_id)
        .join(method, method.id == payment.method_id)
        .join(Calendar, Calendar.id == method.calendar_id)
        .join(Provider, Provider.id == payment.provider_id)
        .outerjoin(Organisation, Organisation.id == Provider.organisation_id)
        .where(payment.id.in_(payment_ids))
    )  # fmt: skip


def _lines(run_id: int, payment_ids: Collection[int]) -> Select:
    """What the run has finalised of these payments, by client, then by day; what is carried comes last."""
    line = PaymentLine
    return (
        select(
            line.id, line.payment_id, line.contract_id, line.component, line.item_id, line.allowance_id,
            line.claim_item_id, line.adjustment_id, line.invoice_line_id, line.first_on, line.last_on, line.net_pence,
            line.vat_pence, sa.type_coerce(line.working, sa.JSON).label("kept"),
            PurchaseOrder.number.label("order_number"), PurchaseOrder.client_id,
            Client.surname, Client.first_name, Client.reference.label("client_reference"),
        )
        .outerjoin(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .outerjoin(Client, Client.id == PurchaseOrder.client_id)
        .where(line.run_id == run_id, line.payment_id.in_(payment_ids))
        .order_by(
            line.payment_id, line.purchase_order_id.is_(None), Client.id.is_(None),
            *(sa.func.coalesce(name, "") for name in Client.shown_order()),
            _PLACE, line.first_on, line.item_id, line.id,
        )
    )  # fmt: skip


def _cell(row: Any) -> tuple[Any, ...]:
    return (
        row.item_id, row.allowance_id, row.claim_item_id, row.adjustment_id, row.invoice_line_id, row.component,
        row.first_on,
    )  # fmt: skip


def _before(changed: Sequence[Any]) -> dict[tuple[Any, ...], list[tuple[int, tuple[Slice, ...]]]]:
    """How the cells of these lines were worked out when something of them was finalised: the newest first."""
    found: dict[tuple[Any, ...], list[tuple[int, tuple[Slice, ...]]]] = defaultdict(list)
    if not changed:
        return found
    line = PaymentLine
    query = (
        select(
            line.id, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.invoice_line_id, line.component, line.first_on, line.working,
        )
        .where(
            line.run_id.is_not(None), line.contract_id.in_({row.contract_id for row in changed}),
            line.first_on.in_({row.first_on for row in changed}), line.item_id.in_({row.item_id for row in changed}),
        )
        .order_by(line.id.desc())
    )  # fmt: skip
    for row in session.execute(query):
        found[_cell(row)].append((row.id, row.working.slices))
    return found


def _claims(ids: Iterable[int]) -> dict[int, dict[int, Units]]:
    """Units and price of claim items, by id and by the pence that they were accepted for: a sum that was changed by
    hand, or corrected, is no product.
    """
    item = ClaimItem
    query = select(item.id, item.quantity_e4, item.rate_e4, item.amount_pence, ServiceLevel.unit).join(
        ServiceLevel, ServiceLevel.id == item.service_level_id
    )
    return {
        row.id: {row.amount_pence: Units(row.quantity_e4, row.rate_e4, row.unit.value)}
        for row in (session.execute(query.where(item.id.in_(list(ids)))) if ids else ())
    }


def _plans(contract_ids: Collection[int]) -> set[int]:
    """Which of these contracts have agreed instalments."""
    plan = RecoveryPlan
    query = select(plan.contract_id).where(plan.contract_id.in_(contract_ids), plan.ended_at.is_(None))
    return set(session.scalars(query)) if contract_ids else set()
