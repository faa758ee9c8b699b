"""My work: what waits for the council's payments team."""

from flask import Blueprint

from blueprints.access import me, requires
from blueprints.pages import render
from models.base import session
from models.job import Job
from models.payment_run import RunState
from models.permissions import Permission
from models.worklist import coming_due, queues, runs_that_wait

bp = Blueprint("home", __name__)


@bp.get("/")
@requires(Permission.VIEW_COUNCIL)
def show():
    return render(
        "admin/home/show.html",
        prepared=runs_that_wait(RunState.PREPARED),
        authorised=runs_that_wait(RunState.AUTHORISED),
        queues=queues(),
        coming=session.execute(coming_due()).all(),
        jobs=session.scalars(Job.open()).all(),
        last_login=me().previous_login_at,
    )
