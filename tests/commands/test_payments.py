"""`flask payments ...`, and how far the work is, as the worker tells it."""

from datetime import date

import pytest

from commands.batchwise.payments import calculate_all
from commands.worker import work
from models.base import scope
from models.job import Job, JobKind
from models.payments import batching
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.support.rows import every, saved

MONDAY = date(2019, 9, 23)


@pytest.fixture
def providers(app, monkeypatch):
    """Two providers, at £353.08 a week each, of whom each is a batch."""
    monkeypatch.setattr(batching, "BATCH", 1)
    for _ in range(2):
        make_item(make_contract(calculate_from=MONDAY), rate_e4=3_530_800, starts_on=MONDAY)
    return every(Provider)


@pytest.fixture
def run(app):
    return lambda *arguments: app.test_cli_runner().invoke(args=["payments", *arguments])


def test_what_is_due_is_calculated_and_finalised(providers, run):
    assert run("calculate", "--as-on", "2019-09-29").output.startswith("Calculated 2 contracts: ")
    assert run("finalise", "--as-on", "28/09/2019").output == "Nothing is due to be finalised on 28/09/2019.\n"
    result = run("finalise", "--as-on", "29/09/2019")
    assert result.output == "Run 1: 2 payments finalised, 2 lines, £706.16.\n"


def test_one_provider_is_named_by_its_reference(providers, run):
    assert run("calculate", "--provider", providers[0].reference).output.startswith("Calculated 1 contract: ")
    result = run("calculate", "--provider", "Nowhere")
    assert result.exit_code == 1
    assert "There is no provider with the reference Nowhere." in result.output


def test_after_each_batch_it_is_told_how_many_providers_are_done(providers):
    told = []
    calculate_all(progress=lambda done, count: told.append((done, count)))
    assert told == [(1, 2), (2, 2)]


def test_the_worker_writes_down_how_far_it_is(providers):
    saved(Job(kind=JobKind.CALCULATE, arguments={}))
    seen = []

    def look():
        [job] = every(Job)
        seen.append((job.done, job.total))

    with scope():
        assert work(meanwhile=look)
    assert seen == [(1, 2), (2, 2)]
