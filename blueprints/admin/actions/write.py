"""What the council does with one action: answers, notes, takes it, gives it to a colleague, closes and reopens it."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.actions import bp
from blueprints.admin.actions.show import answer_form, give_form, loaded, thread
from blueprints.attachments import sent, takes_files
from blueprints.kept_forms import keep_unsent
from blueprints.pages import done, go_to
from blueprints.presses import repeatable
from blueprints.refusals import stays_on
from forms.council_actions import AnswerActionForm, DraftAnswerForm, NoteForm
from models.correspondence import action_verbs as verbs
from models.correspondence.action import Side
from models.correspondence.action_desk import give as give_to
from models.correspondence.action_post import see
from models.permissions import Permission

USE = "use"
SAID = {
    "reply": "Your reply is with {provider}",
    "comment": "Your comment is there for {provider} to read",
    "close": "The action is closed, and {provider} can read why",
    "reopen": "The action is open again",
}
"""What the buttons under the answer send, and what is said once it is done."""


@bp.post("/<int:action_id>/write")
@requires(Permission.ANSWER_ACTIONS)
@takes_files
def write(action_id):
    action, act = loaded(action_id), request.form.get("send", "")
    if act == USE:
        form = answer_form(DraftAnswerForm)
        sent(form)
        form.put_in()
        return thread(action, answer=form)
    form = answer_form(AnswerActionForm)
    if sent(form) and act not in SAID:
        form.form_errors = [*form.form_errors, "Press one of the buttons under what you have written"]
    elif not form.errors:
        see(action.id, Side.COUNCIL, by=me())
        _say(action, act, form)
        return _back(action, SAID[act].format(provider=action.provider.name))
    return thread(action, answer=form)


@bp.post("/<int:action_id>/keep")
@requires(Permission.ANSWER_ACTIONS)
@repeatable
@stays_on("admin.actions.show")
def keep(action_id):
    """Keep what is written, unsent: the script sends it as it is typed."""
    there = url_for(".show", action_id=loaded(action_id).id)
    keep_unsent(me().id, there)
    return go_to(there)


@bp.post("/<int:action_id>/note")
@requires(Permission.ANSWER_ACTIONS)
def note(action_id):
    action, form = loaded(action_id), NoteForm()
    if form.validate_on_submit():
        verbs.note(action, form.note.data, by=me())
        return _back(action, "The internal note is kept. The provider cannot see it")
    return thread(action, noting=form)


@bp.post("/<int:action_id>/take")
@requires(Permission.ANSWER_ACTIONS)
@stays_on("admin.actions.show")
def take(action_id):
    action = loaded(action_id)
    verbs.take(action, by=me())
    return _back(action, "You have taken this action")


@bp.post("/<int:action_id>/give")
@requires(Permission.ANSWER_ACTIONS)
def give(action_id):
    action = loaded(action_id)
    form = give_form(action)
    if form.validate_on_submit():
        give_to(action, form.person, by=me())
        return _back(action, f"{form.person.name if form.person else 'The team'} has this action now")
    return thread(action, giving=form)


def _say(action, act, form):
    text, given = form.text.data, {"by": me(), "files": form.files.taken}
    if act == "comment":
        verbs.comment(action, text, side=Side.COUNCIL, **given)
    else:
        {"reply": verbs.reply_to_provider, "close": verbs.close, "reopen": verbs.reopen}[act](action, text, **given)


def _back(action, message):
    return done(message, then=url_for(".show", action_id=action.id))
