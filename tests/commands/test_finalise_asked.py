"""`./portal payments finalise` pays what was shown, to which somebody has said yes; where it has changed, nothing."""

import pytest

from commands import payments as commands
from models.base import utc_now
from models.job import Job
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunState
from tests.factories import make_staff
from tests.support.broken_off import JOBS, MONDAY, held, prepared_by_people
from tests.support.rows import every
from tests.support.runs import banked, change


@pytest.fixture
def meanwhile(at_a_terminal, monkeypatch):
    """Do something between the question and the answer, which is yes."""

    def do(act):
        asked = []

        def confirm(question):
            asked.append(question)
            act()
            return True

        monkeypatch.setattr(commands.click, "confirm", confirm)
        return asked

    return do


@pytest.mark.postgres
def test_a_run_that_is_broken_off_since_it_was_asked_is_not_taken_up(contracts, finalise, meanwhile):
    run = prepared_by_people(job="queued", providers=[contracts[0].provider_id])
    asked = meanwhile(lambda: change(job_of(run), **JOBS["failed"]()))
    result = finalise()
    assert asked == ["Finalise £353.08?"]
    assert ": 1 payment finalised, 1 line, £353.08 paid.\n" in result.output
    assert f"Run {run.id} is open, with 1 payment, £353.08: it was broken off.\n" in result.stderr
    assert (result.exit_code, [banked(each) for each in contracts]) == (1, [[], [35_308]])


def test_where_nothing_was_to_be_paid_no_run_is_taken_up(contracts, finalise, at_a_terminal, monkeypatch):
    run, foresee = prepared_by_people(job="queued"), commands.foresee
    monkeypatch.setattr(
        commands, "foresee", lambda *ids, **how: (foresee(*ids, **how), change(job_of(run), **JOBS["failed"]()))[0]
    )
    assert finalise().exit_code == 1
    assert [banked(each) for each in contracts] == [[], []]


def job_of(run):
    return next(job for job in every(Job) if job.run_id == run.id)


def released(hold):
    change(hold, released_at=utc_now(), released_by_id=make_staff().id, release_reason="It is right")


@pytest.mark.postgres
def test_a_run_whose_payment_is_released_since_it_was_asked_pays_nothing(contracts, finalise, meanwhile):
    prepared_by_people(job="failed", providers=[contracts[0].provider_id])
    payment = next(each for each in every(ScheduledPayment) if each.first_on == MONDAY)
    held(payment)
    asked = meanwhile(lambda: released(every(Hold)[0]))
    result = finalise()
    assert asked == ["Finalise £353.08?"]
    assert "It has changed meanwhile: £706.16 instead of £353.08. Nothing is finalised." in result.stderr
    assert (result.exit_code, [banked(each) for each in contracts]) == (1, [[], []])


def test_a_run_whose_payment_is_held_since_it_was_asked_pays_nothing(contracts, finalise, meanwhile):
    prepared_by_people(job="failed")
    payments = [each for each in every(ScheduledPayment) if each.first_on == MONDAY]
    asked = meanwhile(lambda: held(payments[0]))
    result = finalise()
    assert asked == ["Finalise £706.16?"]
    assert "It has changed meanwhile: £353.08 instead of £706.16. Nothing is finalised." in result.stderr
    assert [run.state for run in every(PaymentRun)] == [RunState.AUTHORISED]


def test_a_run_that_somebody_else_has_ended_is_changed(contracts, finalise, meanwhile):
    prepared_by_people(job="failed", providers=[contracts[0].provider_id])
    meanwhile(lambda: finalise("--yes"))
    result = finalise()
    assert "It has changed meanwhile: £0.00 instead of £706.16. Nothing is finalised." in result.stderr
    assert [banked(each) for each in contracts] == [[35_308], [35_308]]


def test_what_changes_while_a_run_is_taken_up_is_not_paid(contracts, finalise, meanwhile, monkeypatch):
    """After all was compared: the batch in which it is stays unpaid."""
    prepared_by_people(job="failed")
    payments = sorted((each for each in every(ScheduledPayment) if each.first_on == MONDAY), key=lambda each: each.id)
    compared = commands.insist_on
    monkeypatch.setattr(commands, "insist_on", lambda *args, **how: (compared(*args, **how), held(payments[1]))[0])
    meanwhile(lambda: None)
    result = finalise()
    assert "It has changed meanwhile: £0.00 instead of £353.08. Nothing more is finalised." in result.stderr
    assert [banked(each) for each in contracts] == [[35_308], []]
