"""What is told of the answers of providers to their payments, and of the rows that they query."""

import sqlalchemy as sa
from sqlalchemy import Select, select

from exchange.outbound.shape import (
    DAY,
    MONEY,
    NUMBER,
    REFERENCE,
    TEXT,
    WORD,
    YES_NO,
    Out,
    OutFile,
    OutKind,
    text_of,
)
from models.payments.confirmation import Asked, Confirmation
from models.payments.hold import Hold, HoldKind
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.contract import Contract
from models.records.export import moment_of
from models.records.provider import Provider

_payment = ScheduledPayment


def _is_answered() -> sa.ColumnElement[bool]:
    """Or was, until the council asked anew: what was told of it before, a rejection most of all, stands no longer."""
    was = _payment.lapsed_pence.is_not(None), _payment.asked_because == Asked.SENT_BACK
    return sa.or_(_payment.confirmation != Confirmation.UNCONFIRMED, *was)


def _answers() -> Select:
    told = _payment.confirmation, ":", _payment.answered_pence, ":", _payment.lapsed_pence, ":"
    version = text_of(*told, moment_of(_payment.answered_at))
    reference = text_of(Contract.reference, "/", _payment.first_on)
    query = select(_payment.id.label("record_id"), version.label("version"), reference.label("reference"))
    return query.join(Contract, Contract.id == _payment.contract_id).where(_is_answered())


def _rows_of_answers() -> Select:
    answer = sa.case(
        (_payment.lapsed_pence.is_not(None), "lapsed"),
        (_payment.confirmation == Confirmation.UNCONFIRMED, "asked_again"),
        (sa.and_(_payment.confirmation == Confirmation.CONFIRMED, _payment.answered_by_id.is_(None)), "silent"),
        else_=sa.cast(_payment.confirmation, sa.Text),
    )
    pence = sa.func.coalesce(_payment.lapsed_pence, _payment.answered_pence, 0)
    is_standing = sa.or_(_payment.confirmation != Confirmation.UNCONFIRMED, _payment.lapsed_pence.is_not(None))
    answered_on, comment = (sa.case((is_standing, each)) for each in (_payment.answered_on, _payment.answer_comment))
    return (
        select(_payment.id, text_of(Contract.reference, "/", _payment.first_on), Provider.reference,
               Contract.reference, _payment.first_on, _payment.last_on, answer, pence, answered_on, comment)
        .join(Contract, Contract.id == _payment.contract_id)
        .join(Provider, Provider.id == _payment.provider_id)
    )  # fmt: skip


ANSWERS = OutKind("answer", _answers, (
    OutFile("answers.csv", (
        Out("answer_ref", REFERENCE, "contract and first day of the period: 741254/2019-09-30"),
        Out("provider_ref", REFERENCE),
        Out("contract_ref", REFERENCE),
        Out("period_first_on", DAY),
        Out("period_last_on", DAY),
        Out("answer", WORD, "`confirmed`, `rejected`, `silent` (nobody answered, which the contract takes for yes), "
            "`lapsed` (it was confirmed, and the total has changed since) or `asked_again` (the council has sent it "
            "back: no answer stands)"),
        Out("amount", MONEY, "the total that the provider answered to; 0.00 of `asked_again`"),
        Out("answered_on", DAY),
        Out("comment", TEXT, "what the provider wrote with it"),
    ), "What providers have answered to scheduled payments: the answer that stands. A later row of the same reference "
        "takes the place of an earlier one.", (_rows_of_answers,)),
))  # fmt: skip


def _queries() -> Select:
    """A query goes with its payment where a calculation puts another in its place, and SQLite gives its id again."""
    version = text_of(moment_of(Hold.placed_at), ":", moment_of(Hold.released_at))
    return select(Hold.id.label("record_id"), version.label("version"), text_of("Q", Hold.id).label("reference")).where(
        Hold.kind == HoldKind.QUERY
    )


def _rows_of_queries() -> Select:
    return (
        select(Hold.id, text_of("Q", Hold.id), Contract.reference, _payment.first_on, PurchaseOrder.number,
               Hold.placed_at, Hold.reason, ~Hold.is_paid, Hold.released_at, Hold.release_reason)
        .join(_payment, _payment.id == Hold.payment_id)
        .join(Contract, Contract.id == _payment.contract_id)
        .outerjoin(PurchaseOrder, PurchaseOrder.id == Hold.purchase_order_id)
    )  # fmt: skip


QUERIES = OutKind("query", _queries, (
    OutFile("queries.csv", (
        Out("query_ref", REFERENCE, "its own name"),
        Out("contract_ref", REFERENCE),
        Out("period_first_on", DAY),
        Out("order_number", NUMBER, "the purchase order whose row is queried"),
        Out("queried_on", DAY),
        Out("reason", TEXT, "what the provider says is wrong"),
        Out("holds", YES_NO, "whether the row is not paid meanwhile"),
        Out("answered_on", DAY, "empty while it is open"),
        Out("answer", TEXT, "what the council answered"),
    ), "Rows of payments that providers query, and again once the council has answered.", (_rows_of_queries,)),
))  # fmt: skip
