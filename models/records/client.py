"""The people whom the care is for. They belong to the council; a provider sees its own only."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped

from models.base import Base, Key
from models.folding import folds, found_by
from models.records.care_package import CarePackageLineItem
from models.records.feed import FromFeed
from models.sight import What, watched
from models.tenancy import restrict

_NAME_SHOWN: sa.ColumnElement[str] = sa.literal_column("coalesce(nullif(folded_surname, ''), folded_first_name)")


class Client(FromFeed, Base):
    __tablename__ = "client"
    __table_args__ = (sa.Index("ix_client_name_order", _NAME_SHOWN, "folded_first_name", "reference"),)

    id: Mapped[Key]
    reference: Mapped[str] = watched(What.CLIENT, unique=True)
    surname: Mapped[str] = watched(What.NAME)
    folded_surname: Mapped[str] = folds("surname")
    first_name: Mapped[str] = watched(What.NAME)
    folded_first_name: Mapped[str] = folds("first_name")
    born_on: Mapped[date | None]

    @classmethod
    def at_provider(cls) -> Select["Client"]:
        """The clients that the provider of this session has, or had, a care package line item for."""
        return select(cls).order_by(*cls.name_order(), cls.reference)

    @classmethod
    def of_contract(cls, contract_id: int) -> Select["Client"]:
        """Those for whom the contract has, or had, a care package line item."""
        bought = select(CarePackageLineItem.client_id).where(CarePackageLineItem.contract_id == contract_id)
        return cls.at_provider().where(cls.id.in_(bought))

    @classmethod
    def of_provider(cls, provider_id: int) -> Select["Client"]:
        """Those for whom the provider has, or had, a care package line item: for the council, who sees every one."""
        bought = select(CarePackageLineItem.client_id).where(CarePackageLineItem.provider_id == provider_id)
        return cls.at_provider().where(cls.id.in_(bought))

    @classmethod
    def name_order(cls) -> tuple[sa.SQLColumnExpression[str], ...]:
        """What lists of clients are sorted by: the name that stands first, then the other. Many have one name only."""
        nothing: sa.ColumnElement[str] = sa.literal_column("''")  # no parameter: the index has it as it stands
        surname = sa.func.coalesce(sa.func.nullif(cls.folded_surname, nothing), cls.folded_first_name)
        return surname, cls.folded_first_name

    @classmethod
    def shown_order(cls) -> tuple[sa.SQLColumnExpression[str], ...]:
        """The order of masked names, as the eye sees it: the surname's first letter, then the first name."""
        surname = sa.func.coalesce(sa.func.nullif(sa.func.substr(cls.folded_surname, 1, 1), ""), cls.folded_first_name)
        return surname, cls.folded_first_name, cls.reference

    @classmethod
    def found_by(cls, text: str) -> sa.ColumnElement[bool]:
        """A condition: each word of the text is part of the client's names or reference."""
        return found_by(text, cls.folded_surname, cls.folded_first_name, cls.reference)

    @property
    def masked_name(self) -> str:
        return masked_name(self.surname, self.first_name, self.reference)

    @property
    def full_name(self) -> str:
        return full_name(self.surname, self.first_name, self.reference)


def full_name(surname: str, first_name: str, reference: str) -> str:
    """As purchase orders show a client: Simpson, Bart (C2000020)."""
    return f"{', '.join(filter(None, (surname, first_name)))} ({reference})"


def masked_name(surname: str, first_name: str, reference: str) -> str:
    """As payments show a client: S, Bart (C2000020); of a person with one name: S (C2000020), or Bart (C2000020)."""
    return f"{', '.join(filter(None, (surname[:1], first_name)))} ({reference})"


restrict(
    Client,
    lambda tenant: Client.id.in_(
        select(CarePackageLineItem.client_id).where(CarePackageLineItem.provider_id == tenant)
    ),
)
