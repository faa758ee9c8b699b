"""What tests copy instead of building it is what they would have built."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.accounts.user import User
from models.base import utc_now
from models.correspondence.action_type import ActionType
from models.records.provider import Provider
from tests.factories import make_provider, make_user
from tests.support import database as databases
from tests.support.rows import every, unit_of_work
from tests.support.snapshots import LASTS, built_once, once


@pytest.fixture
def emptied(database):
    """Makes the database what it is at the beginning of a test."""
    if database.dialect.name == "postgresql":
        return lambda: clean(databases.CLUSTERS[database.url])
    path = Path(database.url.database)
    empty = path.read_bytes()

    def put_back():
        database.dispose()
        path.write_bytes(empty)

    return put_back


def clean(cluster):
    with cluster.clean():
        pass


def names(emptied, times):
    """What is built by one name so many times, in a database that is empty each time; how often it was built."""
    built = []

    def build():
        built.append(make_user(name="Ann"))
        return built[-1]

    for _ in range(times):
        emptied()
        found = once(f"of {times}", build)
        assert [each.name for each in every(User)] == [found.name] == ["Ann"]
        assert found.id == every(User)[0].id
        later = make_user(name="Changed in the copy")
        assert later.id > found.id
    return len(built)


@pytest.mark.postgres
def test_it_is_built_once_and_copied_and_what_is_changed_in_a_copy_is_no_others(emptied):
    assert names(emptied, 3) == 1
    assert [each.name for each in every(User)] == ["Ann", "Changed in the copy"]


@pytest.mark.postgres
def test_what_migrations_bring_is_copied_as_it_was_changed(database, emptied):
    def build():
        with unit_of_work() as session:
            first, *others = session.scalars(select(ActionType).order_by(ActionType.id))
            first.name = "Renamed"
            return first.id, len(others)

    for _ in range(2):
        emptied()
        first, others = once("renamed", build)
        assert [each.name == "Renamed" for each in every(ActionType)] == [True] + [False] * others
    assert once("renamed", lambda: "built") == "built", "what is changed is not as new"


@pytest.mark.postgres
def test_a_function_is_built_once_for_what_it_is_given(emptied):
    built = []

    @built_once
    def person(name):
        built.append(name)
        return make_user(name=name)

    for name in ("Ann", "Bea", "Ann"):
        emptied()
        assert person(name).name == name
        assert [each.name for each in every(User)] == [name]
    assert built == ["Ann", "Bea"]


@pytest.mark.postgres
def test_where_something_stands_already_it_is_built(emptied):
    built = []
    for standing in ([], ["Elm House"]):
        emptied()
        for name in standing:
            make_provider(name=name)
        once("test_snapshots", lambda: built.append(make_user(name="Bea")))
    assert len(built) == 2
    assert "Elm House" in [each.name for each in every(Provider)]
    assert [each.name for each in every(User)] == ["Bea"]


def test_in_another_calendar_it_is_built_anew(database, set_today):
    set_today(None)
    found = once("test_snapshots", lambda: make_user(name="Cy"))
    assert [each.name for each in every(User)] == ["Cy"] == [found.name]


@pytest.mark.parametrize(("later", "times"), [(LASTS - timedelta(seconds=1), 1), (LASTS, 2), (-timedelta(days=1), 2)])
def test_what_was_built_long_ago_or_in_the_future_is_built_anew(emptied, time_machine, later, times):
    built, now = [], utc_now()
    for moment in (now, now + later):
        time_machine.move_to(moment, tick=False)
        emptied()
        once(f"{later} later", lambda: built.append(make_user()))
    assert len(built) == times
