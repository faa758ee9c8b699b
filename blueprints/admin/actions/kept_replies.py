"""The texts that the council keeps for its answers."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.actions import bp
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from forms.base import ButtonForm
from forms.council_actions import ChangeKeptReplyForm, KeptReplyForm
from models.correspondence import kept_reply
from models.correspondence.kept_reply import KeptReply
from models.permissions import Permission


@bp.get("/kept-texts/")
@requires(Permission.VIEW_EVERY_ACTION)
def kept_replies():
    return render("admin/actions/kept_replies.html", page=page_of(KeptReply.by_name()))


@bp.route("/kept-texts/new", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
def new_kept_reply():
    form = KeptReplyForm()
    if form.validate_on_submit():
        kept_reply.add(form.name.data, form.text.data, by=me())
        return done(f"“{form.name.data}” is kept for everybody’s answers", then=url_for(".kept_replies"))
    return render("admin/actions/kept_reply.html", kept=None, form=form)


@bp.route("/kept-texts/<int:kept_id>", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
def change_kept_reply(kept_id):
    kept = get_or_404(KeptReply.numbered(kept_id))
    form = ChangeKeptReplyForm(obj=kept)
    form.seen.object_data, was = kept.changed_at.isoformat(), kept.changed_at
    if form.validate_on_submit():
        kept_reply.change(kept, form.name.data, form.text.data, by=me(), seen=was)
        return done(f"“{form.name.data}” is changed", then=url_for(".kept_replies"))
    return render("admin/actions/kept_reply.html", kept=kept, form=form)


@bp.route("/kept-texts/<int:kept_id>/remove", methods=["GET", "POST"])
@requires(Permission.ANSWER_ACTIONS)
def remove_kept_reply(kept_id):
    kept, form = get_or_404(KeptReply.numbered(kept_id)), ButtonForm()
    if form.validate_on_submit():
        kept_reply.remove(kept, by=me())
        return done(f"“{kept.name}” is removed. What was sent with it stays", then=url_for(".kept_replies"))
    return render("admin/actions/remove_kept_reply.html", kept=kept, form=form)
