"""What the council downloads of weeks of actuals and of their exceptions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from exchange.downloads.tabular import Cell, Pence, Rate
from models.care.exception_list import NO_SUM
from models.records.actual import WEEK
from models.records.client import masked_name


def weeks_data(rows: Iterable[Any]) -> Iterator[tuple[Cell, ...]]:
    """`rows` of models.care.submissions: no client stands in it."""
    yield (
        "Provider", "Provider reference", "Contract", "Contract reference", "Service", "Week from", "Week to", "Due",
        "People", "State", "Late", "Confirmed", "Why late", "Exceptions that wait", "Last chased",
    )  # fmt: skip
    for each in rows:
        last_on = each.first_on + WEEK
        yield (
            each.provider, each.provider_reference, each.contract, each.contract_reference, each.service, each.first_on,
            last_on, last_on + timedelta(days=each.days_to_confirm), each.people, each.state.label,
            "Late" if each.is_late else "", each.confirmed_at, each.late_reason, each.exceptions, each.chased_on,
        )  # fmt: skip


def timesheets_data(rows: Iterable[Any]) -> Iterator[tuple[Cell, ...]]:
    """`rows` of models.care.timesheet_list: no client stands in it."""
    yield (
        "Provider", "Contract", "Service", "Month from", "State", "Care packages", "Nights or sessions", "Sent",
        "Verified", "Approved", "Times approved",
    )  # fmt: skip
    for each in rows:
        yield (
            each.provider, each.contract, each.service, each.month_on, each.state.label, each.people,
            Rate(each.units_e4), each.sent_at, each.verified_at, each.approved_at, each.approvals,
        )  # fmt: skip


def exceptions_data(rows: Iterable[Any], labels: Callable[[list[str]], str]) -> Iterator[tuple[Cell, ...]]:
    """`rows` of models.care.exception_list."""
    yield (
        "Provider", "Contract", "Contract reference", "Client", "Client reference", "Care package", "Service level",
        "Week from", "Planned", "Actual", "Unit", "Why", "Comment", "Confirmed", "State", "Decided", "What we said",
        "About", "Action",
    )  # fmt: skip
    for each in rows:
        yield (
            each.provider, each.contract, each.contract_reference,
            masked_name(each.surname, each.first_name, each.client_reference), each.client_reference,
            each.item_reference, each.level, each.first_on, Rate(each.planned_e4), Rate(each.actual_e4),
            each.unit.value, labels(each.codes), each.comment, each.confirmed_at, each.state.label, each.decided_at,
            each.note, NO_SUM if each.pence is None else Pence(each.pence), each.action_id,
        )  # fmt: skip
