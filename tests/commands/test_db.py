import pytest


@pytest.fixture
def flask(make_app, tmp_path):
    """Commands on an empty database of their own."""
    runner = make_app(database_url=f"sqlite:///{tmp_path / 'own.sqlite'}").test_cli_runner()
    return lambda *arguments: runner.invoke(args=["db", *arguments])


def test_upgrade_makes_the_tables_and_check_agrees(flask):
    assert flask("check").exit_code == 1
    assert flask("upgrade").exit_code == 0
    done = flask("check")
    assert done.exit_code == 0, done.output
    assert flask("upgrade").exit_code == 0


def test_downgrade_takes_them_away(flask):
    flask("upgrade")
    assert flask("downgrade", "base").exit_code == 0
    assert flask("check").exit_code == 1
