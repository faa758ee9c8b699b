"""The queues of My work. An area that has work waiting for somebody adds a row to QUEUES, and a query like its
neighbours' (models.waiting.waits): the page then asks for all of them in one statement.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy import Select

from blueprints.access import may, me
from blueprints.frame import settings
from forms.council_invoices import HELD_FOR_US
from forms.council_payments import BLOCKED
from forms.exports import UNANSWERED
from models import bank_holiday
from models.accounts import access_review, directory, refused_mail, staff_request
from models.accounts.on_it import Taken, ask_with_who, with_who
from models.auditing import read_alarm
from models.base import UTCDateTime
from models.billing import invoice_listing, listing, rule_change
from models.calendar import in_words, today
from models.care import due_weeks, exception_list, submissions, timesheet_list
from models.care import rule_change as actual_rule_change
from models.correspondence import action_desk, detail_change, document_list
from models.correspondence.action_type import ActionTeam
from models.correspondence.document import DocumentState
from models.daily_work import timetable
from models.payments import blocked, owing, standing_hold, worklist
from models.payments.run import RunState
from models.permissions import Permission
from models.records import export
from models.records.invoice import InvoiceStatus
from models.records.timesheet import TimesheetState
from models.statements import built_once, named

P = Permission


@dataclass(frozen=True)
class Queue:
    """Work that may wait: what it is called, why it waits and what to do, and who does it."""

    name: str
    """That of its query, by which somebody takes it, too."""
    what: str
    why: str | Callable[[], str]
    query: Callable[..., Select]
    url: Callable[[], str]
    sees: Permission
    """Whoever has it sees the queue, ..."""
    does: Permission
    """... and whoever has this one can do something about it."""
    is_urgent: bool = False
    """It keeps a run from paying, or harm goes on: it stands above all that only waits."""
    since: Callable[[date], date] = lambda day: day
    """The day since which it waits, of that which the query tells."""
    given: Callable[[], Mapping[str, Any]] = dict
    """The values of the parameters that its query names: what the council has set, who looks. Its query is built once.
    """
    is_of_weeks: bool = False
    """Its query is told of how many weeks the values are."""


@dataclass(frozen=True)
class Row:
    """A queue with something in it, as the page shows it."""

    name: str
    what: str
    why: str
    count: int
    since: date | None
    pence: int | None
    url: str
    is_mine: bool
    """This person can do something about it."""
    is_urgent: bool
    taken: Taken | None
    """Who is on it today."""


READER, LOCKED = named("reader_id", sa.Integer()), named("how_many_locked", sa.Integer())
ANSWERS_DUE = named("answers_due", UTCDateTime())


def _reader() -> dict[str, Any]:
    return {"reader_id": me().id}


def _weeks() -> dict[str, Any]:
    return due_weeks.values_of(due_weeks.weeks_of(due_weeks.recent_days()))


def _payments(concern: worklist.Concern, does: Permission) -> Queue:
    def url() -> str:
        if concern.is_told_by_sums:
            return url_for("admin.payments.waiting", reason=BLOCKED)
        return url_for("admin.payments.index", exception=concern)

    return Queue(
        concern, concern.queue, concern.why, lambda: worklist.waiting(concern), url, P.VIEW_EVERY_PAYMENT, does,
    )  # fmt: skip


def _debts(concern: owing.Concern, does: Permission) -> Queue:
    return Queue(
        concern, concern.queue, concern.why, lambda: owing.waiting(concern),
        lambda: url_for("admin.debts.index", show=concern), P.VIEW_EVERY_PAYMENT, does,
    )  # fmt: skip


def _runs(state: RunState, what: str, why: str) -> Queue:
    return Queue(
        f"runs {state}", what, why, lambda: worklist.runs_that_wait(state),
        lambda: url_for("admin.payment_runs.index", state=state), P.VIEW_RUNS, P.AUTHORISE_RUNS,
    )  # fmt: skip


def _documents(state: DocumentState, what: str, why: str) -> Queue:
    return Queue(
        f"documents {state}", what, why, lambda: document_list.waiting(state),
        lambda: url_for("admin.documents.index", state=state), P.VIEW_EVERY_DOCUMENT, P.MANAGE_DOCUMENTS,
    )  # fmt: skip


def _why_former() -> str:
    what = "Take their access away." if may(P.MANAGE_ACCESS) else "Ask their provider to remove them on its Team page."
    return f"The finance system says that they have left. {what}"


def _why_short() -> str:
    return f"Schedules are published to {in_words(bank_holiday.needed_to())}. Add the bank holidays up to then."


_C, _D, _S = worklist.Concern, owing.Concern, DocumentState
QUEUES = (
    Queue(blocked.FAULTS, "Contracts that cannot be calculated",
          "No run pays them until they can be. Ring the systems administrator.",
          blocked.waiting, lambda: url_for("admin.payments.not_calculated"), P.VIEW_EVERY_PAYMENT, P.PREPARE_RUNS,
          is_urgent=True),
    Queue("alarms", "Alarms", "Somebody has opened very many clients’ records within an hour. Ask them why.",
          read_alarm.waiting, lambda: url_for("admin.alarms.index"), P.VIEW_AUDIT, P.ANSWER_ALARMS, is_urgent=True),
    Queue("bank holidays", "Bank holidays", _why_short, bank_holiday.waiting,
          lambda: url_for("admin.bank_holidays.index"),
          P.MANAGE_BANK_HOLIDAYS, P.MANAGE_BANK_HOLIDAYS, is_urgent=True),
    _runs(RunState.PREPARED, "Payment runs to authorise", "A payments manager goes through each and authorises it."),
    _runs(RunState.AUTHORISED, "Payment runs to finalise", "Authorised, and not paid yet."),
    _payments(_C.REJECTED, P.ANSWER_REJECTIONS),
    _payments(_C.CUT_OFF, P.ANSWER_REJECTIONS),
    _payments(_C.WAITING, P.ADJUST_PAYMENTS),
    _payments(_C.UNSEEN, P.REVIEW_RUNS),
    _payments(_C.HELD, P.HOLD_PAYMENTS),
    _payments(_C.HELD_ROWS, P.HOLD_PAYMENTS),
    _payments(_C.QUERIED, P.HOLD_PAYMENTS),
    _payments(_C.RETURNED, P.ADJUST_PAYMENTS),
    Queue(standing_hold.State.REVIEW, "Standing holds to review",
          "Keep each until another day, change it, or end it.", standing_hold.waiting,
          lambda: url_for("admin.standing_holds.index", state=standing_hold.State.REVIEW), P.VIEW_EVERY_PAYMENT,
          P.HOLD_PAYMENTS),
    _debts(_D.NOTHING_LEFT, P.ADJUST_PAYMENTS),
    _debts(_D.WRITE_OFF, P.DECIDE_WRITE_OFFS),
    _debts(_D.SURPLUS, P.ADJUST_PAYMENTS),
    Queue(export.UNANSWERED, "Exports without an answer",
          "The finance system should have answered them by now. Ask whoever looks after it, or send them again.",
          lambda: export.unanswered_waiting(ANSWERS_DUE),
          lambda: url_for("admin.exports.index", state=UNANSWERED), P.VIEW_FEEDS, P.EXPORT_FEEDS,
          given=lambda: {"answers_due": export.answers_due(timetable().answer_days)}),
    Queue(export.REFUSED, "Exports with refused rows",
          "The finance system says why it has not taken them. Have it mended, then send them again.",
          export.refused_waiting, lambda: url_for("admin.exports.index", state=export.ExportState.REFUSED),
          P.VIEW_FEEDS, P.EXPORT_FEEDS),
    Queue(directory.State.LOCKED, "Locked logins",
          "Closed by too many wrong passwords or codes. Unlock them once you know who is asking.",
          lambda: directory.locked_waiting(LOCKED),
          lambda: url_for("admin.people.index", state=directory.State.LOCKED), P.HELP_USERS, P.HELP_USERS,
          given=lambda: {"how_many_locked": len(directory.Locks().people())}),
    Queue(directory.State.FORMER, "Logins of former contacts", _why_former, directory.former_waiting,
          lambda: url_for("admin.people.index", state=directory.State.FORMER), P.HELP_USERS, P.HELP_USERS),
    Queue("refused addresses", "Refused addresses",
          "Mail to these people is refused for good. Have the address corrected, or try it again.",
          refused_mail.waiting, lambda: url_for("admin.refused_addresses.index"), P.HELP_USERS, P.HELP_USERS),
    Queue("staff requests", "Colleagues’ accounts", "They wait for a second person: agree, or turn it down.",
          lambda: staff_request.waiting_for(READER), lambda: url_for("admin.staff_requests.index"),
          P.DECIDE_STAFF_REQUESTS, P.DECIDE_STAFF_REQUESTS, given=_reader),
    Queue("invitations", "Waiting invitations",
          "Colleagues whom providers have invited, and who cannot log in before you grant it.",
          directory.invitations, lambda: url_for("admin.providers.waiting"), P.MANAGE_ACCESS, P.MANAGE_ACCESS),
    Queue("changes", "Changes of details",
          lambda: f"Providers ask for them. Make them in {settings().council.finance_system}, or refuse them.",
          detail_change.waiting, lambda: url_for("admin.changes.index"), P.DECIDE_CHANGES, P.DECIDE_CHANGES),
    Queue("claims", "Claims for the Finance Panel",
          "Accept each, or leave items out, and say why. Carers wait for the money.",
          listing.undecided, lambda: url_for("admin.claims.index"), P.VIEW_EVERY_CLAIM, P.DECIDE_CLAIMS),
    Queue(rule_change.QUEUE, "Prices and limits of claims", "A colleague asks for another: agree, or turn it down.",
          lambda: rule_change.waiting_for(READER), lambda: url_for("admin.claims.rules"), P.AGREE_CLAIM_RULES,
          P.AGREE_CLAIM_RULES, given=_reader),
    Queue(f"invoices {InvoiceStatus.SUBMITTED}", "Invoices to decide",
          "Approve those that match. Hold the others, and say why: the days to pay run.",
          lambda: invoice_listing.waiting(InvoiceStatus.SUBMITTED), lambda: url_for("admin.invoices.index"),
          P.VIEW_EVERY_INVOICE, P.DECIDE_INVOICES),
    Queue("invoices held", "Held invoices that wait for us",
          "Do what the reason of each hold says, then release it. The days to pay run on.",
          invoice_listing.held_for_council, lambda: url_for("admin.invoices.index", show=HELD_FOR_US),
          P.VIEW_EVERY_INVOICE, P.DECIDE_INVOICES),
    Queue(exception_list.WAITING, "Exceptions of actuals",
          "Figures that break a rule pay nothing before you have decided. Approve, amend or reject each.",
          exception_list.waiting, lambda: url_for("admin.actuals.exceptions"), P.VIEW_EVERY_ACTUAL, P.DECIDE_ACTUALS),
    Queue(actual_rule_change.QUEUE, "Rules of actuals", "A colleague asks for one that changes what is paid.",
          lambda: actual_rule_change.waiting_for(READER), lambda: url_for("admin.actuals.rules"),
          P.MANAGE_ACTUAL_RULES, P.MANAGE_ACTUAL_RULES, given=_reader),
    Queue(submissions.LATE, "Weeks of actuals that are late",
          "Their providers have not confirmed them in time. Chase them.",
          lambda weeks: submissions.late_waiting(due_weeks.named_weeks(weeks)),
          lambda: url_for("admin.actuals.index", week="every", show=submissions.Shown.LATE),
          P.VIEW_EVERY_ACTUAL, P.DECIDE_ACTUALS, since=submissions.usually_due, given=_weeks,
          is_of_weeks=True),
    Queue(timesheet_list.SENT, "Timesheets to verify",
          "Shared Lives carers wait for the scheme. Verify each, or return it.",
          lambda: timesheet_list.waiting(TimesheetState.SENT),
          lambda: url_for("admin.timesheets.index", show=timesheet_list.Shown.SENT), P.VIEW_EVERY_ACTUAL,
          P.VERIFY_TIMESHEETS),
    Queue(timesheet_list.VERIFIED, "Timesheets to approve", "The scheme has verified them. Approve each, or return it.",
          lambda: timesheet_list.waiting(TimesheetState.VERIFIED),
          lambda: url_for("admin.timesheets.index", show=timesheet_list.Shown.VERIFIED), P.VIEW_EVERY_ACTUAL,
          P.APPROVE_TIMESHEETS),
    Queue("agreements missing", "Agreements to make",
          "Care packages that wait for a service agreement, and nobody has made one.",
          document_list.missing, lambda: url_for("admin.documents.make"), P.MANAGE_DOCUMENTS, P.MANAGE_DOCUMENTS),
    Queue("documents outdated", "Documents out of date",
          "The records have changed since they were published. Make their next versions, and publish these.",
          document_list.outdated, lambda: url_for("admin.documents.make", show=document_list.ToMake.OUTDATED),
          P.MANAGE_DOCUMENTS, P.MANAGE_DOCUMENTS),
    _documents(_S.DRAFT, "Documents to publish", "Look at each draft, then publish it."),
    _documents(_S.REJECTED, "Rejected documents", "Put right what the provider says, and publish a new version."),
    _documents(_S.PUBLISHED, "Documents that wait for providers", "Remind those who have not answered."),
    Queue("reviews of access", "Overdue reviews of access",
          "Providers who have not gone through who may log in for six months.",
          access_review.waiting, lambda: url_for("admin.access_reviews.index"), P.VIEW_PROVIDERS, P.HELP_USERS,
          since=access_review.six_months_after),
)  # fmt: skip


_BY_NAME = {queue.name: queue for queue in QUEUES}


def _queues() -> tuple[Queue, ...]:
    """All of them, with one for each team whose actions this person answers."""
    teams = action_desk.Desk.of(me()).own if may(P.ANSWER_ACTIONS) else ()
    return *QUEUES, *map(_actions, teams)


def _actions(team: ActionTeam) -> Queue:
    return Queue(
        action_desk.queue_of(team.id), f"Actions: {team.name}",
        "Providers wait for an answer. Overdue ones stand first.",
        action_desk.waiting, lambda: url_for("admin.actions.index", box=team.id), P.VIEW_EVERY_ACTION, P.ANSWER_ACTIONS,
    )  # fmt: skip


def what_waits() -> list[Row]:
    """The queues that this person sees and that have something in them: the urgent ones first, then those that have
    waited longest, of those of one day the one with the most money.
    """
    return sorted(_rows(), key=lambda row: (not row.is_urgent, row.since or today(), -abs(row.pence or 0)))


@built_once
def _asked(names: tuple[str, ...], with_actions: bool, weeks: int) -> Select:
    """What waits in the queues of these names, and of the actions of each team. `weeks`: see Queue.is_of_weeks."""
    queues = [_BY_NAME[name] for name in names]
    queries = [queue.query(weeks) if queue.is_of_weeks else queue.query() for queue in queues]
    return with_who([*queries, *([action_desk.waiting()] if with_actions else [])])


def _rows() -> Iterator[Row]:
    seen = {queue.name: queue for queue in _queues() if may(queue.sees)}
    names = tuple(name for name in seen if name in _BY_NAME)
    given = {queue.given: queue.given() for queue in seen.values()}  # of several queues: asked for once
    values = {name: value for each in given.values() for name, value in each.items()}
    weeks = len(given.get(_weeks, ())) // len(due_weeks.Week._fields)
    for found, who in ask_with_who(_asked(names, len(names) < len(seen), weeks), values) if seen else ():
        queue = seen.get(found.name)  # the actions of a team that is not theirs are in no queue of theirs
        if queue is not None and found.count:
            yield Row(
                found.name, queue.what, queue.why if isinstance(queue.why, str) else queue.why(), found.count,
                queue.since(found.since) if found.since else None, found.pence, queue.url(), may(queue.does),
                queue.is_urgent, who,
            )  # fmt: skip


def is_one_of_mine(name: str) -> bool:
    """Whether there is such a queue, and this person can do something about it."""
    return any(queue.name == name and may(queue.sees) and may(queue.does) for queue in _queues())
