"""What line items come to in a week, where that can be said: the money at stake of a warning."""

from collections.abc import Iterable
from datetime import date

from exchange.feed.shape import Key, Values
from exchange.feed.warnings.brought import Brought
from models.calendar import FAR_FUTURE, today
from models.money import SCALE, times
from models.pricing import Unit

_BY_WEEK = {Unit.WEEK, Unit.DAY, Unit.HOUR, Unit.SESSION, Unit.MILE, Unit.ITEM}
"""Their quantities are units a week."""


def pence_a_week(brought: Brought, items: Iterable[Values]) -> dict[Key, int]:
    """Pence a week by item, at the prices and quantities of today or, of an item of another time, of its first day.
    Items whose price is not known, or is for another time than a week or a night, are left out.
    """
    prices, quantities = Prices(brought), brought.grouped("item_quantities.csv", "item_id")
    found = {}
    for item in items:
        day = max(item["starts_on"], min(today(), item["ends_on"] or FAR_FUTURE))
        rates = [each["rate_e4"] for each in prices.of(item) if _is_on(day, each)]
        amounts = [each["quantity_e4"] for each in quantities.of(item["reference"]) if _is_on(day, each)]
        units = _units_a_week(item, amounts[0] if amounts else SCALE, brought)
        if rates and units is not None:
            found[item["reference"]] = times(rates[0], units)
    return found


class Prices:
    """The prices of line items or, where an item has none, its contract's rates for its service level."""

    def __init__(self, brought: Brought) -> None:
        self._own = brought.grouped("item_prices.csv", "item_id")
        self._rates = brought.grouped("rates.csv", "contract_id", "service_level_id")

    def of(self, item: Values) -> list[Values]:
        return self._own.of(item["reference"]) or self._rates.of((item["contract_id"], item["service_level_id"]))


def _is_on(day: date, values: Values) -> bool:
    return values["starts_on"] <= day <= (values["ends_on"] or FAR_FUTURE)


def _units_a_week(item: Values, quantity_e4: int, brought: Brought) -> int | None:
    level = brought.level(item["service_level_id"])
    unit = level and level["unit"]
    if unit is Unit.NIGHT:
        return 7 * quantity_e4
    return quantity_e4 if unit in _BY_WEEK else None
