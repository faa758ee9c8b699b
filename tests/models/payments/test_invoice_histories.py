"""Every pound is somewhere, whatever is invoiced, decided, taken back and finalised: see test_histories.py. And of no
line of an invoice is more paid, or taken back, than it comes to.
"""

import os
from collections import defaultdict

import pytest

from models.payments.payment import PaymentLine
from models.records.invoice import Invoice, InvoiceLine
from tests.models.payments.test_histories import STEPS, play
from tests.support.invoice_histories import InvoiceOffice
from tests.support.rows import every

IS_CAMPAIGN = bool(os.environ.get("CAMPAIGN"))
SEEDS = range(8_000_000, 8_000_200) if IS_CAMPAIGN else [8_000_000]


class Checked(InvoiceOffice):
    paid = 0
    """Lines of which something was finalised when they were looked at."""

    def step(self) -> str:
        self.check_lines()
        return super().step()

    def check_lines(self) -> None:
        """What runs have paid of a line lies between nothing and all of it, below £0.00 of a credit note's."""
        signs = {each.id: each.kind.sign for each in every(Invoice)}
        sums: dict[int, int] = defaultdict(int)
        for each in every(PaymentLine):
            if each.invoice_line_id is not None and each.run_id is not None:
                sums[each.invoice_line_id] += each.total_pence
        for line in every(InvoiceLine):
            pence = signs[line.invoice_id] * sums[line.id]
            assert 0 <= pence <= line.gross_pence, (line.id, pence)
            self.paid += pence > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pound_is_somewhere_whatever_is_invoiced(database, seed):
    office = play(seed, STEPS, Checked)
    office.check_lines()
    assert IS_CAMPAIGN or office.paid
    assert IS_CAMPAIGN or {"approve_invoice", "reject_invoice", "credit"} <= office.happened.keys()


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [8_000_002])
def test_every_pound_of_invoices_is_somewhere_on_both_databases(database, seed):
    assert play(seed, STEPS // 2, Checked).happened["approve_invoice"]
