"""A variation of a care package that is asked of brokerage, because what is delivered is not what was bought."""

from sqlalchemy import select

from models.accounts.conflict import insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, session
from models.calendar import in_words
from models.correspondence.action import Action
from models.correspondence.action_verbs import ask_team
from models.correspondence.asked_about import Asked
from models.money import number
from models.permissions import CouncilRole
from models.pricing import Unit
from models.records.actual import ActualException, ConfirmedActual
from models.records.care_package import CarePackageLineItem
from models.records.contract import ServiceLevel
from models.records.provider import Provider


def text_for(exception: ActualException) -> str:
    """What the action begins with: the figures of the week, and what was said of them. It names no client: the action
    is linked with the care package.
    """
    figure, level = _figure(exception), ServiceLevel
    unit, name = session.execute(
        select(level.unit, level.name)
        .join(CarePackageLineItem, CarePackageLineItem.service_level_id == level.id)
        .where(CarePackageLineItem.id == figure.item_id)
    ).one()
    said = f" The provider says: “{figure.comment}”" if figure.comment else ""
    return (
        f"{name}, week from {in_words(figure.first_on)}: planned {_units(figure.planned_e4, unit)}, delivered "
        f"{_units(figure.actual_e4, unit)}.{said} Please vary the care package, or say why it stays."
    )


def ask_variation(exception: ActualException, text: str, *, by: User) -> Action:
    """Ask brokerage, in an action about the care package. The exception stays as it is, and knows of the action.
    DomainError where it was asked before.
    """
    insist_on_none(by, [exception.provider_id])
    item = session.scalars(CarePackageLineItem.numbered(_figure(exception).item_id)).one()
    provider = session.scalars(Provider.numbered(exception.provider_id)).one()
    asked = Asked(title="Variation").with_item(item)
    action = ask_team(asked, provider, CouncilRole.BROKERAGE, text=text, by=by)
    if not move(exception, ActualException.action_id.is_(None), action_id=action.id):
        raise DomainError("A variation has been asked for already. Look at it again")
    record("actual_exception.variation_asked", exception, by=by, asked_in=action.id)
    return action


def _figure(exception: ActualException) -> ConfirmedActual:
    return session.scalars(select(ConfirmedActual).where(ConfirmedActual.id == exception.confirmed_id)).one()


def _units(quantity_e4: int, unit: Unit) -> str:
    words = number(quantity_e4)
    return f"{words} {unit.value}{'' if words == '1' else 's'}"
