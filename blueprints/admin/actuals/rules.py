"""By which rules actuals of each service level are judged and paid."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.actuals import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from blueprints.refusals import stays_on
from forms.base import ButtonForm
from forms.council_actuals import RuleForm
from models.base import session
from models.care import ruling
from models.permissions import Permission
from models.records.actual_rule import ActualRule, RuleKind


@bp.get("/rules")
@requires(Permission.VIEW_EVERY_ACTUAL)
def rules():
    page = page_of(ruling.levels_with_actuals())
    ids = [level.id for level in page.items]
    found = session.scalars(ActualRule.every().where(ActualRule.service_level_id.in_(ids))).all()
    return render(
        "admin/actuals/rules.html", page=page, by_level={id_: _of(found, id_) for id_ in ids}, told=ruling.told,
        by_finance_system=ruling.by_finance_system, people=ruling.who_changed(found), form=ButtonForm(formdata=None),
    )  # fmt: skip


@bp.route("/rules/set", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTUAL_RULES, fresh=True)
def set_rule():
    form = RuleForm(data={"level": request.args.get("level", ""), "kind": request.args.get("kind", "")})
    form.offer(session.scalars(ruling.levels_with_actuals()).all())
    effect = None
    if form.validate_on_submit():
        kind, level = RuleKind(form.kind.data), form.chosen
        if kind is RuleKind.PAID_ON_PLAN:
            effect = ruling.effect_of(level.id, form.refuses_from.data).words
        if effect is None or form.seen.data == effect:
            with refusals_on(form):
                ruling.set_rule(
                    level, kind, warns_from=form.warns_from.data, refuses_from=form.refuses_from.data,
                    value=form.number, by=me(),
                )  # fmt: skip
                return done(f"{level.name}: “{kind.label}” is set", then=url_for(".rules"))
    return render("admin/actuals/rule.html", form=form, effect=effect)


@bp.post("/rules/<int:rule_id>/end")
@requires(Permission.MANAGE_ACTUAL_RULES, fresh=True)
@stays_on("admin.actuals.rules")
def end_rule(rule_id):
    rule = get_or_404(ruling.numbered(rule_id))
    name = f"{rule.level.name}: “{rule.kind.label}”"
    ruling.end_rule(rule, by=me())
    return done(f"{name} has ended", then=url_for(".rules"))


def _of(found, level_id):
    return [each for each in found if each.service_level_id == level_id]
