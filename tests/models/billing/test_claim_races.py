"""Two people press at once: one is first, the other is told, and nothing is done twice."""

from contextlib import suppress
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from models.accounts.directory import person
from models.audit import AuditEvent
from models.base import DomainError, session
from models.billing import changing_rules, claiming, deciding
from models.billing.items import Claimed, add_item, change_item, mark_of, remove_item
from models.billing.listing import numbered
from models.billing.pricing import ClaimTerms
from models.billing.rule_change import ClaimRuleChange
from models.calendar import as_on
from models.money import SCALE
from models.payments.payment import PaymentLine
from models.permissions import CouncilRole, Role
from models.records.claim import ClaimStatus
from models.records.claim_pricing import ClaimPricing
from models.records.provider import Provider
from models.verify import check_all
from tests.care_factories import make_contract, make_item
from tests.claim_factories import change, claim_now, items_of, make_claim, make_claim_level, make_pending_claim
from tests.factories import make_provider, make_staff, make_user
from tests.support import races
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 4, 27)


@pytest.fixture(autouse=True)
def _today():
    with as_on(MONDAY):
        yield


@pytest.fixture
def contract():
    made = make_contract(make_provider(), calculate_from=MONDAY - timedelta(days=7))
    make_item(made, starts_on=MONDAY - timedelta(days=7))
    calculate(MONDAY)
    return made


@pytest.fixture
def provider(contract):
    return every(Provider.numbered(contract.provider_id))[0]


@pytest.fixture
def mileage(contract):
    return make_claim_level(contract, 4_500)


@pytest.fixture
def carer(provider):
    return make_user(Role.CARER, provider)


def miles(level, quantity):
    return Claimed(level.id, f"Training {quantity}", spent_on=MONDAY, quantity_e4=quantity * SCALE)


at_once = partial(races.at_once, on=MONDAY)


def decide_all(claim, by, **given):
    def act():
        with unit_of_work():
            own = session.scalars(numbered(claim.id)).unique().one()
            deciding.decide(own, {each.id: deciding.IN_FULL for each in own.items}, by=by, **given)

    return act


def test_of_two_of_the_panel_who_decide_at_once_one_is_first(provider, carer, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage, 100))
    mark = claim_now(claim).mark
    by = [make_staff(CouncilRole.FINANCE_PANEL) for _ in range(2)]
    told = at_once(*(decide_all(claim, each, note="Fine", seen=mark) for each in by))
    assert told == ["done", f"Claim {claim.reference} has been accepted. Look at it again"]
    assert len(every(select(AuditEvent).where(AuditEvent.action == "claim.accepted"))) == 1
    assert list(check_all()) == []


def test_a_claim_is_taken_back_or_decided_and_never_both(provider, carer, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage, 100))
    panel = make_staff(CouncilRole.FINANCE_PANEL)

    def take_back():
        change(claim, claiming.withdraw, tenant=provider.id, by=carer)

    told = at_once(take_back, decide_all(claim, panel))
    now = claim_now(claim)
    assert told[0] == "done"
    assert ("withdrawn" in told[1]) is (now.status is ClaimStatus.WITHDRAWN)
    assert ("accepted" in told[1]) is (now.status is ClaimStatus.ACCEPTED)
    assert list(check_all()) == []


def test_what_is_added_while_a_claim_is_sent_is_in_it_or_refused_and_the_sum_is_the_one_shown(provider, carer, mileage):
    claim = make_claim(provider, carer, miles(mileage, 100))

    def add():
        change(claim, add_item, miles(mileage, 20), tenant=provider.id, by=carer)

    def send():
        change(claim, claiming.submit, tenant=provider.id, shown_pence=45_00, by=carer)

    told = at_once(add, send)
    now, sum_now = claim_now(claim), sum(each.amount_pence for each in items_of(claim))
    assert told[0] == "done"
    if now.status is ClaimStatus.PENDING:
        assert (sum_now, "has been sent to the panel" in told[1]) == (45_00, True)
    else:
        assert (sum_now, "comes to £54.00 now, no longer to £45.00" in told[1]) == (54_00, True)


