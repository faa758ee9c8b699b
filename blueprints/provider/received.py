"""Payments received and expected, week by week; found on a bank's statement; and taken to one's own books."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires, viewed
from blueprints.download import checked, table_file
from blueprints.frame import settings
from blueprints.lookups import page_of
from blueprints.pages import render, render_once
from blueprints.provider.report_list import report
from exchange.bank_statement import LARGEST, statement_or_faults
from exchange.downloads.ledgers import Accounts, ledger_data
from exchange.downloads.received import answer_data, received_data
from forms.received import LedgerFilter, StatementDays, StatementForm
from models.permissions import Permission
from models.reports.bank_matching import EARLY, LATE, keep_found, match
from models.reports.banked import banked_between, quarters
from models.reports.ledger_lines import ledger_lines

PAGE = "provider/received/your_bank.html"
LOST = "Your statement was read. What was found on it stands beside each payment"

bp = Blueprint("received", __name__, url_prefix="/received-and-expected")
for name, about, endpoint, order in (
    ("Payments Received and Expected", "13 weeks of payments, with what is taken for what you owe.", "show", 41),
    ("Your Bank", "Drop in your bank’s statement: what came, what is missing, what is short.", "your_bank", 42),
    ("Ledger Export", "Your payments as Xero, Sage 50 or QuickBooks take them in.", "ledger", 43),
):
    report(name, about, f"provider.received.{endpoint}", order=order)


@bp.get("/")
@requires(Permission.VIEW_PAYMENTS)
def show():
    found = quarters(viewed().id)
    return render("provider/received/show.html", found=found, page=page_of(found.parts))


@bp.get("/data.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
def data(ending):
    return table_file("received-and-expected", received_data(quarters(viewed().id).parts), ending)


@bp.route("/your-bank", methods=["GET", "POST"])
@requires(Permission.VIEW_PAYMENTS)
def your_bank():
    """The file is read and forgotten: what is kept says of each payment how much of it came, and when."""
    form = StatementForm()
    if form.validate_on_submit():
        statement, faults = statement_or_faults(form.statement.data.read(LARGEST + 1))
        form.statement.errors = [f"{fault.cell}: {fault.reason}" for fault in faults]
        if statement is not None:
            first_on, last_on = statement.first_on, statement.last_on
            around = banked_between(viewed().id, first_on - LATE, last_on + EARLY)
            outcome = match(around, statement.credits, first_on, last_on, payer=settings().council.name)
            keep_found(viewed(), outcome, by=me())
            return render_once(PAGE, then=url_for(".show"), lost=LOST, form=form, outcome=outcome, late=LATE.days)
    return render(PAGE, form=form, outcome=None, late=LATE.days)


@bp.get("/your-bank/answer.<file:ending>")
@requires(Permission.VIEW_PAYMENTS)
def answer_file(ending):
    """What was found of the payments on the days of a statement, as it was kept."""
    form = checked(StatementDays(request.args))
    parts = banked_between(viewed().id, form.first_on, form.last_on)
    return table_file(f"your-bank-{form.first_on}-{form.last_on}", answer_data(parts, form.last_on), ending)


@bp.get("/ledger")
@requires(Permission.VIEW_PAYMENTS)
def ledger():
    form = LedgerFilter(request.args)
    lines = ledger_lines(viewed().id, form.first_on, form.last_on) if form.validate() else []
    return render(
        "provider/received/ledger.html", form=form, lines=lines, pence=sum(line.total_pence for line in lines)
    )  # fmt: skip


@bp.get("/ledger/lines.csv")
@requires(Permission.VIEW_PAYMENTS)
def ledger_file():
    form = checked(LedgerFilter(request.args))
    lines = ledger_lines(viewed().id, form.first_on, form.last_on)
    accounts = Accounts(form.income_code, form.bank.data)
    rows = ledger_data(form.chosen, lines, settings().council.name, accounts)
    return table_file(f"{form.chosen}-{form.first_on}-{form.last_on}", rows, "csv")
