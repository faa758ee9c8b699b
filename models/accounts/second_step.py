"""The second step of logging in, as it is given and as it is set up."""

from collections.abc import Sequence

from sqlalchemy import delete

from models.accounts import bars
from models.accounts.authenticator import CODES_AT_ONCE, Authenticator, RecoveryCode, looks_like_a_recovery_code
from models.accounts.identity import Identity
from models.accounts.login import Kind
from models.accounts.login_code import tidy_code
from models.accounts.passkey import Passkey, PasskeyChallenge, RelyingParty, Verdict, accept
from models.accounts.pending_login import PendingLogin, Purpose, strong_steps
from models.accounts.security_code import DIGITS, SecurityCode
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session
from models.outbox import post
from models.tally import tally

CHANGED = """\
{what} of your login to the Provider Portal was changed just now.

If it was you, all is well. If not, somebody else may have got in: contact the council at once.
"""


COPIED = """\
A passkey of your login to the Provider Portal answered with an old count of its uses: somebody may have copied it. It
was refused, and nobody got in with it.

Log in another way, remove that passkey and add a new one. If you do not know what this is about, contact the council.
"""


WRONG_RECOVERY_CODE = "That is not one of your recovery codes, or it was used before. Check it, and try another one"
WRONG_DIGITS = "Those are not the digits of your security code. Check which ones are asked for, and try again"
WRONG_APP_CODE = (
    "That is not the code that the app shows now. Wait for the next one, and enter its 6 digits. If that is refused "
    "too, set your phone’s date and time to automatic: the codes are right only if its clock is"
)
"""One for every wrong code: whoever guesses is not told that a code is another minute's, and about to be right."""
CLOCK_IS_OFF = (
    "That is a code of this app, but your phone’s clock is about {minutes} {which}. Set its date and time to "
    "automatic, wait for the next code, and enter its 6 digits"
)


def positions(pending: PendingLogin) -> list[int]:
    """Which digits of the security code are asked for, counted from 1: some at a log-in, all of them for a new
    password, since there the mailbox is all that was proved.
    """
    if pending.purpose is Purpose.RESET:
        return list(range(1, DIGITS + 1))
    return _security_code_of(pending.person).asked


def give_digits(pending: PendingLogin, digits: Sequence[str]) -> bool:
    """Whether these are the digits asked for. Every call uses up a try; DomainError once too many were wrong."""
    code = _security_code_of(pending.person)
    if not _may_try(pending, Kind.DIGITS) or not code.matches(digits, positions(pending)):
        return _refuse(pending, Kind.DIGITS)
    if pending.purpose is Purpose.LOG_IN:
        code.ask_others()
    pending.step_done()
    return True


def give_app_code(pending: PendingLogin, typed: str) -> bool:
    """Whether it is the app's code of now, or a recovery code. Every call uses up a try; DomainError once too many were
    wrong.
    """
    if not _may_try(pending):
        return _refuse(pending, chances=CODES_AT_ONCE)
    if looks_like_a_recovery_code(typed):
        right = _spend_recovery_code(pending.person, typed)
    else:
        code = tidy_code(typed)
        right = code is not None and session.scalars(Authenticator.of(pending.person.id)).one().accept(code)
    if not right:
        return _refuse(pending, chances=CODES_AT_ONCE)
    pending.step_done()
    return True


def give_recovery_code(pending: PendingLogin, typed: str) -> bool:
    """As give_app_code, for a person who has only a passkey, and not at hand."""
    if not _may_try(pending) or not _spend_recovery_code(pending.person, typed):
        return _refuse(pending)
    pending.step_done()
    return True


def give_passkey(pending: PendingLogin, answer: str, party: RelyingParty) -> Verdict:
    """What the browser's answer with a passkey comes to. Every call uses up a try; DomainError once too many were
    wrong.
    """
    if not _may_try(pending):
        verdict, key = Verdict.WRONG, None
    else:
        verdict, key = accept(pending.person.id, pending.id, answer, party)
    if verdict is Verdict.ACCEPTED:
        pending.step_done()
        return verdict
    _refuse(pending)
    if verdict is Verdict.COPIED:
        record("login.passkey_copied", key, by=None)
        post(pending.person.email, "A passkey may have been copied", COPIED)
    return verdict


def _spend_recovery_code(user: User, typed: str) -> bool:
    if not looks_like_a_recovery_code(typed) or not RecoveryCode.spend(user.id, typed):
        return False
    record("login.recovery_code_used", user, by=user)
    post(user.email, "A recovery code was used", CHANGED.format(what="A recovery code"))
    return True


def _may_try(pending: PendingLogin, kind: Kind = Kind.APP) -> bool:
    bars.insist(pending, kind)
    return pending.count_try()


def _refuse(pending: PendingLogin, kind: Kind = Kind.APP, *, chances: int = 1) -> bool:
    bars.wrong(pending, kind, chances)
    tally("login.step_refused", pending.person, by=None, network=pending.address)
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


def why_not(user: User, typed: str) -> str:
    """Why confirm_app did not take this code, in words for the person: they see the seed, so that they may be told by
    how much their phone's clock is wrong.
    """
    code, app = tidy_code(typed), new_app(user)
    off = app.seconds_off(code) if app and code else None
    if off is None:
        return WRONG_APP_CODE
    minutes = max(1, round(abs(off) / 60))
    words = "a minute" if minutes == 1 else f"{minutes} minutes"
    return CLOCK_IS_OFF.format(minutes=words, which="fast" if off > 0 else "slow")


def renew_recovery_codes(user: User) -> list[str]:
    """New recovery codes in place of the old ones, shown this once. DomainError without a passkey or an app."""
    if not strong_steps(user):
        raise DomainError("Set up a passkey or an authenticator app first: recovery codes stand in for it")
    _tell(user, "recovery_codes", "The recovery codes", is_first=False)
    return RecoveryCode.renew(user.id)


def take_back(user: User, *, by: User) -> None:
    """The council takes back what the person has lost or forgotten; they set up another one at their next log-in."""
    code = session.scalar(SecurityCode.of(user.id))
    if code is not None:
        code.forget()
    session.execute(Identity.forgotten(user.id))
    for kind in (Authenticator, RecoveryCode, Passkey, PasskeyChallenge):
        session.execute(delete(kind).where(kind.user_id == user.id))
    user.end_sessions()
    record("user.second_step_reset", user, by=by)
    post(user.email, "Your second step was taken back", CHANGED.format(what="The second step"))


def _tell(user: User, name: str, what: str, *, is_first: bool) -> None:
    record(f"user.{name}_{'set' if is_first else 'changed'}", user, by=user)
    if not is_first:
        post(user.email, f"{what} was changed", CHANGED.format(what=what))