def changes_to(claim, level, quantity, carer):
    """Change its one item, as a page that was opened before shows it."""
    [item] = items_of(claim)
    seen = mark_of(item, item.trips)
    given = {"seen": seen, "tenant": claim.provider_id, "by": carer}
    return lambda: change(claim, change_item, item, miles(level, quantity), **given)


def test_of_two_who_change_one_item_at_once_the_second_is_told_what_stands(provider, carer, mileage):
    claim = make_claim(provider, carer, miles(mileage, 100))
    told = at_once(*(changes_to(claim, mileage, each, carer) for each in (30, 40)))
    [item] = items_of(claim)
    assert told[0] == "done"
    assert f"{item.quantity_e4 // SCALE} units" in told[1]
    assert item.description == f"Training {item.quantity_e4 // SCALE}"


def test_an_item_is_changed_or_removed_and_the_second_is_told_unless_it_removes_what_was_changed(
    provider, carer, mileage
):  # fmt: skip
    claim = make_claim(provider, carer, miles(mileage, 100))
    [item] = items_of(claim)

    def remove():
        change(claim, remove_item, item, tenant=provider.id, by=carer)

    change_it = changes_to(claim, mileage, 30, carer)

    def change_or_find_it_gone():
        with suppress(NoResultFound):  # of which a page makes a 404
            change_it()
            return
        raise DomainError("Somebody else has removed this item. Add it again if it is needed")

    told = at_once(change_or_find_it_gone, remove)
    assert told in (["done", "done"], ["done", "Somebody else has removed this item. Add it again if it is needed"])
    assert items_of(claim) == []


def test_a_claim_that_is_sent_twice_at_once_is_sent_once(provider, carer, mileage):
    claim = make_claim(provider, carer, miles(mileage, 100))

    def send():
        change(claim, claiming.submit, tenant=provider.id, shown_pence=45_00, by=carer)

    told = at_once(send, send)
    assert (told[0], "has been sent to the panel" in told[1]) == ("done", True)
    assert len(every(select(AuditEvent).where(AuditEvent.action == "claim.submitted"))) == 1


def test_two_claims_that_share_free_miles_are_decided_at_once_and_come_to_what_both_are_worth(provider, carer, mileage):
    """Of 100 and 50 miles of one week 63 are free: 87 are paid, £39.15, whoever was first."""
    claims = [make_pending_claim(provider, carer, miles(mileage, each)) for each in (100, 50)]
    manager = make_staff(CouncilRole.PAYMENTS_MANAGER)
    with unit_of_work():
        changing_rules.set_pricing(mileage, starts_on=MONDAY, free_weekly_e4=63 * SCALE, by=manager)
    panel = [make_staff(CouncilRole.FINANCE_PANEL) for _ in claims]
    assert at_once(*(decide_all(*each) for each in zip(claims, panel, strict=True))) == ["done", "done"]
    lines = every(select(PaymentLine).where(PaymentLine.claim_item_id.is_not(None)))
    assert (len(lines), sum(each.net_pence for each in lines)) == (2, 39_15)
    assert list(check_all()) == []


def test_a_rule_that_two_agree_to_at_once_is_set_once(mileage):
    officer = make_staff()
    with unit_of_work():
        asked = changing_rules.ask_for_pricing(mileage, ClaimTerms(MONDAY), why="A rule", by=officer)

    def agree(by):
        def act():
            with unit_of_work():
                own = session.scalars(ClaimRuleChange.numbered(asked.id)).one()
                changing_rules.agree(own, by=session.scalars(person(by.id)).one())

        return act

    told = at_once(*(agree(make_staff(CouncilRole.PAYMENTS_MANAGER)) for _ in range(2)))
    assert told == ["done", "This is agreed already. Look at it again"]
    assert len(every(ClaimPricing)) == 1
