"""What a line item comes to in a week, or a calendar month, that nothing disturbs: the sum that an agreement names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from models.calendar import FAR_FUTURE, Span
from models.engine.entitlement import cells
from models.engine.facts import ContractFacts, ItemFacts, Method, Terms
from models.pricing import Basis, Unit


def basis_of(contract: ContractFacts, item: ItemFacts, as_on: date) -> Basis:
    """That of the payment method of the day, or of the item's first one if it comes later; the last one's where all
    have ended.
    """
    methods: Sequence[Method] = contract.methods
    first = max(as_on, item.terms_gross.starts_on)
    return next((each.basis for each in methods if (each.ends_on or FAR_FUTURE) >= first), methods[-1].basis)


def regular_pence(item: ItemFacts, basis: Basis, as_on: date) -> int:
    """What a week comes to (a calendar month, where the price is by these) from the first day of a price on, from
    `as_on` if that has begun: pence, VAT included, less what is deducted. Absences and the last day leave it as it is.
    """
    terms = item.terms(basis)
    whole = replace(terms, absences=(), ends_on=FAR_FUTURE, contract_ends_on=FAR_FUTURE)
    return sum(cell.net_pence + cell.vat_pence for cell in cells(whole, _days_of(terms, as_on)))


def _days_of(terms: Terms, as_on: date) -> Span:
    first = max(terms.starts_on, min(price.first for price in terms.prices))
    if first <= as_on <= terms.ends_on:
        first = as_on
    if terms.unit is not Unit.MONTH:
        return Span(first, first + timedelta(days=6))
    month = first if first.day == 1 else (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Span(month, month.replace(day=1) + timedelta(days=Span(month, month).days_in_month - 1))
