"""Service agreements: what was agreed for each care package line item, version by version.

A version is added and never changed. The latest one is in force until a later one is agreed; what money does with it is
the engine's (models.engine.agreed).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.agreed_terms import AgreedAllowance, AgreedDeduction, AgreedPrice, AgreedQuantity, AgreedTerms
from models.audit import Actor, record
from models.base import AsJSON, Base, DomainError, Key, chunks, session, utc_now
from models.calendar import in_words, today
from models.records.care_package import (
    Allowance,
    CarePackageLineItem,
    CollectedBy,
    Deduction,
    ItemPrice,
    ItemQuantity,
    dated_facts,
)
from models.records.contract import ContractRate, ServiceLevel
from models.records.feed import FromFeed
from models.tenancy import ProviderOwned, owned
from models.together import read_together
from models.words import Choice

CHUNK = 500
"""Items that are asked about at once."""


class AgreementSource(Choice):
    """How a version was agreed."""

    PAPER = "paper"
    DOCUMENT = "document"
    """In the portal, by agreeing a contract document."""

    @property
    def label(self) -> str:
        return {"paper": "On paper", "document": "In the portal"}[self.value]


class Agreement(FromFeed, ProviderOwned, Base):
    """One version that was agreed for a line item, with its terms as they were on that day. Never changed."""

    __tablename__ = "agreement"
    __table_args__ = owned(
        sa.UniqueConstraint("item_id", "version"),
        sa.CheckConstraint("version >= 1", name="version"),
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]
    terms: Mapped[AgreedTerms] = mapped_column(AsJSON(AgreedTerms))
    agreed_on: Mapped[date]
    by_name: Mapped[str] = mapped_column(default="")
    """Who agreed for the provider; empty where that is not on record."""
    source: Mapped[AgreementSource] = mapped_column(default=AgreementSource.PAPER)
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)

    @property
    def week_pence(self) -> int:
        """What a week of it comes to today or, where it is for other days, on its first one; before deductions."""
        terms = self.terms
        return terms.week_pence_on(today() if terms.holds_on(today()) else terms.starts_on)

    @classmethod
    def of_item(cls, item_id: int) -> Select["Agreement"]:
        """Every agreed version of a line item, the one in force first."""
        return select(cls).where(cls.item_id == item_id).order_by(cls.version.desc())

    @classmethod
    def is_of(cls, item: type[CarePackageLineItem]) -> sa.ColumnElement[bool]:
        """A condition on line items: some version of the item is agreed."""
        return select(cls.id).where(cls.item_id == item.id).correlate(item).exists()

    @classmethod
    def in_force(cls) -> sa.ColumnElement[bool]:
        """A condition: no later version of the same item is agreed."""
        later = sa.orm.aliased(cls)
        of_same = later.item_id == cls.item_id, later.version > cls.version
        return ~select(later.id).where(*of_same).correlate(cls).exists()


def agreement_of(item_id: int) -> Agreement | None:
    """The version in force for a line item; None where none was ever agreed."""
    return session.scalars(Agreement.of_item(item_id).limit(1)).one_or_none()


def record_agreement(
    item: CarePackageLineItem,
    terms: AgreedTerms,
    *,
    agreed_on: date,
    by_name: str,
    source: AgreementSource,
    version: int | None = None,
    by: Actor | None = None,
) -> Agreement:
    """Add a version that was agreed: the next one, unless `version` says which. Money follows with the next calculation
    (models.payments.agreeing does both). DomainError for a day to come, and for a version that is on record.
    """
    if agreed_on > today():
        raise DomainError(f"{in_words(agreed_on)} is still to come. Enter the day on which it was agreed")
    newest = session.scalar(select(sa.func.max(Agreement.version)).where(Agreement.item_id == item.id)) or 0
    if version is not None and version <= newest:
        raise DomainError(
            f"Version {newest} of this care package’s agreement is on record already, so version {version} can no "
            "longer be agreed. Load the page again to see what is in force"
        )
    agreement = Agreement(
        provider_id=item.provider_id, item_id=item.id, version=version or newest + 1, terms=terms,
        agreed_on=agreed_on, by_name=by_name, source=source,
    )  # fmt: skip
    session.add(agreement)
    session.flush()
    record("agreement.recorded", agreement, by=by, item=item.id, version=agreement.version, source=source.value)
    return agreement


def terms_of(item: CarePackageLineItem) -> AgreedTerms:
    """What the records say of a line item just now: the terms that a new agreement of it has."""
    return terms_of_items([item.id])[item.id]


def terms_of_items(item_ids: Collection[int]) -> dict[int, AgreedTerms]:
    """As `terms_of`, by item id, in a handful of queries for each CHUNK items."""
    found: dict[int, AgreedTerms] = {}
    for some in chunks(sorted(item_ids), CHUNK):
        found |= _terms_of_some(some)
    return found


def with_terms(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Columns of agreements that a feed brings, with the terms that are on record of each `item_id`."""
    terms = terms_of_items({row["item_id"] for row in rows})
    return [row | {"terms": terms[row["item_id"]]} for row in rows]


