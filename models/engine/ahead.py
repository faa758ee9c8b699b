"""Periods that have not begun, in blocks: what they would pay is worked out once for all that are alike. Pure.

A contract is planned to the end of the next financial year, which is a hundred weeks, and most items come to the same
in each: sums are kept where they begin and end, and added up once, so that an item costs no more for many periods.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from models.calendar import DAY
from models.engine.entitlement import Cell
from models.engine.periods import Period
from models.engine.weeks import Week

Part = tuple[Period, Period | Week]
"""A period, and itself or one of the weeks that it pays: what a cell is for."""
DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Block:
    """Parts that follow one another and are alike: whole weeks, as long, in one financial year, of one basis. Others
    stand alone. `at` counts the parts of the contract before it.
    """

    at: int
    parts: list[Part]

    @property
    def first(self) -> date:
        return self.parts[0][1].span.first

    @property
    def last(self) -> date:
        return self.parts[-1][1].span.last

    def halves(self) -> "tuple[Block, Block]":
        middle = len(self.parts) // 2
        return Block(self.at, self.parts[:middle]), Block(self.at + middle, self.parts[middle:])


class Ahead:
    """The planned parts of a contract, and what they come to."""

    def __init__(self, periods: Iterable[Period], is_gated: Callable[[Period], bool]) -> None:
        """`is_gated`: whether what is paid of a period waits for agreements, so that each is looked at by itself."""
        parts: list[Part] = [
            (period, each) for period in periods for each in (period.weeks if period.pays_weeks else (period,))
        ]
        self._periods = [period for period, _ in parts]
        self.blocks = list(_blocks(parts, is_gated))
        self._net, self._vat = [0] * (len(parts) + 1), [0] * (len(parts) + 1)

    def between(self, first: date, last: date) -> Iterator[Block]:
        """The blocks with one of these days."""
        return (block for block in self.blocks if block.first <= last and first <= block.last)

    def add(self, block: Block, cell: Cell) -> None:
        """Each part of the block pays the cell."""
        begin, end = block.at, block.at + len(block.parts)
        self._net[begin] += cell.net_pence
        self._net[end] -= cell.net_pence
        self._vat[begin] += cell.vat_pence
        self._vat[end] -= cell.vat_pence

    def sums(self) -> Iterator[tuple[date, int, int]]:
        """The first day of the period, net and VAT pence, of each part that comes to something."""
        for period, net, vat in zip(self._periods, accumulate(self._net), accumulate(self._vat), strict=False):
            if net or vat:
                yield period.span.first, net, vat


def _blocks(parts: list[Part], is_gated: Callable[[Period], bool]) -> Iterator[Block]:
    begin, shape, next_on = 0, None, None
    for at, (period, days) in enumerate(parts):
        span = days.span
        own = (span.days, span.is_whole_month, days.year, period.method.basis, isinstance(days, Week))
        is_alone = days.is_cut or span.days % DAYS_OF_A_WEEK or is_gated(period)
        if at > begin and (is_alone or own != shape or span.first != next_on):
            yield Block(begin, parts[begin:at])
            begin = at
        shape, next_on = None if is_alone else own, span.last + DAY
    if parts:
        yield Block(begin, parts[begin:])
