"""What becomes of a claim: every cell of the table in docs/claim-states.md."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError, session
from models.billing import claiming, deciding, items
from models.billing.deciding import IN_FULL, ItemDecision
from models.billing.items import Claimed
from models.calendar import as_on
from models.money import SCALE
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.claim import ClaimItem, ClaimStatus
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.claim_factories import change, claim_now, make_claim, make_claim_level
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every
from tests.support.runs import change as facts

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 4, 27)
PART = ItemDecision(True, SCALE, note="The shortest way")


def _items(claim):
    return session.scalars(select(ClaimItem).where(ClaimItem.claim_id == claim.id).order_by(ClaimItem.id)).all()


def _change(claim, who):
    [item] = _items(claim)
    claimed = Claimed(item.service_level_id, "Training", spent_on=MONDAY, quantity_e4=20 * SCALE, reason="Twice")
    items.change_item(claim, item, claimed, by=who["carer"])


def _decide(claim, who, decision):
    deciding.decide(claim, {each.id: decision for each in _items(claim)}, note="As agreed", by=who["panel"])


EVENTS = {
    "provider changes an item": _change,
    "provider sends it": lambda c, who: claiming.submit(
        c, shown_pence=sum(each.amount_pence for each in _items(c)), by=who["carer"]
    ),
    "provider withdraws it": lambda c, who: claiming.withdraw(c, by=who["carer"]),
    "provider copies it": lambda c, who: claiming.copy_claim(c, days=0, by=who["carer"]),
    "panel accepts it": lambda c, who: _decide(c, who, IN_FULL),
    "panel accepts a part": lambda c, who: _decide(c, who, PART),
    "panel rejects it": lambda c, who: deciding.reject(c, "Not agreed", by=who["panel"]),
    "panel asks": lambda c, who: deciding.return_for_information(c, "Which training?", by=who["panel"]),
    "panel accepts several": lambda c, who: deciding.accept([c], by=who["panel"]),
}
REACHED_BY = {
    "unsubmitted": [],
    "pending": ["provider sends it"],
    "returned": ["provider sends it", "panel asks"],
    "accepted": ["provider sends it", "panel accepts it"],
    "accepted in part": ["provider sends it", "panel accepts a part"],
    "rejected": ["provider sends it", "panel rejects it"],
    "withdrawn": ["provider withdraws it"],
}


def table(repository):
    """State, event and what the table says, cell by cell."""
    text = (repository / "docs" / "claim-states.md").read_text("utf-8")
    head, _, *rows = re.search(r"(?:^\|.*\n)+", text, re.M)[0].splitlines()
    events = [cell.strip() for cell in head.strip("|").split("|")][1:]
    for row in rows:
        state, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        yield state.strip("*"), dict(zip(events, cells, strict=True))


@pytest.fixture
def who():
    with as_on(MONDAY):
        contract = make_contract(make_provider(), calculate_from=MONDAY)
        make_item(contract, starts_on=MONDAY)
        [provider] = every(Provider.numbered(contract.provider_id))
        yield {
            "carer": make_user(Role.CARER, provider), "panel": make_staff(CouncilRole.FINANCE_PANEL),
            "provider": provider, "level": make_claim_level(contract),
        }  # fmt: skip


def lead(who, state):
    claimed = Claimed(who["level"].id, "Training", spent_on=MONDAY, quantity_e4=10 * SCALE, reason="Twice")
    claim = make_claim(who["provider"], who["carer"], claimed)
    for event in REACHED_BY[state]:
        change(claim, EVENTS[event], who)
    assert state_of(claim) == state
    return claim


def state_of(claim):
    return claim_now(claim).status.value.replace("_", " ")


@pytest.mark.parametrize("state", REACHED_BY)
def test_what_becomes_of_it_is_as_the_table_says(repository, who, state):
    cells = dict(table(repository))[state]
    assert set(cells) == set(EVENTS)
    for event, said in cells.items():
        claim = lead(who, state)
        before = len(every(AuditEvent)), len(every(OutboxMessage))
        if said == "refused":
            with pytest.raises(DomainError):
                change(claim, EVENTS[event], who)
            assert (len(every(AuditEvent)), len(every(OutboxMessage))) == before, event
        else:
            change(claim, EVENTS[event], who)
            assert len(every(AuditEvent)) > before[0], event
        wanted = state if said in ("=", "refused") else said
        assert state_of(claim) == wanted, event


def test_the_table_has_every_state(repository):
    rows = {state for state, _ in table(repository)}
    assert rows == {each.value.replace("_", " ") for each in ClaimStatus} == set(REACHED_BY)


@pytest.mark.parametrize("event", ["panel accepts it", "panel rejects it", "panel asks"])
def test_a_claim_of_the_finance_system_is_neither_changed_nor_decided_here(who, event):
    claim = lead(who, "pending")

    for each in every(select(ClaimItem)):
        facts(each, is_by_rate=False)
    facts(claim, made_by_id=None, submitted_at=None, submitted_on=None, submitted_by_id=None)
    for name in (event, "provider changes an item", "provider sends it", "provider withdraws it"):
        with pytest.raises(DomainError, match="finance system"):
            change(claim, EVENTS[name], who)
