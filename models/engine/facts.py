"""The facts that the engine takes: plain values, loaded by models.payments.loading.

Days are inclusive; rates are ten-thousandths of a pound, quantities ten-thousandths of a unit, money is pence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from models.agreed_terms import AgreedTerms
from models.calendar import DAY, FAR_FUTURE, DueDays, Frequency, Span, WorkingDays
from models.money import SCALE
from models.pricing import Basis, Convention, DeductionKind, PayOnActuals, Unit

if TYPE_CHECKING:
    from models.engine.mileage import MileageBook


@dataclass(frozen=True, slots=True)
class Dated:
    """A fact that holds from `first` to `last`, both included."""

    first: date
    last: date
    value: Any


@dataclass(frozen=True, slots=True)
class Quantity:
    """Units a week (a night or a calendar month, where the price is by these), and those of each weekday (Monday first)
    where there is a timetable. Ten-thousandths.
    """

    weekly_e4: int
    timetable_e4: tuple[int, ...] | None = None


ONE = Quantity(SCALE)


@dataclass(frozen=True, slots=True)
class Terms:
    """All that is known of one line item. Prices, quantities and absences are each free of overlaps."""

    starts_on: date
    ends_on: date = FAR_FUTURE
    unit: Unit = Unit.WEEK
    convention: Convention = Convention.INCLUSIVE
    contract_ends_on: date = FAR_FUTURE
    """The contract's last day: it is still paid, and no later one is."""
    vat_basis_points: int = 0
    prices: tuple[Dated, ...] = ()
    """Rates in ten-thousandths of a pound a unit."""
    quantities: tuple[Dated, ...] = ()
    """`Quantity` values; one unit a week where there is none."""
    absences: tuple[Dated, ...] = ()
    """The per cent that is paid."""
    deductions: tuple[tuple[DeductionKind, Dated], ...] = ()
    """Weekly rates in ten-thousandths of a pound, of the deductions that this contract takes off."""

    @property
    def last_payable_on(self) -> date:
        is_paid = self.convention is Convention.INCLUSIVE or self.ends_on == FAR_FUTURE
        return min(self.ends_on if is_paid else self.ends_on - DAY, self.contract_ends_on)

    def is_payable_on(self, day: date) -> bool:
        return self.starts_on <= day <= self.last_payable_on


class PaymentCalendar(Protocol):
    """How periods tile the days, and when the work on each is due."""

    @property
    def frequency(self) -> Frequency: ...
    @property
    def anchor_on(self) -> date: ...
    def due_days_of(self, first_on: date, working: WorkingDays) -> DueDays: ...


class Method(Protocol):
    """How a contract pays, from `calculate_from` to `ends_on` (included; None has no end)."""

    @property
    def id(self) -> int: ...
    @property
    def basis(self) -> Basis: ...
    @property
    def is_by_invoice(self) -> bool: ...
    @property
    def calendar(self) -> PaymentCalendar: ...
    @property
    def pay_on_actuals(self) -> PayOnActuals: ...
    @property
    def calculate_from(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...
    def periods(self, until: date) -> Iterator[Span]: ...


@dataclass(frozen=True, slots=True)
class DueSum:
    """An allowance or an accepted claim item: pence that fall due on one day."""

    id: int
    name: str
    due_on: date
    amount_pence: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was delivered of one line item in one week, as far as it is paid."""

    paid_e4: int
    """The actual quantity, and what was planned and not taken up, where the service level pays that."""
    by_day_e4: tuple[int, ...] | None = None
    """The actual quantity of each of the seven days, where it is known. What `paid_e4` is above their sum is known for
    the whole week only.
    """


@dataclass(frozen=True, slots=True)
class ActualsRule:
    """How a service level pays what was delivered."""

    is_extra_paid: bool = True
    """False: no more is paid than was planned."""
    plan_from: date | None = None
    """Weeks that begin on this day or later are paid as planned, whatever the payment method says; None: none."""
    is_frustrated_paid: bool = False
    """What was planned and not taken up is paid."""

    def paid(self, actual_e4: int, frustrated_e4: int, by_day_e4: Sequence[int] | None) -> Delivered:
        """What of these figures is paid, before extras are looked at; ten-thousandths of a unit. `by_day_e4` is of the
        actual quantity.
        """
        by_day = tuple(by_day_e4) if by_day_e4 else None
        return Delivered(actual_e4 + (frustrated_e4 if self.is_frustrated_paid else 0), by_day)


@dataclass(frozen=True, slots=True)
class InvoicedSum:
    """One line of an invoice or credit note that the council has decided: whole pence, below 0 where a credit note
    takes back, 0 where it pays nothing (any more). Its days are those that it is for.
    """

    id: int
    item_id: int
    client_id: int
    name: str
    days: Span
    net_pence: int
    vat_pence: int
    decided_on: date


@dataclass
class ItemFacts:
    """One care package line item, with all that decides what is paid for it."""

    id: int
    client_id: int
    service: str
    terms_gross: Terms
    """The terms under a Gross method: with the deductions that are taken off whatever the method."""
    contributions: tuple[tuple[DeductionKind, Dated], ...]
    """Deductions that a Net method takes off as well, since the provider collects them."""
    allowances: list[DueSum]
    authorised_on: date | None
    is_suspended: bool
    agreed: AgreedTerms | None = None
    """What was agreed last; None where nothing ever was."""
    delivered: Mapping[date, Delivered] = field(default_factory=dict)
    """By the first day of a week: what the latest figures say that count. Only where the contract pays on actuals."""
    actuals_rule: ActualsRule = ActualsRule()

    @cached_property
    def terms_net(self) -> Terms:
        if not self.contributions:
            return self.terms_gross
        return replace(self.terms_gross, deductions=self.terms_gross.deductions + self.contributions)

    def terms(self, basis: Basis) -> Terms:
        return self.terms_net if basis is Basis.NET else self.terms_gross

    def is_blocked(self, as_on: date) -> bool:
        """Whether it makes no new line, to pay or to recover: it is suspended, or not yet authorised on that day."""
        return self.is_suspended or self.authorised_on is None or self.authorised_on > as_on


@dataclass
class ContractFacts:
    id: int
    provider_id: int
    ends_on: date | None
    methods: Sequence[Method]
    items: list[ItemFacts] = field(default_factory=list)
    claims: list[tuple[DueSum, date | None]] = field(default_factory=list)
    """Claim items that are paid a fixed sum, and the day on which the panel decided."""
    adjustments: list[tuple[DueSum, int]] = field(default_factory=list)
    """Sums that officers have added or, below zero, taken off; each with the client's id."""
    waits_from: date | None = None
    """Payment periods that begin on this day or later pay no more than is agreed; None: none waits for agreements."""

    miles: "MileageBook | None" = None
    """Its provider's miles, of which those of its own items are paid here; None where no item is priced by miles."""
    invoices: list[InvoicedSum] = field(default_factory=list)
    """Lines of invoices: they are paid where the method of their days pays by invoice."""

    def waits(self, span: Span) -> bool:
        """Whether what is paid of that period waits for agreements."""
        return self.waits_from is not None and self.waits_from <= span.first

    def pays_by_invoice(self, days: Span) -> bool:
        """Whether the methods of all these days pay approved invoices: of others nothing is paid twice."""
        spans = [Span(each.calculate_from, each.ends_on or FAR_FUTURE) for each in self.methods if each.is_by_invoice]
        return days.is_within(spans)

    def periods(self, until: date) -> list[tuple[Method, Span]]:
        """Its payment periods that begin on or before `until`, in order."""
        return [(method, span) for method in self.methods for span in method.periods(until)]
