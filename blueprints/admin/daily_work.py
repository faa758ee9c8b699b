"""Daily work: what the worker does by the clock, how it went, and running one at once."""

from flask import Blueprint, abort, request, url_for

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.refusals import stays_on
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import work_data
from forms.daily_work import DailyWorkFilter
from models import daily_work
from models.base import session, utc_now
from models.job import Job
from models.permissions import Permission

bp = Blueprint("daily_work", __name__, url_prefix="/daily-work")

SORTED_BY: Columns = {"work": "kind", "begun": "started_at", "outcome": "state"}


@bp.get("/")
@requires(Permission.VIEW_DAILY_WORK)
def index():
    form, sorting = DailyWorkFilter(request.args), Sorting(SORTED_BY)
    page = page_of(sorting.of(daily_work.history(**form.chosen))) if form.validate() else None
    return render(
        "admin/daily_work/index.html", partial="admin/daily_work/_history.html", form=form, page=page,
        sorting=sorting, works=daily_work.works(utc_now()),
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_DAILY_WORK, fresh=True)
def data(ending):
    form = checked(DailyWorkFilter(request.args))
    jobs = session.scalars(Sorting(SORTED_BY).of(daily_work.history(**form.chosen)))
    return table_file("daily-work", work_data(jobs), ending)


@bp.post("/<string:work>/run")
@requires(Permission.RUN_DAILY_WORK)
@stays_on("admin.daily_work.index")
def run(work):
    kind = daily_work.named(work) or abort(404)
    job = Job.ask(kind, by=me())
    session.flush()
    return done(f"{kind.label} is in the queue", then=url_for(".job", daily_id=job.id))


@bp.get("/jobs/<int:daily_id>")
@requires(Permission.VIEW_DAILY_WORK)
def job(daily_id):
    found = get_or_404(daily_work.numbered(daily_id))
    return render(
        "admin/daily_work/job.html", partial="admin/payment_runs/_job.html", job=found, is_daily=True, is_news=True
    )
