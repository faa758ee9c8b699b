"""What an officer does to several payments at once, and which of them would be left, before it is done."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from models.base import session
from models.payments.adjustment import RecoveryPlan
from models.payments.debt import that_owe
from models.payments.hold import Hold
from models.payments.officer import OWES_NOTHING, Refused, why_not_sent_back
from models.payments.payment import ScheduledPayment
from models.words import Choice


class Act(Choice):
    HOLD = "hold"
    RELEASE = "release"
    SEND_BACK = "send back"
    INSTALMENTS = "instalments"


def foreseen(act: Act, payments: Sequence[ScheduledPayment]) -> Refused:
    """Why some of these would be left, by payment id, as things stand: a fixed number of queries. What is decided is
    decided when it is done (models.payments.officer). The payments come with their contracts.
    """
    if act is Act.SEND_BACK:
        return _those_with_a_reason({each.id: why_not_sent_back(each) for each in payments})
    if act is Act.INSTALMENTS:
        contract_ids = {each.contract_id for each in payments}
        planned, owing = _contracts_with_a_plan(contract_ids), that_owe(contract_ids)
        why = dict.fromkeys(contract_ids - owing, OWES_NOTHING)
        why |= dict.fromkeys(planned, "Its contract has an instalment plan already")
        return {each.id: why[each.contract_id] for each in payments if each.contract_id in why}
    held = _held_whole([each.id for each in payments])
    if act is Act.RELEASE:
        return {each.id: "The whole of it is not held" for each in payments if each.id not in held}
    return _those_with_a_reason({each.id: _why_not_held(each, held) for each in payments})


def _those_with_a_reason(reasons: Refused) -> Refused:
    return {id_: why for id_, why in reasons.items() if why}


def _why_not_held(payment: ScheduledPayment, held: Collection[int]) -> str:
    if payment.closed_run_id is not None:
        return "It is finalised"
    return "It is held already" if payment.id in held else ""


def _held_whole(payment_ids: list[int]) -> set[int]:
    query = select(Hold.payment_id).where(Hold.payment_id.in_(payment_ids), Hold.is_of_whole_payment, Hold.is_in_force)
    return set(session.scalars(query))


def holds_seen(payments: Sequence[ScheduledPayment]) -> list[Hold]:
    """The holds of these whole payments, which releasing them would end."""
    ids = [each.id for each in payments]
    return list(
        session.scalars(select(Hold).where(Hold.payment_id.in_(ids), Hold.is_of_whole_payment, Hold.is_in_force))
    )


def _contracts_with_a_plan(contract_ids: Collection[int]) -> set[int]:
    plan = RecoveryPlan
    query = select(plan.contract_id).where(plan.contract_id.in_(contract_ids), plan.ended_at.is_(None))
    return set(session.scalars(query))
