"""The columns of each kind of file: what they are called, here and by other systems, and what they hold.

domain.md 4.1 to 4.3. The same table makes the template, proposes which column of a strange file is which, and checks.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.records.import_batch import ImportKind
from models.words import folded

MOST_HEADING_ROWS = 20
"""The headings stand in one of the first so many rows that hold anything."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    """As the template heads it."""
    label: str
    about: str
    is_needed: bool = False
    also: tuple[str, ...] = ()
    """What other systems call it."""
    is_planned: bool = False
    """It says what is planned, and is not typed."""


_VERSION = Column("TemplateVersion", "Template", "ACT-1. Leave it as it is", is_planned=True)
ACTUALS = (
    _VERSION,
    Column("ProviderRef", "Provider", "Your reference at the council", also=("provider", "provider id", "supplier ref"),
           is_planned=True),
    Column("ContractRef", "Contract", "The contract’s reference", also=("contract", "contract number", "contract no"),
           is_planned=True),
    Column("CPLIRef", "Line item", "The reference of the care package line item", is_planned=True,
           also=("line item", "care package line item", "cpli", "cpli id", "package", "package ref", "order ref")),
    Column("ClientRef", "Client", "The client’s reference at the council", is_planned=True,
           also=("ss ref", "client", "client id", "service user ref", "service user id", "person id", "swift id",
                 "social services ref", "customer ref", "nhs or client ref")),
    Column("ClientName", "Name", "To know the row by. It is not read back", is_planned=True,
           also=("name", "service user", "service user name", "service user details", "customer", "customer name")),
    Column("ServiceLevel", "Service level", "What is bought", is_planned=True,
           also=("service", "service type", "level", "care type")),
    Column("WeekCommencing", "Week", "The first day of the week, like 07/09/2026", is_needed=True, is_planned=True,
           also=("week", "week start", "week starting", "week beginning", "w c", "wc", "week begins", "period start",
                 "w c date", "start of week")),
    Column("Unit", "Unit", "What quantities are counted in", is_planned=True, also=("units", "uom")),
    Column("PlannedQty", "Planned", "What is planned for the week", is_planned=True,
           also=("planned", "planned hours", "planned units", "commissioned", "commissioned hours", "contracted hours",
                 "planned quantity")),
    Column("ActualQty", "Actual", "What was delivered", is_needed=True,
           also=("actual", "actual hours", "actual units", "delivered", "delivered hours", "hours delivered", "hours",
                 "duration", "actual duration", "quantity", "qty", "actual quantity", "actuals")),
    Column("FrustratedQty", "Frustrated", "Planned, and not taken up by the client. Empty is 0",
           also=("frustrated", "frustrated hours", "frustd", "aborted", "aborted hours", "no access hours")),
    Column("MissedQty", "Missed", "Planned, and not delivered by you. Empty is 0",
           also=("missed", "missed hours", "msd", "undelivered", "undelivered hours")),
    Column("ExtraQty", "Extra", "Delivered above the plan. Empty is 0",
           also=("extra", "extra hours", "xtr", "additional", "additional hours")),
    Column("PlannedVisits", "Planned visits", "Visits that are planned", is_planned=True,
           also=("visits planned",)),
    Column("ActualVisits", "Visits", "Visits that were made", also=("visits", "calls", "number of visits",
           "no of visits", "visits made", "visit count")),
    Column("ReasonCode", "Reason", "Why care was frustrated or missed: HOSP, HOLIDAY, NO_REPLY, REFUSED, DECEASED, "
           "FAMILY, BANK_HOL, STAFF, WEATHER or OTHER", also=("reason", "cancellation reason", "absence reason")),
    Column("Comment", "Comment", "Needed where the actual differs from the plan. 1,000 characters",
           also=("comments", "note", "notes", "remarks", "explanation")),
    Column("ProviderReference", "Your reference", "Your own, up to 30 characters",
           also=("your reference", "your ref", "own reference", "file reference", "invoice ref", "external ref")),
    Column("RowVersion", "Version", "Leave it as it is: it tells whether the row changed meanwhile", is_planned=True),
)  # fmt: skip
CARERS = (
    Column("CarerID", "Worker", "Your own reference of the worker, up to 50 characters", is_needed=True,
           also=("carer", "carer id", "worker", "worker id", "staff id", "employee id", "employee number",
                 "employee no", "staff number", "payroll number")),
    Column("FirstName", "First name", "May be left out", also=("forename", "given name", "first")),
    Column("LastName", "Last name", "May be left out", also=("surname", "family name", "last")),
    Column("StartDate", "From", "The first day at work, like 07/09/2026", also=("start", "started", "from")),
    Column("EndDate", "To", "The last day at work", also=("end", "ended", "to", "leaving date", "date left")),
    Column("Active", "Active", "Yes or No", also=("is active", "status", "current")),
)  # fmt: skip
VISITS = (
    Column("VisitRef", "Visit", "Your own reference of the visit: the same again changes it", is_needed=True,
           also=("visit", "visit id", "booking id", "booking ref", "call id", "shift id", "appointment id")),
    Column("SSRef", "Client", "The client’s reference at the council", is_needed=True,
           also=("client ref", "client", "client id", "service user ref", "service user id", "customer ref",
                 "person id")),
    Column("CPLIRef", "Line item", "The care package line item, where you know it",
           also=("line item", "cpli", "package ref", "order ref")),
    Column("ServiceLevel", "Service level", "What was given", also=("service", "service type", "level", "care type")),
    Column("VisitDate", "Day", "The day on which it began", is_needed=True,
           also=("date", "day", "visit day", "call date", "booking date")),
    Column("PlannedStart", "Planned start", "Like 08:30", also=("planned from", "start time planned", "scheduled start",
           "start time claimed")),
    Column("PlannedEnd", "Planned end", "Like 09:00", also=("planned to", "end time planned", "scheduled end")),
    Column("ActualStart", "Start", "When it began, like 08:34. Empty if it was not delivered",
           also=("start", "start time", "from", "clock in", "log in", "actual start time", "arrived")),
    Column("ActualEnd", "End", "When it ended. Before the start means the day after",
           also=("end", "end time", "to", "clock out", "log out", "actual end time", "left")),
    Column("CarerID", "Worker", "Your own reference of the worker", is_needed=True,
           also=("carer", "worker", "worker id", "staff id", "employee id", "carer ref", "employee number")),
    Column("NumberOfCarers", "Workers", "How many were there. Empty is 1",
           also=("carers", "number of workers", "no of carers", "staff count")),
    Column("Outcome", "Outcome", "Delivered, Frustrated, Missed or Cancelled", is_needed=True,
           also=("status", "visit status", "result", "state")),
    Column("ReasonCode", "Reason", "Why it was not delivered: one of the codes of actuals",
           also=("reason", "cancellation reason")),
    Column("Comment", "Comment", "Up to 1,000 characters", also=("comments", "note", "notes")),
    Column("LogMethod", "Logged by", "App, NFC, Phone or Manual", also=("log method", "method", "logged by", "source")),
    Column("ManualEditReason", "Why edited", "Why its times were edited", also=("edit reason", "manual reason")),
)  # fmt: skip
COLUMNS: Mapping[ImportKind, tuple[Column, ...]] = {
    ImportKind.ACTUALS: ACTUALS, ImportKind.CARERS: CARERS, ImportKind.VISITS: VISITS,
}  # fmt: skip


def key_of(heading: str) -> str:
    """A heading as it is compared and remembered: Week Commencing, week_commencing and WeekCommencing are one."""
    return re.sub(r"[^a-z0-9]", "", folded(heading))


def column_named(kind: ImportKind, name: str) -> Column:
    return next(each for each in COLUMNS[kind] if each.name == name)


def heading_row(kind: ImportKind, rows: Sequence[tuple[int, list[str]]], remembered: Mapping[str, str]) -> int:
    """The place among the rows of that which names the columns: the first of the best. There may be a title above."""
    best, at = 0, 0
    for place, (_, cells) in enumerate(rows[:MOST_HEADING_ROWS]):
        known = sum(1 for name in proposed(kind, cells, remembered) if name)
        if known > best:
            best, at = known, place
    return at


def proposed(kind: ImportKind, headings: Iterable[str], remembered: Mapping[str, str]) -> list[str]:
    """Which of our columns each heading means; empty where nobody knows, or where an earlier one means it already.
    `remembered` holds what the provider has said, by `key_of`.
    """
    exact = {key_of(each.name): each.name for each in COLUMNS[kind]}
    known = {key_of(each): column.name for column in COLUMNS[kind] for each in (column.label, *column.also)} | exact
    keys = [key_of(each) for each in headings]
    found = [remembered.get(key, known.get(key, "")) for key in keys]
    sure = {name for key, name in zip(keys, found, strict=True) if key in exact or key in remembered}
    taken: set[str] = set()
    for place, (key, name) in enumerate(zip(keys, found, strict=True)):
        is_sure = key in exact or key in remembered
        if name and (name in taken or name in sure and not is_sure):
            found[place] = ""
        taken.add(found[place])
    return found


def missing(kind: ImportKind, columns: Iterable[str]) -> list[Column]:
    """Those without which no row can be read."""
    there = set(columns)
    lacks = [each for each in COLUMNS[kind] if each.is_needed and each.name not in there]
    if kind is ImportKind.ACTUALS and not there & {"CPLIRef", "ClientRef"}:
        lacks.insert(0, column_named(kind, "CPLIRef"))
    return lacks


def twice(columns: Sequence[str]) -> list[str]:
    """Names that stand over more than one column."""
    return sorted({name for name in columns if name and list(columns).count(name) > 1})
