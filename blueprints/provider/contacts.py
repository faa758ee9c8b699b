"""Contacts: the people at the provider whom the council knows, with one of them on the right."""

from typing import Any

from flask import Blueprint, request

from blueprints.access import requires
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import render
from forms.details import ContactSearch
from models.accounts import team
from models.accounts.user import User
from models.base import session
from models.correspondence.detail_change import DetailChange
from models.permissions import Permission
from models.records.provider import Contact
from models.refused_address import RefusedAddress

bp = Blueprint("contacts", __name__, url_prefix="/contacts")


@bp.get("/")
@requires(Permission.VIEW_ORGANISATION)
def index():
    return _page(None)


@bp.get("/<int:contact_id>")
@requires(Permission.VIEW_ORGANISATION)
def show(contact_id):
    return _page(get_or_404(Contact.numbered(contact_id)))


def _page(chosen):
    form = ContactSearch(request.args)
    form.validate()
    page = page_of(Contact.searched(form.text.data))
    contact = chosen or (page.items[0] if page.items else None)
    changes = session.scalars(DetailChange.waiting_here(of_contacts=True)).all()
    context: dict[str, Any] = {"place": None, "changes": changes, "waiting": [], "refused": None}
    if contact is not None:
        context["place"] = session.scalar(team.colleagues().where(User.email == contact.email.lower()))
        context["refused"] = RefusedAddress.among([contact.email]).get(contact.email.lower())
        context["waiting"] = [change for change in changes if change.contact_id == contact.id]
    return render(
        "provider/contacts/index.html", partial="provider/contacts/_panes.html",
        form=form, page=page, chosen=chosen, contact=contact, **context,
    )  # fmt: skip
