"""What home counts, in one statement: the last bank days, what is owed, orders, actions, claims, addresses that refuse
mail, invoices on hold, when the access was last reviewed, and whether the person has a strong second step.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.accounts import access_review, refused_mail
from models.accounts.authenticator import Authenticator
from models.accounts.passkey import Passkey
from models.accounts.user import User
from models.base import UTCDateTime, session, sum_of
from models.billing.invoice_listing import held_for_provider
from models.calendar import FinancialYear, london_day
from models.care import timesheet_list
from models.correspondence.action import NOTHING_PENDING, Action, Pending, Side, counted
from models.correspondence.document_list import waiting_here
from models.payments.adjustment import RecoveryPlan
from models.payments.debt import debt_sums
from models.payments.owing import listed
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment
from models.payments.sent import SentPayment, bank_day, is_back
from models.payments.settlement import PLAN, Owing, owing_of
from models.records.claim import EDITABLE, Claim, ClaimStatus
from models.records.contract import Contract
from models.refused_address import RefusedAddress
from models.statements import TODAY, built_once

DAYS_BEFORE = 12
"""How many bank days that are past a picture of them shows."""


@dataclass(frozen=True)
class PaidDay:
    """What came to the bank on one day; pence. `reference` and `first_on` name the payment where it was one."""

    on: date
    pence: int
    payments: int
    reference: str
    first_on: date


@dataclass(frozen=True)
class Returned:
    """How many payments the bank has returned, and their pence. `reference` and `first_on` name the payment where it is
    one.
    """

    payments: int
    pence: int
    reference: str
    first_on: date


@dataclass(frozen=True)
class Glance:
    paid: tuple[PaidDay, ...] = ()
    """The last DAYS_BEFORE days on which something came to the bank, the oldest first."""
    owed_pence: int = 0
    stranded_pence: int = 0
    """Of that, what no payment to come can take."""
    orders: int = 0
    actions: Pending = NOTHING_PENDING
    replied: tuple[int, str] | None = None
    """The action with the newest reply that waits for the provider: its id and title."""
    refusals: int = 0
    """Addresses that refuse mail."""
    documents: int = 0
    """Contract documents that wait for the provider's answer, ..."""
    documents_pence: int = 0
    """... the money that waits on them, ..."""
    deeds: int = 0
    """... and how many of them are deeds: nobody agrees to these here."""
    claims_open: int = 0
    """Claims that are not sent yet, or were returned, ..."""
    claims_returned: int = 0
    """... the latter, ..."""
    returned_id: int = 0
    """... and the newest of them; 0 where there is none."""
    timesheets_returned: int = 0
    """Timesheets that the council has returned, ..."""
    timesheet_id: int = 0
    """... one of them; 0 where there is none."""
    timesheets_to_send: int = 0
    """Timesheets of last month that are not sent yet."""
    invoices_held: int = 0
    """Invoices and credit notes on hold for what the provider has to mend, ..."""
    invoices_held_pence: int = 0
    """... what they come to with VAT, credit notes taken off, ..."""
    invoice_id: int = 0
    """... and the newest of them; 0 where there is none."""
    review_due_on: date | None = None
    """The day by which the access is to be reviewed, once that has come."""
    has_strong_step: bool = False
    returned: Returned | None = None
    """What the bank has returned, and is not paid again."""
    owing: Owing = field(default_factory=lambda: Owing({}, {}))
    """What is owed on each contract, and by which instalments."""


@dataclass(frozen=True)
class Wanted:
    """What of it the person may see."""

    money: bool
    orders: bool
    actions: bool
    review: bool
    documents: bool
    claims: bool
    timesheets: bool
    invoices: bool
    refusals: bool
    """The addresses of colleagues that refuse mail; else the person's own only."""


