"""Telling in words how an amount was worked out, from what the calculation stored with each line.

A payment shows one row for each purchase order. A row has sentences. A sentence about several amounts has parts, since
adjoining cells of one source read as one ("10 days, 6 to 15 September, not paid before").
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.billing.quoting import told_part
from models.calendar import DAY, Span
from models.engine.component import DEDUCTIONS, LUMPS, Component
from models.engine.entitlement import month_until
from models.engine.working import Slice, Working
from models.money import SCALE, gbp, gbp_rate, number
from models.pricing import Unit

CARRIED = {
    Component.BROUGHT_FORWARD: "Recovery brought forward from an earlier payment, which was too small for it",
    Component.CARRIED_FORWARD: "Carried forward to your next payment, so that this one is not below £0.00",
}


@dataclass(frozen=True, slots=True)
class Order:
    """The purchase order that a row stands for; `id` is None while it has not been issued."""

    id: int | None
    title: str
    client_reference: str
    client_id: int | None = None
    """None for one-off claims."""
    year: int = 0
    """The calendar year in which its financial year begins."""
    full_name: str = ""
    """What it is found by: Simpson, Bart (C2000020)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A payment line as it is told: of a payment on record, or of a plan."""

    order: Order | None
    component: Component
    source: tuple[int | None, ...]
    first: date
    last: date
    net_pence: int
    vat_pence: int
    working: Working

    @property
    def until(self) -> date:
        """The last of its days; of a week that 1 April cut, the last of the week."""
        return self.working.until(self.last)


@dataclass(frozen=True, slots=True)
class Part:
    """One amount that was rounded once, and how."""

    text: str
    pence: int


@dataclass(slots=True)
class Sentence:
    """What one amount is for, net of VAT, and the days that it is about."""

    text: str
    span: Span
    net_pence: int
    vat_pence: int
    parts: list[Part] = field(default_factory=list)
    is_earlier: bool = False
    """It is about days before the payment's own period."""


@dataclass(slots=True)
class Row:
    """One purchase order in a payment; `order` is None for what is brought or carried forward."""

    order: Order | None
    title: str
    net_pence: int
    vat_pence: int
    sentences: list[Sentence]

    @property
    def order_id(self) -> int | None:
        """None where it has not been issued yet."""
        return self.order.id if self.order else None

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


def tell(lines: Iterable[Line], period: Span) -> list[Row]:
    """The rows of the payment for `period`, in the order in which their first lines come."""
    by_row: dict[tuple[Order | None, str], list[Line]] = {}
    for line in lines:
        title = line.order.title if line.order else line.component.label
        by_row.setdefault((line.order, title), []).append(line)
    return [
        Row(order, title, sum(x.net_pence for x in found), sum(x.vat_pence for x in found), _sentences(found, period))
        for (order, title), found in by_row.items()
    ]


def _sentences(lines: list[Line], period: Span) -> list[Sentence]:
    by_source: dict[tuple[Any, ...], list[Line]] = {}
    for line in sorted(lines, key=lambda line: line.first):
        by_source.setdefault((line.component, line.source, line.working.is_change), []).append(line)
    services = {line.working.name for line in lines if line.component is Component.CARE}
    told = _named if len(services) > 1 else _of_source
    found = [sentence for group in by_source.values() for sentence in told(group, period)]
    return sorted(found, key=lambda sentence: (sentence.is_earlier, sentence.span))


def _named(lines: list[Line], period: Span) -> Iterator[Sentence]:
    """Where one client has several services, care is told with the name of the one that it is for."""
    for sentence in _of_source(lines, period):
        if lines[0].component is Component.CARE:
            sentence.text = f"{lines[0].working.name}: {sentence.text[0].lower()}{sentence.text[1:]}"
        yield sentence


def _of_source(lines: list[Line], period: Span) -> Iterator[Sentence]:
    first = lines[0]
    if first.component in CARRIED:
        yield from (_plainly(line, CARRIED[line.component], period) for line in lines)
    elif first.working.is_change:
        yield from (_changed(run, period) for run in _adjoining(lines))
    elif first.component in LUMPS:
        yield from (_plainly(line, _sum_text(line, period), period) for line in lines)
    else:
        yield from _fresh(lines, period)


def _plainly(line: Line, text: str, period: Span) -> Sentence:
    is_earlier = line.component is Component.ALLOWANCE and line.first < period.first
    return Sentence(text, Span(line.first, line.last), line.net_pence, line.vat_pence, is_earlier=is_earlier)


