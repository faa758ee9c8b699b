"""Everybody who logs in: the list, one of them, and new ones. What is done to an account is in accounts.py."""

from flask import Blueprint, request, url_for

from blueprints.access import me, requires
from blueprints.download import csv_file
from blueprints.frame import portal_address
from blueprints.lookups import get_or_404, page_of
from blueprints.pages import done, render
from blueprints.transactions import note
from exchange.people_data import people_data
from forms.people import NewColleagueForm, NewPersonForm, PeopleSearch
from models.accounts import directory, people
from models.accounts.directory import Locks, State
from models.accounts.login import LoginFailure
from models.accounts.pending_login import own_step, step_of
from models.audit import record
from models.base import session, utc_now
from models.permissions import CouncilRole, Permission, Role
from models.records.provider import Provider, ids_named, problem_with_name

NOT_A_CONTACT = "This is not the e-mail address of a contact of {}"

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("/")
@requires(Permission.VIEW_PROVIDERS)
def index():
    form = PeopleSearch(request.args)
    page = page_of(directory.people(**form.chosen)) if form.validate() else None
    return render(
        "admin/people/index.html", partial="admin/people/_list.html",
        form=form, page=page, places=directory.places_of([row.id for row in page.items] if page else []),
        locks=Locks(), State=State,
    )  # fmt: skip


@bp.get("/data.csv")
@requires(Permission.VIEW_PROVIDERS)
def data():
    form = PeopleSearch(request.args)
    if not form.validate():
        return csv_file("people.csv", people_data([], {}, Locks()))
    found = directory.people(**form.chosen)
    note(lambda: record("people.exported", by=me()))
    return csv_file("people.csv", people_data(session.execute(found), directory.places_of(found), Locks()))


@bp.get("/<int:person_id>")
@requires(Permission.VIEW_PROVIDERS)
def show(person_id):
    person = get_or_404(directory.person(person_id))
    row = session.execute(directory.listed(person_id)).one()
    return render(
        "admin/people/show.html",
        person=person, state=State.of(row, Locks()), places=directory.places_of([person_id]).get(person_id, []),
        own=own_step(person), asked=step_of(person), sessions=directory.open_sessions(person_id),
        now=utc_now(), failures=LoginFailure.since_last_log_in(person),
        may_do=lambda permission: people.may_look_after(person, permission, by=me()),
    )  # fmt: skip


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
    membership, password = people.let_in(
        provider, form.email.data, form.name.data, Role(form.role.data),
        with_password=form.with_password, by=me(), portal=portal_address(),
    )  # fmt: skip
    then = url_for("admin.people.show", person_id=membership.user_id)
    if password:
        return render("admin/people/password.html", person=membership.user, password=password, then=then)
    own = ". They have a password already: it stays" if form.with_password else ""
    return done(f"{membership.user.name} now has access to {provider.name}{own}", then=then)


@bp.route("/new-colleague", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF, fresh=True)
def new_colleague():
    form = NewColleagueForm()
    if form.validate_on_submit():
        person, password = people.employ(
            form.email.data, form.name.data, CouncilRole(form.role.data),
            with_password=form.with_password, by=me(), portal=portal_address(),
        )  # fmt: skip
        then = url_for(".show", person_id=person.id)
        if password:
            return render("admin/people/password.html", person=person, password=password, then=then)
        return done(f"{person.name} can log in as soon as they have set a password", then=then)
    return render("admin/people/new_colleague.html", form=form)
