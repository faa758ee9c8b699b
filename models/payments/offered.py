"""Terms that are offered to a provider in a published document, and what agreeing to them would release.

What would be released is worked out as everything else is: the contract is reckoned once with these terms in force and
once without. Each calculation writes it anew, so that the page, the list, home and the desk tell the same sum.
"""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.agreed_terms import AgreedTerms
from models.base import AsJSON, Base, Key, Pence, rows_changed, session
from models.calendar import today
from models.engine.facts import ContractFacts, ItemFacts
from models.engine.reckoning import reckon
from models.engine.regular import basis_of, regular_pence
from models.payments.working_out import WorkedOut, work_out
from models.pricing import Basis
from models.records.agreement import terms_of_items
from models.tenancy import ProviderOwned, owned


class OfferedTerms(ProviderOwned, Base):
    """Those of one document that waits for an answer; the row goes with the answer."""

    __tablename__ = "offered_terms"
    __table_args__ = owned(
        sa.UniqueConstraint("document_id"), document_id="contract_document", item_id="care_package_line_item"
    )

    id: Mapped[Key]
    document_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(index=True)
    terms: Mapped[AgreedTerms] = mapped_column(AsJSON(AgreedTerms))
    mark: Mapped[str]
    """A hash of all of it that money goes by: the terms, the basis, and the rate of VAT."""
    releases_pence: Mapped[Pence] = mapped_column(default=0)
    """What waits now and would be paid if they were agreed, VAT included; never below 0."""
    rest_pence: Mapped[Pence] = mapped_column(default=0)
    """What of the line item would wait all the same."""
    is_outdated: Mapped[bool] = mapped_column(default=False)
    """The records say otherwise by now, so that a new version is needed."""
    now_pence: Mapped[Pence] = mapped_column(default=0)
    """What the line item comes to now in a week, or a calendar month, as an agreement names it."""


def mark_of(terms: AgreedTerms, basis: Basis, vat_basis_points: int) -> str:
    return sha256(f"{terms.digest} {basis.value} {vat_basis_points}".encode()).hexdigest()


def offer(
    provider_id: int, document_id: int, item_id: int, terms: AgreedTerms, basis: Basis, vat_basis_points: int
) -> None:  # fmt: skip
    """A document with these terms waits from now on. What it would release is known after `refresh`."""
    mark = mark_of(terms, basis, vat_basis_points)
    own = {"provider_id": provider_id, "document_id": document_id, "item_id": item_id}
    session.add(OfferedTerms(**own, terms=terms, mark=mark))
    session.flush()


def take_back(document_ids: sa.Select[int]) -> None:
    """Documents that wait no longer."""
    rows_changed(delete(OfferedTerms).where(OfferedTerms.document_id.in_(document_ids)), unsynced=True)


def refresh(provider_ids: list[int]) -> None:
    """Work out again what these providers' offered terms would release, where nothing else is calculated."""
    if provider_ids:
        write(work_out(provider_ids, today()))


def write(found: WorkedOut) -> None:
    """Put on record what agreeing each would release. Contracts that cannot be calculated stay as they are."""
    query = select(OfferedTerms).where(OfferedTerms.provider_id.in_(found.book.provider_ids))
    offers = {each.item_id: each for each in session.scalars(query.order_by(OfferedTerms.id))}
    if not offers:
        return
    now = terms_of_items(offers.keys())
    for contract_id in found.reckonings:
        contract = found.book.contracts[contract_id]
        ours = [item for item in contract.items if item.id in offers]
        released = _released(found, contract, ours, offers) if ours else {}
        for item in ours:
            values = _values(offers[item.id], contract, item, now[item.id], found) | released[item.id]
            if any(getattr(offers[item.id], name) != value for name, value in values.items()):
                same = OfferedTerms.id == offers[item.id].id
                rows_changed(update(OfferedTerms).where(same).values(**values), unsynced=True)


def _released(
    found: WorkedOut, contract: ContractFacts, items: list[ItemFacts], offers: dict[int, OfferedTerms]
) -> dict[int, dict[str, int]]:
    """By item id: what would be paid of what waits, and what would wait all the same."""
    book, id_ = found.book, contract.id
    agreed = [replace(item, agreed=offers[item.id].terms) for item in items]
    alone = replace(contract, items=agreed, claims=[], adjustments=[])
    periods = found.reckonings[id_].periods
    then = reckon(alone, periods, book.settled[id_], found.as_on, book.placed[id_])
    before, after = _by_item(found.reckonings[id_].blocked), _by_item(then.blocked)
    return {
        item.id: {
            "releases_pence": max(0, before.get(item.id, 0) - after.get(item.id, 0)),
            "rest_pence": after.get(item.id, 0),
        }
        for item in items
    }


def _by_item(blocked: dict[tuple[Any, int], int]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for (_, item_id), pence in blocked.items():
        sums[item_id] = sums.get(item_id, 0) + pence
    return sums


def _values(
    own: OfferedTerms, contract: ContractFacts, item: ItemFacts, terms: AgreedTerms, found: WorkedOut
) -> dict[str, Any]:
    basis = basis_of(contract, item, found.as_on)
    is_outdated = mark_of(terms, basis, item.terms_gross.vat_basis_points) != own.mark
    has_price = bool(item.terms_gross.prices)
    return {"is_outdated": is_outdated, "now_pence": regular_pence(item, basis, found.as_on) if has_price else 0}
