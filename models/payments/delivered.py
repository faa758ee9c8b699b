"""What figures of actuals would come to before they are confirmed, or a file applied: worked out, written nowhere."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.calendar import FAR_FUTURE, Span
from models.engine.actuals import week_cells
from models.engine.entitlement import Cell
from models.engine.facts import ContractFacts, ItemFacts, Method
from models.engine.weeks import WEEK
from models.payments.confirmed_figures import ItemWeek
from models.payments.loading import load
from models.pricing import PayOnActuals


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
    return {
        key: _worth(contract, item, key, figures[key])
        for contract in load(list(provider_ids)).values()
        for item in contract.items
        for key in wanted.get(item.id, ())
    }


def in_all(worths: Iterable[Worth]) -> Worth:
    return sum(worths, Worth())


def _worth(contract: ContractFacts, item: ItemFacts, key: ItemWeek, given: Given) -> Worth:
    week = Span(key[1], key[1] + WEEK)
    method = _paying(contract, week)
    if method is None:
        return Worth()
    terms, rule = item.terms(method.basis), item.actuals_rule
    found = week_cells(terms, week, method.pay_on_actuals, rule.paid(*given), rule)
    planned = week_cells(terms, week, PayOnActuals.NEVER, None, rule)
    return Worth(*_sums(found), *_sums(planned))


def _paying(contract: ContractFacts, week: Span) -> Method | None:
    """The method that pays the week: the one that has its last day."""
    return next(
        (each for each in contract.methods if each.calculate_from <= week.last <= (each.ends_on or FAR_FUTURE)), None
    )


def _sums(cells: Iterable[Cell]) -> tuple[int, int]:
    cells = list(cells)
    return sum(cell.net_pence for cell in cells), sum(cell.vat_pence for cell in cells)
