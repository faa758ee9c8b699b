"""One exception: its figures beside the plan, and what the council does with it. Then the next one."""

from flask import url_for

from blueprints.access import may, me, requires
from blueprints.admin.actuals import bp
from blueprints.admin.actuals.exceptions import labels
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.refusals import stays_on
from forms.council_actuals import AmendForm, ApproveExceptionForm, RejectExceptionForm, VariationForm
from models.accounts.conflict import conflicts_of
from models.base import session
from models.care import exception_list
from models.care.exceptions import amend as amend_it
from models.care.exceptions import approve as approve_it
from models.care.exceptions import reject as reject_it
from models.correspondence.variation import ask_variation, text_for
from models.permissions import Permission
from models.records.client import full_name

ONE = "/exceptions/<int:exception_id>"


@bp.get(ONE)
@requires(Permission.VIEW_EVERY_ACTUAL)
@reads_client_records
def exception(exception_id):
    return _page(get_or_404(exception_list.numbered(exception_id)))


@bp.post(f"{ONE}/approve")
@requires(Permission.DECIDE_ACTUALS)
@reads_client_records
@stays_on("admin.actuals.exception")
def approve(exception_id):
    found, there = _loaded(exception_id)
    approve_it(found, seen=ApproveExceptionForm().seen.data or "", by=me())
    return done("The figure is approved, and paid as it was confirmed", then=there)


@bp.route(f"{ONE}/amend", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACTUALS)
@reads_client_records
def amend(exception_id):
    found, there = _loaded(exception_id)
    form = AmendForm(_figures(found)[-1])
    if form.validate_on_submit():
        with refusals_on(form):
            amend_it(found, form.figures, form.note.data, by=me())
            return done("Another figure is paid in its place", then=there)
    return _act(found, form, "Amend the figure", "Your figure is paid in its place, and needs no approval of its own.")


@bp.route(f"{ONE}/reject", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACTUALS)
@reads_client_records
def reject(exception_id):
    found, there = _loaded(exception_id)
    form = RejectExceptionForm()
    if form.validate_on_submit():
        with refusals_on(form):
            reject_it(found, form.note.data, by=me())
            return done("The figure is rejected, and the week is open for its provider", then=there)
    words = "It pays nothing. The week is opened, and the provider is told by mail to correct it."
    return _act(found, form, "Reject the figure", words)


@bp.route(f"{ONE}/variation", methods=["GET", "POST"])
@requires(Permission.DECIDE_ACTUALS)
@reads_client_records
def variation(exception_id):
    found, _ = _loaded(exception_id)
    form = VariationForm(data={"text": text_for(found)})
    if form.validate_on_submit():
        with refusals_on(form):
            action = ask_variation(found, form.text.data, by=me())
            words = f"Brokerage is asked, in action {action.id}"
            return done(words, then=url_for(".exception", exception_id=exception_id))
    words = "This opens an action about the care package, with brokerage. The exception waits for your decision still."
    return _act(found, form, "Ask for a variation", words)


def _loaded(exception_id):
    """The exception, and where to go after it: the next that waits, or the queue."""
    found = get_or_404(exception_list.numbered(exception_id))
    return found, _next(exception_id, wraps=True) or url_for(".exceptions")


def _next(exception_id, *, wraps=False):
    """The address of the one that waits after this; None at the end, or with `wraps` the first of those before it."""
    ids = list(session.scalars(exception_list.in_queue()))
    at = ids.index(exception_id) if exception_id in ids else -1
    later = ids[at + 1 :] or (ids[: max(at, 0)] if wraps else [])
    return url_for(".exception", exception_id=later[0]) if later else None


def _figures(found):
    """All that was confirmed of the week, up to the figure that waits."""
    row = session.execute(exception_list.exceptions(ids=[found.id])).one()
    figures = session.scalars(exception_list.figures_of(row.item_id, row.first_on)).all()
    return [each for each in figures if each.number <= row.number]


def _page(found):
    row = session.execute(exception_list.exceptions(ids=[found.id])).one()
    figures = session.scalars(exception_list.figures_of(row.item_id, row.first_on)).all()
    is_own = may(Permission.DECIDE_ACTUALS) and bool(conflicts_of(me(), [found.provider_id]))
    form = ApproveExceptionForm(formdata=None)
    form.seen.is_of(found.mark, anew=True)
    return render(
        "admin/actuals/exception.html", form=form, row=row, figures=figures, labels=labels, is_own=is_own,
        name=full_name, decides=may(Permission.DECIDE_ACTUALS) and not is_own, next=_next(found.id),
        no_sum=exception_list.NO_SUM,
    )  # fmt: skip


def _act(found, form, title, words):
    row = session.execute(exception_list.exceptions(ids=[found.id])).one()
    return render(
        "admin/actuals/act.html", row=row, form=form, title=title, words=words, labels=labels, name=full_name,
        no_sum=exception_list.NO_SUM,
    )  # fmt: skip