def _sum_text(line: Line, period: Span) -> str:
    day = Span(line.first, line.last).words(period.first.year)
    if line.component is Component.CLAIM:
        parts = ", ".join(told_part(part) for part in line.working.slices)
        return f"{line.working.name}, one-off claim of {day}{f': {parts}' if parts else ''}"
    if line.component is Component.INVOICE:
        return f"{line.working.name}, {day}{' (taken back)' if line.net_pence < 0 else ''}"
    if line.component is Component.ADJUSTMENT:
        return f"Adjustment by the council{' (recovery)' if line.net_pence < 0 else ''}: {line.working.name}"
    return f"{line.working.name}, due {day}"


def _fresh(lines: list[Line], period: Span) -> Iterator[Sentence]:
    """Days that were not paid before: slices with equal facts that follow one another are one sentence."""
    slices = [(part, line) for line in lines for part in line.working.slices]
    run: list[tuple[Slice, Line]] = []
    for part, line in slices:
        if run and not (
            _facts(run[-1][0]) == _facts(part) and _begins_after(run[-1][0], part, run[-1][1], line, period)
        ):
            yield _told_once(run, period)
            run = []
        run.append((part, line))
    if run:
        yield _told_once(run, period)


def _begins_after(last: Slice, part: Slice, of_last: Line, of_part: Line, period: Span) -> bool:
    same_side = (of_last.until < period.first) == (of_part.until < period.first)
    return same_side and part.first == last.last + DAY


def _told_once(run: list[tuple[Slice, Line]], period: Span) -> Sentence:
    parts = [part for part, _ in run]
    line = run[0][1]
    span = Span(parts[0].first, parts[-1].last)
    is_earlier = line.until < period.first
    price = "" if parts[0].delivered else f", {price_text(parts[0])}"
    text = f"{days_text(parts, span)}{f' at {gbp_rate(parts[0].rate_e4)}' if not price else ''}"
    text += f", {span.words(period.first.year)}"
    if line.component in DEDUCTIONS:
        text = f"{line.component.label} taken off: {text}"
    if is_earlier:
        text += ", not paid before"
    return Sentence(
        text=text + price,
        span=span,
        net_pence=sum(part.net_pence for part in parts),
        vat_pence=sum(part.vat_pence for part in parts),
        parts=[_part(part, period) for part in parts] if len(parts) > 1 or not _is_plain(parts[0]) else [],
        is_earlier=is_earlier,
    )


def _changed(lines: list[Line], period: Span) -> Sentence:
    """Days that were finalised before at another amount: what is due, and what was paid."""
    span = Span(lines[0].first, lines[-1].last)
    net = sum(line.net_pence for line in lines)
    before = sum(line.working.before_net_pence for line in lines)
    name = "Recovery" if net < 0 and lines[0].component not in DEDUCTIONS else "Correction"
    if lines[0].component in (Component.CLAIM, Component.INVOICE):
        name += f" of {lines[0].working.name}"
    text = f"{name} for {_named_days(lines, span, period)}: {_due_and_paid(lines[0], net + before, before)}"
    parts = [
        Part(
            f"{_named_days([line], Span(line.first, line.last), period)}: "
            f"{_due_and_paid(line, line.net_pence + line.working.before_net_pence, line.working.before_net_pence)}",
            line.net_pence,
        )
        for line in lines
    ]
    return Sentence(
        text, span, net, sum(line.vat_pence for line in lines), parts if len(parts) > 1 else [],
        is_earlier=lines[0].until < period.first,
    )  # fmt: skip


def _named_days(lines: Sequence[Line], span: Span, period: Span) -> str:
    """6 to 12 July; where what was delivered is due, also that: 6 to 12 July, 13.25 hours delivered at £23.10."""
    days = span.words(period.first.year)
    slices = [part for line in lines for part in line.working.slices]
    if not slices or lines[0].component in DEDUCTIONS or not all(part.delivered for part in slices):
        return days
    prices = {part.rate_e4 for part in slices}
    price = f" at {gbp_rate(slices[0].rate_e4)}" if len(prices) == 1 else ""
    return f"{days}, {days_text(slices, span)}{price}"


def _due_and_paid(line: Line, due: int, before: int) -> str:
    if line.component in DEDUCTIONS:
        what = line.component.label.lower()
        return f"{gbp(-due)} of {what} is to be taken off, and {gbp(-before)} was taken off before"
    about = f" for {line.working.name}" if line.component in LUMPS else ""
    return f"{gbp(due)} is due{about}, and {gbp(before)} was paid before"


def _adjoining(lines: list[Line]) -> Iterator[list[Line]]:
    run: list[Line] = []
    for line in lines:
        if run and line.first != run[-1].last + DAY:
            yield run
            run = []
        run.append(line)
    yield run


