"""Whatever happens to the facts, paid + outstanding = entitlement, and what was paid never changes.

Histories are random: prices, ends, absences, authorisations, suspensions, sums and contributions come and go
between runs. No database: the calculation itself is pure.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.calendar import FAR_FUTURE, FinancialYear, Frequency, WorkingDays, year_of
from models.engine.component import LUMPS, Component
from models.engine.draft import Settled, Source
from models.engine.entitlement import cells
from models.engine.facts import ONE, ContractFacts, Dated, DueSum, ItemFacts, Quantity, Terms
from models.engine.periods import horizon, lay_out
from models.engine.reckoning import reckon
from models.pricing import Basis, Convention, DeductionKind, Unit
from models.records.contract import Calendar, PaymentMethod

START = date(2019, 2, 4)


@dataclass
class Office:
    """A council with one contract: its facts, its finalised lines, where drafts are, what it holds, and its day."""

    contract: ContractFacts
    today: date = START
    finalised: list = field(default_factory=list)
    begun: set = field(default_factory=set)
    closed: set = field(default_factory=set)
    held: set = field(default_factory=set)
    """First days of payments that are held whole."""
    held_rows: set = field(default_factory=set)
    """First days of payments, each with the order of the row that is held."""
    placed: dict = field(default_factory=dict)

    def settled(self):
        found = defaultdict(dict)
        for line in self.finalised:
            key = (line.component, line.first)
            old = found[line.source].get(key, Settled(line.last, 0, 0))
            found[line.source][key] = Settled(line.last, old.net_pence + line.net_pence, old.vat_pence + line.vat_pence)
        return found

    def reckon(self):
        states = {first: (True, first in self.closed) for first in self.begun | self.closed}
        periods = lay_out(self.contract, states, self.today, WorkingDays())
        found = reckon(self.contract, periods, self.settled(), self.today, self.placed)
        self.placed = {(d.source, d.component, d.first): d.paid_in for d in found.drafts}
        return found

    def finalise(self):
        """What a run does: the free lines of every payment that is due; held ones leave theirs open."""
        found = self.reckon()
        due = {p.span.first for p in found.periods if p.dates.finalise_on <= self.today} - self.closed - self.held
        free = [d for d in found.drafts if d.paid_in in due and (d.paid_in, d.order) not in self.held_rows]
        waiting = {d.paid_in for d in found.drafts if (d.paid_in, d.order) in self.held_rows} & due
        self.finalised += free
        self.begun |= {d.paid_in for d in free} | (due - waiting)
        self.closed |= due - waiting


def office(frequency, unit=Unit.WEEK, convention=Convention.INCLUSIVE, quantity=ONE):
    calendar = Calendar(
        frequency=frequency, anchor_on=START, confirm_by_days=3, finalise_days=6, bank_days=11, overrides=[]
    )
    method = PaymentMethod(id=1, calendar=calendar, basis=Basis.NET, calculate_from=START)
    price, units = Dated(START, FAR_FUTURE, 3_030_300), Dated(START, FAR_FUTURE, quantity)
    plain = Terms(START, vat_basis_points=2_000, prices=(price,))
    terms = replace(plain, starts_on=START + timedelta(days=9), unit=unit, convention=convention, quantities=(units,))
    item = ItemFacts(1, 1, "Placement", terms, (), [], START, False)
    other = replace(item, id=2, client_id=2, terms_gross=plain)
    return Office(ContractFacts(1, 1, None, [method], [item, other]))


QUANTITIES = st.sampled_from(
    [ONE, Quantity(127_500), Quantity(55_000, (20_000, 0, 20_000, 0, 0, 15_000, 0)), Quantity(20_000)]
)
OFFICES = st.builds(office, st.sampled_from(Frequency), st.sampled_from(Unit), st.sampled_from(Convention), QUANTITIES)


def change_item(the, n, **changed):
    item = the.contract.items[n]
    terms = {name: changed.pop(name) for name in list(changed) if name in Terms.__slots__}
    the.contract.items[n] = replace(item, terms_gross=replace(item.terms_gross, **terms), **changed)


def new_price(the, n, day, rate):
    old = the.contract.items[n].terms_gross.prices
    kept = [replace(p, last=min(p.last, day - timedelta(days=1))) for p in old if p.first < day]
    change_item(the, n, prices=(*kept, Dated(day, FAR_FUTURE, rate)))


def new_absence(the, n, day, length, percent):
    away = Dated(day, day + timedelta(days=length), percent)
    change_item(the, n, absences=(away,))


def new_allowance(the, n, day, pence):
    allowances = the.contract.items[n].allowances
    change_item(the, n, allowances=[*allowances, DueSum(100 * n + len(allowances), "Birthday", day, pence)])


def new_claim(the, n, day, pence):
    the.contract.claims.append((DueSum(len(the.contract.claims) + 1, "School runs", day, pence), day))


def new_adjustment(the, n, day, pence):
    the.contract.adjustments.append((DueSum(len(the.contract.adjustments) + 1, "Put right", day, pence), n + 1))


def hold_row(the, n, day):
    """Hold, or release, one client's row in the payment of that day."""
    found = the.reckon()
    home = next((p.span.first for p in found.periods if day in p.span), None)
    if home is not None and home not in the.closed:
        the.held_rows ^= {(home, (n + 1, year_of(day)))}


