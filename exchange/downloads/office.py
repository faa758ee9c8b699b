"""What the council downloads of its own lists: alarms, changes, conflicts, requests, refused addresses, feeds, reviews,
daily work, providers.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from sqlalchemy import Row

from exchange.downloads.tabular import Cell, Pence
from models.accounts.staff_request import StaffRequest
from models.auditing.read_alarm import ReadAlarm
from models.correspondence.detail_change import DetailChange
from models.job import Job
from models.records.feed import FeedImport

Cells = tuple[Cell, ...]


def alarms_data(alarms: Iterable[ReadAlarm]) -> Iterator[Cells]:
    yield "Who", "Raised", "Clients within an hour", "Looked at by", "Looked at", "What came of it"
    for each in alarms:
        looked_by = each.looked_by.name if each.looked_by else None
        yield each.user.name, each.raised_at, each.opened, looked_by, each.looked_at, each.reason


def changes_data(changes: Iterable[DetailChange]) -> Iterator[Cells]:
    """Without what is changed: that is details of contacts, which stand in no file."""
    yield "Change", "Of", "Provider", "Reference", "Asked", "By", "From", "State", "Decided", "Reason"
    for each in changes:
        yield (
            each.kind.label, each.about, each.provider.name, each.provider.reference, each.asked_at,
            each.asked_by.name, each.wanted_on, each.state.value, each.decided_at, each.reason,
        )  # fmt: skip


def conflicts_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Colleague", "At the council", "Switched off", "Provider", "Reference", "How", "Role", "Since", "Until"
    for row in rows:
        yield (
            row.name, row.council_role.label, "no" if row.is_active else "yes", row.provider, row.provider_reference,
            row.how, row.role, row.since, row.until,
        )  # fmt: skip


def requests_data(requests: Iterable[StaffRequest]) -> Iterator[Cells]:
    yield "What", "Role", "For", "E-mail", "Asked by", "Asked", "Until", "State", "Decided by", "Decided", "Why"
    for each in requests:
        yield (
            each.act.label, each.role.label if each.role else None, each.name, each.email, each.asked_by.name,
            each.asked_at, each.expires_at, each.shown_state.value,
            each.decided_by.name if each.decided_by else None, each.decided_at, each.why,
        )  # fmt: skip


def addresses_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Address", "Whose", "Refused since", "The mail server’s answer", "Mails waiting"
    for row in rows:
        mark = row.RefusedAddress
        yield mark.address, row.name or "The council’s team", mark.refused_at, mark.said, row.waiting


def feeds_data(feeds: Iterable[FeedImport], *, with_money: bool) -> Iterator[Cells]:
    money = "Payments changed", "Changed by", "Payments to come changed by"
    yield "Import", "Imported", "Directory", "Rows changed", "Warnings", *(money if with_money else ())
    for each in feeds:
        effect = each.effect
        sums = (
            (effect.begun.payments, Pence(effect.begun.pence), Pence(effect.to_come.pence))
            if effect is not None
            else (None, None, None)
        )
        yield each.id, each.at, each.name, each.changed, each.warning_count, *(sums if with_money else ())


def exports_data(rows: Iterable[Row], *, with_money: bool) -> Iterator[Cells]:
    yield "Export", "Written", "Files", "Rows", *(("To be paid",) if with_money else ()), "State", "Refused"
    for row in rows:
        export = row.Export
        money = (Pence(export.paid_pence),) if with_money else ()
        yield export.number, export.made_at, len(export.files), export.rows, *money, row.state.label, row.refused


def reviews_data(rows: Iterable[Row], due_since: Callable[[datetime], date]) -> Iterator[Cells]:
    yield "Provider", "Reference", "Last review or first access", "Due since"
    for row in rows:
        yield row.name, row.reference, row.since, due_since(row.since)


def work_data(jobs: Iterable[Job]) -> Iterator[Cells]:
    yield "Work", "Asked for by", "Asked", "Begun", "Ended", "Outcome", "What it said"
    for job in jobs:
        by = job.created_by.name if job.created_by else "The clock"
        yield job.kind.label, by, job.created_at, job.started_at, job.finished_at, job.state.value, job.message


def providers_data(rows: Iterable[Row]) -> Iterator[Cells]:
    yield "Provider", "Reference", "Kind", "Organisation", "Have access", "Wait for it", "Last log-in"
    for row in rows:
        yield (
            row.name, row.reference, row.kind.label, row.organisation, row.people, row.waiting, row.last_login_at,
        )  # fmt: skip
