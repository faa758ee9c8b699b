"""Prices and limits of claims: one asks, another agrees, and nothing holds before that."""

from datetime import date

import pytest
import sqlalchemy as sa

from models.accounts.conflict import ConflictOfInterest
from models.accounts.directory import person
from models.audit import AuditEvent
from models.base import DomainError
from models.billing import changing_rules
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind, set_limit
from models.billing.pricing import ClaimTerms
from models.billing.rule_change import ClaimRuleChange, RuleState, waiting_for
from models.money import SCALE
from models.permissions import CouncilRole
from models.records.claim_pricing import ClaimPricing
from tests.care_factories import make_contract, make_service_level
from tests.claim_factories import make_claim_level
from tests.factories import make_membership, make_provider, make_staff
from tests.support.rows import every, reading, reloaded, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
SPRING = date(2026, 4, 1)
TERMS = ClaimTerms(SPRING, free_weekly_e4=63 * SCALE, tiers=((10_000 * SCALE, 2_500),))


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def mileage(provider):
    return make_claim_level(make_contract(provider), name="Mileage")


@pytest.fixture
def officer():
    return make_staff()


@pytest.fixture
def manager():
    return make_staff(CouncilRole.PAYMENTS_MANAGER, name="Mia Manager")


def ask(level, by, terms=TERMS, why="The rates of the year"):
    with unit_of_work():
        return changing_rules.ask_for_pricing(level, terms, why=why, by=by)


def ask_to_end(limit, by):
    with unit_of_work() as session:
        own = session.scalars(ClaimLimit.numbered(limit.id)).one()
        return changing_rules.ask_to_end(own, why="No more", by=by)


def act(verb, asked, *, by, **given):
    with unit_of_work() as session:
        own = session.scalars(ClaimRuleChange.numbered(asked.id)).one()
        return verb(own, by=session.scalars(person(by.id)).one(), **given)


def refused(verb, asked, **given):
    with pytest.raises(DomainError) as found:
        act(verb, asked, **given)
    return str(found.value)


def prices():
    return [(each.starts_on, each.free_weekly_e4) for each in every(ClaimPricing)]


def state(asked):
    return reloaded(asked).state


def test_a_price_holds_once_a_second_person_has_agreed(mileage, officer, manager):
    asked = ask(mileage, officer)
    assert prices() == []
    with reading() as session:
        assert session.scalars(ClaimRuleChange.numbered(asked.id)).one().what == (
            "Mileage: By rate from 1 April 2026, the first 63 miles a week (Monday to Sunday) free, above 10,000 miles "
            "a tax year £0.25 a mile"
        )
    act(changing_rules.agree, asked, by=manager)
    assert (prices(), state(asked)) == ([(SPRING, 63 * SCALE)], RuleState.AGREED)
    [pricing] = every(ClaimPricing.every())
    assert [(each.above_e4, each.rate_e4) for each in pricing.tiers] == [(10_000 * SCALE, 2_500)]
    done = [(each.action, each.user_id) for each in every(AuditEvent) if each.action.startswith("claim_")]
    assert done == [
        ("claim_rule.asked", officer.id), ("claim_pricing.set", manager.id), ("claim_rule.agreed", manager.id),
    ]  # fmt: skip


def test_nobody_agrees_to_what_they_have_asked_for_and_an_officer_to_nothing(mileage, officer, manager):
    own = ask(mileage, manager)
    assert "You have asked for this, so a colleague has to agree" in refused(changing_rules.agree, own, by=manager)
    assert "A payments manager has to agree" in refused(changing_rules.agree, own, by=officer)
    assert prices() == []
    act(changing_rules.agree, own, by=make_staff(CouncilRole.PAYMENTS_MANAGER))


def test_the_database_itself_keeps_no_change_that_one_person_has_made_alone(mileage, officer, manager):
    asked = ask(mileage, officer)
    act(changing_rules.agree, asked, by=manager)
    with pytest.raises(sa.exc.IntegrityError), unit_of_work() as session:
        session.execute(sa.update(ClaimRuleChange).values(decided_by_id=officer.id))


