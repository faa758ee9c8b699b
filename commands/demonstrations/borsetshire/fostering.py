"""In-house foster carers with their allowances, and an agency with two services."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from commands.demonstrations.borsetshire import claims
from commands.demonstrations.borsetshire.catalogue import BANDS, LEVELS, in_year
from commands.demonstrations.borsetshire.days import DAY, WEEK
from commands.demonstrations.borsetshire.office import Item, Office
from commands.demonstrations.borsetshire.people import Person, born
from models.calendar import FinancialYear
from models.records.provider import ProviderKind

GROWN_UP = 18


def add(office: Office) -> None:
    _oakshotts(office)
    chance = office.chance("foster carers")
    for _ in range(office.count(25) - 1):
        _household(office, chance)
    _agency(office, office.chance("fostering agency"))


def _household(office: Office, chance: Random) -> None:
    line = office.line
    carer = office.people.adult(34, 64, line.today)
    name = carer.name
    if chance.random() < 0.6:
        name = f"{carer.first_name} and {office.people.adult(34, 64, line.today).first_name} {carer.surname}"
    since = line.begin + timedelta(days=chance.randrange(30, 500) if chance.random() < 0.2 else -600)
    contract = _contract(office, carer, name, since, chance.choice(("WEEKLY-MON", "WEEKLY-MON", "WEEKLY-SUN")))
    reward = chance.choice(("IHF-REWARD1", "IHF-REWARD2"))
    placed: list[Item] = []
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        for stay in office.stays(chance, 60, since):
            child = office.people.child(chance.randint(0, 16), stay.first)
            placed += place(office, contract, child, reward, stay.first, stay.last,
                            authorised_on=office.authorised(chance, stay.first))  # fmt: skip
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        claims.by_chance(office, chance, contract, placed)


def _contract(office: Office, carer: Person, name: str, since: date, rhythm: str) -> str:
    provider = office.provider("P201", ProviderKind.FOSTER_CARER, name, "IHF IHC", since, carer)
    contract = office.contract(provider, name, rhythm, since)
    bands = [level for level, _ in BANDS]
    office.rates(contract, since, *bands, "IHF-REWARD1", "IHF-REWARD2", *claims.LEVELS)
    return contract


def place(
    office: Office, contract: str, child: Person, reward: str, first: date, last: date | None = None, *,
    authorised_on: date | None = None, is_authorised: bool = True,
) -> list[Item]:  # fmt: skip
    """A child with a carer: maintenance by age with its allowances (given back), and the carer's reward."""
    adult_on = child.birthday(GROWN_UP)
    if adult_on <= (last or office.line.last_on):
        last = adult_on - DAY
    client = office.client(child)
    items = []
    for level, begin, end in _by_age(child, first, last, office.line.last_on):
        on = authorised_on if begin == first else begin - 14 * DAY
        items.append(office.item(contract, client, level, begin, end, authorised_on=on, is_authorised=is_authorised))
    for item in items:
        _allowances(office, item, child)
    office.item(contract, client, reward, first, last, authorised_on=authorised_on, is_authorised=is_authorised)
    return items


def _by_age(child: Person, first: date, last: date | None, horizon: date) -> Iterator[tuple[str, date, date | None]]:
    """The levels of maintenance that follow one another as the child grows."""
    starts = [(level, max(child.birthday(age), first)) for level, age in BANDS]
    for (level, begin), (_, following) in zip(starts, [*starts[1:], ("", date.max)], strict=True):
        if following == begin:
            continue
        if following > (last or horizon):
            yield level, begin, last
            return
        yield level, begin, following - DAY


def _allowances(office: Office, item: Item, child: Person) -> None:
    """A week's maintenance for a birthday and for Christmas, two for the summer holidays."""
    line = office.line
    first, last = max(item.first, line.begin), min(item.last or line.last_on, line.last_on)
    for year in range(first.year, last.year + 1):
        for name, due_on, weeks in (
            ("Birthday allowance", child.birthday(year - child.born_on.year), 1),
            ("Summer holiday allowance", date(year, 7, 22), 2),
            ("Christmas allowance", date(year, 12, 14), 1),
        ):
            if first <= due_on <= last:
                weekly = in_year(LEVELS[item.level].pence, FinancialYear.of(due_on))
                office.allowance(item, name, due_on, weekly * weeks)


