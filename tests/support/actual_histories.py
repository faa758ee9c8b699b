"""Random histories of a provider that is paid on actuals: see tests/support/histories.py."""

from datetime import date, timedelta

from sqlalchemy import func, select, update

from models.calendar import DAY, as_on
from models.pricing import PayOnActuals
from models.records.actual import ActualException, ExceptionState
from models.records.actual_rule import ActualRule, RuleKind
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from tests.support.actuals import confirmed_actual, decide
from tests.support.histories import Office
from tests.support.rows import every, saved, unit_of_work

ON_ACTUALS = [PayOnActuals.ALWAYS, PayOnActuals.UNTIL_ACTUAL]
DECISIONS = [ExceptionState.APPROVED, ExceptionState.REJECTED, ExceptionState.AMENDED]


class ActualsOffice(Office):
    """Figures are confirmed, corrected, questioned and decided in any order; methods begin and end with weeks."""

    def _contract(self) -> Contract:
        contract = super()._contract()
        [method] = self._methods(contract)
        self._facts(PaymentMethod, method, pay_on_actuals=self.rng.choice(ON_ACTUALS))
        return contract

    def _item(self, contract: Contract, client: Client, starts_on: date, authorised_on: date | None) -> None:
        super()._item(contract, client, starts_on, authorised_on)
        rules = {name: self.rng.random() < 0.5 for name in ("is_extra_allowed", "is_frustrated_paid")}
        with unit_of_work() as session:
            newest = select(func.max(ServiceLevel.id)).scalar_subquery()
            session.execute(update(ServiceLevel).where(ServiceLevel.id == newest).values(**rules))

    def step(self) -> str:
        drawn = self.rng.random()
        if drawn > 0.45:
            return super().step()
        with as_on(self.day):
            name = "deliver" if drawn > 0.15 else "decide" if drawn > 0.02 else "go_by_plan"
            getattr(self, f"_{name}")()
            self.calculate()
        self.happened[name] = self.happened.get(name, 0) + 1
        return name

    def _deliver(self) -> None:
        """Confirm a week that has ended, or correct it."""
        day = self._near(30, 0) - 7 * DAY
        first_on = day - timedelta(days=day.weekday())
        quantity = self.rng.choice([0, 10_000, 20_000, self.rng.randrange(1, 400_000)])
        by_day = None
        if self.rng.random() < 0.3:
            by_day = [self.rng.choice([0, 2_500, 10_000]) for _ in range(7)]
        confirmed_actual(
            self._any_item(), first_on, sum(by_day) if by_day else quantity, by_day_e4=by_day,
            frustrated_e4=self.rng.choice([0, 0, 7_500]), by=self.officer,
            exception=self.rng.choice([None, None, ExceptionState.OPEN]),
        )  # fmt: skip

    def _decide(self) -> None:
        is_open = ActualException.state == ExceptionState.OPEN
        if found := every(select(ActualException).where(is_open).order_by(ActualException.id)):
            decide(self.rng.choice(found), self.rng.choice(DECISIONS), by=self.other)

    def _go_by_plan(self) -> None:
        level_id = self._any_item().service_level_id
        if not every(select(ActualRule).where(ActualRule.service_level_id == level_id)):
            rule = {"kind": RuleKind.PAID_ON_PLAN, "refuses_from": self._near(), "changed_by_id": self.officer.id}
            saved(ActualRule(service_level_id=level_id, **rule))

    def _end_method(self) -> bool | None:
        done = super()._end_method()
        for method in every(select(PaymentMethod).where(PaymentMethod.ends_on.is_not(None))):
            sunday = method.ends_on + timedelta(days=6 - method.ends_on.weekday())
            self._facts(PaymentMethod, method, ends_on=sunday)
        return done

    def _go_on(self) -> bool | None:
        done = super()._go_on()
        [newest] = every(select(PaymentMethod).order_by(PaymentMethod.id.desc()).limit(1))
        if done:
            self._facts(PaymentMethod, newest, pay_on_actuals=self.rng.choice(list(PayOnActuals)))
        return done
