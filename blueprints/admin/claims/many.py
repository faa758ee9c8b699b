"""Several claims accepted at once, each in full."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.claims import bp
from blueprints.lookups import PER_PAGE, key
from blueprints.pages import done, refusals_on, render
from forms.council_claims import AcceptForm
from models.accounts.conflict import insist_on_none
from models.base import session
from models.billing.deciding import accept
from models.billing.listing import claims, several
from models.money import gbp
from models.permissions import Permission
from models.records.claim import Claim
from models.words import how_many


@bp.route("/accept-many", methods=["GET", "POST"])
@requires(Permission.DECIDE_CLAIMS)
def accept_many():
    ids = request.values.getlist("claim", type=key)[:PER_PAGE]
    rows = session.execute(claims(with_drafts=False).where(Claim.id.in_(ids))).all()
    chosen = session.scalars(several([row.id for row in rows])).all()
    pence, form = sum(row.claimed_pence for row in rows), AcceptForm()
    form.is_of(*chosen)
    insist_on_none(me(), {row.provider_id for row in rows})
    if rows and form.validate_on_submit():
        with refusals_on(form):
            accept(chosen, by=me(), seen={each.id: each.mark for each in chosen})
            accepted = sum(item.accepted_pence for each in chosen for item in each.items)
            return done(f"{how_many(len(rows), 'claim')} accepted: {gbp(accepted)}", then=url_for(".index"))
    return render("admin/claims/many.html", rows=rows, pence=pence, form=form)
