"""Finding a provider's payments on its own bank statement; amounts are whole pence.

A credit is a payment where its sum is that of the payment, or of all that came from the council on one bank day, within
a few days of it. One that only names a payment, and is less, is that payment, short of the rest. Each credit is used
once.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from models.accounts.user import User
from models.payments.received import Mark, mark_received
from models.records.provider import Provider
from models.reports.banked import Banked

EARLY, LATE = timedelta(days=1), timedelta(days=5)
"""How far from its bank day a credit may stand: banks book at night, and over weekends."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that came in, as one row of the statement says it."""

    row: int
    on: date
    pence: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found of a payment; without a credit it is missing."""

    part: Banked
    credit: Credit | None = None
    found_pence: int = 0

    @property
    def is_missing(self) -> bool:
        return self.credit is None

    @property
    def short_pence(self) -> int:
        return self.part.pence - self.found_pence if self.credit is not None else 0

    @property
    def is_received(self) -> bool:
        return self.credit is not None and not self.short_pence


@dataclass(frozen=True)
class Outcome:
    first_on: date
    """The days that the statement covers."""
    last_on: date
    matches: tuple[Match, ...]
    others: int = 0
    """Credits that are no payment of ours."""

    @property
    def received(self) -> list[Match]:
        return [match for match in self.matches if match.is_received]

    @property
    def short(self) -> list[Match]:
        return [match for match in self.matches if match.short_pence]

    @property
    def missing(self) -> list[Match]:
        return [match for match in self.matches if match.is_missing]


@dataclass
class _Left:
    """Credits that are not used yet."""

    credits: list[Credit]
    used: set[int] = field(default_factory=set)

    def take(self, pence: int, on: date) -> Credit | None:
        """The one of just this sum that is nearest to the day."""
        fit = [credit for credit in self._near(on) if credit.pence == pence]
        return self._use(min(fit, key=lambda credit: (abs(credit.on - on), credit.row))) if fit else None

    def take_named(self, part: Banked) -> Credit | None:
        """The largest one that names the payment, and is less than it."""
        fit = [credit for credit in self._near(part.bank_on) if credit.pence < part.pence and _names(credit.text, part)]
        return self._use(max(fit, key=lambda credit: (credit.pence, -credit.row))) if fit else None

    def _near(self, on: date) -> list[Credit]:
        near = on - EARLY, on + LATE
        return [each for each in self.credits if each.row not in self.used and near[0] <= each.on <= near[1]]

    def _use(self, credit: Credit) -> Credit:
        self.used.add(credit.row)
        return credit


def match(parts: Sequence[Banked], credits: Sequence[Credit], first_on: date, last_on: date) -> Outcome:
    """`parts`: what was paid, with bank days on the days that the statement covers, from `first_on` to `last_on`. What
    may still be booked after its last day is not called missing.
    """
    left, found = _Left(sorted(credits, key=lambda credit: (credit.on, credit.row))), {}
    looked_for = [part for part in parts if first_on <= part.bank_on <= last_on and not part.is_returned]
    by_day: dict[date, list[Banked]] = defaultdict(list)
    for part in looked_for:
        by_day[part.bank_on].append(part)
    for part in looked_for:
        if (credit := left.take(part.pence, part.bank_on)) is not None:
            found[part.payment_id, part.run_id] = Match(part, credit, part.pence)
    for on, of_day in by_day.items():
        rest = [part for part in of_day if (part.payment_id, part.run_id) not in found]
        credit = left.take(sum(part.pence for part in rest), on) if len(rest) > 1 else None
        if credit is not None:
            found |= {(part.payment_id, part.run_id): Match(part, credit, part.pence) for part in rest}
    for part in looked_for:
        key = part.payment_id, part.run_id
        if key not in found and (credit := left.take_named(part)) is not None:
            found[key] = Match(part, credit, credit.pence)
    matches = [found.get((part.payment_id, part.run_id)) or Match(part) for part in looked_for]
    told = [each for each in matches if not each.is_missing or each.part.bank_on + LATE <= last_on]
    return Outcome(first_on, last_on, tuple(told), len(left.credits) - len(left.used))


def _names(text: str, part: Banked) -> bool:
    words = set(re.split(r"[^0-9a-z]+", text.casefold()))
    named = part.reference.casefold(), part.bank_reference.casefold()
    return any(name and (name in words or " " in name and name in text.casefold()) for name in named)


def keep_found(provider: Provider, outcome: Outcome, *, by: User) -> None:
    """Keep what was found of each payment; of the statement nothing else is kept."""
    marks = [
        Mark(each.part.payment_id, each.part.run_id, each.found_pence, each.credit.on)
        for each in outcome.matches
        if each.credit is not None and each.part.run_id is not None
    ]
    mark_received(provider, marks, by=by)
