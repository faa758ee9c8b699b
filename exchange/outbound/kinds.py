"""All that is told to the finance system, in the order in which docs/feed.md describes it.

A kind of record that is told from now on is added here: an OutKind says which records that are, what of them can
change, and the files they make. Nothing else has to know of it.
"""

from exchange.outbound import answers, care, debts, invoices, money, talk
from exchange.outbound.shape import OutFile, OutKind

KINDS: tuple[OutKind, ...] = (
    money.PAYMENTS,
    money.PAYMENTS_OUT,
    answers.ANSWERS,
    answers.QUERIES,
    debts.DEBT_ENTRIES,
    debts.WRITE_OFFS,
    care.ACTUALS,
    invoices.INVOICES,
    care.CLAIMS,
    care.AGREEMENTS,
    talk.ACTIONS,
    talk.POSTS,
    talk.CHANGES,
)
FILES: tuple[OutFile, ...] = tuple(file for kind in KINDS for file in kind.files)
KIND_OF: dict[str, OutKind] = {file.name: kind for kind in KINDS for file in kind.files}
