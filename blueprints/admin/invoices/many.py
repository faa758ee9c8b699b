"""Several invoices approved at once: only such as match."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.invoices import bp
from blueprints.lookups import PER_PAGE, key
from blueprints.pages import done, refusals_on, render
from forms.council_invoices import ApproveManyForm
from models.accounts.conflict import insist_on_none
from models.base import session
from models.billing.invoice_deciding import approve_each, several
from models.billing.invoice_listing import invoices
from models.money import gbp
from models.permissions import Permission
from models.records.invoice import Invoice
from models.words import how_many


@bp.route("/approve-many", methods=["GET", "POST"])
@requires(Permission.DECIDE_INVOICES)
def approve_many():
    ids, form = request.values.getlist("invoice", type=key)[:PER_PAGE], ApproveManyForm()
    found = several(ids)
    insist_on_none(me(), {each.provider_id for each in found})
    if form.validate_on_submit():
        pence = sum(each.kind.sign * each.gross_pence for each in found)
        with refusals_on(form):
            approve_each(found, form.seen.marks, by=me())
            return done(f"{how_many(len(found), 'invoice')} approved: {gbp(pence)}", then=url_for(".index"))
        found = several(ids)
    rows = session.execute(invoices(with_drafts=False).where(Invoice.id.in_(ids))).all()
    form.seen.are({each.id: each.mark for each in found if each.id in {row.id for row in rows}})
    return render("admin/invoices/many.html", rows=rows, pence=sum(row.gross_pence for row in rows), form=form)
