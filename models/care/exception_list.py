"""Confirmed figures that the council looks at, as its pages list them."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.base import sum_of
from models.folding import found_by
from models.payments.blocked import CalculationFault
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider
from models.waiting import waits

WAITING = "actual exceptions"
"""The name of its queue."""
NO_SUM = "Cannot be worked out yet: the contract cannot be calculated"
"""What stands for its sum where that is None."""


def _joined(query: Select) -> Select:
    """From an exception to its figure, week, item and level."""
    return (
        query.select_from(ActualException)
        .join(ConfirmedActual, ConfirmedActual.id == ActualException.confirmed_id)
        .join(ActualWeek, ActualWeek.id == ConfirmedActual.week_id)
        .join(CarePackageLineItem, CarePackageLineItem.id == ConfirmedActual.item_id)
    )


def exceptions(
    *, state: ExceptionState | None = None, text: str = "", ids: Sequence[int] | None = None
) -> Select:  # fmt: skip
    """Rows: id, codes, state, note, decided_at, action_id, the figure's planned_e4, actual_e4, first_on, comment,
    reason, number and confirmed_at, week_id, item_id, item_reference, client_id, client_reference, surname,
    first_name, level (its name), unit, contract, contract_reference, provider, provider_id, pence: None where it was
    never worked out, since its contract cannot be calculated (NO_SUM). Those that wait longest stand first. Of a text:
    what has all its words in the name or reference of provider or contract, or in the line item's reference.
    """
    figure, item = ConfirmedActual, CarePackageLineItem
    query = _joined(
        select(
            ActualException.id, ActualException.codes, ActualException.state, ActualException.note,
            ActualException.decided_at, ActualException.action_id, figure.planned_e4, figure.actual_e4, figure.first_on,
            figure.comment, figure.reason, figure.number, figure.confirmed_at, figure.week_id, item.id.label("item_id"),
            item.reference.label("item_reference"), Client.id.label("client_id"),
            Client.reference.label("client_reference"), Client.surname, Client.first_name,
            ServiceLevel.name.label("level"), ServiceLevel.unit, Contract.name.label("contract"),
            Contract.reference.label("contract_reference"), Provider.name.label("provider"),
            ActualException.provider_id, sa.case((_is_unknown(), None), else_=ActualException.pence).label("pence"),
        )
    )  # fmt: skip
    query = query.join(ServiceLevel, ServiceLevel.id == item.service_level_id)
    query = query.join(Contract, Contract.id == item.contract_id).join(Client, Client.id == item.client_id)
    query = query.join(Provider, Provider.id == ActualException.provider_id)
    if state is not None:
        query = query.where(ActualException.state == state)
    if ids is not None:
        query = query.where(ActualException.id.in_(ids))
    if text:
        by_words = found_by(text, Contract.folded_name, Contract.reference)
        query = query.where(sa.or_(Provider.found_by(text), by_words, found_by(text, item.reference)))
    return query.order_by(figure.confirmed_at, ActualException.id)


def _is_unknown() -> sa.ColumnElement[bool]:
    """It waits, was never worked out, and its contract cannot be calculated."""
    fault = CalculationFault
    has_fault = select(fault.id).where(fault.contract_id == CarePackageLineItem.contract_id).exists()
    return sa.and_(ActualException.state == ExceptionState.OPEN, ActualException.pence == 0, has_fault)


def in_queue() -> Select[int]:
    """Ids of those that wait, in the order of the queue: the one after this is the next."""
    query = _joined(select(ActualException.id)).where(ActualException.state == ExceptionState.OPEN)
    return query.order_by(ConfirmedActual.confirmed_at, ActualException.id)


def numbered(exception_id: int) -> Select[ActualException]:
    return select(ActualException).where(ActualException.id == exception_id)


def several(ids: Collection[int]) -> Select[ActualException]:
    """In order of provider, as their locks are taken; read anew, since an act that was refused leaves in memory what it
    had tried.
    """
    query = select(ActualException).where(ActualException.id.in_(ids)).execution_options(populate_existing=True)
    return query.order_by(ActualException.provider_id, ActualException.id)


def of_action(action_id: int) -> Select[ActualException]:
    """The exceptions because of which this action asks for a variation."""
    return select(ActualException).where(ActualException.action_id == action_id).order_by(ActualException.id)


def figures_of(item_id: int, first_on: object) -> Select[ConfirmedActual]:
    """All that was ever confirmed of one line item's week, the first first."""
    own = ConfirmedActual.item_id == item_id, ConfirmedActual.first_on == first_on
    return select(ConfirmedActual).where(*own).order_by(ConfirmedActual.number)


def waiting() -> Select:
    """The exceptions that wait for the council, counted with what hangs on them: see models.waiting."""
    count, since = func.count(ActualException.id), func.min(ConfirmedActual.confirmed_at)
    return _joined(waits(WAITING, count, since, sum_of(ActualException.pence))).where(
        ActualException.state == ExceptionState.OPEN
    )