def test_it_is_decided_once(mileage, officer, manager):
    asked = ask(mileage, officer)
    act(changing_rules.turn_down, asked, why="Not yet", by=manager)
    assert (state(asked), prices()) == (RuleState.REFUSED, [])
    for verb, given in (
        (changing_rules.agree, {"by": manager}), (changing_rules.turn_down, {"by": officer, "why": "Mine"}),
    ):  # fmt: skip
        assert "This is turned down already" in refused(verb, asked, **given)
    mine = ask(mileage, officer)
    assert "Say why" in refused(changing_rules.turn_down, mine, why="  ", by=officer)
    assert "A payments manager has to turn this down" in refused(
        changing_rules.turn_down, mine, why="No", by=make_staff()
    )  # fmt: skip
    act(changing_rules.turn_down, mine, why="A slip", by=officer)
    assert state(mine) is RuleState.TAKEN_BACK


def test_what_makes_no_sense_is_refused_when_it_is_asked_for_and_again_when_it_is_agreed_to(mileage, officer, manager):
    with pytest.raises(DomainError, match="At cost, the person types the sum"):
        ask(mileage, officer, ClaimTerms(SPRING, is_at_cost=True, free_weekly_e4=SCALE))
    with pytest.raises(DomainError, match="cannot be claimed"):
        ask(make_service_level(), officer)
    with pytest.raises(DomainError, match="Say why"):
        ask(mileage, officer, why=" ")
    with unit_of_work():
        asked = changing_rules.ask_for_limit(
            LimitKind.AGE, most_e4=90 * SCALE, effect=LimitEffect.WARN, why="A rule", by=officer
        )
        set_limit(LimitKind.AGE, most_e4=30 * SCALE, effect=LimitEffect.WARN, by=manager)
    assert "There is such a limit already" in refused(changing_rules.agree, asked, by=manager)
    assert (state(asked), [each.most_e4 for each in every(ClaimLimit)]) == (RuleState.WAITING, [30 * SCALE])


def test_the_same_waits_once_and_another_day_or_level_beside_it(provider, mileage, officer, manager):
    ask(mileage, officer)
    with pytest.raises(DomainError, match="waits for a second person already"):
        ask(mileage, manager, ClaimTerms(SPRING))
    ask(mileage, officer, ClaimTerms(date(2026, 4, 6)))
    ask(make_claim_level(make_contract(provider), name="Other"), officer)
    assert len(every(ClaimRuleChange.waiting())) == 3


def test_a_limit_is_set_and_ended_by_two(mileage, officer, manager):
    with unit_of_work():
        asked = changing_rules.ask_for_limit(
            LimitKind.DAILY_MILES,
            level=mileage,
            most_e4=100 * SCALE,
            effect=LimitEffect.REFUSE,
            why="A rule",
            by=officer,
        )
    act(changing_rules.agree, asked, by=manager)
    [limit] = every(ClaimLimit.in_force())
    assert limit.sentence == "No more than 100 miles of Mileage may be claimed for one day"
    ending = ask_to_end(limit, officer)
    assert len(every(ClaimLimit.in_force())) == 1
    with reading() as session:
        what = session.scalars(ClaimRuleChange.numbered(ending.id)).one().what
    assert what == f"End a limit: {limit.sentence}"
    act(changing_rules.agree, ending, by=manager)
    assert every(ClaimLimit.in_force()) == []
    with pytest.raises(DomainError, match="ended this limit already"):
        ask_to_end(limit, officer)


def test_nobody_asks_or_agrees_who_is_claimed_by_the_rule_themselves(provider, mileage, officer, manager):
    """A manager who fosters sets no price that their own household is paid by."""
    asked = ask(mileage, officer)
    make_membership(manager, provider)
    with pytest.raises(ConflictOfInterest):
        act(changing_rules.agree, asked, by=manager)
    with pytest.raises(ConflictOfInterest):
        ask(mileage, manager, ClaimTerms(date(2026, 5, 1)))
    elsewhere = make_claim_level(make_contract(make_provider()), name="Other")
    act(changing_rules.agree, ask(elsewhere, officer), by=manager)


def test_what_somebody_asked_for_who_may_not_any_more_is_not_done(mileage, officer, manager):
    asked = ask(mileage, officer)
    with unit_of_work() as session:
        session.execute(sa.text("UPDATE staff SET role = 'help_desk' WHERE user_id = :id"), {"id": officer.id})
    assert "may not ask for this any more. Turn it down" in refused(changing_rules.agree, asked, by=manager)


def test_it_waits_on_the_desk_of_those_who_have_not_asked(mileage, officer, manager):
    ask(mileage, manager)
    with reading() as session:
        assert session.execute(waiting_for(officer.id)).one().how_many == 1
        assert session.execute(waiting_for(manager.id)).one().how_many == 0
