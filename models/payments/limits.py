"""The limits above which two people authorise a payment run, and the command line pays nothing.

A portal's own, from `[limits]` in settings.toml (docs/operations.md).
"""

from dataclasses import dataclass

from models.portal import current_portal
from models.words import Choice


class Limit(Choice):
    PAYMENT = "payment"
    RUN = "run"
    CHANGE = "change"


LEAST_RISE = 1_000_000
"""Pence: a rise below this passes no limit, whatever its percentage. Small runs rise and fall by halves."""


@dataclass(frozen=True)
class RunLimits:
    """Pence, and per cent. 0 is no limit."""

    payment_pence: int = 25_000_000
    """What one payment may come to."""
    run_pence: int = 500_000_000
    """What a run may pay to the bank."""
    change_percent: int = 100
    """By how much the rows of a run may come to more, all together, than the same rows in the payments before."""

    def passed(self, *, largest_pence: int, run_pence: int, now_pence: int, before_pence: int) -> list[Limit]:
        """Which of them a run is above. `largest_pence` is what its largest payment pays to the bank; `now_pence` and
        `before_pence` are the sums of those rows that the payments before had too.
        """
        rise = now_pence - before_pence
        return [
            limit
            for limit, is_above in (
                (Limit.PAYMENT, 0 < self.payment_pence < largest_pence),
                (Limit.RUN, 0 < self.run_pence < run_pence),
                (
                    Limit.CHANGE,
                    self.change_percent > 0 and rise >= LEAST_RISE and 100 * rise > self.change_percent * before_pence,
                ),
            )
            if is_above
        ]

    def words(self, limit: Limit) -> str:
        """The limit as a part of a sentence."""
        return {
            Limit.PAYMENT: f"a payment of more than £{self.payment_pence // 100:,}",
            Limit.RUN: f"more than £{self.run_pence // 100:,} in one run",
            Limit.CHANGE: f"more than {self.change_percent} % more than the same rows came to in the payments before",
        }[limit]


def run_limits() -> RunLimits:
    return current_portal().run_limits
