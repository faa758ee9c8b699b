"""What a calculation makes of a difference: the line of a payment, and the rows of the order that expects it.

A contract may have hundreds of thousands of drafts, so they refer to cells, which steady periods share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from models.calendar import DAY, Span
from models.engine.component import Component
from models.engine.entitlement import Cell
from models.engine.steady import moved
from models.engine.working import Expected, Lump, Working, merged

OrderKey = tuple[int | None, int]
"""A client's id (None for one-off claims), and the calendar year in which the order's financial year begins."""


class Source(NamedTuple):
    """What a cell belongs to, besides its component."""

    item_id: int | None = None
    allowance_id: int | None = None
    claim_item_id: int | None = None
    adjustment_id: int | None = None
    invoice_line_id: int | None = None


Place = tuple[Source, Component, date]
"""A cell: its source, component and first day."""


class Settled(NamedTuple):
    """What has been finalised for one cell."""

    last: date
    net_pence: int
    vat_pence: int


@dataclass(slots=True)
class Draft:
    """A payment line to be written; `paid_in` is the first day of the period that pays it.

    A contract may have hundreds of thousands, so it refers to its cell, which steady periods share, and works out its
    days and its working when they are asked for.
    """

    paid_in: date
    source: Source
    cell: Cell
    """What is due for the cell; that of a steady period may carry another period's days."""
    first: date
    net_pence: int
    vat_pence: int
    order: OrderKey | None
    name: str

    @property
    def component(self) -> Component:
        return self.cell.component

    @property
    def last(self) -> date:
        return self.first + (self.cell.last - self.cell.first)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def before(self) -> tuple[int, int]:
        """Net and VAT pence that were finalised for the cell."""
        return self.cell.net_pence - self.net_pence, self.cell.vat_pence - self.vat_pence

    @property
    def is_change(self) -> bool:
        return self.before != (0, 0)

    def on_its_days(self) -> Cell:
        return self.cell if self.cell.first == self.first else moved(self.cell, Span(self.first, self.last))

    @property
    def working(self) -> Working:
        return Working(self.name, tuple(self.on_its_days().slices), *self.before)

    def expected(self) -> Iterator[Expected]:
        """The rows that its order expects."""
        net, vat = self.before
        return expected_rows(self.on_its_days(), Settled(self.last, net, vat), self.name)


class Drafted(Protocol):
    """A draft as it is stored: models/payments/payment.py."""

    component: Component
    first_on: date
    last_on: date
    net_pence: int
    vat_pence: int
    working: Working


@dataclass(slots=True)
class Stretch:
    """Periods that follow one another, and have the same cell."""

    cell: Cell
    year: int
    first: date
    last: date
    periods: int = 1

    def expected(self, name: str) -> Expected:
        """The row that the order expects for all these periods. The cell is a steady one, so it has one slice."""
        [part] = self.cell.slices
        whole = part.times(self.periods, self.first, self.last)
        return Expected(name, self.cell.component, whole, self.periods)


class Stretches:
    """What the orders of one item expect of what is planned: a row for each stretch of periods that share a steady
    cell.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._newest: dict[int, Stretch] = {}
        self._rows: list[Stretch] = []

    def add(self, cell: Cell, first: date, last: date, year: int, periods: int) -> None:
        """A steady cell of so many periods that fill these days."""
        stretch = self._newest.get(id(cell))
        if stretch and stretch.year == year and stretch.last + DAY == first:
            stretch.last = last
            stretch.periods += periods
            return
        stretch = self._newest[id(cell)] = Stretch(cell, year, first, last, periods)
        self._rows.append(stretch)

    def tell(self, orders: Mapping[OrderKey, "OrderSum"], client_id: int | None) -> None:
        """Give the rows to the client's orders."""
        for row in self._rows:
            orders[client_id, row.year].planned.append(row.expected(self.name))


@dataclass(slots=True)
class OrderSum:
    """What one purchase order comes to, and how the part not yet finalised was worked out: what is planned, and the
    drafts, which are lines of their own, so that they need not be told twice.
    """

    net_pence: int = 0
    vat_pence: int = 0
    planned: list[Expected] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    @property
    def expected(self) -> list[Expected]:
        """All that is still to come of it."""
        return merged([*self.planned, *(row for draft in self.drafts for row in draft.expected())])

    def add(self, other: "OrderSum") -> None:
        """Add what another contract of the provider pays for the same order."""
        self.net_pence += other.net_pence
        self.vat_pence += other.vat_pence
        self.planned.extend(merged(other.planned))
        self.drafts.extend(other.drafts)


def expected_of(line: Drafted) -> Iterator[Expected]:
    """The rows that the order of a stored draft expects for it: those of `Draft.expected`."""
    working = line.working
    before = Settled(line.last_on, working.before_net_pence, working.before_vat_pence)
    net, vat = line.net_pence + before.net_pence, line.vat_pence + before.vat_pence
    cell = Cell(line.component, line.first_on, line.last_on, net, vat, list(working.slices))
    return expected_rows(cell, before, working.name)


def expected_rows(cell: Cell, before: Settled, name: str) -> Iterator[Expected]:
    """How what is still to come of one cell was worked out; nothing where all of it is finalised."""
    net, vat = cell.net_pence - before.net_pence, cell.vat_pence - before.vat_pence
    if not net and not vat:
        return
    if (before.net_pence or before.vat_pence) or not cell.slices:
        yield Expected(name, cell.component, Lump(cell.first, cell.last, net, vat, bool(before.net_pence)))
        return
    for part in cell.slices:
        yield Expected(name, cell.component, part)
