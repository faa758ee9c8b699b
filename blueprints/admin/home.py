"""My work: what waits for this person, by what they may do."""

from flask import Blueprint

from blueprints.access import may, me, requires
from blueprints.pages import render
from models import bank_holiday, daily_work
from models.accounts import access_review, directory, refused_mail
from models.accounts.directory import Locks
from models.base import session, utc_now
from models.correspondence import detail_change
from models.job import Job
from models.payments import owing
from models.payments.blocked import faults_waiting
from models.payments.run import RunState
from models.payments.standing_hold import reviews_due
from models.payments.worklist import queues, runs_that_wait, what_is_due
from models.permissions import Permission
from models.records.feed import FeedImport

bp = Blueprint("home", __name__)


@bp.get("/")
@requires(Permission.VIEW_COUNCIL)
def show():
    return render(
        "admin/home/show.html",
        **(_runs() if may(Permission.VIEW_RUNS) else {}),
        **(_payments() if may(Permission.VIEW_EVERY_PAYMENT) else {}),
        invitations=directory.invitations() if may(Permission.MANAGE_ACCESS) else None,
        changes=detail_change.count_waiting() if may(Permission.DECIDE_CHANGES) else None,
        reviews=access_review.count_overdue() if may(Permission.VIEW_PROVIDERS) else None,
        short=bank_holiday.what_is_short() if may(Permission.MANAGE_BANK_HOLIDAYS) else "",
        locked=len(Locks().people()) if may(Permission.HELP_USERS) else None,
        former=directory.count_former() if may(Permission.HELP_USERS) or may(Permission.MANAGE_ACCESS) else None,
        feed=session.scalar(FeedImport.newest_first().limit(1)) if may(Permission.VIEW_FEEDS) else None,
        refused=refused_mail.queue() if may(Permission.HELP_USERS) else None,
        troubles=daily_work.troubles(utc_now()) if may(Permission.VIEW_DAILY_WORK) else None,
        last_login=me().previous_login_at,
    )


def _runs():
    return {
        "prepared": runs_that_wait(RunState.PREPARED),
        "authorised": runs_that_wait(RunState.AUTHORISED),
        "jobs": session.scalars(Job.open()).all(),
    }


def _payments():
    return {
        "queues": queues(),
        "debts": owing.queues(),
        "faults": faults_waiting(),
        "due": what_is_due(),
        "standing": reviews_due(),
    }