def hold_payment(the, n, day):
    found = the.reckon()
    home = next((p.span.first for p in found.periods if day in p.span), None)
    if home is not None and home not in the.closed:
        the.held ^= {home}


DAYS = st.integers(-20, 430).map(lambda n: START + timedelta(days=n))
ITEMS = st.integers(0, 1)
PENCE = st.integers(0, 60_000)
EVENTS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 40)),
    st.tuples(st.just("finalise")),
    st.builds(lambda *a: (new_price, *a), ITEMS, DAYS, st.integers(0, 9_000_000)),
    st.builds(lambda n, day: (change_item, n, {"ends_on": day}), ITEMS, DAYS),
    st.builds(lambda n: (change_item, n, {"ends_on": FAR_FUTURE}), ITEMS),
    st.builds(lambda n, day: (change_item, n, {"starts_on": day}), ITEMS, DAYS),
    st.builds(lambda *a: (new_absence, *a), ITEMS, DAYS, st.integers(0, 40), st.integers(0, 100)),
    st.builds(lambda n, day: (change_item, n, {"authorised_on": day}), ITEMS, st.none() | DAYS),
    st.builds(lambda n, is_it: (change_item, n, {"is_suspended": is_it}), ITEMS, st.booleans()),
    st.builds(lambda *a: (new_allowance, *a), ITEMS, DAYS, PENCE),
    st.builds(lambda *a: (new_claim, *a), ITEMS, DAYS, PENCE),
    st.builds(lambda *a: (new_adjustment, *a), ITEMS, DAYS, st.integers(-60_000, 60_000)),
    st.builds(lambda *a: (hold_row, *a), ITEMS, DAYS),
    st.builds(lambda *a: (hold_payment, *a), ITEMS, DAYS),
    st.builds(
        lambda n, day, rate: (
            change_item, n, {"contributions": ((DeductionKind.CONTRIBUTION, Dated(day, FAR_FUTURE, rate)),)},
        ),
        ITEMS, DAYS, st.integers(0, 2_000_000),
    ),
)  # fmt: skip


def happen(the, event):
    match event:
        case ("wait", days):
            the.today += timedelta(days=days)
        case ("finalise",):
            the.finalise()
        case (verb, n, dict() as changed):
            verb(the, n, **changed)
        case (verb, *given):
            verb(the, *given)


def entitled(the, found):
    """What each unblocked cell of a begun period comes to, by an independent walk over the facts."""
    due = defaultdict(lambda: (0, 0))
    last = max((p.span.last for p in found.periods if p.is_due(the.today)), default=date.min)
    begun = [p.span for p in found.periods if p.span.first <= last and not p.is_after_end]
    for item in (item for item in the.contract.items if not item.is_blocked(the.today)):
        for span in begun:
            for cell in cells(item.terms(Basis.NET), span):
                due[Source(item.id), cell.component, cell.first] = (cell.net_pence, cell.vat_pence)
        for sum_ in item.allowances:
            if any(sum_.due_on in span for span in begun) and item.terms_gross.is_payable_on(sum_.due_on):
                due[Source(item.id, sum_.id), Component.ALLOWANCE, sum_.due_on] = (sum_.amount_pence, 0)
    return due | sums_entitled(the)


