"""Calendars whose days do not work: banks that are closed, and providers who cannot answer in time."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from exchange.feed.faults import Warning_
from exchange.feed.shape import Key, Values
from exchange.feed.sheets import Row
from exchange.feed.warnings.brought import Brought, Doubt, looks_through, on, some
from models.bank_holiday import is_working_day
from models.calendar import DAY, FAR_FUTURE, periods, today
from models.records.contract import ConfirmationPolicy, IfUnconfirmed

YEAR = timedelta(days=365)
ENOUGH = 2
"""Working days that a provider has at least to answer, where silence confirms or holds (docs/payment-states.md)."""
CALENDARS, OVERRIDES, METHODS, CONTRACTS = (
    "calendars.csv", "calendar_overrides.csv", "payment_methods.csv", "contracts.csv",
)  # fmt: skip


def _moved(brought: Brought) -> dict[tuple[Key, date], Values]:
    """Overrides by calendar and first day."""
    found = brought.world.everything(OVERRIDES) if OVERRIDES in brought.world.stored else ()
    return {(values["calendar_id"], values["period_first_on"]): values for _, values in found}


def _first_days(calendar: Values, first: date, last: date) -> list[date]:
    return [span.first for span in periods(first, last, calendar["frequency"], calendar["anchor_on"])]


@looks_through(CALENDARS)
def banks_are_open(brought: Brought) -> Iterator[Warning_]:
    """Where all periods are of one length the weekday is fixed; bank holidays are looked for in the coming year."""
    moved = _moved(brought)
    for each in brought.fresh[CALENDARS]:
        calendar, offset = each.values, timedelta(days=each.values["bank_days"])
        usual = calendar["anchor_on"] + offset
        if calendar["frequency"].days and usual.weekday() > 4:
            doubt = Doubt(f"The bank day is always a {usual:%A}, on which no bank pays: the portal names another")
            yield brought.warning(CALENDARS, each.row, "bank_days", doubt)
            continue
        first_days = _first_days(calendar, today() - offset, today() - offset + YEAR)
        days = [moved.get((each.key, first), {}).get("bank_on") or first + offset for first in first_days]
        closed = [f"{day:%A} {on(day)}" for day in days if today() <= day and not is_working_day(day)]
        if closed:
            doubt = Doubt(
                "Bank days of the coming year are Saturdays, Sundays or bank holidays: the portal names other days. If "
                f"they are not right, move them in {OVERRIDES}", some(closed),
            )  # fmt: skip
            yield brought.warning(CALENDARS, each.row, "bank_days", doubt)


@looks_through(OVERRIDES)
def moved_to_an_open_day(brought: Brought) -> Iterator[Warning_]:
    for each in brought.fresh[OVERRIDES]:
        day = each.values["bank_on"]
        if day and not is_working_day(day):
            what = f"a {day:%A}" if day.weekday() > 4 else "a bank holiday"
            yield brought.warning(OVERRIDES, each.row, "bank_on", Doubt(f"This is {what}, on which no bank pays"))


@looks_through(CALENDARS, OVERRIDES, METHODS, CONTRACTS)
def there_is_time_to_answer(brought: Brought) -> Iterator[Warning_]:
    """Contracts that ask for confirmation, and by whose calendar nobody can give it, or hardly. Shown where the feed
    says so: at the calendar if it changes, else at the override, the method or the contract.
    """
    moved = _moved(brought)
    told: dict[tuple[str, int, str, str], list[tuple[Row, Key, str]]] = defaultdict(list)
    for contract_key, methods in brought.methods.items():
        contract = brought.world.find(CONTRACTS, contract_key)
        if contract is None or contract["confirmation"] is not ConfirmationPolicy.REQUIRED:
            continue
        for method in methods:
            calendar = brought.world.find(CALENDARS, method["calendar_id"])
            cause = _cause(brought, contract_key, method)
            if calendar is None or cause is None or (method["ends_on"] or FAR_FUTURE) < today():
                continue
            if found := _too_short(contract, method, calendar, moved):
                name, row, column = cause
                told[name, row.number, column, found[0]].append((row, contract_key, found[1]))
    for (name, _, column, reason), those in told.items():
        contracts = some(sorted(str(key) for _, key, _ in those))
        yield brought.warning(name, those[0][0], column, Doubt(reason, f"{contracts}: {those[0][2]}"))


def _cause(brought: Brought, contract: Key, method: Values) -> tuple[str, Row, str] | None:
    """Where the feed changes what decides about the time to answer."""
    if row := brought.row(CALENDARS, method["calendar_id"]):
        return CALENDARS, row, "confirm_by_days"
    if row := brought.row(METHODS, method["reference"]):
        return METHODS, row, "calendar_ref"
    if row := brought.row(CONTRACTS, contract):
        return CONTRACTS, row, "if_unconfirmed" if "if_unconfirmed" in row.cells else "confirmation"
    moved = (each for each in brought.fresh[OVERRIDES] if each.values["calendar_id"] == method["calendar_id"])
    row = next((each.row for each in moved if each.values["confirm_by"]), None)
    return (OVERRIDES, row, "confirm_by") if row else None


def _too_short(
    contract: Values, method: Values, calendar: Values, moved: dict[tuple[Key, date], Values]
) -> tuple[str, str] | None:
    """What is wrong with the time to answer, and in which periods of the coming year."""
    if calendar["confirm_by_days"] < 0:
        return ("The last day to confirm comes before the period begins, when there is nothing to confirm yet: nobody "
                "ever can"), f"confirm_by_days {calendar['confirm_by_days']}"  # fmt: skip
    if contract["if_unconfirmed"] is IfUnconfirmed.PAY:
        return None
    begin = max(today(), method["calculate_from"])
    first_days = _first_days(calendar, begin, min(begin + YEAR, method["ends_on"] or FAR_FUTURE))
    offset = timedelta(days=calendar["confirm_by_days"])
    short = []
    for first in first_days:
        last = moved.get((method["calendar_id"], first), {}).get("confirm_by") or first + offset
        if _working_days(first, last) < ENOUGH:
            short.append(first)
    if not short:
        return None
    what = "confirms" if contract["if_unconfirmed"] is IfUnconfirmed.CONFIRM else "holds the payment"
    return (f"Silence {what}, and there are fewer than two working days to answer after the period begins",
            f"in {len(short)} of {len(first_days)} periods, the first from {on(short[0])}")  # fmt: skip


def _working_days(first: date, last: date) -> int:
    """Those after the first day, up to the last; it stops counting where there are enough."""
    count, day = 0, first + DAY
    while day <= last and count < ENOUGH:
        count += is_working_day(day)
        day += DAY
    return count
