"""What the tests of `./portal payments finalise` share."""

import pytest

from commands import payments as commands
from models.payments import batching
from models.records.contract import Contract
from tests.care_factories import make_contract, make_item
from tests.support.broken_off import MONDAY, SUNDAY
from tests.support.rows import every


@pytest.fixture
def contracts(app, monkeypatch):
    """Two providers with a contract each, at £353.08 a week from Monday; each is a batch."""
    monkeypatch.setattr(batching, "BATCH", 1)
    for _ in range(2):
        make_item(make_contract(calculate_from=MONDAY), rate_e4=3_530_800, starts_on=MONDAY)
    return every(Contract)


@pytest.fixture
def finalise(app):
    def run(*options, day=SUNDAY, typed=None):
        arguments = ["payments", "finalise", "--as-on", day.isoformat(), *options]
        return app.test_cli_runner().invoke(args=arguments, input=typed)

    return run


@pytest.fixture
def at_a_terminal(monkeypatch):
    monkeypatch.setattr(commands, "can_ask", lambda: True)
