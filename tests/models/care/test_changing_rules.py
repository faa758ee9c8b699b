"""Which weeks are paid as planned: one manager asks, another agrees, and nothing is paid by it before that."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models.accounts.conflict import ConflictOfInterest
from models.accounts.directory import person
from models.accounts.user import Staff
from models.audit import AuditEvent
from models.base import DomainError, session
from models.calendar import as_on
from models.care import changing_rules, ruling
from models.care.rule_change import ActualRuleChange, RuleChangeState, waiting_for
from models.money import SCALE
from models.payments.payment import PaymentLine
from models.permissions import CouncilRole, Role
from models.records.actual_rule import ActualRule, RuleKind
from models.records.contract import Contract, PaymentMethod, PayOnActuals
from models.records.provider import Provider
from tests.actual_factories import AFTER, MONDAY, confirmed_actual, level_of, make_hourly, make_rule, pays_on
from tests.factories import make_membership, make_staff
from tests.support.rows import every, reading, reloaded, unit_of_work
from tests.support.runs import change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
PLAN = RuleKind.PAID_ON_PLAN
WHY = "Day care is paid as planned"


@pytest.fixture
def item():
    """14 hours were planned, and 13 delivered and confirmed."""
    item = make_hourly()
    pays_on(next(each for each in every(Contract) if each.id == item.contract_id), PayOnActuals.ALWAYS)
    for method in every(PaymentMethod):
        change(method, calculate_from=MONDAY)
    confirmed_actual(item, MONDAY, 13 * SCALE, planned_e4=14 * SCALE)
    return item


def make_manager(name="Mia Manager"):
    return make_staff(CouncilRole.PAYMENTS_MANAGER, name=name)


@pytest.fixture
def asker():
    return make_manager("Max Manager")


@pytest.fixture
def manager():
    return make_manager()


def ask(item, by, refuses_from=MONDAY, kind=PLAN, why=WHY):
    with unit_of_work(), as_on(AFTER):
        return changing_rules.ask_for_rule(level_of(item), kind, refuses_from=refuses_from, why=why, by=by)


def act(verb, asked, *, by, **given):
    with unit_of_work(), as_on(AFTER):
        own = session.scalars(ActualRuleChange.numbered(asked.id)).one()
        return verb(own, by=session.scalars(person(by.id)).one(), **given)


def refused(verb, asked, **given):
    with pytest.raises(DomainError) as found:
        act(verb, asked, **given)
    return str(found.value)


def paid(item):
    return sum(each.total_pence for each in every(PaymentLine) if each.item_id == item.id and each.first_on == MONDAY)


def test_nothing_is_paid_by_it_before_a_second_manager_has_agreed(item, asker, manager):
    """13 hours at £23.10 are £300.30, and the planned 14 are £323.40."""
    asked = ask(item, asker)
    assert every(ActualRule) == []
    assert refused(changing_rules.agree, asked, by=asker) == changing_rules.OWN
    assert every(ActualRule) == []
    act(changing_rules.agree, asked, by=manager)
    assert [(each.kind, each.refuses_from) for each in every(ActualRule)] == [(PLAN, MONDAY)]
    assert paid(item) == 323_40
    assert (reloaded(asked).state, reloaded(asked).decided_by_id) == (RuleChangeState.AGREED, manager.id)


def test_its_end_too_takes_two(item, asker, manager):
    rule = make_rule(level_of(item).id, PLAN, refuses_from=MONDAY)
    with pytest.raises(DomainError, match="second manager"), unit_of_work():
        ruling.end_rule(session.get(ActualRule, rule.id), by=asker)
    with unit_of_work():
        asked = changing_rules.ask_to_end_rule(session.get(ActualRule, rule.id), why="A slip", by=asker)
    with unit_of_work():
        assert "1 confirmed week" in ruling.effect_of_change(asked.service_level_id, PLAN, None)
        assert session.scalars(ActualRuleChange.numbered(asked.id)).one().what.endswith("end “Paid as planned”")
    act(changing_rules.agree, asked, by=manager)
    assert every(ActualRule) == []
    assert paid(item) == 300_30


def test_one_alone_sets_none_that_moves_money(item, asker):
    with pytest.raises(DomainError, match="second manager"), unit_of_work():
        ruling.set_rule(level_of(item), PLAN, refuses_from=MONDAY, by=asker)
    assert every(ActualRule) == []


@pytest.mark.parametrize(("given", "words"), [
    ({"refuses_from": None}, "Enter a day"), ({"why": " "}, "Say why"),
    ({"kind": RuleKind.NO_EXTRAS}, "moves no money"),
])  # fmt: skip
def test_what_makes_no_sense_is_not_asked_for(item, asker, given, words):
    with pytest.raises(DomainError, match=words):
        ask(item, asker, **given)
    assert every(ActualRuleChange) == []


def test_of_one_level_one_change_waits_at_a_time_and_what_holds_is_not_asked_for(item, asker, manager):
    asked = ask(item, asker)
    with pytest.raises(DomainError, match="waits for a second person"):
        ask(item, manager, refuses_from=AFTER)
    act(changing_rules.agree, asked, by=manager)
    with pytest.raises(DomainError, match="holds already"):
        ask(item, manager)


def test_it_is_decided_once(item, asker, manager):
    asked = ask(item, asker)
    assert refused(changing_rules.turn_down, asked, by=manager, why=" ").startswith("Say why")
    act(changing_rules.turn_down, asked, by=manager, why="Not before April")
    assert reloaded(asked).state is RuleChangeState.REFUSED
    assert refused(changing_rules.agree, asked, by=manager) == "This is turned down already. Look at it again"
    other = ask(item, asker)
    act(changing_rules.turn_down, other, by=asker, why="A slip")
    assert reloaded(other).state is RuleChangeState.TAKEN_BACK
    told = [each.action for each in every(AuditEvent) if each.action.startswith("actual_rule")]
    assert told == ["actual_rule.asked", "actual_rule.turned_down", "actual_rule.asked", "actual_rule.taken_back"]


def test_who_may_not_agrees_to_none(item, asker):
    asked = ask(item, asker)
    officer = make_staff()
    assert "payments manager" in refused(changing_rules.agree, asked, by=officer)
    assert "payments manager" in refused(changing_rules.turn_down, asked, by=officer, why="No")
    torn = make_manager("Torn")
    make_membership(torn, Provider(id=item.provider_id), Role.FINANCE)
    with pytest.raises(ConflictOfInterest):
        act(changing_rules.agree, asked, by=torn)
    other = make_hourly()
    make_membership(torn, Provider(id=other.provider_id), Role.FINANCE)
    with pytest.raises(ConflictOfInterest):
        ask(other, torn)


def test_it_waits_for_everybody_but_whoever_has_asked(item, asker, manager):
    ask(item, asker)
    with reading() as own:
        counts = [own.execute(waiting_for(each.id)).one().how_many for each in (asker, manager)]
    assert counts == [0, 1]


def test_who_may_not_ask_any_more_is_not_agreed_with(item, asker, manager):
    asked = ask(item, asker)
    with unit_of_work():
        session.execute(sa.update(Staff).where(Staff.user_id == asker.id).values(role=CouncilRole.PAYMENTS_OFFICER))
    assert "may not ask for this any more" in refused(changing_rules.agree, asked, by=manager)
    assert every(ActualRule) == []


def test_what_has_ended_meanwhile_is_not_ended_again(item, asker, manager):
    rule = make_rule(level_of(item).id, PLAN, refuses_from=MONDAY + timedelta(weeks=2))
    with unit_of_work():
        asked = changing_rules.ask_to_end_rule(session.get(ActualRule, rule.id), why="A slip", by=asker)
    with unit_of_work():
        session.delete(session.get(ActualRule, rule.id))
    assert "ended already" in refused(changing_rules.agree, asked, by=manager)
    assert reloaded(asked).state is RuleChangeState.WAITING
