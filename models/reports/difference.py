"""Why a payment differs from the payment of the same contract before it: reasons with pence, which add up exactly.

For several payments at once in two statements: which payments stand before them, and one that adds up their lines by
reason in SQL (models/reports/reasons.py), so that it gives a handful of rows however many people are paid for.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import aliased

from models.base import session
from models.calendar import Span
from models.money import gbp
from models.payments.confirmation import Processing
from models.payments.payment import ScheduledPayment
from models.payments.standing import Standing, Stands, facts, standings_of, which
from models.records.client import masked_name
from models.reports.reason_kind import Kind
from models.reports.reasons import sums_of
from models.statements import built_once

P = ScheduledPayment
MOST = 3
"""How many reasons a sentence names before it says how many more there are."""
PLANNED_GAP = 2
"""How far a plan may be from proportional to its days by rounding alone, in pence a person and day."""


@dataclass(frozen=True)
class Reason:
    """One reason, and what it makes of the difference: pence, VAT included."""

    kind: Kind
    now_pence: int
    was_pence: int
    people: int = 0
    """How many people it is about; 0 where that is not known."""
    person: str = ""
    """The one person whom it is about, masked as on a payment: S, Bart (C2000020)."""
    name: str = ""
    """Of an allowance."""
    on: date | None = None
    """The day of a claim."""
    days: int = 0
    """How many days the payment is for more than the one before."""
    in_month: bool = False
    """Both payments are for calendar months."""

    @property
    def pence(self) -> int:
        return self.now_pence - self.was_pence

    @property
    def is_gone(self) -> bool:
        """Only the payment before had it."""
        return self.now_pence == 0

    def words(self, ours: bool = False) -> str:
        """What it says, without the pence: "your claim of 17 November". `ours`: the council reads it."""
        if self.kind in _OF_PEOPLE:
            one, several = _OF_PEOPLE[self.kind]
            return f"{self.person or '1 person'} {one}" if self.people == 1 else f"{self.people} people {several}"
        about = f" for {self.person}" if self.person else f", {self.people} people" if self.people > 1 else ""
        past = f" {_PAST[self.kind]} last time" if self.is_gone and self.kind in _PAST else ""
        return f"{self._what(ours)}{about}{past}"

    def _what(self, ours: bool) -> str:
        match self.kind:
            case Kind.ABSENCE if self.pence > 0:
                return "fewer days of absence"
            case Kind.DAYS:
                count = abs(self.days)
                which = f"{count} day{'' if count == 1 else 's'} {'less' if self.days < 0 else 'more'}"
                return f"{which} in the {'month' if self.in_month else 'period'}"
            case Kind.ALLOWANCE:
                return self.name
            case Kind.CLAIM if self.on:
                return f"{'the' if ours else 'your'} claim of {self.on.day} {self.on:%B}"
            case Kind.ADJUSTMENT:
                return f"an adjustment by {'us' if ours else 'the council'}"
        return self.kind.label


_OF_PEOPLE = {
    Kind.NEW: ("is new", "new"),
    Kind.GONE: ("has left", "gone"),
    Kind.BLOCKED: ("waits to be paid for", "who wait to be paid for"),
}
"""What is said of one person, and of several."""
_PAST = {Kind.ALLOWANCE: "was paid", Kind.CLAIM: "was paid", Kind.ADJUSTMENT: "was made", Kind.EARLIER: "were made",
         Kind.INVOICE: "were paid"}  # fmt: skip
"""What is said of it where only the payment before had it."""


@dataclass(frozen=True)
class Difference:
    """How a payment differs from the one before, which is `before`; the reasons by their weight in pence."""

    before: Span
    pence: int
    """How much more it is than the payment before; VAT included."""
    reasons: tuple[Reason, ...]

    @property
    def is_same(self) -> bool:
        return not self.reasons

    @property
    def head(self) -> str:
        """How a sentence about it begins: £284.30 more."""
        if self.is_same:
            return f"The same as {self.before.short}"
        if self.pence == 0:
            return f"As much as {self.before.short}, made up differently"
        return f"{gbp(abs(self.pence))} {'more' if self.pence > 0 else 'less'}"

    @property
    def told(self) -> tuple[Reason, ...]:
        """The reasons that a sentence names, the greatest first."""
        return self.reasons[:MOST]

    @property
    def more(self) -> int:
        """How many it does not name."""
        return len(self.reasons) - len(self.told)

    @property
    def rest_pence(self) -> int:
        """What those come to together."""
        return sum(reason.pence for reason in self.reasons[MOST:])

    def sentence(self, ours: bool = False) -> str:
        """£284.30 more: Kai's birthday £239.60, your claim of 17 November £44.70"""
        told = ", ".join(f"{reason.words(ours)} {gbp(reason.pence)}" for reason in self.told)
        more = f", and {self.more} more {gbp(self.rest_pence)}" if self.more else ""
        return f"{self.head}: {told}{more}" if told else self.head


class Paid(Protocol):
    """A payment, or a row of a list of them."""

    @property
    def id(self) -> int: ...


def differences(payments: Iterable[Paid]) -> dict[int, Difference]:
    """Why each differs from the payment of its contract before it, by its id. Those with none before are left out. Two
    statements.
    """
    rows = session.execute(_with_ids(), {"ids": [payment.id for payment in payments]})
    return told_of(row for row in rows if row.then_id is not None)


