"""How the part of a purchase order that is not yet paid was worked out, in rows that a person can follow.

A row is a dictionary as `Slice.as_dict()` gives it, with `name` and `component`. Rows that follow one
another at equal facts are told as one: its amount is the sum of slices that were each rounded by period.
"""

from datetime import date, timedelta
from typing import Any

_FACTS = ("name", "component", "rate_e4", "quantity_e4", "percent", "unit")


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same money in fewer rows; the order of first days is kept."""
    found: list[dict[str, Any]] = []
    open_rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        facts = tuple(row.get(name) for name in _FACTS)
        last = open_rows.get(facts)
        if last is not None and "rate_e4" in row and not row.get("is_timetabled") and _follows(last, row):
            last["last"] = row["last"]
            last["net_pence"] += row["net_pence"]
            last["vat_pence"] += row["vat_pence"]
            last["slices"] += 1
            continue
        row = {name: value for name, value in row.items() if name != "shared_with"} | {"slices": 1}
        open_rows[facts] = row
        found.append(row)
    return found


def _follows(last: dict[str, Any], row: dict[str, Any]) -> bool:
    return date.fromisoformat(row["first"]) == date.fromisoformat(last["last"]) + timedelta(days=1)
