"""A change of the details held about a provider or its contacts, which the provider asks for.

Nobody edits details here: the council makes the change in the finance system, and the next feed brings it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, move, session, utc_now
from models.calendar import in_words
from models.outbox import post
from models.records.provider import Contact, Provider
from models.sight import What, seen
from models.tenancy import ProviderOwned, owned
from models.waiting import waits
from models.words import Choice


class ChangeKind(Choice):
    ORGANISATION = "organisation"
    CONTACT = "contact"
    NEW_CONTACT = "new_contact"
    CONTACT_LEAVES = "contact_leaves"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def request(self) -> str:
        """What somebody who asks for it does: the title of the page."""
        return _REQUESTS[self]


class ChangeState(Choice):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_LABELS = {
    ChangeKind.ORGANISATION: "Organisation details",
    ChangeKind.CONTACT: "Contact’s details",
    ChangeKind.NEW_CONTACT: "New contact",
    ChangeKind.CONTACT_LEAVES: "Contact to take off",
}
_REQUESTS = {
    ChangeKind.ORGANISATION: "Ask for a change of details",
    ChangeKind.CONTACT: "Ask for a change of a contact",
    ChangeKind.NEW_CONTACT: "Ask for a new contact",
    ChangeKind.CONTACT_LEAVES: "Ask to take a contact off",
}
OF_ORGANISATION = {
    "name": "Name",
    "address": "Address",
    "invoice_address": "Invoice address",
    "delivery_address": "Delivery address",
    "email": "E-mail",
    "phone": "Telephone",
}
OF_CONTACT = {
    "name": "Name",
    "position": "Position",
    "email": "E-mail",
    "phone": "Telephone",
    "is_correspondence": "Letters go to this person",
}
"""Fields that may be asked to change, by the names of their columns, and what people call them."""
CONTACT_DETAILS = ("address", "invoice_address", "delivery_address", "email", "phone")
"""Those of them that not everybody at the council sees."""

NOTHING = "This is what we hold already. Change something before you send it"
ALREADY = "You have asked for this already. It waits for the council"
MOST_WAITING = 20
"""Requests of one provider that wait for the council."""
TOO_MANY = (
    f"{MOST_WAITING} requests of yours wait for the council already. Wait for its answer, or withdraw one that you no "
    "longer need, then send this one"
)
TOO_LATE = "This has been answered or withdrawn already. Look at it again"
MAIL = """\
{name},

the change that you asked for on {asked} has been {state}.

{what}, {provider}

Log in to the Provider Portal to read more.
"""


class DetailChange(ProviderOwned, Base):
    __tablename__ = "detail_change"
    __table_args__ = owned(
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("(state = 'refused') = (reason <> '')", name="reason"),
        sa.CheckConstraint("(kind IN ('contact', 'contact_leaves')) = (contact_id IS NOT NULL)", name="of_contact"),
        contact_id="contact",
    )

    id: Mapped[Key]
    kind: Mapped[ChangeKind]
    contact_id: Mapped[int | None] = mapped_column(index=True)
    before: Mapped[dict[str, Any]]
    """What was held when the change was asked for: only the fields that differ. `after` is what they should be."""
    after: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(default="")
    wanted_on: Mapped[date]
    asked_at: Mapped[datetime] = mapped_column(default=utc_now)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[ChangeState] = mapped_column(default=ChangeState.WAITING, index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """Who has done, refused or withdrawn it."""
    reason: Mapped[str] = mapped_column(default="")
    """Why it was refused; the provider reads it."""

    contact: Mapped[Contact | None] = relationship(lazy="raise", viewonly=True)
    provider: Mapped[Provider] = relationship(lazy="raise", viewonly=True)
    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=asked_by_id, viewonly=True)

    @property
    def fields(self) -> list[tuple[str, Any, Any]]:
        """What each field is called, what it was and what it should be; None where there was or will be nothing."""
        names = OF_ORGANISATION if self.kind is ChangeKind.ORGANISATION else OF_CONTACT
        for name in CONTACT_DETAILS:
            seen(What.CONTACT, self.before.get(name))
            seen(What.CONTACT, self.after.get(name))
        return [
            (label, self.before.get(name), self.after.get(name))
            for name, label in names.items()
            if name in self.before or name in self.after
        ]

    @staticmethod
    def is_contact_detail(label: str) -> bool:
        """Whether the field of this name says where somebody lives, or how to reach them."""
        return label in {OF_ORGANISATION[name] for name in CONTACT_DETAILS}

    @property
    def is_waiting(self) -> bool:
        return self.state is ChangeState.WAITING

    @property
    def about(self) -> str:
        """Whose details: the contact's name, or nobody's where they are the organisation's."""
        names = (self.before.get("name"), self.contact.name if self.contact else self.after.get("name"))
        return "" if self.kind is ChangeKind.ORGANISATION else next((name for name in names if name), "")

    def withdraw(self, *, by: User) -> None:
        """The provider no longer wants it."""
        self._settle(ChangeState.WITHDRAWN, by)

    def do(self, *, by: User) -> None:
        """The council has made it in the finance system."""
        self._settle(ChangeState.DONE, by)
        self._tell("done")

    def refuse(self, *, by: User, reason: str) -> None:
        """The council does not make it; the provider reads why."""
        if not reason.strip():
            raise DomainError("Say why, so that the provider knows what to do")
        self._settle(ChangeState.REFUSED, by, reason=reason)
        self._tell("refused")

    def _settle(self, state: ChangeState, by: User, **more: str) -> None:
        settled = {"state": state, "decided_at": utc_now(), "decided_by_id": by.id} | more
        if not move(self, DetailChange.state == ChangeState.WAITING, **settled):
            raise DomainError(TOO_LATE)
        record(f"detail_change.{state.value}", self, by=by, kind=self.kind.value)

    def _tell(self, state: str) -> None:
        if self.asked_by.is_active:
            words = MAIL.format(
                name=self.asked_by.name, asked=in_words(self.asked_at), state=state, what=self.kind.label,
                provider=self.provider.name,
            )  # fmt: skip
            post(self.asked_by.email, f"The change that you asked for has been {state}", words)

    @classmethod
    def newest_first(cls) -> Select["DetailChange"]:
        """Those of the provider at hand, with who asked."""
        order = (cls.state != ChangeState.WAITING, cls.asked_at.desc(), cls.id.desc())
        return select(cls).options(*_whole()).order_by(*order)

    @classmethod
    def numbered(cls, change_id: int) -> Select["DetailChange"]:
        return select(cls).where(cls.id == change_id).options(*_whole())

    @classmethod
    def waiting_here(cls, *, of_contacts: bool) -> Select["DetailChange"]:
        """What waits of the provider at hand: of its contacts, new ones among them, or of its own details."""
        is_own = cls.kind == ChangeKind.ORGANISATION
        return cls.newest_first().where(cls.state == ChangeState.WAITING, ~is_own if of_contacts else is_own)

    @classmethod
    def listed(cls, *, state: ChangeState | None = None, name: str = "") -> Select["DetailChange"]:
        """The council's list, the oldest first: in one state, of providers whose name or reference has `name`. A filter
        left out takes all.
        """
        query = select(cls).join(cls.provider).options(*_whole()).order_by(cls.asked_at, cls.id)
        if state is not None:
            query = query.where(cls.state == state)
        if name:
            query = query.where(Provider.found_by(name))
        return query


