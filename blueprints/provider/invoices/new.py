"""Beginning an invoice: from confirmed actuals, or by hand."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.provider.invoices import bp
from blueprints.provider.invoices.index import loaded
from blueprints.reading import reads_client_records
from forms.invoices import FromActualsForm, HeadForm, NewInvoiceForm
from models.base import session
from models.billing import invoicing
from models.billing.invoice_facts import Facts
from models.billing.invoice_lines import add_weeks, worth_of
from models.calendar import Span, today
from models.money import gbp
from models.permissions import Permission
from models.records.actual import WEEK
from models.records.contract import Contract
from models.words import how_many


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
def new():
    """By hand: without lines, which are added on its page."""
    contracts = list(session.scalars(Contract.by_name()))
    form = NewInvoiceForm(data={"invoiced_on": today()})
    form.offer([(each.reference, each.name) for each in contracts])
    if form.validate_on_submit():
        with refusals_on(form):
            contract = next(each for each in contracts if each.reference == form.contract.data)
            invoice = invoicing.new_invoice(contract, form.head, by=me())
            session.flush()
            return done(f"{invoice.called} is begun. Add what it is for, then send it", then=there(invoice))
    return render("provider/invoices/new.html", form=form)


@bp.get("/from-actuals")
@requires(Permission.SUBMIT_INVOICES)
def contracts():
    """Which contract's confirmed actuals are to be invoiced."""
    found = list(session.scalars(Contract.by_name()))
    if len(found) == 1:
        return _from(found[0])
    return render("provider/invoices/contracts.html", contracts=found)


@bp.route("/from-actuals/<reference:reference>", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def from_actuals(reference):
    return _from(get_or_404(Contract.referred_to(reference)))


def _from(contract):
    waiting = list(Facts.of_contract(contract.id).to_invoice(contract.id))
    form = FromActualsForm(data={"invoiced_on": today()})
    form.offer((first, words) for first, words in _weeks(waiting))
    if request.endpoint == "provider.invoices.from_actuals" and form.validate_on_submit():
        with refusals_on(form):
            invoice = invoicing.new_invoice(contract, form.head, by=me())
            session.flush()
            add_weeks(invoice, form.chosen, by=me())
            return done(
                f"{invoice.called} comes to {gbp(invoice.gross_pence)}. Check it, then send it", then=there(invoice)
            )
    return render("provider/invoices/from_actuals.html", contract=contract, form=form, count=len(waiting))


def _weeks(waiting):
    """Each week with what its lines come to, without VAT."""
    for first in sorted({each.first_on for each in waiting}):
        worths = [worth_of(each) for each in waiting if each.first_on == first]
        sums = [pence for pence in worths if pence is not None]
        words = f"{Span(first, first + WEEK).words()}: {how_many(len(worths), 'line')}, {gbp(sum(sums))} without VAT"
        missing = len(worths) - len(sums)
        yield first, f"{words}; {how_many(missing, 'line')} without a price" if missing else words


@bp.route("/<int:invoice_id>/change", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
def change(invoice_id):
    invoice = loaded(invoice_id)
    form = HeadForm(
        data={
            "number": invoice.number, "invoiced_on": invoice.invoiced_on, "stated": invoice.stated_pence,
            "note": invoice.note, "alike_reason": invoice.alike_reason,
        }
    )  # fmt: skip
    if form.validate_on_submit():
        with refusals_on(form):
            invoicing.change_invoice(invoice, form.head, by=me())
            return done(f"{invoice.called} is changed", then=there(invoice))
        invoice = loaded(invoice_id)
    return render("provider/invoices/change.html", form=form, invoice=invoice)


def there(invoice):
    return url_for("provider.invoices.show", invoice_id=invoice.id)
