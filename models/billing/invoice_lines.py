"""The lines of an invoice: entered by hand, made from confirmed actuals, or taken back by a credit note."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, reload, session, sum_of
from models.billing.credited import Left, left_of
from models.billing.invoice_facts import Facts, Price, ToInvoice
from models.billing.invoicing import insist_on_editable, take_turn, touched
from models.calendar import DAY, Span, in_words, today
from models.money import SCALE, gbp, number, round_half_away, times
from models.records.contract import VatCode
from models.records.invoice import Invoice, InvoiceKind, InvoiceLine

LONGEST_DESCRIPTION = 200
MOST_LINES = 500
MOST_DAYS = 366
"""Of one line."""
MOST_E4 = 100_000 * SCALE


@dataclass(frozen=True)
class Asked:
    """One line as it is entered: quantity and rate in ten-thousandths. Without `net_pence` it is quantity x rate."""

    item_id: int
    first_on: date
    last_on: date
    quantity_e4: int
    rate_e4: int
    vat_code: VatCode = VatCode.EXEMPT
    vat_basis_points: int = 0
    description: str = ""
    net_pence: int | None = None
    vat_pence: int | None = None
    confirmed_id: int | None = None

    @property
    def net(self) -> int:
        return times(self.rate_e4, self.quantity_e4) if self.net_pence is None else self.net_pence

    @property
    def vat(self) -> int:
        """Pence, from the net rounded half away from zero, unless it was said."""
        return vat_of(self.net, self.vat_basis_points) if self.vat_pence is None else self.vat_pence


def vat_of(net_pence: int, basis_points: int) -> int:
    """Pence of VAT on so many pence, rounded once, half away from zero."""
    return round_half_away(net_pence * basis_points, SCALE)


def add_line(invoice: Invoice, asked: Asked, *, by: User) -> InvoiceLine:
    """DomainError where the invoice cannot be changed, or the line is none that can be asked for."""
    take_turn(invoice)
    _insist_may_have(invoice, [asked])
    line = _line(invoice, asked)
    session.add(line)
    _summed(invoice, by)
    return line


def add_lines(invoice: Invoice, asked: Sequence[Asked], *, by: User) -> None:
    """Several at once: all, or none where a DomainError names the first that cannot be asked for."""
    take_turn(invoice)
    _insist_may_have(invoice, asked)
    session.add_all([_line(invoice, each) for each in asked])
    _summed(invoice, by)


def change_line(invoice: Invoice, line: InvoiceLine, asked: Asked, *, by: User, seen: str | None = None) -> None:
    """DomainError as in `add_line`, and where somebody has removed the line, or changed it since it had the mark
    `seen`. What was made from a confirmed actual stays bound to it while its days stay.
    """
    take_turn(invoice)
    _insist_as_seen(line, seen)
    _insist_may_have(invoice, [asked], more=0)
    keeps = (line.item_id, line.first_on, line.last_on) == (asked.item_id, asked.first_on, asked.last_on)
    for name, value in _values(asked).items():
        if name != "confirmed_id" or not keeps:
            setattr(line, name, value)
    _summed(invoice, by)


def _insist_as_seen(line: InvoiceLine, seen: str | None) -> None:
    """And read it again, now that nobody else changes it."""
    if session.scalar(select(InvoiceLine.id).where(InvoiceLine.id == line.id)) is None:
        raise DomainError("Somebody else has removed this line. Look at the invoice again, and add it if it is needed")
    reload(line)
    if seen is not None and seen != line.mark:
        raise DomainError(
            f"Somebody else has changed this line since you opened it: it is for {line.span.words()} and comes to "
            f"{gbp(line.gross_pence)} now. Press the button again if yours is right all the same"
        )


def remove_line(invoice: Invoice, line: InvoiceLine, *, by: User, seen: str | None = None) -> None:
    """DomainError where the invoice cannot be changed, and as in `change_line` for `seen`."""
    take_turn(invoice)
    insist_on_editable(invoice)
    if seen is not None:
        _insist_as_seen(line, seen)
    session.execute(delete(InvoiceLine).where(InvoiceLine.id == line.id, InvoiceLine.invoice_id == invoice.id))
    _summed(invoice, by)


def take_back(note: Invoice, wanted: Mapping[int, int], *, by: User) -> None:
    """Say what a credit note takes back: by line of its invoice the quantity, in ten-thousandths; others have none.
    All that is left of a line comes to what is left of its pence, so that nothing remains by rounding. DomainError
    where more is wanted than is left, or nothing.
    """
    take_turn(note)
    insist_on_editable(note)
    if note.kind is not InvoiceKind.CREDIT_NOTE:
        raise DomainError(f"{note.called} is no credit note")
    left = left_of(note.credits_id or 0, but=note.id)
    of_invoice = select(InvoiceLine).where(InvoiceLine.invoice_id == note.credits_id).order_by(InvoiceLine.id)
    lines = [
        _credit(note, each, wanted[each.id], left[each.id])
        for each in session.scalars(of_invoice)
        if wanted.get(each.id)
    ]
    if not lines:
        raise DomainError("Say how much is taken back of at least one line")
    session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id == note.id))
    session.add_all(lines)
    _summed(note, by)


def _credit(note: Invoice, of: InvoiceLine, quantity_e4: int, left: Left) -> InvoiceLine:
    if not 0 < quantity_e4 <= left.quantity_e4:
        raise DomainError(
            f"{number(max(0, left.quantity_e4))} ({gbp(max(0, left.gross_pence))}) is left of the line for "
            f"{of.span.words()}. Take back no more than that"
        )
    is_all = quantity_e4 == left.quantity_e4
    net = left.net_pence if is_all else min(times(of.rate_e4, quantity_e4), left.net_pence)
    vat = left.vat_pence if is_all else min(vat_of(net, of.vat_basis_points), left.vat_pence)
    return InvoiceLine(
        provider_id=note.provider_id, invoice_id=note.id, item_id=of.item_id, credits_line_id=of.id,
        first_on=of.first_on, last_on=of.last_on, description=of.description, quantity_e4=quantity_e4,
        rate_e4=of.rate_e4, vat_code=of.vat_code, vat_basis_points=of.vat_basis_points, net_pence=net, vat_pence=vat,
    )  # fmt: skip


def _insist_may_have(invoice: Invoice, asked: Sequence[Asked], more: int | None = None) -> None:
    insist_on_editable(invoice)
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        raise DomainError("A credit note takes back lines of its invoice. Say how much of each")
    count = len(session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice.id)).all())
    if count + (len(asked) if more is None else more) > MOST_LINES:
        raise DomainError(f"An invoice can have {MOST_LINES} lines. Send another one for the rest")
    items = Facts.items_of(invoice.contract_id, {each.item_id for each in asked})
    for each in asked:
        if each.item_id not in items:
            raise DomainError("Choose a care package of the invoice’s contract")
        _insist_is_sound(each)


def _insist_is_sound(each: Asked) -> None:
    if each.last_on < each.first_on:
        raise DomainError(f"The last day must be {in_words(each.first_on)} or later")
    if each.last_on > today():
        raise DomainError(
            f"{in_words(each.last_on)} has not come yet. Send an invoice for days on which care was given"
        )
    if (each.last_on - each.first_on).days >= MOST_DAYS:
        raise DomainError("A line is for a year at most. Make a line for each year")
    if not 0 < each.quantity_e4 <= MOST_E4 or not 0 <= each.rate_e4 <= MOST_E4:
        raise DomainError("Enter a quantity above 0 and a price, each at most 100,000")
    if each.net < 0 or each.vat < 0:
        raise DomainError("Sums on an invoice are £0.00 or more. Send a credit note to give something back")


def _values(asked: Asked) -> dict[str, object]:
    return {
        "item_id": asked.item_id, "confirmed_id": asked.confirmed_id, "first_on": asked.first_on,
        "last_on": asked.last_on, "description": asked.description.strip()[:LONGEST_DESCRIPTION],
        "quantity_e4": asked.quantity_e4, "rate_e4": asked.rate_e4, "vat_code": asked.vat_code,
        "vat_basis_points": asked.vat_basis_points, "net_pence": asked.net, "vat_pence": asked.vat,
    }  # fmt: skip


def _line(invoice: Invoice, asked: Asked) -> InvoiceLine:
    return InvoiceLine(provider_id=invoice.provider_id, invoice_id=invoice.id, **_values(asked))


def _summed(invoice: Invoice, by: User) -> None:
    """Write the sums of its lines with it."""
    session.flush()
    line = InvoiceLine
    sums = select(sum_of(line.net_pence), sum_of(line.vat_pence)).where(line.invoice_id == invoice.id)
    net, vat = session.execute(sums).one()
    touched(invoice, net_pence=net, vat_pence=vat)
    record("invoice.changed", invoice, by=by, pence=net + vat)


def lines_from(contract_id: int, weeks: Collection[date], facts: "Facts") -> list[Asked]:
    """What can be invoiced of these weeks of the contract, by their first days: a line for each person and week of
    which confirmed units are not invoiced yet, or two where the price changes within the week. DomainError where a day
    has no price.
    """
    return [line for each in facts.to_invoice(contract_id) if each.first_on in weeks for line in _lines_of(each)]


def add_weeks(invoice: Invoice, weeks: Collection[date], *, by: User) -> None:
    """What can be invoiced of these weeks at this moment: what another invoice has just taken is not asked for twice.
    DomainError as in `lines_from` and `add_lines`, and where nothing of them is left.
    """
    take_turn(invoice)
    lines = lines_from(invoice.contract_id, weeks, Facts.of_contract(invoice.contract_id))
    if not lines:
        raise DomainError("Another invoice has just asked for these weeks. Look at your invoices before you make one")
    add_lines(invoice, lines, by=by)


def worth_of(week: ToInvoice) -> int | None:
    """Pence without VAT that its lines come to; None where a day of it has no price."""
    try:
        return sum(line.net for line in _lines_of(week))
    except DomainError:
        return None


def _lines_of(each: ToInvoice) -> Iterator[Asked]:
    """At the price of each day. A price that changes takes its days' share of the week's units, cumulatively rounded,
    so that the lines add up to them.
    """
    span = Span(max(each.first_on, each.item.starts_on), min(each.last_on, each.item.last_on))
    first, shared = span.first, 0
    while first <= span.last:
        price: Price | None = each.item.price_on(first)
        if price is None:
            raise DomainError(
                f"No price is set for {each.item.level} on {in_words(first)}. Ask the council, then make the invoice"
            )
        last = min(price.last, span.last)
        until = round_half_away(each.left_e4 * ((last - span.first).days + 1), span.days)
        if until > shared:
            yield Asked(
                each.item.id, first, last, until - shared, price.rate_e4, each.item.vat_code,
                each.item.vat_basis_points, each.item.level, confirmed_id=each.confirmed_id,
            )  # fmt: skip
        first, shared = last + DAY, until