def glance(user: User, provider_id: int, wanted: Wanted, year: FinancialYear) -> Glance:
    """What may be seen of it, in one statement."""
    which = {"user_id": user.id, "address": user.email, "provider_id": provider_id, "year": year.starts_in}
    rows = session.execute(_statement(wanted), which).all()
    by_what: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_what[row.what].append(row)
    counts = {what: found[0] for what, found in by_what.items()}

    def count(what: str) -> int:
        return counts[what].number if what in counts else 0

    owed = counts.get("owed")
    since: datetime | None = counts["review"].at if "review" in counts else None
    due_on = access_review.six_months_after(london_day(since)) if since else None
    return Glance(
        paid=tuple(
            PaidDay(row.on, row.pence, row.number, row.reference, row.first_on)
            for row in sorted(by_what["paid"], key=lambda row: row.on)
        ),
        owed_pence=owed.pence if owed else 0,
        stranded_pence=owed.more_pence if owed else 0,
        orders=count("orders"),
        actions=_pending(counts.get("actions")),
        replied=(counts["replied"].number, counts["replied"].reference) if "replied" in counts else None,
        refusals=count("refusals"),
        documents=count("documents"),
        documents_pence=counts["documents"].pence if "documents" in counts else 0,
        claims_open=count("claims"),
        claims_returned=counts["claims"].pence if "claims" in counts else 0,
        returned_id=counts["claims"].more_pence if "claims" in counts else 0,
        timesheets_returned=count("timesheets returned"),
        timesheet_id=counts["timesheets returned"].pence if "timesheets returned" in counts else 0,
        timesheets_to_send=count("timesheets to send"),
        invoices_held=count("invoices held"),
        invoices_held_pence=counts["invoices held"].pence if "invoices held" in counts else 0,
        invoice_id=counts["invoices held"].more_pence if "invoices held" in counts else 0,
        deeds=counts["documents"].more_pence if "documents" in counts else 0,
        review_due_on=due_on if access_review.is_due(due_on) else None,
        has_strong_step=count("steps") > 0,
        returned=_of_returned(counts.get("returned")),
        owing=owing_of((row.number, row.reference, row.pence) for row in by_what["debt"]),
    )


USER_ID, PROVIDER_ID = sa.bindparam("user_id", type_=sa.Integer()), sa.bindparam("provider_id", type_=sa.Integer())
ADDRESS, YEAR = sa.bindparam("address", type_=sa.Text()), sa.bindparam("year", type_=sa.Integer())
"""Whose page it is, and of which year its orders are."""


@built_once
def _statement(wanted: Wanted) -> sa.CompoundSelect:
    return sa.union_all(*_parts(wanted))


def _parts(wanted: Wanted) -> list[Select]:
    """A query for each thing that may be seen."""
    parts = [_second_steps(), _refusals(wanted.refusals)]
    if wanted.money:
        parts += [_paid(), _owed(), _debts(), _plans(), _returned()]
    if wanted.actions:
        parts += [_actions(wanted.money), _replied(wanted.money)]
    if wanted.timesheets:
        parts += _timesheets()
    alone = (
        (wanted.orders, _orders), (wanted.documents, _documents), (wanted.claims, _claims),
        (wanted.invoices, _invoices_held), (wanted.review, _review),
    )  # fmt: skip
    return [*parts, *(part() for is_wanted, part in alone if is_wanted)]


def _columns(what: str, **given: Any) -> list[sa.Label[Any]]:
    """The columns of every part, in order; those that are not given are empty."""
    empty: dict[str, Any] = {
        "what": sa.literal(what), "number": sa.literal(0), "pence": sa.literal(0), "more_pence": sa.literal(0),
        "on": sa.cast(sa.null(), sa.Date), "at": sa.type_coerce(sa.cast(sa.null(), sa.DateTime), UTCDateTime()),
        "reference": sa.cast(sa.null(), sa.Text), "first_on": sa.cast(sa.null(), sa.Date),
    }  # fmt: skip
    return [(empty | given)[name].label(name) for name in empty]


def _counted(what: str, query: Select) -> Select:
    found = query.order_by(None).subquery()
    return select(*_columns(what, number=sa.func.count())).select_from(found)


def _refusals(of_colleagues: bool) -> Select:
    own = RefusedAddress.marked().where(RefusedAddress.address == ADDRESS)
    return _counted("refusals", refused_mail.of_colleagues() if of_colleagues else own)


def _orders() -> Select:
    order = PurchaseOrder
    count = select(*_columns("orders", number=sa.func.count(order.id)))
    return count.where(order.is_issued, order.financial_year == YEAR)


def _documents() -> Select:
    found = waiting_here().subquery("documents").c
    return select(*_columns("documents", number=found.how_many, pence=found.pence, more_pence=found.deeds))


def _claims() -> Select:
    """How many may be changed, how many of them were returned, and the newest of those."""
    is_returned = Claim.status == ClaimStatus.RETURNED
    returned, newest = sa.case((is_returned, 1), else_=0), sa.case((is_returned, Claim.id), else_=0)
    return select(
        *_columns("claims", number=sa.func.count(Claim.id), pence=sum_of(returned),
                  more_pence=sa.func.coalesce(sa.func.max(newest), 0))
    ).where(Claim.status.in_(EDITABLE))  # fmt: skip


