"""Somebody on the way in: what they have proved so far, and what comes next.

Logging in and setting a forgotten password go the same way. Each proof opens the next stage and nothing else, so that
no page of the portal is open to who still has to change a temporary password or to set up a second step.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum, StrEnum

import sqlalchemy as sa
from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts import passwords
from models.accounts.account_policy import Step, policy
from models.accounts.authenticator import Authenticator
from models.accounts.login import LoginFailure, Origin, account_hash, network_hash
from models.accounts.passkey import Passkey
from models.accounts.security_code import SecurityCode
from models.accounts.user import Membership, Staff, User
from models.base import Base, Key, move, session, utc_now
from models.outbox import post
from models.permissions import Role
from models.tenancy import every_provider

LIFE = timedelta(hours=1)
"""A log-in that is not completed by then has to begin again."""
TRIES = 5
"""Wrong security codes or codes from the app; after them, it is back to the password."""

FAILURES_TO_TELL = 3
GUESSED = """\
Somebody gave your password for the Provider Portal, and then a wrong code 5 times. They did not get in.

If it was not you, somebody else knows your password: change it now, or contact the council.
"""
GUESSED_AFTER_MAIL = """\
Somebody gave the code that we mailed to you to set a new password for the Provider Portal, and then a wrong code 5
times. They did not get in.

If it was not you, somebody else reads your e-mails: change the password of your mailbox, and contact the council.
"""
NEW_DEVICE = """\
Somebody logged in to the Provider Portal with your login just now, from a device or browser that we did not know.

If it was you, all is well. If not, somebody else has got in: change your password now, and contact the council.
"""
AFTER_FAILURES = """\
Somebody logged in to the Provider Portal with your login just now. Before that, a wrong password or code had been
given {failures} times.

