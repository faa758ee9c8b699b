"""How an amount was worked out: the one form in which it is kept with a payment line, or with a purchase order.

Only these classes read or write the JSON that is stored: `as_dict()` on the way in, `from_dict()` on the way out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from models.calendar import DAY
from models.engine.component import Component
from models.pricing import Unit


@dataclass(frozen=True, slots=True)
class Slice:
    """Days with equal facts, and what they come to in pence. Deductions are negative."""

    first: date
    last: date
    rate_e4: int
    quantity_e4: int
    """Units a week, night or month in ten-thousandths; the units of all these days together where `is_timetabled`."""
    percent: int
    unit: Unit
    net_pence: int
    vat_pence: int
    is_timetabled: bool = False
    shared_with: tuple[date, date] | None = None
    """The whole run of days that was rounded, where 1 April cut it."""
    delivered: tuple[int, int, int] | None = None
    """Only where it was paid as delivered: the units of its whole week that are paid (ten-thousandths), and the share
    of them that is of these days, as a part and a whole. `quantity_e4` is that share, rounded.
    """

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def on(self, first: date, last: date) -> "Slice":
        """The same amount for other days."""
        return Slice(
            first, last, self.rate_e4, self.quantity_e4, self.percent, self.unit, self.net_pence, self.vat_pence,
            self.is_timetabled, self.shared_with, self.delivered,
        )  # fmt: skip

    def times(self, count: int, first: date, last: date) -> "Slice":
        """So many equal amounts as one, for these days."""
        units = self.quantity_e4 * (count if self.is_timetabled else 1)
        return Slice(
            first, last, self.rate_e4, units, self.percent, self.unit, self.net_pence * count, self.vat_pence * count,
            self.is_timetabled, self.shared_with, self.delivered,
        )  # fmt: skip

    def is_for(self, first: date, last: date) -> bool:
        """It is for just these days."""
        return (self.first, self.last) == (first, last)

    def as_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "rate_e4": self.rate_e4,
            "quantity_e4": self.quantity_e4,
            "percent": self.percent,
            "unit": self.unit.value,
            "net_pence": self.net_pence,
            "vat_pence": self.vat_pence,
        }
        if self.is_timetabled:
            row["is_timetabled"] = True
        if self.shared_with:
            row["shared_with"] = [day.isoformat() for day in self.shared_with]
        if self.delivered:
            row["delivered"] = list(self.delivered)
        return row

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Slice":
        shared, delivered = row.get("shared_with"), row.get("delivered")
        return cls(
            date.fromisoformat(row["first"]), date.fromisoformat(row["last"]),
            row["rate_e4"], row["quantity_e4"], row["percent"], Unit(row["unit"]),
            row["net_pence"], row["vat_pence"], row.get("is_timetabled", False),
            (date.fromisoformat(shared[0]), date.fromisoformat(shared[1])) if shared else None,
            (delivered[0], delivered[1], delivered[2]) if delivered else None,
        )  # fmt: skip


_ALWAYS_KEPT = len(fields(Slice)) - len(("is_timetabled", "shared_with", "delivered"))
"""How much is kept of a slice of which none of these is so."""


@dataclass(frozen=True, slots=True)
class Lump:
    """Pence for some days without a price and a quantity: a sum, or a correction of what was paid."""

    first: date
    last: date
    net_pence: int
    vat_pence: int
    is_correction: bool = False
    """Something was finalised before for the same days."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "net_pence": self.net_pence,
            "vat_pence": self.vat_pence,
            "is_correction": self.is_correction,
        }

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Lump":
        return cls(
            date.fromisoformat(row["first"]), date.fromisoformat(row["last"]),
            row["net_pence"], row["vat_pence"], row.get("is_correction", False),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Working:
    """How a payment line came about: the slices that are due for its cell; for a sum there are none."""

    name: str = ""
    """Of the service, allowance, claim or adjustment; empty for what is carried or brought forward."""
    slices: tuple[Slice, ...] = ()
    before_net_pence: int = 0
    """What was finalised for the same cell before."""
    before_vat_pence: int = 0

    @property
    def is_change(self) -> bool:
        """The cell has been paid before, at another amount."""
        return bool(self.before_net_pence or self.before_vat_pence)

    def until(self, last: date) -> date:
        """The last day of its cell or, where 1 April cut a run of its days, of the run. `last`: that of its cell."""
        return max([last, *(part.shared_with[1] for part in self.slices if part.shared_with)])

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "slices": [part.as_dict() for part in self.slices],
            "before": [self.before_net_pence, self.before_vat_pence],
        }

    @staticmethod
    def plain_slices(row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Of what is kept the slices, as they are kept, where each is paid in full, as planned and rounded by itself,
        and nothing was finalised before. None in any other case: then `from_dict` tells.
        """
        slices: list[dict[str, Any]] = row.get("slices", [])
        is_plain = not any(row.get("before", ())) and all(
            part["percent"] == 100 and len(part) == _ALWAYS_KEPT + part.get("is_timetabled", False) for part in slices
        )
        return slices if is_plain else []

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Working":
        slices = tuple(Slice.from_dict(part) for part in row.get("slices", ()))
        return cls(row.get("name", ""), slices, *row.get("before", (0, 0)))


@dataclass(frozen=True, slots=True)
class Expected:
    """A row of what a purchase order still expects."""

    name: str
    component: Component
    amount: Slice | Lump
    slices: int = 1
    """How many amounts, each rounded by itself, were added up."""

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name, "component": self.component.value} | self.amount.as_dict() | {"slices": self.slices}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> "Expected":
        amount = Slice.from_dict(row) if "rate_e4" in row else Lump.from_dict(row)
        return cls(row["name"], Component(row["component"]), amount, row.get("slices", 1))

    @property
    def facts(self) -> tuple[Any, ...]:
        """What rows must have in common to be told as one. Units of a timetable are added up."""
        part = self.amount
        if isinstance(part, Lump):
            return (self.name, self.component)
        quantity = None if part.is_timetabled else part.quantity_e4
        return (self.name, self.component, part.rate_e4, part.percent, part.unit, quantity, part.delivered is not None)

    def joined(self, later: "Expected") -> "Expected | None":
        """This row and a `later` one of equal facts as one, where the days follow one another; else None."""
        own, next_ = self.amount, later.amount
        if isinstance(own, Lump) or isinstance(next_, Lump) or next_.first != own.last + DAY:
            return None
        units = own.quantity_e4 + next_.quantity_e4 if own.is_timetabled else own.quantity_e4
        net, vat = own.net_pence + next_.net_pence, own.vat_pence + next_.vat_pence
        amount = Slice(
            own.first, next_.last, own.rate_e4, units, own.percent, own.unit, net, vat, own.is_timetabled,
            own.shared_with, (units, 1, 1) if own.delivered else None,
        )  # fmt: skip
        return Expected(self.name, self.component, amount, self.slices + later.slices)


def merged(rows: Iterable[Expected]) -> list[Expected]:
    """The same money in fewer rows, in order of first days."""
    found: list[Expected] = []
    newest: dict[tuple[Any, ...], int] = {}
    for row in sorted(rows, key=lambda row: row.amount.first):
        at = newest.get(row.facts)
        if at is not None and (one := found[at].joined(row)):
            found[at] = one
            continue
        if isinstance(row.amount, Slice) and row.amount.shared_with:
            row = replace(row, amount=replace(row.amount, shared_with=None))
        newest[row.facts] = len(found)
        found.append(row)
    return found
