"""What of an invoice differs from what the council knows, line by line. Rules: domain.md 3.9.

A line is matched with its care package (days), the contract (price), the service (VAT), confirmed actuals (units) and
its own sum. Provider and council read the same sentences. What only has to be told (a penny of rounding) is no
difference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from models.billing.credited import Left, exceeds, left_of
from models.billing.invoice_clock import Figures
from models.billing.invoice_facts import Bought, Facts
from models.billing.invoicing import same_key
from models.calendar import DAY, Span, in_words, today
from models.money import SCALE, gbp, gbp_rate, number, times
from models.pricing import Unit
from models.records.invoice import SENT, Invoice, InvoiceKind, InvoiceLine
from models.records.invoice_rule import LateFigure
from models.together import read_together
from models.words import Choice, how_many

ELSEWHERE = "The care package is of another contract now, so nothing is paid for it by an invoice of this one."


class Differs(Choice):
    """In what an invoice differs. The values are what files say."""

    CONTRACT = "contract"
    DAYS = "days"
    PRICE = "price"
    VAT = "VAT"
    SUM = "sum"
    QUANTITY = "quantity"
    NOT_CONFIRMED = "not confirmed"
    LEFT = "more than is left"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Difference:
    differs: Differs
    text: str
    """A sentence that both sides read."""


@dataclass
class Matching:
    """Of one invoice."""

    by_line: dict[int, list[Difference]] = field(default_factory=dict)
    """By line's id, of those that differ."""
    whole: list[Difference] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What is told and is no difference."""

    @property
    def count(self) -> int:
        return len(self.whole) + sum(map(len, self.by_line.values()))

    @property
    def is_matched(self) -> bool:
        return not self.count

    @property
    def kinds(self) -> list[Differs]:
        """In what it differs, each once, in the order of the list."""
        found = {each.differs for each in (*self.whole, *(one for many in self.by_line.values() for one in many))}
        return [each for each in Differs if each in found]


def match(invoice: Invoice) -> Matching:
    """Of one invoice, whose lines are loaded."""
    return match_all([invoice])[invoice.id]


def match_all(invoices: Sequence[Invoice]) -> dict[int, Matching]:
    """By invoice; their lines are loaded. Facts are read once for all of them."""
    facts = Facts.of_items({line.item_id for invoice in invoices for line in invoice.lines})
    return {each.id: _matched(each, facts) for each in invoices}


def matched_with(invoice: Invoice, facts: Facts) -> Matching:
    """Of one invoice, with facts that are read already."""
    return _matched(invoice, facts)


def _matched(invoice: Invoice, facts: Facts) -> Matching:
    found = Matching()
    is_credit = invoice.kind is InvoiceKind.CREDIT_NOTE
    left = left_of(invoice.credits_id or 0, but=invoice.id) if is_credit else {}
    for line in invoice.lines:
        item = facts.items.get(line.item_id)
        wrong = [] if item is None else [*_own(line, item)]
        if item is None:
            wrong = [Difference(Differs.CONTRACT, "The care package is not one of this provider’s.")]
        elif is_credit:
            wrong = [*_of_credit(line, left.get(line.credits_line_id or 0, Left(0, 0, 0)))]
        else:
            wrong += _of_units(invoice, line, item, facts)
        if item is not None and item.contract_id != invoice.contract_id:
            wrong.append(Difference(Differs.CONTRACT, ELSEWHERE))
        if wrong:
            found.by_line[line.id] = wrong
    _of_total(invoice, found)
    return found


def _own(line: InvoiceLine, item: Bought) -> Iterable[Difference]:
    """Days, price, VAT and sum of one line."""
    if line.first_on < item.starts_on or line.last_on > item.last_on:
        bought = f"from {in_words(item.starts_on)}" if item.last_on.year == 9999 else _days(item)
        yield Difference(Differs.DAYS, f"This care was bought {bought}, and the line is for {line.span.words()}.")
    elif line.last_on > today():
        yield Difference(Differs.DAYS, f"{in_words(line.last_on)} has not come yet.")
    price = item.price_on(line.first_on)
    if price is None:
        yield Difference(Differs.PRICE, f"The contract has no price for {in_words(line.first_on)}.")
    elif price.rate_e4 != line.rate_e4:
        yield Difference(
            Differs.PRICE,
            f"The price on {in_words(line.first_on)} is {gbp_rate(price.rate_e4)} {_a(item.unit)}, and the line says "
            f"{gbp_rate(line.rate_e4)}.",
        )
    elif price.last < line.last_on:
        yield Difference(
            Differs.PRICE, f"The price changes on {in_words(price.last + DAY)}. Make a line for the days from then on."
        )
    if (line.vat_code, line.vat_basis_points) != (item.vat_code, item.vat_basis_points):
        yield Difference(
            Differs.VAT, f"{item.level} is {_vat(item.vat_code, item.vat_basis_points)}, and the line says "
            f"{_vat(line.vat_code, line.vat_basis_points)}.",
        )  # fmt: skip
    if (worth := times(line.rate_e4, line.quantity_e4)) != line.net_pence:
        yield Difference(
            Differs.SUM, f"{number(line.quantity_e4)} at {gbp_rate(line.rate_e4)} comes to {gbp(worth)} before VAT, "
            f"and the line says {gbp(line.net_pence)}.",
        )  # fmt: skip


def _of_units(invoice: Invoice, line: InvoiceLine, item: Bought, facts: Facts) -> Iterable[Difference]:
    """Units against the confirmed weeks that have a day in the line's: all that is asked for in these weeks, by this
    invoice and by others that were sent, may be no more than they come to.
    """
    weeks = facts.confirmed_in(item.id, line.span)
    waits = _waiting(line, facts)
    if not weeks:
        words = waits or f"No actuals are confirmed for {line.span.words()}."
        yield Difference(Differs.NOT_CONFIRMED, words)
        return
    held = Span(weeks[0].first_on, weeks[-1].span.last)
    confirmed = sum(each.payable_e4 for each in weeks)
    within = [each for each in facts.invoiced[item.id] if each.span.overlap(held.first, held.last)]
    here = sum(each.units_e4 for each in within if each.invoice_id == invoice.id)
    others = sum(each.units_e4 for each in within if each.invoice_id != invoice.id and each.status in SENT)
    if here + others > confirmed:
        also = f", and other invoices {number(others)}" if others else ""
        yield Difference(
            Differs.QUANTITY, f"{number(confirmed)} confirmed for {held.words()}; this invoice asks for {number(here)}"
            f"{also}.{' ' if waits else ''}{waits}",
        )  # fmt: skip


def _waiting(line: InvoiceLine, facts: Facts) -> str:
    """What of its days is confirmed above the plan and its tolerance, or with another exception that nobody has
    decided: until then it does not count. Empty where nothing is.
    """
    found = [each for each in facts.waiting[line.item_id] if each.overlap(line.first_on, line.last_on)]
    if not found:
        return ""
    held = Span(found[0].first, found[-1].last)
    return f"What is confirmed for {held.words()} waits for the council’s approval, and counts once that is given."


def _of_credit(line: InvoiceLine, left: Left) -> Iterable[Difference]:
    if exceeds(line, left):
        yield Difference(
            Differs.LEFT, f"It takes back {gbp(line.gross_pence)}, and {gbp(left.gross_pence)} is left of that line."
        )


def _of_total(invoice: Invoice, found: Matching) -> None:
    """The provider's own total. Where it is rounded once and not line by line, it may differ by half a penny for each
    line and one for the total: that is told, and the sum of the lines is paid.
    """
    if invoice.stated_pence is None or invoice.stated_pence == invoice.gross_pence:
        return
    apart = abs(invoice.stated_pence - invoice.gross_pence)
    words = f"Your total is {gbp(invoice.stated_pence)}; line by line it comes to {gbp(invoice.gross_pence)}."
    if 2 * apart <= len(invoice.lines) + 1:
        pennies = "The penny between them" if apart == 1 else f"The {apart} pence between them"
        found.told.append(f"{words} {pennies} is rounding. We pay {gbp(invoice.gross_pence)}.")
    else:
        found.whole.append(Difference(Differs.TOTAL, f"{words} They differ by {gbp(apart)}."))


@dataclass(frozen=True)
class Beside:
    """What a page of an invoice tells beside its lines, read in one statement."""

    figures: Figures
    alike: list[str]
    """Sentences about invoices of the provider whose numbers look like this one's."""

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        figures, others = read_together(LateFigure.every(), same_key(invoice.provider_id, invoice.number_key))
        told = [
            f"The number looks like {each.number} of {in_words(each.invoiced_on)}, {gbp(each.gross_pence)}."
            for each in others
            if each.id != invoice.id
        ]
        return cls(Figures(figures), told)


def _days(item: Bought) -> str:
    return f"for {Span(item.starts_on, item.last_on).words()}" if item.last_on >= item.starts_on else "for no days"


def _a(unit: Unit) -> str:
    return f"{'an' if unit is Unit.HOUR else 'a'} {unit.value}"


def _vat(code: str, basis_points: int) -> str:
    words = {"exempt": "exempt from VAT", "zero": "zero-rated"}
    return words.get(code) or f"at {number(basis_points * SCALE // 100)} % VAT"


def in_short(found: Matching) -> str:
    """Matched; or 3 differences: price, VAT."""
    if found.is_matched:
        return "Matched"
    return f"{how_many(found.count, 'difference')}: {', '.join(each.value for each in found.kinds)}"