def _facts(part: Slice) -> tuple[Any, ...]:
    quantity = None if part.is_timetabled else part.quantity_e4
    return part.rate_e4, quantity, part.percent, part.unit, part.delivered is not None


def days_text(parts: Sequence[Slice], span: Span) -> str:
    """10 days, 7 nights, or 12.75 hours where there is a timetable; 12.75 hours delivered."""
    if parts[0].is_timetabled:
        units = _count(sum(part.quantity_e4 for part in parts), parts[0].unit)
        return f"{units} delivered" if parts[0].delivered else units
    return _count(span.days * SCALE, Unit.NIGHT if parts[0].unit is Unit.NIGHT else Unit.DAY)


def _count(quantity_e4: int, unit: Unit) -> str:
    return f"{number(quantity_e4)} {unit}{'' if quantity_e4 == SCALE else 's'}"


def price_text(part: Slice) -> str:
    unit, rate, quantity = part.unit, part.rate_e4, part.quantity_e4
    article = "an" if unit in (Unit.HOUR, Unit.ITEM) else "a"
    text = f"{gbp_rate(rate)} {article} {unit}"
    if not part.is_timetabled and unit not in (Unit.WEEK, Unit.NIGHT, Unit.MONTH):
        text = f"{f'one {unit}' if quantity == SCALE else _count(quantity, unit)} a week at {text}"
    elif not part.is_timetabled and quantity != SCALE:
        text = f"{number(quantity)} × {text}"
    elif unit is Unit.WEEK and rate % 700 == 0:
        text += f" ({gbp_rate(rate // 7)} a day)"
    if part.percent == 0:
        return "away and not paid"
    return text if part.percent == 100 else f"{text}, paid at {part.percent} % while away"


def _is_plain(part: Slice) -> bool:
    """A whole week at a weekly price, or month at a monthly one, needs no sum to be written out; nor does all that was
    delivered in a week.
    """
    if part.delivered:
        return part.delivered[1:] == (1, 1) and part.shared_with is None
    is_whole = part.days == 7 if part.unit is Unit.WEEK else part.unit is Unit.MONTH and _span(part).is_whole_month
    return is_whole and part.percent in (0, 100) and part.shared_with is None


def _span(part: Slice) -> Span:
    return Span(part.first, part.last)


def _part(part: Slice, period: Span) -> Part:
    span = _span(part)
    formula = _of_month if part.unit is Unit.MONTH else _formula
    return Part(f"{span.words(period.first.year)}: {formula(part, span)}", part.net_pence)


def _of_month(part: Slice, span: Span) -> str:
    """£100.00 × 7 ÷ 30; where the days do not begin a month, less what the days before them come to."""
    ends_it = span.last.day == span.days_in_month
    whole = _product(part, [] if ends_it else [f"{span.last.day} ÷ {span.days_in_month}"])
    if span.first.day == 1:
        return whole
    month_e10 = part.rate_e4 * part.quantity_e4 * part.percent
    earlier = Span(span.first.replace(day=1), span.first - DAY)
    until, before = (month_until(month_e10, span.last, each.last.day) for each in (span, earlier))
    total = "" if whole == gbp(until) else f" = {gbp(until)}"
    return f"{whole}{total}, less {gbp(before)} for {earlier.words(span.last.year)}"


def _product(part: Slice, days: list[str]) -> str:
    """The rate times the units, the days and the per cent that is paid."""
    if part.delivered:
        of_week_e4, share, whole = part.delivered
        units = [number(of_week_e4), *([f"{share} ÷ {whole}"] if share != whole else [])]
    else:
        units = [number(part.quantity_e4)] if part.is_timetabled or part.quantity_e4 != SCALE else []
    percent = [f"{part.percent} %"] if part.percent != 100 else []
    return " × ".join([gbp_rate(part.rate_e4), *units, *days, *percent])


def _formula(part: Slice, span: Span) -> str:
    """£303.03 × 3 ÷ 7; where 1 April cut the days, also that the whole was rounded and shared out."""
    days = []
    if not part.is_timetabled:
        if part.unit is Unit.NIGHT:
            days = [str(span.days)]
        elif span.days % 7:
            days = [f"{span.days} ÷ 7"]
        elif span.days > 7:
            days = [f"{span.days // 7} weeks"]
    text = _product(part, days)
    if part.shared_with:
        whole = Span(*part.shared_with)
        text += f" (its share of {whole.words(span.last.year)}, rounded as one, since 1 April begins a new year)"
    return text
