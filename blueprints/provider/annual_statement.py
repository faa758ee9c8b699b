"""Annual Statement Of Foster Carer Payments: what came to the bank in a tax year or a financial year."""

from flask import Blueprint, abort, request

from blueprints.access import requires, viewed
from blueprints.frame import settings
from blueprints.lookups import get_or_404
from blueprints.pages import render
from blueprints.provider.report_list import report
from blueprints.reading import reads_client_records
from blueprints.report_page import on_page, send_data, send_pdf
from exchange.reports.annual_statement import TITLE, annual_sheet
from forms.reports import AnnualForm
from models.calendar import today
from models.permissions import Permission
from models.records.provider import Provider, ProviderKind
from models.reports.annual_statement import statement_of, years_paid
from models.tax_year import ReportYear, TaxYear

bp = Blueprint("annual_statement", __name__, url_prefix="/reports/annual-statement")

CARERS = frozenset({ProviderKind.FOSTER_CARER, ProviderKind.SUPPORTED_LODGINGS, ProviderKind.SHARED_LIVES})
"""To whom care relief is of use."""
ONE = "/<string:year>"

report(
    TITLE,
    "What we have paid you in a tax year or a financial year, by child and by kind, with weeks of care.",
    "provider.annual_statement.show", order=10, kinds=CARERS,
)  # fmt: skip


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def show():
    years, provider = years_paid(), _provider()
    form = AnnualForm(request.args, data={"organisation": provider.reference, "year": _usual(years)})
    name = provider.organisation.name if provider.organisation else provider.name
    form.offer((provider.reference, name), ((year.key, _words(year)) for year in years))
    is_asked = bool(years) and form.validate() and "year" in request.args
    sheet = _sheet(provider, ReportYear.named(form.year.data)) if is_asked else None
    return render(
        "provider/reports/annual_statement.html", partial="provider/reports/_annual_statement.html",
        form=form, sheet=sheet, shown=on_page(sheet) if sheet else None, years=years,
    )  # fmt: skip


@bp.get(f"{ONE}/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def data(year, ending):
    return send_data(_sheet(_provider(), _named(year)), ending)


@bp.get(f"{ONE}/pdf")
@requires(Permission.VIEW_PAYMENTS)
@reads_client_records
def pdf(year):
    return send_pdf(_sheet(_provider(), _named(year)))


def _provider():
    return get_or_404(Provider.with_organisation(viewed().id))


def _sheet(provider, year):
    return annual_sheet(statement_of(year), provider, council=settings().council.name, as_on=today())


def _named(key):
    """The year of an address, if something came to the bank in it."""
    year = ReportYear.if_named(key)
    return year if year in years_paid() else abort(404)


def _usual(years):
    """The tax year before this one where it had payments, else this one."""
    before = ReportYear(TaxYear(TaxYear.of(today()).starts_in - 1))
    return (before if before in years else years[0]).key if years else ""


def _words(year):
    """2018/2019: 6 April 2018 to 5 April 2019."""
    so_far = " so far" if today() in year.span else ""
    sort = "" if year.is_tax else "Financial year "
    return f"{sort}{year.year}{so_far}: {year.span.words()}"
