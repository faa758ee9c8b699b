"""What tests copy instead of building it is what they would have built."""

from pathlib import Path

from models.accounts.user import User
from models.records.provider import Provider
from tests.factories import make_provider, make_user
from tests.support.rows import every
from tests.support.snapshots import once


def names(database, times):
    """What is built by one name so many times, in a database that is empty each time; how often it was built."""
    built = []

    def build():
        built.append(make_user(name="Ann"))
        return built[-1]

    path = Path(database.url.database)
    empty = path.read_bytes()
    for _ in range(times):
        database.dispose()
        path.write_bytes(empty)
        found = once(f"of {times}", build)
        assert [each.name for each in every(User)] == [found.name] == ["Ann"]
        assert found.id == every(User)[0].id
        make_provider(name="Changed in the copy")
    return len(built)


def test_it_is_built_once_and_copied_and_what_is_changed_in_a_copy_is_no_others(database):
    assert names(database, 3) == 1
    changed = [each for each in every(Provider) if each.name == "Changed in the copy"]
    assert len(changed) == 1


def test_where_something_stands_already_it_is_built(database):
    make_provider(name="Elm House")
    found = once("test_snapshots", lambda: make_user(name="Bea"))
    assert found.name == "Bea"
    assert "Elm House" in [each.name for each in every(Provider)]


def test_in_another_calendar_it_is_built_anew(database, set_today):
    set_today(None)
    found = once("test_snapshots", lambda: make_user(name="Cy"))
    assert [each.name for each in every(User)] == ["Cy"] == [found.name]
