"""Organisations, and their providers: the tenants of the portal.

A *provider* is one carer, home or branch, and what a person works for on one screen; an organisation
may have several. The guides call the same thing a service.
"""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, query_expression, relationship

from models.base import Base, DomainError, Key, Reference, session
from models.calendar import today
from models.emails import one_form
from models.folding import folds, found_by
from models.hybrids import hybrid_property
from models.records.feed import FromFeed
from models.sight import What, watched
from models.statements import TODAY
from models.tenancy import ProviderOwned, owned, restrict
from models.words import folded


class ProviderKind(StrEnum):
    FOSTER_CARER = "foster_carer"
    SUPPORTED_LODGINGS = "supported_lodgings"
    FOSTERING_AGENCY = "fostering_agency"
    CARE_HOME = "care_home"
    HOME_CARE = "home_care"
    DIRECT_PAYMENTS = "direct_payments"
    SHARED_LIVES = "shared_lives"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def prints_every_column(self) -> bool:
        """The guide for providers of this kind prints a payment's rows with VAT, contract and period."""
        return self in (ProviderKind.FOSTER_CARER, ProviderKind.SUPPORTED_LODGINGS)

    @property
    def sends_timesheets(self) -> bool:
        """It says what it delivered a month at a time, in a timesheet."""
        return self is ProviderKind.SHARED_LIVES

    @property
    def sends_invoices(self) -> bool:
        """People who give care in their own homes are paid without."""
        at_home = ProviderKind.FOSTER_CARER, ProviderKind.SUPPORTED_LODGINGS, ProviderKind.SHARED_LIVES
        return self not in at_home


class Organisation(FromFeed, Base):
    __tablename__ = "organisation"

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str]


class Provider(FromFeed, Base):
    """One tenant. Addresses are lines of text as the finance system keeps them."""

    __tablename__ = "provider"

    id: Mapped[Key]
    reference: Mapped[Reference]
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    folded_name: Mapped[str] = folds("name")
    kind: Mapped[ProviderKind]
    address: Mapped[str] = watched(What.CONTACT, default="")
    invoice_address: Mapped[str] = watched(What.CONTACT, default="")
    delivery_address: Mapped[str] = watched(What.CONTACT, default="")
    email: Mapped[str] = watched(What.CONTACT, default="")
    phone: Mapped[str] = watched(What.CONTACT, default="")
    account_ending: Mapped[str] = mapped_column(default="")
    """The last digits of the bank account that payments go to. The portal keeps no more of it."""

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    is_claimant: Mapped[bool | None] = query_expression()
    """Whether it has to do with one-off claims; None where nobody has asked (models.billing.claimants)."""
    has_actuals: Mapped[bool | None] = query_expression()
    """Whether it says week by week what it delivered; None where nobody has asked (models.care.register)."""

    @classmethod
    def found_by(cls, text: str) -> sa.ColumnElement[bool]:
        """A condition: each word of the text is part of the provider's name or reference."""
        return found_by(text, cls.folded_name, cls.reference)

    @classmethod
    def numbered(cls, provider_id: int) -> Select["Provider"]:
        return select(cls).where(cls.id == provider_id)

    @classmethod
    def with_organisation(cls, provider_id: int) -> Select["Provider"]:
        return cls.numbered(provider_id).options(joinedload(cls.organisation))

    @classmethod
    def with_reference(cls, reference: str) -> Select["Provider"]:
        return select(cls).where(cls.reference == reference)

    def one_at_a_time(self) -> None:
        """Lock the provider's row until the transaction ends, so that nobody else adds a record of its between this
        look and this write. On SQLite the write transaction does it.
        """
        session.execute(select(Provider.id).where(Provider.id == self.id).with_for_update(key_share=True))

    def knows(self, email: str) -> bool:
        """Whether the address is the provider's own or that of one of its contacts: nobody else gets access to it."""
        email = one_form(email)
        theirs = select(Contact.id).where(
            Contact.provider_id == self.id, sa.func.lower(Contact.email) == email, ~Contact.has_ended
        )
        return bool(email) and (self.email.lower() == email or session.scalar(theirs.limit(1)) is not None)


