"""People who share their own homes: supported lodgings and Shared Lives."""

from datetime import date
from random import Random

from commands.demonstrations.borsetshire.days import DAY, WEEK
from commands.demonstrations.borsetshire.office import Item, Office
from commands.demonstrations.borsetshire.people import Person
from models.records.provider import ProviderKind

DAY_SUPPORT = 4
"""So many Shared Lives carers give days of support besides, and send timesheets of them."""
LONG_NAME = (
    "The Felpersham, Hollerton and Waterley Cross Young People's Supported Lodgings and Move-On Accommodation "
    "Partnership (North and West Borsetshire)"
)


def add(office: Office) -> None:
    _lodgings(office, office.chance("lodgings"))
    _shared_lives(office, office.chance("shared lives"))


def _lodgings(office: Office, chance: Random) -> None:
    line = office.line
    _prydderch(office)
    for at in range(office.count(8) - 1):
        host = office.people.adult(35, 68, line.today)
        contract = _host(office, host, LONG_NAME if at == 0 else f"{host.name}, Supported Lodgings")
        for _ in range(5 if at == 0 else chance.choice((1, 1, 2))):
            for stay in office.stays(chance, 35):
                _lodge(office, chance, contract, stay.first, stay.last)


def _host(office: Office, host: Person, name: str) -> str:
    since = office.line.begin - 400 * DAY
    provider = office.provider("P202", ProviderKind.SUPPORTED_LODGINGS, name, "SUL", since, host)
    contract = office.contract(provider, name, "WEEKLY-SUN", since)
    office.rates(contract, since, "SUL-WEEK")
    return contract


def _lodge(office: Office, chance: Random, contract: str, first: date, last: date | None) -> Item:
    """A young person, who pays the host something from a grant or from wages."""
    client = office.client(office.people.child(chance.randint(16, 20), first))
    item = office.item(contract, client, "SUL-WEEK", first, last, authorised_on=office.authorised(chance, first))
    office.contributes(item, first, chance.randrange(10_00, 46_00, 5))
    if chance.random() < 0.25:
        away = max(first, office.line.begin) + chance.randint(0, 600) * DAY
        if away + 6 * DAY <= min(last or office.line.today, office.line.today):
            office.away(item, away, away + 6 * DAY, "Holiday with family", 50)
    return item


def _prydderch(office: Office) -> None:
    """The host whom one can log in as. Somebody had left weeks ago: more is recovered than many payments hold, and some
    of it is still owed.
    """
    line, chance = office.line, office.chance("Prydderch")
    contract = _host(office, Person("Llŷr", "Prydderch", date(1969, 11, 2)), "Llŷr Prydderch, Tŷ'r Ŵyn")
    _lodge(office, chance, contract, line.begin - 31 * DAY, None)
    left = _lodge(office, chance, contract, line.begin + 212 * DAY, None)
    office.leaves(contract, left.client, line.late_news - 94 * DAY, line.late_news)
    _lodge(office, chance, contract, line.today - 15 * DAY, None)


def add_former_host(office: Office) -> None:
    """A host whose two placements have ended, one of them weeks before the council heard of it: what is taken back then
    is owed, with no payment left to take it from.
    """
    line, host = office.line, Person("Tamsin", "Hallworth", date(1974, 3, 9))
    since = line.begin - 400 * DAY
    name = f"{host.name}, Supported Lodgings"
    provider = office.provider("P209", ProviderKind.SUPPORTED_LODGINGS, name, "SUL", since, host)
    contract = office.contract(provider, name, "WEEKLY-SUN", since)
    office.rates(contract, since, "SUL-WEEK")
    lodgers = [office.client(office.people.child(17, line.begin)) for _ in range(2)]
    office.item(contract, lodgers[0], "SUL-WEEK", line.begin - 20 * DAY, line.late_news - 20 * DAY)
    office.item(contract, lodgers[1], "SUL-WEEK", line.begin + 300 * DAY)
    office.leaves(contract, lodgers[1], line.late_news - 60 * DAY, line.late_news)
    office.ends(contract, line.late_news, line.late_news)


def _shared_lives(office: Office, chance: Random) -> None:
    line = office.line
    _thakkar(office)
    for at in range(office.count(8) - 1):
        carer = office.people.adult(38, 66, line.today)
        contract = _shared_lives_carer(office, carer, chance.choice(("FOUR-WEEKLY", "WEEKLY-SUN")))
        placed = [
            _arrange(office, chance, contract, stay.first, stay.last)
            for _ in range(chance.choice((1, 1, 2)))
            for stay in office.stays(chance, 120)
        ]
        if at < DAY_SUPPORT and placed:
            days = office.item(contract, placed[-1].client, "SHL-DAY", line.begin + 150 * DAY)
            office.quantity(days, days.first, 8, (4, 0, 0, 4, 0, 0, 0))


def _shared_lives_carer(office: Office, carer: Person, rhythm: str) -> str:
    since = office.line.begin - 500 * DAY
    provider = office.provider("P207", ProviderKind.SHARED_LIVES, f"{carer.name}, Shared Lives", "SHL", since, carer)
    contract = office.contract(provider, f"{carer.name}, Shared Lives", rhythm, since)
    office.rates(contract, since, "SHL-WEEK", "SHL-NIGHT", "SHL-DAY")
    return contract


def _arrange(office: Office, chance: Random, contract: str, first: date, last: date | None) -> Item:
    """A long-term arrangement: the person pays the carer for food and heating."""
    client = office.client(office.people.adult(19, 70, first))
    item = office.item(contract, client, "SHL-WEEK", first, last, authorised_on=office.authorised(chance, first))
    office.contributes(item, first, chance.randrange(70_00, 98_00, 5))
    return item


def _thakkar(office: Office) -> None:
    """The carer whom one can log in as: weeks, nights and days, and a holiday paid in part."""
    line, chance = office.line, office.chance("Thakkar")
    contract = _shared_lives_carer(office, Person("Sunita", "Thakkar", date(1971, 6, 30)), "FOUR-WEEKLY")
    long_term = _arrange(office, chance, contract, line.begin - 800 * DAY, None)
    office.away(long_term, line.monday - 16 * DAY, line.monday - 6 * DAY, "Holiday with a brother", 50)
    respite = office.item(contract, office.client(office.people.adult(19, 45, line.begin)), "SHL-NIGHT",
                          line.begin + 40 * DAY)  # fmt: skip
    office.quantity(respite, respite.first, 8, (0, 0, 0, 0, 4, 4, 0), line.monday - 9 * WEEK - DAY)
    office.quantity(respite, line.monday - 9 * WEEK, 12, (0, 0, 0, 0, 4, 4, 4))
    days = office.item(contract, long_term.client, "SHL-DAY", line.begin + 120 * DAY)
    office.quantity(days, days.first, 8)
