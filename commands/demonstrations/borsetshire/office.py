"""How the council's offices put providers, contracts and care packages on record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from commands.demonstrations.borsetshire.catalogue import LEVELS, MILEAGE, SERVICES, in_year
from commands.demonstrations.borsetshire.days import DAY, Timeline, rhythms
from commands.demonstrations.borsetshire.feed import Feed, Record
from commands.demonstrations.borsetshire.people import People, Person
from exchange.feed.schema import WEEKDAYS
from models.accounts.demonstration import ACCOUNTS
from models.calendar import FinancialYear
from models.money import plain
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind

SOON = timedelta(days=14)


@dataclass(frozen=True)
class Item:
    """A care package line item as it stands today; `last` is None where it has no end."""

    reference: str
    contract: str
    client: str
    level: str
    first: date
    last: date | None
    record: Record


@dataclass(frozen=True)
class Stay:
    """How long one client is with a provider."""

    first: date
    last: date | None


class Office:
    """Everything in it is drawn from `seed`: the same seed and day give the same feed."""

    def __init__(self, line: Timeline, seed: int, size: float) -> None:
        self.line, self.seed, self.size = line, seed, size
        self.feed = Feed()
        self.rhythms = rhythms(line)
        self.people = People(self.chance("people"))
        self.provider_of: dict[str, str] = {}
        """By contract reference: the reference of its provider."""
        self.agreements: dict[str, list[Record]] = {}
        """By contract reference: the contract and its payment method."""
        self.items: list[Item] = []
        self._write_reference_data()

    def chance(self, area: str) -> Random:
        """A random generator for one area only, so that a change in one area leaves the others as they are."""
        return Random(f"{self.seed} {area}")  # noqa: S311 - made-up data, the same every time, and no secrets

    def count(self, full: int) -> int:
        return max(1, round(full * self.size))

    def _write_reference_data(self) -> None:
        add, line = self.feed.add, self.line
        for reference, name in SERVICES.items():
            add("services", service_ref=reference, name=name)
        for reference, level in LEVELS.items():
            add("service_levels", service_level_ref=reference, service_ref=level.service, name=level.name,
                unit=level.unit, convention=level.convention, vat_code=level.vat_code, vat_percent=level.vat_percent,
                tolerance_percent=level.tolerance_percent, pays_frustrated=level.pays_frustrated, allows_extras=True,
                claimable=level.claimable)  # fmt: skip
        for each in self.rhythms.values():
            add("calendars", calendar_ref=each.reference, name=each.name, frequency=each.frequency.value,
                anchor_on=each.anchor_on, confirm_by_days=each.confirm_by_days, finalise_days=each.finalise_days,
                bank_days=each.bank_days)  # fmt: skip
            for first, confirm_by, finalise_on, bank_on in each.overrides(line.begin, line.last_on):
                add("calendar_overrides", calendar_ref=each.reference, period_first_on=first, confirm_by=confirm_by,
                    finalise_on=finalise_on, bank_on=bank_on)  # fmt: skip

    def provider(
        self, number: str, kind: ProviderKind, name: str, services: str, since: date, contact: Person, **more: Any
    ) -> str:
        """`number` begins its reference: those of one kind are counted from P201101, say. Gives the reference back."""
        reference = self.feed.next(number, 101)
        email, phone = f"{contact.mailbox}@{more.pop('domain', 'carers.example')}", self.people.phone()
        self.feed.add("providers", provider_ref=reference, name=name, kind=kind.value,
                      address=self.people.address(), email=email, phone=phone,
                      account_ending=f"{int(reference[1:]) * 7919 % 10_000:04}",
                      **{"organisation_ref": None} | more)  # fmt: skip
        for service in services.split():
            self.feed.add("provider_services", provider_ref=reference, service_ref=service, starts_on=since)
        accounts = {each.name: each for each in ACCOUNTS if reference in each.providers}
        own = accounts.pop(contact.name, None)
        position = kind.label if kind in _AT_HOME else "Manager"
        self._contact(reference, contact.name, position, own.email if own else email, phone, correspondence=True)
        for account in accounts.values():
            self._contact(reference, account.name, _POSITIONS[account.role], account.email, phone)
        return reference

    def _contact(self, provider: str, name: str, position: str, email: str, phone: str, **more: Any) -> None:
        self.feed.add("contacts", contact_ref=self.feed.next("CT", 20001), provider_ref=provider, name=name,
                      position=position, email=email, phone=phone, **{"correspondence": False} | more)  # fmt: skip

    def contract(
        self, provider: str, name: str, rhythm: str, since: date, *,
        confirmation: str = "none", if_unconfirmed: str = "pay", basis: str = "net", terms: str = "",
        by_invoice: bool = False, pay_on_actuals: str = "never",
    ) -> str:  # fmt: skip
        """An agreement with its payment method. One that begins in mid-period has a short first period."""
        reference, calendar = self.feed.next("61", 1001), self.rhythms[rhythm]
        self.provider_of[reference] = provider
        agreed = self.feed.add(
            "contracts", contract_ref=reference, provider_ref=provider, name=name, starts_on=since, ends_on=None,
            confirmation=confirmation, if_unconfirmed=if_unconfirmed, agreement_required=False,
            payment_terms=terms or f"Paid {calendar.frequency.label.lower()} by BACS",
        )  # fmt: skip
        begin = since if since > self.line.begin else calendar.first_period_from(self.line.begin)
        method = self.feed.add(
            "payment_methods", payment_method_ref=f"{reference}-1", contract_ref=reference, calendar_ref=rhythm,
            pay_on_actuals=pay_on_actuals, basis=basis, by_invoice=by_invoice, calculate_from=begin, ends_on=None,
        )  # fmt: skip
        self.agreements[reference] = [agreed, method]
        return reference

    def rates(self, contract: str, since: date, *levels: str, is_late: bool = False) -> None:
        """Rates of a contract, higher every April. With `is_late`, one April's come with the delivery two months on."""
        keys: dict[str, Any] = {"contract_ref": contract}
        for level in levels:
            if LEVELS[level].unit in ("mile", "item"):
                self.feed.add("rates", **keys, service_level_ref=level, starts_on=since,
                              rate=plain(MILEAGE if LEVELS[level].unit == "mile" else 1_00))  # fmt: skip
                continue
            self._yearly("rates", keys | {"service_level_ref": level}, since, LEVELS[level].pence, is_late=is_late)

    def prices(self, item: Item, pence: int, *, is_late: bool = False) -> None:
        """The item's own price: `pence` in the base year 2025/2026, from its first day or the beginning."""
        self._yearly("item_prices", {"item_ref": item.reference}, item.first, pence, item.last, is_late=is_late)

    def _yearly(
        self, file: str, keys: dict[str, Any], first: date, pence: int, last: date | None = None, *, is_late: bool
    ) -> None:
        late = FinancialYear.of(self.line.late_uplift) if is_late else None
        before: Record | None = None
        for begin, end, year in self.by_year(first, last):
            is_late_one = year == late and before is not None
            known_on = self.line.late_uplift if is_late_one else date.min
            record = self.feed.add(file, known_on, **keys, starts_on=begin, ends_on=end,
                                   rate=plain(in_year(pence, year)))  # fmt: skip
            if is_late_one and before is not None:
                until = before.cells["ends_on"]
                before.cells["ends_on"] = end
                before.learn(known_on, ends_on=until)
            before = record

    def by_year(self, first: date, last: date | None = None) -> Iterator[tuple[date, date | None, FinancialYear]]:
        """The days from `first` to `last`, cut at each 1 April from the beginning to this year."""
        until = min(last, self.line.today) if last else self.line.today
        year = max(FinancialYear.of(self.line.begin), FinancialYear.of(first))
        while True:
            is_last = year.next.first_on > until
            yield first, last if is_last else year.last_on, year
            if is_last:
                return
            year = year.next
            first = year.first_on

    def client(self, person: Person) -> str:
        reference = self.feed.next("C", 2100001)
        self.feed.add("clients", client_ref=reference, surname=person.surname, first_name=person.first_name,
                      born_on=person.born_on)  # fmt: skip
        return reference

    def item(
        self, contract: str, client: str, level: str, first: date, last: date | None = None, *,
        authorised_on: date | None = None, is_authorised: bool = True,
    ) -> Item:  # fmt: skip
        """Authorised on its first day, unless another is given. A day to come is not known yet."""
        authorised_on = authorised_on or first
        if not is_authorised or authorised_on > self.line.today:
            authorised_on = None
        reference = self.feed.next("L", 300001)
        record = self.feed.add("care_package_items", item_ref=reference, contract_ref=contract, client_ref=client,
                               service_level_ref=level, starts_on=first, ends_on=last, authorised_on=authorised_on,
                               suspended=False)  # fmt: skip
        item = Item(reference, contract, client, level, first, last, record)
        self.items.append(item)
        return item

    def leaves(self, contract: str, client: str, last: date, known_on: date) -> None:
        """The client's care there ends with that day, and the council hears of it later."""
        for item in self.items:
            if (item.contract, item.client) == (contract, client) and (item.last is None or item.last > last):
                item.record.learn(known_on, ends_on=last)

    def ends(self, contract: str, last: date, known_on: date) -> None:
        """The contract and its payments end with that day, and the council hears of it later."""
        for record in self.agreements[contract]:
            record.learn(known_on, ends_on=last)

    def quantity(
        self, item: Item, first: date, quarters: int, week: Sequence[int] = (), last: date | None = None
    ) -> None:
        """Quarters of a unit a week; `week` gives those of each weekday, Monday first, if there is a timetable."""
        days: dict[str, Any] = {day: Decimal(units) / 4 for day, units in zip(WEEKDAYS, week, strict=False)}
        self.feed.add("item_quantities", item_ref=item.reference, starts_on=first, ends_on=last,
                      quantity=Decimal(quarters) / 4, **days)  # fmt: skip

    def contributes(self, item: Item, first: date, pence: int) -> None:
        """What the client pays a week; it rises every April with the client's pension."""
        for begin, end, year in self.by_year(first, item.last):
            self.deduct(item, "contribution", "provider", begin, in_year(pence, year), end)

    def deduct(
        self, item: Item, kind: str, collected_by: str, first: date, pence: int, last: date | None = None, *,
        is_assessed: bool = True,
    ) -> Record:  # fmt: skip
        return self.feed.add("deductions", deduction_ref=self.feed.next("D", 60001), item_ref=item.reference, kind=kind,
                             collected_by=collected_by, starts_on=first, ends_on=last, weekly_rate=plain(pence),
                             assessed=is_assessed)  # fmt: skip

    def away(
        self, item: Item, first: date, last: date | None, reason: str, per_cent: int, known_on: date = date.min
    ) -> None:
        self.feed.add("absences", known_on, absence_ref=self.feed.next("A", 50001), item_ref=item.reference,
                      starts_on=first, ends_on=last, reason=reason, pay_percent=per_cent)  # fmt: skip

    def allowance(self, item: Item, name: str, due_on: date, pence: int) -> None:
        self.feed.add("allowances", allowance_ref=self.feed.next("AL", 90001), item_ref=item.reference, name=name,
                      due_on=due_on, amount=plain(pence))  # fmt: skip

    def stays(self, chance: Random, weeks: int, since: date = date.min) -> Iterator[Stay]:
        """Who follows whom in one place: most stay for some `weeks`, now and then it is empty for a while."""
        line = self.line
        first = max(line.begin - timedelta(days=chance.randrange(weeks * 7)), since)
        while first <= line.today + SOON:
            last = first + timedelta(days=14 + int(chance.expovariate(1 / (weeks * 7))))
            if last > line.today + SOON:
                yield Stay(first, None)
                return
            if last >= line.begin:
                yield Stay(first, last)
            first = last + timedelta(days=chance.randint(2, 24))

    def authorised(self, chance: Random, first: date) -> date:
        """Mostly some days before the first one, now and then after it: then it is caught up."""
        return first + chance.randint(5, 20) * DAY if chance.random() < 0.06 else first - chance.randint(1, 6) * DAY


_POSITIONS: dict[Role | CouncilRole, str] = {Role.ADMINISTRATOR: "Office Manager", Role.FINANCE: "Finance Manager"}
_AT_HOME = {ProviderKind.FOSTER_CARER, ProviderKind.SUPPORTED_LODGINGS, ProviderKind.SHARED_LIVES}
