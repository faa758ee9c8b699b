"""Who has access to a provider: the council lets in, changes roles and takes away."""

from flask import request, url_for

from blueprints.access import me, requires
from blueprints.admin.people.new import NOT_A_CONTACT, let_in
from blueprints.admin.providers import bp
from blueprints.frame import portal_address
from blueprints.lookups import get_or_404, key, page_of
from blueprints.pages import done, render
from forms.base import ButtonForm
from forms.people import AccessForm, RefuseForm, RoleForm
from models.accounts import directory, team
from models.accounts.user import Membership
from models.base import DomainError, session
from models.permissions import Permission, Role
from models.records.provider import Contact, Provider

PLACE = "/<int:provider_id>/access/<int:person_id>"


@bp.get("/waiting")
@requires(Permission.MANAGE_ACCESS)
def waiting():
    return render("admin/providers/waiting.html", page=page_of(team.waiting()))


@bp.route("/<int:provider_id>/access/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def give_access(provider_id):
    provider = get_or_404(Provider.numbered(provider_id))
    contact = session.scalar(_contact(provider_id, request.args.get("contact", type=key)))
    form = AccessForm(data={"name": contact.name, "email": contact.email} if contact else None)
    if form.validate_on_submit():
        if provider.knows(form.email.data):
            return let_in(provider, form)
        form.email.errors = [NOT_A_CONTACT.format(provider.name)]
    return render("admin/providers/give_access.html", provider=provider, form=form, roles=Role)


@bp.route(f"{PLACE}/grant", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def grant(provider_id, person_id):
    place, form = _place(provider_id, person_id), ButtonForm()
    if form.validate_on_submit():
        team.grant(place, by=me(), portal=portal_address())
        return done(f"{place.user.name} now has access to {place.provider.name}", then=_page_of(place))
    return render("admin/providers/grant.html", place=place, form=form)


@bp.route(f"{PLACE}/refuse", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def refuse(provider_id, person_id):
    place, form = _place(provider_id, person_id), RefuseForm()
    if form.validate_on_submit():
        team.refuse(place, by=me(), reason=form.reason.data)
        return done(f"The invitation of {place.user.name} is refused", then=_page_of(place))
    return render("admin/providers/refuse.html", place=place, form=form)


@bp.route(f"{PLACE}/role", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def change_role(provider_id, person_id):
    place = _place(provider_id, person_id)
    form = RoleForm(data={"role": place.role.value})
    if form.validate_on_submit():
        team.change_role(place, Role(form.role.data), by=me())
        return done(f"{place.user.name}: {Role(form.role.data).label}", then=_page_of(place))
    return render("admin/providers/change_role.html", place=place, form=form, roles=Role)


@bp.route(f"{PLACE}/remove", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def remove(provider_id, person_id):
    place, form = _place(provider_id, person_id), ButtonForm()
    if form.validate_on_submit():
        team.remove(place, by=me())
        return done(f"{place.user.name} no longer has access to {place.provider.name}", then=_page_of(place))
    return render("admin/providers/remove.html", place=place, form=form)


def _place(provider_id, person_id):
    """The place of somebody else there: nobody decides about their own access."""
    place = get_or_404(directory.members(provider_id).where(Membership.user_id == person_id))
    if place.user_id == me().id:
        raise DomainError("You cannot decide about your own access. Ask a colleague")
    return place


def _contact(provider_id, contact_id):
    return directory.contacts(provider_id).where(Contact.id == (contact_id or 0))


def _page_of(place):
    return url_for(".show", provider_id=place.provider_id)
