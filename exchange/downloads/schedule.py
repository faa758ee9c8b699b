"""The payment schedule to take away: as a table, and as days for a diary. It says nothing about any client."""

from collections.abc import Iterable, Iterator

from exchange.downloads.icalendar import Event
from exchange.downloads.tabular import Cell
from models.records.schedule import Deadline, Occasion, SchedulePeriod
from models.reports.deadlines import ActualsDay, PaymentDay

HEADINGS = ("Contract", "Reference", "Start", "End", "Confirm by", "Last day for changes", "In your bank", "Changed")
UIDS = {Occasion.CONFIRM: "confirm", Occasion.CHANGES: "changes", Occasion.BANK: "bank"}


def schedule_data(periods: Iterable[SchedulePeriod]) -> Iterator[tuple[Cell, ...]]:
    yield HEADINGS
    for period in periods:
        days = period.deadlines
        moved = [f"{each.occasion}: {_why(each)}" for each in days.values() if each.is_moved]
        yield (
            period.contract.name, period.contract.reference, period.span.first, period.span.last,
            *(days[occasion].on if occasion in days else None for occasion in Occasion), "; ".join(moved),
        )  # fmt: skip


def schedule_events(periods: Iterable[SchedulePeriod], host: str) -> Iterator[Event]:
    """An event for each deadline. `host`, the portal's host name, makes their uids unlike those of any other portal."""
    for period in periods:
        for deadline in period.deadlines.values():
            yield Event(
                uid=f"{period.contract.reference}-{period.span.first}-{UIDS[deadline.occasion]}@{host}",
                on=deadline.on,
                summary=f"{deadline.occasion}: {period.span.short}",
                description=period.contract.name
                + (f"\n{deadline.why}: usually {deadline.usual:%d/%m/%Y}" if deadline.is_moved else ""),
            )


def deadline_events(days: Iterable[PaymentDay], host: str) -> Iterator[Event]:
    """A person's own deadlines, for a program that fetches them: no name of anybody, and no sum."""
    for day in days:
        yield Event(
            uid=f"{day.reference}-{day.span.first}-{UIDS[day.occasion]}@{host}", on=day.on,
            summary=f"{day.occasion}: {day.reference}, {day.span.short}",
        )  # fmt: skip


def actuals_events(days: Iterable[ActualsDay], host: str) -> Iterator[Event]:
    """The last days to confirm weeks of actuals, likewise."""
    for day in days:
        yield Event(
            uid=f"{day.reference}-{day.service_id}-{day.span.first}-actuals@{host}", on=day.on,
            summary=f"Last day to confirm actuals: {day.service_name}, {day.reference}, {day.span.short}",
        )  # fmt: skip


def _why(deadline: Deadline) -> str:
    usually = f"usually {deadline.usual:%d/%m/%Y}"
    return f"moved by the council, {usually}" if deadline.is_by_council else usually
