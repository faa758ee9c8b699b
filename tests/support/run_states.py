"""Payment runs in every state, and everything that can happen to one: the words are those of docs/run-states.md."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import select

from commands.batchwise.payments import finalise_run
from models.accounts.user import User
from models.base import DomainError
from models.calendar import as_on
from models.payments import authorising, officer
from models.payments.payment_run import finalise_some, prepare
from models.payments.run import PaymentRun, RunPayment
from models.permissions import CouncilRole
from models.records.client import Client
from models.records.contract import Contract
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate

DOC = Path(__file__).parents[2] / "docs" / "run-states.md"
MONDAY, SUNDAY = date(2019, 4, 1), date(2019, 4, 7)


class RunOffice:
    """A run that pays two providers £100.00 each, and £1.00 that Ada, a manager, has added by hand."""

    def __init__(self) -> None:
        contracts = [make_contract(calculate_from=MONDAY) for _ in range(2)]
        for contract in contracts:
            make_item(contract, rate_e4=1_000_000)
        manager = CouncilRole.PAYMENTS_MANAGER
        self.officer, self.ada = make_staff(), make_staff(manager, name="Ada")
        self.max, self.mia = make_staff(manager, name="Max"), make_staff(manager, name="Mia")
        self.refused = ""
        calculate(SUNDAY)
        with as_on(SUNDAY), unit_of_work() as session:
            adjusted = session.scalars(select(Contract).where(Contract.id == contracts[0].id)).one()
            client = session.scalars(select(Client).order_by(Client.id)).first()
            officer.adjust(adjusted, client, amount_pence=100, for_day=MONDAY, reason="Taxi", by=self.ada)
        self.run_id = self._prepared()
        assert self.run_id is not None

    def _prepared(self) -> int | None:
        with as_on(SUNDAY), unit_of_work() as session:
            run = prepare(by=session.merge(self.officer))
            return run.id if run else None

    @property
    def run(self) -> PaymentRun:
        return every(select(PaymentRun).where(PaymentRun.id == self.run_id))[0]

    def do(self, verb: Callable[[PaymentRun], object]) -> "RunOffice":
        try:
            with as_on(SUNDAY), unit_of_work() as session:
                verb(session.scalars(select(PaymentRun).where(PaymentRun.id == self.run_id)).one())
        except DomainError as refusal:
            self.refused = str(refusal)
        return self

    def tick(self) -> "RunOffice":
        def all_kinds(run: PaymentRun) -> None:
            because = dict.fromkeys(authorising.kinds_of(run), "Looked at")
            for person in (self.officer, self.ada, self.max, self.mia):
                if person.id != run.first_authorised_by_id:  # who has authorised it on what they have said
                    authorising.tick(run, because, by=person)

        return self.do(all_kinds)

    def authorise(self, by: User) -> "RunOffice":
        return self.do(lambda run: authorising.authorise(run, by=by))

    def send_back(self) -> "RunOffice":
        return self.do(lambda run: run.send_back(by=self.max, reason="A rate is wrong"))

    def withdraw(self) -> "RunOffice":
        return self.do(lambda run: run.withdraw(by=self.max, reason="A rate is wrong"))

    def discard(self) -> "RunOffice":
        return self.do(lambda run: run.discard(by=self.officer))

    def pay_one(self) -> "RunOffice":
        [first, _] = every(select(RunPayment.provider_id).order_by(RunPayment.id))
        return self.do(lambda run: finalise_some(run, [first]))

    def finalise(self) -> "RunOffice":
        """A manager presses Finalise, and the worker does it."""
        self.do(lambda run: authorising.check_may_be_finalised(run, by=self.mia))
        if not self.refused:
            with as_on(SUNDAY):
                finalise_run(self.run_id, by_id=self.mia.id)
        return self

    def prepare_again(self) -> "RunOffice":
        self.run_id = self._prepared() or self.run_id
        return self


def state_of(the: RunOffice, first_id: int) -> str:
    if the.run_id != first_id:
        return "another run"
    run = the.run
    if run.state.is_authorised and every(select(RunPayment).where(RunPayment.is_finalised)):
        return "part-paid"
    if not run.state.is_prepared:
        return run.state.value
    if run.first_authorised_by_id is not None:
        return "half authorised"
    is_ticked = not every(_unticked(the))
    return ("above a limit" if run.above else "ticked") if is_ticked else "prepared"


def _unticked(the: RunOffice) -> "select":
    from models.payments.finding import RunFinding, RunTick

    ticked = select(RunTick.kind).where(RunTick.run_id == the.run_id)
    return select(RunFinding.id).where(RunFinding.run_id == the.run_id, RunFinding.kind.not_in(ticked))


STATES: dict[str, Callable[[RunOffice], RunOffice]] = {
    "prepared": lambda the: the,
    "ticked": lambda the: the.tick(),
    "above a limit": lambda the: the.tick(),
    "half authorised": lambda the: the.tick().authorise(the.max),
    "authorised": lambda the: the.tick().authorise(the.max),
    "part-paid": lambda the: the.tick().authorise(the.max).pay_one(),
    "finalised": lambda the: the.tick().authorise(the.max).finalise(),
    "discarded": lambda the: the.discard(),
    "sent back": lambda the: the.send_back(),
    "withdrawn": lambda the: the.tick().authorise(the.max).withdraw(),
}
ABOVE_A_LIMIT = {"above a limit", "half authorised"}
EVENTS: dict[str, Callable[[RunOffice], RunOffice]] = {
    "exceptions are ticked": lambda the: the.tick(),
    "who prepared it authorises": lambda the: the.authorise(the.officer),
    "who adjusted authorises": lambda the: the.authorise(the.ada),
    "a manager authorises": lambda the: the.authorise(the.max),
    "a second manager authorises": lambda the: the.authorise(the.mia),
    "is sent back": lambda the: the.send_back(),
    "is withdrawn": lambda the: the.withdraw(),
    "is discarded": lambda the: the.discard(),
    "is finalised": lambda the: the.finalise(),
    "is prepared again": lambda the: the.prepare_again(),
}
