"""What a calculation finds on record, in a fixed number of queries."""

from collections import defaultdict
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import MovedDates
from models.engine.comparing import IN_THE_CURRENT_PAYMENT
from models.engine.component import Component
from models.engine.draft import Place, Settled, Source
from models.engine.facts import ContractFacts
from models.engine.periods import State
from models.payments.payment import PaymentLine, ScheduledPayment
from models.pricing import PayOnActuals
from models.records.contract import Contract, PaymentMethod

STATE = 7
"""The first columns of a payment: its contract, its first day, and how far it has got."""
PLAIN = slice(STATE, 18)
"""Those after them: its sums and days, and what is None, or unconfirmed, where nobody has answered or asked."""


class Book:
    """What is on record already for some providers: payments, what is finalised cell by cell, and where drafts are."""

    def __init__(self, provider_ids: list[int], contracts: dict[int, ContractFacts]) -> None:
        self.provider_ids, self.contracts = provider_ids, contracts
        self.payments: dict[tuple[int, date], Any] = {}
        self.states: dict[int, dict[date, State]] = defaultdict(dict)
        for row in session.execute(_payments(provider_ids)):
            contract_id, first_on, is_begun, closed_run_id, *moved = row[:STATE]
            self.payments[contract_id, first_on] = row
            if is_begun or any(moved):  # closed is begun too
                self.states[contract_id][first_on] = (is_begun, closed_run_id is not None, MovedDates(*moved))
        self.settled: dict[int, dict[Source, dict[tuple[Component, date], Settled]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for contract_id, *source, component, first, last, net, vat in _streamed(_finalised_cells(provider_ids)):
            self.settled[contract_id][Source(*source)][component, first] = Settled(last, net, vat)
        self.placed: dict[int, dict[Place, date]] = defaultdict(dict)
        for contract_id, first_on, *source, component, first in session.execute(_placed_elsewhere(provider_ids)):
            self.placed[contract_id][Source(*source), component, first] = first_on
        self.paid = {id_: (net, vat) for id_, net, vat in session.execute(_finalised_of_open_payments(provider_ids))}
        strict = select(Contract.id).where(Contract.provider_id.in_(provider_ids), Contract.pays_only_confirmed)
        self.pays_only_confirmed = set(session.scalars(strict))


def _streamed(query: sa.Select) -> sa.Result:
    """The rows a thousand at once: three years of a large provider would fill the memory twice otherwise."""
    return session.execute(query, execution_options={"yield_per": 1_000})


def _payments(provider_ids: list[int]) -> sa.Select:
    payment = ScheduledPayment
    return select(
        payment.contract_id, payment.first_on, payment.is_begun, payment.closed_run_id,
        payment.moved_confirm_by, payment.moved_finalise_on, payment.moved_bank_on,
        payment.net_pence, payment.vat_pence, payment.waiting_pence, payment.confirm_by, payment.finalise_on,
        payment.bank_on, payment.last_on, payment.method_id, payment.confirmation, payment.asked_by,
        payment.waived_on, payment.id, payment.answered_pence, payment.answered_on, payment.is_extended,
        payment.waived_pence,
    ).where(payment.provider_id.in_(provider_ids))  # fmt: skip


def _finalised_cells(provider_ids: list[int]) -> sa.Select:
    line = PaymentLine
    cell = (line.contract_id, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.invoice_line_id, line.component, line.first_on)  # fmt: skip
    return (
        select(
            *cell,
            sa.func.max(line.last_on).label("last_on"),
            sum_of(line.net_pence).label("net"),
            sum_of(line.vat_pence).label("vat"),
        )
        .where(line.provider_id.in_(provider_ids), line.run_id.is_not(None), line.is_own)
        .group_by(*cell)
    )


def _placed_elsewhere(provider_ids: list[int]) -> sa.Select:
    """The drafts that are not in the payment of their own days, with the first day of the one that they are in. Whether
    a week of actuals is, its days do not say: all drafts are among them where a method pays on actuals.
    """
    line, payment, method = PaymentLine, ScheduledPayment, PaymentMethod
    return (
        select(
            line.contract_id, payment.first_on, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.invoice_line_id, line.component, line.first_on,
        )
        .join(payment, payment.id == line.payment_id)
        .join(method, method.id == payment.method_id)
        .where(
            line.provider_id.in_(provider_ids),
            line.run_id.is_(None),
            sa.or_(
                method.pay_on_actuals != PayOnActuals.NEVER,
                line.first_on < payment.first_on,
                line.first_on > payment.last_on,
                line.component.in_(IN_THE_CURRENT_PAYMENT),
            ),
        )
    )  # fmt: skip


def _finalised_of_open_payments(provider_ids: list[int]) -> sa.Select:
    """What has been finalised of payments that are partly finalised."""
    line, payment = PaymentLine, ScheduledPayment
    return (
        select(line.payment_id, sum_of(line.net_pence).label("net"), sum_of(line.vat_pence).label("vat"))
        .join(payment, payment.id == line.payment_id)
        .where(
            payment.provider_id.in_(provider_ids),
            payment.is_begun,
            payment.closed_run_id.is_(None),
            line.run_id.is_not(None),
            line.is_own,
        )
        .group_by(line.payment_id)
    )
