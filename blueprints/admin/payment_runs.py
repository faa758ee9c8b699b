"""Payment runs: calculate, prepare, review, authorise, finalise. Long work is a job; its page shows how far it is."""

from dataclasses import replace

from flask import Blueprint, abort, request, url_for

from blueprints.access import may, me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, opened_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from blueprints.sorting import Columns, Sorting
from exchange.downloads.payment_runs import run_data, runs_data
from forms.payment_runs import (
    KINDS,
    AskAboutExceptionForm,
    CalculateForm,
    HoldExceptionForm,
    PrepareForm,
    RunFilter,
    RunSearch,
    StopForm,
    TickForm,
)
from models.base import chunks, session
from models.correspondence import action_verbs
from models.correspondence.asked_about import Asked
from models.job import Job, JobKind
from models.payments import authorising, officer
from models.payments.finding import Finding
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.review import Review
from models.payments.run import PaymentRun
from models.payments.run_history import outcomes_of
from models.payments.run_progress import RunProgress
from models.permissions import Permission
from models.records.contract import Contract
from models.records.provider import Provider, ids_named, ids_of_kinds, problems_with_names
from models.reports.exception_rows import exception_rows, workings, workings_before
from models.reports.waits import client_of
from models.together import read_together

bp = Blueprint("payment_runs", __name__, url_prefix="/payment-runs")

RUNS_BY: Columns = {"run": "id", "as_on": "as_on", "state": "state", "total": "total_pence"}
LINES_BY: Columns = {
    "provider": Provider.folded_name, "contract": Contract.folded_name, "period": ("first_on", "last_on"),
    "now": "total_pence", "before": "before_pence", "difference": "difference_pence", "outcome": "outcome",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_RUNS)
def index():
    job = session.scalars(Job.newest_of(JobKind.CALCULATE, JobKind.PREPARE)).one_or_none()
    form, sorting = RunSearch(request.args), Sorting(RUNS_BY, usual="-run")
    page = page_of(sorting.of(_listed(form))) if form.validate() else None
    return render(
        "admin/payment_runs/index.html", partial="admin/payment_runs/_list.html", form=form, page=page,
        sorting=sorting, outcomes=outcomes_of(run.id for run in page.items) if page else {}, job=job,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_RUNS, fresh=True)
def list_file(ending):
    runs = session.scalars(Sorting(RUNS_BY).of(_listed(checked(RunSearch(request.args))))).all()
    outcomes: dict[int, RunProgress] = {}
    for some in chunks(runs, 500):
        outcomes |= outcomes_of(run.id for run in some)
    return table_file("payment-runs", runs_data(runs, outcomes), ending)


def _listed(form):
    return PaymentRun.listed(state=form.wanted, first=form.first.data, last=form.last.data)


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
    form = PrepareForm(problems_with_names, request.args.get("due", ""))
    if form.validate_on_submit():
        first, last = (day and day.isoformat() for day in form.days)
        note = form.note.data or ""
        asked = Job.ask(JobKind.PREPARE, by=me(), providers=_chosen(form), note=note, first=first, last=last)
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
    run, beside = _run_and_beside(run_id)
    return _review(run, beside, TickForm())


@bp.post("/<int:run_id>")
@requires(Permission.REVIEW_RUNS)
@reads_client_records
def tick(run_id):
    """Tick the kind of exception that is shown, and go on to the next."""
    run, beside = _run_and_beside(run_id)
    form, kind = TickForm(), _shown(RunFilter(request.args)) or abort(404)
    if not form.validate_on_submit():
        return _review(run, beside, form)
    authorising.tick(run, {kind: form.because.data}, by=me())
    session.flush()
    after = _next(Review(run).exceptions(), authorising.Checklist.of(run, me()))
    return done(f"“{kind.label}” is ticked", then=url_for(".show", run_id=run_id, show=after))


def _next(exceptions, checklist):
    """The kind of exception that this person ticks next: the one with the most money. None where none is left."""
    return next((each.kind.value for each in exceptions if each.kind in checklist.mine_left), None)


def _run_and_beside(run_id):
    """The run, and what its checklist rests on: its ticks, its newest job, and where the person is bound."""
    runs, *beside = read_together(
        PaymentRun.numbered(run_id), authorising.ticks_of(run_id), Job.newest_of(JobKind.FINALISE, run_id=run_id),
        authorising.bound_in(run_id, me()),
    )  # fmt: skip
    return opened_or_404(runs), beside


def _review(run, beside, form):
    review, filters = Review(run), RunFilter(request.args)
    sorting = Sorting(LINES_BY)
    shown, exceptions = _shown(filters), review.exceptions(authorising.bonds_in(run, me()))
    ticks, jobs, bound = beside
    bonds = {each.kind: each.bonds for each in exceptions if not each.kind.is_of_now}
    checklist = authorising.Checklist(run, me(), bonds=bonds, ticks=ticks, bound=bound, staff=me().staff)
    hands = page_of(checklist.hands, name="hands")
    return render(
        "admin/payment_runs/show.html", partial="admin/payment_runs/_review.html", hands=hands,
        run=run, form=form, filters=filters, exceptions=exceptions, shown=shown, totals=review.figures.totals,
        foresight=review.foresight, line=review.figures.line, client_of=client_of,
        page=page_of(sorting.of(_query(review, filters)), pence="total_pence"), sorting=sorting,
        checklist=checklist, next_kind=_next(exceptions, checklist),
        outcome=review.figures.outcome, job=next(iter(jobs), None),
    )  # fmt: skip


