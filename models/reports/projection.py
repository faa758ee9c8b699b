"""How the part of a purchase order that is not yet paid was worked out, in rows that a person can follow.

A row is a dictionary as `Slice.as_dict()` gives it, with `name` and `component`. Rows that follow one
another at equal facts are told as one: its amount is the sum of slices that were each rounded by period.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from models.calendar import Span
from models.engine.entitlement import Component
from models.reports.explanation import DEDUCTIONS, days_text, price_text

_FACTS = ("name", "component", "rate_e4", "percent", "unit", "is_timetabled")


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same money in fewer rows; in order of first days."""
    found: list[dict[str, Any]] = []
    open_rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["first"]):
        is_timetabled = row.get("is_timetabled")
        facts = (*(row.get(name) for name in _FACTS), None if is_timetabled else row.get("quantity_e4"))
        last = open_rows.get(facts)
        if last is not None and "rate_e4" in row and _follows(last, row):
            last["last"] = row["last"]
            if is_timetabled:
                last["quantity_e4"] += row["quantity_e4"]
            last["net_pence"] += row["net_pence"]
            last["vat_pence"] += row["vat_pence"]
            last["slices"] += row.get("slices", 1)
            continue
        row = {"slices": 1} | {name: value for name, value in row.items() if name != "shared_with"}
        open_rows[facts] = row
        found.append(row)
    return found


def _follows(last: dict[str, Any], row: dict[str, Any]) -> bool:
    return date.fromisoformat(row["first"]) == date.fromisoformat(last["last"]) + timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    """One sentence about what is still to come, and its amounts."""

    text: str
    net_pence: int
    vat_pence: int

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


def tell_expected(rows: Iterable[dict[str, Any]]) -> list[Expected]:
    """The stored rows of an order, in words."""
    return [Expected(_text(row), row["net_pence"], row["vat_pence"]) for row in rows]


def _text(row: dict[str, Any]) -> str:
    span = Span(date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
    component = Component(row["component"])
    if "rate_e4" not in row:
        kind = {
            Component.ALLOWANCE: "due",
            Component.CLAIM: "one-off claim of",
            Component.ADJUSTMENT: "adjustment of",
        }.get(component, "for")
        again = "correction, " if row.get("is_correction") else ""
        return f"{row['name']}, {again}{kind} {span.words()}"
    what = f"{component.label} taken off" if component in DEDUCTIONS else row["name"]
    rounded = ", each payment rounded by itself" if row["slices"] > 1 else ""
    return f"{what}: {days_text([row], span)}, {span.words()}, {price_text(row)}{rounded}"
