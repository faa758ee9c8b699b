"""payments_sent.csv: what has become of money that runs have paid."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from exchange.feed import check_feed
from models.calendar import as_on
from models.outbox import OutboxMessage
from models.payments.payment import ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import BankState, SentPayment
from models.permissions import Role
from models.records.contract import Contract
from models.records.provider import Provider
from models.reports.tracker import parts_of
from tests.exchange.feed.feeds import Feed
from tests.factories import make_user
from tests.support.rows import every, reading
from tests.support.runs import finalise

pytestmark = pytest.mark.postgres

FILE = "payments_sent.csv"
MONDAY, SUNDAY = date(2019, 2, 4), date(2019, 2, 10)
"""Run 1 pays K1 £346.15 for the week from that Monday, on that Sunday; in the bank on the Friday after."""
FRIDAY = SUNDAY + timedelta(days=5)
HEAD = (
    "contract_ref,period_first_on,run,amount,sent_on,in_bank_on,bank_reference,returned_on,return_reason,paid_again_on"
)
SENT = "K1,2019-02-04,1,346.15,2019-02-11,,,,,"


@pytest.fixture
def paid(feed: Feed) -> Feed:
    feed.load()
    finalise(SUNDAY)
    feed.only()
    return feed


def tell(feed: Feed, row: str, on: date = FRIDAY):
    feed.write(FILE, f"{HEAD}\n{row}\n")
    with as_on(on):
        return feed.load()


def part(on: date = FRIDAY):
    """What run 1 has paid of K1's first week, as it stands on that day."""
    with reading(), as_on(on):
        [found] = parts_of([payment.id for payment in every(ScheduledPayment)]).values()
        return found[0], found[0].is_on_its_way, found[0].is_in_bank


def mails() -> list[str]:
    return [mail.subject for mail in every(select(OutboxMessage).order_by(OutboxMessage.id))]


def test_a_feed_tells_that_money_is_sent_in_the_bank_returned_and_paid_again(paid: Feed):
    user = make_user(Role.CARER, every(select(Provider).where(Provider.reference == "P1"))[0])
    assert part(SUNDAY)[0].state is BankState.PAID
    tell(paid, SENT)
    found, is_on_its_way, _ = part(SUNDAY)
    assert (found.state, found.sent_on, found.bank_on) == (BankState.SENT, date(2019, 2, 11), FRIDAY)
    assert is_on_its_way
    tell(paid, "K1,2019-02-04,1,346.15,2019-02-11,2019-02-14,DCC 0012,,,")
    found, _, is_in_bank = part(date(2019, 2, 14))
    assert (found.state, found.bank_on, found.reference) == (BankState.IN_BANK, date(2019, 2, 14), "DCC 0012")
    assert is_in_bank
    assert not part(date(2019, 2, 13))[2]
    assert mails() == []
    tell(paid, "K1,2019-02-04,1,346.15,2019-02-11,2019-02-14,DCC 0012,2019-02-15,No such account,")
    assert part()[0].state is BankState.RETURNED
    assert part()[1:] == (False, False)
    assert mails() == ["The bank has returned a payment"]
    [mail] = every(OutboxMessage)
    assert mail.to == user.email
    assert "£346.15 on 15 February 2019. It says: No such account." in mail.body
    again = "K1,2019-02-04,1,346.15,2019-02-11,2019-02-14,DCC 0012,2019-02-15,No such account,2019-02-20"
    assert tell(paid, again).counts[FILE].changed == 1
    found, _, is_in_bank = part(date(2019, 2, 20))
    assert (found.state, found.bank_on, is_in_bank) == (BankState.PAID_AGAIN, date(2019, 2, 20), True)
    assert part(date(2019, 2, 19))[1]
    assert mails() == ["The bank has returned a payment", "A returned payment is paid again"]
    assert tell(paid, again).import_id is None
    assert len(mails()) == 2


