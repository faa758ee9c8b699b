"""What the rows of a file come to, before they are applied, and what their plan comes to."""

from collections.abc import Sequence

from models.payments.delivered import Given, in_all, value_of
from models.uploads.actual_rows import CheckedRow
from models.uploads.facts import Facts


def worth_of(facts: Facts, rows: Sequence[CheckedRow]) -> tuple[int | None, int | None]:
    """Pence with VAT: of the figures, and of the plan of the same people and weeks. None where there are no rows."""
    figures = {
        row.planned.key: Given(row.figures.actual_e4, row.figures.frustrated_e4, row.figures.by_day_e4)
        for row in rows if row.planned is not None and row.figures is not None
    }  # fmt: skip
    if not figures:
        return None, None
    worth = in_all(value_of(figures, [facts.provider.id]).values())
    return worth.total_pence, worth.total_pence - worth.change_pence
