"""Runs that people have prepared, and whose job has come so far."""

from datetime import date

from models.base import utc_now
from models.calendar import as_on
from models.job import BROKEN_OFF_AFTER, Job, JobKind
from models.payments import payment_run
from models.payments.hold import Hold, HoldKind
from models.permissions import CouncilRole
from tests.factories import make_staff
from tests.support.rows import saved, unit_of_work
from tests.support.runs import authorise, calculate

MONDAY, SUNDAY = date(2019, 9, 23), date(2019, 9, 29)


def prepared_by_people(*, authorised=True, job=None, providers=None):
    """A run of the first Sunday that an officer has prepared and, if so, a manager authorised; with a job if so. Of all
    providers, or of these ids.
    """
    calculate(SUNDAY)
    officer, manager = make_staff(), make_staff(CouncilRole.PAYMENTS_MANAGER)
    with as_on(SUNDAY), unit_of_work():
        run = payment_run.prepare(by=officer, provider_ids=providers)
        if authorised:
            authorise(run, by=manager)
    if job is not None:
        saved(Job(kind=JobKind.FINALISE, run_id=run.id, created_by_id=manager.id, **JOBS[job]()))
    return run


def begun(state, **more):
    return {"worker": "w", "started_at": utc_now(), "heartbeat_at": utc_now(), "state": state} | more


JOBS = {
    "queued": dict,
    "running": lambda: begun("running"),
    "silent": lambda: begun("running", heartbeat_at=utc_now() - 2 * BROKEN_OFF_AFTER),
    "failed": lambda: begun("failed", finished_at=utc_now()),
}


def held(payment):
    saved(
        Hold(
            provider_id=payment.provider_id, payment_id=payment.id, kind=HoldKind.OFFICER, reason="Asked about",
            placed_by_id=make_staff().id,
        )
    )  # fmt: skip