If it was you each time, all is well. If not, change your password now, and contact the council.
"""


class Purpose(StrEnum):
    LOG_IN = "log_in"
    RESET = "reset"


class Stage(Enum):
    """What the person has to do next; the value is the view that asks for it."""

    EMAIL_CODE = "code"
    SECURITY_CODE = "security_code"
    AUTHENTICATOR = "authenticator"
    PASSKEY = "passkey"
    CHANGE_PASSWORD = "change_password"  # noqa: S105
    NEW_PASSWORD = "new_password"  # noqa: S105
    SET_SECURITY_CODE = "set_security_code"
    SET_UP_AUTHENTICATOR = "set_up_authenticator"
    DONE = "proceed"


GIVE = {
    Step.SECURITY_CODE: Stage.SECURITY_CODE,
    Step.AUTHENTICATOR: Stage.AUTHENTICATOR,
    Step.PASSKEY: Stage.PASSKEY,
}
SET_UP = {Step.SECURITY_CODE: Stage.SET_SECURITY_CODE, Step.AUTHENTICATOR: Stage.SET_UP_AUTHENTICATOR}


class PendingLogin(Base):
    __tablename__ = "pending_login"

    id: Mapped[Key]
    purpose: Mapped[Purpose]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    """None when somebody wants to reset the password of an address that nobody has: they get the same pages."""
    account: Mapped[str] = mapped_column(index=True)
    """Keyed hash of the e-mail address that was typed."""
    address: Mapped[str] = mapped_column(index=True)
    """Keyed hash of the network address that it came from."""
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("known_device.id", ondelete="SET NULL"), index=True)
    """The browser that it came from, if it is known for this person."""
    nonce: Mapped[str]
    """Goes into every code's hash, so that a code opens this log-in and no other."""
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    emailed_at: Mapped[datetime | None]
    """When the code from the e-mail was right."""
    stepped_at: Mapped[datetime | None]
    """When the security code, the code from the app or a recovery code was right."""
    tries: Mapped[int] = mapped_column(default=0)
    is_trusted: Mapped[bool] = mapped_column(default=False)
    """The council's identity provider has asked for a second factor already."""
    accepted_at: Mapped[datetime | None]
    """When it came to its end: the person is in, or has a new password."""

    user: Mapped[User | None] = relationship(lazy="raise")

    @classmethod
    def begin(cls, email: str, user: User | None, purpose: Purpose, origin: Origin) -> "PendingLogin":
        """`user` is the one with this e-mail address, or None where nobody has it."""
        pending = cls(
            purpose=purpose,
            account=account_hash(email),
            address=network_hash(origin.address),
            device_id=origin.device_id(user),
            nonce=secrets.token_hex(16),
            user=user,
            user_id=user.id if user else None,
            tries=0,
        )
        session.add(pending)
        session.flush()
        return pending

    @classmethod
    def open(cls, pending_id: int, nonce: str) -> Select["PendingLogin"]:
        """The log-in, if it is still under way. The nonce is compared too: after a rollback the next log-in may get the
        same id.
        """
        has_tries = sa.or_(cls.tries < TRIES, cls.stepped_at.is_not(None))  # the last try may have been right
        is_open = (cls.accepted_at.is_(None), has_tries, cls.started_at > utc_now() - LIFE)
        return select(cls).where(cls.id == pending_id, cls.nonce == nonce, *is_open).options(joinedload(cls.user))

    @classmethod
    def ended(cls, pending_id: int, nonce: str) -> Select[datetime | None]:
        """When it came to its end, if it did."""
        mine = (cls.id == pending_id, cls.nonce == nonce, cls.accepted_at.is_not(None))
        return select(cls.accepted_at).where(*mine)

    @property
    def person(self) -> User:
        """Who is on the way in, past the code from the e-mail. Only an address that nobody has stays before it."""
        if self.user is None:
            raise LookupError("nobody has this address")
        return self.user

    @property
    def stage(self) -> Stage:
        if self.user is None or (self.purpose is Purpose.RESET and not self.emailed_at):
            return Stage.EMAIL_CODE  # before anything is looked up: an address that nobody has takes as long
        own, wanted = own_step(self.user), step_of(self.user)
        if self.purpose is Purpose.RESET:
            return self._unproved_for_reset(own) or Stage.NEW_PASSWORD
        if self.is_trusted:
            return Stage.DONE
        return self._unproved(own, wanted) or self._to_set_up(own, wanted) or Stage.DONE

    @property
    def choices(self) -> list[Stage]:
        """The stages that are open, the one that is asked for first: who has both a passkey and an app gives either."""
        first = self.stage
        if first not in (Stage.PASSKEY, Stage.AUTHENTICATOR):
            return [first]
        return [GIVE[step] for step in strong_steps(self.person)]

    def _unproved_for_reset(self, own: Step | None) -> Stage | None:
        """After the code from the e-mail, whatever else the person has: a mailbox alone is not enough."""
        return GIVE[own] if own and not self.stepped_at else None

    def _unproved(self, own: Step | None, wanted: Step) -> Stage | None:
        is_set_up = own is not None and (own.is_strong or own is wanted)
        if not self.emailed_at and self._takes_the_mailbox(own, is_set_up=is_set_up):
            return Stage.EMAIL_CODE
        return GIVE[own] if own and is_set_up and not self.stepped_at else None

    def _takes_the_mailbox(self, own: Step | None, *, is_set_up: bool) -> bool:
        """Whether a code from an e-mail comes before anything else: always after a password that the council gave, else
        whoever gives passwords there could log in as anybody who has set up nothing yet; and before a security code in
        a browser that is not known, for some digits of it are soon guessed.
        """
        is_new_browser = own is Step.SECURITY_CODE and self.device_id is None
        return self.person.has_temporary_password or not is_set_up or is_new_browser

    def _to_set_up(self, own: Step | None, wanted: Step) -> Stage | None:
        if self.person.has_temporary_password:
            return Stage.CHANGE_PASSWORD
        return None if own and (own.is_strong or own is wanted) else SET_UP.get(wanted)

    def step_done(self) -> None:
        """The second step is given, or set up just now."""
        self.stepped_at = utc_now()

    @property
    def has_tries(self) -> bool:
        return self.tries < TRIES

    def count_try(self) -> bool:
        """Use up a try before anything is compared; False if none is left. The database counts, so that guesses at the
        same moment count one by one.
        """
        has_left = (PendingLogin.tries < TRIES, PendingLogin.accepted_at.is_(None))
        return move(self, *has_left, tries=PendingLogin.tries + 1)

    def log_in(self) -> bool:
        """Complete the log-in; False if another press of the button was first."""
        if not self._end():
            return False
        self._warn()
        LoginFailure.forget(self.person, self.device_id, self.id)
        self.person.log_in()
        return True

    def warn_of_guesses(self) -> None:
        """The password was right, or the code from the e-mail, and then every try at the second step was wrong."""
        if self.purpose is Purpose.RESET:
            post(self.person.email, "Somebody tried to set your password", GUESSED_AFTER_MAIL)
        else:
            post(self.person.email, "Somebody gave your password", GUESSED)

    def _warn(self) -> None:
        """Tell the person of a log-in that may not be theirs."""
        failures = session.scalars(LoginFailure.since_last_log_in(self.person)).one()
        if failures >= FAILURES_TO_TELL:
            post(self.person.email, "A log-in after wrong tries", AFTER_FAILURES.format(failures=failures))
        if self.device_id is None and self.person.last_login_at is not None:
            post(self.person.email, "A log-in from a new device", NEW_DEVICE)

    def knows_password(self, typed: str) -> bool:
        """Whether they type their password once more. It was right when they came, so this counts no wrong ones, and
        those that strangers give meanwhile do not make a right one wrong.
        """
        return passwords.matches(typed, self.person.password_hash)

    def set_password(self, password: str) -> bool:
        """Set a new password in place of a forgotten or temporary one; DomainError if it breaks a rule.

        A forgotten one ends here, and the person logs in with the new one: False if another press was first.
        """
        is_reset = self.purpose is Purpose.RESET
        self.person.set_password(password)
        PendingLogin.end_all(self.person.id, but=self.id)
        self.step_done()
        return self._end() if is_reset else True

    @classmethod
    def end_all(cls, user_id: int, *, but: int | None = None) -> None:
        """Make every log-in of this person that is under way begin again, except the one with the id `but`."""
        theirs = update(cls).where(cls.user_id == user_id, cls.accepted_at.is_(None), cls.id != (but or 0))
        session.execute(theirs.values(accepted_at=utc_now()))

    def _end(self) -> bool:
        return move(self, PendingLogin.accepted_at.is_(None), accepted_at=utc_now())


