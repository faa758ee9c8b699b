"""Several invoices approved at once: only such as match."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.invoices import bp
from blueprints.lookups import PER_PAGE, key
from blueprints.pages import done, refusals_on, render
from forms.base import FlaskForm
from forms.fields import SeenPence
from models.accounts.conflict import insist_on_none
from models.base import session
from models.billing.invoice_deciding import approve_each, several
from models.billing.invoice_listing import invoices
from models.money import gbp
from models.permissions import Permission
from models.records.invoice import Invoice
from models.words import how_many


class ApproveManyForm(FlaskForm):
    """The button, with the sum of all that the page showed."""

    seen = SeenPence("Their sum")


@bp.route("/approve-many", methods=["GET", "POST"])
@requires(Permission.DECIDE_INVOICES)
def approve_many():
    ids = request.values.getlist("invoice", type=key)[:PER_PAGE]
    rows = session.execute(invoices(with_drafts=False).where(Invoice.id.in_(ids))).all()
    pence = sum(row.gross_pence for row in rows)
    form = ApproveManyForm(data={"seen": pence})
    insist_on_none(me(), {row.provider_id for row in rows})
    if rows and form.validate_on_submit():
        with refusals_on(form):
            shown = {row.id: row.kind.sign * row.gross_pence for row in rows}
            approve_each([(each, shown[each.id]) for each in several(list(shown))], by=me())
            return done(f"{how_many(len(rows), 'invoice')} approved: {gbp(pence)}", then=url_for(".index"))
    return render("admin/invoices/many.html", rows=rows, pence=pence, form=form)
