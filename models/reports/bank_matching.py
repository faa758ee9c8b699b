"""Finding a provider's payments on its own bank statement; amounts are whole pence.

A credit is a payment where its sum is that of the payment, of all payments of its remittance, or of all that came from
the council on one bank day, within a few days of it. Of several that fit, the one counts whose text names the
remittance, else what the bank is to show or the contract, else the council; one that names another remittance is none.
One that only names a payment, and is less, is that payment, short of the rest. Each credit is used once.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum

from models.accounts.user import User
from models.payments.received import Mark, mark_received
from models.records.provider import Provider
from models.reports.banked import Banked
from models.words import Choice

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


class _Named(IntEnum):
    """What the text of a credit names, the surest first."""

    REMITTANCE = 0
    REFERENCE = 1
    """What the finance system says the bank shows, or the contract."""
    PAYER = 2
    NOTHING = 3
    ANOTHER = 4
    """Another remittance: it is no payment of this one."""


@dataclass
class _Left:
    """Credits that are not used yet. `payer`: whose money it is, in the payer's words; `remittances`: all of ours that
    a credit may name.
    """

    credits: list[Credit]
    payer: str
    remittances: set[str]
    used: set[int] = field(default_factory=set)

    def take(self, parts: Sequence[Banked], worst: _Named) -> Credit | None:
        """The one of just the sum of these payments of one bank day that names them best, and is nearest to the day;
        none that names them worse than so.
        """
        on, pence = parts[0].bank_on, sum(part.pence for part in parts)
        fit = [
            (named, abs(credit.on - on), credit.row, credit)
            for credit in self._near(on)
            if credit.pence == pence and (named := min(self._named(credit, part) for part in parts)) <= worst
        ]
        return self._use(min(fit)[-1]) if fit else None

    def take_named(self, part: Banked) -> Credit | None:
        """The one that names the payment best and is less than it; of several the largest."""
        fit = [
            (named, -credit.pence, credit.row, credit)
            for credit in self._near(part.bank_on)
            if credit.pence < part.pence and (named := self._named(credit, part)) <= _Named.REFERENCE
        ]
        return self._use(min(fit)[-1]) if fit else None

    def _named(self, credit: Credit, part: Banked) -> _Named:
        text = f" {_plain(credit.text)} "
        if _is_in(part.remittance, text):
            return _Named.REMITTANCE
        if any(_is_in(name, text) for name in self.remittances):
            return _Named.ANOTHER
        if _is_in(part.bank_reference, text) or _is_in(part.reference, text):
            return _Named.REFERENCE
        return _Named.PAYER if _is_in(self.payer, text) else _Named.NOTHING

    def _near(self, on: date) -> list[Credit]:
        near = on - EARLY, on + LATE
        return [each for each in self.credits if each.row not in self.used and near[0] <= each.on <= near[1]]

    def _use(self, credit: Credit) -> Credit:
        self.used.add(credit.row)
        return credit


def _plain(text: str) -> str:
    """In small letters and digits, with a space for all else."""
    return " ".join(re.findall(r"[0-9a-z]+", text.casefold()))


def _is_in(name: str, text: str) -> bool:
    """Whether the text, plain and between spaces, has the name as whole words; a bank may drop what is between them."""
    words = _plain(name)
    return bool(words) and (f" {words} " in text or f" {words.replace(' ', '')} " in text)


def match(
    parts: Sequence[Banked], credits: Sequence[Credit], first_on: date, last_on: date, *, payer: str = ""
) -> Outcome:
    """`parts`: what was paid around the days that the statement covers, from `first_on` to `last_on`; those with a bank
    day among them are looked for. `payer`: what the council is called. What may still be booked after its last day is
    not called missing.
    """
    looked_for = [part for part in parts if first_on <= part.bank_on <= last_on and not part.is_returned]
    in_order = sorted(credits, key=lambda credit: (credit.on, credit.row))
    left = _Left(in_order, payer, {part.remittance for part in parts if part.is_paid})
    search = _Search(looked_for, left)
    search.run()
    matches = [search.found.get(_key(part)) or Match(part) for part in looked_for]
    told = [each for each in matches if not each.is_missing or is_due(each.part, last_on)]
    return Outcome(first_on, last_on, tuple(told), len(left.credits) - len(left.used))


@dataclass
class _Search:
    parts: Sequence[Banked]
    left: _Left
    found: dict[tuple[int, int | None], Match] = field(default_factory=dict)

    def run(self) -> None:
        """Each payment by itself, the surest first; then several in one credit; then those that came short."""
        for worst in (_Named.REMITTANCE, _Named.REFERENCE, _Named.PAYER, _Named.NOTHING):
            for part in self._rest():
                self._take([part], worst)
        for of_remittance in (True, False):
            for group in _groups(self._rest(), of_remittance=of_remittance):
                self._take(group, _Named.NOTHING)
        for part in self._rest():
            if (credit := self.left.take_named(part)) is not None:
                self.found[_key(part)] = Match(part, credit, credit.pence)

    def _rest(self) -> list[Banked]:
        return [part for part in self.parts if _key(part) not in self.found]

    def _take(self, group: Sequence[Banked], worst: _Named) -> None:
        if (credit := self.left.take(group, worst)) is not None:
            self.found |= {_key(part): Match(part, credit, part.pence) for part in group}


def _groups(parts: Iterable[Banked], *, of_remittance: bool) -> Iterator[list[Banked]]:
    """Several of one bank day; of one remittance, or all."""
    groups: dict[tuple[date, str], list[Banked]] = defaultdict(list)
    for part in parts:
        groups[part.bank_on, part.remittance if of_remittance else ""].append(part)
    return (group for group in groups.values() if len(group) > 1)


def _key(part: Banked) -> tuple[int, int | None]:
    return part.payment_id, part.run_id


def is_due(part: Banked, last_on: date) -> bool:
    """A bank would have booked it by that day."""
    return part.bank_on + LATE <= last_on


class Finding(Choice):
    """What a provider's own statements say of a payment."""

    RECEIVED = "Received"
    SHORT = "Short"
    MISSING = "Missing"
    NOT_YET = "May still come"
    RETURNED = "Returned by the bank"


def finding_of(part: Banked, last_on: date) -> Finding:
    """As marks that were kept say it, of statements up to that day."""
    if part.is_returned:
        return Finding.RETURNED
    if part.received_pence:
        return Finding.SHORT if part.short_pence else Finding.RECEIVED
    return Finding.MISSING if is_due(part, last_on) else Finding.NOT_YET


def keep_found(provider: Provider, outcome: Outcome, *, by: User) -> None:
    """Keep what was found of each payment; of the statement nothing else is kept."""
    marks = [
        Mark(each.part.payment_id, each.part.run_id, each.found_pence, each.credit.on)
        for each in outcome.matches
        if each.credit is not None and each.part.run_id is not None
    ]
    mark_received(provider, marks, by=by)
