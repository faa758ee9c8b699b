"""A group of three care homes: bands, nights, contributions, top-ups, nursing care and hospital."""

from datetime import date
from random import Random

from commands.demonstrations.borsetshire.catalogue import funded_nursing_care
from commands.demonstrations.borsetshire.days import DAY, WEEK
from commands.demonstrations.borsetshire.office import Item, Office
from models.records.provider import ProviderKind

GROUP, GROUP_NAME = "ORG-TANSY", "Tansy Meadow Care Group Ltd"
MINIMUM = 100_00
"""What a resident pays a week until somebody has worked out what they can."""
RECENT = 8 * WEEK
NURSING = ("NUR-4", "NUR-5")


def add(office: Office) -> None:
    office.feed.add("organisations", organisation_ref=GROUP, name=GROUP_NAME)
    chance = office.chance("homes")
    lodge = _home(office, "Tansy Meadow Lodge", "RES NUR", "RES-1", "RES-2", "RES-3", *NURSING)
    for _ in range(office.count(60)):
        level = chance.choice(("RES-1", "RES-2", "RES-2", "RES-3", "NUR-4", "NUR-5"))
        for stay in office.stays(chance, 110):
            _resident(office, chance, lodge, level, stay.first, stay.last)
    _surprises(office, lodge)
    rectory = _home(office, "The Old Rectory, Rushford Magna", "RES", "RES-N1", "RES-N2")
    for _ in range(office.count(35)):
        for stay in office.stays(chance, 100):
            _resident(office, chance, rectory, chance.choice(("RES-N1", "RES-N2")), stay.first, stay.last)
    court = _home(
        office,
        "Penny Hassett Court, Residential Home for Adults with Learning Disabilities and Autistic People, "
        "incorporating The Coach House and Stable Cottages", "LDR", "LDR-IND",
    )  # fmt: skip
    for _ in range(office.count(20)):
        for stay in office.stays(chance, 260):
            _at_court(office, chance, court, stay.first, stay.last)
    _wait_for_agreements(office, court)


def _home(office: Office, name: str, services: str, *levels: str) -> str:
    manager, since = office.people.adult(35, 62, office.line.today), office.line.begin - 1_500 * DAY
    provider = office.provider(
        "P204", ProviderKind.CARE_HOME, name, services, since, manager, organisation_ref=GROUP,
        domain="tansymeadow.example", invoice_address=f"{GROUP_NAME}|Head Office|4 Corn Street|Borchester|BZ1 1AB",
    )  # fmt: skip
    contract = office.contract(provider, name, "CARE-HOMES", since, confirmation="required", if_unconfirmed="confirm",
                               terms="Paid 4-weekly by BACS, after confirmation")  # fmt: skip
    office.rates(contract, since, *(level for level in levels if level != "LDR-IND"))
    return contract


def _resident(office: Office, chance: Random, home: str, level: str, first: date, last: date | None) -> Item:
    line = office.line
    client = office.client(office.people.adult(72, 99, first))
    item = office.item(home, client, level, first, last, authorised_on=office.authorised(chance, first))
    _contributes(office, chance, item)
    if chance.random() < 0.14:
        collected_by = "provider" if chance.random() < 0.75 else "council"
        office.deduct(item, "top_up", collected_by, first, chance.randrange(25_00, 95_00, 250), last)
    if level in NURSING:
        _nursed(office, item, "provider" if chance.random() < 0.8 else "council")
    if chance.random() < 0.3:
        _in_hospital(office, item, max(first, line.begin) + chance.randint(3, 700) * DAY, chance.randint(2, 26))
    return item


def _contributes(office: Office, chance: Random, item: Item) -> None:
    """From a pension. A new resident pays a minimum at first."""
    weekly = chance.randrange(128_00, 312_00, 5)
    assessed_on = item.first + chance.randint(30, 75) * DAY
    if item.first < office.line.begin or assessed_on > (item.last or office.line.today):
        assessed_on = item.first
    elif assessed_on > item.first:
        office.deduct(item, "contribution", "provider", item.first, MINIMUM, assessed_on - DAY, is_assessed=False)
    if item.first > office.line.today - RECENT:
        office.deduct(item, "contribution", "provider", item.first, MINIMUM, item.last, is_assessed=False)
    else:
        office.contributes(item, assessed_on, weekly)