@bp.get("/<int:run_id>/exceptions/<int:finding_id>")
@requires(Permission.VIEW_RUNS)
@reads_client_records
def exception(run_id, finding_id):
    """One exception: beside the list of its kind, or on a page of its own."""
    review, finding = _found(run_id, finding_id)
    return render(
        "admin/payment_runs/exception.html", partial="admin/payment_runs/_exception.html",
        **_opened(review, finding, HoldExceptionForm()),
    )  # fmt: skip


@bp.post("/<int:run_id>/exceptions/<int:finding_id>/hold")
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def exception_hold(run_id, finding_id):
    """Hold what an exception is about, and go on to the next."""
    review, finding = _found(run_id, finding_id)
    form = HoldExceptionForm()
    opened = _opened(review, finding, form)
    if form.validate_on_submit() and opened["payment"] is not None:
        with refusals_on(form):
            officer.hold(opened["payment"], by=me(), reason=form.reason.data, order_id=opened["order_id"])
            return _go_on(review, finding, opened["place"].next_id, "Held")
    return render(
        "admin/payment_runs/exception.html", partial="admin/payment_runs/_exception.html",
        **_opened(review, finding, form),
    )  # fmt: skip


@bp.post("/<int:run_id>/exceptions/<int:finding_id>/ask")
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def exception_ask(run_id, finding_id):
    """Ask the provider about an exception, and go on to the next. Nothing is held."""
    review, finding = _found(run_id, finding_id)
    form = AskAboutExceptionForm()
    opened = _opened(review, finding, HoldExceptionForm(None), asks=form)
    payment = opened["payment"]
    if form.validate_on_submit() and payment is not None:
        with refusals_on(form):
            provider = session.scalars(Provider.numbered(payment.provider_id)).one()
            about = _asked_about(finding, payment, opened["row"])
            action_verbs.ask_provider(about, provider, text=form.question.data, by=me())
            return _go_on(review, finding, opened["place"].next_id, "The provider is asked. Nothing is held")
    return render(
        "admin/payment_runs/exception.html", partial="admin/payment_runs/_exception.html", **opened
    )  # fmt: skip


def _asked_about(finding, payment, row):
    asked = Asked().with_payment(payment)
    if finding.client_id is None:
        return asked
    title = f"{client_of(row)}: {asked.title}"
    return Asked(replace(asked.about, client_id=finding.client_id), title)


def _go_on(review, finding, after, said):
    """Done: to the next exception of the kind; after the last, to their list."""
    run_id = review.run.id
    if after is None:
        then = url_for(".show", run_id=run_id, show=finding.kind)
        return done(f"{said}. That was the last of these", then=then)
    _, following = _found(run_id, after)
    return done(
        said, then=url_for(".exception", run_id=run_id, finding_id=after),
        partial="admin/payment_runs/_exception.html", **_opened(review, following, HoldExceptionForm(None)),
    )  # fmt: skip


def _found(run_id, finding_id):
    review = Review(get_or_404(PaymentRun.numbered(run_id)))
    return review, get_or_404(review.finding(finding_id))


def _opened(review, finding, form, asks=None):
    """What the page of one exception shows: of its payment as it is now. `asks` is the form to ask with, as sent."""
    row, place = review.opened(finding)
    payment = session.scalars(ScheduledPayment.of(row.reference, row.first_on)).one_or_none()
    rows = exception_rows(payment, row.client_reference, finding.kind) if payment else None
    order_id = (
        next((each.order_id for each in rows.items if each.order_id), None) if rows and finding.client_id else None
    )
    held = session.scalars(Hold.ever_on(payment).where(~Hold.is_released)).unique().all() if payment else []
    holds = [each for each in held if each.purchase_order_id in (None, order_id)]
    may_ask = payment is not None and may(Permission.HOLD_PAYMENTS)
    may_be_held = may_ask and not holds
    return {
        "run": review.run, "kind": finding.kind, "row": row, "place": place, "payment": payment,
        "rows": rows, "order_id": order_id, "holds": holds, "client_of": client_of,
        "now": workings(payment, rows) if finding.client_id and payment and rows else [],
        "before": workings_before(payment, rows) if finding.client_id and payment and rows else [],
        "form": asks or form,
        "holding": form if may_be_held or form.errors else None,
        "asks": (asks or AskAboutExceptionForm(None)) if may_ask else None,
    }  # fmt: skip


@bp.get("/<int:run_id>/data.<file:ending>")
@requires(Permission.VIEW_RUNS, fresh=True)
@reads_client_records
def data(run_id, ending):
    run = get_or_404(PaymentRun.numbered(run_id))
    form = RunFilter(request.args)
    rows = session.execute(Sorting(LINES_BY).of(_query(Review(run), form)))
    return table_file(f"payment-run-{run_id}", run_data(rows, _shown(form)), ending)


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
@stays_on("admin.payment_runs.show")
def authorise(run_id):
    run = get_or_404(PaymentRun.numbered(run_id))
    is_authorised = authorising.authorise(run, by=me())
    words = (
        "is authorised. It can be finalised now" if is_authorised else "is authorised by you. One person more has to"
    )
    return done(f"Run {run_id} {words}", then=url_for(".show", run_id=run_id))


@bp.post("/<int:run_id>/finalise")
@requires(Permission.AUTHORISE_RUNS, fresh=True)
@stays_on("admin.payment_runs.show")
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
@stays_on("admin.payment_runs.show")
def discard(run_id):
    run = get_or_404(PaymentRun.numbered(run_id))
    run.discard(by=me())
    return done(f"Run {run_id} is discarded. Its payments can go into another run", then=url_for(".index"))


@bp.get("/jobs/<int:job_id>")
@requires(Permission.VIEW_RUNS)
def job(job_id):
    found = get_or_404(Job.numbered(job_id))
    return render("admin/payment_runs/job.html", partial="admin/payment_runs/_job.html", job=found, is_news=True)
