"""Remittances as providers see them: those of one provider, and what was paid of one payment."""

from flask import Blueprint, request, url_for

from blueprints.access import requires
from blueprints.download import table_file
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.report_page import Wanted, on_page, pdf_of, send_data, sheet_of
from blueprints.sorting import Columns, Sorting
from exchange.downloads.remittances import remittances_data
from models.accounts import directory
from models.base import session
from models.payments.payment import ScheduledPayment
from models.payments.remittance import Remittance
from models.permissions import Permission
from models.records.contract import Contract
from models.reports import remittances

bp = Blueprint("remittances", __name__, url_prefix="/remittances")

OF_PERIOD = "/<reference:reference>/<day:first_on>"
SORTED_BY: Columns = {
    "bank": (Remittance.bank_on, Remittance.id), "contract": Contract.folded_name, "paid": "paid_pence",
    "lines": "lines",
}  # fmt: skip


@bp.get("/<int:provider_id>")
@requires(Permission.VIEW_EVERY_PAYMENT)
def index(provider_id):
    provider = get_or_404(directory.provider(provider_id))
    sorting = Sorting(SORTED_BY, usual="-bank")
    return render(
        "admin/remittances/index.html", partial="admin/remittances/_list.html", provider=provider, sorting=sorting,
        page=page_of(sorting.of(remittances.of_provider(provider_id)), pence="paid_pence"),
    )  # fmt: skip


@bp.get("/<int:provider_id>/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT, fresh=True)
def data(provider_id, ending):
    provider = get_or_404(directory.provider(provider_id))
    rows = session.execute(Sorting(SORTED_BY, usual="-bank").of(remittances.of_provider(provider_id)))
    return table_file(f"remittances-{provider.reference}", remittances_data(rows), ending)


@bp.get(OF_PERIOD)
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def show(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    is_summary = request.args.get("summary") == "yes"
    sheet = sheet_of(remittances.of_period(payment), is_summary=is_summary)
    return render(
        "admin/remittances/show.html", payment=payment, sheet=sheet, shown=on_page(sheet), is_summary=is_summary
    )


@bp.get(f"{OF_PERIOD}/data.<file:ending>")
@requires(Permission.VIEW_EVERY_PAYMENT, fresh=True)
@reads_client_records
def lines(reference, first_on, ending):
    return send_data(sheet_of(remittances.of_period(get_or_404(ScheduledPayment.of(reference, first_on)))), ending)


@bp.route(f"{OF_PERIOD}/pdf", methods=["GET", "POST"])
@requires(Permission.VIEW_EVERY_PAYMENT)
@reads_client_records
def pdf(reference, first_on):
    payment = get_or_404(ScheduledPayment.of(reference, first_on))
    is_summary = request.args.get("summary") == "yes"
    sheet = sheet_of(remittances.of_period(payment), is_summary=is_summary)
    given = {"contract": reference, "first": str(first_on), "summary": is_summary}
    return pdf_of(
        Wanted(payment.provider_id, sheet, given), back=url_for(".show", reference=reference, first_on=first_on)
    )