def test_a_returned_payment_stays_finalised_and_no_run_pays_it_again(paid: Feed):
    tell(paid, "K1,2019-02-04,1,346.15,2019-02-11,,,2019-02-14,,")
    finalise(SUNDAY + timedelta(days=7))
    of_k1 = select(ScheduledPayment.id).join(Contract).where(Contract.reference == "K1")
    first, second = every(select(RunPayment).where(RunPayment.payment_id.in_(of_k1)).order_by(RunPayment.id))
    assert (first.paid_pence, second.paid_pence) == (346_15, 346_15)
    payment = every(select(ScheduledPayment).where(ScheduledPayment.id == first.payment_id))[0]
    assert (payment.first_on, payment.closed_run_id) == (MONDAY, 1)


def test_a_row_for_which_nothing_is_due_to_be_told_writes_no_mail(paid: Feed):
    """It was returned and is paid again by the time that the feed tells of it: one letter, with the day."""
    make_user(Role.CARER, every(select(Provider).where(Provider.reference == "P1"))[0])
    tell(paid, "K1,2019-02-04,1,346.15,2019-02-11,,,2019-02-14,,2019-02-15")
    assert mails() == ["A returned payment is paid again"]


def test_what_is_told_changes_no_sum(paid: Feed):
    paid.write(FILE, f"{HEAD}\n{SENT}\n")
    with as_on(FRIDAY):
        report = check_feed(paid.path)
    assert (report.effect.begun.payments, report.above, report.unforeseen) == (0, [], "")
    assert every(SentPayment) == []


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("K1,2019-02-04,2,346.15,2019-02-11,,,,,", "run", "Run 2 has paid nothing to the bank of contract K1"),
        ("K1,2019-02-11,1,346.15,2019-02-11,,,,,", "run", "for the period from 11/02/2019"),
        ("K1,2019-02-04,1,346.14,2019-02-11,,,,,", "amount", "Enter what the run has paid of it: £346.15"),
        ("K1,2019-02-04,1,346.16,2019-02-11,,,,,", "amount", "£346.15"),
        ("K1,2019-02-04,1,0,2019-02-11,,,,,", "amount", "more than 0"),
        ("K1,2019-02-04,1,346.15,2019-02-09,,,,,", "sent_on", "the day of the run, 10/02/2019"),
        ("K1,2019-02-04,1,346.15,,2019-02-09,,,,", "in_bank_on", "the day of the run, 10/02/2019"),
        ("K1,2019-02-04,1,346.15,2019-02-16,,,,,", "sent_on", "still to come"),
        ("K1,2019-02-04,1,346.15,2019-02-11,,,2019-02-16,,", "returned_on", "still to come"),
        ("K1,2019-02-04,1,346.15,,,,,,", "sent_on", "or the day in the bank"),
        ("K1,2019-02-04,1,346.15,2019-02-12,2019-02-11,,,,", "in_bank_on", "the day on which it was sent, 12/02/2019"),
        ("K1,2019-02-04,1,346.15,2019-02-12,,,2019-02-11,,", "returned_on", "the day on which it was sent"),
        ("K1,2019-02-04,1,346.15,,2019-02-12,,2019-02-11,,", "returned_on", "the day in the bank"),
        ("K1,2019-02-04,1,346.15,2019-02-11,,,,No account,", "return_reason", "day on which it was returned"),
        ("K1,2019-02-04,1,346.15,2019-02-11,,,,,2019-02-15", "paid_again_on", "day on which it was returned"),
        ("K1,2019-02-04,1,346.15,2019-02-11,,,2019-02-13,,2019-02-12", "paid_again_on", "13/02/2019"),
    ],
)
def test_only_what_a_run_has_paid_is_told_of_and_in_order(paid: Feed, row: str, column: str, reason: str):
    paid.write(FILE, f"{HEAD}\n{row}\n")
    with as_on(FRIDAY):
        [fault] = [each for each in paid.faults() if each.column == column]
    assert reason in fault.reason


@pytest.mark.parametrize(
    "row",
    [
        "K1,2019-02-04,1,346.15,2019-02-10,2019-02-10,,,,",
        "K1,2019-02-04,1,346.15,2019-02-15,2019-02-15,,2019-02-15,,2019-02-15",
        "K1,2019-02-04,1,346.15,2019-02-15,2019-03-01,,,,",
    ],
    ids=["on the day of the run", "all of it today", "in the bank on a day to come"],
)
def test_days_that_are_just_in_order_are_taken(paid: Feed, row: str):
    tell(paid, row)
    assert len(every(SentPayment)) == 1
