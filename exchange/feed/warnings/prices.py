"""Care that is paid £0.00 because no price was sent, and nights and months that are paid several times."""

from collections.abc import Iterator
from datetime import date, timedelta

from exchange.feed.faults import Warning_
from exchange.feed.schema import ITEMS
from exchange.feed.shape import Key, Values
from exchange.feed.sheets import Row
from exchange.feed.warnings.brought import Brought, Doubt, days_of, looks_through, said, some
from exchange.feed.warnings.weekly import Prices
from models.calendar import DAY, FAR_FUTURE, Span, today
from models.money import SCALE, number, times
from models.pricing import Convention, Unit

PER = {Unit.NIGHT: (7, "week"), Unit.MONTH: (1, "month")}
"""Prices of which a quantity counts units in each: what the money is told for, and how many there are in it."""
SOON = timedelta(days=35)
"""Prices that end are given anew once a year: days this far ahead, after the last price, are not asked about yet."""
Cause = tuple[str, Row, str]
"""The file, row and column where an item's days or prices change."""


@looks_through(ITEMS, "item_prices.csv", "rates.csv", "payment_methods.csv", "contracts.csv")
def every_day_has_a_price(brought: Brought) -> Iterator[Warning_]:
    """Days on which an item is paid without a price, neither its own nor its contract's. An item with own prices does
    not pay its contract's rates.
    """
    prices = Prices(brought)
    for key, item, (name, row, column) in _causes(brought):
        if item is None or not item["authorised_on"] or item["is_suspended"]:
            continue
        known = prices.of(item)
        gaps = [gap for days in _paid_days(item, brought) for gap in _gaps(days, known)]
        if not gaps:
            continue
        reason = "It is paid on days that have no price: £0.00" if known else "It is paid, and has no price: £0.00"
        yield brought.warning(name, row, column, Doubt(reason, f"{key}: {some([said(gap) for gap in gaps])}"))


def _causes(brought: Brought) -> Iterator[tuple[Key, Values | None, Cause]]:
    """The items whose days or prices change, and where the first of these changes stands."""
    for each in brought.fresh[ITEMS]:
        yield each.key, each.values, (ITEMS, each.row, "item_ref")
    priced: set[Key] = set()
    for price, key in brought.said("item_prices.csv", "item_id"):
        if key not in priced and not brought.is_fresh(ITEMS, key) and (row := brought.row("item_prices.csv", price)):
            priced.add(key)
            yield key, brought.world.find(ITEMS, key), ("item_prices.csv", row, "item_ref")
    by_rate = {(each.values["contract_id"], each.values["service_level_id"]): each.row
               for each in brought.fresh["rates.csv"]}  # fmt: skip
    by_contract: dict[Key, Cause] = {
        each.values["contract_id"]: ("payment_methods.csv", each.row, "calculate_from")
        for each in brought.fresh["payment_methods.csv"]
    }
    by_contract |= {each.key: ("contracts.csv", each.row, "contract_ref") for each in brought.fresh["contracts.csv"]}
    for key, item in brought.world.everything(ITEMS) if by_rate or by_contract else ():
        if key in priced or brought.is_fresh(ITEMS, key):
            continue
        if row := by_rate.get((item["contract_id"], item["service_level_id"])):
            yield key, item, ("rates.csv", row, "service_level_ref")
        elif cause := by_contract.get(item["contract_id"]):
            yield key, item, cause


def _paid_days(item: Values, brought: Brought) -> Iterator[Span]:
    """The item's days, as far as methods of its contract pay them."""
    contract, level = brought.world.find("contracts.csv", item["contract_id"]), brought.level(item["service_level_id"])
    if contract is None or level is None:
        return
    last = item["ends_on"] or FAR_FUTURE
    if item["ends_on"] and level["convention"] is not Convention.INCLUSIVE:
        last -= DAY
    last = min(last, contract["ends_on"] or FAR_FUTURE)
    for method in brought.methods.get(item["contract_id"], ()):
        end = min(last, method["ends_on"] or FAR_FUTURE)
        first = max(item["starts_on"], method["calculate_from"])
        if first <= end:
            yield Span(first, end)


def _gaps(days: Span, prices: list[Values]) -> Iterator[Span]:
    """The days without a price. After the last price, those that are not near yet are left out."""
    first: date = days.first
    for price in sorted(map(days_of, prices), key=lambda each: each.first):
        if price.first > days.last:
            break
        if price.first > first:
            yield Span(first, price.first - DAY)
        if price.last >= days.last:
            return
        first = max(first, price.last + DAY)
    if first <= today() + SOON:
        yield Span(first, days.last)


@looks_through("item_quantities.csv")
def nights_and_months_are_paid_once(brought: Brought) -> Iterator[Warning_]:
    """A quantity counts units a night where the price is by night: 7 means seven a night, not seven nights a week. The
    same of months: 4.33 would be weeks.
    """
    many = [each for each in brought.fresh["item_quantities.csv"]
            if each.values["quantity_e4"] > SCALE and each.values["timetable_e4"] is None]  # fmt: skip
    found = {key: brought.world.find(ITEMS, key) for key in {each.values["item_id"] for each in many}}
    units = {key: unit for key, item in found.items() if item and (unit := _unit(item, brought)) in PER}
    items = {key: item for key, item in found.items() if item and key in units}
    prices = Prices(brought)
    for each in many:
        if (key := each.values["item_id"]) not in items:
            continue
        more, own = each.values["quantity_e4"] - SCALE, days_of(each.values)
        rates = [price["rate_e4"] for price in prices.of(items[key]) if days_of(price).overlap(own.first, own.last)]
        unit = units[key]
        nights, per = PER[unit]
        doubt = Doubt(
            f"The price is by {unit}, and this is units a {unit}. Leave the quantity out where it is one",
            f"{key} is paid {number(each.values['quantity_e4'])} times each {unit}",
            times(rates[0], nights * more) if rates else None, per,
        )  # fmt: skip
        yield brought.warning("item_quantities.csv", each.row, "quantity", doubt)


def _unit(item: Values, brought: Brought) -> Unit | None:
    level = brought.level(item["service_level_id"])
    return level["unit"] if level is not None else None
