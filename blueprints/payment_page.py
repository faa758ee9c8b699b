"""What the page of a payment says beside its rows: the same for its provider and for the council.

Each part is read when a template asks for it, so that an answer to a search, which is rows alone, reads no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from blueprints.lookups import ON_ONE_PAGE, Page, size_for, whole_read
from models.accounts.user import User
from models.base import session
from models.payments.awaited import Awaited, awaited_of
from models.payments.confirmation import AnswerState, Confirmation
from models.payments.day_move import DayMove
from models.payments.hold import Hold, told_among
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run_history import askers_of
from models.payments.sent import PaidPart
from models.payments.standing import Standing
from models.payments.to_answer import Confirmed, confirmed_of
from models.reports.breakdown import rows_of
from models.reports.difference import Difference, Told
from models.reports.explanation import Row
from models.reports.payment_rows import PaymentRow, Rows, Wanted
from models.reports.tracker import Track, tracks_of
from models.reports.waiting_reasons import Reason
from models.together import read_together

MOST_ROWS = ON_ONE_PAGE
FEW = 8
"""A payment of so few rows needs no search."""


class ShownRows(Page):
    """A page of the rows that are wanted, and what they come to."""

    wanted: Wanted
    rows: Rows

    @property
    def is_all(self) -> bool:
        """Every row of the payment stands here."""
        return not self.wanted.is_part and self.pages == 1

    @property
    def has_search(self) -> bool:
        return self.total > FEW or self.wanted.is_part

    @property
    def net_pence(self) -> int:
        """Of those that stand here, as is the rest."""
        return sum(row.net_pence for row in self.items)

    @property
    def vat_pence(self) -> int:
        return sum(row.vat_pence for row in self.items)

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def change_pence(self) -> int:
        return sum(row.change_pence for row in self.items)


def shown_rows(payment: ScheduledPayment, wanted: Wanted) -> ShownRows:
    found = Rows([])

    def read(offset: int, limit: int) -> tuple[Sequence[PaymentRow], int]:
        nonlocal found
        found = rows_of(payment, wanted, offset=offset, limit=limit, of_long=size_for(MOST_ROWS + 1, MOST_ROWS))
        return found.items, found.count

    page = whole_read(read, most=MOST_ROWS, name="rows")
    shown = ShownRows(page.items, page.number, page.total, page.name, size=page.size)
    shown.wanted, shown.rows = wanted, found
    return shown


@dataclass(frozen=True)
class Said:
    """Every hold on a payment, who has asked, the orders in it of which a row is or was held, and what is moved."""

    holds: Sequence[Hold] = ()
    askers: Sequence[User] = ()
    orders: Sequence[PurchaseOrder] = ()
    moves: Sequence[DayMove] = ()


class Shown:
    """What is said of a payment beside its rows; `rows` are those that stand on the page."""

    def __init__(self, payment: ScheduledPayment, rows: Sequence[PaymentRow | Row] = ()) -> None:
        self.payment = payment
        self.rows = rows

    @cached_property
    def _told(self) -> Told:
        return Told(self.payment)

    @property
    def standing(self) -> Standing:
        return self._told.standing

    @property
    def asking(self) -> AnswerState:
        return self.payment.answer_state

    @cached_property
    def confirmed(self) -> Confirmed:
        """What the confirmation was about; nothing where there is none."""
        if self.payment.confirmation is Confirmation.CONFIRMED and not self.standing.has_holds:
            return Confirmed(self.payment.answered_pence or 0)
        return confirmed_of(self.payment)

    @cached_property
    def difference(self) -> Difference | None:
        """Why it differs from the payment before; None where there is none, or nobody knows what it comes to."""
        return None if self.payment.fault else self._told.difference

    @property
    def owed_pence(self) -> int:
        """On its contract."""
        return self.standing.owed_pence

    @cached_property
    def track(self) -> Track:
        """Where it stands, whose turn it is, and what stops money of it."""
        return tracks_of([self.payment], {self.payment.id: self.standing})[self.payment.id]

    @property
    def blocked_because(self) -> Sequence[Reason]:
        """Why something that is not in it waits."""
        return [stop.reason for stop in self.track.stops if stop.reason.is_blocked]

    @cached_property
    def awaited(self) -> Awaited | None:
        """What is planned beside it for weeks without actuals; None where nothing waits for them."""
        if not self.standing.awaited_pence or self.payment.closed_run_id is not None:
            return None
        return awaited_of([self.payment.id])[self.payment.id]

    @cached_property
    def moves(self) -> Sequence[DayMove]:
        """What the council has moved of its days, the latest first."""
        if any(self.payment.moved) and not self.standing.has_holds:
            return session.scalars(DayMove.of(self.payment)).all()
        return self._said.moves

    @cached_property
    def banked(self) -> Sequence[PaidPart]:
        """What runs have paid of it, by bank day, where that is not one day for all of it; without what the bank has
        returned.
        """
        is_in_parts = self.payment.is_begun and (self.payment.closed_run_id is None or self.standing.runs > 1)
        return self.track.banked if is_in_parts else []

    @cached_property
    def holds(self) -> Sequence[Hold]:
        """Every hold on it, released or not, with what was answered, the oldest first."""
        return self._said.holds

    @cached_property
    def _said(self) -> "Said":
        """Read at once; nothing where there is no hold."""
        if not self.standing.has_holds:
            return Said()
        queries: list[sa.Select] = [self.every_hold, askers_of(self.payment), Hold.orders_in(self.payment)]
        if any(self.payment.moved):
            queries.append(DayMove.of(self.payment))
        return Said(*read_together(*queries))

    @property
    def every_hold(self) -> sa.Select[Hold]:
        """The query for `holds`, for a page that reads more with them."""
        return Hold.ever_on(self.payment).order_by(None).order_by(Hold.id)

    @cached_property
    def marks(self) -> dict[int | None, Hold]:
        """What is queried, or held by the council: by purchase order, with None for the whole payment."""
        return {hold.purchase_order_id: hold for hold in self.holds if not hold.is_released}

    @cached_property
    def said_of(self) -> dict[int | None, list[Hold]]:
        """What was asked and answered, that the provider reads: by purchase order, as `marks`."""
        return told_among(self.holds)

    @property
    def names(self) -> dict[int, str]:
        """Who has asked, by id; they are read with the holds."""
        return {person.id: person.name for person in self._said.askers}

    @cached_property
    def said_elsewhere(self) -> list[Hold]:
        """Of those, what is about rows that the payment no longer has."""
        asked = {order_id for order_id in self.said_of if order_id} - {row.order_id for row in self.rows}
        gone = asked - {order.id for order in self._said.orders}
        return [hold for order_id in gone for hold in self.said_of[order_id]]
