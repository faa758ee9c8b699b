"""Limits, twins and approvals: what warns, what refuses, and the rule that is named."""

from datetime import date

import pytest

from models.accounts.conflict import ConflictOfInterest
from models.base import DomainError
from models.billing import grant, limit
from models.billing.checks import WarningKind, refusals, warnings
from models.billing.deciding import ItemDecision, return_for_information
from models.billing.grant import ClaimGrant
from models.billing.items import Claimed, TripFacts, change_item
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind
from models.calendar import DAY, as_on
from models.money import SCALE, parse_e4
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.pricing import Unit
from models.records.contract import Claimable
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item, make_service_level
from tests.claim_factories import (
    change,
    claim_now,
    decide,
    items_of,
    make_claim,
    make_claim_level,
    make_pending_claim,
    submit,
)
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
TODAY = date(2026, 6, 30)


@pytest.fixture(autouse=True)
def _today():
    with as_on(TODAY):
        yield


@pytest.fixture
def contract():
    return make_contract(make_provider())


@pytest.fixture
def provider(contract):
    return every(Provider.numbered(contract.provider_id))[0]


@pytest.fixture
def carer(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def manager():
    return make_staff(CouncilRole.PAYMENTS_MANAGER)


@pytest.fixture
def mileage(contract):
    return make_claim_level(contract)


def miles(level, quantity="10", day=TODAY, **given):
    return Claimed(level.id, "Training", spent_on=day, quantity_e4=parse_e4(quantity), **given)


def log(level, *trips, client=None, **given):
    return Claimed(level.id, "School runs", client, trips=trips, **given)


def trip(day=TODAY, start="Home", end="School", tenths=33, **given):
    return TripFacts(day, tenths * SCALE // 10, start, end, **given)


def set_limit(manager, kind, most, effect=LimitEffect.REFUSE, level=None):
    with unit_of_work():
        return limit.set_limit(kind, most_e4=most * SCALE, effect=effect, level=level, by=manager)


def said(claim):
    with reading(claim.provider_id):
        return warnings(claim_now(claim))


def kinds(claim):
    return [each.kind for each in said(claim)]


def refused_because(claim):
    with reading(claim.provider_id):
        return refusals(claim)


@pytest.mark.parametrize(("days", "is_late"), [(89, False), (90, False), (91, True)])
def test_a_trip_too_long_ago_is_refused_and_the_rule_is_named(provider, carer, manager, mileage, days, is_late):
    set_limit(manager, LimitKind.AGE, 90)
    claim = make_claim(provider, carer, miles(mileage, day=TODAY - days * DAY))
    if not is_late:
        submit(claim, carer)
        return
    with pytest.raises(DomainError, match="A claim is made within 90 days of the trip or expense") as found:
        submit(claim, carer)
    assert "31 March 2026 is 91 days ago" in str(found.value)


def test_a_limit_that_warns_stops_nothing_and_the_panel_reads_it(provider, carer, manager, mileage):
    set_limit(manager, LimitKind.AGE, 90, LimitEffect.WARN)
    claim = make_pending_claim(provider, carer, miles(mileage, day=TODAY - 91 * DAY))
    [found] = said(claim)
    assert (found.kind, found.refuses, found.item_id) == (WarningKind.LIMIT, False, items_of(claim)[0].id)


def test_no_date_of_claim_makes_a_trip_younger(provider, carer, manager, mileage):
    """The person chooses the date of claim: the age of a trip goes by the day on which the claim is sent."""
    set_limit(manager, LimitKind.AGE, 90)
    day = TODAY - 91 * DAY
    claim = make_claim(provider, carer, miles(mileage, day=day), claimed_on=day)
    assert refused_because(claim) != []
    with as_on(TODAY - DAY):
        submit(claim, carer)
    panel = make_staff(CouncilRole.FINANCE_PANEL)
    change(claim, return_for_information, "Which child?", by=panel)
    submit(claim, carer)
    assert said(claim) == [], "it was sent in time, and waits for nobody’s answer any longer"


def test_one_claim_a_calendar_month_by_the_day_on_which_it_is_sent(provider, carer, manager, mileage):
    set_limit(manager, LimitKind.MONTHLY, 1)
    for day, quantity in ((date(2026, 5, 31), "1"), (date(2026, 6, 1), "2")):
        with as_on(day):
            first = make_pending_claim(provider, carer, miles(mileage, quantity, day))
    backdated = make_claim(provider, carer, miles(mileage, "20", date(2026, 4, 1)), claimed_on=date(2026, 4, 1))
    assert refused_because(backdated) == [
        "No more than 1 claim may be sent in a calendar month. You have sent 1 in June 2026"
    ]
    with as_on(date(2026, 7, 1)):
        assert refused_because(backdated) == []
    decide(first, make_staff(CouncilRole.FINANCE_PANEL), ItemDecision(False, note="No"))
    submit(backdated, carer)


def test_at_most_so_many_miles_a_day_over_all_claims(provider, carer, manager, mileage):
    set_limit(manager, LimitKind.DAILY_MILES, 100)
    make_pending_claim(provider, carer, miles(mileage, "60"))
    enough = make_claim(provider, carer, miles(mileage, "40"))
    assert refused_because(enough) == []
    change(enough, change_item, items_of(enough)[0], miles(mileage, "40.1"), by=carer)
    [words] = refused_because(enough)
    assert words == (
        "Training: No more than 100 miles may be claimed for one day. 30 June 2026 comes to 100.1"
    )  # fmt: skip
    other_day = make_claim(provider, carer, miles(mileage, "99", TODAY - DAY))
    assert refused_because(other_day) == []


def test_a_limit_of_one_service_level_is_of_no_other(contract, provider, carer, manager, mileage):
    other = make_claim_level(contract, name="Other miles")
    set_limit(manager, LimitKind.DAILY_MILES, 10, level=other)
    claim = make_claim(provider, carer, miles(mileage, "50"), miles(other, "10.1"))
    [words] = refused_because(claim)
    assert "No more than 10 miles of Other miles may be claimed" in words


def test_limits_are_set_once_and_ended(manager, mileage):
    made = set_limit(manager, LimitKind.AGE, 90)
    for kind, most, given, words in (
        (LimitKind.AGE, 30, {}, "There is such a limit already"),
        (LimitKind.MONTHLY, 1, {"level": mileage}, "for all service levels together"),
        (LimitKind.MONTHLY, 0, {}, "whole number above 0"),
        (LimitKind.AGE, 30, {"level": make_service_level()}, "cannot be claimed"),
    ):
        with pytest.raises(DomainError, match=words):
            set_limit(manager, kind, most, **given)
    with unit_of_work() as session:
        limit.end_limit(session.scalars(ClaimLimit.numbered(made.id)).one(), by=manager)
    with pytest.raises(DomainError, match="ended this limit already"), unit_of_work() as session:
        limit.end_limit(session.scalars(ClaimLimit.numbered(made.id)).one(), by=manager)
    set_limit(manager, LimitKind.AGE, 30)
    assert [each.sentence for each in every(ClaimLimit.in_force())] == [
        "A claim is made within 30 days of the trip or expense"
    ]


def test_the_same_trip_is_warned_of_and_goes_on_with_a_reason(contract, provider, carer):
    """Case 21."""
    bart, lisa, arthur = (make_item(contract) for _ in range(3))
    level = make_claim_level(contract, claimable=Claimable.CLIENT, name="Placement Mileage")
    first = make_pending_claim(provider, carer, log(level, trip(), client=bart.client_id))
    same = make_claim(provider, carer, log(level, trip(), client=bart.client_id))
    [found] = said(same)
    assert (found.kind, found.needs_reason, found.refuses) == (WarningKind.SAME_TRIP, True, False)
    assert found.text == (
        f"The same trip of 30 June 2026 is in claim {first.reference} already. Remove it, or say why it is right"
    )
    with pytest.raises(DomainError, match="say why it is right"):
        submit(same, carer)
    [item] = items_of(same)
    change(same, change_item, item, log(level, trip(), client=bart.client_id, reason="He forgot his lunch"), by=carer)
    submit(same, carer)
    [found] = said(same)
    assert (found.kind, found.needs_reason) == (WarningKind.SAME_TRIP, False), "the panel sees it"
    others = {
        "the way back": (trip(start="School", end="Home"), bart, []),
        "more miles": (trip(tenths=34), bart, []),
        "another day": (trip(TODAY - DAY), bart, []),
        "a sibling": (trip(), lisa, [WarningKind.SHARED]),
        "a drive of its own": (trip(is_separate=True), arthur, []),
    }
    for name, (other, child, warned) in others.items():
        claim = make_claim(provider, carer, log(level, other, client=child.client_id))
        assert kinds(claim) == warned, name
    assert said(first) == [], "the first of two is no copy of the second"


@pytest.mark.parametrize("days", [0, 90, 91, 400])
def test_twins_are_found_however_long_ago_the_trip_was(provider, carer, mileage, days):
    day = TODAY - days * DAY
    make_pending_claim(provider, carer, log(mileage, trip(day)), claimed_on=day)
    claim = make_claim(provider, carer, log(mileage, trip(day)))
    assert WarningKind.SAME_TRIP in kinds(claim)


def test_the_same_sum_of_one_day_is_warned_of(contract, provider, carer):
    parking = make_claim_level(contract, 10_000, unit=Unit.ITEM, name="Parking")
    ticket = Claimed(parking.id, "Parking", spent_on=TODAY, amount_pence=5_95)
    make_pending_claim(provider, carer, ticket)
    assert kinds(make_claim(provider, carer, ticket)) == [WarningKind.SAME_ITEM]
    other = Claimed(parking.id, "Parking", spent_on=TODAY, amount_pence=5_96)
    assert kinds(make_claim(provider, carer, other)) == []


def test_a_trip_after_the_date_of_claim_is_refused(provider, carer, mileage):
    claim = make_claim(provider, carer, miles(mileage), claimed_on=TODAY - DAY)
    assert kinds(claim) == [WarningKind.AFTER_CLAIM]
    with pytest.raises(DomainError, match="30 June 2026 is after the date of claim, 29 June 2026"):
        submit(claim, carer)


def test_an_approval_that_has_ended_meanwhile_is_refused_with_its_rule_and_shown_to_the_panel(provider, carer, mileage):
    officer = make_staff()
    sent = make_pending_claim(provider, carer, miles(mileage))
    claim = make_claim(provider, carer, miles(mileage, "20"))
    with unit_of_work() as session:
        own = session.scalars(ClaimGrant.of_provider(provider.id)).one()
        grant.end(own, ends_on=TODAY - DAY, by=officer)
    with pytest.raises(DomainError, match="You are not approved to claim .* on 30 June 2026"):
        submit(claim, carer)
    assert kinds(sent) == [WarningKind.NOT_APPROVED]
    decide(sent, make_staff(CouncilRole.FINANCE_PANEL))


def test_approval_is_given_for_days_that_do_not_overlap_and_ended(contract, provider, mileage):
    officer = make_staff()
    level = make_claim_level(contract, name="Other", approved_from=None)
    unpaid = make_service_level(claimable=Claimable.PROVIDER, unit=Unit.MILE)
    first = {"starts_on": TODAY, "by": officer}
    with unit_of_work() as session:
        own = session.scalars(Provider.numbered(provider.id)).one()
        made = grant.give(own, level, ends_on=TODAY + 9 * DAY, note="  By the panel ", **first)
        for given, words in (
            ({"starts_on": TODAY + 9 * DAY}, "may claim Other already"),
            ({"starts_on": TODAY - DAY}, "may claim Other already"),
            ({"starts_on": TODAY, "ends_on": TODAY - DAY}, "The last day must be"),
        ):
            with pytest.raises(DomainError, match=words):
                grant.give(own, level, **given, by=officer)
        with pytest.raises(DomainError, match="has a rate for"):
            grant.give(own, unpaid, **first)
        grant.give(own, level, starts_on=TODAY + 10 * DAY, by=officer)
    assert made.note == "By the panel"
    with unit_of_work() as session:
        own = session.scalars(ClaimGrant.numbered(made.id)).one()
        with pytest.raises(DomainError, match="must be 30 June 2026 or later"):
            grant.end(own, ends_on=TODAY - DAY, by=officer)
        grant.end(own, ends_on=TODAY, by=officer)
    with reading() as session:
        with as_on(TODAY + DAY):
            listed = session.scalars(ClaimGrant.listed(text=provider.name)).all()
            assert [each.starts_on for each in listed if each.service_level_id == level.id] == [TODAY + 10 * DAY]
            gone = session.scalars(ClaimGrant.listed(current_only=False)).all()
        assert len(gone) == 3


def test_whoever_may_make_claims_there_reads_what_they_may_claim_and_until_when(contract, provider, carer):
    """Nobody else does: neither a viewer, nor a carer of another provider."""
    make_user(Role.VIEWER, provider)
    make_user(Role.CARER, make_provider())
    level = make_claim_level(contract, name="Parking", approved_from=None)
    officer = make_staff()
    with unit_of_work() as session:
        own = session.scalars(Provider.numbered(provider.id)).one()
        made = grant.give(own, level, starts_on=TODAY, note="Panel of May", by=officer)
    with unit_of_work() as session:
        grant.end(session.scalars(ClaimGrant.numbered(made.id)).one(), ends_on=TODAY, by=officer)
    given, ended = every(OutboxMessage)
    assert [each.to for each in (given, ended)] == [carer.email] * 2
    assert f"{provider.name} may claim Parking from 30 June 2026." in given.body
    assert f"/providers/{provider.id}/claims/" in given.body
    assert "may claim Parking up to 30 June 2026, and not after it." in ended.body
    assert "Panel of May" not in given.body


def test_nobody_approves_a_provider_that_they_belong_to(contract, provider):
    level = make_claim_level(contract, approved_from=None)
    officer = make_staff()
    make_membership(officer, provider)
    with pytest.raises(ConflictOfInterest), unit_of_work() as session:
        grant.give(session.scalars(Provider.numbered(provider.id)).one(), level, starts_on=TODAY, by=officer)
