"""Single records that are possible, and hardly meant."""

from collections.abc import Iterator
from datetime import date, timedelta

from exchange.feed import cures
from exchange.feed.faults import Warning_
from exchange.feed.schema import FILES
from exchange.feed.shape import Key
from exchange.feed.warnings.brought import Brought, Doubt, doubts, looks_through, on
from models.money import gbp, number
from models.records.contract import VatCode

YEAR = timedelta(days=365)
_FAR, _LONG_AGO, _LIFE = 5 * YEAR, 60 * YEAR, 110 * YEAR
_USUAL = {VatCode.STANDARD: (20_00, 17_50, 15_00), VatCode.REDUCED: (5_00, 12_50)}
"""Rates of VAT that are or were in force, the present one first. Hundredths of a per cent."""


def _meant_whole(basis_points: int) -> Doubt | None:
    """0.2 per cent where 20 is meant."""
    if not 0 < basis_points < 100:
        return None
    said, meant = number(basis_points * 100), number(basis_points * 10_000)
    return Doubt(f"{said} % of £100.00 is {gbp(basis_points)}. Did you mean {meant} %?")


@doubts("service_levels.csv", "vat_percent", "vat_basis_points", "vat_code")
def vat_is_usual(_: Brought, basis_points: int, code: VatCode) -> Doubt | None:
    usual = _USUAL.get(code)
    if (doubt := _meant_whole(basis_points)) or usual is None or basis_points in usual:
        return doubt
    return Doubt(f"VAT at the {code} rate is {usual[0] // 100} %. Is this another rate?")


@doubts("service_levels.csv", "tolerance_percent", "tolerance_basis_points")
def tolerance_is_whole(_: Brought, basis_points: int) -> Doubt | None:
    return _meant_whole(basis_points)


@doubts("absences.csv", "pay_percent", "pay_percent")
def absence_is_paid_in_per_cent(_: Brought, percent: int) -> Doubt | None:
    return Doubt("1 % of the price is paid meanwhile. Did you mean 100 %?") if percent == 1 else None


@doubts("clients.csv", "born_on", "born_on")
def born_before_today(brought: Brought, born: date | None) -> Doubt | None:
    if born and born > brought.today:
        return Doubt("This birthday is still to come. Is the year right?")
    if born and born < brought.today - _LIFE:
        return Doubt("This birthday is more than 110 years ago. Is the year right?")
    return None


@doubts("claims.csv", "decided_on", "decided_on")
def decided_by_today(brought: Brought, day: date) -> Doubt | None:
    is_ahead = day > brought.today
    return Doubt("This day is still to come, and the claim is not paid before it. Is it right?") if is_ahead else None


@doubts("claims.csv", "claimed_on", "claimed_on")
def claimed_by_today(brought: Brought, day: date) -> Doubt | None:
    return Doubt("This day is still to come. Is the year right?") if day > brought.today else None


@doubts("claim_items.csv", "spent_on", "spent_on")
def spent_by_today(brought: Brought, day: date) -> Doubt | None:
    return Doubt("This day is still to come. Is the year right?") if day > brought.today else None


@doubts("care_package_items.csv", "authorised_on", "authorised_on")
def authorised_by_now(brought: Brought, day: date | None) -> Doubt | None:
    is_ahead = day is not None and day > brought.today + YEAR
    return Doubt("Nothing is paid before this day. Is the year right?") if is_ahead else None


_AHEAD = (
    "starts_on",
    "calculate_from",
    "anchor_on",
    "due_on",
    "period_first_on",
    "confirm_by",
    "finalise_on",
    "bank_on",
)
_BEHIND = ("starts_on", "calculate_from", "due_on", "spent_on", "claimed_on", "decided_on", "authorised_on")


def _watch(name: str, column: str, is_ahead: bool) -> None:
    @doubts(name, column, column)
    def year_is_near(brought: Brought, day: date | None) -> Doubt | None:
        if day and is_ahead and day > brought.today + _FAR:
            return Doubt("This day is more than five years ahead. Is the year right?")
        if day and not is_ahead and day < brought.today - _LONG_AGO:
            return Doubt("This day is more than sixty years ago. Is the year right?")
        return None


for _file in FILES:
    for _column in _file.attributes:
        if _column in _AHEAD:
            _watch(_file.name, _column, True)
        if _column in _BEHIND:
            _watch(_file.name, _column, False)


def _watch_end(name: str) -> None:
    @doubts(name, "ends_on", "ends_on")
    def end_is_near(brought: Brought, last: date | None) -> Doubt | None:
        if last and last > brought.today + 50 * YEAR:
            return Doubt("This end is more than fifty years ahead. Where there is no end, leave it empty")
        return None


for _file in FILES:
    if "ends_on" in _file.attributes:
        _watch_end(_file.name)


@looks_through(*(file.name for file in FILES))
def words_for_nothing(brought: Brought) -> Iterator[Warning_]:
    """Null is a surname, and `n/a` may be a position: no faults, but hardly meant."""
    for file in FILES:
        for column in file.columns:
            for key, value in brought.said(file.name, column.attribute) if column.kind.is_text else ():
                if value and cures.for_nothing(value) and (row := brought.row(file.name, key)):
                    doubt = Doubt("Is this a name or a text? Leave the cell empty where there is none")
                    yield brought.warning(file.name, row, column.name, doubt)


@doubts("care_package_items.csv", "starts_on", "reference", "client_id", "starts_on")
def client_is_born(brought: Brought, reference: Key, client: Key, first: date) -> Doubt | None:
    found = brought.world.find("clients.csv", client)
    born = found and found["born_on"]
    if born and first < born <= brought.today:
        return Doubt("It begins before its client is born", f"{reference}: born on {on(born)}")
    return None
