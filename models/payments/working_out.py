"""Working out what is due, and what would have to be written for it. Reading only: calculating writes it, and
`./portal verify` compares it with what is stored.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from models.bank_holiday import working_days
from models.calendar import Span
from models.engine.draft import OrderKey, OrderSum
from models.engine.periods import Period, lay_out
from models.engine.reckoning import Reckoning, reckon
from models.payments.awaited import Sums
from models.payments.book import PLAIN, Book
from models.payments.confirmation import Confirmation
from models.payments.loading import load
from models.payments.replaced import kept_back_of, touches
from models.payments.rules import Reopened, behind, reopened
from models.payments.windows import bank_day, on_new_total

log = logging.getLogger(__name__)

PaymentKey = tuple[int, date]
"""A contract's id and the first day of the period."""


@dataclass(frozen=True, slots=True)
class PaymentValues:
    """What a payment should say."""

    key: PaymentKey
    old: Any
    """The row as it is on record; None for a new payment."""
    values: dict[str, Any]
    asks_anew: bool
    """Its provider is to be told that it is asked anew, or that its confirmation has lapsed."""

    @property
    def differs(self) -> bool:
        return self.old is None or any(getattr(self.old, name, value) != value for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Change:
    """A payment that comes to something else than it did; pence with VAT."""

    contract_id: int
    first_on: date
    last_on: date
    before_pence: int
    """0 for a new payment."""
    after_pence: int
    is_to_come: bool
    """Its period has not begun: it is only planned."""


@dataclass(frozen=True)
class WorkedOut:
    """What calculating some providers comes to."""

    book: Book
    reckonings: dict[int, Reckoning]
    """By contract id; without those that have a fault."""
    faults: dict[int, str]
    """Kind of error and where it arose, by the id of a contract that cannot be calculated."""
    as_on: date
    behind: set[int] = field(default_factory=set)
    """Ids of contracts that were last calculated under other rules."""
    reopened: list[Reopened] = field(default_factory=list)
    """What those rules change of finalised days; until somebody accepts it these contracts are among the faults."""

    def payments(self, *, only_others: bool = False) -> Iterator[PaymentValues]:
        """Every open payment that is on record or should be; `only_others`: without most of those that stay as they
        are. What is closed never changes.
        """
        plain = Confirmation.UNCONFIRMED, None, None
        for contract_id, found in self.reckonings.items():
            sums, blocked = _sums(found), _blocked(found)
            with_drafts = {draft.paid_in for draft in found.drafts} | {first for first, _, _ in found.awaited}
            for period in found.periods:
                if period.is_closed:
                    continue
                first = period.span.first
                old = self.book.payments.get((contract_id, first))
                if only_others and old is not None and not period.is_begun:
                    net, vat = sums.get(first, (0, 0))
                    own = net, vat, blocked.get(first, 0), *period.dates, period.span.last, period.method.id, *plain
                    if own == old[PLAIN]:
                        continue
                values = self._values(period, old, sums.get(first, (0, 0)), blocked.get(first, 0))
                if old is not None or first in with_drafts or self._is_wanted(contract_id, first, values):
                    changed, asks_anew = self._answer(contract_id, period, old, values)
                    yield PaymentValues((contract_id, first), old, values | changed, asks_anew)

    def changes(self) -> list[Change]:
        """The payments that come to something else, by contract and period."""
        return self.changes_among(self.payments())

    def changes_among(self, payments: Iterable[PaymentValues]) -> list[Change]:
        """As `changes`, for whoever has listed the payments already."""
        found = [*changes_of(payments, self.as_on), *self._gone_changes()]
        return sorted(found, key=lambda change: (change.contract_id, change.first_on))

    def _gone_changes(self) -> Iterator[Change]:
        """Payments whose periods are no more come to nothing."""
        for row in self._gone.values():
            if total := row.net_pence + row.vat_pence:
                is_to_come = row.first_on > self.as_on and row.finalise_on > self.as_on
                yield Change(row.contract_id, row.first_on, row.last_on, total, 0, is_to_come)

    def overtaken(self) -> list[int]:
        """Ids of the payments of which nothing is finalised, and whose period a change of payment method has removed.
        Their place in a prepared run goes with them; what holds them goes over (models/payments/replaced.py).
        """
        gone = self._gone
        left_alone = self._without_heirs(gone)
        return [id_ for id_ in gone if id_ not in left_alone]

    @cached_property
    def _gone(self) -> dict[int, Any]:
        wanted = {id_: {period.span.first for period in found.periods} for id_, found in self.reckonings.items()}
        nothing: set[date] = set()
        return {
            row.id: row
            for (contract_id, first), row in self.book.payments.items()
            if first not in wanted.get(contract_id, nothing) and not row.is_begun and contract_id not in self.faults
        }

    def left_alone(self) -> set[int]:
        """Ids of the payments that a change of payment method would remove, but somebody has held or rejected them,
        and no payment has their days: they stay, at £0.00, until one has.
        """
        return self._without_heirs(self._gone)

    def _without_heirs(self, gone: dict[int, Any]) -> set[int]:
        kept_back = kept_back_of(gone) if gone else set()
        if not kept_back:
            return set()
        spans: dict[int, list[Span]] = defaultdict(list)
        for each in self.payments():
            last_on = each.values.get("last_on") or each.old.last_on
            spans[each.key[0]].append(Span(each.key[1], last_on))
        return {id_ for id_ in kept_back if not touches(gone[id_], spans[gone[id_].contract_id])}

    def orders(self) -> dict[tuple[int, OrderKey], OrderSum]:
        """Every contract's order values, added up by provider."""
        orders: dict[tuple[int, OrderKey], OrderSum] = defaultdict(OrderSum)
        for contract_id, found in self.reckonings.items():
            provider_id = self.book.contracts[contract_id].provider_id
            for key, part in found.orders.items():
                orders[provider_id, key].add(part)
        return orders

    def awaited(self) -> Sums:
        """What is planned for weeks that wait for their actuals."""
        return {
            (contract_id, *key): net + vat
            for contract_id, found in self.reckonings.items()
            for key, (net, vat) in found.awaited.items()
            if net + vat
        }

    def half_known(self) -> set[int]:
        """Ids of the providers of whom some contract has a fault: what their orders come to is not known."""
        return {self.book.contracts[contract_id].provider_id for contract_id in self.faults}

    def _values(self, period: Period, old: Any, due: tuple[int, int], blocked: int) -> dict[str, Any]:
        """The values that an open payment should have. Its last day and method stay once some of it is finalised."""
        paid = self.book.paid.get(old.id, (0, 0)) if old else (0, 0)
        values: dict[str, Any] = {
            "net_pence": due[0] + paid[0],
            "vat_pence": due[1] + paid[1],
            "waiting_pence": blocked,
        } | period.dates._asdict()
        if old is None or not old.is_begun:
            values |= {"last_on": period.span.last, "method_id": period.method.id}
        return values

    def _answer(
        self, contract_id: int, period: Period, old: Any, values: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """What a new total does to the answer, and when the money is in the bank; and whether the provider is told."""
        total = values["net_pence"] + values["vat_pence"]
        changed: dict[str, Any] = {}
        asks_anew = False
        if old is None or old.net_pence + old.vat_pence != total:
            strict = contract_id in self.book.pays_only_confirmed
            changed = on_new_total(old, total, period.dates, pays_only_confirmed=strict, as_on=self.as_on)
            has_lapsed = strict and total > 0 and "lapsed_pence" in changed
            asks_anew = "asked_by" in changed or has_lapsed
        return changed | {"bank_on": bank_day(old, period.due_days, changed)}, asks_anew

    def _is_wanted(self, contract_id: int, first: date, values: dict[str, Any]) -> bool:
        """Whether to store a new payment that has no drafts. After its end, a contract gets none unless something is
        planned.
        """
        ends_on = self.book.contracts[contract_id].ends_on
        planned = values["net_pence"] or values["vat_pence"] or values["waiting_pence"]
        return ends_on is None or first <= ends_on or bool(planned)


def work_out(provider_ids: list[int], as_on: date, *, accept: bool = False) -> WorkedOut:
    """Reckon every contract of these providers. A contract that cannot be reckoned is among the faults, and so is one
    of which new rules change what is finalised, unless somebody accepts that; whatever else goes wrong in reading is
    raised.
    """
    contracts = load(provider_ids)
    book = Book(provider_ids, contracts)
    found, faults, working = {}, {}, working_days()
    for contract in contracts.values():
        try:
            periods = lay_out(contract, book.states[contract.id], as_on, working)
            found[contract.id] = reckon(contract, periods, book.settled[contract.id], as_on, book.placed[contract.id])
        except Exception as fault:
            log.exception("contract %s cannot be calculated", contract.id)
            faults[contract.id] = where_of(fault)
    late = behind(found.keys())
    changed = reopened({id_: found[id_] for id_ in sorted(late)}, book.settled)
    if not accept:
        for each in changed:
            faults[each.contract_id] = each.words
            del found[each.contract_id]
    return WorkedOut(book, found, faults, as_on, late, changed)


def changes_of(payments: Iterable[PaymentValues], as_on: date) -> Iterator[Change]:
    for each in payments:
        before = each.old.net_pence + each.old.vat_pence if each.old is not None else 0
        after = each.values["net_pence"] + each.values["vat_pence"]
        if before != after:
            contract_id, first_on = each.key
            last_on = each.values.get("last_on") or each.old.last_on
            is_to_come = first_on > as_on and each.values["finalise_on"] > as_on
            yield Change(contract_id, first_on, last_on, before, after, is_to_come)


def where_of(fault: Exception) -> str:
    """The kind of error and the line it came from: nothing of the data."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{type(fault).__name__} in {last.name}, line {last.lineno}"


def _sums(found: Reckoning) -> dict[date, tuple[int, int]]:
    """Net and VAT of each period's drafts, and of the plan where it has not begun."""
    sums: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for first, (net, vat) in found.planned.items():
        sums[first] = [net, vat]
    for draft in found.drafts:
        sums[draft.paid_in][0] += draft.net_pence
        sums[draft.paid_in][1] += draft.vat_pence
    return {first: (net, vat) for first, (net, vat) in sums.items()}


def _blocked(found: Reckoning) -> dict[date, int]:
    sums: dict[date, int] = defaultdict(int)
    for (first, _), pence in found.blocked.items():
        sums[first] += pence
    return sums
