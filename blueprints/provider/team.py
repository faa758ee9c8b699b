"""Team: who may log in for the provider, inviting, changing and removing them, and the six-monthly review."""

from flask import Blueprint, url_for

from blueprints.access import me, requires, viewed
from blueprints.frame import portal_address
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, refusals_on, render
from forms.base import ButtonForm
from forms.team import InviteForm, RoleForm, judged, leavers, review_form
from models.accounts import access_review, team
from models.accounts.user import ONE_MAILBOX, Membership, names_of
from models.base import session
from models.outbox import try_again as try_again_at
from models.permissions import Permission
from models.records.provider import Contact
from models.refused_address import RefusedAddress

bp = Blueprint("team", __name__, url_prefix="/team")


@bp.get("/")
@requires(Permission.MANAGE_TEAM)
def index():
    people = page_of(team.colleagues().where(Membership.granted_at.is_not(None)))
    waiting = page_of(team.waiting(), name="waiting")
    return render(
        "provider/team/index.html", people=people, waiting=waiting,
        review=access_review.reviewed(viewed().id),
        refused=RefusedAddress.among(each.user.email for each in [*people.items, *waiting.items]),
        strangers=_strangers(people.items), names=names_of(each.invited_by_id for each in waiting.items),
    )  # fmt: skip


@bp.route("/invite", methods=["GET", "POST"])
@requires(Permission.MANAGE_TEAM, fresh=True)
def invite():
    contacts = {str(each.id): each for each in session.scalars(team.invitable())}
    form = InviteForm()
    form.contact.offer(("", "[Choose a contact]"), *((key, _named(each)) for key, each in contacts.items()))
    if form.validate_on_submit():
        contact = contacts[form.contact.data]
        with refusals_on(form):
            place = team.invite(viewed(), contact.email, contact.name, form.chosen, by=me(), portal=portal_address())
            said = "can log in now" if place.granted_at else "can log in once the council has granted it"
            return done(f"{place.called} {said}", then=url_for(".index"))
    return render(
        "provider/team/invite.html", form=form, contacts=contacts, sharing=session.scalars(team.sharing()).all(),
        why_not=ONE_MAILBOX,
    )  # fmt: skip


@bp.route("/<int:person_id>/role", methods=["GET", "POST"])
@requires(Permission.MANAGE_TEAM, fresh=True)
def role(person_id):
    place = get_or_404(team.place_of(person_id))
    form = RoleForm(data={"role": place.role.value})
    if form.validate_on_submit():
        with refusals_on(form):
            team.change_role(place, form.chosen, by=me())
            return done(f"{place.user.name} is now: {form.chosen.label}", then=url_for(".index"))
    return render("provider/team/role.html", place=place, form=form)


@bp.post("/<int:person_id>/try-again")
@requires(Permission.MANAGE_TEAM)
def try_again(person_id):
    place, form = get_or_404(team.place_of(person_id)), ButtonForm()
    mark = get_or_404(RefusedAddress.of(place.user.email))
    if form.validate_on_submit():
        try_again_at(mark, by=me())
    return done(f"What waits for {mark.address} is sent once more", then=url_for(".index"))


@bp.route("/<int:person_id>/remove", methods=["GET", "POST"])
@requires(Permission.MANAGE_TEAM, fresh=True)
def remove(person_id):
    place = get_or_404(team.place_of(person_id))
    form = ButtonForm()
    if form.validate_on_submit():
        team.remove(place, by=me())
        return done(f"{place.called} no longer has access", then=url_for(".index"))
    return render("provider/team/remove.html", place=place, form=form)


@bp.route("/review", methods=["GET", "POST"])
@requires(Permission.MANAGE_TEAM, fresh=True)
def review():
    places = session.scalars(team.colleagues().where(Membership.granted_at.is_not(None))).all()
    form = review_form(places)
    if form.validate_on_submit():
        gone = leavers(form, places)
        access_review.review(places, gone, by=me())
        said = f"{len(gone)} no longer have access" if len(gone) > 1 else "1 no longer has access" if gone else ""
        return done(f"You have reviewed who has access{'. ' if said else ''}{said}", then=url_for(".index"))
    return render(
        "provider/team/review.html", form=form, judged=judged, places=places, strangers=_strangers(places)
    )  # fmt: skip


def _named(contact):
    return f"{contact.name}{', ' if contact.position else ''}{contact.position} ({contact.email})"


def _strangers(places):
    """The user ids of those who are not, or no longer, contacts of the provider."""
    known = {email.lower() for email in session.scalars(Contact.by_name().with_only_columns(Contact.email))}
    known.add(viewed().email.lower())
    return {place.user_id for place in places if place.user.email not in known}
