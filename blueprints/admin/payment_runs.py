"""Payment runs: calculate, prepare, review, authorise, finalise. Long work is a job; its page shows how far it is."""

from flask import Blueprint, abort, request, url_for

from blueprints.access import me, requires
from blueprints.download import csv_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.reading import reads_client_records
from exchange.downloads.payment_runs import run_data
from forms.payment_runs import KINDS, CalculateForm, PrepareForm, RunFilter, StopForm, TickForm
from models.base import session
from models.job import Job, JobKind
from models.payments import authorising
from models.payments.finding import Finding
from models.payments.review import Review
from models.payments.run import PaymentRun
from models.payments.run_history import outcome_of, outcomes_of
from models.permissions import Permission
from models.records.provider import ids_named, ids_of_kinds, problems_with_names
from models.reports.whereabouts import client_of

bp = Blueprint("payment_runs", __name__, url_prefix="/payment-runs")


@bp.get("/")
@requires(Permission.VIEW_RUNS)
def index():
    job = session.scalars(Job.newest_of(JobKind.CALCULATE, JobKind.PREPARE)).one_or_none()
    page = page_of(PaymentRun.newest_first())
    return render(
        "admin/payment_runs/index.html", page=page, outcomes=outcomes_of(run.id for run in page.items), job=job
    )


@bp.route("/calculate", methods=["GET", "POST"])
@requires(Permission.PREPARE_RUNS)
def calculate():
    form = CalculateForm(problems_with_names)
    if form.validate_on_submit():
        Job.ask(JobKind.CALCULATE, by=me(), providers=_chosen(form))
        return done("The calculation is under way", then=url_for(".index"))
    return render("admin/payment_runs/calculate.html", form=form)


@bp.route("/prepare", methods=["GET", "POST"])
@requires(Permission.PREPARE_RUNS)
def prepare():
    form = PrepareForm(problems_with_names)
    if form.validate_on_submit():
        asked = Job.ask(JobKind.PREPARE, by=me(), providers=_chosen(form), note=form.note.data or "")
        session.flush()
        return done("The run is being prepared", then=url_for(".job", job_id=asked.id))
    return render("admin/payment_runs/prepare.html", form=form)


def _chosen(form):
    """Ids of the providers that the form is about; None for all."""
    if form.who.data == KINDS:
        return ids_of_kinds(form.kinds.data)
    return ids_named(form.names) if form.is_by_name else None


@bp.get("/<int:run_id>")
@requires(Permission.VIEW_RUNS)
@reads_client_records
def show(run_id):
    return _review(get_or_404(PaymentRun.numbered(run_id)), TickForm())


@bp.post("/<int:run_id>")
@requires(Permission.REVIEW_RUNS)
@reads_client_records
def tick(run_id):
    """Tick the kind of exception that is shown, and go on to the next."""
    run, form = get_or_404(PaymentRun.numbered(run_id)), TickForm()
    kind = _shown(RunFilter(request.args)) or abort(404)
    if not form.validate_on_submit():
        return _review(run, form)
    authorising.tick(run, {kind: form.because.data}, by=me())
    session.flush()
    after = _next(Review(run).exceptions(), authorising.Checklist(run, me()))
    return done(f"“{kind.label}” is ticked", then=url_for(".show", run_id=run_id, show=after))


def _next(exceptions, checklist):
    """The kind of exception that this person ticks next: the one with the most money. None where none is left."""
    return next((each.kind.value for each in exceptions if each.kind in checklist.mine_left), None)


def _review(run, form):
    review, filters = Review(run), RunFilter(request.args)
    shown, exceptions, checklist = _shown(filters), review.exceptions(), authorising.Checklist(run, me())
    return render(
        "admin/payment_runs/show.html", partial="admin/payment_runs/_review.html",
        run=run, form=form, filters=filters, exceptions=exceptions, shown=shown, totals=review.totals(),
        foresight=review.foresight, client_of=client_of,
        page=page_of(_query(review, filters)), checklist=checklist, next_kind=_next(exceptions, checklist),
        outcome=outcome_of(run.id),
        job=session.scalars(Job.newest_of(JobKind.FINALISE, run_id=run.id)).one_or_none(),
    )  # fmt: skip


@bp.get("/<int:run_id>/data.csv")
@requires(Permission.VIEW_RUNS)
@reads_client_records
def data(run_id):
    run = get_or_404(PaymentRun.numbered(run_id))
    form = RunFilter(request.args)
    return csv_file(f"payment-run-{run_id}.csv", run_data(session.execute(_query(Review(run), form)), _shown(form)))


def _shown(form):
    """The kind of exception that is asked for; None for the payments by provider."""
    return next((kind for kind in Finding if kind.value == form.show.data), None)


def _query(review, form):
    shown = _shown(form)
    if shown is not None:
        return review.found(shown)
    return review.payments(name=(form.name.data or "").strip(), changed_only=form.differs.data)


@bp.post("/<int:run_id>/authorise")
@requires(Permission.AUTHORISE_RUNS, fresh=True)
def authorise(run_id):
    run = get_or_404(PaymentRun.numbered(run_id))
    is_authorised = authorising.authorise(run, by=me())
    words = (
        "is authorised. It can be finalised now" if is_authorised else "is authorised by you. One person more has to"
    )
    return done(f"Run {run_id} {words}", then=url_for(".show", run_id=run_id))


@bp.post("/<int:run_id>/finalise")
@requires(Permission.AUTHORISE_RUNS, fresh=True)
def finalise(run_id):
    run = get_or_404(PaymentRun.numbered(run_id))
    authorising.check_may_be_finalised(run, by=me())
    Job.ask(JobKind.FINALISE, by=me(), run_id=run_id)
    return done("The run is being finalised", then=url_for(".show", run_id=run_id))


@bp.route("/<int:run_id>/send-back", methods=["GET", "POST"])
@requires(Permission.AUTHORISE_RUNS)
def send_back(run_id):
    run, form = get_or_404(PaymentRun.numbered(run_id)), StopForm()
    if form.validate_on_submit():
        run.send_back(by=me(), reason=form.reason.data)
        return done(f"Run {run_id} is sent back. Whoever prepared it is told by mail", then=url_for(".index"))
    return render(
        "admin/payment_runs/stop.html", run=run, form=form, title="Send the run back", button="Send back",
        words="Nothing of it is paid, and its payments can go into another run.",
    )  # fmt: skip


@bp.route("/<int:run_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.AUTHORISE_RUNS)
def withdraw(run_id):
    run, form = get_or_404(PaymentRun.numbered(run_id)), StopForm()
    if form.validate_on_submit():
        run.withdraw(by=me(), reason=form.reason.data)
        return done(f"Run {run_id} is withdrawn. Whoever prepared it is told by mail", then=url_for(".index"))
    return render(
        "admin/payment_runs/stop.html", run=run, form=form, title="Withdraw the run", button="Withdraw",
        words="The authorisation is taken back. That is possible until something of the run is paid.",
    )  # fmt: skip


@bp.post("/<int:run_id>/discard")
@requires(Permission.PREPARE_RUNS)
def discard(run_id):
    run = get_or_404(PaymentRun.numbered(run_id))
    run.discard(by=me())
    return done(f"Run {run_id} is discarded. Its payments can go into another run", then=url_for(".index"))


@bp.get("/jobs/<int:job_id>")
@requires(Permission.VIEW_RUNS)
def job(job_id):
    found = get_or_404(Job.numbered(job_id))
    return render("admin/payment_runs/job.html", partial="admin/payment_runs/_job.html", job=found, is_news=True)
