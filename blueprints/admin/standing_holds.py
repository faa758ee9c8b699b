"""Standing holds: those in force by review day, and what an officer does with one."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import checked, table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.reading import reads_client_records
from blueprints.sorting import Columns, Sorting
from exchange.downloads.standing_holds import standing_holds_data
from forms.standing_holds import ChangeForm, EndForm, StandingHoldSearch, SuspendForm
from models.accounts.user import names_of
from models.base import session
from models.calendar import today
from models.payments import standing_holds
from models.payments.standing import standings
from models.payments.standing_hold import StandingHold
from models.permissions import Permission
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from models.words import how_many

bp = Blueprint("standing_holds", __name__, url_prefix="/standing-holds")

ONE = "/<int:standing_id>"

SORTED_BY: Columns = {
    "provider": Provider.folded_name, "first": StandingHold.first_on, "review": StandingHold.review_on,
    "payments": "payments", "sum": "pence",
}  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def index():
    form, sorting = StandingHoldSearch(request.args), Sorting(SORTED_BY)
    page = page_of(sorting.of(StandingHold.listed(**form.chosen)), pence="pence") if form.validate() else None
    return render(
        "admin/standing_holds/index.html", partial="admin/standing_holds/_list.html", form=form, page=page,
        sorting=sorting,
    )  # fmt: skip


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT, fresh=True)
@reads_client_records
def data(ending):
    form = checked(StandingHoldSearch(request.args))
    rows = session.execute(Sorting(SORTED_BY).of(StandingHold.listed(**form.chosen))).all()
    return table_file("standing-holds", standing_holds_data(rows), ending)


@bp.get(ONE)
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def show(standing_id):
    standing = get_or_404(StandingHold.numbered(standing_id))
    page = page_of(standing.payments())
    return render(
        "admin/standing_holds/show.html",
        standing=standing,
        provider=_provider(standing.provider_id),
        page=page,
        standings=standings(row.ScheduledPayment for row in page.items),
        names=names_of([standing.begun_by_id, standing.ended_by_id] + [row.Hold.released_by_id for row in page.items]),
    )


@bp.route("/new/<int:provider_id>", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def suspend(provider_id):
    """`?what=contract-12` or `client-3` has that chosen already."""
    provider = get_or_404(Provider.numbered(provider_id))
    form = SuspendForm(data={"what": request.args.get("what", ""), "first_on": today()})
    contracts = session.scalars(Contract.by_name().where(Contract.provider_id == provider.id))
    clients = session.scalars(Client.of_provider(provider.id))
    form.what.offer(
        ("", f"All payments of {provider.name}"),
        *((f"contract-{each.id}", f"Contract {each.name} ({each.reference})") for each in contracts),
        *((f"client-{each.id}", f"{each.full_name}, in every payment") for each in clients),
    )
    if form.validate_on_submit():
        with refusals_on(form):
            standing = standing_holds.suspend(
                provider, by=me(), reason=form.reason.data, review_on=form.review_on.day, first_on=form.first_on.day,
                last_on=form.last_on.data, contract_id=form.contract_id, client_id=form.client_id,
            )  # fmt: skip
            return _back(standing, f"The standing hold has begun.{_idle(standing)}")
    return render("admin/standing_holds/suspend.html", provider=provider, form=form)


@bp.route(f"{ONE}/change", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def change(standing_id):
    standing = get_or_404(StandingHold.numbered(standing_id))
    form = ChangeForm(obj=standing)
    form.is_of(standing)
    if form.validate_on_submit():
        with refusals_on(form):
            standing_holds.change(
                standing, by=me(), reason=form.reason.data, review_on=form.review_on.day, first_on=form.first_on.day,
                last_on=form.last_on.data,
            )  # fmt: skip
            return _back(standing, f"The standing hold is changed.{_idle(standing)}")
    return _act(
        standing, form, "Review or change",
        "Payments that are outside the days that you give are released at once; those inside are held. To keep it as "
        "it is, give a later day of review.",
    )  # fmt: skip


@bp.route(f"{ONE}/end", methods=["GET", "POST"])
@requires(Permission.HOLD_PAYMENTS)
@reads_client_records
def end(standing_id):
    standing = get_or_404(StandingHold.numbered(standing_id))
    form = EndForm()
    if form.validate_on_submit():
        with refusals_on(form):
            released = standing_holds.end(standing, by=me(), reason=form.reason.data)
            return _back(standing, f"The standing hold has ended, and {how_many(released, 'hold')} released.")
    return _act(
        standing, form, "End the standing hold",
        "All that it holds is released at once, and the next run takes what is due of it. To release one payment "
        "only, open that payment.",
    )  # fmt: skip


def _act(standing, form, title, words):
    return render(
        "admin/standing_holds/act.html", standing=standing, provider=_provider(standing.provider_id), form=form,
        title=title, words=words,
    )  # fmt: skip


def _idle(standing):
    return " But it holds nothing: all payments of its days are finalised, and no day is to come" * standing.is_idle


def _provider(provider_id):
    return session.scalars(Provider.numbered(provider_id)).one()


def _back(standing, message):
    return done(message, then=url_for(".show", standing_id=standing.id))
