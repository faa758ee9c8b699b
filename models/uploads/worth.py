"""What the rows of a file come to, before they are applied, and what their plan comes to."""

from collections.abc import Iterable

from models.payments.delivered import Given, Valuer
from models.uploads.actual_rows import CheckedRow


class WorthOfRows:
    """Adds up rows, week after week: pence with VAT, of the figures and of the plan of the same people and weeks. None
    where there is no row that can be applied.
    """

    def __init__(self, provider_id: int) -> None:
        self._valuer = Valuer.of_providers([provider_id])
        self.pence: int | None = None
        self.planned_pence: int | None = None

    def add(self, rows: Iterable[CheckedRow]) -> None:
        """Those that are not rejected."""
        figures = {
            (row.item.id, row.first_on): Given(row.figures.actual_e4, row.figures.frustrated_e4, row.figures.by_day_e4)
            for row in rows if not row.is_rejected and row.item and row.first_on and row.figures
        }  # fmt: skip
        if figures:
            worth = self._valuer.in_all(figures)
            self.pence = (self.pence or 0) + worth.total_pence
            self.planned_pence = (self.planned_pence or 0) + worth.planned_pence
