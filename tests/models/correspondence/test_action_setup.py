"""Types of action and teams as the council keeps them: who answers, what is retired, and what is refused."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import DAY, today
from models.correspondence import action_setup as setup
from models.correspondence import action_verbs as verbs
from models.correspondence.action import Action
from models.correspondence.action_setup import TeamFacts, TypeFacts
from models.correspondence.action_type import MOST_DAYS_BACK, ActionTeam, ActionType, CareEvent, Related
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.action_factories import make_action, make_team, make_type
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def manager():
    return make_staff(CouncilRole.PAYMENTS_MANAGER)


def facts_of(*teams, **given):
    usual = {
        "name": "Equipment query", "guidance": "Say what is broken", "due_days": 3, "related": Related.EITHER,
        "kinds": (), "event": None, "days_paid": None, "pay_percent": None, "days_back": None, "file_needed": "",
        "is_of_money": False, "team_ids": tuple(team.id for team in teams),
    }  # fmt: skip
    return TypeFacts(**usual | given)


def add(facts, manager):
    with unit_of_work():
        return setup.add_type(facts, by=manager).id


def type_numbered(type_id):
    with reading() as session:
        return session.scalars(ActionType.numbered(type_id)).unique().one()


def change(type_id, manager, seen=None, **given):
    with unit_of_work() as session:
        type_ = session.scalars(ActionType.numbered(type_id)).unique().one()
        facts = replace(TypeFacts.of(type_), **given)
        setup.change_type(type_, facts, by=manager, seen=seen or type_.version)


def retire(table, verb, id_, on, manager):
    with unit_of_work() as session:
        one = session.scalars(table.numbered(id_)).unique().one()
        verb(one, on, by=manager, seen=one.version)


def test_a_type_that_is_added_is_offered_at_once_by_its_teams_in_their_order(manager):
    first, second = make_team(), make_team()
    type_ = type_numbered(add(facts_of(second, first), manager))
    assert type_.is_for(ProviderKind.CARE_HOME)
    assert [team.id for team in type_.teams] == [second.id, first.id]
    assert type_.reference == "equipment_query"
    [event] = every(select(AuditEvent).where(AuditEvent.action == "action_type.added"))
    assert event.user_id == manager.id


def test_a_name_is_given_once_however_it_is_written(manager):
    team = make_team()
    add(facts_of(team), manager)
    with pytest.raises(DomainError, match="called EQUIPMENT  query already"):
        add(facts_of(team, name="EQUIPMENT  query"), manager)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 81}, "Enter a name"),
        ({"guidance": "x" * 301}, "Shorten"),
        ({"file_needed": "x" * 81}, "Shorten"),
        ({"due_days": 0}, "from 1 to 60"),
        ({"due_days": 61}, "from 1 to 60"),
        ({"event": CareEvent.DEATH, "days_paid": -1}, "from 0 to 365"),
        ({"event": CareEvent.DEATH, "days_paid": 366}, "from 0 to 365"),
        ({"event": CareEvent.HOSPITAL, "pay_percent": 101}, "from 0 to 100"),
        ({"event": CareEvent.HOSPITAL, "pay_percent": -1}, "from 0 to 100"),
        ({"event": CareEvent.LEFT, "days_back": 0}, "from 1 to 3,660"),
        ({"event": CareEvent.LEFT, "days_back": 3_661}, "from 1 to 3,660"),
        ({"days_paid": 3}, "belong to a death"),
        ({"event": CareEvent.HOSPITAL, "days_paid": 3}, "belong to a death"),
        ({"event": CareEvent.DEATH, "pay_percent": 50}, "belongs to a hospital stay"),
        ({"team_ids": ()}, "Choose a team"),
    ],
)
def test_what_a_type_cannot_say(manager, given, why):
    with pytest.raises(DomainError, match=why):
        add(facts_of(make_team(), **given), manager)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x" * 80}, {"guidance": "x" * 300}, {"file_needed": "x" * 80}, {"due_days": 1}, {"due_days": 60},
        {"due_days": None}, {"event": CareEvent.DEATH, "days_paid": 0}, {"event": CareEvent.LEFT, "days_paid": 365},
        {"event": CareEvent.HOSPITAL, "pay_percent": 0}, {"event": CareEvent.HOSPITAL, "pay_percent": 100},
        {"event": CareEvent.LEFT, "days_back": 1}, {"event": CareEvent.LEFT, "days_back": 3_660},
    ],
)  # fmt: skip
def test_what_a_type_can_say_up_to_its_bounds(manager, given):
    assert TypeFacts.of(type_numbered(add(facts_of(make_team(), **given), manager))).columns.items() >= given.items()


def test_a_type_is_not_offered_to_a_kind_that_none_of_its_teams_answers(manager):
    for_homes = make_team(kinds=["care_home"])
    with pytest.raises(DomainError, match="foster carer"):
        add(facts_of(for_homes, kinds=("care_home", "foster_carer")), manager)
    add(facts_of(for_homes, kinds=("care_home",)), manager)


def test_a_change_is_audited_and_counts_for_new_actions_only(manager):
    provider, type_ = make_provider(), make_type(due_days=5)
    old = make_action(provider, type_=type_)
    change(type_.id, manager, due_days=1)
    new = make_action(provider, type_=type_)
    assert old.due_on > new.due_on
    [event] = every(select(AuditEvent).where(AuditEvent.action == "action_type.changed"))
    assert event.detail == {"was": {"due_days": 5}, "now": {"due_days": 1}}


def test_the_second_of_two_who_change_a_type_at_once_is_told(manager):
    type_ = make_type()
    change(type_.id, manager, seen=1, due_days=1)
    with pytest.raises(DomainError, match="just changed"):
        change(type_.id, manager, seen=1, due_days=2)
    assert type_numbered(type_.id).due_days == 1


def test_what_a_type_reports_stays(manager):
    with pytest.raises(DomainError, match="cannot be changed"):
        change(make_type(event=CareEvent.LEFT).id, manager, event=CareEvent.DEATH)


def test_a_type_is_retired_from_its_day_on_and_can_be_brought_back(manager):
    type_ = make_type()
    retire(ActionType, setup.retire_type, type_.id, today() + DAY, manager)
    assert type_numbered(type_.id).is_offered
    with pytest.raises(DomainError, match="so already"):
        retire(ActionType, setup.retire_type, type_.id, today() + DAY, manager)
    retire(ActionType, setup.retire_type, type_.id, today(), manager)
    assert not type_numbered(type_.id).is_for(ProviderKind.CARE_HOME)
    with pytest.raises(DomainError, match="not offered any more"):
        make_action(type_=type_)
    retire(ActionType, setup.retire_type, type_.id, None, manager)
    assert type_numbered(type_.id).is_for(ProviderKind.CARE_HOME)


@pytest.mark.parametrize("days", [-1, 733], ids=["a day that is past", "a mistyped year"])
def test_nothing_is_retired_on_a_day_that_cannot_be_meant(manager, days):
    on = today() + days * DAY
    with pytest.raises(DomainError):
        retire(ActionType, setup.retire_type, make_type().id, on, manager)
    with pytest.raises(DomainError):
        retire(ActionTeam, setup.retire_team, make_team().id, on, manager)


def test_the_only_team_of_a_type_that_is_offered_is_not_retired(manager):
    team, other = make_team(), make_team(kinds=["care_home"])
    type_ = make_type(team, other)
    with pytest.raises(DomainError, match=f"Nobody would answer {type_.name}.*foster carer"):
        retire(ActionTeam, setup.retire_team, team.id, today(), manager)
    change(type_.id, manager, kinds=("care_home",))
    retire(ActionTeam, setup.retire_team, team.id, today(), manager)
    assert [each.id for each in type_numbered(type_.id).teams_for(ProviderKind.CARE_HOME)] == [other.id]
    with pytest.raises(DomainError, match="Nobody would answer"):
        retire(ActionTeam, setup.retire_team, other.id, today(), manager)


def test_a_team_is_not_narrowed_to_kinds_that_leave_a_type_without_an_answer(manager):
    team = make_team()
    make_type(team)
    with unit_of_work() as session:
        one = session.scalars(ActionTeam.numbered(team.id)).one()
        facts = TeamFacts("Renamed", tuple(one.roles), (), "desk@council.example")
        with pytest.raises(DomainError, match="Nobody would answer"):
            setup.change_team(one, replace(facts, kinds=("care_home",)), by=manager, seen=1)
        setup.change_team(one, facts, by=manager, seen=1)
        with pytest.raises(DomainError, match="just changed"):
            setup.change_team(one, facts, by=manager, seen=1)
    [event] = every(select(AuditEvent).where(AuditEvent.action == "action_team.changed"))
    assert event.detail["now"] == {"name": "Renamed", "email": "desk@council.example"}


def test_a_team_needs_somebody_who_may_answer(manager):
    for roles in ((), (CouncilRole.AUDITOR.value,)):
        with pytest.raises(DomainError, match="at least one role"), unit_of_work():
            setup.add_team(TeamFacts("Night desk", roles, (), ""), by=manager)
    with unit_of_work():
        made = setup.add_team(TeamFacts("Night desk", (CouncilRole.HELP_DESK.value,), (), ""), by=manager)
        assert [*setup.people_of([made]).values()] == [[]]
    robin = make_staff(CouncilRole.HELP_DESK)
    with reading() as session:
        assert setup.people_of(session.scalars(ActionTeam.numbered(made.id)).all()) == {made.id: [robin.name]}


def test_an_action_of_a_retired_type_whose_team_is_retired_is_still_answered(manager):
    team, elsewhere = make_team(), make_team()
    type_, provider = make_type(team), make_provider()
    carer = make_user(Role.FINANCE, provider)
    action = make_action(provider, carer, type_)
    retire(ActionType, setup.retire_type, type_.id, today(), manager)
    retire(ActionTeam, setup.retire_team, team.id, today(), manager)

    def act(verb, *given, **named):
        with unit_of_work() as session:
            verb(session.scalars(Action.numbered(action.id)).unique().one(), *given, **named)

    act(verbs.reply_to_provider, "We look into it", by=manager)
    act(verbs.reply_to_council, "Thank you", team, by=carer)
    with pytest.raises(DomainError, match="takes no actions any more"):
        act(verbs.pass_on, _retired(team), by=manager)
    act(verbs.pass_on, elsewhere, by=manager)
    act(verbs.close, "It is done", by=manager)


def _retired(team):
    """A team that is retired from today on, and is not the one that has it."""
    return make_team(name="Another that is gone", retired_on=today())


def test_a_type_without_a_team_at_work_is_not_brought_back(manager):
    team = make_team()
    type_ = make_type(team)
    retire(ActionType, setup.retire_type, type_.id, today(), manager)
    retire(ActionTeam, setup.retire_team, team.id, today(), manager)
    with pytest.raises(DomainError, match="No team takes it"):
        retire(ActionType, setup.retire_type, type_.id, None, manager)
    retire(ActionTeam, setup.retire_team, team.id, None, manager)
    retire(ActionType, setup.retire_type, type_.id, None, manager)


@pytest.mark.parametrize(("days", "is_right"), [(0, True), (-30, True), (-31, False), (1, False)])
def test_a_death_is_reported_within_the_days_of_its_rule(days, is_right):
    first, _ = ActionType(event=CareEvent.DEATH, days_back=30).faults_of(today() + days * DAY, None)
    assert (first == "") is is_right


def test_without_a_rule_of_its_own_it_may_be_ten_years_ago():
    left = ActionType(event=CareEvent.LEFT, days_back=None)
    assert left.faults_of(today() - MOST_DAYS_BACK * DAY, None) == ("", "")
    assert "contact us" in left.faults_of(today() - (MOST_DAYS_BACK + 1) * DAY, None)[0]


def test_a_leaver_and_a_return_may_be_within_two_years():
    left, hospital = ActionType(event=CareEvent.LEFT), ActionType(event=CareEvent.HOSPITAL)
    assert left.faults_of(today() + 732 * DAY, None) == ("", "")
    assert "two years" in left.faults_of(today() + 733 * DAY, None)[0]
    assert hospital.faults_of(today(), today() + 732 * DAY) == ("", "")
    assert "two years" in hospital.faults_of(today(), today() + 733 * DAY)[1]
    assert hospital.faults_of(today(), today()) == ("", "")
    assert "before the day" in hospital.faults_of(today(), today() - DAY)[1]
    assert hospital.faults_of(None, today())[0] == "Enter the day on which it happened"


def test_the_verb_insists_on_the_days_and_on_the_file_too():
    death = make_type(event=CareEvent.DEATH, days_back=30)
    with pytest.raises(DomainError, match="contact us"):
        make_action(type_=death, event_on=date(1890, 1, 1))
    missing = make_type(event=CareEvent.MISSING_PACKAGE, file_needed="purchase confirmation")
    with pytest.raises(DomainError, match="Attach the purchase confirmation"):
        make_action(type_=missing, event_on=today())
