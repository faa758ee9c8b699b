"""What the rows of a file come to, before they are applied, and what their plan comes to."""

from collections.abc import Iterable

from models.care.figures import Figures
from models.payments.delivered import Given, Valuer, in_all
from models.uploads.actual_rows import CheckedRow


class WorthOfRows:
    """Adds up rows, week after week: pence with VAT, of the figures and of the plan of the same people and weeks, but
    for those that invoices pay. None where there is no row that can be applied.
    """

    def __init__(self, provider_id: int) -> None:
        self._valuer = Valuer.of_providers([provider_id])
        self.pence: int | None = None
        self.planned_pence: int | None = None

    def add(self, rows: Iterable[CheckedRow]) -> None:
        """Those that are not rejected; each is told what it pays."""
        good = {
            (row.item.id, row.first_on): row
            for row in rows if not row.is_rejected and row.item and row.first_on and row.figures
        }  # fmt: skip
        if not good:
            return
        by_figures = {
            key: _given(row.figures)
            for key, row in good.items() if row.figures and not self._valuer.is_by_invoice(key)
        }  # fmt: skip
        worths = self._valuer.of(by_figures)
        for key, worth in worths.items():
            good[key].pence = worth.total_pence
        whole = in_all(worths.values())
        self.pence = (self.pence or 0) + whole.total_pence
        self.planned_pence = (self.planned_pence or 0) + whole.planned_pence


def _given(figures: Figures) -> Given:
    return Given(figures.actual_e4, figures.frustrated_e4, figures.by_day_e4)
