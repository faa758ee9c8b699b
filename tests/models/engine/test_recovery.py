"""What a run takes back, carries forward and brings forward: the worked figures of design.md section 7, one by one.

A payment is written as its parts: `own(100_00)` is of its own days, `late(...)` of days that were never paid before,
`paid(...)` of days of which something was finalised, and was taken back to `back` pence.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.recovery import Owed, Settlement, Taken, settle

WEEK, LATER = date(2019, 9, 2), date(2019, 9, 9)


def own(pence, client=1):
    return Taken(client, None, pence)


def late(pence, client=1):
    return Taken(client, WEEK, pence, is_late=True)


def paid(pence, client=1, back=0, week=WEEK):
    return Taken(client, week, pence, is_late=True, is_paid_before=True, recovered_pence=back)


EXAMPLES: dict[str, tuple[list[Taken], Owed, Settlement]] = {
    "Nothing is owed: all of it goes to the bank": ([own(100_00)], Owed(), Settlement(100_00)),
    "Nothing is taken of nothing": ([], Owed(50_00), Settlement()),
    "What is lacking is carried forward: 100.00 - 300.00": (
        [own(100_00), paid(-300_00)],
        Owed(),
        Settlement(-200_00, carried_pence=200_00, recovered_pence=100_00),
    ),
    "A payment that comes to just nothing carries nothing": (
        [own(100_00), paid(-100_00)],
        Owed(),
        Settlement(0, recovered_pence=100_00),
    ),
    "The debt is taken of what there is: 50.00 of 120.00": (
        [own(50_00)],
        Owed(120_00),
        Settlement(50_00, brought_pence=50_00, recovered_pence=50_00),
    ),
    "No more than the debt is taken": ([own(353_08)], Owed(29_77), Settlement(353_08, 0, 29_77, 0, 29_77)),
    "What carries brings nothing forward, whatever is owed": (
        [own(-10_00)],
        Owed(120_00),
        Settlement(-10_00, carried_pence=10_00),
    ),
    "A plan of 10.00 takes 10.00 of the debt of 400.00": (
        [own(100_00)],
        Owed(400_00, cap_pence=10_00),
        Settlement(100_00, brought_pence=10_00, recovered_pence=10_00),
    ),
    "Under a plan of 10.00, what gives back is only what the same client's other weeks leave: 50.00 - 30.00": (
        [own(100_00, client=2), paid(-30_00), paid(50_00, back=50_00, week=LATER)],
        Owed(100_00, cap_pence=10_00),
        Settlement(120_00, brought_pence=30_00, recovered_pence=10_00),
    ),
    "A plan of 10.00 takes 10.00 of a recovery of 40.00, and leaves 30.00": (
        [own(50_00), paid(-40_00)],
        Owed(cap_pence=10_00),
        Settlement(10_00, carried_pence=30_00, recovered_pence=10_00),
    ),
    "A recovery of just the instalment carries nothing": (
        [own(50_00), paid(-10_00)],
        Owed(cap_pence=10_00),
        Settlement(40_00, recovered_pence=10_00),
    ),
    "The instalment counts for recovery and debt together: 4.00 and 6.00": (
        [own(50_00), paid(-4_00)],
        Owed(100_00, cap_pence=10_00),
        Settlement(46_00, brought_pence=6_00, recovered_pence=10_00),
    ),
    "A contribution of 80.00 leaves a plan of 50.00 alone: it is no recovery, and the debt gives its 50.00": (
        [own(150_00), own(-80_00)],
        Owed(500_00, cap_pence=50_00),
        Settlement(70_00, brought_pence=50_00, recovered_pence=50_00),
    ),
    "An instalment that is used up takes no more": ([own(50_00)], Owed(100_00, cap_pence=0), Settlement(50_00)),
    "A line item that never happened, a plan of 50.00, and 100.00: 50.00 is paid, 627.70 owed": (
        [own(100_00), paid(-677_70)],
        Owed(cap_pence=50_00),
        Settlement(-577_70, carried_pence=627_70, recovered_pence=50_00),
    ),
    "Contributions of weeks that were never paid before are no recovery: 4 x 677.70 + 50.00 - 50.00": (
        [own(677_70), own(50_00, 2), late(3 * 850_00), late(3 * -172_30)],
        Owed(cap_pence=50_00),
        Settlement(2_760_80),
    ),
    "An item replaced for the same days is netted: 110.00 + 10.00, plan 10.00": (
        [own(110_00), paid(10_00)],
        Owed(cap_pence=10_00),
        Settlement(120_00),
    ),
    "An absence moved from one paid week to another is netted: 70.00": (
        [own(70_00), paid(-70_00), paid(70_00, week=date(2019, 9, 9))],
        Owed(cap_pence=10_00),
        Settlement(70_00),
    ),
    "Late money of another client nets nothing": (
        [own(70_00), paid(-70_00), paid(70_00, client=2)],
        Owed(cap_pence=10_00),
        Settlement(70_00, carried_pence=60_00, recovered_pence=10_00),
    ),
    "Money of the payment's own days nets nothing": (
        [own(70_00), paid(-40_00)],
        Owed(cap_pence=10_00),
        Settlement(30_00, carried_pence=30_00, recovered_pence=10_00),
    ),
    "An adjustment that is of no earlier days is no recovery": (
        [own(70_00), own(-40_00)],
        Owed(cap_pence=10_00),
        Settlement(30_00),
    ),
    "850.00 that never happened, and did after all with 750.00 owed: nothing is owed, 150.00 is paid": (
        [own(50_00), paid(850_00, back=850_00)],
        Owed(750_00, cap_pence=50_00),
        Settlement(900_00, brought_pence=750_00),
    ),
    "What gives back a recovery takes back a write-off before it pays": (
        [own(50_00), paid(850_00, back=850_00)],
        Owed(0, written_off_pence=750_00, cap_pence=50_00),
        Settlement(900_00, brought_pence=750_00, reinstated_pence=750_00),
    ),
    "It takes back no more than was written off, and no more than is given back": (
        [own(50_00), paid(100_00, back=80_00)],
        Owed(30_00, written_off_pence=750_00),
        Settlement(150_00, brought_pence=80_00, reinstated_pence=50_00),
    ),
    "Late money that gives nothing back leaves a write-off alone": (
        [late(850_00)],
        Owed(0, written_off_pence=750_00),
        Settlement(850_00),
    ),
}


@pytest.mark.parametrize(("parts", "owed", "settled"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(parts, owed, settled):
    assert settle(parts, owed) == settled


def one_after_another(sums, debt, cap=None):
    """What each of these payments pays to the bank, and the debt after the last."""
    banks = []
    for pence in sums:
        done = settle([own(pence)], Owed(debt, cap_pence=cap))
        debt += done.debt_change_pence
        banks.append(done.bank_pence)
    return banks, debt


def test_735_93_against_353_08_a_week():
    assert one_after_another([353_08] * 3, 735_93) == ([0, 0, 323_31], 0)


def test_2_146_32_under_a_plan_of_100_00_takes_22_payments():
    banks, debt = one_after_another([250_00] * 22, 2_146_32, cap=100_00)
    assert (banks, debt) == ([150_00] * 21 + [203_68], 0)


PENCE = st.integers(-60_000, 60_000)
PARTS = st.lists(
    st.one_of(
        st.builds(own, PENCE, st.integers(1, 2)),
        st.builds(late, PENCE, st.integers(1, 2)),
        st.builds(paid, PENCE, st.integers(1, 2), st.integers(0, 60_000)),
    ),
    max_size=6,
)
OWED = st.builds(Owed, st.integers(0, 90_000), st.integers(0, 90_000), st.none() | st.integers(0, 30_000))


@given(PARTS, OWED)
def test_a_payment_is_never_below_nothing_and_no_pound_is_lost(parts, owed):
    done = settle(parts, owed)
    assert done.bank_pence >= 0
    assert done.taken_pence == sum(part.pence for part in parts)
    assert owed.debt_pence + done.debt_change_pence >= 0
    assert 0 <= done.reinstated_pence <= min(owed.written_off_pence, done.brought_pence)
    assert not (done.carried_pence and done.brought_pence)
    if owed.cap_pence is not None:
        lacking = max(-done.taken_pence, 0)
        assert done.recovered_pence <= owed.cap_pence or done.carried_pence == lacking
