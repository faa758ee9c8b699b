"""Long files: the worker checks and applies them, whatever happens meanwhile (docs/upload-states.md)."""

import pytest
from sqlalchemy import select

from commands import worker
from commands.batchwise import uploading
from models.audit import AuditEvent
from models.base import DomainError, utc_now
from models.calendar import as_on
from models.job import BROKEN_OFF_AFTER, Job, JobState
from models.money import SCALE
from models.records.actual import Actual, ActualWeek
from models.records.import_batch import MOST_AT_ONCE, ImportBatch, ImportKind, ImportRow, ImportState
from models.records.visit import Carer
from models.uploads import actuals, kept_check, mending, queue
from models.uploads import batch as uploads
from models.uploads.open_files import BUSY
from tests.actual_factories import AFTER
from tests.support.rows import every, unit_of_work
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of, receive

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def agency(monkeypatch):
    """Of whose files those of more than two rows are long."""
    monkeypatch.setattr("models.records.import_batch.MOST_AT_ONCE", 2)
    with as_on(AFTER):
        yield Agency()


def upload(agency, *rows):
    """The file, and its job in the queue."""
    with unit_of_work(agency.provider.id):
        return receive(agency, csv_of(*rows))


def do(agency, act):
    with unit_of_work(agency.provider.id) as own:
        for batch in own.scalars(select(ImportBatch)):
            act(batch)


def press_apply(agency, **wish):
    do(agency, lambda batch: queue.apply_soon(
        batch, agency.provider, queue.Wish(batch.rows_good, **wish), by=agency.clerk))  # fmt: skip


def three(agency):
    return agency.row(0), agency.short(1), agency.row(2)


def the(kind):
    [found] = every(kind)
    return found


def test_a_short_file_needs_no_worker(agency):
    batch = upload(agency, agency.row(0), agency.row(1))
    assert batch.state is ImportState.CHECKED
    assert not every(Job)
    assert MOST_AT_ONCE == 1_000


def test_a_long_file_is_checked_and_applied_by_the_worker(agency):
    upload(agency, *three(agency))
    assert the(ImportBatch).state is ImportState.WAITING
    assert worker.work()
    batch = the(ImportBatch)
    assert (batch.state, batch.rows_new, batch.rows_rejected) == (ImportState.CHECKED, 3, 0)
    assert not every(Actual), "checking writes nothing"
    press_apply(agency, confirms=True)
    assert not every(Actual), "nothing is written before the worker does it"
    assert worker.work()
    assert {row.actual_e4 for row in every(Actual)} == {13 * SCALE, 14 * SCALE}
    assert the(ImportBatch).state is ImportState.APPLIED
    assert the(ActualWeek).confirmations == 1
    assert every(Job)[-1].message == "3 rows applied, £970.20. 1 week confirmed"
    (event,) = every(select(AuditEvent).where(AuditEvent.action == "upload.applied"))
    assert event.user_id == agency.clerk.id
    assert not worker.work()


def test_files_of_one_provider_are_done_one_after_another_and_the_second_sees_what_the_first_has_left(agency):
    upload(agency, *three(agency))
    assert worker.work()
    press_apply(agency)
    upload(agency, *three(agency))
    with unit_of_work():
        first = Job.claim()
        assert first.arguments["act"] == "apply"
        assert Job.claim() is None, "the second waits for the first"
        first.put_back()
    while worker.work():
        pass
    first, second = every(ImportBatch)
    assert (first.state, second.state) == (ImportState.APPLIED, ImportState.CHECKED)
    assert (second.rows_new, second.rows_unchanged) == (0, 3)


def test_files_of_two_providers_do_not_wait_for_each_other(agency):
    upload(agency, *three(agency))
    other = Agency()
    upload(other, *three(other))
    with unit_of_work():
        assert {Job.claim().scope, Job.claim().scope} == {str(agency.provider.id), str(other.provider.id)}


class Killed(BaseException):
    pass


def _killed_after(act):
    def done_and_killed(*given, **named):
        act(*given, **named)
        raise Killed

    return done_and_killed


def change_nothing_that_decides(agency):
    """A fact that is compared, so that the file is checked once more, which says the same."""
    change(agency.clients[0], born_on=AFTER.replace(year=1950))


