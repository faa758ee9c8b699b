"""Who may claim what: approvals, given and ended."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.claims import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from forms.council_claims import EndGrantForm, GrantForm, GrantSearch
from models.base import session
from models.billing import grant as grants_of
from models.billing.grant import ClaimGrant
from models.calendar import in_words, today
from models.permissions import Permission
from models.records.claim_pricing import claimable_levels
from models.records.provider import Provider


@bp.get("/approvals")
@requires(Permission.VIEW_EVERY_CLAIM)
def grants():
    form = GrantSearch(request.args)
    found = None
    if form.validate():
        found = page_of(ClaimGrant.listed(text=form.name.data, current_only=form.show.data == "current"))
    return render("admin/claims/grants.html", partial="admin/claims/_grants.html", form=form, page=found)


@bp.route("/approvals/new/<int:provider_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_GRANTS)
def give(provider_id):
    provider = get_or_404(Provider.numbered(provider_id))
    form = GrantForm(data={"starts_on": today()})
    form.offer(session.scalars(claimable_levels()))
    if form.validate_on_submit():
        with refusals_on(form):
            grants_of.give(
                provider, form.chosen, starts_on=form.starts_on.day, ends_on=form.ends_on.data, note=form.note.data,
                by=me(),
            )  # fmt: skip
            return done(
                f"{provider.name} may claim {form.chosen.name}", then=url_for(".grants", name=provider.reference)
            )
    return render("admin/claims/give.html", provider=provider, form=form)


@bp.route("/approvals/<int:grant_id>/end", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_GRANTS)
def end(grant_id):
    grant = get_or_404(ClaimGrant.numbered(grant_id))
    form = EndGrantForm(data={"ends_on": grant.ends_on or today()})
    if form.validate_on_submit():
        with refusals_on(form):
            grants_of.end(grant, ends_on=form.ends_on.day, by=me())
            last = in_words(form.ends_on.day)
            return done(f"{grant.provider.name} may claim {grant.level.name} up to {last}", then=url_for(".grants"))
    return render("admin/claims/end.html", grant=grant, form=form)
