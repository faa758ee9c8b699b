"""Care in people's own homes, and help with direct payments."""

from datetime import date
from random import Random

from commands.demonstrations.borsetshire.days import DAY, WEEK
from commands.demonstrations.borsetshire.office import Item, Office
from models.records.provider import ProviderKind

EVENINGS_AND_MORNINGS = ((3, 3, 3, 3, 3, 3, 3), (4, 4, 4, 4, 4, 2, 2), (6, 6, 6, 6, 6, 5, 5), (2, 0, 2, 0, 2, 0, 0),
                         (8, 8, 8, 8, 8, 8, 8), (10, 10, 10, 10, 10, 9, 9))  # fmt: skip
"""Quarters of an hour from Monday to Sunday."""
LYNCHET = "P205101"
"""The reference that the first home-care agency gets, whom one can log in as."""


def add(office: Office) -> None:
    _home_care(office, office.chance("home care"))
    _direct_payments(office, office.chance("direct payments"))


def _home_care(office: Office, chance: Random) -> None:
    line, name = office.line, "Lynchet Home Care Ltd"
    since, manager = line.begin - 800 * DAY, office.people.adult(35, 60, line.today)
    provider = office.provider("P205", ProviderKind.HOME_CARE, name, "HOM EXC", since, manager,
                               domain="lynchet.example")  # fmt: skip
    framework = office.contract(provider, "Home Care Framework - Borchester and the Vale", "FORTNIGHTLY", since,
                                confirmation="optional")  # fmt: skip
    office.rates(framework, since, "HOM-STD", "HOM-CPX", "HOM-SIT", is_late=True)
    court = office.contract(provider, "Extra Care at Bellcroft Court", "FORTNIGHTLY", since, confirmation="optional")
    office.rates(court, since, "EXC-HOUR")
    for contract, clients in ((framework, 100), (court, 20)):
        for _ in range(office.count(clients)):
            for stay in office.stays(chance, 75):
                _visited(office, chance, contract, framework, stay.first, stay.last)
    _surprises(office, framework)


def _visited(office: Office, chance: Random, contract: str, framework: str, first: date, last: date | None) -> None:
    line = office.line
    client = office.client(office.people.adult(58, 98, first))
    is_framework = contract == framework
    level = chance.choice(("HOM-STD", "HOM-STD", "HOM-STD", "HOM-CPX")) if is_framework else "EXC-HOUR"
    item = office.item(contract, client, level, first, last, authorised_on=office.authorised(chance, first))
    _hours(office, chance, item)
    if is_framework and chance.random() < 0.1:
        sitting = office.item(contract, client, "HOM-SIT", first, last, authorised_on=item.first)
        office.quantity(sitting, first, 4)
    if chance.random() < 0.25:
        away = max(first, line.begin) + chance.randint(5, 600) * DAY
        back = away + chance.randint(2, 17) * DAY
        if back < min(last or line.today, line.today):
            office.away(item, away, back, "Hospital", 0)


def _hours(office: Office, chance: Random, item: Item) -> None:
    """A timetable for some, so many hours a week for others; now and then they become more."""
    line, week = office.line, chance.choice(EVENINGS_AND_MORNINGS)
    rises_on = max(item.first, line.begin) + chance.randint(60, 500) * DAY
    if chance.random() < 0.45:
        office.quantity(item, item.first, sum(week), week)
    elif chance.random() < 0.25 and rises_on < min(item.last or line.today, line.today):
        office.quantity(item, item.first, sum(week), (), rises_on - DAY)
        office.quantity(item, rises_on, sum(week) + chance.randint(2, 14))
    else:
        office.quantity(item, item.first, sum(week))


def _surprises(office: Office, contract: str) -> None:
    """Somebody went into hospital, somebody died, and somebody's care is not yet authorised."""
    line = office.line
    day = line.begin + 64 * DAY

    def visited(first: date, *, is_authorised: bool = True) -> Item:
        client = office.client(office.people.adult(70, 95, first))
        item = office.item(contract, client, "HOM-STD", first, is_authorised=is_authorised)
        office.quantity(item, first, 49, (7, 7, 7, 7, 7, 7, 7))
        return item

    office.away(visited(day), line.today - 20 * DAY, line.today - 9 * DAY, "Hospital", 0, line.today)
    died = visited(day + 3 * WEEK)
    office.leaves(contract, died.client, line.late_news - 40 * DAY, line.late_news)
    stopped = visited(day + 9 * WEEK)
    stopped.record.learn(line.late_news, suspended=True)
    visited(line.today - 3 * DAY, is_authorised=False)


def add_invoiced(office: Office) -> None:
    """A contract of the home care agency that pays by invoice, with one care package that is suspended. What was
    delivered is confirmed week by week, and the invoices are matched with it.
    """
    line = office.line
    provider = next(each for each in office.provider_of.values() if each.startswith("P205"))
    since = line.monday - 16 * WEEK - DAY
    contract = office.contract(provider, "Sitting Service, by Invoice", "WEEKLY-SUN", since, basis="gross",
                               by_invoice=True, pay_on_actuals="always",
                               terms="Paid by invoice, within 30 days")  # fmt: skip
    office.rates(contract, since, "HOM-SIT")
    for at in range(4):
        client = office.client(office.people.adult(66, 93, since))
        item = office.item(contract, client, "HOM-SIT", since)
        office.quantity(item, since, 12)
        if at == 3:
            item.record.learn(line.late_news, suspended=True)


def add_reablement(office: Office) -> None:
    """The agency whom one can log in as also helps people home from hospital, and is paid on what it delivers: as
    planned until its actuals come.
    """
    line, chance = office.line, office.chance("reablement")
    since = line.monday - 16 * WEEK
    contract = office.contract(LYNCHET, "Reablement at Home", "WEEKLY-MON", since, pay_on_actuals="until_actual",
                               terms="Paid weekly by BACS, on what is delivered")  # fmt: skip
    office.rates(contract, since, "HOM-STD", "HOM-CPX")
    for at in range(max(4, office.count(24))):
        level = "HOM-CPX" if at % 5 == 4 else "HOM-STD"
        item = office.item(contract, office.client(office.people.adult(62, 97, since)), level, since)
        office.quantity(item, since, sum(week := chance.choice(EVENINGS_AND_MORNINGS)), week if at % 2 else ())


def _direct_payments(office: Office, chance: Random) -> None:
    line, name = office.line, "Waymark Direct Payment Support CIC"
    since, manager = line.begin - 300 * DAY, office.people.adult(30, 55, line.today)
    provider = office.provider("P206", ProviderKind.DIRECT_PAYMENTS, name, "DPS", since, manager,
                               domain="waymark.example")  # fmt: skip
    contract = office.contract(provider, name, "MONTHLY", since, confirmation="optional", basis="gross",
                               terms="Paid monthly by BACS, with VAT")  # fmt: skip
    office.rates(contract, since, "DPS-ACC", "DPS-PAY")
    for _ in range(office.count(40)):
        for stay in office.stays(chance, 150):
            client = office.client(office.people.adult(20, 80, stay.first))
            levels = chance.choice((("DPS-ACC",), ("DPS-ACC", "DPS-PAY"), ("DPS-PAY",)))
            for level in levels:
                office.item(contract, client, level, stay.first, stay.last,
                            authorised_on=office.authorised(chance, stay.first))  # fmt: skip
