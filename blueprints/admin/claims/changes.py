"""What somebody has asked for of prices and limits of claims: a second person agrees, or turns it down."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.claims import bp
from blueprints.lookups import get_or_404
from blueprints.pages import done, refusals_on, render
from blueprints.refusals import stays_on
from forms.claim_rules import WhyForm
from models.billing import changing_rules
from models.billing.rule_change import ClaimRuleChange
from models.permissions import Permission

CHANGE = "/rules/changes/<int:rule_change_id>"


@bp.get(CHANGE)
@requires(Permission.VIEW_EVERY_CLAIM)
def change(rule_change_id):
    asked = get_or_404(ClaimRuleChange.numbered(rule_change_id))
    return render("admin/claims/change.html", asked=asked, why_not=changing_rules.why_not(asked, me()))


@bp.post(f"{CHANGE}/agree")
@requires(Permission.AGREE_CLAIM_RULES, fresh=True)
@stays_on("admin.claims.change")
def agree(rule_change_id):
    asked = get_or_404(ClaimRuleChange.numbered(rule_change_id))
    changing_rules.agree(asked, by=me())
    return done("You have agreed, and it holds now", then=url_for(".rules"))


@bp.route(f"{CHANGE}/turn-down", methods=["GET", "POST"])
@requires(Permission.MANAGE_CLAIM_RULES)
def turn_down(rule_change_id):
    """Whoever has asked for it takes it back so."""
    asked, form = get_or_404(ClaimRuleChange.numbered(rule_change_id)), WhyForm()
    if form.validate_on_submit():
        with refusals_on(form):
            changing_rules.turn_down(asked, why=form.why.data, by=me())
            return done("It is not done", then=url_for(".change", rule_change_id=rule_change_id))
    return render("admin/claims/turn_down.html", asked=asked, form=form)
