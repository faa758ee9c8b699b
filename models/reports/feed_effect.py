"""What a feed changes in money, in sentences."""

from models.calendar import Span
from models.money import gbp, gbp_signed
from models.records.feed import Effect
from models.words import how_many

NAMED = 10
"""Contracts that a sentence names."""


def effect_words(effect: Effect) -> list[str]:
    """What changes, a sentence each, as `./portal feed check` and the council's pages say it."""
    begun, to_come, told = effect.begun, effect.to_come, []
    if begun.payments:
        told.append(f"{_many(begun.payments)} by {gbp_signed(begun.pence)}{_largest(effect)}.")
    if to_come.payments:
        largest = "" if begun.payments else _largest(effect)
        told.append(f"{_many(to_come.payments, ' to come')} by {gbp_signed(to_come.pence)}{largest}.")
    if effect.broken:
        told.append(
            f"{how_many(len(effect.broken), 'contract')} could no longer be calculated: {_some(effect.broken)}."
        )
    if effect.unknown:
        told.append(
            f"{how_many(len(effect.unknown), 'contract')} cannot be calculated, so what changes there is not known: "
            f"{_some(effect.unknown)}."
        )
    return told or ["No payment changes."]


def _some(references: tuple[str, ...]) -> str:
    more = f" and {len(references) - NAMED} more" if len(references) > NAMED else ""
    return f"{', '.join(references[:NAMED])}{more}"


def _many(payments: int, which: str = "") -> str:
    """48 payments change, 1 payment to come changes."""
    return f"{how_many(payments, 'payment')}{which} {'changes' if payments == 1 else 'change'}"


def _largest(effect: Effect) -> str:
    if not effect.largest:
        return ""
    first = effect.largest[0]
    sums = f"{gbp(first.before_pence)}, now {gbp(first.after_pence)}"
    if (effect.begun.payments or effect.to_come.payments) == 1:
        return f": contract {first.contract}, {Span(first.first_on, first.last_on).words()}, {sums}"
    return f"; the largest is contract {first.contract}, {Span(first.first_on, first.last_on).words()}: {sums}"
