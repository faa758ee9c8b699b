"""Line items whose days do not fit those of their contract, or of the service that their provider gives."""

from collections.abc import Iterator
from datetime import date, timedelta

from exchange.feed.faults import Warning_
from exchange.feed.schema import ITEMS
from exchange.feed.shape import Key, Values
from exchange.feed.warnings.brought import Brought, Doubt, looks_through, on, some
from models.calendar import FAR_FUTURE

YEAR = timedelta(days=365)


@looks_through(ITEMS, "contracts.csv")
def items_fit_their_contract(brought: Brought) -> Iterator[Warning_]:
    """An item is shown at its own row or, if only its contract changes, at that of the contract."""
    for key, contract_key, first in brought.said(ITEMS, "contract_id", "starts_on"):
        contract = brought.world.find("contracts.csv", contract_key)
        if contract and (found := _misfit(first, contract)) and (row := brought.row(ITEMS, key)):
            days = f"{key} from {on(first)}, contract {_days(contract)}"
            yield brought.warning(ITEMS, row, "starts_on", Doubt(f"It begins {found[1]}", days))
    contracts = {each.key: each for each in brought.fresh["contracts.csv"]}
    told: dict[tuple[Key, tuple[str, str]], list[str]] = {}
    for key, contract_key, first in brought.world.picked(ITEMS, "contract_id", "starts_on") if contracts else ():
        owner = contracts.get(contract_key)
        if owner and not brought.is_fresh(ITEMS, key) and (found := _misfit(first, owner.values)):
            told.setdefault((owner.key, found), []).append(str(key))
    for (contract_key, (column, words)), items in told.items():
        owner = contracts[contract_key]
        doubt = Doubt(f"There are line items that begin {words}", some(items))
        yield brought.warning("contracts.csv", owner.row, column, doubt)


def _misfit(first: date, contract: Values) -> tuple[str, str] | None:
    """The contract's column, and the words for how an item lies that begins on `first`."""
    if first < contract["starts_on"] - YEAR:
        return "starts_on", "more than a year before the contract: these days are paid all the same"
    if first > (contract["ends_on"] or FAR_FUTURE):
        return "ends_on", "after the contract has ended: nothing of it is paid"
    return None


def _days(contract: Values) -> str:
    return f"from {on(contract['starts_on'])}" + (f" to {on(contract['ends_on'])}" if contract["ends_on"] else "")


@looks_through(ITEMS, "provider_services.csv")
def the_service_is_still_given(brought: Brought) -> Iterator[Warning_]:
    """An item that begins after its provider has given the service up. Where no days of the service are known, none is
    asked for.
    """
    given_up = _given_up(brought)
    changed = {(each.values["provider_id"], each.values["service_id"]): each
               for each in brought.fresh["provider_services.csv"]}  # fmt: skip
    told: dict[tuple[Key, Key], list[str]] = {}
    for key, item in brought.world.everything(ITEMS) if given_up else ():
        row = brought.row(ITEMS, key)
        if row is None and not changed:
            continue
        place = _place(item, brought)
        last = given_up.get(place)
        if last is None or item["starts_on"] <= last:
            continue
        if row is not None:
            doubt = Doubt("It begins after its provider has given the service up",
                          f"{key} from {on(item['starts_on'])}; {place[0]} gave {place[1]} to {on(last)}")  # fmt: skip
            yield brought.warning(ITEMS, row, "starts_on", doubt)
        elif place in changed:
            told.setdefault(place, []).append(str(key))
    for place, items in told.items():
        doubt = Doubt("There are line items of this service that begin later", some(items))
        yield brought.warning("provider_services.csv", changed[place].row, "ends_on", doubt)


def _place(item: Values, brought: Brought) -> tuple[Key, Key]:
    level = brought.world.find("service_levels.csv", item["service_level_id"])
    return brought.provider_of(item), level and level["service_id"]


def _given_up(brought: Brought) -> dict[tuple[Key, Key], date]:
    """The last day of each provider's service that has one."""
    last: dict[tuple[Key, Key], date] = {}
    for _, values in brought.world.everything("provider_services.csv"):
        place = values["provider_id"], values["service_id"]
        last[place] = max(last.get(place, date.min), values["ends_on"] or FAR_FUTURE)
    return {place: day for place, day in last.items() if day != FAR_FUTURE}
