"""What a run takes back of a payment, and what it leaves owed. Pure: no database; amounts are pence, VAT included.

Rules: design.md section 7, *Recoveries and debts*.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Taken:
    """What the lines that a run takes of one payment come to, for one client and one period."""

    client_id: int | None
    """None for one-off claims."""
    period: date | None
    """The first day of the period that they are for; None for an adjustment that is for no earlier days."""
    pence: int
    is_late: bool = False
    """The period lies before the payment's own, or some of it was finalised before."""
    is_paid_before: bool = False
    """Something was finalised before of this client and period: below £0.00, it is a recovery."""
    recovered_pence: int = 0
    """What earlier runs have taken back of this client and period, and did not give back."""


@dataclass(frozen=True, slots=True)
class Owed:
    """How a contract stands before a run takes a payment."""

    debt_pence: int = 0
    written_off_pence: int = 0
    """Of earlier debts, and not taken back."""
    cap_pence: int | None = None
    """What is left of the instalment for this payment; None where no plan was agreed."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a run does with one payment: to the bank go the sum taken + carried - brought, never below £0.00."""

    taken_pence: int = 0
    carried_pence: int = 0
    """Added to what is owed."""
    brought_pence: int = 0
    """Taken for what is owed."""
    reinstated_pence: int = 0
    """Of an earlier write-off, which is owed again, and part of `brought_pence`."""
    recovered_pence: int = 0
    """What counts towards the instalment of this payment."""

    @property
    def bank_pence(self) -> int:
        return self.taken_pence + self.carried_pence - self.brought_pence

    @property
    def debt_change_pence(self) -> int:
        """How the debt moves; what is reinstated of a write-off comes and goes."""
        return self.carried_pence + self.reinstated_pence - self.brought_pence


def settle(parts: Iterable[Taken], owed: Owed) -> Settlement:
    """Keep the payment at £0.00 or more and within the instalment; take what is owed of the rest."""
    parts = list(parts)
    taken = sum(part.pence for part in parts)
    recovery, given_back = _of_earlier_days(parts)
    above_cap = max(recovery - owed.cap_pence, 0) if owed.cap_pence is not None else 0
    carried = max(-taken, above_cap, 0)
    if carried:
        return Settlement(taken, carried, recovered_pence=max(recovery - carried, 0))
    reinstatable = min(max(given_back - owed.debt_pence, 0), owed.written_off_pence)
    room = taken if owed.cap_pence is None else owed.cap_pence - recovery + given_back
    brought = max(min(owed.debt_pence + reinstatable, room, taken), 0)
    return Settlement(
        taken,
        brought_pence=brought,
        reinstated_pence=max(brought - owed.debt_pence, 0),
        recovered_pence=recovery + max(brought - given_back, 0),
    )


def _of_earlier_days(parts: Iterable[Taken]) -> tuple[int, int]:
    """What is taken back, and what gives back an earlier recovery. Late money of the same client is netted first."""
    back: dict[int | None, int] = defaultdict(int)
    late: dict[int | None, int] = defaultdict(int)
    again: dict[int | None, int] = defaultdict(int)
    for part in parts:
        if part.pence < 0 and part.is_paid_before:
            back[part.client_id] -= part.pence
        elif part.pence > 0 and part.is_late:
            late[part.client_id] += part.pence
            again[part.client_id] += min(part.pence, part.recovered_pence)
    recovery = sum(max(pence - late[client], 0) for client, pence in back.items())
    given_back = sum(min(pence, max(late[client] - back[client], 0)) for client, pence in again.items())
    return recovery, given_back