def sums_entitled(the):
    """Adjustments, and claims that have been decided: both are due whatever the days."""
    due = {
        (Source(adjustment_id=each.id), Component.ADJUSTMENT, each.due_on): (each.amount_pence, 0)
        for each, _ in the.contract.adjustments
    }
    return due | {
        (Source(claim_item_id=claim.id), Component.CLAIM, claim.due_on): (claim.amount_pence, 0)
        for claim, decided_on in the.contract.claims
        if decided_on <= the.today
    }


def paid_and_outstanding(lines):
    found = defaultdict(lambda: (0, 0))
    for line in lines:
        key = (line.source, line.component, line.first)
        found[key] = (found[key][0] + line.net_pence, found[key][1] + line.vat_pence)
    return found


def blocked_sources(the):
    ids = {item.id for item in the.contract.items if item.is_blocked(the.today)}
    undecided = {claim.id for claim, decided_on in the.contract.claims if decided_on > the.today}
    return lambda source: source.item_id in ids or source.claim_item_id in undecided


@given(OFFICES, st.lists(EVENTS, min_size=3, max_size=25))
def test_paid_and_outstanding_are_the_entitlement_after_any_history(the, events):
    for event in [*events, ("wait", 30), ("finalise",), ("wait", 1)]:
        before = list(the.finalised)
        happen(the, event)
        assert the.finalised[: len(before)] == before
        found = the.reckon()
        is_blocked = blocked_sources(the)
        paid = paid_and_outstanding([*the.finalised, *found.drafts])
        due = entitled(the, found)
        for key in {*paid, *due}:
            if not is_blocked(key[0]):
                assert paid[key] == due[key]
        assert not [draft for draft in found.drafts if is_blocked(draft.source)]
        assert not [draft for draft in found.drafts if draft.paid_in in the.closed]


@given(OFFICES, st.lists(EVENTS, min_size=3, max_size=25))
def test_every_pound_that_is_due_is_paid_open_or_blocked(the, events):
    for event in [*events, ("wait", 60), ("finalise",), ("wait", 1)]:
        happen(the, event)
        found = the.reckon()
        paid = sum(line.total_pence for line in the.finalised)
        to_come = sum(draft.total_pence for draft in found.drafts)
        assert found.entitled_pence == paid + to_come + sum(found.blocked.values())


@given(OFFICES, st.lists(EVENTS, min_size=3, max_size=25))
def test_a_draft_stays_in_its_payment_while_that_is_open(the, events):
    for event in [*events, ("wait", 9), ("wait", 30)]:
        before = dict(the.placed)
        happen(the, event)
        found = the.reckon()
        open_ones = {p.span.first for p in found.periods} - the.closed
        for draft in found.drafts:
            kept = before.get((draft.source, draft.component, draft.first))
            assert kept not in open_ones or kept == draft.paid_in


@given(OFFICES, st.lists(EVENTS, min_size=3, max_size=20))
def test_orders_are_worth_what_is_finalised_and_what_is_still_due(the, events):
    for event in events:
        happen(the, event)
    found = the.reckon()
    again = the.reckon()
    assert found.drafts == again.drafts
    assert found.orders == again.orders
    year = horizon(the.contract, the.today).starts_in
    for (client_id, starts_in), order in found.orders.items():
        paid = sum(line.net_pence for line in the.finalised if line.order == (client_id, starts_in))
        assert starts_in <= year or client_id is None or the.contract.adjustments
        assert sum(row.amount.net_pence for row in order.expected) == order.net_pence - paid
        assert FinancialYear(starts_in) >= FinancialYear.of(START - timedelta(days=30))


@given(OFFICES, st.lists(EVENTS, min_size=3, max_size=20))
def test_a_line_keeps_the_slices_that_it_adds_up_to(the, events):
    for event in events:
        happen(the, event)
    for draft in the.reckon().drafts:
        if draft.component in LUMPS:
            continue
        slices = draft.working.slices
        assert sum(part.net_pence for part in slices) - draft.working.before_net_pence == draft.net_pence
        assert sum(part.vat_pence for part in slices) - draft.working.before_vat_pence == draft.vat_pence
