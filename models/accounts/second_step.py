"""The second step of logging in, as it is given and as it is set up."""

from collections.abc import Sequence

from sqlalchemy import delete

from models.accounts.authenticator import Authenticator, RecoveryCode, looks_like_a_recovery_code
from models.accounts.identity import Identity
from models.accounts.login import LoginFailure, Origin
from models.accounts.login_code import tidy_code
from models.accounts.pending_login import PendingLogin
from models.accounts.security_code import SecurityCode
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session
from models.outbox import post

BARRED = (
    "A wrong code was given for your login too many times. Nobody can log in with it from this device until "
    "you have changed your password in a browser that you have used before, or the council has unlocked your login"
)
CHANGED = """\
{what} of your login to the Provider Portal was changed just now.

If it was you, all is well. If not, somebody else may have got in: contact the council at once.
"""


WRONG_DIGITS = "Those are not the digits of your security code. Check which ones are asked for, and try again"
WRONG_APP_CODE = "That is not the code that the app shows now. Wait for the next one, and enter its 6 digits"


def positions(user: User) -> list[int]:
    """Which digits of the security code are asked for, counted from 1."""
    return session.scalars(SecurityCode.of(user.id)).one().asked


def give_digits(pending: PendingLogin, digits: Sequence[str], origin: Origin) -> bool:
    """Whether these are the digits asked for. Every call uses up a try; DomainError once too many were wrong."""
    code = session.scalars(SecurityCode.of(pending.person.id)).one()
    if not _may_try(pending, origin) or not code.matches(digits):
        return _refuse(pending, origin)
    code.ask_others()
    pending.step_done()
    return True


def give_app_code(pending: PendingLogin, typed: str, origin: Origin) -> bool:
    """Whether it is the app's code of now, or a recovery code. Every call uses up a try; DomainError once too many were
    wrong.
    """
    if not _may_try(pending, origin):
        return _refuse(pending, origin)
    code = tidy_code(typed)
    if code is not None:
        right = session.scalars(Authenticator.of(pending.person.id)).one().accept(code)
    elif right := looks_like_a_recovery_code(typed) and RecoveryCode.spend(pending.person.id, typed):
        record("login.recovery_code_used", pending.person, by=pending.person)
        post(pending.person.email, "A recovery code was used", CHANGED.format(what="A recovery code"))
    if not right:
        return _refuse(pending, origin)
    pending.step_done()
    return True


def _may_try(pending: PendingLogin, origin: Origin) -> bool:
    if LoginFailure.is_barred(pending.person, origin):
        raise DomainError(BARRED)
    return pending.count_try()


def _refuse(pending: PendingLogin, origin: Origin) -> bool:
    LoginFailure.wrong_step(pending.person, origin)
    record("login.step_refused", pending.person, by=None)
    if not pending.has_tries:
        pending.warn_of_guesses()
    return False


def problem_with_security_code(user: User, digits: str) -> str | None:
    """Why this cannot be their next security code, in words for them."""
    return _security_code_of(user).problem_with(digits)


def set_security_code(user: User, digits: str) -> None:
    """Set the person's security code, and mail them; DomainError says which rule it breaks."""
    code = _security_code_of(user)
    is_first = code.sealed is None
    session.add(code)
    code.change(digits)
    _tell(user, "security_code", "The security code", is_first=is_first)


def _security_code_of(user: User) -> SecurityCode:
    """Theirs, or an empty one to be set."""
    code = session.scalar(SecurityCode.of(user.id))
    return code or SecurityCode(user_id=user.id, sealed=None, previous_sealed=None, asked=[])


def begin_app(user: User) -> None:
    """A new app to be set up; the one in use goes on until the new one is confirmed."""
    Authenticator.begin(user.id)


def new_app(user: User) -> Authenticator | None:
    return session.scalar(Authenticator.new_of(user.id))


def confirm_app(user: User, typed: str) -> list[str]:
    """Take the new app into use if it shows this code. Returns recovery codes, which are shown this once; none if it
    does not.
    """
    code, app = tidy_code(typed), new_app(user)
    is_first = session.scalar(Authenticator.of(user.id)) is None
    if app is None or code is None or not app.confirm(code):
        return []
    _tell(user, "authenticator", "The authenticator app", is_first=is_first)
    return RecoveryCode.renew(user.id)


def renew_recovery_codes(user: User) -> list[str]:
    """New recovery codes in place of the old ones, shown this once. DomainError without an authenticator app."""
    if session.scalar(Authenticator.of(user.id)) is None:
        raise DomainError("Set up an authenticator app first: recovery codes stand in for it")
    _tell(user, "recovery_codes", "The recovery codes", is_first=False)
    return RecoveryCode.renew(user.id)


def take_back(user: User, *, by: User) -> None:
    """The council takes back what the person has lost or forgotten; they set up another one at their next log-in."""
    code = session.scalar(SecurityCode.of(user.id))
    if code is not None:
        code.forget()
    session.execute(Identity.forgotten(user.id))
    for kind in (Authenticator, RecoveryCode):
        session.execute(delete(kind).where(kind.user_id == user.id))
    user.end_sessions()
    record("user.second_step_reset", user, by=by)
    post(user.email, "Your second step was taken back", CHANGED.format(what="The second step"))


def _tell(user: User, name: str, what: str, *, is_first: bool) -> None:
    record(f"user.{name}_{'set' if is_first else 'changed'}", user, by=user)
    if not is_first:
        post(user.email, f"{what} was changed", CHANGED.format(what=what))
