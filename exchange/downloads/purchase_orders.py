"""Download Data of the purchase orders in a list."""

from collections.abc import Iterable, Iterator

from exchange.downloads.tabular import Cell, Pence
from models.payments.order_list import Listed

HEADINGS = ("Number", "Purchase Order", "Financial Year", "Issued", "Value", "Spend To Date", "Still to come")


def order_data(orders: Iterable[Listed]) -> Iterator[tuple[Cell, ...]]:
    yield HEADINGS
    for order in orders:
        yield (
            order.reference, order.title, str(order.year), order.issued_on,
            Pence(order.value_pence), Pence(order.spend_pence), Pence(order.remaining_pence),
        )  # fmt: skip
