"""Letting somebody in: at a provider, or as a colleague at the council."""

from flask import url_for

from blueprints.access import me, requires
from blueprints.admin.people import bp
from blueprints.frame import portal_address
from blueprints.lookups import get_or_404
from blueprints.pages import done, render, render_once
from forms.people import NewColleagueForm, NewPersonForm
from models.accounts import council, second_person
from models.base import session
from models.permissions import CouncilRole, Permission, Role
from models.records.provider import Provider, ids_named, problem_with_name

LOST = "The temporary password was shown once. If you have not noted it down, make another"
NOT_A_CONTACT = "This is not the e-mail address of a contact of {}"


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def new():
    form = NewPersonForm(problem_with_name)
    if form.validate_on_submit():
        [provider_id] = ids_named([form.provider.data])
        provider = get_or_404(Provider.numbered(provider_id))
        if provider.knows(form.email.data):
            return let_in(provider, form)
        form.email.errors = [NOT_A_CONTACT.format(provider.name)]
    return render("admin/people/new.html", form=form, roles=Role)


def let_in(provider, form):
    """Do what the form says; a temporary password is shown on the answer, and nowhere else."""
    membership, password = council.let_in(
        provider, form.email.data, form.name.data, Role(form.role.data),
        with_password=form.with_password, by=me(), portal=portal_address(),
    )  # fmt: skip
    then = url_for("admin.people.show", person_id=membership.user_id)
    if password:
        return show_password(membership.user, password)
    own = ". They have a password already: it stays" if form.with_password else ""
    return done(f"{membership.user.name} now has access to {provider.name}{own}", then=then)


def show_password(person, password):
    then = url_for("admin.people.show", person_id=person.id)
    return render_once("admin/people/password.html", then=then, lost=LOST, person=person, password=password)


def asked(request_):
    """A second person has to agree first."""
    session.flush()
    then = url_for("admin.staff_requests.show", request_id=request_.id)
    return done("Nothing is done yet: a second person has to agree. The team is told by mail", then=then)


@bp.route("/new-colleague", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF, fresh=True)
def new_colleague():
    form = NewColleagueForm()
    if form.validate_on_submit():
        if form.takes_two:
            role = CouncilRole(form.role.data)
            return asked(second_person.ask_for_new(form.email.data, form.name.data, role, by=me(), why=form.why.data))
        person, password = council.employ(
            form.email.data, form.name.data, CouncilRole(form.role.data),
            with_password=form.with_password, by=me(), portal=portal_address(),
        )  # fmt: skip
        then = url_for(".show", person_id=person.id)
        if password:
            return show_password(person, password)
        return done(f"{person.name} can log in as soon as they have set a password", then=then)
    return render("admin/people/new_colleague.html", form=form)