@built_once
def _with_ids() -> sa.Select:
    of_ids = P.id.in_(sa.bindparam("ids", expanding=True))
    return with_before(select(P.id.label("id"), P.contract_id, P.first_on, P.last_on).where(of_ids))


@built_once
def _facts_and_before() -> sa.Select:
    return with_before(facts())


def with_before(query: sa.Select) -> sa.Select:
    """A query of payments with the columns beside that `told_of` reads of each and of the payment before it."""
    then = aliased(P)
    return query.add_columns(
        P.total_pence.label("pence"), P.processing.label("state"),
        then.id.label("then_id"), then.first_on.label("then_first_on"), then.last_on.label("then_last_on"),
        then.total_pence.label("then_pence"), then.processing.label("then_state"),
    ).outerjoin(then, then.id == P.id_before)  # fmt: skip


def told_of(rows: Iterable[Any]) -> dict[int, Difference]:
    """As `differences`, of rows `with_before` that have one. One statement."""
    pairs = {row.id: row for row in rows}
    if not pairs:
        return {}
    found: dict[int, list[Reason]] = defaultdict(list)
    ids_of_both = list({*pairs, *(row.then_id for row in pairs.values())})
    for row in session.execute(sums_of(), {"ids": list(pairs), "ids_of_both": ids_of_both}):
        found[row.of].extend(_reasons(row, pairs[row.of]))
    return {id_: _difference(pair, found[id_]) for id_, pair in pairs.items()}


class Told:
    """How one payment stands, and why it differs from the one before: what both rest on is read once."""

    def __init__(self, payment: Stands) -> None:
        rows = session.execute(_facts_and_before(), which([payment])).all()
        self.standing: Standing = standings_of(rows)[payment.id]
        self._pair = next(row for row in rows if row.id == payment.id)

    @cached_property
    def difference(self) -> Difference | None:
        """None where the contract has no payment before it. One statement."""
        return told_of([self._pair]).get(self._pair.id) if self._pair.then_id is not None else None


def _spans(pair: Any) -> tuple[Span, Span]:
    return Span(pair.first_on, pair.last_on), Span(pair.then_first_on, pair.then_last_on)


def _is_planned(pair: Any) -> bool:
    """One of the two has not begun, so that it is known what is planned for it, but not row by row."""
    return Processing.FUTURE in (pair.state, pair.then_state)


def _reasons(row: Any, pair: Any) -> Iterable[Reason]:
    """What a row of sums says: care and what is taken off it may differ for two reasons, and a new price may come with
    other days.
    """
    now, then = _spans(pair)
    person = masked_name(row.surname, row.first_name, row.client_reference) if row.client_reference else ""
    about = Reason(
        Kind(row.kind), row.now - row.days_pence, row.was, row.people, person, row.name or "", row.on,
        now.days - then.days, now.is_whole_month and then.is_whole_month,
    )  # fmt: skip
    if about.kind is Kind.SHARED and about.in_month:
        about = replace(about, kind=Kind.PART)
    yield about
    if row.days_pence:
        yield replace(about, kind=Kind.DAYS, now_pence=row.days_pence, was_pence=0)
    if row.cut_kind is not None:
        kind = about.kind if row.cut_kind == row.kind else Kind(row.cut_kind)
        people = 0 if kind is about.kind else row.people
        yield replace(about, kind=kind, now_pence=row.cut_now, was_pence=row.cut_was, people=people)


def _difference(pair: Any, reasons: list[Reason]) -> Difference:
    pence = pair.pence - pair.then_pence
    found = [reason for reason in reasons if not (_is_planned(pair) and reason.kind.is_by_days)]
    rest = pence - sum(reason.pence for reason in found)
    if rest:
        found.append(_rest(pair, rest, found) if _is_planned(pair) else Reason(Kind.OTHER, rest, 0))
    merged = sorted(_merged(found), key=lambda reason: (-abs(reason.pence), reason.kind, reason.name, str(reason.on)))
    return Difference(_spans(pair)[1], pence, tuple(merged))


def _rest(pair: Any, rest: int, found: Iterable[Reason]) -> Reason:
    """What days that have not begun make of the difference: that there are more or fewer of them, if that explains it;
    else that something else is planned.
    """
    now, then = _spans(pair)
    was = pair.then_pence - sum(reason.was_pence for reason in found)
    gap = abs((was + rest) * then.days - was * now.days)
    is_days = now.days != then.days and gap <= PLANNED_GAP * max(now.days, then.days) * max(1, was // 1_000)
    kind = Kind.DAYS if is_days else Kind.PLANNED
    in_month = now.is_whole_month and then.is_whole_month
    return Reason(kind, rest, 0, days=now.days - then.days, in_month=in_month)


def _merged(reasons: Iterable[Reason]) -> Iterable[Reason]:
    """One of each kind, name and day; what comes to nothing is none. What only one of the payments has of earlier days
    or by hand is told apart from what the other has.
    """
    by_key: dict[tuple[Any, ...], Reason] = {}
    for reason in reasons:
        key = (reason.kind, reason.name, reason.on, reason.kind.is_one_sided and reason.is_gone)
        one = by_key.get(key)
        by_key[key] = _both(one, reason) if one else reason
    return (reason for reason in by_key.values() if reason.pence)


def _both(one: Reason, other: Reason) -> Reason:
    people = one.people + other.people
    return replace(
        one,
        now_pence=one.now_pence + other.now_pence, was_pence=one.was_pence + other.was_pence, people=people,
        person=one.person or other.person if people == 1 else "",
    )  # fmt: skip
