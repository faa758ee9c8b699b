"""Why a line of a remittance is as it is: one code a line, from a closed and public list.

Pure: a code follows from what the line is for and, where its days were paid before, from how they were worked out then
and now.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from models.calendar import DAY
from models.engine.component import DEDUCTIONS, Component
from models.engine.working import Slice, Working
from models.words import Choice


class ReasonCode(Choice):
    """What remittances say of a line, on pages, in PDF, CSV and XLSX alike. A new one has its words below."""

    PLANNED = "planned"
    NOT_PAID_BEFORE = "not paid before"
    PRICE = "price"
    QUANTITY = "quantity"
    END = "end"
    ABSENCE = "absence"
    ACTUAL = "actual"
    CONTRIBUTION = "contribution"
    TOP_UP = "top-up"
    NURSING = "nursing"
    CLAIM = "claim"
    INVOICE = "invoice"
    ADJUSTMENT = "adjustment"
    CARRIED = "carried"
    BROUGHT_FORWARD = "brought forward"
    INSTALMENT = "instalment"
    RULES = "rules"

    @property
    def about(self) -> str:
        """What it means, in a sentence."""
        return _ABOUT[self]


_ABOUT = {
    ReasonCode.PLANNED: "Care for the days of this payment, or an allowance that was due in them, as it was planned.",
    ReasonCode.NOT_PAID_BEFORE: "Earlier days, or an allowance that was due in them, of which nothing had been paid.",
    ReasonCode.PRICE: "Days that were paid before at another price: the difference.",
    ReasonCode.QUANTITY: "Days that were paid before with other hours or units: the difference.",
    ReasonCode.END: "Days, or an allowance, that were paid before and are not due: care ended, or began later.",
    ReasonCode.ABSENCE: "Days away, at the part of the price that is paid for them, or what they change of days paid "
    "before.",
    ReasonCode.ACTUAL: "Care as it was delivered, or what that changes of days that were paid as planned.",
    ReasonCode.CONTRIBUTION: "What the client pays towards the price, taken off.",
    ReasonCode.TOP_UP: "What somebody else pays on top of the price that the council has agreed, taken off.",
    ReasonCode.NURSING: "What the NHS pays for nursing care, taken off.",
    ReasonCode.CLAIM: "A one-off claim, or what has changed of one.",
    ReasonCode.INVOICE: "A line of an invoice that the council has approved, or what has changed of one; of a credit "
    "note, what it takes back.",
    ReasonCode.ADJUSTMENT: "A sum that the council has added or taken off by hand. The line says why.",
    ReasonCode.CARRIED: "Taken back money that this payment was too small for: it is owed, and added to what you owe.",
    ReasonCode.BROUGHT_FORWARD: "Taken from this payment for what you owed from earlier ones.",
    ReasonCode.INSTALMENT: "Taken from this payment for what you owed, no more than the instalment that was agreed.",
    ReasonCode.RULES: "Days that were paid before, and that the council’s rules work out anew with the same facts.",
}
_OF_COMPONENT = {
    Component.CONTRIBUTION: ReasonCode.CONTRIBUTION,
    Component.TOP_UP: ReasonCode.TOP_UP,
    Component.NURSING: ReasonCode.NURSING,
    Component.CLAIM: ReasonCode.CLAIM,
    Component.INVOICE: ReasonCode.INVOICE,
    Component.ADJUSTMENT: ReasonCode.ADJUSTMENT,
    Component.CARRIED_FORWARD: ReasonCode.CARRIED,
}


def of_sum(component: Component, working: Working, *, is_due: bool, is_earlier: bool, has_plan: bool) -> ReasonCode:
    """The code of a line that is not priced by days. `is_due`: something of it is due; `has_plan`: instalments are
    agreed for the contract.
    """
    if component is Component.BROUGHT_FORWARD:
        return ReasonCode.INSTALMENT if has_plan else ReasonCode.BROUGHT_FORWARD
    if component in _OF_COMPONENT:
        return _OF_COMPONENT[component]
    if working.is_change:
        return ReasonCode.PRICE if is_due else ReasonCode.END
    return ReasonCode.NOT_PAID_BEFORE if is_earlier else ReasonCode.PLANNED


def of_days(component: Component, part: Slice, *, is_earlier: bool) -> ReasonCode:
    """The code of days of which nothing was paid before."""
    if component not in DEDUCTIONS and part.percent != 100:
        return ReasonCode.ABSENCE
    if component not in DEDUCTIONS and part.delivered:
        return ReasonCode.ACTUAL
    return of_planned_days(component, is_earlier=is_earlier)


def of_planned_days(component: Component, *, is_earlier: bool) -> ReasonCode:
    """The code of days of which nothing was paid before, and which are paid in full as planned."""
    if component in DEDUCTIONS:
        return _OF_COMPONENT[component]
    return ReasonCode.NOT_PAID_BEFORE if is_earlier else ReasonCode.PLANNED


def of_change(component: Component, before: Sequence[Slice], now: Sequence[Slice]) -> ReasonCode:
    """The code of a difference to days that were paid before: what of them has changed, by the first of days that are
    not due, absence, price, quantity, and days that are due as well. Where the two differ in what was delivered, that.
    """
    if component in DEDUCTIONS:
        return _OF_COMPONENT[component]
    if now and _delivered(before) != _delivered(now):
        return ReasonCode.ACTUAL
    then, days = _by_day(before), _by_day(now)
    both = [(then[day], days[day]) for day in sorted(then.keys() & days.keys())]
    if any(was.percent != is_.percent for was, is_ in both):
        return ReasonCode.ABSENCE
    if then.keys() - days.keys():
        return ReasonCode.END
    if any(was.rate_e4 != is_.rate_e4 for was, is_ in both):
        return ReasonCode.PRICE
    if any(_units(was) != _units(is_) for was, is_ in both):
        return ReasonCode.QUANTITY
    return ReasonCode.NOT_PAID_BEFORE if days.keys() - then.keys() else ReasonCode.RULES


def _by_day(slices: Iterable[Slice]) -> dict[date, Slice]:
    return {part.first + DAY * n: part for part in slices for n in range(part.days)}


def _delivered(slices: Iterable[Slice]) -> set[int]:
    """The units of the whole week that were paid as delivered; empty where it went by plan."""
    return {part.delivered[0] for part in slices if part.delivered}


def _units(part: Slice) -> tuple[int, int]:
    """Units and, of a timetable, of how many days they are."""
    return part.quantity_e4, part.days if part.is_timetabled else 0
