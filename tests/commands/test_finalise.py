"""`./portal payments finalise`: it shows and asks, goes on with what was broken off, and says what is left."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from commands import payments as commands
from models.audit import AuditEvent
from models.calendar import as_on
from models.job import Job
from models.payments import officer, payment_run
from models.payments.hold import Hold, HoldKind
from models.payments.limits import MoneyLimits
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment, RunState
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff
from tests.support.broken_off import MONDAY, SUNDAY, held, prepared_by_people
from tests.support.faults import unable_to_calculate
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import answered, banked, calculate, change

PAID = "Run 1: 2 payments finalised, 2 lines, £706.16 paid.\n"


def kill_at_batch(monkeypatch, number):
    """As a process that is killed when it begins that batch of a run."""
    begun, finalise_some = [], payment_run.finalise_some

    def killed(run, provider_ids, **how):
        begun.append(run)
        if len(begun) == number:
            raise KeyboardInterrupt
        return finalise_some(run, provider_ids, **how)

    monkeypatch.setattr(payment_run, "finalise_some", killed)


@pytest.mark.postgres
@pytest.mark.parametrize("batch", [1, 2])
def test_what_was_broken_off_is_taken_up_and_ends_as_if_it_had_not_been(contracts, finalise, monkeypatch, batch):
    with monkeypatch.context() as patch:
        kill_at_batch(patch, batch)
        assert finalise("--yes").exit_code == 1
    assert [run.state for run in every(PaymentRun)] == [RunState.AUTHORISED]
    result = finalise("--yes")
    assert (result.exit_code, result.output) == (0, f"Run 1 was broken off: it goes on.\n{PAID}")
    assert [banked(each) for each in contracts] == [[35_308], [35_308]]
    assert [run.state for run in every(PaymentRun)] == [RunState.FINALISED]
    assert [event.action for event in every(AuditEvent)].count("payment_run.taken_up") == 1
    again = finalise("--yes")
    assert (again.exit_code, again.output) == (0, "Nothing is due to be finalised on 29/09/2019.\n")


def test_a_run_that_was_broken_off_before_it_was_closed_is_closed(contracts, finalise, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(PaymentRun, "complete", lambda *_, **__: 1 / 0)
        assert finalise("--yes").exit_code == 1
    assert finalise("--yes").output == f"Run 1 was broken off: it goes on.\n{PAID}"


def test_what_fell_due_meanwhile_is_paid_after_it(contracts, finalise, monkeypatch, set_today):
    set_today(SUNDAY + timedelta(days=7))
    with monkeypatch.context() as patch:
        kill_at_batch(patch, 2)
        finalise("--yes")
    result = finalise("--yes", day=SUNDAY + timedelta(days=7))
    assert result.output == (
        f"Run 1 was broken off: it goes on.\n{PAID}Run 2: 2 payments finalised, 2 lines, £706.16 paid.\n"
    )
    assert [banked(each) for each in contracts] == [[35_308, 35_308], [35_308, 35_308]]


def test_what_has_changed_since_it_was_broken_off_is_left_to_the_new_run(contracts, finalise, monkeypatch):
    with monkeypatch.context() as patch:
        kill_at_batch(patch, 2)
        finalise("--yes")
    make_item(contracts[1], rate_e4=1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    result = finalise("--yes")
    assert (
        "1 payment finalised, 1 line, £353.08 paid of £706.16 authorised; 1 left for the next run, £353.08"
        in result.output
    )
    assert "Run 2: 1 payment finalised, 2 lines, £453.08 paid.\n" in result.output
    assert result.exit_code == 0


def test_a_database_that_is_locked_is_said_in_one_line(contracts, finalise, monkeypatch):
    with monkeypatch.context() as patch:

        def locked(*_, **__):
            raise OperationalError("", {}, Exception("database is locked"))

        patch.setattr(payment_run, "finalise_some", locked)
        result = finalise("--yes")
    assert result.exit_code == 75
    assert "what was finished before stays. Give the same command again" in result.stderr
    assert finalise("--yes").exit_code == 0


@pytest.mark.parametrize("job", ["failed", "silent"])
def test_the_run_of_a_page_whose_job_is_dead_is_taken_up_for_whoever_pressed(contracts, finalise, job):
    run = prepared_by_people(job=job)
    result = finalise("--yes")
    assert (result.exit_code, result.output) == (0, f"Run 1 was broken off: it goes on.\n{PAID}")
    [event] = [event for event in every(AuditEvent) if event.action == "payment_run.finalised"]
    assert event.user_id == every(Job)[0].created_by_id
    assert run.id == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"authorised": False}, "waits to be authorised on the council’s pages"),
        ({}, "is authorised, and waits to be finalised on the council’s pages"),
        ({"job": "queued"}, "is the worker’s to finalise: see that it runs"),
        ({"job": "running"}, "is the worker’s to finalise: see that it runs"),
    ],
    ids=["prepared", "authorised", "queued", "running"],
)
def test_a_run_that_is_somebody_elses_is_named_and_ends_with_1(contracts, finalise, how, words):
    prepared_by_people(**how)
    for option in ("--yes", "--dry-run"):
        result = finalise(option)
        assert result.exit_code == 1
        assert f"Run 1 is open, with 2 payments, £706.16: it {words}.\n" in result.stderr
    assert "Left: 2 payments, £706.16: in a run that is not closed.\n" in result.stderr + result.stdout
    assert [banked(each) for each in contracts] == [[], []]


def test_another_providers_open_run_is_not_this_ones(contracts, finalise):
    prepared_by_people(authorised=False)
    other = make_contract(calculate_from=MONDAY)
    make_item(other, rate_e4=1_000_000, starts_on=MONDAY)
    reference = next(each.reference for each in every(Provider) if each.id == other.provider_id)
    result = finalise("--yes", "--provider", reference)
    assert (result.exit_code, result.output) == (0, "Run 2: 1 payment finalised, 1 line, £100.00 paid.\n")


def test_two_processes_at_the_same_run_pay_it_once(contracts, finalise, monkeypatch):
    """The second takes up what the first is at; the first finds it closed when it comes back."""
    finalise_some, results = payment_run.finalise_some, []

    def slow(run, provider_ids, **how):
        done = finalise_some(run, provider_ids, **how)
        monkeypatch.setattr(payment_run, "finalise_some", finalise_some)
        return done

    def meanwhile(run, progress):
        results.append(finalise("--yes"))

    monkeypatch.setattr(payment_run, "finalise_some", slow)
    from commands.batchwise.payments import finalise_due

    with as_on(SUNDAY):
        finalise_due(progress=lambda done, count: meanwhile(done, count) if every(PaymentRun) else None)
    assert [banked(each) for each in contracts] == [[35_308], [35_308]]
    assert [run.state for run in every(PaymentRun)] == [RunState.FINALISED]
    assert results[0].output == f"Run 1 was broken off: it goes on.\n{PAID}"


ASKED = "A new run: £706.16 to the bank, for 2 payments of 2 providers.\nFinalise £706.16? [y/N]: "


@pytest.mark.usefixtures("at_a_terminal")
@pytest.mark.postgres
def test_it_shows_the_sum_and_asks(contracts, finalise):
    refused = finalise(typed="n\n")
    assert (refused.exit_code, refused.output) == (1, f"{ASKED}n\nNothing is finalised.\n")
    assert finalise(typed="\n").exit_code == 1, "Enter is No"
    assert every(PaymentLine) == [], "not even a draft"
    agreed = finalise(typed="y\n")
    assert agreed.exit_code == 0, agreed.output
    assert agreed.output.startswith(f"{ASKED}y\nRun ")
    assert agreed.output.endswith(": 2 payments finalised, 2 lines, £706.16 paid.\n")


@pytest.mark.usefixtures("at_a_terminal")
def test_it_asks_for_what_is_left_of_a_broken_off_run_too(contracts, finalise, monkeypatch, set_today):
    set_today(SUNDAY + timedelta(days=7))
    with monkeypatch.context() as patch:
        kill_at_batch(patch, 2)
        finalise("--yes")
    result = finalise(day=SUNDAY + timedelta(days=7), typed="y\n")
    assert result.output.startswith(
        "Run 1 was broken off: £353.08 to the bank is left of it, for 1 payment.\n"
        "A new run: £706.16 to the bank, for 2 payments of 2 providers.\n"
        "Finalise £1,059.24? [y/N]: y\nRun 1 was broken off: it goes on.\n"
    )
    assert result.exit_code == 0


@pytest.mark.usefixtures("at_a_terminal")
def test_nothing_is_asked_where_nothing_is_due(contracts, finalise):
    result = finalise(day=SUNDAY - timedelta(days=1))
    assert (result.exit_code, result.output) == (0, "Nothing is due to be finalised on 28/09/2019.\n")


@pytest.mark.usefixtures("at_a_terminal")
def test_what_has_changed_since_it_was_shown_is_not_paid(contracts, finalise, monkeypatch):
    def agree(*_):
        make_item(contracts[0], rate_e4=1_000_000, starts_on=MONDAY)
        return True

    monkeypatch.setattr(commands.click, "confirm", agree)
    result = finalise()
    assert result.exit_code == 1
    assert "It has changed meanwhile: £806.16 instead of £706.16. Nothing more is finalised." in result.stderr
    assert every(PaymentRun) == []


def test_without_a_terminal_it_is_refused_and_says_so(contracts, finalise):
    result = finalise()
    assert result.exit_code == 1
    assert "Nobody can be asked here. Give --yes to finalise without being asked, or --dry-run" in result.stderr
    assert every(PaymentLine) == []


@pytest.mark.postgres
@pytest.mark.parametrize("options", [("--dry-run",), ("--dry-run", "--yes")])
def test_a_dry_run_says_all_and_changes_nothing(contracts, finalise, options):
    result = finalise(*options)
    assert (result.exit_code, result.output) == (0, "A new run: £706.16 to the bank, for 2 payments of 2 providers.\n")
    for table in (PaymentLine, ScheduledPayment, PaymentRun, RunPayment, AuditEvent):
        assert every(table) == []


def test_above_a_limit_nothing_is_paid_and_all_is_said(contracts, finalise, own_portal):
    own_portal.change(money_limits=MoneyLimits(run_pence=70_000))
    for option in ("--yes", "--dry-run"):
        result = finalise(option)
        assert result.exit_code == 1
        assert "is above a limit (more than £700 in one run), so two people have to authorise it" in result.stderr
    assert "A new run: £706.16" in result.stdout
    assert every(PaymentRun) == []


def row_held(payment):
    make_item(every(Contract)[0], rate_e4=1_000_000, starts_on=MONDAY)
    calculate(SUNDAY)
    order_id = max(line.purchase_order_id for line in every(PaymentLine) if line.payment_id == payment.id)
    saved(
        Hold(
            provider_id=payment.provider_id, payment_id=payment.id, purchase_order_id=order_id, kind=HoldKind.QUERY,
            reason="She left", placed_by_id=make_staff().id,
        )
    )  # fmt: skip


def waits(payment):
    change(every(Contract)[0], confirmation="required", if_unconfirmed="hold")


def adjusted(payment):
    by = make_staff()
    with as_on(SUNDAY), unit_of_work() as session:
        contract, client = session.scalars(select(Contract)).first(), session.scalars(select(Client)).first()
        assert contract.id == payment.contract_id
        officer.adjust(contract, client, amount_pence=500, for_day=MONDAY, reason="Taxi", by=by)


LEFT = [
    (held, "1 payment, £353.08: held by the council"),
    (row_held, "1 payment, £100.00: rows in it are held or queried"),
    (lambda payment: change(payment, **answered("rejected", 35_308)), "1 payment, £353.08: rejected by the provider"),
    (waits, "1 payment, £353.08: not confirmed in time"),
    (adjusted, "1 payment, £358.08: an adjustment in it was seen by nobody but who made it"),
]


@pytest.mark.parametrize(("event", "words"), LEFT, ids=["held", "row held", "rejected", "missed", "adjusted"])
def test_what_is_left_is_told_with_the_reason(contracts, finalise, event, words):
    calculate(SUNDAY)
    event(next(each for each in every(ScheduledPayment) if each.first_on == MONDAY))
    foreseen, done = finalise("--dry-run"), finalise("--yes")
    assert (foreseen.exit_code, done.exit_code) == (1, 1)
    assert f"Left: {words}.\n" in foreseen.stdout
    assert done.stderr == f"Left: {words}.\n"
    assert finalise("--yes").stderr == f"Left: {words}.\n", "until somebody does something about it"


def test_a_contract_that_cannot_be_calculated_is_left_and_named(contracts, finalise):
    calculate(MONDAY)
    with unable_to_calculate(contracts[0]):
        foreseen, done = finalise("--dry-run"), finalise("--yes")
    assert "Left: 1 payment, £353.08: the contract cannot be calculated.\n" in foreseen.stdout
    assert "Left: 1 payment, £353.08: the contract cannot be calculated.\n" in done.stderr
    assert f"Contract {contracts[0].reference} of provider " in done.stderr


@pytest.mark.parametrize("command", ["finalise", "calculate"])
def test_what_the_log_says_of_a_locked_database_is_not_on_the_terminal(contracts, app, monkeypatch, caplog, command):
    def locked(*_, **__):
        raise OperationalError("", {}, Exception("database is locked"))

    for owner in (commands, payment_run):
        monkeypatch.setattr(owner, "foresee_calculation" if owner is commands else "prepare", locked)
    caplog.set_level("INFO", "commands")
    result = app.test_cli_runner().invoke(args=["payments", command, "--as-on", SUNDAY.isoformat(), "--dry-run"])
    assert result.exit_code == 75
    assert [len(result.stderr.splitlines()), result.stderr[:30]] == [1, "Error: The database is locked:"]
    [record] = [each for each in caplog.records if each.name == "commands"]
    assert record.exc_info is not None
    assert record.levelname == "INFO", "a handler of last resort prints all above it"


def test_no_day_that_has_not_come_is_finalised(contracts, finalise, set_today):
    set_today(SUNDAY)
    result = finalise("--yes", day=date(2020, 9, 29))
    told = "Error: That day has not come: today is 29/09/2019. Nothing is finalised.\n"
    assert (result.exit_code, result.output) == (1, told)
    assert every(PaymentRun) == []
    assert "A new run: " in finalise("--dry-run", day=date(2019, 10, 6)).output, "what it will pay may be asked"
    assert finalise("--yes").exit_code == 0, "today has come"
