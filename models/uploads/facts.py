"""What a file of actuals is held against: the line items, plans, weeks and rows of one provider, read at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from models.base import session
from models.calendar import Span
from models.care.plan import Planned, calendar_on, calendars_of, plans, week_of
from models.care.rules import LevelRules, Rulebook
from models.pricing import Unit
from models.records.actual import Actual, ActualWeek
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from models.records.provider import Provider


class Item(NamedTuple):
    """A line item, as a file names it."""

    id: int
    reference: str
    contract_id: int
    contract_reference: str
    service_id: int
    level_id: int
    level_name: str
    unit: Unit
    client_id: int
    client_reference: str
    starts_on: date
    ends_on: date | None
    client_name: str


class WeekKey(NamedTuple):
    contract_id: int
    service_id: int
    first_on: date


class Facts:
    """Read for one provider, the tenant of the session. `read_weeks` adds what is asked of the weeks of a file."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.items: dict[str, Item] = {}
        self.by_client: dict[str, list[Item]] = defaultdict(list)
        self.contracts: dict[str, int] = {}
        self.planned: dict[tuple[int, date], Planned] = {}
        self.weeks: dict[WeekKey, ActualWeek] = {}
        self.rows: dict[tuple[int, date], Actual] = {}
        self._rules: dict[tuple[int, date], LevelRules] = {}
        self._rulebook = Rulebook((), ())
        self._read_items()

    def _read_items(self) -> None:
        item = CarePackageLineItem
        query = (
            select(
                item.id, item.reference, item.contract_id, Contract.reference, ServiceLevel.service_id,
                ServiceLevel.id, ServiceLevel.name, ServiceLevel.unit, Client.id, Client.reference,
                item.starts_on, item.ends_on, Client.surname, Client.first_name,
            )
            .join(Contract, Contract.id == item.contract_id)
            .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
            .join(Client, Client.id == item.client_id)
            .where(item.is_activated, item.provider_id == self.provider.id)
            .order_by(item.reference)
        )  # fmt: skip
        for *values, surname, first_name in session.execute(query):
            one = Item._make((*values, ", ".join(filter(None, (surname, first_name)))))
            self.items[one.reference] = one
            self.by_client[one.client_reference].append(one)
            self.contracts[one.contract_reference] = one.contract_id
        self._methods: dict[int, list[PaymentMethod]] = calendars_of(set(self.contracts.values()))
        self._week_memory: dict[tuple[int, date], Span | None] = {}

    def week_holding(self, contract_id: int, day: date) -> Span | None:
        """The contract's week that holds the day; None before the portal paid it."""
        key = contract_id, day
        if key not in self._week_memory:
            calendar = calendar_on(self._methods.get(contract_id, ()), day)
            self._week_memory[key] = week_of(calendar, day) if calendar else None
        return self._week_memory[key]

    def read_weeks(self, keys: Iterable[WeekKey], *, with_rules: bool = True) -> None:
        """The plans, the weeks and their rows, and the rules; a fixed number of queries for each weekday on which weeks
        begin.
        """
        wanted = set(keys)
        if not wanted:
            return
        by_weekday: dict[int, tuple[set[int], set[date]]] = defaultdict(lambda: (set(), set()))
        for key in wanted:
            contracts, days = by_weekday[key.first_on.weekday()]
            contracts.add(key.contract_id)
            days.add(key.first_on)
        for contracts, days in by_weekday.values():
            weeks = [week for day in sorted(days) if (week := self._span(contracts, day))]
            self.planned |= {each.key: each for each in plans(contracts, weeks)}
        if with_rules:
            self._rulebook = Rulebook.read({each.level_id for each in self.planned.values()})
        self._read_rows({key.first_on for key in wanted})

    def _read_rows(self, days: Iterable[date]) -> None:
        query = select(ActualWeek, Actual).outerjoin(Actual, Actual.week_id == ActualWeek.id)
        query = query.where(ActualWeek.first_on.in_(set(days))).order_by(ActualWeek.id, Actual.id)
        for week, row in session.execute(query):
            self.weeks[WeekKey(week.contract_id, week.service_id, week.first_on)] = week
            if row is not None:
                self.rows[row.item_id, week.first_on] = row

    def _span(self, contracts: Iterable[int], day: date) -> Span | None:
        found = [self.week_holding(contract_id, day) for contract_id in contracts]
        return next((week for week in found if week is not None and week.first == day), None)

    def rules(self, planned: Planned) -> LevelRules:
        key = planned.level_id, planned.week.first
        if key not in self._rules:
            self._rules[key] = self._rulebook.of(*key)
        return self._rules[key]

    def planned_in(self, key: WeekKey) -> list[Planned]:
        """Everybody who is planned in a week that was read."""
        if not hasattr(self, "_by_week"):
            self._by_week: dict[WeekKey, list[Planned]] = defaultdict(list)
            for each in self.planned.values():
                self._by_week[WeekKey(each.contract_id, each.service_id, each.week.first)].append(each)
        return self._by_week[key]
