"""What the council and a provider have agreed for one care package line item: the terms of its service agreement, kept
as data. The words that records and the engine share, like models.pricing.

Days are inclusive, and a last day of None has no end; rates are ten-thousandths of a pound, quantities ten-thousandths
of a unit, sums pence.
"""

from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from json import dumps
from typing import Any, Self

from models.money import PENNY_E8, SCALE, round_half_away
from models.pricing import Convention, DeductionKind, Unit


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    first: date
    last: date | None
    rate_e4: int
    """A unit."""


@dataclass(frozen=True, slots=True)
class AgreedQuantity:
    """Units a week, a night or a month, and those of each weekday (Monday first) where there is a timetable."""

    first: date
    last: date | None
    quantity_e4: int
    timetable_e4: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class AgreedDeduction:
    """What somebody else pays towards the price, a week. It stands in the agreement so that both sides can read it; the
    council assesses it, so that a change of it waits for nobody.
    """

    kind: DeductionKind
    is_collected_by_provider: bool
    first: date
    last: date | None
    weekly_rate_e4: int


@dataclass(frozen=True, slots=True)
class AgreedAllowance:
    id: int
    """Of the record in models.records.care_package.Allowance."""
    name: str
    due_on: date
    amount_pence: int


@dataclass(frozen=True, slots=True)
class AgreedTerms:
    """Everything that an agreed version says of one line item. Prices do not overlap, nor do quantities."""

    service: str
    """The name of the service level."""
    starts_on: date
    ends_on: date | None
    unit: Unit
    convention: Convention
    prices: tuple[AgreedPrice, ...] = ()
    quantities: tuple[AgreedQuantity, ...] = ()
    """One unit a week, night or month where there is none."""
    deductions: tuple[AgreedDeduction, ...] = ()
    allowances: tuple[AgreedAllowance, ...] = ()

    def holds_on(self, day: date) -> bool:
        """Whether the care is agreed for that day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def rate_on(self, day: date) -> int:
        """The rate of a unit on that day; 0 where the terms have no price for it."""
        return next((each.rate_e4 for each in self.prices if _holds(each, day)), 0)

    def quantity_on(self, day: date) -> int:
        return next((each.quantity_e4 for each in self.quantities if _holds(each, day)), SCALE)

    def week_pence_on(self, day: date) -> int:
        """What a week at the price and quantity of that day comes to, before deductions; 0 outside the agreed days. Of
        a price by the calendar month: seven days' part of twelve months.
        """
        if not self.holds_on(day):
            return 0
        week_e8 = self.rate_on(day) * self.quantity_on(day)
        if self.unit is Unit.NIGHT:
            return round_half_away(week_e8 * 7, PENNY_E8)
        if self.unit is Unit.MONTH:
            return round_half_away(week_e8 * 12 * 7, PENNY_E8 * 365)
        return round_half_away(week_e8, PENNY_E8)

    @property
    def digest(self) -> str:
        """A seal over all that they say: equal terms have the same."""
        return sha256(dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "starts_on": self.starts_on.isoformat(),
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "unit": self.unit.value,
            "convention": self.convention.value,
            "prices": [_as_dict(each) for each in self.prices],
            "quantities": [_as_dict(each) for each in self.quantities],
            "deductions": [_as_dict(each) for each in self.deductions],
            "allowances": [_as_dict(each) for each in self.allowances],
        }

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        return cls(
            row["service"],
            date.fromisoformat(row["starts_on"]),
            _day(row["ends_on"]),
            Unit(row["unit"]),
            Convention(row["convention"]),
            tuple(AgreedPrice(**each | _days(each)) for each in row["prices"]),
            tuple(AgreedQuantity(**each | _days(each) | _timetable(each)) for each in row["quantities"]),
            tuple(
                AgreedDeduction(**each | _days(each) | {"kind": DeductionKind(each["kind"])})
                for each in row["deductions"]
            ),
            tuple(
                AgreedAllowance(**each | {"due_on": date.fromisoformat(each["due_on"])}) for each in row["allowances"]
            ),
        )


def _holds(each: AgreedPrice | AgreedQuantity, day: date) -> bool:
    return each.first <= day and (each.last is None or day <= each.last)


def _as_dict(part: AgreedPrice | AgreedQuantity | AgreedDeduction | AgreedAllowance) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(part).items()}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _days(row: dict[str, Any]) -> dict[str, date | None]:
    return {"first": date.fromisoformat(row["first"]), "last": _day(row["last"])}


def _timetable(row: dict[str, Any]) -> dict[str, tuple[int, ...] | None]:
    return {"timetable_e4": tuple(row["timetable_e4"]) if row["timetable_e4"] else None}
