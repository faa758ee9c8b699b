"""One-off claims of foster carers that the panel has decided."""

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from commands.demonstrations.borsetshire.catalogue import MILEAGE
from commands.demonstrations.borsetshire.days import DAY, WEEK
from commands.demonstrations.borsetshire.office import Item, Office
from models.money import plain

LEVELS = ("IHF-MILE", "IHC-MILE", "IHC-EQUIP", "IHC-PARK")
JOURNEYS = ("School runs", "Contact visits in Felpersham", "Dentist and optician", "Swimming lessons",
            "Hospital appointments", "Football training")  # fmt: skip
NOT_AGREED = "Not agreed by the panel. Please talk to your social worker first"


class Part(NamedTuple):
    """What is claimed: miles or pounds. `left_out` is what the council says where it does not pay them."""

    level: str
    client: str | None
    description: str
    units: int
    spent_on: date
    left_out: str = ""


def add(
    office: Office, contract: str, claimed_on: date, decided_on: date, *parts: Part, is_accepted: bool = True,
    notes: str = "",
) -> None:  # fmt: skip
    reference = office.feed.next("CL", 70001)
    office.feed.add("claims", claim_ref=reference, provider_ref=office.provider_of[contract], claimed_on=claimed_on,
                    notes=notes, status="accepted" if is_accepted else "rejected", decided_on=decided_on)  # fmt: skip
    for part in parts:
        pence = MILEAGE if part.level.endswith("MILE") else 1_00
        office.feed.add("claim_items", claim_item_ref=office.feed.next("CI", 80001), claim_ref=reference,
                        contract_ref=contract, service_level_ref=part.level, client_ref=part.client,
                        description=part.description, spent_on=part.spent_on, quantity=part.units, rate=plain(pence),
                        amount=plain(part.units * pence), included=is_accepted and not part.left_out,
                        la_note=part.left_out if is_accepted else NOT_AGREED)  # fmt: skip


def by_chance(office: Office, chance: Random, contract: str, placed: list[Item]) -> None:
    """Mileage for a child who was there, now and then with a ticket for parking."""
    claimed_on = office.line.today - timedelta(days=chance.randrange(9, 400))
    spent_on = claimed_on - chance.randint(1, 5) * DAY
    there = [item for item in placed if item.first <= spent_on <= (item.last or office.line.today)]
    if there:
        child, miles = chance.choice(there).client, chance.randint(12, 260)
        parts = [Part("IHF-MILE", child, chance.choice(JOURNEYS), miles, spent_on)]
        if chance.random() < 0.4:
            parts.append(Part("IHC-PARK", None, "Parking at the training centre", chance.choice((3, 4, 6)), spent_on))
        decided_on = claimed_on + chance.randint(3, 8) * DAY
        add(office, contract, claimed_on, decided_on, *parts, is_accepted=chance.random() < 0.85)


def of_the_oakshotts(office: Office, contract: str, child: str) -> None:
    monday = office.line.monday
    spent_on = monday - 11 * WEEK
    add(
        office, contract, monday - 10 * WEEK, monday - 9 * WEEK,
        Part("IHF-MILE", child, "School runs in the first half of the month", 150, monday - 10 * WEEK - 3 * DAY),
        Part("IHC-MILE", None, "Mileage to first aid training", 46, spent_on),
        Part("IHC-EQUIP", None, "Trampoline with safety net", 150, spent_on, "Please ask before you buy equipment"),
        notes="Mileage, and a trampoline",
    )  # fmt: skip
    television = Part("IHC-EQUIP", None, "Television for the family room", 329, monday - 7 * WEEK)
    add(office, contract, monday - 6 * WEEK, monday - 5 * WEEK - 3 * DAY, television, is_accepted=False)
    add(
        office, contract, monday - 5 * DAY, min(office.line.today, monday + 2 * DAY),  # in a payment that is open
        Part("IHF-MILE", child, "Contact visits in Felpersham", 86, monday - 6 * DAY),
        Part("IHC-PARK", None, "Parking at Felpersham station", 6, monday - 6 * DAY),
    )  # fmt: skip