CHECKING = {
    "read": (uploads, "mended"), "checked": (actuals.WorthOfRows, "add"), "looked at": (uploads, "look"),
    "kept": (uploads, "keep"),
}  # fmt: skip
WRITING = {"written": (queue, "finish"), "told": (worker, "_tell_the_end")}
APPLYING = {"compared": (uploads, "look_again"), "read again": (uploads, "read_again")}
STEPS = [
    *(("check", step) for step in CHECKING | WRITING), *(("check and apply", step) for step in CHECKING | WRITING),
    *(("apply", step) for step in APPLYING | WRITING),
]  # fmt: skip
"""The verb that a worker is at in each step: it is killed before it, or right after."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("act", "step"), STEPS)
def test_a_worker_that_is_killed_in_a_step_leaves_all_or_nothing_and_the_next_one_ends_it(
    agency, monkeypatch, act, when, step
):
    upload(agency, *three(agency))
    is_applied = act != "check"
    if is_applied:
        assert worker.work()
        press_apply(agency, confirms=True)
    if act == "check and apply":
        change_nothing_that_decides(agency)
    owner, name = (CHECKING | WRITING | APPLYING)[step]
    with monkeypatch.context() as patch:
        own = getattr(owner, name)
        patch.setattr(owner, name, _killed_after(own if when == "after" else lambda *_, **__: None))
        with pytest.raises(Killed):
            worker.work()
    is_through = step == "told"
    assert len(every(Actual)) == (3 if is_applied and is_through else 0)
    change(every(Job)[-1], heartbeat_at=utc_now() - 2 * BROKEN_OFF_AFTER)
    if every(Job)[-1].state is JobState.RUNNING:
        assert worker.work()
    assert every(Job)[-1].state is JobState.DONE
    assert the(ImportBatch).state is (ImportState.APPLIED if is_applied else ImportState.CHECKED)
    assert len(every(Actual)) == (3 if is_applied else 0)
    assert [week.confirmations for week in every(ActualWeek)] == ([1] if is_applied else [])
    assert len(every(select(AuditEvent).where(AuditEvent.action == "upload.applied"))) == is_applied


@pytest.mark.parametrize("name", ["file_rows", "record", "confirm_each"])
def test_a_worker_that_is_killed_in_the_middle_of_writing_leaves_nothing_of_it(agency, monkeypatch, name):
    upload(agency, *three(agency))
    assert worker.work()
    press_apply(agency, confirms=True)
    owner = {"file_rows": kept_check, "record": uploads, "confirm_each": queue}[name]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, _killed_after(getattr(owner, name)))
        with pytest.raises(Killed):
            worker.work()
    assert not every(Actual)
    assert not every(ActualWeek)
    assert the(ImportBatch).state is ImportState.CHECKED
    change(every(Job)[-1], heartbeat_at=utc_now() - 2 * BROKEN_OFF_AFTER)
    assert worker.work()
    assert len(every(Actual)) == 3
    assert the(ImportBatch).state is ImportState.APPLIED


@pytest.mark.parametrize("act", ["check", "apply", "check and apply"])
def test_the_job_says_at_which_step_it_is_and_how_many_rows_it_has_done(agency, monkeypatch, act):
    monkeypatch.setattr(actuals, "AT_ONCE", 2)
    monkeypatch.setattr(uploading, "SELDOM", 1)
    upload(agency, agency.row(0, CPLIRef="nobody"), *three(agency))
    if act != "check":
        assert worker.work()
        press_apply(agency, only_good=True)
    if act == "check and apply":
        change_nothing_that_decides(agency)
    told = []
    get_on = Job.get_on

    def listened(job, done, total, step=None):
        told.append((step, done, total))
        get_on(job, done, total, step)

    monkeypatch.setattr(Job, "get_on", listened)
    assert worker.work()
    checked = [("checking", 1, 4), ("checking", 3, 4), ("checking", 4, 4)]
    assert told == [("reading", 0, 4), *(checked if act != "apply" else []), ("writing", 0, 4)]


def test_a_year_of_weeks_is_reported_once_in_a_thousand_rows(agency):
    told = []
    steps = uploading._Steps(lambda *given: told.append(given), 2_500)
    for done in range(0, 2_501, 50):
        steps("checking", done)
    assert [done for done, _, _ in told] == [0, 1_000, 2_000, 2_500]


def test_a_long_file_that_is_discarded_while_it_is_checked_stays_discarded(agency, monkeypatch):
    upload(agency, agency.row(0, ActualQty="lots"), *three(agency)[1:])
    look = uploads.look

    def discarded_meanwhile(*given):
        found = look(*given)
        with as_on(AFTER):
            do(agency, lambda batch: uploads.discard(batch, by=agency.clerk))
        return found

    monkeypatch.setattr(uploads, "look", discarded_meanwhile)
    assert worker.work()
    assert the(ImportBatch).state is ImportState.DISCARDED
    assert not every(ImportRow)
    assert the(Job).message == uploading.CLOSED


@pytest.mark.parametrize("is_checked_again", [False, True])
def test_a_row_that_somebody_changes_between_the_look_and_the_writing_is_not_overwritten(
    agency, monkeypatch, is_checked_again
):
    upload(agency, *three(agency))
    assert worker.work()
    press_apply(agency)
    if is_checked_again:
        change_nothing_that_decides(agency)
    look = queue.look

    def typed_meanwhile(*given):
        found = look(*given)
        assert (found is not None) is is_checked_again
        with unit_of_work(agency.provider.id) as own:
            batch = receive(agency, csv_of(agency.short(0, Comment="By form")))
            queue.apply_soon(batch, agency.provider, queue.Wish(1), by=agency.clerk)
            own.flush()
        return found

    monkeypatch.setattr(queue, "look", _once(typed_meanwhile, look))
    assert worker.work()
    assert {row.comment for row in every(Actual)} == {"By form", ""}
    job = every(Job)[-1]
    assert job.state is JobState.FAILED
    assert "Somebody has changed rows of these weeks at this moment" in job.message
    assert every(ImportBatch)[0].state is ImportState.CHECKED


def _once(first, then):
    acts = iter([first])
    return lambda *given: next(acts, then)(*given)


def test_what_changed_since_the_press_is_told_and_the_new_check_is_kept(agency):
    upload(agency, *three(agency))
    assert worker.work()
    do(agency, lambda batch: queue.apply_soon(batch, agency.provider, queue.Wish(2), by=agency.clerk))
    assert worker.work()
    assert every(Job)[-1].message == queue.CHANGED
    assert the(ImportBatch).state is ImportState.CHECKED
    assert not every(Actual)


def test_while_the_worker_is_at_it_nobody_mends_and_after_a_fault_it_is_checked_again(agency, monkeypatch):
    upload(agency, agency.row(0, ActualQty="lots"), *three(agency)[1:])

    def mend(batch):
        mending.mend(batch, {(2, "ActualQty"): "14"}, by=agency.clerk)
        queue.check_soon(batch, agency.provider, by=agency.clerk)

    with pytest.raises(DomainError, match=BUSY):
        do(agency, mend)
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "look", lambda *_: 1 // 0)
        assert worker.work()
    job = the(Job)
    assert job.state is JobState.FAILED
    assert "Check the file again on its page" in job.message
    do(agency, lambda batch: queue.check_soon(batch, agency.provider, by=agency.clerk))
    assert worker.work()
    assert the(ImportBatch).rows_rejected == 1
    do(agency, mend)
    assert the(ImportBatch).state is ImportState.WAITING
    assert worker.work()
    assert (the(ImportBatch).rows_new, the(ImportBatch).rows_rejected) == (3, 0)


def test_a_long_file_of_workers_is_done_by_the_worker_too(agency):
    rows = [(f"W{number}", "Ceri", "Jones") for number in range(3)]
    content = csv_of(*rows, headings=("CarerID", "FirstName", "LastName"))
    with unit_of_work(agency.provider.id):
        receive(agency, content, kind=ImportKind.CARERS)
    assert worker.work()
    press_apply(agency)
    assert not every(Carer)
    assert worker.work()
    assert [each.reference for each in every(Carer)] == ["W0", "W1", "W2"]
    assert every(Job)[-1].message == "3 rows applied"
