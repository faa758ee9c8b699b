"""Rules that one record must obey, as it will be after the import, together with the records that it refers to.

A rule names a file and columns; its fault is shown at the first of them. A row with a fault in one of these columns is
not asked about, nor is a record with a fault that it refers to: `World.find` does not give it. The rule returns what to
do, or None where all is well.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from exchange.feed.kinds import shown
from exchange.feed.schema import BY_NAME, FILES, ITEMS
from exchange.feed.shape import Values
from exchange.feed.world import World
from models.calendar import Frequency, period_holding, today
from models.engine.weeks import first_weekday, week_holding
from models.money import gbp, gbp_rate, number, times
from models.pricing import PayOnActuals, Unit
from models.records.claim import ClaimStatus
from models.records.contract import Claimable, PeriodDates, VatCode

Check = Callable[[Values, World], str | None]


@dataclass(frozen=True)
class Rule:
    columns: tuple[str, ...]
    attributes: tuple[str, ...]
    check: Check


RULES: dict[str, list[Rule]] = defaultdict(list)


def rule(file: str, *columns: str) -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        attributes = tuple(BY_NAME[file].column_names[name].attribute for name in columns)
        RULES[file].append(Rule(columns, attributes, check))
        return check

    return register


def _not_before(file: str, later: str, earlier: str, what: str) -> None:
    """Where both days are there, one does not come before the other."""

    @rule(file, later, earlier)
    def check(row: Values, _: World) -> str | None:
        if row[later] and row[earlier] and row[later] < row[earlier]:
            return f"Enter {what}, {shown(row[earlier])}, or a later day"
        return None


for _file in FILES:
    if {"ends_on", _file.begins} <= _file.attributes.keys():
        _not_before(_file.name, "ends_on", _file.begins, "the first day")
_not_before("claims.csv", "decided_on", "claimed_on", "the day of the claim")
SENT = "payments_sent.csv"
_not_before(SENT, "in_bank_on", "sent_on", "the day on which it was sent")
_not_before(SENT, "returned_on", "in_bank_on", "the day in the bank")
_not_before(SENT, "returned_on", "sent_on", "the day on which it was sent")
_not_before(SENT, "paid_again_on", "returned_on", "the day on which it was returned")


@rule("agreements.csv", "agreed_on")
def agreed_by_today(row: Values, _: World) -> str | None:
    return "This day is still to come. Enter the day on which it was agreed" if row["agreed_on"] > today() else None


@rule("clients.csv", "surname", "first_name")
def has_a_name(row: Values, _: World) -> str | None:
    return None if row["surname"] or row["first_name"] else "Enter a surname or a first name: one of them may be empty"


@rule("service_levels.csv", "vat_percent", "vat_code")
def vat_agrees(row: Values, _: World) -> str | None:
    code = row["vat_code"]
    if (row["vat_basis_points"] > 0) is not (code in (VatCode.REDUCED, VatCode.STANDARD)):
        return f"Enter {'0' if row['vat_basis_points'] else 'more than 0'}, or another vat_code than {code.value}"
    return None


@rule("calendars.csv", "anchor_on", "frequency")
def month_has_the_day(row: Values, _: World) -> str | None:
    if row["frequency"] is Frequency.MONTHLY and row["anchor_on"].day > 28:
        return "Enter the 1st to the 28th of a month, as every month has these"
    return None


@rule("calendars.csv", "finalise_days", "confirm_by_days")
def finalised_after_confirmation(row: Values, _: World) -> str | None:
    if row["finalise_days"] < row["confirm_by_days"]:
        return f"Enter confirm_by_days, {row['confirm_by_days']}, or more"
    return None


@rule("calendars.csv", "bank_days", "finalise_days")
def paid_after_finalisation(row: Values, _: World) -> str | None:
    if row["bank_days"] < row["finalise_days"]:
        return f"Enter finalise_days, {row['finalise_days']}, or more"
    return None


@rule("calendar_overrides.csv", "period_first_on", "calendar_ref")
def begins_a_period(row: Values, world: World) -> str | None:
    calendar, first_on = world.find("calendars.csv", row["calendar_id"]), row["period_first_on"]
    if calendar is None or not {"frequency", "anchor_on"} <= calendar.keys():
        return None
    if calendar["frequency"] is Frequency.MONTHLY and calendar["anchor_on"].day > 28:
        return None
    period = period_holding(first_on, calendar["frequency"], calendar["anchor_on"])
    if first_on == period.first or (row["calendar_id"], first_on) in world.first_days:
        return None
    if world.are_first_days_doubted:
        return None
    return f"Enter the first day of a period. {shown(first_on)} is in the one that begins on {shown(period.first)}"


@rule("calendar_overrides.csv", "finalise_on", "calendar_ref", "period_first_on", "confirm_by", "bank_on")
def moved_days_are_in_order(row: Values, world: World) -> str | None:
    calendar, first_on = world.find("calendars.csv", row["calendar_id"]), row["period_first_on"]
    offsets = ("confirm_by_days", "finalise_days", "bank_days")
    if calendar is None or not set(offsets) <= calendar.keys():
        return None
    moved = (row["confirm_by"], row["finalise_on"], row["bank_on"])
    days = PeriodDates(
        *(day or first_on + timedelta(days=calendar[name]) for day, name in zip(moved, offsets, strict=True))
    )
    if not days.confirm_by <= days.finalise_on <= days.bank_on:
        return (
            "The days must come in the order confirm_by, finalise_on, bank_on. With what the calendar says they are "
            + ", ".join(shown(day) for day in days)
        )
    return None


@rule("payment_methods.csv", "calculate_from", "calendar_ref", "pay_on_actuals")
def actuals_begin_with_a_week(row: Values, world: World) -> str | None:
    """A week of actuals belongs to one payment method."""
    return _bound_of_a_week(row, world, row["calculate_from"], "begins", 0)


@rule("payment_methods.csv", "ends_on", "calendar_ref", "pay_on_actuals")
def actuals_end_with_a_week(row: Values, world: World) -> str | None:
    return _bound_of_a_week(row, world, row["ends_on"], "ends", 6)


def _bound_of_a_week(row: Values, world: World, day: date | None, what: str, after: int) -> str | None:
    """What to say of a first or last day of a method that pays on actuals, and is none of a week of its calendar."""
    calendar = world.find("calendars.csv", row["calendar_id"])
    if day is None or row["pay_on_actuals"] is PayOnActuals.NEVER:
        return None
    if calendar is None or not {"frequency", "anchor_on"} <= calendar.keys():
        return None
    begins = first_weekday(calendar["frequency"], calendar["anchor_on"])
    right = week_holding(day, begins).first + timedelta(days=after)
    if day == right:
        return None
    return (
        f"Enter a {right:%A}, like {shown(right)}: a contract that is paid on actuals {what} with a week, and the "
        f"weeks of this calendar are from {week_holding(day, begins).first:%A}"
    )


@rule("item_quantities.csv", "quantity", "monday")
def timetable_adds_up(row: Values, _: World) -> str | None:
    timetable = row["timetable_e4"]
    if timetable is not None and sum(timetable) != row["quantity_e4"]:
        return f"Enter {number(sum(timetable))}, the sum of the seven days, or correct the days"
    return None


@rule("item_quantities.csv", "monday", "item_ref")
def timetable_is_no_months(row: Values, world: World) -> str | None:
    item = world.find(ITEMS, row["item_id"])
    level = item and world.find("service_levels.csv", item.get("service_level_id"))
    if row["timetable_e4"] is not None and level and level.get("unit") is Unit.MONTH:
        return "Leave the seven days empty: this item is priced by the calendar month, whatever its days"
    return None


@rule("service_levels.csv", "unit", "service_level_ref")
def months_have_no_timetable(row: Values, world: World) -> str | None:
    if row["unit"] is Unit.MONTH and row["reference"] in world.levels_with_timetable:
        return "Enter another unit, or take the seven days off its line items: a calendar month has no timetable"
    return None


OWN = re.compile(r"O[CI]\d+|new-.*")
"""References of claims that are made in the portal, and of their items: OC17, OI23."""


@rule("claims.csv", "claim_ref")
def claim_is_not_the_portals(row: Values, _: World) -> str | None:
    return _not_the_portals(row["reference"])


@rule("claim_items.csv", "claim_item_ref")
def item_is_not_the_portals(row: Values, _: World) -> str | None:
    return _not_the_portals(row["reference"])


@rule("claim_items.csv", "claim_ref")
def item_is_not_of_a_claim_of_the_portal(row: Values, _: World) -> str | None:
    return _not_the_portals(row["claim_id"])


def _not_the_portals(reference: str | None) -> str | None:
    if reference is not None and OWN.fullmatch(reference):
        return "This claim was made in the portal, and is decided there. Leave it out, or enter another reference"
    return None


@rule("claim_items.csv", "contract_ref", "claim_ref")
def contract_is_the_claimants(row: Values, world: World) -> str | None:
    contract, claim = world.find("contracts.csv", row["contract_id"]), world.find("claims.csv", row["claim_id"])
    if contract and claim and contract.get("provider_id") and claim.get("provider_id"):
        theirs, its = contract["provider_id"], claim["provider_id"]
        if theirs != its:
            return f"Enter a contract of the claim's provider, {its}. This is one of {theirs}"
    return None


@rule("claim_items.csv", "client_ref", "claim_ref")
def client_is_the_claimants(row: Values, world: World) -> str | None:
    claim = world.find("claims.csv", row["claim_id"])
    return _stranger(row["client_id"], claim.get("provider_id") if claim else None, world)


@rule("purchase_orders.csv", "client_ref", "provider_ref")
def client_is_the_providers(row: Values, world: World) -> str | None:
    return _stranger(row["client_id"], row["provider_id"], world)


def _stranger(client: str | None, provider: str | None, world: World) -> str | None:
    """What to say of a client for whom the provider has no line item."""
    if client is None or provider is None or not world.is_known("clients.csv", client):
        return None
    if world.may_be_at(provider, client):
        return None
    return f"Enter a client for whom provider {provider} has a care package line item"


@rule("claim_items.csv", "service_level_ref", "client_ref")
def level_may_be_claimed(row: Values, world: World) -> str | None:
    level = world.find("service_levels.csv", row["service_level_id"])
    claimable = level and level.get("claimable")
    if claimable is Claimable.NO:
        return "Enter a service level that may be claimed, or set its claimable in service_levels.csv"
    if claimable is Claimable.CLIENT and row["client_id"] is None:
        return "This service level is claimed for a client. Enter the client_ref"
    if claimable is Claimable.PROVIDER and row["client_id"] is not None:
        return "This service level is claimed for the provider. Leave client_ref empty"
    return None


@rule("claim_items.csv", "quantity")
def something_is_claimed(row: Values, _: World) -> str | None:
    return None if row["quantity_e4"] else "Enter more than 0"


@rule("claim_items.csv", "amount", "quantity", "rate")
def amount_is_the_product(row: Values, _: World) -> str | None:
    product = times(row["rate_e4"], row["quantity_e4"])
    if product != row["amount_pence"]:
        return f"{number(row['quantity_e4'])} at {gbp_rate(row['rate_e4'])} comes to {gbp(product)}"
    return None


@rule("claim_items.csv", "accepted_amount", "amount", "included", "claim_ref")
def accepted_as_decided(row: Values, world: World) -> str | None:
    accepted = row["accepted_pence"]
    if not accepted:
        return None
    claim = world.find("claims.csv", row["claim_id"])
    if accepted > row["amount_pence"]:
        return f"Enter at most what was claimed, {gbp(row['amount_pence'])}"
    if not row["is_included"]:
        return "Enter 0, or leave it empty: the item is not included"
    if claim and claim.get("status") is ClaimStatus.REJECTED:
        return "Enter 0, or leave it empty: the claim was rejected"
    return None


@rule("claim_items.csv", "spent_on", "claim_ref")
def spent_before_claimed(row: Values, world: World) -> str | None:
    claim = world.find("claims.csv", row["claim_id"])
    claimed_on = claim and claim.get("claimed_on")
    if claimed_on and row["spent_on"] > claimed_on:
        return f"Enter the day of the claim, {shown(claimed_on)}, or an earlier day"
    return None


@rule(SENT, "sent_on", "in_bank_on")
def something_is_told(row: Values, _: World) -> str | None:
    is_told = row["sent_on"] or row["in_bank_on"]
    return None if is_told else "Enter the day on which it was sent, or the day in the bank"


@rule(SENT, "amount")
def something_was_sent(row: Values, _: World) -> str | None:
    return None if row["amount_pence"] else "Enter more than 0"


@rule(SENT, "return_reason", "returned_on")
def a_reason_is_of_a_return(row: Values, _: World) -> str | None:
    if row["return_reason"] and not row["returned_on"]:
        return "Enter the day on which it was returned, or leave the reason empty"
    return None


@rule(SENT, "paid_again_on", "returned_on")
def only_what_was_returned_is_paid_again(row: Values, _: World) -> str | None:
    if row["paid_again_on"] and not row["returned_on"]:
        return "Enter the day on which it was returned, or leave this empty"
    return None
