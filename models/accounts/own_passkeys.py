"""A person's own passkeys: added, named and removed by themselves."""

from sqlalchemy import delete

from models.accounts.account_policy import Step
from models.accounts.authenticator import RecoveryCode
from models.accounts.passkey import Passkey, RelyingParty, Verdict, accept_new
from models.accounts.pending_login import step_of, strong_steps
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session
from models.outbox import post

MOST = 10
"""Passkeys of one person."""
TOLD = """\
A passkey was {done} your login to the Provider Portal just now.

If it was you, all is well. If not, somebody else may have got in: contact the council at once.
"""
LAST = "This is your only second step, and you need one. Add another passkey or set up an authenticator app first"


def add(user: User, answer: str, name: str, party: RelyingParty) -> tuple[Verdict, list[str]]:
    """Add the passkey that the browser has made, and mail the person.

    Returns what the answer comes to, and recovery codes, to be shown this once, for a person who had none left.
    DomainError if the person has MOST already.
    """
    _hold(user)
    insist_on_room(user)
    verdict, made = accept_new(user.id, answer, name, party)
    if made is None:
        return verdict, []
    record("passkey.added", made, by=user, user=user.id)
    post(user.email, "A passkey was added to your login", TOLD.format(done="added to"))
    has_codes = session.scalars(RecoveryCode.left(user.id)).one() > 0
    return verdict, [] if has_codes else RecoveryCode.renew(user.id)


def insist_on_room(user: User) -> None:
    """DomainError if the person has MOST passkeys."""
    if Passkey.count_of(user.id) >= MOST:
        raise DomainError(f"You have {MOST} passkeys, which is the most. Remove one that you no longer use first")


def rename(key: Passkey, name: str, *, by: User) -> None:
    key.name = name
    record("passkey.renamed", key, by=by, user=by.id)


def remove(key: Passkey, *, by: User) -> None:
    """DomainError if the council asks an authenticator app or a passkey of this person, and it is their last. With the
    last of both, recovery codes go too.
    """
    _hold(by)
    is_last = Passkey.count_of(by.id) == 1 and strong_steps(by) == [Step.PASSKEY]
    if is_last and step_of(by).is_strong:
        raise DomainError(LAST)
    session.delete(key)
    record("passkey.removed", key, by=by, user=by.id)
    if is_last:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == by.id))
    post(by.email, "A passkey was removed from your login", TOLD.format(done="removed from"))


def _hold(user: User) -> None:
    """Lock the person's row, so that two who add or remove at the same moment are counted one by one."""
    session.execute(User.held(user.id))
