"""What would follow for payments if a client died, left or went to hospital: worked out, and written nowhere."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from models.bank_holiday import working_days
from models.calendar import DAY, FAR_FUTURE, Span, today
from models.engine.facts import ContractFacts, Dated, ItemFacts, Terms
from models.engine.periods import lay_out
from models.engine.reckoning import Reckoning, reckon
from models.payments.book import Book
from models.payments.loading import load
from models.pricing import Convention

log = logging.getLogger(__name__)

If = Callable[[ItemFacts], ItemFacts]
"""Given a line item, what it would be."""


@dataclass(frozen=True)
class PaymentIf:
    """A payment that would come to something else; pence with VAT."""

    contract_id: int
    span: Span
    now_pence: int
    then_pence: int


@dataclass(frozen=True)
class WhatIf:
    """What would follow: the payments, open or to come, in order; and what of finalised days would come back (pence,
    VAT included; below zero: would be paid as well).
    """

    payments: tuple[PaymentIf, ...]
    back_pence: int


def ends(last_paid_on: date, deductions_until: date) -> If:
    """Nothing is paid after the day `last_paid_on`, and nothing is taken off after the other."""

    def changed(item: ItemFacts) -> ItemFacts:
        terms = item.terms_gross
        is_paid = terms.convention is Convention.INCLUSIVE
        ends_on = min(terms.ends_on, last_paid_on if is_paid else last_paid_on + DAY)
        cut = replace(terms, ends_on=ends_on, deductions=_until(terms.deductions, deductions_until))
        return _with_terms(item, cut, _until(item.contributions, deductions_until))

    return changed


def away(first: date, last: date | None, pay_percent: int) -> If:
    """So much is paid for these days; days that are absences already stay what they are."""

    def changed(item: ItemFacts) -> ItemFacts:
        free = _free(Span(first, last or FAR_FUTURE), item.terms_gross.absences)
        added = (Dated(span.first, span.last, pay_percent) for span in free)
        absences = tuple(sorted((*item.terms_gross.absences, *added), key=lambda each: each.first))
        return _with_terms(item, replace(item.terms_gross, absences=absences), item.contributions)

    return changed


def what_if(provider_id: int, client_id: int, change: If) -> WhatIf | None:
    """What would follow if every line item of the client at the provider were as `change` says. None where one of the
    contracts cannot be calculated.
    """
    contracts = load([provider_id])
    book = Book([provider_id], contracts)
    payments: list[PaymentIf] = []
    back = 0
    for facts in contracts.values():
        if not any(item.client_id == client_id for item in facts.items):
            continue
        items = [change(item) if item.client_id == client_id else item for item in facts.items]
        try:
            now, then = (_reckoned(each, book) for each in (facts, replace(facts, items=items)))
        except Exception:
            log.exception("contract %s cannot be calculated", facts.id)
            return None
        payments += _changed(facts.id, now, then)
        back += _of_paid_days(now) - _of_paid_days(then)
    return WhatIf(tuple(sorted(payments, key=lambda each: (each.span, each.contract_id))), back)


def _reckoned(facts: ContractFacts, book: Book) -> Reckoning:
    periods = lay_out(facts, book.states[facts.id], today(), working_days())
    return reckon(facts, periods, book.settled[facts.id], today(), book.placed[facts.id])


def _changed(contract_id: int, now: Reckoning, then: Reckoning) -> Iterable[PaymentIf]:
    before, after = _sums(now), _sums(then)
    for period in then.periods:
        first = period.span.first
        if before[first] != after[first]:
            yield PaymentIf(contract_id, period.span, before[first], after[first])


def _sums(found: Reckoning) -> dict[date, int]:
    """Pence by the first day of the period that pays them."""
    sums: dict[date, int] = defaultdict(int)
    for first, (net, vat) in found.planned.items():
        sums[first] += net + vat
    for draft in found.drafts:
        sums[draft.paid_in] += draft.total_pence
    return sums


def _of_paid_days(found: Reckoning) -> int:
    """What drafts add to cells of which something is finalised, in pence."""
    return sum(draft.total_pence for draft in found.drafts if draft.is_change)


def _with_terms(item: ItemFacts, terms: Terms, contributions: tuple) -> ItemFacts:
    """Made anew, since an item keeps its net terms once they are asked for."""
    return ItemFacts(
        item.id, item.client_id, item.service, terms, contributions, item.allowances, item.authorised_on,
        item.is_suspended, item.agreed, item.delivered, item.actuals_rule,
    )  # fmt: skip


def _until(deductions: tuple, last: date) -> tuple:
    kept = ((kind, dated) for kind, dated in deductions if dated.first <= last)
    return tuple((kind, replace(dated, last=min(dated.last, last))) for kind, dated in kept)


def _free(span: Span, taken: tuple[Dated, ...]) -> list[Span]:
    """The days of the span that none of the others has."""
    free, first = [], span.first
    for each in sorted(taken, key=lambda dated: dated.first):
        if each.last < first or each.first > span.last:
            continue
        if first < each.first:
            free.append(Span(first, each.first - DAY))
        if each.last == FAR_FUTURE:
            return free
        first = max(first, each.last + DAY)
    return [*free, Span(first, span.last)] if first <= span.last else free
