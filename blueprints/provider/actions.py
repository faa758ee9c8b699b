"""Actions and Change Requests: the list, a new one, and the thread of each."""

from dataclasses import replace
from datetime import date

from flask import Blueprint, abort, g, request, url_for
from sqlalchemy import false, or_, select

from blueprints.access import looking_at, may, me, requires, viewed
from blueprints.attachments import send_attachment, sent, takes_files
from blueprints.filters import weekday
from blueprints.kept_forms import keep_unsent
from blueprints.lookups import address_without, get_or_404, key, page_of
from blueprints.pages import done, go_to, refusals_on, render
from blueprints.presses import repeatable
from blueprints.reading import reads_client_records
from blueprints.transactions import note
from forms.actions import ActionFilter, NewActionForm, SaidForm, WriteForm
from models.base import session
from models.correspondence import action_verbs as verbs
from models.correspondence.action import Action, Side, pending
from models.correspondence.action_desk import read_as_staff
from models.correspondence.action_post import is_unseen, posts_of, see
from models.correspondence.action_type import ActionType, offered
from models.correspondence.asked_about import (
    Asked,
    invoice_asked_about,
    item_asked_about,
    order_asked_about,
    payment_asked_about,
    usual_type,
)
from models.correspondence.attachment import Attachment, by_piece, files_of
from models.correspondence.document import ContractDocument
from models.correspondence.event_preview import preview
from models.permissions import Permission
from models.records.client import Client
from models.records.contract import Contract
from models.tenancy import every_provider

bp = Blueprint("actions", __name__, url_prefix="/actions")

MOST_CLIENTS = 100
"""So many clients stand in a list to choose from. Who has more finds them by name."""
SAID = {
    "comment": "Your comment is there for the council to read",
    "reply": "Your reply is with the {team}",
    "closure": "You have asked the council to close this",
    "not_solved": "This action is open again",
}


@bp.get("/")
@requires(Permission.VIEW_ACTIONS)
@reads_client_records
def index():
    form, page, hidden = ActionFilter(request.args), None, set()
    if form.validate():
        found = Action.listed(**form.chosen_filters, of_money=_sees_money())
        if looking_at() is not None:
            found = found.where(read_as_staff(me())) if form.text.data else found  # no title is found by its words
        page = page_of(found)
        hidden = {each.id for each in page.items} - _read_of(page.items)
    return render(
        "provider/actions/index.html", partial="provider/actions/_list.html", address=address_without("text"),
        form=form, page=page, pending=pending(of_money=_sees_money()), hidden=hidden,
    )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.SEND_ACTIONS)
@reads_client_records
@takes_files
def new():
    asked = _asked()
    known = session.scalars(ActionType.by_name()).unique().all()
    types = offered(known, viewed().kind, of_money=_sees_money())
    form = NewActionForm(data=_begins_with(asked, types))
    clients, has_more = _clients(form, asked.about.client_id)
    form.offer(types, viewed(), clients, asked.about.client_id, has_more=has_more)
    if "choose" not in request.form and sent(form):
        is_to_look = "sure" not in request.form and _sees_money()
        if is_to_look and (told := preview(form.chosen, viewed().id, form.client_id, *form.days)):
            return render("provider/actions/check.html", form=form, told=told, here=_here())
        with refusals_on(form):
            return _create(form, asked)
    return render(
        "provider/actions/new.html", partial="provider/actions/_for_type.html", form=form, asked=asked, here=_here(),
        keep=url_for(".keep_new", **_links()), is_still_kept=g.get("is_still_kept", False),
    )  # fmt: skip


def _clients(form, linked_id):
    """Who it can be about, and whether there are more: of more than MOST_CLIENTS, those that are found by what is typed
    and the one who is chosen.
    """
    every = Client.at_provider()
    if linked_id is not None:
        return session.scalars(every.where(Client.id == linked_id)).all(), False
    first = session.scalars(every.limit(MOST_CLIENTS + 1)).all()
    if len(first) <= MOST_CLIENTS:
        return first, False
    typed = form.related.data or ""
    chosen = Client.id == int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else false()
    is_found = Client.found_by(form.find.data) if form.find.data else false()
    return session.scalars(every.where(or_(is_found, chosen)).limit(MOST_CLIENTS)).all(), True


def _begins_with(asked, types):
    """What stands in the form before anything is typed."""
    usual, client_id = usual_type(types, asked), asked.about.client_id
    wanted = request.args.get("type", type=key)
    return {
        "type": str(wanted or (usual.id if usual else "")), "title": asked.title,
        "related": str(client_id) if client_id else "",
    }  # fmt: skip


def _create(form, asked):
    first, last = form.days
    action = verbs.open_action(
        form.chosen, viewed(), team=form.team_chosen, title=form.title.data, text=form.text.data, by=me(),
        about=replace(asked.about, client_id=form.client_id), event_on=first, event_until=last, files=form.files.taken,
    )  # fmt: skip
    due = f" by the end of {weekday(action.due_on)}" if action.due_on else ""
    return done(f"We have your action. The {form.team_chosen.name} answers it{due}", then=url_for(".index"))


@bp.post("/new/keep")
@requires(Permission.SEND_ACTIONS)
@repeatable
def keep_new():
    """Keep what is written, unsent: the script sends it as it is typed."""
    keep_unsent(me().id, _here())
    return go_to(_here())


