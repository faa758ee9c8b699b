"""Facts in few words, and what the engine makes of them in sentences: see test_examples.py.

A day is "11 Sep" (of 2019, unless it says the year), money is pence, written pounds_pence: 353_08.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models.agreed_terms import AgreedAllowance, AgreedPrice, AgreedQuantity, AgreedTerms
from models.calendar import DAY, FAR_FUTURE, FinancialYear, Frequency, Span, WorkingDays
from models.engine.component import Component
from models.engine.draft import Draft, OrderKey, OrderSum, Settled, Source
from models.engine.facts import ContractFacts, Dated, DueSum, ItemFacts, Quantity, Terms
from models.engine.periods import lay_out
from models.engine.reckoning import Reckoning, reckon
from models.engine.working import Expected, Slice
from models.money import SCALE, number, parse_e4, plain
from models.pricing import Basis, Convention, DeductionKind, Unit
from models.records.contract import Calendar, CalendarOverride, PaymentMethod
from models.words import how_many

WEEKS = Calendar(
    frequency=Frequency.WEEKLY, anchor_on=date(2019, 2, 4), confirm_by_days=5, finalise_days=6, bank_days=11,
    overrides=[],
)  # fmt: skip
"""From Monday to Sunday, and finalised on that."""
IN_ADVANCE = Calendar(
    frequency=Frequency.WEEKLY, anchor_on=date(2019, 2, 4), confirm_by_days=-5, finalise_days=-3, bank_days=0,
    overrides=[],
)  # fmt: skip
"""The same weeks, each finalised on the Friday before it begins."""


def early(period: str, finalise_on: str) -> Calendar:
    """WEEKS, of which one is finalised on another day."""
    moved = CalendarOverride(period_first_on=day(period), finalise_on=day(finalise_on))
    return Calendar(
        frequency=Frequency.WEEKLY, anchor_on=date(2019, 2, 4), confirm_by_days=5, finalise_days=6, bank_days=11,
        overrides=[moved],
    )  # fmt: skip


CLIENTS = {"Ann": 1, "Bob": 2}
NAMES = {id_: name for name, id_ in CLIENTS.items()}


def day(text: str) -> date:
    return datetime.strptime(text if text[-1].isdigit() else f"{text} 2019", "%d %b %Y").date()  # noqa: DTZ007


def dated(value: object, first: str = "1 Jan", last: str | None = None) -> Dated:
    """What holds from one day to another, both included."""
    return Dated(day(first), day(last) if last else FAR_FUTURE, value)


def price(pence: int, first: str = "1 Jan", last: str | None = None) -> Dated:
    return dated(pence * 100, first, last)


def hours(weekly: str, monday_to_sunday: str = "") -> Dated:
    """Hours a week, and of each day where there is a timetable."""
    return dated(Quantity(parse_e4(weekly), tuple(map(parse_e4, monday_to_sunday.split())) or None))


def item(
    *prices: Dated, client: str = "Ann", first: str = "1 Jan", last: str | None = None, unit: Unit = Unit.WEEK,
    convention: Convention = Convention.INCLUSIVE, vat_percent: int = 0, quantity: Dated | None = None,
    absence: Dated | None = None, contribution: Dated | None = None, top_up: Dated | None = None,
    allowance: tuple[str, int] | None = None, authorised_on: str | None = "1 Jan", is_suspended: bool = False,
    agreed: AgreedTerms | None = None,
) -> ItemFacts:  # fmt: skip
    """A care package line item, at £70.00 a week (£10.00 a day) unless it says otherwise.

    An absence is given as the per cent that are paid, an allowance as the day on which it is due and its pence.
    A contribution is taken off where the method is Net, a top-up whatever the method.
    """
    terms = Terms(
        day(first), day(last) if last else FAR_FUTURE, unit, convention, vat_basis_points=vat_percent * 100,
        prices=prices or (price(70_00),), quantities=(quantity,) if quantity else (),
        absences=(absence,) if absence else (), deductions=((DeductionKind.TOP_UP, top_up),) if top_up else (),
    )  # fmt: skip
    id_ = CLIENTS[client]
    return ItemFacts(
        id_, id_, "Care", terms, ((DeductionKind.CONTRIBUTION, contribution),) if contribution else (),
        [DueSum(id_, "Birthday", day(allowance[0]), allowance[1])] if allowance else [],
        day(authorised_on) if authorised_on else None, is_suspended, agreed,
    )  # fmt: skip


def agreed(
    *prices: tuple[int, str, str | None], first: str = "1 Jan", last: str | None = None, unit: Unit = Unit.WEEK,
    hours: str = "", allowance: tuple[str, int] | None = None,
) -> AgreedTerms:  # fmt: skip
    """What was agreed: at £70.00 a week unless prices (pence, first day, last day) say otherwise."""
    found = prices or ((70_00, "1 Jan", None),)
    return AgreedTerms(
        "Care", day(first), day(last) if last else None, unit, Convention.INCLUSIVE,
        tuple(AgreedPrice(day(begin), day(end) if end else None, pence * 100) for pence, begin, end in found),
        (AgreedQuantity(day("1 Jan"), None, parse_e4(hours)),) if hours else (), (),
        (AgreedAllowance(CLIENTS["Ann"], "Birthday", day(allowance[0]), allowance[1]),) if allowance else (),
    )  # fmt: skip


def claim(trip_on: str, pence: int, decided_on: str | None) -> tuple[DueSum, date | None]:
    return DueSum(1, "Mileage", day(trip_on), pence), day(decided_on) if decided_on else None


def adjustment(for_day: str, pence: int, client: str = "Ann") -> tuple[DueSum, int]:
    return DueSum(1, "Put right", day(for_day), pence), CLIENTS[client]


def paid(what: Component, first: str, last: str, pence: int, vat: int = 0, client: str = "Ann") -> tuple[Any, ...]:
    """What has been finalised for one cell."""
    id_ = CLIENTS[client]
    source = {
        Component.ALLOWANCE: Source(id_, allowance_id=id_),
        Component.CLAIM: Source(claim_item_id=1),
        Component.ADJUSTMENT: Source(adjustment_id=1),
    }.get(what, Source(id_))
    return source, (what, day(first)), Settled(day(last), pence, vat)


def cell(what: Component, first: str, client: str = "Ann") -> tuple[Any, ...]:
    """A cell by which a draft is known."""
    source, (_, begins), _ = paid(what, first, first, 0, client=client)
    return source, what, begins


@dataclass(frozen=True)
class Facts:
    """All that is known on one day of one contract that is paid by weeks, from Monday to Sunday."""

    items: list[ItemFacts]
    first: str = "9 Sep"
    """The contract pays from this day ..."""
    last: str = "15 Sep"
    """... to this one."""
    calendar: Calendar = WEEKS
    gross_from: str | None = None
    """Its payment method is Net, and from this day on Gross."""
    today: str = "11 Sep"
    closed: tuple[str, ...] = ()
    """Payments that are finalised."""
    waits_from: str | None = None
    """Payments that begin on this day or later wait for agreements."""
    begun: tuple[str, ...] = ()
    """Payments of which a part is finalised."""
    paid: tuple[tuple[Any, ...], ...] = ()
    claims: tuple[tuple[DueSum, date | None], ...] = ()
    adjustments: tuple[tuple[DueSum, int], ...] = ()
    placed: tuple[tuple[tuple[Any, ...], str], ...] = ()
    """Cells, as `cell` gives them, whose drafts stand in a payment already."""

    def told(self) -> list[str]:
        """What follows, a sentence each. A payment is called by the first day of its week."""
        found = self._reckon()
        return [
            *(_draft(draft) for draft in found.drafts),
            *(f"{_day(first)} plans {_money(net, vat)}" for first, (net, vat) in sorted(found.planned.items())),
            *(f"{_day(first)} waits for {_money(pence, 0)}" for first, pence in sorted(_blocked(found).items())),
            *(line for key in sorted(found.orders, key=str) for line in _order(key, found.orders[key])),
        ]

    def entitled(self) -> int:
        """What everything that is due comes to, in pence with VAT."""
        return self._reckon().entitled_pence

    def _reckon(self) -> Reckoning:
        contract = ContractFacts(
            1, 1, day(self.last), self._methods(), self.items, list(self.claims), list(self.adjustments),
            day(self.waits_from) if self.waits_from else None,
        )  # fmt: skip
        settled: dict[Source, dict[tuple[Component, date], Settled]] = defaultdict(dict)
        for source, cell, sums in self.paid:
            settled[source][cell] = sums
        states = {day(each): (True, False) for each in self.begun} | {day(each): (True, True) for each in self.closed}
        today = day(self.today)
        periods = lay_out(contract, states, today, WorkingDays())
        return reckon(contract, periods, settled, today, {cell: day(where) for cell, where in self.placed})

    def _methods(self) -> list[PaymentMethod]:
        net = PaymentMethod(id=1, calendar=self.calendar, basis=Basis.NET, calculate_from=day(self.first))
        net.ends_on = day(self.last)
        if self.gross_from is None:
            return [net]
        gross = PaymentMethod(id=2, calendar=self.calendar, basis=Basis.GROSS, calculate_from=day(self.gross_from))
        gross.ends_on, net.ends_on = net.ends_on, gross.calculate_from - DAY
        return [net, gross]


def lines(text: str) -> list[str]:
    """The sentences of an example."""
    return [line.strip() for line in text.strip().splitlines()]


def _blocked(found: Reckoning) -> dict[date, int]:
    sums: dict[date, int] = defaultdict(int)
    for (first, _), pence in found.blocked.items():
        sums[first] += pence
    return sums


def _draft(draft: Draft) -> str:
    where = _day(draft.paid_in)
    working = draft.working
    terms = _terms(working.slices)
    if working.is_change:
        net, vat = working.before_net_pence, working.before_vat_pence
        terms = terms or _money(draft.net_pence + net, draft.vat_pence + vat)
        terms += f" - {_money(net, vat)} paid before"
    amount = _amount(draft.net_pence, draft.vat_pence, terms)
    return f"{where} pays {_what(draft.order, draft.component)}, {_days(draft.first, draft.last)}: {amount}"


def _order(key: OrderKey, order: OrderSum) -> Iterator[str]:
    whole = OrderSum()
    whole.add(order)
    name = f"{NAMES.get(key[0], 'One-off claims')} {FinancialYear(key[1])}"
    yield f"{name} is worth {_money(whole.net_pence, whole.vat_pence)}"
    for row in whole.expected:
        yield f"{name} expects {_expected(row)}"


def _expected(row: Expected) -> str:
    part = row.amount
    if isinstance(part, Slice):
        terms = _terms((part,)) + (f" rounded {row.slices} times" if row.slices > 1 else "")
    else:
        terms = "a correction" if part.is_correction else ""
    amount = _amount(part.net_pence, part.vat_pence, terms)
    return f"{row.component.label.lower()}, {_days(part.first, part.last)}: {amount}"


def _amount(net: int, vat: int, terms: str) -> str:
    return _money(net, vat) + (f" = {terms}" if terms else "")


def _terms(slices: tuple[Slice, ...]) -> str:
    if len(slices) == 1:
        return _slice(slices[0])
    return " + ".join(f"{_slice(part)} ({_money(part.net_pence, part.vat_pence)})" for part in slices)


def _slice(part: Slice) -> str:
    """4 days at 70.00, 2 of 7 days at 100.00, 4 nights at 45.56, 7 days of 12.75 hours at 23.10, 5.5 hours at 20.00."""
    unit = "night" if part.unit is Unit.NIGHT else "day"
    units = how_many(part.days, unit)
    if part.shared_with:
        units = f"{part.days} of {how_many(Span(*part.shared_with).days, unit)}"
    if part.is_timetabled:
        units = f"{number(part.quantity_e4)} {part.unit.value}s"
    elif part.quantity_e4 != SCALE:
        units += f" of {number(part.quantity_e4)} {part.unit.value}s"
    return f"{units} at {plain(part.rate_e4 // 100)}" + (f" paid at {part.percent} %" if part.percent != 100 else "")


def _what(order: OrderKey | None, component: Component) -> str:
    words = component.label.lower()
    return f"{NAMES[order[0]]}'s {words}" if order and order[0] else words


def _money(net: int, vat: int) -> str:
    return plain(net) + (f" and VAT {plain(vat)}" if vat else "")


def _days(first: date, last: date) -> str:
    return _day(first) if first == last else f"{_day(first)} to {_day(last)}"


def _day(each: date) -> str:
    return f"{each.day} {each:%b}"
