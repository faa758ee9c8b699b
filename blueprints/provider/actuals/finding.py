"""The week that an address names: of one service under one contract, begun or not."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from blueprints.lookups import get_row_or_404, one_or_404
from models.calendar import Span
from models.care.register import week_at
from models.records.actual import WEEK, ActualWeek
from models.records.contract import Contract
from models.records.provider import Service

AT = "/<reference:reference>/<int:service_id>/<day:first_on>"


@dataclass(frozen=True)
class Place:
    """Where a week is: what its pages say on top, and their addresses."""

    contract: Contract
    service: Service
    first_on: date
    week: ActualWeek | None
    """None where nobody has begun it."""

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.first_on + WEEK)

    @property
    def at(self) -> dict[str, Any]:
        return {"reference": self.contract.reference, "service_id": self.service.id, "first_on": self.first_on}

    def url(self, endpoint: str = "show", **more: Any) -> str:
        return url_for(f"provider.actuals.{endpoint}", **self.at, **more)


def place_of(reference: str, service_id: int, first_on: date) -> Place:
    """404 where the contract has no care of that service; one query."""
    found = get_row_or_404(week_at(), reference=reference, service_id=service_id, first_on=first_on)
    return Place(found.Contract, found.Service, first_on, found.ActualWeek)


def begun_place_of(reference: str, service_id: int, first_on: date) -> tuple[Place, ActualWeek]:
    """404 where nobody has begun it, either."""
    place = place_of(reference, service_id, first_on)
    return place, one_or_404([place.week] if place.week is not None else [])