def by_name(provider: Provider) -> tuple[list[str | int], int]:
    """A key to sort a person's providers by: House 2 comes before House 10."""
    parts = re.split(r"(\d+)", folded(provider.name))
    return [int(part) if part.isdecimal() else part for part in parts], provider.id


UNKNOWN = "There is no provider with the reference or name {}"
SEVERAL = "More than one provider is called {}. Enter its reference"


def ids_of_kinds(kinds: Iterable[str]) -> list[int]:
    return list(session.scalars(select(Provider.id).where(Provider.kind.in_(list(kinds))).order_by(Provider.id)))


def ids_named(names: list[str]) -> list[int]:
    """Ids of the providers with these references or names; DomainError where one means none, or more than one."""
    chosen, problems = _named(names)
    if problems:
        raise DomainError(problems[0])
    return chosen


def _named(names: list[str]) -> tuple[list[int], list[str]]:
    """The ids, and what is wrong with the names that do not mean exactly one provider."""
    found = session.execute(
        select(Provider.id, Provider.reference, Provider.name).where(_is_named(names)).order_by(Provider.id)
    ).all()
    chosen, problems = set(), []
    for name in names:
        called = [row.id for row in found if row.reference.lower() == name.lower()]
        called = called or [row.id for row in found if folded(row.name) == folded(name)]
        if len(called) == 1:
            chosen.update(called)
        else:
            problems.append((SEVERAL if called else UNKNOWN).format(name))
    return sorted(chosen), problems


def problems_with_names(names: list[str]) -> list[str]:
    """What is wrong with each reference or name that does not mean exactly one provider, in words for a person."""
    return _named(names)[1]


def problem_with_name(name: str) -> str | None:
    """As `problems_with_names`, of one; None if it means exactly one provider."""
    return next(iter(problems_with_names([name])), None)


def _is_named(names: list[str]) -> sa.ColumnElement[bool]:
    """The reference, in any capitals, or the whole name, however it is written."""
    references = [name.lower() for name in names]
    called = {folded(name) for name in names} - {""}
    return sa.or_(func.lower(Provider.reference).in_(references), Provider.folded_name.in_(sorted(called)))


restrict(Provider, lambda tenant: Provider.id == tenant)


class Service(FromFeed, Base):
    """A kind of care that the council buys: In-House Fostering Placement."""

    __tablename__ = "service"

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str]
    folded_name: Mapped[str] = folds("name")


class ProviderService(FromFeed, ProviderOwned, Base):
    """A provider gives a service from `starts_on` to `ends_on` (included; None has no end)."""

    __tablename__ = "provider_service"
    __table_args__ = owned(sa.UniqueConstraint("provider_id", "service_id", "starts_on"))

    id: Mapped[Key]
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class Contact(FromFeed, ProviderOwned, Base):
    """A person at the provider whom the council knows. Only a contact can be given access (Provider.knows)."""

    __tablename__ = "contact"

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str]
    folded_name: Mapped[str] = folds("name")
    position: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = watched(What.CONTACT, default="")
    phone: Mapped[str] = watched(What.CONTACT, default="")
    is_correspondence: Mapped[bool] = mapped_column(default=False)
    ends_on: Mapped[date | None]
    """The last day as a contact, included; None has no end."""

    @hybrid_property
    def has_ended(self) -> bool:
        """No longer a contact: nowhere shown as one, and neither invited nor written to."""
        return self.ends_on is not None and self.ends_on < today()

    @has_ended.inplace.expression
    @classmethod
    def _has_ended(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.ends_on.is_not(None), cls.ends_on < TODAY)

    @classmethod
    def by_name(cls) -> Select["Contact"]:
        return select(cls).where(~cls.has_ended).order_by(cls.folded_name, cls.id)

    @classmethod
    def numbered(cls, contact_id: int) -> Select["Contact"]:
        return select(cls).where(cls.id == contact_id, ~cls.has_ended)

    @classmethod
    def found_by(cls, text: str) -> sa.ColumnElement[bool]:
        """A condition: each word of the text is part of the name, position, e-mail address or reference."""
        return found_by(text, cls.folded_name, cls.position, cls.email, cls.reference)

    @classmethod
    def searched(cls, text: str = "") -> Select["Contact"]:
        """Contacts by name; with a text, those that are found by it."""
        return cls.by_name().where(cls.found_by(text)) if text else cls.by_name()
