"""Another team of the council goes on with an action."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.actions import bp
from blueprints.admin.actions.show import loaded
from blueprints.pages import done, render
from forms.council_actions import PassOnForm
from models.base import session
from models.correspondence import action_verbs as verbs
from models.correspondence.action_type import ActionTeam
from models.permissions import Permission


@bp.route("/<int:action_id>/pass-on", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
def pass_on(action_id):
    action, form = loaded(action_id), PassOnForm()
    form.offer(session.scalars(ActionTeam.at_work()).all(), action)
    if form.validate_on_submit():
        verbs.pass_on(action, form.chosen, by=me(), text=form.text.data)
        return done(f"{form.chosen.name} has “{action.title}” now", then=url_for(".index"))
    return render("admin/actions/pass_on.html", action=action, form=form)
