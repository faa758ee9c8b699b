"""A verb of claims that is killed at any statement has done all of it or nothing, and is done by pressing again."""

import os
from datetime import date, timedelta

import pytest

from models.base import DomainError
from models.billing import claiming, deciding
from models.billing.deciding import ItemDecision
from models.billing.items import Claimed, TripFacts
from models.calendar import as_on
from models.money import SCALE
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from models.verify import check_all
from tests.care_factories import make_contract, make_item
from tests.claim_factories import change, decide, items_of, make_claim, make_claim_level, submit
from tests.factories import make_provider, make_staff, make_user
from tests.support.crash_office import copies
from tests.support.crashes import COMMIT, Machine, differences, on_record, spread
from tests.support.rows import every
from tests.support.runs import calculate

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 4, 27)
POINTS = 500 if os.environ.get("CAMPAIGN") else 5


@pytest.fixture(autouse=True)
def _today():
    with as_on(MONDAY):
        yield


@pytest.fixture
def claim():
    """Two items: 30 miles in trips, and 12 without."""
    contract = make_contract(make_provider(), calculate_from=MONDAY - timedelta(days=7))
    make_item(contract, starts_on=MONDAY - timedelta(days=7))
    calculate(MONDAY)
    [provider] = every(Provider.numbered(contract.provider_id))
    level, carer = make_claim_level(contract), make_user(Role.CARER, provider)
    trips = [TripFacts(MONDAY, 15 * SCALE, is_return=True)]
    made = make_claim(
        provider, carer, Claimed(level.id, "Runs", trips=trips),
        Claimed(level.id, "Training", spent_on=MONDAY, quantity_e4=12 * SCALE),
    )  # fmt: skip
    made.carer, made.panel = carer, make_staff(CouncilRole.FINANCE_PANEL)
    return made


def send(claim):
    submit(claim, claim.carer)


def take_back(claim):
    change(claim, claiming.withdraw, by=claim.carer)


def accept_a_part(claim):
    decide(claim, claim.panel, deciding.IN_FULL, ItemDecision(False, note="No"), note="Looked at")


def reject(claim):
    change(claim, deciding.reject, "No ticket", by=claim.panel)


def give_back(claim):
    change(claim, deciding.return_for_information, "Which school?", by=claim.panel)


def copied(claim):
    change(claim, claiming.copy_claim, days=0, by=claim.carer)


CASES = {
    "submit": ((), send), "withdraw": ((send,), take_back), "decide": ((send,), accept_a_part),
    "decide anew": ((send, accept_a_part), reject), "return": ((send,), give_back),
    "send again": ((send, give_back), send), "copy": ((send,), copied),
}  # fmt: skip
MAY_REPEAT = ("decide", "decide anew", "copy")
"""Done a second time they do something again, and no rule says no: the one-time key of the form does (ADR 0012)."""


@pytest.mark.parametrize("case", CASES)
def test_it_is_done_whole_or_not_at_all(database, claim, case):
    before, verb = CASES[case]
    for each in before:
        each(claim)
    with copies(database) as kept:
        machine = Machine(database)

        def rows():
            with machine.engine.connect() as connection:
                return on_record(connection)

        def renew():
            machine.engine.dispose()
            kept.renew()

        nothing = rows()
        renew()
        with machine.process() as undisturbed:
            verb(claim)
        everything = rows()
        assert differences(nothing, everything)
        assert undisturbed.points.count(COMMIT[0]) == 1, "one transaction"
        for point in spread(undisturbed.points, POINTS):
            renew()
            with machine.process(point) as killed:
                verb(claim)
            assert killed.is_dead
            is_done = killed.points[-1] == COMMIT[1]
            assert differences(everything if is_done else nothing, rows()) == [], (point, killed.points)
            if is_done and case not in MAY_REPEAT:
                with pytest.raises(DomainError):
                    verb(claim)
            elif not is_done:
                verb(claim)
            if case not in MAY_REPEAT or not is_done:
                assert differences(everything, rows()) == [], point
        assert list(check_all()) == []
    assert len(items_of(claim)) == 2
