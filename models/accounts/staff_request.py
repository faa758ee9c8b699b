"""What is to be done to an account of the council's staff, and waits for a second person: docs/grant-states.md.

Whoever has two accounts that may move money, or can put themselves into somebody else's, needs nobody. So a role that
moves money or lets people in, and whatever would hand such an account over, takes two people: one asks, another agrees.
How: models/accounts/second_person.py.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.audit import AuditEvent
from models.base import Base, Key, session, utc_now
from models.folding import folds, found_by
from models.instants import NOW
from models.permissions import STRONG_ROLES, CouncilRole
from models.statements import Named
from models.waiting import waits
from models.words import Choice

WAITS = timedelta(days=7)
"""So long somebody may agree; then it has expired, and has to be asked for again. By the real clock."""
LATELY = timedelta(days=30)
"""So long a role that was taken away still counts."""


class StaffAct(Choice):
    ROLE = "role"
    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105 - the word for it
    SECOND_STEP = "second_step"
    SWITCH_ON = "switch_on"

    @property
    def label(self) -> str:
        return _LABELS[self]

    def takes_two(self, person: User | None, role: CouncilRole | None = None) -> bool:
        """Whether somebody else has to agree before it is done to this person, or to a new one (None)."""
        if self is StaffAct.ROLE:
            return role in STRONG_ROLES
        roles = roles_held(person) if person is not None else set()
        return bool(roles if self is StaffAct.EMAIL else roles & set(STRONG_ROLES))


def roles_held(person: User) -> set[CouncilRole]:
    """Their role at the council, and those that were taken away within LATELY: taking one away needs nobody else, and
    must not open the account to whoever did it.
    """
    about = (AuditEvent.subject == f"{User.__tablename__}:{person.id}", AuditEvent.at > utc_now() - LATELY)
    ended = AuditEvent.action.in_(("staff.removed", "staff.role_changed"))
    events = session.scalars(select(AuditEvent.detail).where(ended, *about))
    now = {person.staff.role} if person.staff is not None else set()
    return now | {CouncilRole(detail["was"]) for detail in events}


_LABELS = {
    StaffAct.ROLE: "Role at the council",
    StaffAct.EMAIL: "E-mail address",
    StaffAct.PASSWORD: "Temporary password",
    StaffAct.SECOND_STEP: "Second step taken back",
    StaffAct.SWITCH_ON: "Login switched on",
}


class RequestState(Choice):
    WAITING = "waiting"
    AGREED = "agreed"
    REFUSED = "turned down"
    TAKEN_BACK = "taken back"
    EXPIRED = "expired"


class StaffRequest(Base):
    __tablename__ = "staff_request"
    __table_args__ = (
        sa.CheckConstraint("email = lower(email) AND new_email = lower(new_email)", name="lower_case"),
        sa.CheckConstraint("(act = 'role') = (role IS NOT NULL)", name="role"),
        sa.CheckConstraint("(act = 'email') = (new_email <> '')", name="new_email"),
        sa.CheckConstraint("act = 'role' OR person_id IS NOT NULL", name="person"),
        sa.CheckConstraint("why <> ''", name="why"),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(state IN ('waiting', 'expired')) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("(state IN ('turned down', 'taken back')) = (answer <> '')", name="answer"),
        sa.Index("uq_staff_request_waiting", "act", "email", unique=True,
                 sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")),
    )  # fmt: skip

    id: Mapped[Key]
    act: Mapped[StaffAct]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    """None while there is no such person yet: agreeing adds them."""
    email: Mapped[str]
    """The person's address when it was asked for, ..."""
    name: Mapped[str]
    """... and name."""
    folded_name: Mapped[str] = folds("name")
    role: Mapped[CouncilRole | None]
    new_email: Mapped[str] = mapped_column(default="")
    why: Mapped[str]
    """For whoever agrees."""
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    expires_at: Mapped[datetime]
    state: Mapped[RequestState] = mapped_column(default=RequestState.WAITING, index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """Who has agreed, turned it down or taken it back; None where nobody did in time."""
    answer: Mapped[str] = mapped_column(default="")
    """Why it was turned down or taken back."""

    person: Mapped[User | None] = relationship(lazy="raise", foreign_keys=person_id, viewonly=True)
    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=asked_by_id, viewonly=True)
    decided_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=decided_by_id, viewonly=True)

    @hybrid_property
    def is_waiting(self) -> bool:
        return self.state is RequestState.WAITING and utc_now() < self.expires_at

    @is_waiting.inplace.expression
    @classmethod
    def _is_waiting(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.state == RequestState.WAITING, cls.expires_at > NOW)

    @hybrid_property
    def is_overdue(self) -> bool:
        """Its time is over, and nobody has written that down yet."""
        return self.state is RequestState.WAITING and utc_now() >= self.expires_at

    @is_overdue.inplace.expression
    @classmethod
    def _is_overdue(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.state == RequestState.WAITING, cls.expires_at <= utc_now())

    @property
    def shown_state(self) -> RequestState:
        return RequestState.EXPIRED if self.is_overdue else self.state

    @property
    def what(self) -> str:
        """What is to be done, as the end of a sentence: "give Max Reid (max@council.example) the role ..."."""
        whom = f"{self.name} ({self.email})"
        role = self.role.label.lower() if self.role else ""
        return {
            StaffAct.ROLE: f"give {whom} the role {role}" if self.person_id else f"add {whom} as {role}",
            StaffAct.EMAIL: f"let {whom} log in as {self.new_email} from now on",
            StaffAct.PASSWORD: f"give {whom} a temporary password",
            StaffAct.SECOND_STEP: f"take back the second step of {whom}",
            StaffAct.SWITCH_ON: f"switch the login of {whom} on again",
        }[self.act]

    @classmethod
    def numbered(cls, request_id: int) -> Select["StaffRequest"]:
        return select(cls).where(cls.id == request_id).options(*_people())

    @classmethod
    def listed(cls, *, state: RequestState | None = None, name: str = "") -> Select["StaffRequest"]:
        """The newest first: in one state, of people whose name or address has `name`. A filter left out takes all."""
        query = select(cls).options(*_people()).order_by(cls.asked_at.desc(), cls.id.desc())
        if state is RequestState.WAITING:
            query = query.where(cls.is_waiting)
        elif state is RequestState.EXPIRED:
            query = query.where(sa.or_(cls.state == state, cls.is_overdue))
        elif state is not None:
            query = query.where(cls.state == state)
        return query.where(found_by(name, cls.folded_name, cls.email)) if name else query

    @classmethod
    def waiting_about(cls, act: StaffAct, email: str) -> Select["StaffRequest"]:
        """That the same act waits for this address, its time over or not."""
        return select(cls).where(cls.act == act, cls.email == email, cls.state == RequestState.WAITING)


def _people() -> tuple[sa.orm.interfaces.LoaderOption, ...]:
    of = StaffRequest
    return joinedload(of.person).joinedload(User.staff), joinedload(of.asked_by), joinedload(of.decided_by)


def waiting_for(person_id: int | Named) -> Select:
    """The requests of others, about others, that wait for this person, counted: see models.waiting."""
    of = StaffRequest
    query = waits("staff requests", func.count(of.id), func.min(of.asked_at))
    return query.where(of.is_waiting, of.asked_by_id != person_id, of.person_id.is_distinct_from(person_id))