def change_password(user: User, password: str, *, but: int, device: str | None) -> None:
    """As User.set_password, for a person who is logged in. Log-ins that began with the old password begin again."""
    user.set_password(password, but=but, device=device)
    PendingLogin.end_all(user.id)


def step_of(user: User) -> Step:
    """The second step that the council asks of this person: the strongest of those for what they are."""
    query = (
        select(Membership.role, Staff.user_id.label("staff_id"))
        .select_from(User)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Staff, Staff.user_id == User.id)
        .where(User.id == user.id)
    )
    with every_provider():
        rows = session.execute(query).all()
    roles = {row.role for row in rows if row.role}
    return step_for(roles, is_staff=any(row.staff_id for row in rows))


def step_for(roles: Collection[Role], *, is_staff: bool) -> Step:
    """The second step that the council asks of somebody with these roles at providers."""
    steps = {policy().carers if role is Role.CARER else policy().organisations for role in roles}
    if is_staff:
        steps.add(policy().staff)
    return Step.strongest(steps or {policy().organisations})


def own_step(user: User) -> Step | None:
    """The strongest thing that this person has set up to prove who they are, if any."""
    return strongest(session.execute(select(*set_up(user.id))).one())


def strongest(has: Row) -> Step | None:
    """Of the columns of `set_up`."""
    return next(iter(_strong(has)), Step.SECURITY_CODE if has.code else None)


def strong_steps(user: User) -> list[Step]:
    """What this person has set up that stands in for any other second step, the strongest first."""
    return _strong(session.execute(select(*set_up(user.id))).one())


def _strong(has: Row) -> list[Step]:
    return [Step.PASSKEY] * has.passkey + [Step.AUTHENTICATOR] * has.app


def set_up(user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether this person has a `passkey`, an `app`, a security `code`."""
    code = SecurityCode.of(user_id).where(SecurityCode.sealed.is_not(None))
    return (
        Passkey.of(user_id).with_only_columns(Passkey.id).order_by(None).exists().label("passkey"),
        Authenticator.of(user_id).exists().label("app"), code.exists().label("code"),
    )  # fmt: skip
