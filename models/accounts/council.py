"""Accounts as the council looks after them: let in, reset, unlocked, moved to another address, switched off.

Nobody does any of it to their own account. Whoever works for the council is looked after only by those who manage
staff, so that the help desk cannot take over the account of a payments manager. What hands over an account of staff, or
gives a role that moves money, is refused here unless `asked` says which colleague has asked for it: then `by` is the
second person (models/accounts/second_person.py).
"""

from sqlalchemy import select

from models.accounts import moved, second_step, team
from models.accounts.account_policy import insist_on_staff_address
from models.accounts.login import LoginFailure
from models.accounts.pending_login import PendingLogin
from models.accounts.staff_request import StaffAct
from models.accounts.user import ONE_MAILBOX, Membership, Staff, User, granted, tidy_email
from models.audit import record
from models.base import DomainError, move, session
from models.outbox import post
from models.permissions import CouncilRole, Permission, Role
from models.records.provider import Provider

EMPLOYED = """\
{name},

you can now log in to the Provider Portal as {role} of the council. Your e-mail address there is {email}.
{portal}
If you have no password yet, choose Forgotten password on the log-in page to set your password.
"""
RESET = """\
The council has given you a temporary password for the Provider Portal. You are told it by telephone or in person,
never by e-mail. It works for three days, and you change it when you log in.

If you did not ask for it, contact the council at once.
"""
MOVED = """\
The e-mail address that you log in to the Provider Portal with was changed by the council, from {before} to {after}.
Your password stays the same. For 7 days, a forgotten password can be set only in a browser in which you have logged in
before; in another one, nobody gets a code for it.

If you did not ask for it, contact the council at once.
"""


def may_look_after(person: User, permission: Permission, *, by: User) -> bool:
    """Whether `by` may do to this person's account what needs the permission: never to their own, and to council
    staff's only with MANAGE_STAFF.
    """
    wanted = permission if person.staff is None else Permission.MANAGE_STAFF
    return person.id != by.id and by.can_at_council(wanted)


def let_in(
    provider: Provider, email: str, name: str, role: Role, *, with_password: bool, by: User, portal: str = ""
) -> tuple[Membership, str | None]:
    """Give a contact a place at the provider, granted at once.

    Returns the place, and a temporary password if one was asked for and the person has no password yet: the page shows
    it this once. DomainError as in team.invite, and where the person is `by`.
    """
    if tidy_email(email) == by.email:
        raise DomainError("You cannot give yourself access to a provider. Ask a colleague")
    membership = team.invite(provider, email, name, role, by=by, portal=portal)
    is_new = membership.user.password_hash is None
    return membership, membership.user.give_temporary_password(by=by) if with_password and is_new else None


def employ(
    email: str,
    name: str,
    role: CouncilRole,
    *,
    with_password: bool,
    by: User,
    portal: str = "",
    asked: User | None = None,
) -> tuple[User, str | None]:
    """Add a new person at the council.

    Returns the person, and a temporary password if one was asked for: the page shows it this once. Without one, a mail
    says how to set a password. DomainError if the e-mail address has a user already, or is none of the council's.
    """
    email = tidy_email(email)
    _insist_on_managing_staff(asked or by)
    _insist_on_two(StaffAct.ROLE, None, asked, role)
    insist_on_being_free(email)
    insist_on_staff_address(email)
    person = User(email=email, name=name, password_hash=None, staff=None)
    session.add(person)
    record("user.added", person, by=by, **({"asked_by": asked.id} if asked else {}))
    person.employ(role, by=by, asked_by_id=asked.id if asked else None)
    if with_password:
        return person, person.give_temporary_password(by=by)
    _tell_employed(person, role, portal)
    return person, None


def set_council_role(
    person: User, role: CouncilRole | None, *, by: User, portal: str = "", asked: User | None = None
) -> None:
    """Give a person a role at the council, or with None take it away. DomainError if nothing would change, if the last
    systems administrator would go, or if their e-mail address is none of the council's.

    The person is logged out, since the second step and the length of a session are those of the role and are set at
    log-in.
    """
    _insist(person, Permission.MANAGE_STAFF, by, asked)
    check_role(person, role)
    _insist_on_two(StaffAct.ROLE, person, asked, role)
    _shut_out(person)
    staff = person.staff
    if staff is None:
        assert role is not None  # noqa: S101 - check_role has looked
        person.employ(role, by=by, asked_by_id=asked.id if asked else None)
        _tell_employed(person, role, portal)
        return
    was = staff.role
    _keep_a_systems_administrator(person)
    if role is None:
        person.staff = None
        record("staff.removed", person, by=by, was=was.value)
        return
    insist_on_staff_address(person.email)
    staff.role = role
    for name, value in granted(by, asked.id if asked else None).items():
        setattr(staff, name, value)
    record("staff.role_changed", person, by=by, was=was.value, role=role.value)


def check_role(person: User, role: CouncilRole | None) -> None:
    """DomainError where the person has just this role, or none, already."""
    if person.staff is None and role is None:
        raise DomainError(f"{person.name} is not council staff")
    if person.staff is not None and person.staff.role is role:
        raise DomainError(f"{person.name} has this role already")


def reset_password(person: User, *, by: User, asked: User | None = None) -> str:
    """A temporary password, to be shown this once and handed over by telephone or in person."""
    _insist(person, Permission.HELP_USERS, by, asked)
    _insist_on_two(StaffAct.PASSWORD, person, asked)
    _insist_on_being_active(person)
    if asked is None:
        moved.insist_on_another_to_let_in(person, by=by)
    password = person.give_temporary_password(by=by)
    LoginFailure.unlock(person, by=by)
    _shut_out(person)
    post(person.email, "You have a temporary password", RESET)
    return password


