"""One asks, another agrees: what is done to an account of the council's staff that could move money.

Each verb writes to the team, to whoever asked, and to the person whom it is about. States and events:
docs/grant-states.md. What a command or a demonstration does waits for nobody: whoever has the server needs no portal.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.accounts import council
from models.accounts.account_policy import insist_on_staff_address, policy
from models.accounts.directory import person as person_numbered
from models.accounts.staff_request import WAITS, RequestState, StaffAct, StaffRequest
from models.accounts.user import Staff, User, tidy_email
from models.audit import AuditEvent, record
from models.base import DomainError, move, session, utc_now
from models.calendar import moment
from models.outbox import post
from models.permissions import CouncilRole, Permission

ASKED = """\
{asker} asks to {what}.

The reason: {why}

A second person has to agree to it by {until}: another systems administrator, or a payments manager. They find it in
the Provider Portal under My work. If nobody should have asked for this, turn it down there, and look at what else
{asker} has done.
"""
ABOUT_YOU = """\
{asker} has asked to {what}. Nothing is done before a second person has agreed to it.

If you did not expect this, contact the council at once.
"""
SETTLED = """\
{asker} had asked to {what}. {outcome}
"""
OF_ACCOUNTS = (
    "user.added", "user.email_changed", "user.temporary_password_given", "user.second_step_reset", "staff.added",
    "staff.role_changed", "staff.removed",
)  # fmt: skip
SWITCHES = ("user.disabled", "user.enabled")
"""What whoever agrees should know of the account: whether somebody has just made it their own."""


def ask(
    act: StaffAct, person: User, *, by: User, why: str, role: CouncilRole | None = None, new_email: str = ""
) -> StaffRequest:
    """Ask that it is done to a colleague's account. DomainError where it could not be done, or waits already."""
    if person.id == by.id:
        raise DomainError("You cannot do this to your own login. Ask a colleague")
    if not council.may_look_after(person, Permission.MANAGE_STAFF, by=by):
        raise DomainError("Your role does not include this")
    new_email = tidy_email(new_email)
    if act is StaffAct.ROLE:
        council.check_role(person, role)
        insist_on_staff_address(person.email)
    elif act is StaffAct.EMAIL:
        council.check_email(person, new_email)
    elif act is StaffAct.SWITCH_ON and person.is_active:
        raise DomainError(f"The login of {person.name} is on already")
    asked = StaffRequest(
        act=act, person_id=person.id, email=person.email, name=person.name, role=role, new_email=new_email
    )
    return _ask(asked, by, why)


def ask_for_new(email: str, name: str, role: CouncilRole, *, by: User, why: str) -> StaffRequest:
    """Ask that a new colleague is added. DomainError as in council.employ, or where it waits already."""
    email = tidy_email(email)
    if not by.can_at_council(Permission.MANAGE_STAFF):
        raise DomainError("Your role does not include this")
    council.insist_on_being_free(email)
    insist_on_staff_address(email)
    return _ask(StaffRequest(act=StaffAct.ROLE, email=email, name=name, role=role, new_email=""), by, why)


def _ask(asked: StaffRequest, by: User, why: str) -> StaffRequest:
    if not why.strip():
        raise DomainError("Say why, so that whoever is to agree knows")
    for other in session.scalars(StaffRequest.waiting_about(asked.act, asked.email)).all():
        if not other.is_overdue:
            raise DomainError("This waits for a second person already. Take that back before you ask anew")
        _expire(other)
    asked.why, asked.asked_by_id = why.strip(), by.id
    asked.asked_at = utc_now()
    asked.expires_at = asked.asked_at + WAITS
    session.add(asked)
    record("staff_request.asked", asked, by=by, **_facts(asked))
    facts = {"asker": by.name, "what": asked.what}
    until = moment(asked.expires_at, with_year=True)
    _tell_team("Somebody has to agree", ASKED.format(**facts, why=asked.why, until=until))
    if asked.person_id is not None:
        post(asked.email, "Something is asked for about your login", ABOUT_YOU.format(**facts))
    return asked


