"""Random histories of one provider: what a feed, officers, its people, runs and the days do to its payments.

Seeded, so that a history that fails can be played again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import date, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from commands.batchwise.payments import calculate_all, finalise_due, finalise_run
from models.base import DomainError
from models.calendar import DAY, Frequency, as_on
from models.payments import answers, debts, officer, payment_run
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.hold import Hold
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun
from models.permissions import Role
from models.pricing import Basis, Convention, Unit
from models.records.care_package import Absence, CarePackageLineItem, Deduction, ItemPrice
from models.records.claim import Claim, ClaimStatus
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod
from tests import care_factories as care
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import authorise, see_adjustments

START = date(2019, 3, 4)
POLICIES: list[dict[str, str]] = [
    {},
    {"confirmation": "required", "if_unconfirmed": "confirm"},
    {"confirmation": "required", "if_unconfirmed": "hold"},
    {"confirmation": "optional"},
    {"confirmation": "required", "if_unconfirmed": "pay"},
    {"confirmation": "required", "if_unconfirmed": "confirm"},
    {"confirmation": "required", "if_unconfirmed": "hold"},
    {"confirmation": "required", "if_unconfirmed": "hold", "if_queried": "pay"},
]
WEIGHTS = {
    "wait": 9, "run": 9, "run_late": 3, "prepare": 4, "authorise_and_finalise": 6, "discard": 2,
    "price": 4, "end_item": 5, "start_item": 1, "absence": 2, "authorise_item": 2, "suspend": 2, "contribution": 2,
    "replace_item": 2, "end_contract": 1, "end_method": 2, "go_on": 5, "allowance": 1, "claim": 1, "reject_claim": 1,
    "adjust": 3, "cancel_adjustment": 1, "hold": 1, "hold_row": 2, "release": 5, "confirm": 4, "query": 4, "reject": 7,
    "take_back": 8, "ask_again": 8, "pay_as_it_is": 5, "keep_back_again": 8, "agree_plan": 1, "end_plan": 2,
    "repay": 9, "write_off": 9, "move_debt": 9,
}  # fmt: skip
"""How often each kind of event is drawn. One that cannot happen just then gives way to another draw."""
FACTS = {
    "wait", "price", "end_item", "start_item", "absence", "authorise_item", "suspend", "contribution", "replace_item",
    "end_contract", "end_method", "go_on", "allowance", "claim", "reject_claim", "prepare", "run_late",
    "claim_rate", "claim_terms",
}  # fmt: skip
"""Events after which the next calculation may change something."""


class Office:
    """The council, and one provider with two contracts; `day` is the council's day."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # it draws tests, no secrets
        self.day = START
        self.happened: dict[str, int] = {}
        self.watching_runs: Callable[[], AbstractContextManager[None]] = nullcontext
        """What is around every finalising, to compare what was before and after it."""
        self.provider = make_provider()
        self.carer = make_user(Role.CARER, self.provider)
        self.officer, self.other = make_staff(), make_staff()
        self.contracts = [self._contract() for _ in range(2)]

    def priced_pence(self, contract_id: int) -> int:
        """What claims by the mile, or approved invoices, come to, of a history that has some."""
        return 0

    def _contract(self) -> Contract:
        rng = self.rng
        frequency = rng.choice([Frequency.WEEKLY, Frequency.WEEKLY, Frequency.FORTNIGHTLY, Frequency.MONTHLY])
        length = frequency.days or 28
        finalise = rng.choice([length - 1, length - 1, length + 2, -3])
        calendar = care.make_calendar(
            frequency, anchor_on=START, confirm_by_days=finalise - rng.choice([0, 1, 3]), finalise_days=finalise,
            bank_days=finalise + 5,
        )  # fmt: skip
        contract = care.make_contract(self.provider, calendar, calculate_from=START, **rng.choice(POLICIES))
        for _ in range(rng.choice([1, 2])):
            self._item(contract, care.make_client(), START - 9 * DAY, rng.choice([None, START - 9 * DAY]))
        return contract

    def _item(self, contract: Contract, client: Client, starts_on: date, authorised_on: date | None) -> None:
        level = care.make_service_level(
            unit=self.rng.choice([Unit.WEEK, Unit.NIGHT, Unit.HOUR, Unit.MONTH]),
            convention=self.rng.choice(list(Convention)),
            vat_basis_points=self.rng.choice([0, 0, 2_000]),
        )
        item = care.make_item(
            contract, self.rng.randrange(1_000_000, 9_000_000), client, starts_on=starts_on,
            authorised_on=authorised_on, service_level_id=level.id,
        )  # fmt: skip
        if self.rng.random() < 0.3:
            care.make_deduction(item, self.rng.randrange(100_000, 900_000))

    def step(self) -> str:
        """Let one event happen that can: its name."""
        while True:
            name = self.rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
            done = None
            with as_on(self.day), suppress(DomainError):
                done = getattr(self, f"_{name}")()
            if done is not False and done is not None:
                self.happened[name] = self.happened.get(name, 0) + 1
                return name

    def calculate(self) -> None:
        with as_on(self.day):
            calculate_all([self.provider.id])

    # What is drawn: days near the council's day, a contract, an item, a payment.

    def _near(self, before: int = 45, after: int = 20) -> date:
        return self.day + timedelta(days=self.rng.randint(-before, after))

    def _draw(self, found: list[Any]) -> Any:
        """One of them; StopIteration never: None where there is none, and the event does not happen."""
        return self.rng.choice(found) if found else None

    def _any_contract(self) -> Contract:
        return self._draw(every(select(Contract).order_by(Contract.id)))

    def _any_item(self) -> CarePackageLineItem:
        return self._draw(every(CarePackageLineItem))

    def _payment(self, *which: Any) -> ScheduledPayment | None:
        payment = ScheduledPayment
        query = select(payment).where(payment.is_open, *which).options(joinedload(payment.contract))
        return self._draw(every(query.order_by(payment.id)))

    def _with_payment(self, verb: Any, *which: Any, **given: Any) -> bool | None:
        """Do this to a payment as a request does: loaded and changed in one transaction."""
        found = self._payment(*which)
        if found is None:
            return None
        with unit_of_work() as session:
            own = session.scalars(
                select(ScheduledPayment)
                .where(ScheduledPayment.id == found.id)
                .options(joinedload(ScheduledPayment.contract))
            ).one()
            verb(own, **given)
        return True

    def _facts(self, entity: type, row: Any, **values: Any) -> bool:
        with unit_of_work() as session:
            session.execute(update(entity).where(entity.id == row.id).values(**values))
        return True

    # Days and runs.

    def _wait(self) -> bool:
        self.day += timedelta(days=self.rng.choice([1, 1, 2, 3, 5, 7]))
        return True

    def _run(self) -> bool:
        see_adjustments()
        with self.watching_runs():
            return finalise_due([self.provider.id])[0] is not None

    def _run_late(self) -> bool:
        self.day += timedelta(days=self.rng.randint(8, 20))
        with as_on(self.day):
            self.calculate()
            self._run()
        return True

    def _prepare(self) -> bool:
        with unit_of_work() as session:
            by = session.merge(self.officer)
            return payment_run.prepare(by=by, provider_ids=[self.provider.id]) is not None

    def _authorise_and_finalise(self) -> bool | None:
        run = self._draw(every(select(PaymentRun).where(PaymentRun.is_open).order_by(PaymentRun.id)))
        if run is None:
            return None
        with unit_of_work() as session:
            authorise(session.scalars(select(PaymentRun).where(PaymentRun.id == run.id)).one(), by=self.other)
        with self.watching_runs():
            finalise_run(run.id, by_id=self.other.id)
        return True

    def _discard(self) -> bool | None:
        run = self._draw(every(select(PaymentRun).where(PaymentRun.is_open).order_by(PaymentRun.id)))
        if run is None:
            return None
        with unit_of_work() as session:
            session.scalars(select(PaymentRun).where(PaymentRun.id == run.id)).one().discard(by=self.officer)
        return True

    # Facts, as a feed brings them.

    def _price(self) -> bool:
        item, day, price = self._any_item(), self._near(), ItemPrice
        rate = self.rng.choice([0, self.rng.randrange(500_000, 9_000_000)])
        with unit_of_work() as session:
            session.execute(delete(price).where(price.item_id == item.id, price.starts_on >= day))
            session.execute(
                update(price)
                .where(price.item_id == item.id, sa.func.coalesce(price.ends_on, day) >= day)
                .values(ends_on=day - DAY)
            )
        care.make_price(item, rate, starts_on=day)
        return True

    def _end_item(self) -> bool:
        item = self._any_item()
        return self._facts(
            CarePackageLineItem, item, ends_on=self.rng.choice([None, max(self._near(), item.starts_on)])
        )

    def _start_item(self) -> bool:
        item = self._any_item()
        day = self._near()
        return self._facts(CarePackageLineItem, item, starts_on=min(day, item.ends_on or day))

    def _absence(self) -> bool:
        item, first, absence = self._any_item(), self._near(), Absence
        last = first + timedelta(days=self.rng.randint(0, 12))
        with unit_of_work() as session:
            session.execute(
                delete(absence).where(absence.item_id == item.id, absence.starts_on <= last, absence.ends_on >= first)
            )
        care.make_absence(item, first, last, self.rng.choice([0, 50, 100]))
        return True

    def _authorise_item(self) -> bool:
        return self._facts(CarePackageLineItem, self._any_item(), authorised_on=self.rng.choice([None, self._near()]))

    def _suspend(self) -> bool:
        item = self._any_item()
        return self._facts(CarePackageLineItem, item, is_suspended=not item.is_suspended)

    def _contribution(self) -> bool:
        item, day, row = self._any_item(), self._near(), Deduction
        with unit_of_work() as session:
            session.execute(delete(row).where(row.item_id == item.id, row.starts_on >= day))
            session.execute(update(row).where(row.item_id == item.id).values(ends_on=day - DAY))
        care.make_deduction(item, self.rng.randrange(0, 2_000_000), starts_on=day)
        return True

    def _replace_item(self) -> bool:
        """The same client gets the same days under another item; the first never happened."""
        item = self._any_item()
        self._facts(CarePackageLineItem, item, ends_on=item.starts_on)
        with unit_of_work() as session:
            session.execute(update(ItemPrice).where(ItemPrice.item_id == item.id).values(rate_e4=0))
            contract = session.scalars(select(Contract).where(Contract.id == item.contract_id)).one()
            client = session.scalars(select(Client).where(Client.id == item.client_id)).one()
        self._item(contract, client, item.starts_on, item.starts_on)
        return True

    def _end_contract(self) -> bool:
        return self._facts(Contract, self._any_contract(), ends_on=self.rng.choice([None, self._near(20, 10)]))

    def _end_method(self) -> bool | None:
        """The last method of a contract ends, no earlier than what is finalised of its own periods."""
        contract = self._any_contract()
        [*_, method] = self._methods(contract)
        begun = select(sa.func.max(ScheduledPayment.last_on)).where(
            ScheduledPayment.contract_id == contract.id, ScheduledPayment.is_begun
        )
        with reading() as session:
            last = session.scalar(begun) or method.calculate_from + DAY
        if method.ends_on is not None:
            return None
        return self._facts(PaymentMethod, method, ends_on=max(last, self._near(3, 20), method.calculate_from + DAY))

    def _go_on(self) -> bool | None:
        """An ended contract gets another method, from the day after."""
        contract = self._any_contract()
        [*_, method] = self._methods(contract)
        if method.ends_on is None:
            return None
        with reading() as session:
            calendar = session.merge(method.calendar, load=False)
        care.make_method(contract, calendar, method.ends_on + DAY, basis=self.rng.choice(list(Basis)))
        return True

    def _methods(self, contract: Contract) -> list[PaymentMethod]:
        method = PaymentMethod
        query = select(method).where(method.contract_id == contract.id).options(joinedload(method.calendar))
        return every(query.order_by(method.calculate_from))

    def _allowance(self) -> bool:
        care.make_allowance(self._any_item(), self._near(), self.rng.randrange(100, 40_000))
        return True

    def _claim(self) -> bool:
        care.make_claim_item(
            self._any_contract(), self.rng.randrange(100, 30_000), self._near(10, 5), spent_on=self._near()
        )
        return True

    def _reject_claim(self) -> bool | None:
        claim = self._draw(every(Claim))
        return claim and self._facts(Claim, claim, status=ClaimStatus.REJECTED)

    # What people do.

    def _adjust(self) -> bool:
        item = self._any_item()
        pence = self.rng.choice([-1, 1]) * self.rng.randrange(1, 90_000)
        with unit_of_work() as session:
            contract = session.scalars(select(Contract).where(Contract.id == item.contract_id)).one()
            client = session.scalars(select(Client).where(Client.id == item.client_id)).one()
            officer.adjust(
                contract, client, amount_pence=pence, for_day=self._near(), reason="Put right", by=self.officer,
                is_of_earlier_days=self.rng.random() < 0.5,
            )  # fmt: skip
        return True

    def _cancel_adjustment(self) -> bool | None:
        return self._with_row(Adjustment, officer.cancel_adjustment, by=self.officer)

    def _with_row(self, entity: type, verb: Any, **given: Any) -> bool | None:
        found = self._draw(every(entity))
        if found is None:
            return None
        with unit_of_work() as session:
            verb(session.scalars(select(entity).where(entity.id == found.id)).one(), **given)
        return True

    def _hold(self) -> bool | None:
        return self._with_payment(officer.hold, by=self.officer, reason="Look into it")

    def _hold_row(self) -> bool | None:
        found = self._payment()
        order_id = found and self._draw(self._rows(found))
        which = ScheduledPayment.id == (found.id if found else 0)
        return order_id and self._with_payment(officer.hold, which, by=self.officer, reason="Odd", order_id=order_id)

    def _rows(self, payment: ScheduledPayment) -> list[int]:
        with reading():
            return sorted(id_ for id_ in PaymentLine.orders_in(payment) if id_ is not None)

    def _release(self) -> bool | None:
        held = self._draw(every(select(Hold).where(~Hold.is_released).order_by(Hold.id)))
        if held is None:
            return None
        with unit_of_work() as session:
            own = session.scalars(select(Hold).where(Hold.id == held.id)).one()
            payment = session.scalars(
                select(ScheduledPayment)
                .where(ScheduledPayment.id == own.payment_id)
                .options(joinedload(ScheduledPayment.contract))
            ).one()
            officer.release(payment, own, by=self.officer, reason="It is right")
        return True

    def _answer(self, verb: Any, *which: Any, **given: Any) -> bool | None:
        """Answer at the total that the person sees."""
        found = self._payment(*which)
        if found is None:
            return None
        own = ScheduledPayment.id == found.id
        return self._with_payment(verb, own, by=self.carer, total_pence=found.total_pence, **given)

    def _confirm(self) -> bool | None:
        return self._answer(answers.confirm)

    def _query(self) -> bool | None:
        found = self._payment()
        order_id = found and self._draw(self._rows(found))
        which = ScheduledPayment.id == (found.id if found else 0)
        return order_id and self._answer(answers.confirm, which, queries={order_id: "Too little"})

    def _reject(self) -> bool | None:
        return self._answer(answers.reject, comment="It is wrong")

    def _take_back(self) -> bool | None:
        return self._answer(answers.take_back, ScheduledPayment.confirmation == "rejected")

    def _ask_again(self) -> bool | None:
        answer_by = self.rng.choice([None, self._near(0, 5)])
        return self._with_payment(officer.ask_again, by=self.officer, comment="Look again", answer_by=answer_by)

    def _pay_as_it_is(self) -> bool | None:
        kept = sa.or_(ScheduledPayment.is_rejected, ScheduledPayment.waits_for_confirmation)
        found = self._payment(kept)
        if found is None:
            return None
        return self._with_payment(
            officer.pay_as_it_is, ScheduledPayment.id == found.id, by=self.officer, reason="Agreed by phone",
            total_pence=found.total_pence,
        )  # fmt: skip

    def _keep_back_again(self) -> bool | None:
        return self._with_payment(officer.keep_back_again, ScheduledPayment.waived_pence.is_not(None), by=self.officer)

    def _agree_plan(self) -> bool:
        contract = self._any_contract()
        with unit_of_work():
            officer.agree_plan(
                contract, per_payment_pence=self.rng.randrange(500, 20_000), reason="Asked", by=self.officer
            )
        return True

    def _end_plan(self) -> bool | None:
        return self._with_row(RecoveryPlan, officer.end_plan, by=self.officer)

    # What is owed.

    def _with_debt(self, do: Callable[[Contract, int], object]) -> bool | None:
        """Do this about a contract's debt, or a part of it: by an officer, as a request does."""
        contract_id = self._any_contract().id
        with unit_of_work() as session:
            contract = session.scalars(select(Contract).where(Contract.id == contract_id)).one()
            owed = debts.owed_on(contract_id)
            if not owed:
                return None
            do(contract, self.rng.choice([owed, self.rng.randint(1, owed)]))
        return True

    def _by_hand(self, contract: Contract) -> dict[str, Any]:
        return {"reason": "Agreed", "seen_id": debts.newest_entry(contract.id), "by": self.officer}

    def _repay(self) -> bool | None:
        """Some days ago, and sometimes more than was owed."""
        came_on, more = self.rng.choice([self.day, self._near(20, 0)]), self.rng.choice([0, 0, 500])
        return self._with_debt(
            lambda on, pence: debts.repay(on, pence=pence + more, came_on=came_on, **self._by_hand(on))
        )

    def _write_off(self) -> bool | None:
        def write_off(contract: Contract, pence: int) -> None:
            asked = debts.ask_write_off(contract, pence=pence, reason="Agreed", by=self.officer)
            debts.agree_write_off(asked, by=self.other)

        return self._with_debt(write_off)

    def _move_debt(self) -> bool | None:
        def move(contract: Contract, pence: int) -> None:
            [other] = every(contract.siblings())
            debts.move_debt(contract, other, pence=pence, **self._by_hand(contract))

        return self._with_debt(move)
