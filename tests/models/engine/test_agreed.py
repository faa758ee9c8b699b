"""What is paid where a contract waits for agreements, by example, and then whatever happens.

As in test_examples.py a contract is paid by weeks from Monday to Sunday, it is Wednesday 11 September, and Ann's care
costs £70.00 a week, £10.00 a day.
"""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.agreed_terms import AgreedAllowance, AgreedPrice, AgreedQuantity, AgreedTerms
from models.calendar import FAR_FUTURE
from models.engine.agreed import as_agreed
from models.engine.component import Component
from models.engine.entitlement import cells
from models.pricing import Basis, Unit
from tests.models.engine.telling import Facts, agreed, dated, hours, item, lines, paid, price
from tests.models.engine.test_reckoning import EVENTS, ITEMS, OFFICES, START, change_item, happen

CARE, CONTRIBUTION = Component.CARE, Component.CONTRIBUTION
GATE = {"waits_from": "2 Sep"}
A_WEEK_PAID = {"first": "2 Sep", "closed": ("2 Sep",), "paid": (paid(CARE, "2 Sep", "8 Sep", 70_00),)}

EXAMPLES: dict[str, tuple[Facts, str]] = {
    "Never agreed: all of it waits, and nothing is planned": (
        Facts([item()], last="22 Sep", **GATE),
        """
        9 Sep waits for 70.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "Agreed as it is: paid and planned as ever": (
        Facts([item(agreed=agreed())], last="29 Sep", **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep plans 70.00
        23 Sep plans 70.00
        Ann 2019/2020 is worth 210.00
        Ann 2019/2020 expects care, 9 Sep to 29 Sep: 210.00 = 21 days at 70.00 rounded 3 times
        """,
    ),
    "The gate begins with a payment: what begins a day before it waits for nothing": (
        Facts([item()], last="22 Sep", waits_from="10 Sep"),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        Ann 2019/2020 is worth 70.00
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        """,
    ),
    "And what begins on its first day waits": (
        Facts([item()], waits_from="9 Sep"),
        """
        9 Sep waits for 70.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "A price above the agreed one: the agreed one is paid and planned, and 42.75 of the week that has begun waits": (
        Facts([item(price(915_25), agreed=agreed((872_50, "1 Jan", None)))], last="22 Sep", **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 872.50 = 7 days at 872.50
        16 Sep plans 872.50
        9 Sep waits for 42.75
        Ann 2019/2020 is worth 1745.00
        Ann 2019/2020 expects care, 9 Sep to 22 Sep: 1745.00 = 14 days at 872.50 rounded 2 times
        """,
    ),
    "A price below the agreed one counts at once": (
        Facts([item(price(60_00), agreed=agreed())], **A_WEEK_PAID, last="8 Sep", **GATE),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: -10.00 = 7 days at 60.00 - 70.00 paid before
        Ann 2019/2020 is worth 60.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: -10.00 = a correction
        """,
    ),
    "An end counts at once, at the agreed price: 3 of 7 days": (
        Facts([item(price(915_25), last="11 Sep", agreed=agreed((872_50, "1 Jan", None)))], **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 373.93 = 3 days at 872.50
        9 Sep waits for 18.32
        Ann 2019/2020 is worth 373.93
        Ann 2019/2020 expects care, 9 Sep to 11 Sep: 373.93 = 3 days at 872.50
        """,
    ),
    "So does an absence: 4 of 7 days at the agreed price": (
        Facts([item(price(140_00), absence=dated(0, "9 Sep", "11 Sep"), agreed=agreed())], **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 40.00 = 3 days at 70.00 paid at 0 % (0.00) + 4 days at 70.00 (40.00)
        9 Sep waits for 40.00
        Ann 2019/2020 is worth 40.00
        Ann 2019/2020 expects care, 9 Sep to 11 Sep: 0.00 = 3 days at 70.00 paid at 0 %
        Ann 2019/2020 expects care, 12 Sep to 15 Sep: 40.00 = 4 days at 70.00
        """,
    ),
    "More hours than were agreed wait": (
        Facts(
            [item(price(10_00), unit=Unit.HOUR, quantity=hours("14"),
                  agreed=agreed((10_00, "1 Jan", None), unit=Unit.HOUR, hours="7"))],
            **GATE,
        ),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days of 7 hours at 10.00
        9 Sep waits for 70.00
        Ann 2019/2020 is worth 70.00
        Ann 2019/2020 expects care, 9 Sep to 15 Sep: 70.00 = 7 days of 7 hours at 10.00
        """,
    ),
    "A start before the agreed one: a contribution goes by the days that are agreed, 12.00 a week for 3 of 7": (
        Facts([item(contribution=dated(12_0000), agreed=agreed(first="13 Sep"))], **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 30.00 = 3 days at 70.00
        9 Sep pays Ann's client contribution, 9 Sep to 15 Sep: -5.14 = 3 days at 12.00
        9 Sep waits for 33.14
        """,
    ),
    "A contribution that falls is no matter of agreement: the council assesses it": (
        Facts(
            [item(contribution=dated(5_0000), agreed=agreed())], **A_WEEK_PAID | {
                "paid": (paid(CARE, "2 Sep", "8 Sep", 70_00), paid(CONTRIBUTION, "2 Sep", "8 Sep", -12_00)),
            }, last="8 Sep", waits_from="2 Sep",
        ),
        """
        9 Sep pays Ann's client contribution, 2 Sep to 8 Sep: 7.00 = 7 days at 5.00 - -12.00 paid before
        """,
    ),
    "Beyond the last agreed day nothing is paid, nor deducted": (
        Facts([item(contribution=dated(12_0000), agreed=agreed(last="8 Sep"))], **GATE),
        """
        9 Sep waits for 58.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "Paid before anybody agreed, and more than was agreed: it is not taken back": (
        Facts([item(agreed=agreed((60_00, "1 Jan", None)))], **A_WEEK_PAID, last="8 Sep", **GATE),
        """
        Ann 2019/2020 is worth 70.00
        """,
    ),
    "The facts take back what was paid above what is agreed, down to what they say": (
        Facts([item(price(65_00), agreed=agreed((60_00, "1 Jan", None)))], **A_WEEK_PAID, last="8 Sep", **GATE),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: -5.00 = 7 days at 65.00 - 70.00 paid before
        Ann 2019/2020 is worth 65.00
        Ann 2019/2020 expects care, 2 Sep to 8 Sep: -5.00 = a correction
        """,
    ),
    "What is above both what was paid and what is agreed waits": (
        Facts([item(price(90_00), agreed=agreed((60_00, "1 Jan", None)))], **A_WEEK_PAID, last="8 Sep", **GATE),
        """
        9 Sep waits for 20.00
        Ann 2019/2020 is worth 70.00
        """,
    ),
    "Never agreed, and the facts say less than was paid: no new line of either sign": (
        Facts([item(price(60_00))], **A_WEEK_PAID, last="8 Sep", **GATE),
        """
        9 Sep waits for -10.00
        Ann 2019/2020 is worth 70.00
        """,
    ),
    "Agreed at last: what was missed is caught up in the current payment": (
        Facts([item(agreed=agreed())], **A_WEEK_PAID | {"paid": ()}, **GATE),
        """
        9 Sep pays Ann's care, 2 Sep to 8 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        Ann 2019/2020 is worth 140.00
        Ann 2019/2020 expects care, 2 Sep to 15 Sep: 140.00 = 14 days at 70.00 rounded 2 times
        """,
    ),
    "What is suspended waits whole, agreed or not": (
        Facts([item(agreed=agreed(), is_suspended=True)], **GATE),
        """
        9 Sep waits for 70.00
        Ann 2019/2020 is worth 0.00
        """,
    ),
    "An allowance above the agreed one waits with what is above": (
        Facts([item(allowance=("12 Sep", 25_00), agreed=agreed(allowance=("12 Sep", 18_00)))], **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep pays Ann's allowance, 12 Sep: 18.00
        9 Sep waits for 7.00
        """,
    ),
    "An allowance that is no part of the agreement waits; so does one of a day that is not agreed": (
        Facts(
            [item(allowance=("12 Sep", 25_00), agreed=agreed()),
             item(client="Bob", first="12 Sep", last="12 Sep", allowance=("12 Sep", 25_00),
                  agreed=agreed(last="8 Sep", allowance=("12 Sep", 25_00)))],
            **GATE,
        ),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        9 Sep waits for 60.00
        """,
    ),
    "An allowance to come is planned as far as it is agreed": (
        Facts([item(allowance=("17 Sep", 25_00), agreed=agreed(allowance=("17 Sep", 18_00)))], last="22 Sep", **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 = 7 days at 70.00
        16 Sep plans 88.00
        """,
    ),
    "What was paid counts with its VAT: 90.00 and 18.00 are due, 70.00 and 14.00 paid, 60.00 and 12.00 agreed": (
        Facts(
            [item(price(90_00), vat_percent=20, agreed=agreed((60_00, "1 Jan", None)))],
            **A_WEEK_PAID | {"paid": (paid(CARE, "2 Sep", "8 Sep", 70_00, 14_00),)}, last="8 Sep", **GATE,
        ),
        """
        9 Sep waits for 24.00
        Ann 2019/2020 is worth 70.00 and VAT 14.00
        """,
    ),
    "VAT goes with the price": (
        Facts([item(price(100_00), vat_percent=20, agreed=agreed())], **GATE),
        """
        9 Sep pays Ann's care, 9 Sep to 15 Sep: 70.00 and VAT 14.00 = 7 days at 70.00
        9 Sep waits for 36.00
        """,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_agreed_is_what_is_paid(name):
    facts, text = EXAMPLES[name]
    told = facts.told()
    wanted = lines(text)
    assert [each for each in told if each in wanted] == wanted, told
    assert "is worth" not in text or told == wanted


def test_a_payment_that_begins_before_the_gate_is_free_on_both_sides_of_1_april():
    facts = Facts(
        [item()], first="30 Mar 2020", last="5 Apr 2020", today="1 Apr 2020", waits_from="1 Apr 2020"
    )  # fmt: skip
    assert [each for each in facts.told() if "pays" in each or "waits" in each] == [
        "30 Mar pays Ann's care, 30 Mar to 31 Mar: 20.00 = 2 of 7 days at 70.00",
        "30 Mar pays Ann's care, 1 Apr to 5 Apr: 50.00 = 5 of 7 days at 70.00",
    ]


def as_kept(it):
    """What an agreement of this item made now would say."""
    terms = it.terms_gross

    def last(dated):
        return None if dated.last == FAR_FUTURE else dated.last

    return AgreedTerms(
        "Placement", terms.starts_on, None if terms.ends_on == FAR_FUTURE else terms.ends_on, terms.unit,
        terms.convention, tuple(AgreedPrice(each.first, last(each), each.value) for each in terms.prices),
        tuple(
            AgreedQuantity(each.first, last(each), each.value.weekly_e4, each.value.timetable_e4)
            for each in terms.quantities
        ),
        allowances=tuple(AgreedAllowance(each.id, each.name, each.due_on, each.amount_pence) for each in it.allowances),
    )  # fmt: skip


def agree(the, n):
    change_item(the, n, agreed=as_kept(the.contract.items[n]))


AGREE = st.builds(lambda n: (agree, n), ITEMS)
GATES = st.integers(-10, 60).map(lambda n: START + timedelta(days=n))


def by_cell(lines):
    sums = Counter()
    for line in lines:
        sums[line.source, line.component, line.first] += line.total_pence
    return sums


@given(OFFICES, GATES, st.lists(EVENTS | AGREE, min_size=3, max_size=25))
def test_nobody_is_paid_above_what_is_agreed_and_every_pound_is_somewhere(the, waits_from, events):
    """What a line adds brings its cell no higher than what is due nor, where that waits for it, than what is agreed."""
    the.contract.waits_from = waits_from
    for event in [*events, ("wait", 30), ("finalise",), ("wait", 1)]:
        happen(the, event)
        found = the.reckon()
        done = by_cell(the.finalised)
        items = {each.id: each for each in the.contract.items}
        total = sum(done.values()) + sum(draft.total_pence for draft in found.drafts)
        assert found.entitled_pence == total + sum(found.blocked.values())
        for draft in found.drafts:
            home = next((p.span for p in found.periods if draft.first in p.span and not p.is_after_end), None)
            item = items.get(draft.source.item_id)
            if item is None or home is None or not the.contract.waits(home):
                continue
            assert item.agreed is not None
            then = done[draft.source, draft.component, draft.first] + draft.total_pence
            rises = abs(then) > abs(done[draft.source, draft.component, draft.first])
            if rises and draft.source.allowance_id is None:
                limit = by_component(item, home)[draft.component, draft.first]
                assert abs(then) <= abs(limit)
        again = the.reckon()
        assert (again.drafts, again.blocked, again.orders) == (found.drafts, found.blocked, found.orders)


def by_component(item, span):
    """What the agreed terms of an item come to in a period, on days that the facts pay, by a walk of its own."""
    terms = as_agreed(item.terms(Basis.NET), item.agreed)
    return Counter({(cell.component, cell.first): cell.net_pence + cell.vat_pence for cell in cells(terms, span)})


@given(OFFICES, st.lists(EVENTS | AGREE, min_size=3, max_size=25))
def test_who_agrees_to_everything_is_paid_as_without_a_gate(the, events):
    """Both are compared on facts, not on histories: nothing is finalised before all is agreed."""
    for event in [each for each in events if each != ("finalise",)]:
        happen(the, event)
    the.placed = {}
    without = the.reckon()
    for n in (0, 1):
        agree(the, n)
    the.contract.waits_from, the.placed = date.min, {}
    found = the.reckon()
    assert found.drafts == without.drafts
    assert found.planned == without.planned
    assert found.orders == without.orders
    assert dict(found.blocked) == dict(without.blocked)
