"""Which types of action there are, and which teams answer them: lists, adding, changing and retiring."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.actions import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from forms.action_setup import BringBackForm, RetireForm, TeamForm, TypeForm
from models.base import session
from models.calendar import in_words, today
from models.correspondence import action_setup
from models.correspondence.action_type import ActionTeam, ActionType
from models.permissions import Permission


@bp.get("/types/")
@requires(Permission.MANAGE_ACTION_TYPES)
def types():
    return render("admin/actions/types.html", page=page_of(ActionType.by_name()))


@bp.route("/types/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTION_TYPES)
def new_type():
    return _type(None, TypeForm(data={"version": 0}))


@bp.route("/types/<int:type_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTION_TYPES)
def change_type(type_id):
    type_ = get_or_404(ActionType.numbered(type_id))
    return _type(type_, TypeForm(obj=type_))


@bp.route("/types/<int:type_id>/retire", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTION_TYPES)
def retire_type(type_id):
    type_ = get_or_404(ActionType.numbered(type_id))
    return _retire(type_, action_setup.retire_type, then=url_for(".types"))


@bp.get("/teams/")
@requires(Permission.MANAGE_ACTION_TYPES)
def teams():
    page = page_of(ActionTeam.by_name())
    return render("admin/actions/teams.html", page=page, people=action_setup.people_of(page.items))


@bp.route("/teams/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTION_TYPES)
def new_team():
    return _team(None, TeamForm(data={"version": 0}))


@bp.route("/teams/<int:team_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTION_TYPES)
def change_team(team_id):
    team = get_or_404(ActionTeam.numbered(team_id))
    return _team(team, TeamForm(obj=team))


@bp.route("/teams/<int:team_id>/retire", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACTION_TYPES)
def retire_team(team_id):
    team = get_or_404(ActionTeam.numbered(team_id))
    return _retire(team, action_setup.retire_team, then=url_for(".teams"))


def _type(type_, form):
    form.offer(session.scalars(ActionTeam.by_name()).all(), type_)
    if form.validate_on_submit():
        with refusals_on(form):
            facts = form.facts
            if type_ is None:
                action_setup.add_type(facts, by=me())
            else:
                action_setup.change_type(type_, facts, by=me(), seen=form.version.data)
            return done(f"{facts.name} is {'changed' if type_ else 'added'}", then=url_for(".types"))
    return render("admin/actions/type.html", type=type_, form=form)


def _team(team, form):
    if form.validate_on_submit():
        with refusals_on(form):
            facts = form.facts
            if team is None:
                action_setup.add_team(facts, by=me())
            else:
                action_setup.change_team(team, facts, by=me(), seen=form.version.data)
            return done(f"{facts.name} is {'changed' if team else 'added'}", then=url_for(".teams"))
    return render("admin/actions/team.html", team=team, form=form)


def _retire(one, verb, *, then):
    """The page on which a type or a team is retired from a day on, or, where it is, brought back."""
    form = RetireForm(data={"on": today()}, obj=one) if one.retired_on is None else BringBackForm(obj=one)
    if form.validate_on_submit():
        on = form.on.data if form.on else None
        with refusals_on(form):
            verb(one, on, by=me(), seen=form.version.data)
            return done(f"{one.name} {_until(one.retired_on)}", then=then)
    return render("admin/actions/retire.html", one=one, form=form, then=then, is_team=isinstance(one, ActionTeam))


def _until(on):
    return f"is retired from {in_words(on)} on" if on else "is in use again"
