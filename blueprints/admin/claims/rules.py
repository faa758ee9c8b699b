"""By which rules claims are priced and limited."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.claims import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.refusals import stays_on
from forms.base import ButtonForm
from forms.council_claims import LimitForm, PricingForm
from models.base import session
from models.billing import limit as limits
from models.billing.claimants import levels_of_care
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind
from models.billing.pricing import set_pricing, told
from models.calendar import today
from models.permissions import Permission
from models.records.claim_pricing import ClaimPricing, claimable_levels


@bp.get("/rules")
@requires(Permission.VIEW_EVERY_CLAIM)
def rules():
    return render(
        "admin/claims/rules.html", page=page_of(ClaimPricing.listed()), told=told, form=ButtonForm(formdata=None),
        levels=session.scalars(claimable_levels()).all(), limits=session.scalars(ClaimLimit.in_force()).all(),
    )  # fmt: skip


@bp.route("/rules/pricing", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_RULES, fresh=True)
def pricing():
    form = PricingForm(data={"starts_on": today()})
    form.offer(session.scalars(claimable_levels()).all(), session.scalars(levels_of_care()).all())
    if form.validate_on_submit():
        with refusals_on(form):
            level = form.levels[form.level.data]
            set_pricing(level, **form.given, by=me())
            return done(f"{level.name} is priced so from that day", then=url_for(".rules"))
    return render("admin/claims/pricing.html", form=form)


@bp.route("/rules/limits/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_RULES, fresh=True)
def new_limit():
    form = LimitForm()
    form.offer(session.scalars(claimable_levels()))
    if form.validate_on_submit():
        with refusals_on(form):
            made = limits.set_limit(
                LimitKind(form.kind.data), level=form.levels.get(form.level.data), most_e4=form.most_e4,
                effect=LimitEffect(form.effect.data), by=me(),
            )  # fmt: skip
            return done(f"The limit is set: {made.kind.label}", then=url_for(".rules"))
    return render("admin/claims/limit.html", form=form)


@bp.post("/rules/limits/<int:limit_id>/end")
@requires(Permission.MANAGE_CLAIM_RULES, fresh=True)
@stays_on("admin.claims.rules")
def end_limit(limit_id):
    limit = get_or_404(ClaimLimit.numbered(limit_id))
    limits.end_limit(limit, by=me())
    return done("The limit has ended", then=url_for(".rules"))