def why_not(asked: StaffRequest, by: User) -> str:
    """Why this person cannot be the second one; empty where they can."""
    if not by.can_at_council(Permission.DECIDE_STAFF_REQUESTS):
        return "Another systems administrator, or a payments manager, has to agree to this"
    if by.id == asked.asked_by_id:
        return "You asked for this, so somebody else has to agree to it"
    if by.id == asked.person_id or by.email in (asked.email, asked.new_email):
        return "This is about you, so somebody else has to agree to it"
    asker, nobody = asked.asked_by, "Where there is nobody, ./portal users employ adds a colleague at the server"
    by_asker, by_other = session.execute(select(_was_made_by(asker.id, by.id), _was_made_by(by.id, asker.id))).one()
    if by_asker:
        return f"{asker.name} made your account or asked for your role, so somebody else has to agree to this. {nobody}"
    if by_other:
        return (
            f"You made the account of {asker.name} or asked for their role, so somebody else has to agree to this. "
            f"{nobody}"
        )
    return ""


def _was_made_by(maker_id: int, user_id: int) -> sa.ColumnElement[bool]:
    """A condition: the one added the account of the other alone, or ever asked for their role. Who agreed has not."""
    subject = f"{User.__tablename__}:{user_id}"
    ways = (
        select(AuditEvent.id).where(
            AuditEvent.action == "user.added", AuditEvent.user_id == maker_id, AuditEvent.subject == subject,
            AuditEvent.detail["asked_by"].as_string().is_(None),
        ),
        select(Staff.user_id).where(Staff.user_id == user_id, Staff.asked_by_id == maker_id),
        select(StaffRequest.id).where(
            StaffRequest.act == StaffAct.ROLE, StaffRequest.state == RequestState.AGREED,
            StaffRequest.person_id == user_id, StaffRequest.asked_by_id == maker_id,
        ),
    )  # fmt: skip
    return sa.or_(*(query.exists() for query in ways))


def agree(asked: StaffRequest, *, by: User, portal: str = "") -> str | None:
    """Do it. Returns the temporary password, where it is one, to be shown this once. DomainError for whoever may not be
    the second person, where it is decided or has expired, or where it can no longer be done.
    """
    if words := why_not(asked, by):
        raise DomainError(words)
    asker = session.scalars(person_numbered(asked.asked_by_id)).one()
    if not (asker.is_active and asker.can_at_council(Permission.MANAGE_STAFF)):
        raise DomainError(f"{asker.name} may not ask for this any more. Turn it down")
    _decide(asked, RequestState.AGREED, by=by)
    if asked.person_id is None:
        _add(asked, by, portal, asker)
        password = None
    else:
        password = _do(asked, by, portal, asker)
    record("staff_request.agreed", asked, by=by, **_facts(asked))
    _tell_settled(asked, f"{by.name} has agreed to it, and it is done.")
    return password


def _add(asked: StaffRequest, by: User, portal: str, asker: User) -> None:
    """A new colleague, who sets a password of their own."""
    if asked.role is None:
        raise ValueError(f"request {asked.id} adds nobody")
    person, _ = council.employ(
        asked.email, asked.name, asked.role, with_password=False, by=by, portal=portal, asked=asker
    )
    session.flush()
    move(asked, StaffRequest.state == RequestState.AGREED, person_id=person.id)


def _do(asked: StaffRequest, by: User, portal: str, asker: User) -> str | None:
    person = session.scalars(person_numbered(asked.person_id or 0)).one()
    if person.email != asked.email:
        raise DomainError(f"{asked.name} has another e-mail address than when this was asked for. Turn it down")
    match asked.act:
        case StaffAct.ROLE:
            council.set_council_role(person, asked.role, by=by, portal=portal, asked=asker)
        case StaffAct.EMAIL:
            council.change_email(person, asked.new_email, by=by, asked=asker)
        case StaffAct.PASSWORD:
            return council.reset_password(person, by=by, asked=asker)
        case StaffAct.SECOND_STEP:
            council.take_back_second_step(person, by=by, asked=asker)
        case StaffAct.SWITCH_ON:
            council.enable(person, by=by, asked=asker)
    return None


