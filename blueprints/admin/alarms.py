"""Alarms of very many clients' records opened within an hour: who it was, and what came of it."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.sorting import Columns, Sorting
from exchange.downloads.office import alarms_data
from forms.alarms import AlarmSearch, LookForm
from models.accounts.account_policy import policy
from models.auditing.read_alarm import ReadAlarm
from models.auditing.words import Group
from models.base import session
from models.permissions import Permission

bp = Blueprint("alarms", __name__, url_prefix="/alarms")

SORTED_BY: Columns = {"when": "raised_at", "clients": "opened", "looked": "looked_at"}


@bp.get("/")
@requires(Permission.VIEW_AUDIT)
def index():
    form, sorting = AlarmSearch(request.args), Sorting(SORTED_BY)
    page = page_of(sorting.of(ReadAlarm.listed(**form.chosen))) if form.validate() else None
    return render(
        "admin/alarms/index.html", partial="admin/alarms/_list.html",
        form=form, page=page, sorting=sorting, limit=policy().clients_an_hour, reads=Group.READS.value,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_AUDIT, fresh=True)
def data(ending):
    form = checked(AlarmSearch(request.args))
    alarms = session.scalars(Sorting(SORTED_BY).of(ReadAlarm.listed(**form.chosen)))
    return table_file("alarms", alarms_data(alarms), ending)


@bp.route("/<int:alarm_id>/look", methods=["GET", "POST"])
@requires(Permission.ANSWER_ALARMS)
def look(alarm_id):
    alarm, form = get_or_404(ReadAlarm.numbered(alarm_id)), LookForm()
    if form.validate_on_submit():
        with refusals_on(form):
            alarm.look(by=me(), reason=form.reason.data)
            return done("What you wrote is kept with the alarm", then=url_for(".index"))
    return render("admin/alarms/look.html", alarm=alarm, form=form)