def _terms_of_some(ids: Collection[int]) -> dict[int, AgreedTerms]:
    item, level = CarePackageLineItem, ServiceLevel
    rows = session.execute(
        select(item.id, item.contract_id, item.service_level_id, item.starts_on, item.ends_on, level.name, level.unit,
               level.convention)
        .join(level, level.id == item.service_level_id)
        .where(item.id.in_(ids))
    ).all()  # fmt: skip
    kinds = ItemPrice, ItemQuantity, Deduction, Allowance
    found_prices, found_quantities, found_deductions, found_allowances, found_rates = read_together(
        *dated_facts(ids, *kinds), _rates({row.contract_id for row in rows})
    )
    prices = {
        id_: tuple(AgreedPrice(row.starts_on, row.ends_on, row.rate_e4) for row in found)
        for id_, found in _by_item(found_prices).items()
    }
    quantities = {
        id_: tuple(
            AgreedQuantity(row.starts_on, row.ends_on, row.quantity_e4,
                           tuple(row.timetable_e4) if row.timetable_e4 else None)
            for row in found
        )
        for id_, found in _by_item(found_quantities).items()
    }  # fmt: skip
    deductions = {
        id_: tuple(
            AgreedDeduction(row.kind, row.collected_by is CollectedBy.PROVIDER, row.starts_on, row.ends_on,
                            row.weekly_rate_e4)
            for row in found
        )
        for id_, found in _by_item(found_deductions).items()
    }  # fmt: skip
    allowances = {
        id_: tuple(AgreedAllowance(row.id, row.name, row.due_on, row.amount_pence) for row in found)
        for id_, found in _by_item(found_allowances).items()
    }
    rates: dict[tuple[int, int], list[AgreedPrice]] = defaultdict(list)
    for each in found_rates:
        price = AgreedPrice(each.starts_on, each.ends_on, each.rate_e4)
        rates[each.contract_id, each.service_level_id].append(price)
    return {
        row.id: AgreedTerms(
            row.name, row.starts_on, row.ends_on, row.unit, row.convention,
            prices.get(row.id) or tuple(rates.get((row.contract_id, row.service_level_id), ())),
            quantities.get(row.id, ()), deductions.get(row.id, ()), allowances.get(row.id, ()),
        )
        for row in rows
    }  # fmt: skip


def _by_item(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.item_id].append(row)
    return found


def _rates(contract_ids: Collection[int]) -> Select[ContractRate]:
    """What contracts pay for a unit of each service level, where an item has no price of its own."""
    rate = ContractRate
    return select(rate).where(rate.contract_id.in_(contract_ids)).order_by(rate.starts_on, rate.id)
