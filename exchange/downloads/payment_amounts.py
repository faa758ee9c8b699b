"""Download Data of a scheduled payment: a row for every amount, as the page tells it."""

from collections.abc import Iterable, Iterator, Mapping

from exchange.downloads.tabular import Cell, Pence
from models.payments.payment import ScheduledPayment
from models.reports.explanation import Row

HEADINGS = (
    "Contract", "Reference", "Period from", "Period to", "Purchase Order", "Days from", "Days to",
    "How it was worked out", "Excl VAT", "VAT", "Total", "Held",
)  # fmt: skip


def amounts_data(
    payment: ScheduledPayment, rows: Iterable[Row], held: Mapping[int | None, str]
) -> Iterator[tuple[Cell, ...]]:
    """`held` says by purchase order id why a row is not paid just now; None stands for the whole payment."""
    yield HEADINGS
    contract = payment.contract
    for row in rows:
        why = held.get(None) or held.get(row.order.id if row.order else None, "")
        for sentence in row.sentences:
            yield (
                contract.name, contract.reference, payment.first_on, payment.last_on, row.title,
                sentence.span.first, sentence.span.last, sentence.text,
                Pence(sentence.net_pence), Pence(sentence.vat_pence), Pence(sentence.net_pence + sentence.vat_pence),
                why,
            )  # fmt: skip
