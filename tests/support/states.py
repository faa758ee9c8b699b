"""The states of a payment and what can happen to one: the rows and columns of docs/payment-states.md.

The contract pays Ann £353.08 and Bea £303.03 a week from Monday 30 September 2019, and holds what is not confirmed. A
payment is to be confirmed by Thursday, is finalised on Sunday and in the bank on the Friday after.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from commands.batchwise.payments import finalise_run
from models.accounts.user import User
from models.base import DomainError, session
from models.calendar import as_on
from models.payments import answers, day_moves, officer, standing_holds
from models.payments.confirmation import AnswerState
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.run import PaymentRun, RunPayment
from models.payments.standing_hold import StandingHold
from models.permissions import Role
from models.records.care_package import ItemPrice
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.factories import make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import authorise, calculate, orders
from tests.support.snapshots import once

DOC = Path(__file__).parents[2] / "docs" / "payment-states.md"
DAY = timedelta(days=1)
MONDAY, TUESDAY, THURSDAY = date(2019, 9, 30), date(2019, 10, 1), date(2019, 10, 3)
FRIDAY, SUNDAY = date(2019, 10, 4), date(2019, 10, 6)


@dataclass
class Office:
    """One contract with its people, on one day."""

    contract: Contract
    finance: User
    officer: User
    manager: User
    today: date = MONDAY
    run_id: int | None = None
    refused: str = ""
    prices: list[ItemPrice] = field(default_factory=list)

    @property
    def payment(self) -> ScheduledPayment:
        with reading() as session:
            return session.scalars(ScheduledPayment.of(self.contract.reference, MONDAY)).one()

    def to(self, day: date) -> "Office":
        self.today = day
        calculate(day)
        return self

    def do(self, verb: Callable, **given: object) -> "Office":
        """One act of one person on the payment. What is refused is kept, and changes nothing."""
        try:
            with as_on(self.today), unit_of_work() as session:
                verb(session.scalars(ScheduledPayment.of(self.contract.reference, MONDAY)).one(), **given)
        except DomainError as error:
            self.refused = str(error)
        return self

    def confirm(self, *, queried: bool = False) -> "Office":
        bea = next(each.id for each in orders(self.contract) if each.client.surname == "Bea")
        queries = {bea: "She left on Tuesday"} if queried else {}
        return self.do(answers.confirm, by=self.finance, total_pence=self.payment.total_pence, queries=queries)

    def reject(self) -> "Office":
        return self.do(
            answers.reject, by=self.finance, total_pence=self.payment.total_pence, comment="Bea left on Tuesday"
        )

    def take_back(self) -> "Office":
        return self.do(answers.take_back, by=self.finance, total_pence=self.payment.total_pence)

    def hold(self) -> "Office":
        return self.do(officer.hold, by=self.officer, reason="Asked about")

    def release(self) -> "Office":
        found = next((hold for hold in every(Hold) if not hold.is_released), None)
        if found is None:
            self.refused = "nothing to release"
            return self
        return self.do(lambda payment: officer.release(payment, _again(found), by=self.officer, reason="It is right"))

    def answer(self) -> "Office":
        """Say something of what is queried or held, and release nothing."""
        found = next((hold for hold in every(Hold) if not hold.is_released), None)
        if found is None:
            self.refused = "nothing to answer"
            return self
        return self.do(lambda payment: officer.answer(payment, _again(found), by=self.officer, text="We look into it"))

    def suspend(self) -> "Office":
        """A standing hold of the provider begins."""

        def begin(payment: ScheduledPayment) -> None:
            days = {"first_on": MONDAY, "review_on": self.today + 7 * DAY}
            standing_holds.suspend(_provider(payment), by=self.officer, reason="Asked about", **days)

        return self.do(begin)

    def end_standing(self) -> "Office":
        def end(_payment: ScheduledPayment) -> None:
            [standing] = session.scalars(select(StandingHold)).all()
            standing_holds.end(standing, by=self.officer, reason="It is settled")

        return self.do(end)

    def move(self, **changed: date) -> "Office":
        def move_days(payment: ScheduledPayment) -> None:
            days = day_moves.days_of(payment)._asdict() | changed
            day_moves.move_days(payment, by=self.officer, reason="The bank is shut", **days)

        return self.do(move_days)

    def pay_now(self) -> "Office":
        return self.do(day_moves.pay_now, by=self.officer, reason="Hardship")

    def send_back(self) -> "Office":
        return self.do(officer.ask_again, by=self.officer, comment="She left on Friday")

    def pay_as_it_is(self) -> "Office":
        return self.do(officer.pay_as_it_is, by=self.officer, reason="Agreed", total_pence=self.payment.total_pence)

    def adjust(self) -> "Office":
        def add(payment: ScheduledPayment) -> None:
            client = every(Client)[0]
            officer.adjust(payment.contract, client, amount_pence=100, for_day=MONDAY, reason="Taxi", by=self.officer)

        return self.do(add)

    def feed(self) -> "Office":
        """At night the finance system brings a price that makes the week 7p dearer."""
        price = every(select(ItemPrice).order_by(ItemPrice.id))[0]
        with unit_of_work() as session:
            session.merge(price).rate_e4 += 700
        return self.to(self.today)

    def owe(self) -> "Office":
        """£5.00 of debt appears on the contract."""
        saved(
            DebtEntry(
                provider_id=self.contract.provider_id, contract_id=self.contract.id, kind=DebtEntryKind.MOVED,
                pence=-500, on=self.today, made_by_id=self.officer.id, reason="From another contract",
            )
        )  # fmt: skip
        return self.to(self.today)

    def wait(self) -> "Office":
        """The day after the last one for an answer; where that is past, the next day."""
        return self.to(max(self.today, self.payment.answer_by) + DAY)

    def prepare(self) -> "Office":
        self.to(max(self.today, SUNDAY))
        with as_on(self.today), unit_of_work():
            run = prepare(by=self.officer)
            self.run_id = run.id if run else None
        return self

    def authorise(self) -> "Office":
        if self.run_id is not None:
            with as_on(self.today), unit_of_work() as session:
                run = session.scalars(select(PaymentRun).where(PaymentRun.id == self.run_id)).one()
                authorise(run, by=self.manager)
        return self

    def finalise(self) -> "Office":
        if self.run_id is not None:
            with as_on(self.today):
                finalise_run(self.run_id, by_id=self.officer.id)
        return self

    def run(self) -> "Office":
        """Prepared, authorised and finalised: another run, or the open one that has the payment."""
        found = self.open_run()
        if found is None:
            self.prepare().authorise()
        elif found == "prepared":
            self.authorise()
        return self.finalise()

    def open_run(self) -> str | None:
        part = RunPayment
        query = (
            select(PaymentRun.state)
            .join(part, part.run_id == PaymentRun.id)
            .where(part.payment_id == self.payment.id, PaymentRun.is_open, part.outcome.is_(None))
        )
        return next((state.value for state in every(query)), None)


def _provider(payment: ScheduledPayment) -> Provider:
    return session.scalars(select(Provider).where(Provider.id == payment.provider_id)).one()


def _again(hold: Hold) -> Hold:
    return session.scalars(select(Hold).where(Hold.id == hold.id)).one()


def office(**given: object) -> Office:
    return once(("office", repr(given)), lambda: _office(**given))


def _office(**given: object) -> Office:
    calendar = make_calendar(confirm_by_days=3)
    rules = {"confirmation": "required", "if_unconfirmed": "hold"} | given
    contract = make_contract(calendar=calendar, calculate_from=MONDAY, **rules)
    make_item(contract, client=make_client(surname="Ann"))
    make_item(contract, rate_e4=3_030_300, client=make_client(surname="Bea"))
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    made = Office(contract, make_user(Role.FINANCE, provider), make_staff(), make_staff())
    return made.to(FRIDAY - 7 * DAY)


STATES: dict[str, Callable[[Office], Office]] = {
    "future": lambda the: the,
    "current": lambda the: the.to(MONDAY),
    "asked anew": lambda the: the.to(THURSDAY).feed(),
    "missed": lambda the: the.to(FRIDAY),
    "confirmed": lambda the: the.to(TUESDAY).confirm(),
    "rejected": lambda the: the.to(TUESDAY).reject(),
    "queried": lambda the: the.to(TUESDAY).confirm(queried=True),
    "held": lambda the: the.to(TUESDAY).confirm().hold(),
    "paid as it is": lambda the: the.to(TUESDAY).reject().pay_as_it_is(),
    "in a run": lambda the: the.to(TUESDAY).confirm().prepare(),
    "authorised": lambda the: the.to(TUESDAY).confirm().prepare().authorise(),
    "part-paid": lambda the: the.to(TUESDAY).confirm(queried=True).run(),
    "finalised": lambda the: the.to(TUESDAY).confirm().run(),
}

EVENTS: dict[str, Callable[[Office], Office]] = {
    "nothing": lambda the: the.to(the.today),
    "feed, +7p": Office.feed,
    "confirms": Office.confirm,
    "rejects": Office.reject,
    "takes back": Office.take_back,
    "is held": Office.hold,
    "is released": Office.release,
    "is adjusted": Office.adjust,
    "is sent back": Office.send_back,
    "is paid as it is": Office.pay_as_it_is,
    "is kept back again": lambda the: the.do(officer.keep_back_again, by=the.officer),
    "is answered": Office.answer,
    "a standing hold begins": Office.suspend,
    "and ends": lambda the: the.suspend().end_standing(),
    "its cut-off is moved": lambda the: the.move(confirm_by=SUNDAY - DAY),
    "its bank day is moved": lambda the: the.move(bank_on=date(2019, 10, 10)),
    "is paid now": Office.pay_now,
    "a debt appears": Office.owe,
    "time passes": Office.wait,
    "a run": Office.run,
}


def state_of(the: Office) -> str:
    """In the words of the table: how the payment stands, and whether the open run that has it would take it."""
    payment = the.payment
    with as_on(the.today), reading():
        held = [hold for hold in every(Hold) if hold.is_in_force]
        name = _name(payment, held)
    open_run = the.open_run()
    if open_run is None or name == "finalised":
        return name
    the.run()
    took = the.payment.closed_run_id is not None
    if not took:
        return f"{name}, its run leaves it"
    return {"prepared": "in a run"}.get(open_run, open_run)


def _name(payment: ScheduledPayment, held: list[Hold]) -> str:
    if payment.processing.is_finalised:
        return "finalised"
    if any(hold.is_of_whole_payment for hold in held):
        name = "held"
    elif payment.is_waived:
        name = "paid as it is"
    else:
        name = _answer(payment, bool(held))
    if not payment.processing.is_partly_finalised:
        return name
    return "part-paid" if name == "queried" else f"part-paid, {name}"


def _answer(payment: ScheduledPayment, is_queried: bool) -> str:
    answered = "queried" if is_queried else "confirmed"
    return {
        AnswerState.NOT_YET: "future",
        AnswerState.OPEN: "current",
        AnswerState.ASKED_AGAIN: "asked anew",
        AnswerState.MISSED: "missed",
        AnswerState.REJECTED: "rejected",
        AnswerState.CONFIRMED: answered,
        AnswerState.SILENT: answered,
    }[payment.answer_state]
