"""Promises of the ground: folded names, the database's own file, the seals of the audit, and bank holidays."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from models import folding
from models.auditing import chain
from models.auditing.chain import Head
from models.bank_holiday import what_is_short
from models.base import session, storage_faults
from models.verify.broken import BrokenPromise
from models.words import folded


def names() -> Iterator[BrokenPromise]:
    """Every folded column holds the folded text of its source, so that searching and sorting find the present name."""
    for name, stored in folding.pairs():
        id_ = name.table.c.id
        for row_id, text, found in session.execute(select(id_, name, stored).order_by(id_)).yield_per(1_000):
            if found != folded(text):
                yield BrokenPromise("a folded column is what it folds", stored.name, {str(name.table): row_id})


def storage() -> Iterator[BrokenPromise]:
    """SQLite's own checks of its file; PostgreSQL checks its pages as it reads them."""
    for fault in storage_faults():
        yield BrokenPromise("the database file is whole", fault)


def audit(heads: Iterable[Head]) -> Iterator[BrokenPromise]:
    """The audit agrees with its seals, and these with the heads that were written down elsewhere."""
    for fault in chain.check(heads):
        yield BrokenPromise("the audit is as it was sealed", fault.words, {"seal": fault.seq} if fault.seq else {})


def bank_holidays() -> Iterator[BrokenPromise]:
    """The list of bank holidays goes as far as the payment schedules do."""
    if words := what_is_short():
        yield BrokenPromise("bank holidays are known for every day that is promised", words, is_warning=True)


CHECKS = (names, storage, bank_holidays)