@bp.get("/<int:action_id>")
@requires(Permission.VIEW_ACTIONS)
@reads_client_records
def show(action_id):
    action = _loaded(action_id)
    if not _read_of([action]):
        return render("provider/actions/hidden.html", action=action)
    return _thread(action, WriteForm())


@bp.get("/<int:action_id>/news")
@requires(Permission.VIEW_ACTIONS)
@reads_client_records
def news(action_id):
    """The posts and how it stands, for a page that is open: nothing where nothing has been written since."""
    action = _read(action_id)
    if request.args.get("since") == action.last_post_at.isoformat():
        return "", 204
    return _thread(action, WriteForm())


@bp.post("/<int:action_id>/write")
@requires(Permission.SEND_ACTIONS)
@takes_files
def write(action_id):
    action = _loaded(action_id)
    act = request.form.get("send", "")
    act = act if act in SAID else "comment"  # which changes nothing of who has it
    form = WriteForm() if act == "closure" else SaidForm()
    form.offer(action)
    if sent(form):
        with refusals_on(form):
            see(action_id, Side.PROVIDER, by=me())
            _say(action, act, form)
            return done(SAID[act].format(team=form.team_chosen.name), then=url_for(".show", action_id=action_id))
    return _thread(action, form)


@bp.post("/<int:action_id>/keep")
@requires(Permission.SEND_ACTIONS)
@repeatable
def keep(action_id):
    """As keep_new, of what is written in an action."""
    get_or_404(Action.numbered(action_id, of_money=_sees_money()))
    there = url_for(".show", action_id=action_id)
    keep_unsent(me().id, there)
    return go_to(there)


@bp.get("/<int:action_id>/files/<int:file_id>")
@requires(Permission.VIEW_ACTIONS)
def file(action_id, file_id):
    return send_attachment(get_or_404(Attachment.one_of(_read(action_id), file_id)))


def _thread(action, form):
    posts = posts_of(action.id)
    is_opened = request.endpoint == "provider.actions.show"  # a page that looks for news by itself has seen nothing
    if looking_at() is None and is_opened and is_unseen(posts, Side.PROVIDER):
        note(lambda: _seen(action.id))
    form.offer(action)
    files = by_piece(files_of(action))
    return render(
        "provider/actions/show.html", partial="provider/actions/_thread.html", action=action, posts=posts, form=form,
        files=files, is_still_kept=g.get("is_still_kept", False), sees_money=_sees_money(),
    )  # fmt: skip


def _say(action, act, form):
    given = {"by": me(), "files": form.files.taken}
    if act == "comment":
        verbs.comment(action, form.text.data, side=Side.PROVIDER, **given)
    elif act == "reply":
        verbs.reply_to_council(action, form.text.data, form.team_chosen, **given)
    elif act == "closure":
        verbs.ask_closure(action, form.text.data, **given)
    else:
        verbs.not_solved(action, form.text.data, **given)


def _loaded(action_id):
    return get_or_404(Action.opened(_sees_money()), {"action_id": action_id})


def _read(action_id):
    """As _loaded, and 404 for staff who may only know that it is there."""
    action = _loaded(action_id)
    if not _read_of([action]):
        abort(404)
    return action


def _read_of(actions):
    """The ids of those that this person may read. The provider's own people read all that they see here; staff who look
    at its pages read what they do on the council's.
    """
    ids = {each.id for each in actions}
    if looking_at() is None or not ids:
        return ids
    return set(session.scalars(select(Action.id).where(Action.id.in_(ids), read_as_staff(me()))))


def _seen(action_id):
    """Somebody here has opened it: in a transaction of its own, for an action that this person may read."""
    with every_provider():
        see(action_id, Side.PROVIDER, by=me())


def _sees_money():
    return may(Permission.VIEW_PAYMENTS)


def _here():
    """The address of the form of a new action, with what it is about."""
    return url_for(".new", **_links())


def _links():
    return {name: request.args[name] for name in LINKS if name in request.args}


LINKS = ("contract", "first_on", "order", "number", "item", "document", "invoice", "type")
"""What the address of a new action may say: what it is linked with, an order by its id or number, an item by its id."""


def _asked():
    """What the address links the action with, each the provider's own."""
    asked, reference = Asked(), request.args.get("contract")
    if reference is not None:
        contract = get_or_404(Contract.referred_to(reference))
        first_on = request.args.get("first_on", type=date.fromisoformat) if _sees_money() else None
        if first_on is not None:
            asked = asked.with_payment(get_or_404(payment_asked_about(contract.id, first_on)))
        else:
            asked = asked.with_contract(contract)
    order_id, number = request.args.get("order", type=key), request.args.get("number", type=key)
    if order_id or number:
        asked = asked.with_order(get_or_404(order_asked_about(order_id, number)))
    if (item_id := request.args.get("item", type=key)) is not None:
        asked = asked.with_item(get_or_404(item_asked_about(item_id)))
    return _with_papers(asked)


def _with_papers(asked):
    """And with a document or an invoice, for those who may read them."""
    if (document_id := request.args.get("document", type=key)) is not None:
        if not may(Permission.VIEW_DOCUMENTS):
            abort(404)
        asked = asked.with_document(get_or_404(ContractDocument.at_provider(document_id)))
    if (invoice_id := request.args.get("invoice", type=key)) is not None:
        if not may(Permission.VIEW_INVOICES):
            abort(404)
        asked = asked.with_invoice(get_or_404(invoice_asked_about(invoice_id)))
    return asked