def take_back_second_step(person: User, *, by: User, asked: User | None = None) -> None:
    """They have lost their telephone or forgotten their code, and set up another one when they log in."""
    _insist(person, Permission.HELP_USERS, by, asked)
    _insist_on_two(StaffAct.SECOND_STEP, person, asked)
    if asked is None:
        moved.insist_on_another_to_let_in(person, by=by)
    second_step.take_back(person, by=by)
    LoginFailure.unlock(person, by=by)
    _shut_out(person)


def unlock(person: User, *, by: User) -> None:
    """Forget the wrong tries, so that they can try again now."""
    _insist(person, Permission.HELP_USERS, by)
    LoginFailure.unlock(person, by=by)


def log_out(person: User, *, by: User) -> None:
    """End every session of theirs, and every log-in that is under way."""
    _insist(person, Permission.HELP_USERS, by)
    _shut_out(person)
    record("user.logged_out_everywhere", person, by=by)


def disable(person: User, *, by: User) -> None:
    """Log the person out at once, and let them log in no more until enable(). Their places and roles stay."""
    _insist(person, Permission.MANAGE_ACCESS, by)
    if person.staff is not None:
        _keep_a_systems_administrator(person)
    _switch(person, is_active=False)
    _shut_out(person)
    record("user.disabled", person, by=by)


def enable(person: User, *, by: User, asked: User | None = None) -> None:
    _insist(person, Permission.MANAGE_ACCESS, by, asked)
    _insist_on_two(StaffAct.SWITCH_ON, person, asked)
    _switch(person, is_active=True)
    record("user.enabled", person, by=by)


def change_email(person: User, email: str, *, by: User, asked: User | None = None) -> None:
    """Change the address that the person logs in with; both addresses get a mail, and every session ends.

    The second step stays as it is set up: whoever has talked the council into another address does not have the
    person's telephone as well. Nor can `by` go on alone to let somebody in (models.accounts.moved).
    """
    _insist(person, Permission.MANAGE_ACCESS, by, asked)
    _insist_on_two(StaffAct.EMAIL, person, asked)
    if asked is None:
        moved.insist_on_another_to_move(person, by=by)
    before, email = person.email, tidy_email(email)
    check_email(person, email)
    person.email = email
    _shut_out(person)
    record("user.email_changed", person, by=by)
    for address in (before, email):
        post(address, "Your e-mail address was changed", MOVED.format(before=before, after=email))


def check_email(person: User, email: str) -> None:
    """DomainError where the person cannot have this address, in lower case, instead of their own."""
    if email == person.email:
        raise DomainError(f"{person.name} has this e-mail address already")
    insist_on_being_free(email)
    if person.staff is not None:
        insist_on_staff_address(email)


def insist_on_being_free(email: str) -> None:
    """DomainError where somebody logs in with this address, which is in lower case."""
    if session.scalar(User.with_email(email)):
        raise DomainError(f"There is already a user with the e-mail address {email}. {ONE_MAILBOX}")


def _insist_on_two(act: StaffAct, person: User | None, asked: User | None, role: CouncilRole | None = None) -> None:
    if asked is None and act.takes_two(person, role):
        raise DomainError("A second person has to agree to this first. Ask for it on the person’s page")


def _insist(person: User, permission: Permission, by: User, asked: User | None = None) -> None:
    """DomainError where who does it, or where a second person agrees, who `asked` for it, may not look after them."""
    if person.id == by.id:
        raise DomainError("You cannot do this to your own login. Ask a colleague")
    if not may_look_after(person, permission, by=asked or by):
        who = "works for the council, and is looked after by those who manage staff" if person.staff else ""
        raise DomainError(f"{person.name} {who}" if who else "Your role does not include this")


def _insist_on_managing_staff(by: User) -> None:
    if not by.can_at_council(Permission.MANAGE_STAFF):
        raise DomainError("Your role does not include this")


def _insist_on_being_active(person: User) -> None:
    if not person.is_active:
        raise DomainError(f"The login of {person.name} is switched off. Enable it first")


def _keep_a_systems_administrator(person: User) -> None:
    """DomainError if this is the last active systems administrator. The rows are locked: of two administrators who
    remove each other at the same time, the second waits here, and then is the last.
    """
    theirs = (Staff.role == CouncilRole.SYSTEMS_ADMINISTRATOR, User.is_active)
    found = select(User.id).join(Staff, Staff.user_id == User.id).where(*theirs).order_by(User.id).with_for_update()
    if set(session.scalars(found)) == {person.id}:
        raise DomainError(f"{person.name} is the last systems administrator. Make somebody else one first")


def _switch(person: User, *, is_active: bool) -> None:
    if not move(person, User.is_active.is_not(is_active), is_active=is_active):
        raise DomainError(f"The login of {person.name} is {'on' if is_active else 'switched off'} already")


def _shut_out(person: User) -> None:
    """End their sessions, and the log-ins that have come only part of the way."""
    person.end_sessions()
    PendingLogin.end_all(person.id)


def _tell_employed(person: User, role: CouncilRole, portal: str) -> None:
    words = EMPLOYED.format(
        name=person.name, email=person.email, role=role.label.lower(), portal=f"\n{portal}\n" if portal else ""
    )
    post(person.email, "You can now log in to the Provider Portal", words)