def _oakshotts(office: Office) -> None:
    """The carers whom one can log in as: something of everything."""
    line, since = office.line, office.line.begin - 900 * DAY
    name = "Marian and Tom Oakshott"
    contract = _contract(office, Person("Marian", "Oakshott", date(1974, 3, 9)), name, since, "WEEKLY-MON")
    provider = office.provider_of[contract]
    office.feed.add("contacts", contact_ref="CT10001", provider_ref=provider, name="Tom Oakshott",
                    position="Foster carer", phone=office.people.phone(), correspondence=False)  # fmt: skip

    def child(first_name: str, surname: str, age: int, days_ago: int) -> Person:
        return Person(first_name, surname, born(age, line.today - days_ago * DAY))

    imogen = place(office, contract, child("Imogen", "Nethercott", 11, 150), "IHF-REWARD2", line.begin - 400 * DAY)
    kai = Person("Kai", "Wójtowicz", born(7, line.monday + 2 * DAY))  # has his birthday this week
    place(office, contract, kai, "IHF-REWARD2", line.begin + 303 * DAY)
    left = place(office, contract, child("Reuben", "Larkham", 13, 60), "IHF-REWARD1", line.begin + 451 * DAY)
    office.leaves(contract, left[0].client, line.late_news - 17 * DAY, line.late_news)
    place(office, contract, child("Angharad", "Prydderch", 3, 200), "IHF-REWARD2", line.monday - 5 * WEEK + 4 * DAY,
          authorised_on=line.monday - 3 * WEEK + 2 * DAY)  # fmt: skip
    place(office, contract, child("Emyr", "Prydderch", 1, 90), "IHF-REWARD2", line.monday - 4 * DAY,
          is_authorised=False)  # fmt: skip

    since = line.begin - 20 * DAY
    breaks = office.contract(provider, f"{name} - Short Breaks", "FOUR-WEEKLY", since)
    office.feed.add("provider_services", provider_ref=provider, service_ref="SHB", starts_on=since)
    office.rates(breaks, since, "SHB-NIGHT")
    weekends = office.item(breaks, office.client(child("Skye", "Winterbourne", 9, 33)), "SHB-NIGHT", line.begin + WEEK)
    office.quantity(weekends, weekends.first, 8, (0, 0, 0, 0, 4, 4, 0))
    guardians = office.contract(provider, f"{name} - Special Guardianship", "FOUR-WEEKLY", since)
    office.feed.add("provider_services", provider_ref=provider, service_ref="SGO", starts_on=since)
    office.rates(guardians, since, "SGO-MONTH")
    office.item(guardians, office.client(child("Tamsin", "Oakshott", 10, 70)), "SGO-MONTH", line.begin + 40 * DAY)
    claims.of_the_oakshotts(office, contract, imogen[-1].client)


def _agency(office: Office, chance: Random) -> None:
    line, name = office.line, "Wren & Fielding Fostering"
    office.feed.add("organisations", organisation_ref="ORG-WREN", name=f"{name} Ltd")
    for branch, children in ((f"{name} - Borchester", 18), (f"{name} - Felpersham and the Vale", 11)):
        manager, since = office.people.adult(30, 60, line.today), line.begin - 700 * DAY
        provider = office.provider(
            "P203", ProviderKind.FOSTERING_AGENCY, branch, "IFA", since, manager, domain="wrenfielding.example",
            organisation_ref="ORG-WREN", invoice_address=f"{name} Ltd|Accounts|Corn Exchange|Borchester|BZ1 1AA",
        )  # fmt: skip
        contract = office.contract(provider, branch, "AGENCIES", since, confirmation="required", basis="gross",
                                   terms="Paid 4-weekly by BACS, after confirmation")  # fmt: skip
        for _ in range(office.count(children)):
            for stay in office.stays(chance, 70):
                _place_with_agency(office, chance, contract, stay.first, stay.last)
        _surprises(office, contract)


def _place_with_agency(office: Office, chance: Random, contract: str, first: date, last: date | None) -> Item:
    """Every child has a price of its own."""
    child = office.client(office.people.child(chance.randint(1, 15), first))
    level = chance.choice(("IFA-STD", "IFA-STD", "IFA-ENH", "IFA-PC"))
    item = office.item(contract, child, level, first, last, authorised_on=office.authorised(chance, first))
    pence = {"IFA-STD": 872_50, "IFA-ENH": 1_046_15, "IFA-PC": 1_385_00}[level] + chance.randrange(0, 60_00, 25)
    office.prices(item, pence, is_late=chance.random() < 0.2)
    return item


def _surprises(office: Office, contract: str) -> None:
    """What the council heard too late, and what it has stopped for now."""
    line, chance = office.line, office.chance(f"surprises {contract}")
    left = _place_with_agency(office, chance, contract, line.begin + 101 * DAY, None)
    office.leaves(contract, left.client, line.today - 30 * DAY, line.today)
    stopped = _place_with_agency(office, chance, contract, line.begin + 130 * DAY, None)
    stopped.record.learn(line.late_news, suspended=True)
    away = _place_with_agency(office, chance, contract, line.begin + 200 * DAY, None)
    office.away(away, line.today - 12 * DAY, None, "In hospital, place kept", 80, line.today)
