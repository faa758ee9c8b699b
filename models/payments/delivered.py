"""What figures of actuals would come to before they are confirmed, or a file applied: worked out, written nowhere."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Row, select, update

from models.base import session
from models.calendar import FAR_FUTURE, Span
from models.engine.actuals import goes_by_plan, week_cells
from models.engine.entitlement import Cell
from models.engine.facts import ContractFacts, Dated, ItemFacts, Method
from models.engine.weeks import WEEK
from models.payments.confirmed_figures import ItemWeek
from models.payments.loading import load
from models.pricing import Basis, PayOnActuals
from models.records.actual import ActualException, ConfirmedActual, ExceptionState
from models.records.care_package import CarePackageLineItem

_APART = Dated(date.min, date.max, None)
"""Stands between facts of two sorts, so that one is never taken for the other."""


class Given(NamedTuple):
    """Figures of one line item and week; ten-thousandths of a unit."""

    actual_e4: int
    frustrated_e4: int = 0
    by_day_e4: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """What figures come to, and what was planned for the same week, less what is taken off; pence."""

    net_pence: int = 0
    vat_pence: int = 0
    planned_net_pence: int = 0
    planned_vat_pence: int = 0

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def planned_pence(self) -> int:
        return self.planned_net_pence + self.planned_vat_pence

    @property
    def change_pence(self) -> int:
        """How much more it is than planned, VAT included."""
        return self.total_pence - self.planned_pence

    def __add__(self, other: "Worth") -> "Worth":
        return Worth(
            self.net_pence + other.net_pence, self.vat_pence + other.vat_pence,
            self.planned_net_pence + other.planned_net_pence, self.planned_vat_pence + other.planned_vat_pence,
        )  # fmt: skip


def value_of(figures: Mapping[ItemWeek, Given], provider_ids: Collection[int]) -> dict[ItemWeek, Worth]:
    """What each of these figures of those providers' items comes to, whether or not it would need the council's
    approval. Where the contract or a rule pays by plan, that is the plan; nothing where no method pays the week.
    """
    wanted: dict[int, list[ItemWeek]] = {}
    for key in figures:
        wanted.setdefault(key[0], []).append(key)
    found: dict[ItemWeek, Worth] = {}
    for contract in load(list(provider_ids)).values():
        worths = _Worths(contract)
        for item in contract.items:
            for key in wanted.get(item.id, ()):
                found[key] = worths.of(item, Span(key[1], key[1] + WEEK), figures[key])
    return found


def price_exceptions(contracts: Mapping[int, ContractFacts]) -> None:
    """Write what hangs on each exception of these contracts that waits for the council: what its week would be paid if
    it were approved or, where nothing was delivered, by plan. Each calculation does so, since prices, plans and rules
    change; what a decided one came to stays.
    """
    own, figure, item = ActualException, ConfirmedActual, CarePackageLineItem
    query = (
        select(own.id, own.pence, figure.actual_e4, figure.frustrated_e4, figure.by_day_e4, figure.first_on, item.id)
        .add_columns(item.contract_id)
        .join(figure, figure.id == own.confirmed_id)
        .join(item, item.id == figure.item_id)
        .where(own.state == ExceptionState.OPEN, own.provider_id.in_({each.provider_id for each in contracts.values()}))
        .order_by(own.id)
    )
    waiting: dict[int, list[Row]] = {}
    for row in session.execute(query):
        waiting.setdefault(row.contract_id, []).append(row)
    changed = []
    for contract_id in waiting.keys() & contracts.keys():
        contract = contracts[contract_id]
        worths, items = _Worths(contract), {each.id: each for each in contract.items}
        for id_, before, actual_e4, frustrated_e4, by_day_e4, first_on, item_id, _ in waiting[contract_id]:
            given, week = Given(actual_e4, frustrated_e4, by_day_e4), Span(first_on, first_on + WEEK)
            worth = worths.of(items[item_id], week, given) if item_id in items else Worth()
            pence = worth.total_pence if actual_e4 or frustrated_e4 else worth.planned_pence
            if pence != before:
                changed.append({"id": id_, "pence": pence})
    if changed:
        session.execute(update(own), changed)


class _Worths:
    """Of one contract. Weeks in which the same facts hold, and the same figures are given, are worked out once: most of
    ten thousand rows are such.
    """

    def __init__(self, contract: ContractFacts) -> None:
        self._contract = contract
        self._methods: dict[Span, Method | None] = {}
        self._known: dict[Hashable, Worth] = {}

    def of(self, item: ItemFacts, week: Span, given: Given) -> Worth:
        if week not in self._methods:
            self._methods[week] = _paying(self._contract, week)
        method = self._methods[week]
        if method is None:
            return Worth()
        by_day = tuple(given.by_day_e4) if given.by_day_e4 else None
        key = (*_facts_in(item, week, method), given.actual_e4, given.frustrated_e4, by_day)
        if key not in self._known:
            self._known[key] = _worth(item, week, method, given)
        return self._known[key]


def _facts_in(item: ItemFacts, week: Span, method: Method) -> tuple[Hashable, ...]:
    """All that decides what a week of the item comes to, apart from what was delivered."""
    terms = item.terms_gross
    window = week.overlap(terms.starts_on, terms.last_payable_on)
    if window is None:
        return (week, None)
    first, last = window.first, window.last
    dated = tuple(
        (fact.first if fact.first > first else first, fact.last if fact.last < last else last, fact.value)
        for facts in (terms.prices, (_APART,), terms.quantities, (_APART,), terms.absences) for fact in facts
        if fact.first <= last and fact.last >= first
    )  # fmt: skip
    taken_off = terms.deductions + (item.contributions if method.basis is Basis.NET else ())
    return (week, first, last, terms.unit, terms.vat_basis_points, item.actuals_rule, method.pay_on_actuals, dated,
            taken_off)  # fmt: skip


def in_all(worths: Iterable[Worth]) -> Worth:
    return sum(worths, Worth())


def _worth(item: ItemFacts, week: Span, method: Method, given: Given) -> Worth:
    terms, rule = item.terms(method.basis), item.actuals_rule
    paid = rule.paid(*given)
    planned = _sums(week_cells(terms, week, PayOnActuals.NEVER, None, rule))
    if goes_by_plan(terms.unit, week.first, method.pay_on_actuals, paid, rule):
        return Worth(*planned, *planned)
    return Worth(*_sums(week_cells(terms, week, method.pay_on_actuals, paid, rule)), *planned)


def _paying(contract: ContractFacts, week: Span) -> Method | None:
    """The method that pays the week: the one that has its last day."""
    return next(
        (each for each in contract.methods if each.calculate_from <= week.last <= (each.ends_on or FAR_FUTURE)), None
    )


def _sums(cells: Iterable[Cell]) -> tuple[int, int]:
    cells = list(cells)
    return sum(cell.net_pence for cell in cells), sum(cell.vat_pence for cell in cells)
