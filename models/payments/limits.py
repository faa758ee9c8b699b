"""The limits above which two people authorise a payment run, the command line pays nothing, and a feed is not imported
unless somebody says so.

A portal's own, from `[limits]` in settings.toml (docs/operations.md).
"""

from dataclasses import dataclass

from models.portal import current_portal
from models.words import Choice


class Limit(Choice):
    PAYMENT = "payment"
    RUN = "run"
    CHANGE = "change"
    FEED = "feed"


LEAST_RISE = 1_000_000
"""Pence: a rise below this passes no limit, whatever its percentage. Small runs rise and fall by halves."""


@dataclass(frozen=True)
class MoneyLimits:
    """Pence, and per cent. 0 is no limit."""

    payment_pence: int = 25_000_000
    """What one payment may come to."""
    run_pence: int = 500_000_000
    """What a run may pay to the bank."""
    change_percent: int = 100
    """By how much the rows of a run may come to more, all together, than the same rows in the payments before; and by
    how much a feed may make the payments that it changes come to more.
    """
    feed_pence: int = 25_000_000
    """What a feed may change in payments that have begun, and in one to come of each contract, all changes added up."""

    def passed(self, *, largest_pence: int, run_pence: int, now_pence: int, before_pence: int) -> list[Limit]:
        """Which of them a run is above. `largest_pence` is what its largest payment pays to the bank; `now_pence` and
        `before_pence` are the sums of those rows that the payments before had too.
        """
        found = {
            Limit.PAYMENT: 0 < self.payment_pence < largest_pence,
            Limit.RUN: 0 < self.run_pence < run_pence,
            Limit.CHANGE: self._is_steep(now_pence, before_pence),
        }
        return [limit for limit, is_above in found.items() if is_above]

    def passed_by_feed(
        self,
        *,
        largest_pence: int,
        moved_pence: int,
        now_pence: int,
        before_pence: int,
        coming_now_pence: int = 0,
        coming_before_pence: int = 0,
    ) -> list[Limit]:
        """Which of them a feed is above. `largest_pence` is the largest payment that it makes or raises, begun or to
        come; `moved_pence` what it changes in payments that have begun, and in one to come of each contract, more and
        less together; `now_pence` and `before_pence` are what the begun payments that it changes come to with it and
        without it, and the last two the same of one payment to come of each contract that was paid before.
        """
        compared = ((now_pence, before_pence), (coming_now_pence, coming_before_pence))
        found = {
            Limit.PAYMENT: 0 < self.payment_pence < largest_pence,
            Limit.FEED: 0 < self.feed_pence < moved_pence,
            Limit.CHANGE: any(before > 0 and self._is_steep(now, before) for now, before in compared),
        }
        return [limit for limit, is_above in found.items() if is_above]

    def _is_steep(self, now_pence: int, before_pence: int) -> bool:
        rise = now_pence - before_pence
        return self.change_percent > 0 and rise >= LEAST_RISE and 100 * rise > self.change_percent * before_pence

    def words(self, limit: Limit) -> str:
        """The limit as a part of a sentence about a run."""
        return {
            Limit.PAYMENT: f"a payment of more than £{self.payment_pence // 100:,}",
            Limit.RUN: f"more than £{self.run_pence // 100:,} in one run",
            Limit.CHANGE: f"more than {self.change_percent} % more than the same rows came to in the payments before",
        }[limit]

    def words_of_feed(self, limit: Limit) -> str:
        """The limit as a part of a sentence about a feed."""
        return {
            Limit.PAYMENT: f"a payment of more than £{self.payment_pence // 100:,}",
            Limit.FEED: f"payments change by more than £{self.feed_pence // 100:,}",
            Limit.CHANGE: f"the payments that it changes come to more than {self.change_percent} % more",
        }[limit]


def money_limits() -> MoneyLimits:
    return current_portal().money_limits
