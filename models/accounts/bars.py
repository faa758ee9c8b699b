"""Bars: how many wrong codes are read for one account until no more are, from where, and what the person is told.

What is counted is the chance that a guess has, in codes that it was compared with: a guess at an e-mailed code counts
as often as there are live ones, a guess at the app's as often as the app's codes that are taken at one moment. So the
sums below are chances in a million for six digits, and `scripts/chances.py` works out from them how likely each way in
is.

Every known browser has counts of its own, and all unknown ones have theirs together: what strangers do stops nobody in
a browser of their own. Who has no login is counted like everybody else, by the keyed hash of what was typed.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import func, select

from models.accounts.authenticator import CODES_AT_ONCE
from models.accounts.login import Kind, LoginFailure, one_at_a_time
from models.audit import record
from models.base import DomainError, session, utc_now
from models.outbox import post

if TYPE_CHECKING:
    from models.accounts.pending_login import PendingLogin

WEEK = timedelta(days=7)
MOST = {Kind.CODE: 10, Kind.RESET_CODE: 10, Kind.APP: 6 * CODES_AT_ONCE, Kind.DIGITS: 5}
"""Codes that wrong guesses were compared with, until the next guess is refused unread. Wrong digits are counted until
the right ones are given in a whole log-in; the others for a week.

Who has the password of an account without a security code, an app or a passkey gets both tens, 20 chances in a million
a week: 1 in 50,000. A stranger who knows only the address uses up the second ten, and people still log in.
"""

BARRED = {
    Kind.CODE: "Too many wrong codes were given for this login. For up to 7 days, {browsers} cannot log in with it. ",
    Kind.APP: "Too many wrong codes were given for this login. For up to 7 days, {browsers} cannot log in with it. ",
    Kind.RESET_CODE: "Too many wrong codes were given for this e-mail address. For up to 7 days, {browsers} cannot set "
    "a new password for it. ",
    Kind.DIGITS: "Too many wrong digits of the security code were given for this login. From now on, {browsers} "
    "cannot log in with it. ",
}
NEW = "browsers that we do not know"
WAYS_WITH_NEW = (
    "A browser in which you have logged in before goes on as ever, and a new password that you set there opens the "
    "others again. If you have none, contact the council: they can unlock your login"
)
KNOWN = "this browser"
WAYS_WITH_KNOWN = "Use another one, or contact the council: they can unlock your login"

SUBJECT = "Too many wrong codes"
MAIL = {
    True: """\
Too many wrong codes were given to set a new password for your login to the Provider Portal. Nobody got in with them,
and your password is as it was. Anybody who knows your e-mail address can do this.
{closed}
""",
    False: """\
Too many wrong codes were given to log in to the Provider Portal as you. Nobody got in with them.

If it was not you, somebody may know your password, or read your e-mails. Change your password at the portal, and
that of your mailbox.
{closed}
""",
}
CLOSED_TO_NEW = """
{until}, browsers that the portal does not know are refused. In a browser in which you have logged in before, all is as
ever, and a new password that you set there ends this. If you have no such browser, contact the council: once they have
made sure that it is you, they unlock your login."""
CLOSED_TO_ONE = """
{until}, one browser in which you have logged in before is refused. Others are not. If you need that one, contact the
council: once they have made sure that it is you, they unlock your login."""


def left(pending: "PendingLogin", kind: Kind) -> int:
    """With how many codes guesses may still be compared, from where this log-in comes. Until the transaction ends,
    other guesses at the same account wait.
    """
    one_at_a_time(f"{kind}:{pending.account}")
    return MOST[kind] - _counted(pending, kind)


def insist(pending: "PendingLogin", kind: Kind) -> int:
    """As `left`; DomainError if it is none, the same words for an address that nobody has."""
    if (chances := left(pending, kind)) > 0:
        return chances
    browsers, ways = (NEW, WAYS_WITH_NEW) if pending.device_id is None else (KNOWN, WAYS_WITH_KNOWN)
    raise DomainError(BARRED[kind].format(browsers=browsers) + ways)


def wrong(pending: "PendingLogin", kind: Kind, chances: int) -> None:
    """Count a wrong guess that was compared with so many codes. Where it is the last one, the bar falls: the audit has
    it, and the person gets a mail.
    """
    session.add(
        LoginFailure(
            kind=kind, chances=chances, account=pending.account, address=pending.address,
            device_id=pending.device_id, pending_id=pending.id,
        )
    )  # fmt: skip
    session.flush()
    counted = _counted(pending, kind)
    if counted - chances < MOST[kind] <= counted:
        _tell(pending, kind)


def _tell(pending: "PendingLogin", kind: Kind) -> None:
    device = "new" if pending.device_id is None else "known"
    record("login.barred", pending.user, by=None, device=device, kind=kind.value)
    if pending.user is not None and pending.user.is_active:
        until = "From now on" if kind is Kind.DIGITS else "For up to 7 days"
        closed = (CLOSED_TO_NEW if pending.device_id is None else CLOSED_TO_ONE).format(until=until)
        post(pending.user.email, SUBJECT, MAIL[kind is Kind.RESET_CODE].format(closed=closed))


def _counted(pending: "PendingLogin", kind: Kind) -> int:
    failure, user = LoginFailure, pending.user
    query = select(func.coalesce(func.sum(failure.chances), 0)).where(
        failure.kind == kind,
        failure.account == pending.account,
        failure.device_id == pending.device_id,
        failure.at > user.password_set_at if user and user.password_set_at else sa.true(),
    )
    if kind is not Kind.DIGITS:
        query = query.where(failure.at > utc_now() - WEEK)
    return session.scalars(query).one()
