"""What an event would change in payments, in sentences, before an action about it is sent."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models.base import session
from models.calendar import DAY, in_words
from models.correspondence.action_type import ActionType, CareEvent
from models.money import gbp
from models.payments.what_if import WhatIf, away, ends, what_if
from models.records.contract import Contract

PREVIEWED = (CareEvent.DEATH, CareEvent.HOSPITAL, CareEvent.LEFT)
SHOWN = 3
"""Payments that are named."""


@dataclass(frozen=True)
class Preview:
    """What would follow, in sentences, and the first payments that change: contract, days, pence now and then."""

    sentences: tuple[str, ...]
    rows: tuple[tuple[str, str, int, int], ...] = ()
    more: int = 0
    """How many payments more change."""


def preview(
    type_: ActionType | None, provider_id: int, client_id: int | None, first: date | None, last: date | None
) -> Preview | None:
    """What the event that the type reports would change, of the client at the provider: it is worked out by the rules
    that the type has, and the council decides. None where there is nothing to work out.
    """
    if type_ is None or type_.event not in PREVIEWED or client_id is None or first is None:
        return None
    if type_.event is CareEvent.HOSPITAL:
        if last == first:
            return Preview(("Back on the same day, so no day is away: no payment changes.",))
        percent = type_.pay_percent or 0
        last_away = last - DAY if last is not None else None
        found = what_if(provider_id, client_id, away(first, last_away, percent))
        until = f" to {in_words(last_away)}" if last_away else ""
        said = f"{'No fee' if not percent else f'{percent} % of the fee'} from {in_words(first)}{until}"
    else:
        last_paid = first + (type_.days_paid or 0) * DAY
        found = what_if(provider_id, client_id, ends(last_paid, first))
        said = f"No fee from {in_words(last_paid + DAY)}"
    if found is None:
        return Preview(("What follows for your payments cannot be worked out just now.",))
    if not found.payments and not found.back_pence:
        return Preview((f"{said}: no payment changes.",))
    return Preview((_sentence(said, found.back_pence),), _rows(found), max(len(found.payments) - SHOWN, 0))


def _sentence(said: str, back_pence: int) -> str:
    if back_pence > 0:
        return f"{said}: {gbp(back_pence)} that was paid comes back."
    return f"{said}: {gbp(-back_pence)} more is paid for earlier days." if back_pence else f"{said}."


def _rows(found: WhatIf) -> tuple[tuple[str, str, int, int], ...]:
    first = found.payments[:SHOWN]
    ids = {each.contract_id for each in first}
    names = dict(session.execute(select(Contract.id, Contract.name).where(Contract.id.in_(ids))).all())
    return tuple((names[each.contract_id], each.span.short, each.now_pence, each.then_pence) for each in first)
