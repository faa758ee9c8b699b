"""`./portal payments ...`, and how far the work is, as the worker tells it."""

from datetime import date

import pytest

from commands.batchwise.payments import calculate_all
from commands.worker import work
from models.base import scope
from models.job import Job, JobKind
from models.payments import batching
from models.payments.payment import PaymentLine
from models.records.care_package import ItemPrice
from models.records.contract import Contract
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.support.faults import unable_to_calculate
from tests.support.rows import every, saved
from tests.support.runs import change

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
    assert run("calculate", "--as-on", "2019-09-29").output.splitlines()[-1].startswith("Calculated 2 contracts: ")
    assert run("finalise", "--yes", "--as-on", "28/09/2019").output == "Nothing is due to be finalised on 28/09/2019.\n"
    result = run("finalise", "--yes", "--as-on", "29/09/2019")
    assert result.output == "Run 1: 2 payments finalised, 2 lines, £706.16 paid.\n"


@pytest.mark.parametrize("option", [(), ("--dry-run",)], ids=["done", "dry run"])
def test_it_says_what_changed_by_contract_and_sum(providers, run, option):
    """A price that reaches back into what is paid, and one payment that is open; all that is to come in one line."""
    run("calculate", "--as-on", "2019-09-29")
    run("finalise", "--yes", "--as-on", "2019-09-29")
    run("calculate", "--as-on", "2019-10-01")
    before = [(line.id, line.net_pence) for line in every(PaymentLine)]
    [price, _] = every(ItemPrice)
    change(price, rate_e4=3_540_800)
    [contract, _] = every(Contract)
    result = run("calculate", "--as-on", "2019-10-01", *option)
    begun, to_come, done = result.output.splitlines()
    assert begun == f"{contract.reference}, 30 September to 6 October 2019: £353.08, now £355.08"
    assert to_come.startswith(f"{contract.reference}, 78 payments to come: £")
    how = "A calculation would write" if option else "Calculated"
    assert done == f"{how} 2 contracts: 3 draft lines, £708.16."
    assert ([(line.id, line.net_pence) for line in every(PaymentLine)] == before) is bool(option)
    run("calculate", "--as-on", "2019-10-01")
    again = run("calculate", "--as-on", "2019-10-01", *option)
    assert again.output == f"{done}\n", "nothing changes any more"


def test_no_more_changes_are_listed_than_asked_for(providers, run):
    lines = run("calculate", "--as-on", "2019-09-29", "--show", "1").output.splitlines()
    assert len(lines) == 3
    assert lines[1] == "... and 3 more."


def test_a_dry_run_names_the_contracts_that_could_not_be_calculated(providers, run):
    with unable_to_calculate(every(Contract)[0]):
        result = run("calculate", "--dry-run", "--as-on", "2019-09-29")
    assert (result.exit_code, every(PaymentLine)) == (1, [])
    assert "1 contract could not be calculated." in result.stderr


def test_one_provider_is_named_by_its_reference(providers, run):
    done = run("calculate", "--provider", providers[0].reference).output
    assert done.splitlines()[-1].startswith("Calculated 1 contract: ")
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


def test_a_contract_that_cannot_be_calculated_is_named_and_the_rest_goes_on(providers, run):
    broken, other = sorted(every(Contract), key=lambda each: each.provider_id)
    run("calculate", "--as-on", "2019-09-23")
    with unable_to_calculate(broken):
        result = run("calculate", "--as-on", "2019-09-29")
        assert result.exit_code == 1
        assert result.stdout == "Calculated 1 contract: 1 draft line, £353.08.\n"
        named = f"Contract {broken.reference} of provider {providers[0].reference} cannot be calculated since "
        assert result.stderr.splitlines()[-2].startswith(named)
        assert ": KeyError in broken, line " in result.stderr
        assert "1 payment that is due left." in result.stderr
        again = run("calculate", "--provider", providers[1].reference, "--as-on", "2019-09-29")
        assert again.exit_code == 0
        result = run("finalise", "--yes", "--as-on", "2019-09-29")
        assert (result.exit_code, result.stdout) == (1, "Run 1: 1 payment finalised, 1 line, £353.08 paid.\n")
        assert named in result.stderr
    assert run("calculate", "--as-on", "2019-09-30").exit_code == 0
    assert (
        run("finalise", "--yes", "--as-on", "2019-09-30").output
        == "Run 2: 1 payment finalised, 1 line, £353.08 paid.\n"
    )
    assert other


def test_an_earlier_day_than_the_last_finalised_one_is_refused(providers, run):
    run("calculate", "--as-on", "2019-09-29")
    run("finalise", "--yes", "--as-on", "2019-09-29")
    result = run("calculate", "--as-on", "2019-09-28")
    assert result.exit_code == 1
    assert "Error: A run of 29 September 2019 is finalised, so nothing can be calculated" in result.output


def test_the_job_says_which_contracts_could_not_be_calculated(providers):
    saved(Job(kind=JobKind.CALCULATE, arguments={}))
    contracts = every(Contract)
    with unable_to_calculate(*contracts), scope():
        assert work()
    [job] = every(Job)
    references = ", ".join(each.reference for each in contracts)
    assert job.message.endswith(f" 2 contracts could not be calculated: {references}.")
