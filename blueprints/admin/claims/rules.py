"""By which rules claims are priced and limited, and asking for others."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.claims import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from forms.claim_rules import LimitForm, PricingForm, WhyForm
from models.base import session
from models.billing import changing_rules
from models.billing.claimants import levels_of_care
from models.billing.limit import ClaimLimit, LimitEffect, LimitKind
from models.billing.pricing import told
from models.billing.rule_change import ClaimRuleChange
from models.calendar import today
from models.permissions import Permission
from models.records.claim_pricing import ClaimPricing, claimable_levels


@bp.get("/rules")
@requires(Permission.VIEW_EVERY_CLAIM)
def rules():
    return render(
        "admin/claims/rules.html", page=page_of(ClaimPricing.listed()), told=told,
        changes=session.scalars(ClaimRuleChange.latest()).all(), levels=session.scalars(claimable_levels()).all(),
        limits=session.scalars(ClaimLimit.in_force()).all(),
    )  # fmt: skip


@bp.route("/rules/pricing", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_RULES, fresh=True)
def pricing():
    form = PricingForm(data={"starts_on": today()})
    form.offer(session.scalars(claimable_levels()).all(), session.scalars(levels_of_care()).all())
    if form.validate_on_submit():
        with refusals_on(form):
            asked = changing_rules.ask_for_pricing(
                form.levels[form.level.data], form.terms, why=form.why.data, by=me()
            )  # fmt: skip
            return _asked(asked)
    return render("admin/claims/pricing.html", form=form)


@bp.route("/rules/limits/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_RULES, fresh=True)
def new_limit():
    form = LimitForm()
    form.offer(session.scalars(claimable_levels()))
    if form.validate_on_submit():
        with refusals_on(form):
            asked = changing_rules.ask_for_limit(
                LimitKind(form.kind.data), level=form.levels.get(form.level.data), most_e4=form.most_e4,
                effect=LimitEffect(form.effect.data), why=form.why.data, by=me(),
            )  # fmt: skip
            return _asked(asked)
    return render("admin/claims/limit.html", form=form)


@bp.route("/rules/limits/<int:limit_id>/end", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_RULES, fresh=True)
def end_limit(limit_id):
    limit, form = get_or_404(ClaimLimit.numbered(limit_id)), WhyForm()
    if form.validate_on_submit():
        with refusals_on(form):
            return _asked(changing_rules.ask_to_end(limit, why=form.why.data, by=me()))
    return render("admin/claims/end_limit.html", limit=limit, form=form)


def _asked(asked):
    return done(
        "Asked for. It holds once a payments manager, who is not you, has agreed",
        then=url_for(".change", rule_change_id=asked.id),
    )  # fmt: skip
