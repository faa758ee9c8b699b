"""What is paid of a line item whose contract waits for agreements. Rules: design.md section 7, *Agreements*.

A cell is paid the lesser of what the facts and what the agreed terms come to. What is finalised already is never taken
back because nobody has agreed it: only the facts (an end, an absence, a lower price) take money back.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from models.agreed_terms import AgreedTerms
from models.calendar import FAR_FUTURE, Span
from models.engine.component import DEDUCTIONS
from models.engine.draft import Settled
from models.engine.entitlement import Cell, cells
from models.engine.facts import Dated, DueSum, ItemFacts, Quantity, Terms
from models.pricing import Basis

Allowed = Callable[[date, Cell, Settled | None], Cell | None]
"""Given a cell's first day, what is due for it and what was finalised: the cell that may be paid, which may be another
than what is due; None where no line may be made.
"""


def whole(first: date, cell: Cell, before: Settled | None) -> Cell:
    """Not blocked: all that is due."""
    return cell


def nothing(first: date, cell: Cell, before: Settled | None) -> None:
    """Blocked: no new line, to pay or to recover."""
    return


def as_agreed(facts: Terms, agreed: AgreedTerms) -> Terms:
    """The agreed prices and quantities, on those agreed days that the facts pay.

    Absences and deductions are the facts' own: nobody agrees to an absence, and what a client contributes is assessed
    by the council, and leaves the price as it is. VAT is the law's.
    """
    return Terms(
        starts_on=max(facts.starts_on, agreed.starts_on),
        ends_on=agreed.ends_on or FAR_FUTURE,
        unit=agreed.unit,
        convention=agreed.convention,
        contract_ends_on=facts.last_payable_on,
        vat_basis_points=facts.vat_basis_points,
        prices=tuple(Dated(each.first, each.last or FAR_FUTURE, each.rate_e4) for each in agreed.prices),
        quantities=tuple(
            Dated(each.first, each.last or FAR_FUTURE, Quantity(each.quantity_e4, each.timetable_e4))
            for each in agreed.quantities
        ),
        absences=facts.absences,
        deductions=facts.deductions,
    )


def agreed_pence(item: ItemFacts, allowance: DueSum) -> int:
    """What was agreed of an allowance; 0 where it is no part of the agreement, or due on a day that is none of its."""
    if item.agreed is None or not as_agreed(item.terms_gross, item.agreed).is_payable_on(allowance.due_on):
        return 0
    return sum(each.amount_pence for each in item.agreed.allowances if each.id == allowance.id)


def paid(due: Cell, agreed: Cell | None, before: Settled | None) -> Cell | None:
    """Which of two cells is paid: what is due by the facts, or what is agreed (None: nothing). None where neither is,
    since more is finalised than was agreed, and less than is due: the rest waits.

    In sizes, since deductions are negative: the lesser of what is due, and the greater of what is agreed and what is
    finalised. A deduction goes by the days that are agreed, as the price does.
    """
    sign = -1 if due.component in DEDUCTIONS else 1
    size = sign * (due.net_pence + due.vat_pence)
    most = sign * (agreed.net_pence + agreed.vat_pence) if agreed else 0
    settled = sign * (before.net_pence + before.vat_pence) if before else 0
    if size <= max(most, settled):
        return due
    return agreed if most > settled else None


def planned(item: ItemFacts, basis: Basis, spans: Iterable[Span], waits: bool) -> Iterator[Cell]:
    """What a period to come would pay for an item, for the days of its cells; where it `waits` for agreements, no more
    than is agreed.
    """
    for span in spans:
        yield from _planned(item, basis, span, waits)


def _planned(item: ItemFacts, basis: Basis, span: Span, waits: bool) -> Iterator[Cell]:
    due = cells(item.terms(basis), span)
    if not waits:
        yield from due
    elif item.agreed is not None:
        agreed = {(each.component, each.first): each for each in cells(as_agreed(item.terms(basis), item.agreed), span)}
        for cell in due:
            if (found := paid(cell, agreed.get((cell.component, cell.first)), None)) is not None:
                yield found
