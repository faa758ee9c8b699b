"""What the rows of a file come to, before they are applied, and what their plan comes to."""

from collections.abc import Sequence

from models.uploads.actual_rows import CheckedRow
from models.uploads.facts import Facts


def worth_of(facts: Facts, rows: Sequence[CheckedRow]) -> tuple[int | None, int | None]:
    """Pence with VAT: of the figures, and of the plan of the same people and weeks. None where it is not known."""
    return None, None
