"""What a line of an approved invoice comes to, in the cells that payments compare. Pure."""

from models.engine.component import Component
from models.engine.entitlement import Cell
from models.engine.facts import InvoicedSum
from models.money import round_half_away


def invoice_cells(line: InvoicedSum) -> list[Cell]:
    """One cell for the line's days, or two where 1 April cuts them: the first has its days' share, rounded half away
    from zero, and the second is the rest, so that the two add up to the line.
    """
    parts, found, shared = line.days.cut_by_year(), [], (0, 0)
    for part in parts:
        until = (part.last - line.days.first).days + 1
        upto = tuple(round_half_away(pence * until, line.days.days) for pence in (line.net_pence, line.vat_pence))
        found.append(Cell(Component.INVOICE, part.first, part.last, upto[0] - shared[0], upto[1] - shared[1]))
        shared = (upto[0], upto[1])
    return found
