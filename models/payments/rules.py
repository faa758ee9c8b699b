"""Under which rules each contract was last calculated, and as on which day.

A new version of the portal may work out paid days otherwise than the one that paid them (RULES is raised then). Nobody
is to find that in a payment: the first calculation under new rules that changes anything of what is finalised waits for
`./portal payments calculate --accept`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Mapped

from models.base import Base, Key, session
from models.engine.component import Component
from models.engine.draft import Place, Settled, Source
from models.engine.reckoning import RULES, Reckoning
from models.money import gbp
from models.payments.payment import PaymentLine
from models.tenancy import ProviderOwned, owned
from models.words import how_many


class ContractRules(ProviderOwned, Base):
    """The number of the rules under which a contract was last calculated; no row: it never was, or before there were
    numbers.
    """

    __tablename__ = "contract_rules"
    __table_args__ = owned(sa.UniqueConstraint("contract_id"), contract_id="contract")

    id: Mapped[Key]
    contract_id: Mapped[int]
    rules: Mapped[int]
    calculated_on: Mapped[date | None]
    """The day as on which that was; None: a version before this one did it."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """What new rules change of a contract's finalised days; pence with VAT."""

    contract_id: int
    lines: int
    pence: int

    @property
    def words(self) -> str:
        lines = how_many(self.lines, "line")
        return f"the rules have changed, and paid days come to {gbp(self.pence)} in {lines} that nobody has accepted"


def behind(contract_ids: Collection[int]) -> set[int]:
    """Those of these contracts that were last calculated under other rules."""
    known = select(ContractRules.contract_id).where(
        ContractRules.contract_id.in_(contract_ids), ContractRules.rules == RULES
    )
    return set(contract_ids) - set(session.scalars(known)) if contract_ids else set()


def reopened(
    reckonings: Mapping[int, Reckoning],
    settled: Mapping[int, Mapping[Source, Mapping[tuple[Component, date], Settled]]],
) -> list[Reopened]:
    """What these contracts would pay or take back for finalised cells otherwise than by the drafts that they have.
    `settled` is what is finalised, by contract and cell.
    """
    ids = [id_ for id_ in reckonings if settled.get(id_)]
    stored = _drafts(ids)
    found = []
    for id_ in ids:
        more = {
            (source, component, first): -pence
            for (source, component, first), pence in stored[id_].items()
            if (component, first) in settled[id_].get(source, {})
        }
        for draft in reckonings[id_].drafts:
            if draft.is_change:
                cell = draft.source, draft.component, draft.first
                more[cell] = more.get(cell, 0) + draft.total_pence
        if sums := [pence for pence in more.values() if pence]:
            found.append(Reopened(id_, len(sums), sum(sums)))
    return found


def note_rules(provider_of: dict[int, int], as_on: date) -> None:
    """Say that these contracts (each with its provider) are calculated as on that day under the rules of this
    version.
    """
    rules, now = ContractRules, {"rules": RULES, "calculated_on": as_on}
    of_these = rules.provider_id.in_(set(provider_of.values()))
    query = select(rules.contract_id, rules.rules, rules.calculated_on).where(of_these)
    known = {row.contract_id: row for row in session.execute(query)}
    behind_ = [id_ for id_, row in known.items() if id_ in provider_of and row[1:] != (RULES, as_on)]
    if behind_:
        session.execute(update(rules).where(rules.contract_id.in_(behind_)).values(**now))
    new = [
        {"provider_id": provider_id, "contract_id": id_} | now
        for id_, provider_id in provider_of.items()
        if id_ not in known
    ]
    if new:
        session.execute(insert(rules), new)


def _drafts(contract_ids: list[int]) -> dict[int, dict[Place, int]]:
    line = PaymentLine
    found: dict[int, dict[Place, int]] = defaultdict(dict)
    query = select(
        line.contract_id, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
        line.invoice_line_id, line.component, line.first_on, line.total_pence.label("pence"),
    ).where(line.contract_id.in_(contract_ids), line.run_id.is_(None))  # fmt: skip
    for contract_id, *source, component, first_on, pence in session.execute(query) if contract_ids else ():
        found[contract_id][Source(*source), component, first_on] = pence
    return found
