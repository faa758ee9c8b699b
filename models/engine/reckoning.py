"""To pay now = entitlement - already finalised, cell by cell, for one contract. Pure: no database; amounts are whole
pence.

A late start, a backdated uplift or an early leaver needs no code of its own: each is a difference that is not zero.
It depends on facts and on what is finalised, never on holds, answers or debts. Rules: design.md section 7.
"""

from collections.abc import Mapping
from datetime import date

from models.calendar import year_of
from models.engine.agreed import nothing, whole
from models.engine.comparing import Comparing, Reckoning, sum_cell
from models.engine.component import Component
from models.engine.draft import Place, Settled, Source
from models.engine.entitlement import Cell
from models.engine.facts import ContractFacts, DueSum, InvoicedSum
from models.engine.invoices import invoice_cells
from models.engine.item_work import ItemWork
from models.engine.mileage import MileageBook, priced
from models.engine.periods import Period

RULES = 2
"""The number of the rules of this version. Raise it whenever the same facts may come to something else than before:
what that changes of paid days then waits until somebody accepts it (models/payments/rules.py).
"""


def reckon(
    contract: ContractFacts,
    periods: list[Period],
    settled: dict[Source, dict[tuple[Component, date], Settled]],
    as_on: date,
    placed: Mapping[Place, date] | None = None,
) -> Reckoning:
    """Draft lines, plans and order values of one contract on the day `as_on`.

    `settled` is what has been finalised, by cell. `placed` says which payment holds the draft of a cell already (by
    first day): a draft stays there while that is open.
    """
    work = _Work(contract, periods, settled, as_on, placed or {})
    for item in contract.items:
        ItemWork(work, item).take()
    for claim, decided_on in contract.claims:
        work.take_claim(claim, decided_on)
    for line in contract.invoices:
        work.take_invoice(line)
    if contract.miles is not None:
        work.take_miles(contract.miles)
    for adjustment, client_id in contract.adjustments:
        work.take_adjustment(adjustment, client_id)
    work.add_what_is_ahead()
    return work.found


class _Work(Comparing):
    def take_claim(self, claim: DueSum, decided_on: date | None) -> None:
        is_decided = decided_on is not None and decided_on <= self.as_on
        self._take_decided(claim.id, claim.name, [sum_cell(Component.CLAIM, claim)] if is_decided else None)

    def take_miles(self, book: MileageBook) -> None:
        """What this contract pays of its provider's miles."""
        found = priced(book, self.as_on)
        for item in book.items:
            if item.contract_id == self.contract.id and not item.is_fixed:
                self._take_decided(item.id, item.name, found.get(item.id))

    def _take_decided(self, item_id: int, name: str, due: list[Cell] | None) -> None:
        """A claim item. None: its decision is of a later day and changes nothing yet; what was paid stays paid, and
        nothing waits.
        """
        source = Source(claim_item_id=item_id)
        if due is not None:
            self.compare(source, None, name, {(cell.component, cell.first): cell for cell in due}, whole)
            return
        self._stays(source, None, name)

    def _stays(self, source: Source, client_id: int | None, name: str) -> None:
        """What was paid of it stays paid, and nothing waits."""
        for (component, first), before in self.settled.get(source, {}).items():
            self.found.entitled_pence += before.net_pence + before.vat_pence
            self._keep(component, first, before, (client_id, year_of(first)), name)

    def take_invoice(self, line: InvoicedSum) -> None:
        """A line of a decided invoice, for its own days, in the current payment; cut at 1 April like any cell."""
        source = Source(item_id=line.item_id, invoice_line_id=line.id)
        if line.decided_on > self.as_on:
            self._stays(source, line.client_id, line.name)
            return
        due = invoice_cells(line) if self.contract.pays_by_invoice(line.days) else []
        item = next((each for each in self.contract.items if each.id == line.item_id), None)
        waits = item is None or item.is_blocked(self.as_on)
        if item is not None and item.agreed is None and self.contract.waits(line.days):
            waits = True  # never agreed: blocked whole
        allowed = nothing if waits else whole
        self.compare(source, line.client_id, line.name, {(cell.component, cell.first): cell for cell in due}, allowed)

    def take_adjustment(self, adjustment: DueSum, client_id: int) -> None:
        cell = sum_cell(Component.ADJUSTMENT, adjustment)
        due = {(cell.component, cell.first): cell}
        self.compare(Source(adjustment_id=adjustment.id), client_id, adjustment.name, due, whole)
