"""What a run, or a piece of one, has done, and its words."""

from dataclasses import dataclass

from models.money import gbp
from models.words import how_many


@dataclass
class RunProgress:
    """What a piece of a run did."""

    payments: int = 0
    lines: int = 0
    total_pence: int = 0
    """What it has paid to the bank."""
    left: int = 0
    """Payments that another run has to take, ..."""
    left_pence: int = 0
    """... and what of them was authorised."""
    owed_pence: int = 0
    """What of the payments that it has paid was authorised and was taken for debts instead."""

    def add(self, other: "RunProgress") -> None:
        self.payments += other.payments
        self.lines += other.lines
        self.total_pence += other.total_pence
        self.left += other.left
        self.left_pence += other.left_pence
        self.owed_pence += other.owed_pence


def summary(outcome: RunProgress) -> str:
    """What became of a run: paid and, where that is not what was authorised, why."""
    authorised_pence = outcome.total_pence + outcome.owed_pence + outcome.left_pence
    payments, lines = how_many(outcome.payments, "payment"), how_many(outcome.lines, "line")
    parts = [f"{payments} finalised, {lines}, {gbp(outcome.total_pence)} paid"]
    if authorised_pence != outcome.total_pence:
        parts[0] += f" of {gbp(authorised_pence)} authorised"
    if outcome.owed_pence:
        parts.append(f"{gbp(outcome.owed_pence)} taken for debts instead")
    if outcome.left:
        parts.append(f"{outcome.left:,} left for the next run, {gbp(outcome.left_pence)}, since they have changed")
    return "; ".join(parts) + "."
