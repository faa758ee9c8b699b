"""Promises that hold in every sound database, checked over the whole of it. Reading only: nobody waits for it.

What is stored is compared with itself (each module here but `anew`), and with what the engine works out anew for each
contract (`anew`).
"""

from collections.abc import Callable, Iterable, Iterator

from models.auditing.chain import Head
from models.base import snapshot
from models.payments.batching import batches
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.verify import anew, claims, closing, ground, invoices, owed, payments, people, remittances, runs
from models.verify.broken import BrokenPromise

__all__ = ["BrokenPromise", "check_all"]

STORED = tuple(
    check
    for room in (payments, closing, owed, runs, remittances, people, claims, invoices, ground)
    for check in room.CHECKS
)


def check_all(
    heads: Iterable[Head] = (), *, progress: Callable[[int, int], None] = lambda done, count: None
) -> Iterator[BrokenPromise]:
    """Check every promise; a sound database yields nothing. `heads` are those of the audit that were written down
    elsewhere. `progress` is told how many providers are worked out anew, of how many.
    """
    with snapshot():
        set_tenant(EVERY_PROVIDER)
        found = [finding for check in STORED for finding in check()]
        found += ground.audit(heads)
        uncalculated = payments.uncalculated_contracts()
        all_batches = list(batches())
    yield from found
    done, count = 0, sum(map(len, all_batches))
    for batch in all_batches:
        yield from anew.compare(batch, uncalculated)
        done += len(batch)
        progress(done, count)