def _timesheets() -> list[Select]:
    """How many are returned, with the newest of them, and how many of last month are not sent."""
    found = timesheet_list.returned().order_by(None).subquery("returned_sheets").c
    newest = sa.func.coalesce(sa.func.max(found.id), 0)
    return [
        select(*_columns("timesheets returned", number=sa.func.count(found.id), pence=newest)),
        _counted("timesheets to send", timesheet_list.to_send()),
    ]


def _invoices_held() -> Select:
    found = held_for_provider().subquery("invoices").c
    return select(*_columns("invoices held", number=found.how_many, pence=found.pence, more_pence=found.newest))


def _actions(of_money: bool) -> Select:
    found = counted(of_money=of_money).subquery("actions").c
    return select(*_columns("actions", number=found.open, pence=found.overdue, more_pence=found.with_provider))


def _pending(row: Any) -> Pending:
    """Of the columns of `_actions`, which are those that every part has."""
    return Pending(row.number, row.pence, row.more_pence) if row else NOTHING_PENDING


def _replied(of_money: bool) -> Select:
    query = Action.listed(holder=Side.PROVIDER, of_money=of_money)
    found = query.with_only_columns(Action.id, Action.title).limit(1).subquery("replied").c
    return select(*_columns("replied", number=found.id, reference=found.title))


def _second_steps() -> Select:
    keys = select(sa.func.count(Passkey.id)).where(Passkey.user_id == USER_ID).scalar_subquery()
    apps = Authenticator.of(USER_ID).with_only_columns(sa.func.count(Authenticator.id)).order_by(None)
    return select(*_columns("steps", number=keys + apps.scalar_subquery()))


def _paid() -> Select:
    part, payment = RunPayment, ScheduledPayment
    pence, day = sa.func.coalesce(part.paid_pence, 0), bank_day(part)
    days = (
        select(
            day.label("bank_on"), sum_of(pence).label("pence"), sa.func.count(sa.distinct(payment.id)).label("count"),
            sa.func.max(Contract.reference).label("reference"), sa.func.max(payment.first_on).label("first_on"),
        )
        .join(payment, payment.id == part.payment_id)
        .join(Contract, Contract.id == payment.contract_id)
        .outerjoin(SentPayment, SentPayment.of_part(part))
        .where(day < TODAY, part.paid_pence != 0, ~is_back())
        .group_by(day)
        .having(sum_of(pence) != 0)
        .order_by(day.desc())
        .limit(DAYS_BEFORE)
        .subquery("days")
    ).c  # fmt: skip
    return select(
        *_columns("paid", number=days["count"], pence=days.pence, on=days.bank_on, reference=days.reference,
                  first_on=days.first_on)
    )  # fmt: skip


def _returned() -> Select:
    """One row always: how many, their pence, and one of them."""
    sent = SentPayment
    query = (
        select(
            sa.func.count(sent.id).label("count"), sum_of(sent.amount_pence).label("pence"),
            sa.func.max(Contract.reference).label("reference"), sa.func.max(sent.period_first_on).label("first_on"),
        )
        .join(Contract, Contract.id == sent.contract_id)
        .where(sent.is_returned)
        .subquery("returned")
    ).c  # fmt: skip
    return select(
        *_columns("returned", number=query["count"], pence=query.pence, reference=query.reference,
                  first_on=query.first_on)
    )  # fmt: skip


def _of_returned(row: Any) -> Returned | None:
    return Returned(row.number, row.pence, row.reference, row.first_on) if row and row.number else None


def _owed() -> Select:
    owed = listed().order_by(None).subquery("owing").c
    stranded = sum_of(sa.case((sa.not_(owed.has_more), owed.owed_pence), else_=0))
    return select(*_columns("owed", pence=sum_of(owed.owed_pence), more_pence=stranded))


def _debts() -> Select:
    found = debt_sums(select(Contract.id)).subquery("debts").c
    return select(*_columns("debt", number=found.contract_id, pence=found.pence, reference=found.what))


def _plans() -> Select:
    plan = RecoveryPlan
    return select(
        *_columns("debt", number=plan.contract_id, pence=plan.per_payment_pence, reference=sa.literal(PLAN))
    ).where(plan.ended_at.is_(None))


def _review() -> Select:
    since = access_review.since_last(PROVIDER_ID).subquery("reviews").c
    return select(*_columns("review", at=since.since))
