"""What somebody says was delivered to one person in one week. Quantities are ten-thousandths of the level's unit."""

from dataclasses import dataclass
from typing import NamedTuple

from models.records.actual import AbsenceReason, Actual, ConfirmedActual


class Standing(NamedTuple):
    """A row of a week as it stands, for who compares many of them."""

    actual_e4: int
    frustrated_e4: int
    missed_e4: int
    extra_e4: int
    visits: int | None
    reason: AbsenceReason | None
    comment: str
    provider_reference: str
    by_day_e4: list[int] | None
    planned_visits: int | None
    version: int


class Draft(NamedTuple):
    """A row of a week as its provider edits it: columns of Actual, of the same names."""

    item_id: int
    planned_e4: int
    actual_e4: int
    frustrated_e4: int
    missed_e4: int
    extra_e4: int
    visits: int | None
    reason: AbsenceReason | None
    comment: str
    provider_reference: str
    by_day_e4: list[int] | None
    version: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The values of a row that people and files give; the plan stands beside them."""

    actual_e4: int
    frustrated_e4: int = 0
    missed_e4: int = 0
    extra_e4: int = 0
    visits: int | None = None
    reason: AbsenceReason | None = None
    comment: str = ""
    provider_reference: str = ""
    by_day_e4: tuple[int, ...] | None = None
    """The actual quantity of each of the seven days; its sum is `actual_e4`. None where only the week is known."""

    @classmethod
    def of(cls, row: Actual | ConfirmedActual | Standing | Draft) -> "Figures":
        return cls(
            row.actual_e4, row.frustrated_e4, row.missed_e4, row.extra_e4, row.visits, row.reason, row.comment,
            row.provider_reference, tuple(row.by_day_e4) if row.by_day_e4 else None,
        )  # fmt: skip

    @classmethod
    def as_planned(cls, planned_e4: int) -> "Figures":
        return cls(planned_e4)

    def worded(self, comment: str, provider_reference: str) -> "Figures":
        """The same with these words."""
        return Figures(
            self.actual_e4, self.frustrated_e4, self.missed_e4, self.extra_e4, self.visits, self.reason, comment,
            provider_reference, self.by_day_e4,
        )  # fmt: skip

    def values(self) -> dict[str, object]:
        """As columns of a row."""
        return {
            "actual_e4": self.actual_e4, "frustrated_e4": self.frustrated_e4, "missed_e4": self.missed_e4,
            "extra_e4": self.extra_e4, "visits": self.visits, "reason": self.reason, "comment": self.comment,
            "provider_reference": self.provider_reference,
            "by_day_e4": list(self.by_day_e4) if self.by_day_e4 else None,
        }  # fmt: skip

    def reconciles_with(self, planned_e4: int) -> bool:
        """planned - frustrated - missed + extra = actual (domain.md 3.6)."""
        return planned_e4 - self.frustrated_e4 - self.missed_e4 + self.extra_e4 == self.actual_e4