def turn_down(asked: StaffRequest, *, by: User, why: str) -> None:
    """It is not done. DomainError for whoever asked, who may take it back, and without a reason."""
    if not by.can_at_council(Permission.DECIDE_STAFF_REQUESTS):
        raise DomainError("Your role does not include this")
    if by.id == asked.asked_by_id:
        raise DomainError("You asked for this. Take it back, if it should not be done")
    _decide(asked, RequestState.REFUSED, by=by, why=why)
    record("staff_request.turned_down", asked, by=by, **_facts(asked))
    _tell_settled(asked, f"{by.name} has turned it down: {asked.answer}")


def take_back(asked: StaffRequest, *, by: User, why: str) -> None:
    """Ask no longer. DomainError for anybody else, and without a reason."""
    if by.id != asked.asked_by_id:
        raise DomainError("Somebody else asked for this. Turn it down, if it should not be done")
    _decide(asked, RequestState.TAKEN_BACK, by=by, why=why)
    record("staff_request.taken_back", asked, by=by, **_facts(asked))
    _tell_settled(asked, f"{by.name} has taken it back: {asked.answer}")


def overdue() -> list[int]:
    """Ids of the requests whose time is over, and which nobody has told of. Reading only."""
    return list(session.scalars(select(StaffRequest.id).where(StaffRequest.is_overdue).order_by(StaffRequest.id)))


def expire_overdue() -> None:
    """Write down that nobody agreed in time, and tell whoever asked. The worker and the mail process may both do so."""
    for request_id in overdue():
        _expire(session.scalars(StaffRequest.numbered(request_id)).one())


def account_news(asked: StaffRequest) -> list[AuditEvent]:
    """What was lately done to the account, the latest first: a new password, another address, a role. Nothing of an
    account that there is not yet.
    """
    if asked.person_id is None:
        return []
    event = AuditEvent
    about = select(event.id).where(event.subject == f"{User.__tablename__}:{asked.person_id}").order_by(event.id.desc())
    latest = (
        about.where(event.action.in_(actions)).limit(most).subquery()
        for actions, most in ((OF_ACCOUNTS, 10), (SWITCHES, 1))  # switching on and off hides nothing else
    )
    ids = sa.union_all(*(select(each.c.id) for each in latest))
    return list(session.scalars(select(event).where(event.id.in_(ids)).order_by(event.id.desc())))


def _decide(asked: StaffRequest, state: RequestState, *, by: User, why: str | None = None) -> None:
    if why is not None and not why.strip():
        raise DomainError("Say why, so that the others know")
    decided = {"state": state, "decided_at": utc_now(), "decided_by_id": by.id, "answer": (why or "").strip()}
    if not move(asked, StaffRequest.is_waiting, **decided):
        raise DomainError(f"This is {asked.shown_state.value} already. Look at it again")


def _expire(asked: StaffRequest) -> None:
    if move(asked, StaffRequest.is_overdue, state=RequestState.EXPIRED, decided_at=utc_now()):
        record("staff_request.expired", asked, by=None, **_facts(asked))
        _tell_settled(asked, "Nobody agreed to it in time, so that it is not done. It may be asked for anew.")


def _facts(asked: StaffRequest) -> dict[str, Any]:
    """For the audit: ids and codes only."""
    role = asked.role.value if asked.role else None
    facts = {"act": asked.act.value, "user": asked.person_id, "role": role}
    return {name: value for name, value in facts.items() if value is not None}


def _tell_settled(asked: StaffRequest, outcome: str) -> None:
    asker = session.execute(select(User.name, User.email).where(User.id == asked.asked_by_id)).one()
    words = SETTLED.format(asker=asker.name, what=asked.what, outcome=outcome)
    subject = f"{asked.act.label}: {asked.state.value}"
    _tell_team(subject, words)
    addresses = {asker.email}
    if asked.person_id is not None and asked.state is not RequestState.AGREED:  # else the act itself has told them
        addresses.add(asked.email)
    for address in sorted(addresses):
        post(address, subject, words)


def _tell_team(subject: str, words: str) -> None:
    if policy().alarm_to:
        post(policy().alarm_to, subject, words)
