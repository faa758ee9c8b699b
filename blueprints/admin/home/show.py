"""The page of My work: what is due by day, what waits, and what the last feed changed."""

from blueprints.access import may, me, requires
from blueprints.admin.home import bp
from blueprints.admin.home.queues import what_waits
from blueprints.frame import settings
from blueprints.pages import render
from forms.base import ButtonForm
from models import daily_work
from models.auditing import proxies
from models.base import session, utc_now
from models.payments.due import what_is_due
from models.permissions import Permission
from models.records.feed import FeedImport


@bp.get("/")
@requires(Permission.VIEW_COUNCIL)
def show():
    return my_work(ButtonForm())


def my_work(form):
    """The page; `form` is the one of a button on it."""
    troubles, jobs = daily_work.troubles_and_jobs(utc_now()) if may(Permission.VIEW_DAILY_WORK) else ([], [])
    waiting = what_waits()
    return render(
        "admin/home/show.html",
        form=form,
        due=what_is_due() if may(Permission.VIEW_EVERY_PAYMENT) else [],
        mine=[row for row in waiting if row.is_mine],
        others=[row for row in waiting if not row.is_mine],
        jobs=jobs if may(Permission.VIEW_RUNS) else [],
        feed=session.scalar(FeedImport.newest()) if may(Permission.VIEW_FEEDS) else None,
        troubles=troubles,
        proxies=proxies.newest(settings().proxies) if may(Permission.MANAGE_STAFF) else None,
        last_login=me().previous_login_at,
    )
