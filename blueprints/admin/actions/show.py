"""One action as the council sees it: what was written, the internal notes, who has it, and what it is linked with."""

from flask import g, request

from blueprints.access import may, me, requires
from blueprints.admin.actions import bp
from blueprints.attachments import send_attachment
from blueprints.lookups import get_or_404
from blueprints.pages import render
from blueprints.reading import reads_client_records
from blueprints.transactions import note
from forms.council_actions import DraftAnswerForm, GiveForm, NoteForm
from models.accounts.conflict import conflicts_of
from models.base import session
from models.care import exception_list
from models.correspondence.action import Side
from models.correspondence.action_desk import Desk, colleagues, due_words
from models.correspondence.action_post import ActionNote, ActionPost, is_unseen, see
from models.correspondence.attachment import Attachment, by_piece
from models.correspondence.kept_reply import KeptReply
from models.permissions import Permission
from models.tenancy import every_provider
from models.together import read_together


@bp.get("/<int:action_id>")
@requires(Permission.VIEW_EVERY_ACTION)
@reads_client_records
def show(action_id):
    action = loaded(action_id)
    return thread(action, is_opened=True)


@bp.get("/<int:action_id>/news")
@requires(Permission.VIEW_EVERY_ACTION)
@reads_client_records
def news(action_id):
    """How it stands and the posts, for a page that is open: nothing where nothing has been written since."""
    action = loaded(action_id)
    if request.args.get("since") == action.last_post_at.isoformat():
        return "", 204
    return thread(action, partial="admin/actions/_thread.html")


@bp.get("/<int:action_id>/files/<int:file_id>")
@requires(Permission.VIEW_EVERY_ACTION)
def file(action_id, file_id):
    return send_attachment(get_or_404(Attachment.one_of(loaded(action_id), file_id)))


def loaded(action_id):
    """The action, if this person may read it."""
    return get_or_404(Desk.of(me()).numbered(action_id))


def thread(action, *, answer=None, noting=None, giving=None, partial=None, is_opened=False):
    """The page; one of its forms as it was sent. Whoever has or had a place at the provider reads no notes. Where it
    `is_opened`, what the provider wrote is seen from now on.
    """
    answer = answer or answer_form(DraftAnswerForm, formdata=None)
    is_own = bool(conflicts_of(me(), [action.provider_id]))
    written = ActionPost.of(action.id), Attachment.of(action), exception_list.of_action(action.id)
    posts, files, exceptions, *notes = read_together(*written, *([] if is_own else [ActionNote.of(action.id)]))
    if is_opened and may(Permission.ANSWER_ACTIONS) and is_unseen(posts, Side.COUNCIL):
        note(lambda: seen_by_us(action.id))
    sent = next((each for each in (noting, giving) if each is not None), answer)
    return render(
        "admin/actions/show.html", partial=partial, action=action, form=sent, answer=answer, due_words=due_words,
        is_still_kept=g.get("is_still_kept", False),
        posts=posts, notes=notes[0] if notes else [], is_own=is_own,
        noting=noting or NoteForm(formdata=None), giving=giving or give_form(action, formdata=None),
        files=by_piece(files), exceptions=exceptions,
    )  # fmt: skip


def answer_form(kind, **options):
    form = kind(**options)
    form.offer(session.scalars(KeptReply.by_name()).all() if may(Permission.ANSWER_ACTIONS) else ())
    return form


def give_form(action, **options):
    form = GiveForm(**options)
    form.offer(colleagues(action.team) if may(Permission.ANSWER_ACTIONS) else (), taken_by=action.assigned_to_id)
    return form


def seen_by_us(action_id):
    """In a transaction of its own, for an action that this person may read."""
    with every_provider():
        see(action_id, Side.COUNCIL, by=me())
