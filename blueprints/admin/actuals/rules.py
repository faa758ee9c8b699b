"""By which rules actuals of each service level are judged and paid. What moves money, a second manager agrees to."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.actuals import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from forms.base import ButtonForm
from forms.council_actuals import AgreeRuleForm, RuleChangeForm, RuleForm
from models.base import session
from models.care import changing_rules, ruling
from models.care.rule_change import ActualRuleChange
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
        changes=session.scalars(ActualRuleChange.latest()).all(), of_two=ruling.TWO_PEOPLE,
    )  # fmt: skip


@bp.route("/rules/set", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTUAL_RULES, fresh=True)
def set_rule():
    form = RuleForm(data={"level": request.args.get("level", ""), "kind": request.args.get("kind", "")})
    form.offer(session.scalars(ruling.levels_with_actuals()).all())
    effect = None
    if form.validate_on_submit():
        kind, level = RuleKind(form.kind.data), form.chosen
        if kind in ruling.TWO_PEOPLE:
            effect = ruling.effect_of(level.id, form.refuses_from.data).words
        with refusals_on(form):
            if effect is None:
                ruling.set_rule(
                    level, kind, warns_from=form.warns_from.data, refuses_from=form.refuses_from.data,
                    value=form.number, by=me(),
                )  # fmt: skip
                return done(f"{level.name}: “{kind.label}” is set", then=url_for(".rules"))
            ruling.insist_on_sense(kind, form.warns_from.data, form.refuses_from.data, form.number)
            if form.seen.data == effect:
                return _asked(changing_rules.ask_for_rule(
                    level, kind, refuses_from=form.refuses_from.data, why=form.why.data, by=me()
                ))  # fmt: skip
    return render("admin/actuals/rule.html", form=form, effect=effect)


@bp.route("/rules/<int:rule_id>/end", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTUAL_RULES, fresh=True)
def end_rule(rule_id):
    """At once, or where it moves money asked for, with a reason."""
    rule = get_or_404(ruling.numbered(rule_id))
    name = f"{rule.level.name}: “{rule.kind.label}”"
    if rule.kind in ruling.TWO_PEOPLE:
        return _ask_to_end(rule, name)
    form = ButtonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            ruling.end_rule(rule, by=me())
            return done(f"{name} has ended", then=url_for(".rules"))
    return render("admin/actuals/end_rule.html", form=form, rule=rule, name=name)


def _ask_to_end(rule, name):
    form = RuleChangeForm()
    if form.validate_on_submit():
        with refusals_on(form):
            return _asked(changing_rules.ask_to_end_rule(rule, why=form.why.data, by=me()))
    return render("admin/actuals/end_rule.html", form=form, rule=rule, name=name)


CHANGE = "/rules/changes/<int:actual_rule_change_id>"


@bp.get(CHANGE)
@requires(Permission.VIEW_EVERY_ACTUAL)
def rule_change(actual_rule_change_id):
    """What somebody has asked for, and what it touches."""
    asked = get_or_404(ActualRuleChange.numbered(actual_rule_change_id))
    return _change_page(asked, AgreeRuleForm(formdata=None))


@bp.post(f"{CHANGE}/agree")
@requires(Permission.MANAGE_ACTUAL_RULES, fresh=True)
def agree_rule(actual_rule_change_id):
    asked, form = get_or_404(ActualRuleChange.numbered(actual_rule_change_id)), AgreeRuleForm()
    form.offer(_effect_of(asked))
    with refusals_on(form):
        if form.validate_on_submit():
            changing_rules.agree(asked, by=me())
            return done("You have agreed, and it holds now", then=url_for(".rules"))
    return _change_page(asked, form)


def _effect_of(asked):
    return ruling.effect_of_change(asked.service_level_id, asked.kind, asked.refuses_from)


def _change_page(asked, form):
    effect = _effect_of(asked)
    form.offer(effect)
    return render(
        "admin/actuals/rule_change.html", asked=asked, effect=effect, form=form,
        why_not=changing_rules.why_not(asked, me()),
    )  # fmt: skip


@bp.route(f"{CHANGE}/turn-down", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTUAL_RULES)
def turn_down_rule(actual_rule_change_id):
    """Whoever has asked for it takes it back so."""
    asked, form = get_or_404(ActualRuleChange.numbered(actual_rule_change_id)), RuleChangeForm()
    if form.validate_on_submit():
        with refusals_on(form):
            changing_rules.turn_down(asked, why=form.why.data, by=me())
            return done("It is not done", then=url_for(".rule_change", actual_rule_change_id=asked.id))
    return render("admin/actuals/turn_down_rule.html", asked=asked, form=form)


def _asked(asked):
    return done(
        "Asked for. It holds once a second manager has agreed",
        then=url_for(".rule_change", actual_rule_change_id=asked.id),
    )  # fmt: skip


def _of(found, level_id):
    return [each for each in found if each.service_level_id == level_id]