def waiting() -> Select:
    """The changes that wait for the council, counted: see models.waiting."""
    query = waits("changes", sa.func.count(DetailChange.id), sa.func.min(DetailChange.asked_at))
    return query.where(DetailChange.state == ChangeState.WAITING)


def _whole() -> tuple[Any, ...]:
    return joinedload(DetailChange.asked_by), joinedload(DetailChange.contact), joinedload(DetailChange.provider)


def held(of: Provider | Contact) -> dict[str, Any]:
    """What is held, by the names of the fields that may change."""
    return {name: getattr(of, name) for name in (OF_ORGANISATION if isinstance(of, Provider) else OF_CONTACT)}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only the fields that differ, as they are and as they should be."""
    changed = [name for name in after if (after[name] or "") != (before.get(name) or "")]
    return {name: before[name] for name in changed if name in before}, {name: after[name] for name in changed}


def ask(
    kind: ChangeKind, of: Provider | Contact, wanted: Mapping[str, Any], *, wanted_on: date, note: str = "", by: User
) -> DetailChange:
    """Ask for `wanted` in place of what is held of the provider or the contact; a new contact is asked of the provider.

    DomainError where nothing would change, where the same waits already, or where MOST_WAITING wait.
    """
    change = drafted(kind, of, wanted, wanted_on=wanted_on, note=note)
    session.scalars(Provider.numbered(change.provider_id)).one().one_at_a_time()
    insist_on_room(change.provider_id)
    same = select(DetailChange).where(
        DetailChange.provider_id == change.provider_id, DetailChange.kind == kind,
        DetailChange.contact_id.is_not_distinct_from(change.contact_id), DetailChange.state == ChangeState.WAITING,
    )  # fmt: skip
    if any(other.after == change.after for other in session.scalars(same)):
        raise DomainError(ALREADY)
    change.asked_by_id = by.id
    session.add(change)
    record("detail_change.asked", change, by=by, kind=kind.value)
    return change


def drafted(
    kind: ChangeKind, of: Provider | Contact, wanted: Mapping[str, Any], *, wanted_on: date, note: str = ""
) -> DetailChange:
    """The change as `ask` would store it, to look at before it is sent. DomainError where nothing would change."""
    contact = of if isinstance(of, Contact) else None
    after: dict[str, Any] = {}
    if kind is ChangeKind.CONTACT_LEAVES:
        before = differences({}, held(of))[1]
    else:
        before, after = differences({} if kind is ChangeKind.NEW_CONTACT else held(of), wanted)
        if not after:
            raise DomainError(NOTHING)
    provider_id = contact.provider_id if contact else of.id
    return DetailChange(kind=kind, provider_id=provider_id, contact_id=contact.id if contact else None, before=before,
                        after=after, note=note, wanted_on=wanted_on)  # fmt: skip


def insist_on_room(provider_id: int) -> None:
    """DomainError where as many requests of the provider wait as may."""
    waiting = (DetailChange.provider_id == provider_id, DetailChange.state == ChangeState.WAITING)
    if (session.scalar(select(sa.func.count(DetailChange.id)).where(*waiting)) or 0) >= MOST_WAITING:
        raise DomainError(TOO_MANY)


def has_arrived(change: DetailChange) -> bool:
    """Whether what was asked for is held by now, brought by the feed; of a contact to take off, a last day."""
    if change.kind is ChangeKind.CONTACT_LEAVES:
        return change.contact is not None and change.contact.ends_on is not None
    if change.kind is ChangeKind.NEW_CONTACT:
        same = [~Contact.has_ended, *(getattr(Contact, name) == value for name, value in change.after.items())]
        return session.scalar(select(Contact.id).where(Contact.provider_id == change.provider_id, *same)) is not None
    now = held(change.contact or change.provider)
    return all((now[name] or "") == (value or "") for name, value in change.after.items())
