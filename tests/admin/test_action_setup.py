"""Types of action and teams on the council's pages: lists, adding, changing, retiring, and who may."""

import pytest
from sqlalchemy import select

from models.calendar import today
from models.correspondence.action_type import ActionTeam, ActionType, CareEvent
from models.permissions import CouncilRole
from tests.action_factories import make_team, make_type
from tests.factories import make_staff
from tests.support.client import filled_in
from tests.support.rows import every

TYPES, TEAMS = "/council/actions/types/", "/council/actions/teams/"


@pytest.fixture
def manager(client, database):
    return client.sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))


def named(name, table=ActionType):
    return every(table.by_name().where(table.name == name))[0]


def row_of(page, name):
    [row] = [each for each in page.page.select("main tbody tr") if each.select_one("th").get_text(strip=True) == name]
    return " ".join(row.get_text(" ").split())


def test_a_new_type_is_listed_with_its_rules_and_can_be_changed(manager):
    team = make_team(name="Equipment desk")
    page = manager.get(TYPES + "new")
    typed = {"name": "Equipment", "guidance": "Say what is broken", "due_days": "3", "file_needed": "invoice"}
    listed = manager.follow(manager.submit(page, typed | {"teams": [str(team.id)]}, status=303))
    assert row_of(listed, "Equipment").startswith(
        "Equipment Equipment desk All providers 3 working days Needs the invoice. Yes Retire"
    )
    type_ = named("Equipment")
    page = manager.get(f"{TYPES}{type_.id}")
    assert filled_in(page.page.select_one("main form"))["due_days"] == "3"
    manager.submit(page, {"due_days": "", "kinds": ["care_home"], "is_of_money": "y"}, status=303)
    row = row_of(manager.get(TYPES), "Equipment")
    assert "Care home; only who sees payments -- Needs the invoice." in row


def test_rules_of_an_event_are_set_for_what_is_shown_before_it_is_sent(manager):
    type_ = make_type(name="AA Death", event=CareEvent.DEATH)
    manager.submit(manager.get(f"{TYPES}{type_.id}"), {"days_paid": "3", "days_back": "400"}, status=303)
    assert "3 days after it are paid. At most 400 days ago." in row_of(manager.get(TYPES), "AA Death")
    again = manager.submit(manager.get(f"{TYPES}{type_.id}"), {"pay_percent": "50"}, status=422)
    assert again.errors == ["A part of the fee belongs to a hospital stay"]
    again = manager.submit(manager.get(f"{TYPES}{type_.id}"), {"days_back": "0"}, status=422)
    assert again.errors == ["Enter a number from 1 to 3,660"]


def test_a_refusal_keeps_all_that_was_typed(manager):
    make_type(name="AA Taken")
    team = make_team()
    typed = {"name": "AA taken", "guidance": "Say which", "due_days": "9", "teams": [str(team.id)]}
    again = manager.submit(manager.get(TYPES + "new"), typed, status=422)
    assert again.errors == ["There is one called AA taken already. Choose another name"]
    kept = filled_in(again.page.select_one("main form"))
    assert (kept["guidance"].strip(), kept["due_days"], kept["teams"]) == ("Say which", "9", str(team.id))


def test_two_managers_at_once_the_second_is_told(manager):
    type_ = make_type(name="AA Both")
    one, two = manager.get(f"{TYPES}{type_.id}"), manager.get(f"{TYPES}{type_.id}")
    manager.submit(one, {"due_days": "1"}, status=303)
    again = manager.submit(two, {"due_days": "2"}, status=422)
    assert "What it says since you opened this page" in " ".join(again.errors)
    assert named("AA Both").due_days == 1


def test_a_type_is_retired_and_brought_back_and_stays_in_the_list(manager):
    type_ = make_type(name="AA Old")
    there = f"{TYPES}{type_.id}/retire"
    listed = manager.follow(manager.submit(manager.get(there), status=303))
    assert "Retired since" in row_of(listed, "AA Old")
    assert named("AA Old").retired_on == today()
    assert "It is retired since" in manager.get(f"{TYPES}{type_.id}").words
    manager.submit(manager.get(there), status=303)
    assert named("AA Old").is_offered


def test_a_team_is_added_changed_and_not_retired_while_a_type_needs_it(manager):
    robin = make_staff(CouncilRole.HELP_DESK, name="Robin Help")
    page = manager.get(TEAMS + "new")
    again = manager.submit(page, {"name": "AA desk", "email": "no address"}, status=422)
    assert len(again.errors) == 1
    again = manager.submit(page, {"name": "AA desk", "email": ""}, status=422)
    assert again.errors == ["Choose who is in the team: at least one role that answers actions"]
    manager.submit(again, {"roles": ["help_desk"], "email": "desk@council.example"}, status=303)
    assert f"AA desk Help desk {robin.name} All providers desk@council.example Yes" in row_of(
        manager.get(TEAMS), "AA desk"
    )
    team = named("AA desk", ActionTeam)
    manager.submit(manager.get(f"{TEAMS}{team.id}"), {"name": "AA help"}, status=303)
    make_type(team, name="AA Only")
    there = f"{TEAMS}{team.id}/retire"
    again = manager.submit(manager.get(there), status=422)
    assert "Nobody would answer AA Only any more" in again.errors[0]
    assert every(select(ActionTeam.retired_on).where(ActionTeam.id == team.id)) == [None]


def test_a_retired_team_is_offered_nowhere_and_can_be_brought_back(manager):
    team = make_team(name="AA gone", retired_on=today())
    assert "AA gone" not in manager.get(TYPES + "new").text
    assert "Retired since" in row_of(manager.get(TEAMS), "AA gone")
    manager.submit(manager.get(f"{TEAMS}{team.id}/retire"), status=303)
    assert "AA gone" in manager.get(TYPES + "new").text


@pytest.mark.parametrize("path", [TYPES, TEAMS, TYPES + "new", TEAMS + "new"])
def test_others_of_the_council_cannot_open_them(client, database, path):
    client.sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER)).get(path, status=403)
    client.sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR)).get(path)
