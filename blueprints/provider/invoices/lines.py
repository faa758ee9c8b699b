"""The lines of an invoice: added on its page, changed and removed on pages of their own."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.lookups import one_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.provider.invoices import bp
from blueprints.provider.invoices.index import INVOICE, invoice_page, loaded, shown
from blueprints.reading import reads_client_records
from forms.invoices import LineForm, SeenLineForm
from models.base import session
from models.billing import invoice_lines as verbs
from models.billing.invoice_facts import Facts
from models.money import gbp
from models.permissions import Permission

GONE = "Somebody else has removed this line. Add it again if it is needed"
REMOVED_ALREADY = "Somebody else has removed the line already"
LINE = "/<int:invoice_id>/lines/<int:line_id>"


@bp.post("/<int:invoice_id>/lines/add")
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def add_line(invoice_id):
    invoice = loaded(invoice_id)
    form = _offered(LineForm(), invoice)
    if form.validate_on_submit():
        with refusals_on(form):
            line = verbs.add_line(invoice, form.asked, by=me())
            there = url_for(".show", invoice_id=invoice_id, like=line.id, _anchor="add")
            return done(
                f"The line for {gbp(line.gross_pence)} is added. The next one begins with its days", then=there,
                partial=INVOICE, **shown(_again(invoice), like=line.id),
            )  # fmt: skip
    return invoice_page(loaded(invoice_id), line_form=form)


@bp.route(f"{LINE}/change", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def change_line(invoice_id, line_id):
    invoice = loaded(invoice_id)
    if _is_gone(invoice, line_id):
        return _gone(invoice)
    line = line_of(invoice, line_id)
    form = LineForm(
        data={
            "item": str(line.item_id), "first_on": line.first_on, "last_on": line.last_on, "quantity": line.quantity_e4,
            "rate": line.rate_e4, "vat": line.vat_code.value, "description": line.description,
        }
    )  # fmt: skip
    _offered(form, invoice)
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.change_line(invoice, line, form.asked, by=me(), seen=form.seen.data or "")
            return done(f"The line comes to {gbp(line.gross_pence)} now", then=_there(invoice))
        invoice = _looked_at_again(invoice_id, line_id, form)
    elif not form.is_submitted():
        form.seen.is_of(line.mark)
    return render("provider/invoices/line.html", form=form, invoice=invoice)


@bp.route(f"{LINE}/remove", methods=["GET", "POST"])
@requires(Permission.SUBMIT_INVOICES)
@reads_client_records
def remove_line(invoice_id, line_id):
    invoice = loaded(invoice_id)
    if _is_gone(invoice, line_id):
        return done(REMOVED_ALREADY, then=_there(invoice))
    line, form = line_of(invoice, line_id), SeenLineForm()
    if form.validate_on_submit():
        with refusals_on(form):
            verbs.remove_line(invoice, line, by=me(), seen=form.seen.data or "")
            return done("The line is removed", then=_there(invoice))
        invoice = _looked_at_again(invoice_id, line_id, form)
        if _is_gone(invoice, line_id):  # removed while this one waited for its turn
            return done(REMOVED_ALREADY, then=_there(invoice))
        line = line_of(invoice, line_id)
    elif not form.is_submitted():
        form.seen.is_of(line.mark)
    return render("provider/invoices/remove_line.html", form=form, invoice=invoice, line=line)


def _looked_at_again(invoice_id, line_id, form):
    """After a refusal: the invoice as it is now, and the form with the line's mark of now."""
    invoice = loaded(invoice_id)
    for line in invoice.lines:
        if line.id == line_id:
            form.seen.is_of(line.mark, anew=True)
    return invoice


def _is_gone(invoice, line_id):
    """Somebody presses the button of a page whose line was removed meanwhile."""
    return request.method == "POST" and line_id not in {each.id for each in invoice.lines}


def _gone(invoice):
    """The page of the invoice, where what was typed of the line stands in the form of a new one."""
    form = _offered(LineForm(), invoice)
    form.form_errors = [GONE]
    return invoice_page(invoice, line_form=form)


def line_of(invoice, line_id):
    return one_or_404([each for each in invoice.lines if each.id == line_id])


def _again(invoice):
    """With the lines that it has now."""
    session.expire(invoice)
    return loaded(invoice.id)


def _offered(form, invoice):
    form.offer(Facts.of_contract(invoice.contract_id).offered(invoice.contract_id))
    return form


def _there(invoice):
    return url_for(".show", invoice_id=invoice.id)