def _nursed(office: Office, item: Item, collected_by: str) -> None:
    """What the health service pays towards nursing, to the home or to the council."""
    for begin, end, year in office.by_year(item.first, item.last):
        office.deduct(item, "nursing", collected_by, begin, funded_nursing_care(year), end)


def _in_hospital(office: Office, item: Item, first: date, days: int) -> None:
    """A place is paid whole for two weeks, then 80 %."""
    last = first + (days - 1) * DAY
    if last >= min(item.last or office.line.today, office.line.today - 2 * WEEK):
        return
    whole = min(last, first + 13 * DAY)
    office.away(item, first, whole, "Hospital", 100)
    if whole < last:
        office.away(item, whole + DAY, last, "Hospital, after two weeks", 80)


def _surprises(office: Office, home: str) -> None:
    """What came to be known late: a death, an assessment, a stay in hospital, a move to nursing."""
    line, chance = office.line, office.chance("surprises in homes")

    def newcomer(level: str, first: date, last: date | None = None, *, is_authorised: bool = True) -> Item:
        client = office.client(office.people.adult(78, 95, line.begin))
        return office.item(home, client, level, first, last, is_authorised=is_authorised)

    died = _resident(office, chance, home, "RES-2", line.begin - 200 * DAY, None)
    office.leaves(home, died.client, line.today - 50 * DAY, line.today)
    ill = newcomer("RES-1", line.begin + 99 * DAY)
    office.contributes(ill, ill.first, 186_40)
    office.deduct(ill, "top_up", "provider", ill.first, 60_00)
    office.away(ill, line.today - 45 * DAY, line.today - 32 * DAY, "Hospital", 100, line.today)
    office.away(ill, line.today - 31 * DAY, None, "Hospital, after two weeks", 80, line.today)
    new = newcomer("RES-3", line.today - 60 * DAY)
    minimum = office.deduct(new, "contribution", "provider", new.first, MINIMUM, is_assessed=False)
    minimum.learn(line.today, weekly_rate="172.30", assessed=True)
    moves_on = line.today - 33 * DAY
    frail = newcomer("RES-3", line.begin - 90 * DAY, moves_on)
    nursed = office.item(home, frail.client, "NUR-4", moves_on)
    for item in (frail, nursed):
        office.contributes(item, item.first, 203_15)
    _nursed(office, nursed, "provider")
    waits = newcomer("RES-2", line.today - 6 * DAY, is_authorised=False)
    office.deduct(waits, "contribution", "provider", waits.first, MINIMUM, is_assessed=False)


def _wait_for_agreements(office: Office, home: str) -> None:
    """From today on the contract needs agreements, and most are there: on paper, but for who came last. The first one
    was agreed before the prices rose.
    """
    line = office.line
    office.agreements[home][0].learn(line.today, agreement_required=True)
    items = sorted((item for item in office.items if item.contract == home), key=lambda item: item.first)
    known = [item for item in items if item.first <= line.today]
    for at, item in enumerate(known[:-2]):
        known_on = line.begin if at == 0 else line.today
        agreed_on = min(max(item.first, line.begin), known_on)
        office.feed.add("agreements", known_on, item_ref=item.reference, version=1, agreed_on=agreed_on)


def _at_court(office: Office, chance: Random, home: str, first: date, last: date | None) -> None:
    """Everybody has a price of their own."""
    client = office.client(office.people.adult(22, 66, first))
    item = office.item(home, client, "LDR-IND", first, last, authorised_on=office.authorised(chance, first))
    office.prices(item, chance.randrange(1_480_00, 2_260_00, 25), is_late=True)
    office.contributes(item, first, chance.randrange(88_00, 131_00, 5))
    if chance.random() < 0.3:
        away = max(first, office.line.begin) + chance.randint(20, 500) * DAY
        if away + 9 * DAY < min(last or office.line.today, office.line.today):
            office.away(item, away, away + 9 * DAY, "Holiday with family", 100)
