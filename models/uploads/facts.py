"""What a file of actuals is held against: the line items, plans, weeks and rows of one provider, read at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select

from models.base import session
from models.calendar import Span
from models.care.figures import Standing
from models.care.plan import Planned, calendar_on, calendars_of, plans_of, week_of
from models.care.rules import LevelRules, Rulebook
from models.pricing import Convention, Unit
from models.records.actual import Actual, ActualWeek
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from models.records.provider import Provider


class Item(NamedTuple):
    """A line item, as a file names it and as it is planned."""

    id: int
    reference: str
    contract_id: int
    contract_reference: str
    contract_ends_on: date | None
    service_id: int
    service_level_id: int
    level_name: str
    unit: Unit
    convention: Convention
    client_id: int
    client_reference: str
    starts_on: date
    ends_on: date | None
    surname: str
    first_name: str

    @property
    def client_name(self) -> str:
        return ", ".join(filter(None, (self.surname, self.first_name)))


class WeekKey(NamedTuple):
    contract_id: int
    service_id: int
    first_on: date


class Begun(NamedTuple):
    """A week that has a row already."""

    is_open: bool
    is_opened_by_council: bool


class Facts:
    """Read for one provider, the tenant of the session; line items in the order of lists. `read_weeks` adds what is
    asked of some weeks of a file, and `forget_weeks` takes it away: a file may speak of a year.
    """

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.items: dict[str, Item] = {}
        self.by_client: dict[str, list[Item]] = defaultdict(list)
        self.contracts: dict[str, int] = {}
        self._rules: dict[tuple[int, date], LevelRules] = {}
        self._rulebook = Rulebook((), ())
        self.forget_weeks()
        self._read_items()

    def forget_weeks(self) -> None:
        self.planned: dict[tuple[int, date], Planned] = {}
        self.weeks: dict[WeekKey, Begun] = {}
        self.rows: dict[tuple[int, date], Standing] = {}
        self._read: set[WeekKey] = set()
        self._by_week: dict[WeekKey, list[Planned]] | None = None

    def _read_items(self) -> None:
        item, level = CarePackageLineItem, ServiceLevel
        contracts = {row.id: row for row in session.execute(select(Contract.id, Contract.reference, Contract.ends_on))}
        known = select(level.id, level.service_id, level.name, level.unit, level.convention)
        levels = {row.id: row for row in session.execute(known)}
        query = (
            select(
                item.id, item.reference, item.contract_id, item.service_level_id, Client.id, Client.reference,
                item.starts_on, item.ends_on, Client.surname, Client.first_name,
            )
            .join(Client, Client.id == item.client_id)
            .where(item.is_activated, item.provider_id == self.provider.id)
            .order_by(*Client.shown_order(), item.reference)
        )  # fmt: skip
        for id_, reference, contract_id, level_id, client_id, client, starts_on, ends_on, surname, first_name in (
            session.execute(query)
        ):  # fmt: skip
            _, contract, contract_ends_on = contracts[contract_id]
            _, service_id, level_name, unit, convention = levels[level_id]
            one = Item(
                id_, reference, contract_id, contract, contract_ends_on, service_id, level_id, level_name, unit,
                convention, client_id, client, starts_on, ends_on, surname, first_name,
            )  # fmt: skip
            self.items[reference] = one
            self.by_client[client].append(one)
            self.contracts[contract] = contract_id
        self._methods: dict[int, list[PaymentMethod]] = calendars_of(set(self.contracts.values()))
        self._week_memory: dict[tuple[int, date], Span | None] = {}

    @cached_property
    def _items_like(self) -> dict[str, list[str]]:
        return _by_bare(self.items)

    @cached_property
    def _clients_like(self) -> dict[str, list[str]]:
        return _by_bare(self.by_client)

    def items_like(self, reference: str) -> list[str]:
        """Line items whose references are the same but for capitals, spaces and noughts in front."""
        return self._items_like.get(_bare(reference), [])

    def clients_like(self, reference: str) -> list[str]:
        return self._clients_like.get(_bare(reference), [])

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
        self._read_plans(wanted)
        if with_rules:
            self._rulebook = Rulebook.read({each.level_id for each in self.planned.values()})
        self._read_rows({key.first_on for key in wanted})

    def _read_plans(self, wanted: set[WeekKey]) -> None:
        by_weekday: dict[int, tuple[set[int], set[date]]] = defaultdict(lambda: (set(), set()))
        for key in wanted:
            contracts, days = by_weekday[key.first_on.weekday()]
            contracts.add(key.contract_id)
            days.add(key.first_on)
        for contracts, days in by_weekday.values():
            weeks = [week for day in sorted(days) if (week := self._span(contracts, day))]
            own = [each for each in self.items.values() if each.contract_id in contracts]
            self.planned |= {each.key: each for each in plans_of(own, contracts, weeks)}
        self._read |= wanted
        self._by_week = None

    def _read_rows(self, days: Iterable[date]) -> None:
        week, row, own_days = ActualWeek, Actual, set(days)
        begun = select(week.contract_id, week.service_id, week.first_on, week.is_open, week.is_opened_by_council)
        for contract_id, service_id, first_on, is_open, is_opened in session.execute(
            begun.where(week.first_on.in_(own_days)).order_by(week.id)
        ):
            self.weeks[WeekKey(contract_id, service_id, first_on)] = Begun(bool(is_open), bool(is_opened))
        if not self.weeks:
            return
        query = (
            select(row.item_id, week.first_on, *(getattr(row, name) for name in Standing._fields))
            .join(week, week.id == row.week_id)
            .where(week.first_on.in_(own_days))
            .order_by(row.id)
        )
        for item_id, first_on, *values in session.execute(query):
            self.rows[item_id, first_on] = Standing._make(values)

    def _span(self, contracts: Iterable[int], day: date) -> Span | None:
        found = [self.week_holding(contract_id, day) for contract_id in contracts]
        return next((week for week in found if week is not None and week.first == day), None)

    def rules(self, planned: Planned) -> LevelRules:
        key = planned.level_id, planned.week.first
        if key not in self._rules:
            self._rules[key] = self._rulebook.of(*key)
        return self._rules[key]

    def planned_in(self, key: WeekKey) -> list[Planned]:
        """Everybody who is planned in a week, which is read where it was not."""
        if key not in self._read:
            self._read_plans({key})
        if self._by_week is None:
            self._by_week = defaultdict(list)
            for each in self.planned.values():
                self._by_week[WeekKey(each.contract_id, each.service_id, each.week.first)].append(each)
        return self._by_week[key]


def _by_bare(references: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in references:
        found[_bare(each)].append(each)
    return found


def _bare(reference: str) -> str:
    return "".join(reference.split()).casefold().lstrip("0")
