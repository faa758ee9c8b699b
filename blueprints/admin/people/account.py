"""What the council does to somebody's account. Each act says first, on a page of its own, what will happen."""

from flask import abort, url_for

from blueprints.access import me, requires
from blueprints.admin.people import bp
from blueprints.admin.people.new import asked, show_password
from blueprints.frame import portal_address
from blueprints.lookups import get_or_404
from blueprints.pages import done, render
from forms.base import ButtonForm
from forms.people import CouncilRoleForm, EmailForm, WhyForm
from models.accounts import council, directory, second_person
from models.accounts.staff_request import StaffAct
from models.permissions import Permission


@bp.route("/<int:person_id>/temporary-password", methods=["GET", "POST"])
@requires(Permission.HELP_USERS, fresh=True)
def reset_password(person_id):
    person, form = _person(person_id, Permission.HELP_USERS), WhyForm()
    form.takes_two = _takes_two(StaffAct.PASSWORD, person)
    if form.validate_on_submit():
        if form.takes_two:
            return asked(second_person.ask(StaffAct.PASSWORD, person, by=me(), why=form.why.data))
        password = council.reset_password(person, by=me())
        return show_password(person, password)
    return render("admin/people/reset_password.html", person=person, form=form)


@bp.route("/<int:person_id>/second-step", methods=["GET", "POST"])
@requires(Permission.HELP_USERS, fresh=True)
def take_back_second_step(person_id):
    person, form = _person(person_id, Permission.HELP_USERS), WhyForm()
    form.takes_two = _takes_two(StaffAct.SECOND_STEP, person)
    if form.validate_on_submit():
        if form.takes_two:
            return asked(second_person.ask(StaffAct.SECOND_STEP, person, by=me(), why=form.why.data))
        council.take_back_second_step(person, by=me())
        return done("The second step is taken back", then=_page_of(person))
    return render("admin/people/take_back_second_step.html", person=person, form=form)


@bp.route("/<int:person_id>/unlock", methods=["GET", "POST"])
@requires(Permission.HELP_USERS, fresh=True)
def unlock(person_id):
    person, form = _person(person_id, Permission.HELP_USERS), ButtonForm()
    if form.validate_on_submit():
        council.unlock(person, by=me())
        return done(f"{person.name} can try again now", then=_page_of(person))
    return render("admin/people/unlock.html", person=person, form=form)


@bp.route("/<int:person_id>/log-out", methods=["GET", "POST"])
@requires(Permission.HELP_USERS, fresh=True)
def log_out(person_id):
    person, form = _person(person_id, Permission.HELP_USERS), ButtonForm()
    if form.validate_on_submit():
        council.log_out(person, by=me())
        return done(f"{person.name} is logged out everywhere", then=_page_of(person))
    return render("admin/people/log_out.html", person=person, form=form)


@bp.route("/<int:person_id>/disable", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def disable(person_id):
    person, form = _person(person_id, Permission.MANAGE_ACCESS), ButtonForm()
    if form.validate_on_submit():
        council.disable(person, by=me())
        return done(f"The login of {person.name} is switched off", then=_page_of(person))
    return render("admin/people/disable.html", person=person, form=form)


@bp.route("/<int:person_id>/enable", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def enable(person_id):
    person, form = _person(person_id, Permission.MANAGE_ACCESS), WhyForm()
    form.takes_two = _takes_two(StaffAct.SWITCH_ON, person)
    if form.validate_on_submit():
        if form.takes_two:
            return asked(second_person.ask(StaffAct.SWITCH_ON, person, by=me(), why=form.why.data))
        council.enable(person, by=me())
        return done(f"{person.name} can log in again", then=_page_of(person))
    return render("admin/people/enable.html", person=person, form=form)


@bp.route("/<int:person_id>/email", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCESS, fresh=True)
def change_email(person_id):
    person, form = _person(person_id, Permission.MANAGE_ACCESS), EmailForm()
    form.takes_two = _takes_two(StaffAct.EMAIL, person)
    if form.validate_on_submit():
        if form.takes_two:
            return asked(
                second_person.ask(StaffAct.EMAIL, person, by=me(), why=form.why.data, new_email=form.email.data)
            )
        council.change_email(person, form.email.data, by=me())
        return done(f"{person.name} now logs in as {person.email}", then=_page_of(person))
    return render("admin/people/change_email.html", person=person, form=form)


@bp.route("/<int:person_id>/council-role", methods=["GET", "POST"])
@requires(Permission.MANAGE_STAFF, fresh=True)
def set_council_role(person_id):
    person = _person(person_id, Permission.MANAGE_STAFF)
    form = CouncilRoleForm(data={"role": person.staff.role.value if person.staff else ""})
    if form.validate_on_submit():
        if form.takes_two:
            return asked(second_person.ask(StaffAct.ROLE, person, by=me(), why=form.why.data, role=form.chosen))
        council.set_council_role(person, form.chosen, by=me(), portal=portal_address())
        return done(
            f"{person.name}: {form.chosen.label if form.chosen else 'not council staff'}", then=_page_of(person)
        )
    return render("admin/people/set_council_role.html", person=person, form=form)


def _person(person_id, permission):
    """The person, if this one may look after them: council staff take more than the permission of the page."""
    person = get_or_404(directory.person(person_id))
    if person.id != me().id and not council.may_look_after(person, permission, by=me()):
        abort(403)
    return person


def _takes_two(act, person):
    """Whether a second person has to agree. Nobody asks anything of their own login: the verb says so."""
    return person.id != me().id and act.takes_two(person)


def _page_of(person):
    return url_for(".show", person_id=person.id)
