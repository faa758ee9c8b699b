"""Every provider's payments: the list, and one of them as its provider sees it, with what only the council sees."""

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.download import csv_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from exchange.desk_data import payments_data
from forms.desk import PaymentSearch
from models.accounts.user import names_of
from models.base import session
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.run_history import runs_of
from models.payments.worklist import listed
from models.permissions import Permission
from models.records.provider import Provider
from models.reports.breakdown import told

bp = Blueprint("payments", __name__, url_prefix="/payments")


@bp.get("/")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def index():
    form = PaymentSearch(request.args)
    page = page_of(listed(**form.chosen)) if form.validate() else None
    return render(
        "admin/payments/index.html", partial="admin/payments/_list.html",
        form=form, page=page,
    )  # fmt: skip


@bp.get("/data.csv")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def data():
    form = PaymentSearch(request.args)
    rows = session.execute(listed(**form.chosen)) if form.validate() else ()
    return csv_file("payments.csv", payments_data(rows))


@bp.get("/<reference:reference>/<day:first_on>")
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def show(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    explained = told(payment)
    holds = session.scalars(Hold.ever_on(payment)).all()
    adjustments = session.scalars(Adjustment.of_contract(payment.contract_id)).all()
    return render(
        "admin/payments/show.html",
        payment=payment,
        provider=session.scalars(Provider.numbered(payment.provider_id)).one(),
        rows=page_of(explained.rows, name="rows"),
        changes=explained.changes,
        before=explained.before,
        holds=holds,
        adjustments=adjustments,
        plan=session.scalars(RecoveryPlan.open(payment.contract_id)).one_or_none(),
        runs=session.execute(runs_of(payment)).all(),
        names=names_of(
            [payment.answered_by_id]
            + [each for hold in holds for each in (hold.placed_by_id, hold.released_by_id)]
            + [adjustment.created_by_id for adjustment in adjustments]
        ),
    )
