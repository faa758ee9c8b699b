"""Reports: the list of them, and Remittance Advice Provider Payments, by period and by finalisation."""

from flask import Blueprint, abort, request, url_for

from blueprints.access import requires, viewed
from blueprints.lookups import get_or_404, opened_row_or_404
from blueprints.pages import render
from blueprints.provider.report_list import report, reports_for
from blueprints.reading import reads_client_records
from blueprints.report_page import Wanted, on_page, pdf_of, send_data, sheet_of
from forms.reports import RemittanceForm
from models.base import session
from models.calendar import in_words
from models.money import gbp
from models.payments.payment import ScheduledPayment
from models.permissions import Permission
from models.records.contract import Contract
from models.reports import remittances
from models.reports.remittances import Remitted

bp = Blueprint("reports", __name__, url_prefix="/reports")

OF_PERIOD = "/remittances/<reference:reference>/<day:first_on>"
OF_RUN = "/remittances/<reference:reference>/runs/<int:run_id>"

report(
    "Remittance Advice Provider Payments by period",
    "What each payment period was made of: for whom, for which days, at which price, and why.",
    "provider.reports.by_period", order=20,
)  # fmt: skip
report(
    "Remittance Advice Provider Payments by finalisation",
    "What each of our payment runs has paid you, with what it paid for earlier days.",
    "provider.reports.by_finalisation", order=21,
)  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def index():
    return render("provider/reports/index.html", reports=reports_for(viewed().kind))


@bp.get("/remittance-by-period")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def by_period():
    contracts = session.execute(remittances.contracts()).all()
    form, chosen = _form(contracts)
    sheet, files = None, {}
    if chosen is not None:
        methods = remittances.methods(chosen.id)
        form.method.offer((str(each.id), each.label) for each in methods)
        form.method.data = form.method.data or str(chosen.method_id)
        periods = remittances.periods(chosen.id, int(form.method.data))
        form.period.offer((str(each.first_on), each.words) for each in periods)
        if _is_asked(form) and periods:
            asked = [each for each in periods if str(each.first_on) == form.period.data]
            period = opened_row_or_404(asked, ScheduledPayment)
            sheet = sheet_of(remittances.of_chosen(chosen.reference, period), is_summary=form.is_summary)
            files = {"reference": chosen.reference, "first_on": period.first_on}
    return _page("period", form, sheet, files)


@bp.get("/remittance-by-finalisation")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def by_finalisation():
    contracts = session.execute(remittances.contracts()).all()
    form, chosen = _form(contracts)
    form.period.label.text = "Finalisation"
    del form.method
    sheet, files = None, {}
    if chosen is not None:
        found = remittances.finalisations(chosen.id)
        form.period.offer((str(row.run_id), _words(row)) for row in found)
        if _is_asked(form) and found:
            run_id = int(form.period.data)
            contract = get_or_404(Contract.referred_to(chosen.reference))
            sheet = sheet_of(remittances.of_finalisation(contract, run_id), is_summary=form.is_summary)
            files = {"reference": chosen.reference, "run_id": run_id}
    return _page("run", form, sheet, files)


def _words(row):
    return f"{in_words(row.as_on)}, in your bank {in_words(row.bank_on)}: {gbp(int(row.pence))} (run {row.run_id})"


def _form(contracts):
    """The form, and the contract that it stands on: the one that the address names, or else the usual one."""
    usual = remittances.usual(contracts)
    form = RemittanceForm(request.args, data={"contract": usual.reference if usual else ""})
    form.offer((row.reference, f"{row.name} ({row.reference})") for row in contracts)
    if not contracts or not form.validate():
        return form, None
    return form, next(row for row in contracts if row.reference == form.contract.data)


def _is_asked(form):
    """Whether the report is shown at once: everything is chosen, or it is an agency that has chosen nothing, which
    opens on its newest period. The lists stand on the newest where nothing is chosen.
    """
    is_chosen, choices = bool(form.period.data), form.period.choices
    if not is_chosen and choices:
        form.period.data = choices[0].value
    return is_chosen or ("contract" not in request.args and not viewed().kind.prints_every_column)


def _page(basis, form, sheet, files):
    return render(
        "provider/reports/remittance.html", partial="provider/reports/_remittance.html",
        basis=basis, form=form, sheet=sheet, shown=on_page(sheet) if sheet else None, files=files,
    )  # fmt: skip


@bp.get(f"{OF_PERIOD}/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def period_data(reference, first_on, ending):
    return send_data(sheet_of(_of_period(reference, first_on)), ending)


@bp.route(f"{OF_PERIOD}/pdf", methods=["GET", "POST"])
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def period_pdf(reference, first_on):
    found = _of_period(reference, first_on)
    back = url_for(".by_period", contract=reference, period=first_on)
    return _pdf(found, {"contract": reference, "first": str(first_on)}, back)


@bp.get(f"{OF_RUN}/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def run_data(reference, run_id, ending):
    return send_data(sheet_of(_of_run(reference, run_id)), ending)


@bp.route(f"{OF_RUN}/pdf", methods=["GET", "POST"])
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def run_pdf(reference, run_id):
    found = _of_run(reference, run_id)
    back = url_for(".by_finalisation", contract=reference, period=run_id)
    return _pdf(found, {"contract": reference, "run": run_id}, back)


def _of_period(reference, first_on) -> Remitted:
    return remittances.of_period(get_or_404(ScheduledPayment.of(reference, first_on)))


def _of_run(reference, run_id) -> Remitted:
    found = remittances.of_finalisation(get_or_404(Contract.referred_to(reference)), run_id)
    return found if found.advices else abort(404)


def _pdf(found, arguments, back):
    is_summary = request.args.get("summary") == "yes"
    sheet = sheet_of(found, is_summary=is_summary)
    return pdf_of(Wanted(viewed().id, sheet, arguments | {"summary": is_summary}), back=back)
