"""What line items come to in a week, where that can be said: the money at stake of a warning."""

from collections.abc import Iterable, Mapping
from datetime import date

from exchange.feed.shape import Key
from exchange.feed.warnings.brought import Brought
from exchange.feed.world import Values
from models.calendar import FAR_FUTURE, today
from models.money import SCALE, times
from models.pricing import Unit

_BY_WEEK = {Unit.WEEK, Unit.DAY, Unit.HOUR, Unit.SESSION, Unit.MILE, Unit.ITEM}
"""Their quantities are units a week."""


def pence_a_week(brought: Brought, items: Iterable[Values]) -> dict[Key, int]:
    """Pence a week by item, at the prices and quantities of today or, of an item of another time, of its first day.
    Items whose price is not known, or is for another time than a week or a night, are left out.
    """
    wanted = {item["reference"]: item for item in items}
    prices = prices_of(brought, wanted)
    quantities = brought.grouped("item_quantities.csv", "item_id", only=set(wanted)) if wanted else {}
    found = {}
    for key, item in wanted.items():
        day = max(item["starts_on"], min(today(), item["ends_on"] or FAR_FUTURE))
        rates = [each["rate_e4"] for each in prices[key] if _is_on(day, each)]
        amounts = [each["quantity_e4"] for each in quantities.get(key, ()) if _is_on(day, each)]
        units = _units_a_week(item, amounts[0] if amounts else SCALE, brought)
        if rates and units is not None:
            found[key] = times(rates[0], units)
    return found


def prices_of(brought: Brought, items: Mapping[Key, Values]) -> dict[Key, list[Values]]:
    """The prices of each item or, where it has none, its contract's rates for its service level."""
    own = brought.grouped("item_prices.csv", "item_id", only=set(items)) if items else {}
    levels = {(item["contract_id"], item["service_level_id"]) for item in items.values()}
    rates = brought.grouped("rates.csv", "contract_id", "service_level_id", only=levels) if items else {}
    return {
        key: own.get(key) or rates.get((item["contract_id"], item["service_level_id"]), [])
        for key, item in items.items()
    }


def _is_on(day: date, values: Values) -> bool:
    return values["starts_on"] <= day <= (values["ends_on"] or FAR_FUTURE)


def _units_a_week(item: Values, quantity_e4: int, brought: Brought) -> int | None:
    level = brought.level(item["service_level_id"])
    unit = level and level["unit"]
    if unit is Unit.NIGHT:
        return 7 * quantity_e4
    return quantity_e4 if unit in _BY_WEEK else None
