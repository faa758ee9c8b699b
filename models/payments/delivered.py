"""What figures of actuals would come to before they are confirmed, or a file applied: worked out, written nowhere."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Row, select, update

from models.base import session
from models.calendar import FAR_FUTURE, Span
from models.engine.actuals import goes_by_plan, week_cells
from models.engine.entitlement import Cell, sums
from models.engine.facts import ContractFacts, Dated, ItemFacts, Method
from models.engine.weeks import WEEK
from models.payments.confirmed_figures import ItemWeek
from models.payments.loading import contracts_of, priced_items
from models.pricing import Basis
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


def value_of(figures: Mapping[ItemWeek, Given], provider_ids: Collection[int]) -> dict[ItemWeek, Worth]:
    """What each of these figures of those providers' items comes to, whether or not it would need the council's
    approval. Where the contract or a rule pays by plan, that is the plan; nothing where no method pays the week.
    """
    return Valuer.of_providers(provider_ids).of(figures)


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
        valuer = Valuer([contracts[contract_id]])
        for id_, before, actual_e4, frustrated_e4, by_day_e4, first_on, item_id, _ in waiting[contract_id]:
            week, given = (item_id, first_on), Given(actual_e4, frustrated_e4, by_day_e4)
            worth = valuer.of({week: given}).get(week, Worth())
            pence = worth.total_pence if actual_e4 or frustrated_e4 else worth.planned_pence
            if pence != before:
                changed.append({"id": id_, "pence": pence})
    if changed:
        session.execute(update(own), changed)


class Valuer:
    """What figures of some providers' items come to, by the facts of the moment at which it is made. Weeks in which the
    same facts hold, and the same figures are given, are worked out once: most of ten thousand rows are such.
    """

    def __init__(self, contracts: Iterable[ContractFacts]) -> None:
        self._items = {item.id: (contract, item) for contract in contracts for item in contract.items}
        self._paying: dict[tuple[int, date], Method | None] = {}

    @classmethod
    def of_providers(cls, provider_ids: Collection[int]) -> "Valuer":
        """By what stands in the database now."""
        contracts = contracts_of(list(provider_ids))
        for contract_id, item in priced_items(list(provider_ids)):
            if contract_id in contracts:
                contracts[contract_id].items.append(item)
        return cls(contracts.values())

    def of(self, figures: Mapping[ItemWeek, Given]) -> dict[ItemWeek, Worth]:
        """By item and week; without items whose contract pays nothing."""
        known: dict[Hashable, Worth] = {}  # of these figures only: other weeks have no facts in common with them
        return {key: self._worth(key, given, known) for key, given in figures.items() if key[0] in self._items}

    def is_by_invoice(self, key: ItemWeek) -> bool:
        """Whether invoices pay that week of the item: what was delivered then pays nothing by itself."""
        item_id, first_on = key
        return item_id in self._items and self._items[item_id][0].pays_by_invoice(Span(first_on, first_on + WEEK))

    def _worth(self, key: ItemWeek, given: Given, known: dict[Hashable, Worth]) -> Worth:
        item_id, first_on = key
        contract, item = self._items[item_id]
        week = Span(first_on, first_on + WEEK)
        if (contract.id, first_on) not in self._paying:
            self._paying[contract.id, first_on] = _paying(contract.methods, week)
        method = self._paying[contract.id, first_on]
        if method is None:
            return Worth()
        by_day = tuple(given.by_day_e4) if given.by_day_e4 else None
        facts = (*_facts_in(item, week, method), given.actual_e4, given.frustrated_e4, by_day)
        if facts not in known:
            known[facts] = _worth(item, week, method, given)
        return known[facts]


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
    net = vat = planned_net = planned_vat = 0
    for each in worths:
        net, vat = net + each.net_pence, vat + each.vat_pence
        planned_net, planned_vat = planned_net + each.planned_net_pence, planned_vat + each.planned_vat_pence
    return Worth(net, vat, planned_net, planned_vat)


def _worth(item: ItemFacts, week: Span, method: Method, given: Given) -> Worth:
    terms, rule = item.terms(method.basis), item.actuals_rule
    paid = rule.paid(*given)
    planned = sums(terms, week)
    if goes_by_plan(terms.unit, week.first, method.pay_on_actuals, paid, rule):
        return Worth(*planned, *planned)
    return Worth(*_sums(week_cells(terms, week, method.pay_on_actuals, paid, rule)), *planned)


def _paying(methods: Iterable[Method], week: Span) -> Method | None:
    """The method that pays the week: the one that has its last day."""
    return next((each for each in methods if each.calculate_from <= week.last <= (each.ends_on or FAR_FUTURE)), None)


def _sums(cells: Iterable[Cell]) -> tuple[int, int]:
    cells = list(cells)
    return sum(cell.net_pence for cell in cells), sum(cell.vat_pence for cell in cells)
