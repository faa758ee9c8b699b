"""Asking for a change of the details held, and what became of it. The council makes it; nothing is edited here."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires, viewed
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from forms.details import ContactForm, LeavesForm, OrganisationForm
from models.accounts.user import names_of
from models.calendar import today
from models.correspondence.detail_change import (
    ChangeKind,
    DetailChange,
    ask,
    drafted,
    has_arrived,
    held,
    insist_on_room,
)
from models.permissions import Permission
from models.records.provider import Contact, Provider

bp = Blueprint("changes", __name__, url_prefix="/changes")


@bp.get("/")
@requires(Permission.VIEW_ORGANISATION)
def index():
    return render("provider/changes/index.html", page=page_of(DetailChange.newest_first()))


@bp.get("/<int:change_id>")
@requires(Permission.VIEW_ORGANISATION)
def show(change_id):
    change = get_or_404(DetailChange.numbered(change_id))
    arrived = has_arrived(change)
    return render("provider/changes/show.html", change=change, arrived=arrived, names=names_of([change.decided_by_id]))


@bp.post("/<int:change_id>/withdraw")
@requires(Permission.ASK_FOR_CHANGES)
def withdraw(change_id):
    change = get_or_404(DetailChange.numbered(change_id))
    change.withdraw(by=me())
    return done("You have withdrawn this. Nothing is changed", then=url_for(".show", change_id=change_id))


@bp.route("/ask/organisation", methods=["GET", "POST"])
@requires(Permission.ASK_FOR_CHANGES)
def organisation():
    provider = get_or_404(Provider.numbered(viewed().id))
    return _asking(ChangeKind.ORGANISATION, provider, OrganisationForm, held(provider))


@bp.route("/ask/new-contact", methods=["GET", "POST"])
@requires(Permission.ASK_FOR_CHANGES)
def new_contact():
    return _asking(ChangeKind.NEW_CONTACT, get_or_404(Provider.numbered(viewed().id)), ContactForm, {})


@bp.route("/ask/contacts/<int:contact_id>", methods=["GET", "POST"])
@requires(Permission.ASK_FOR_CHANGES)
def contact(contact_id):
    person = get_or_404(Contact.numbered(contact_id))
    return _asking(ChangeKind.CONTACT, person, ContactForm, held(person))


@bp.route("/ask/contacts/<int:contact_id>/leaves", methods=["GET", "POST"])
@requires(Permission.ASK_FOR_CHANGES)
def leaves(contact_id):
    person = get_or_404(Contact.numbered(contact_id))
    return _asking(ChangeKind.CONTACT_LEAVES, person, LeavesForm, held(person))


def _asking(kind, of, form_of, details):
    """Typing, then a look at before and after, then sending. Going back to the form keeps what was typed."""
    form = form_of(details, data={"wanted_on": today()})
    if form.validate_on_submit() and "change" not in request.form:
        given = {"wanted_on": form.wanted_on.data, "note": form.note.data}
        with refusals_on(form):
            if "send" in request.form:
                sent = ask(kind, of, form.wanted, **given, by=me())
                said = "We have your request, and tell you when the change is made"
                return done(said, then=url_for(".show", change_id=sent.id))
            insist_on_room(viewed().id)
            return render("provider/changes/check.html", form=form, change=drafted(kind, of, form.wanted, **given))
    return render("provider/changes/ask.html", form=form, kind=kind, of=of)
