"""What was exported to the finance system: each export with its files, what was refused of it, and sending it again;
and the payment file and general ledger of one payment run.
"""

from flask import Blueprint, Response, current_app, request, url_for
from werkzeug.wsgi import FileWrapper

from blueprints.access import may, me, requires
from blueprints.attachments import store
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.refusals import stays_on
from blueprints.sorting import Columns, Sorting
from blueprints.transactions import note
from exchange.downloads.office import exports_data
from exchange.outbound import money
from exchange.outbound.writing import file_of_run
from forms.base import ButtonForm
from forms.exports import ExportFilter
from models.audit import record
from models.base import DomainError, session
from models.daily_work import timetable
from models.job import Job, JobKind
from models.payments.run import PaymentRun
from models.permissions import Permission
from models.records import export as exports
from models.records.export import Export, ExportAnswer, ExportDelivery, ExportState
from models.words import how_many

bp = Blueprint("exports", __name__, url_prefix="/exports")

SORTED_BY: Columns = {"export": Export.number, "written": Export.made_at, "state": "state", "refused": "refused"}


@bp.get("/")
@requires(Permission.VIEW_FEEDS)
def index():
    form, sorting = ExportFilter(request.args), Sorting(SORTED_BY, usual="-export")
    page = page_of(sorting.of(_listed(form))) if form.validate() else None
    return render("admin/exports/index.html", partial="admin/exports/_list.html", form=form, page=page, sorting=sorting)


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_FEEDS, fresh=True)
def data(ending):
    form = checked(ExportFilter(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(_listed(form)))
    return table_file("exports", exports_data(rows, with_money=may(Permission.VIEW_EVERY_PAYMENT)), ending)


@bp.get("/<int:number>")
@requires(Permission.VIEW_FEEDS)
def show(number):
    export = get_or_404(Export.numbered(number))
    return render(
        "admin/exports/show.html", export=export, state=_state(number),
        refusals=page_of(ExportAnswer.refusals_of(number)),
        deliveries=session.scalars(ExportDelivery.of(export.id)).all(), has_directory=timetable().exports is not None,
    )  # fmt: skip


def _listed(form):
    days = timetable().answer_days if form.is_of_unanswered else None
    return Export.listed(state=form.wanted, unanswered_for=days)


def _state(number: int) -> ExportState:
    return session.execute(Export.listed().where(Export.number == number)).one().state


@bp.get("/<int:number>/file")
@requires(Permission.TAKE_EXPORTS, fresh=True)
def file(number):
    """The export itself, as the finance system has it. Who took it away is noted."""
    export = get_or_404(Export.numbered(number))
    path = store().path(export.sha256)
    if not path.is_file():
        current_app.logger.error("export %s is not in the store", export.number)
        raise DomainError("The file is missing from the store. Tell whoever looks after the portal")
    note(lambda: record("export.downloaded", export, by=me(), number=export.number))
    response = Response(FileWrapper(path.open("rb")), mimetype="application/zip", direct_passthrough=True)
    response.headers.set("Content-Disposition", "attachment", filename=export.name)
    response.content_length = export.size
    return response


@bp.post("/<int:number>/send-again")
@requires(Permission.EXPORT_FEEDS)
@stays_on("admin.exports.show")
def send_again(number):
    """The same file once more, under its number: it was lost on its way."""
    export, form = get_or_404(Export.numbered(number)), ButtonForm()
    if form.validate_on_submit():
        exports.send_again(export, by=me())
        Job.ask(JobKind.EXPORT, by=me())
    return done(f"Export {number} is delivered again as soon as the worker comes to it", then=_here(number))


@bp.post("/<int:number>/send-refused-again")
@requires(Permission.EXPORT_FEEDS)
@stays_on("admin.exports.show")
def send_refused_again(number):
    """What the finance system has refused, in the next export."""
    export, form, count = get_or_404(Export.numbered(number)), ButtonForm(), 0
    if form.validate_on_submit():
        count = exports.send_refused_again(export, by=me())
        Job.ask(JobKind.EXPORT, by=me())
    what = how_many(count, "record")
    return done(f"{what} {'is' if count == 1 else 'are'} in the next export", then=_here(number))


def _here(number: int) -> str:
    return url_for(".show", number=number)


@bp.get("/runs/<int:run_id>/payments-out.csv")
@requires(Permission.VIEW_RUNS, fresh=True)
def run_payments(run_id):
    return _of_run(run_id, "payments-out", file_of_run(money.PAYMENTS_OUT, money.PAYMENTS_OUT_FILE, run_id))


@bp.get("/runs/<int:run_id>/general-ledger.csv")
@requires(Permission.VIEW_RUNS, fresh=True)
def run_ledger(run_id):
    return _of_run(run_id, "general-ledger", file_of_run(money.PAYMENTS, money.LEDGER_FILE, run_id))


def _of_run(run_id: int, name: str, content: bytes) -> Response:
    """As it is in the export, with what the run has paid so far."""
    get_or_404(PaymentRun.numbered(run_id))
    response = Response(content, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-run-{run_id}.csv")
    return response
