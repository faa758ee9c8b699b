"""Where every pound is: what a provider is entitled to, and how much of it is held, blocked or owed back.

By contract, in pence with VAT: entitled = paid - given back + still to come + held + blocked - owed back. What is on
record adds up to it; that this is what the facts entitle to, `./portal verify` proves (models.verify.anew). A payment
that was rejected before its period begins is told beside it: nothing of it is due yet (design.md, section 7).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import today
from models.payments.debt import Debt, debts_of
from models.payments.ledger import ledgers_of
from models.payments.owing import has_more
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment, bank_day, is_back
from models.records.claim import UNDECIDED, Claim, ClaimItem
from models.records.contract import Contract
from models.reports.waits import Where, of_each_kind

P = ScheduledPayment
RETURNED = "Returned by the bank"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the money of one contract is, or of all (`reference` is empty); pence, VAT included."""

    reference: str
    contract: str
    in_bank_pence: int = 0
    on_its_way_pence: int = 0
    returned_pence: int = 0
    """Of what was paid: the bank has returned it, and it is not paid again."""
    given_back_pence: int = 0
    """Of what was paid: repaid, written off, or moved to another contract as a debt (less what was moved here)."""
    open_pence: int = 0
    held_pence: int = 0
    rejected_early_pence: int = 0
    """Planned for payments that were rejected before their periods begin: due later, so no part of the entitlement."""
    blocked_pence: int = 0
    owed_pence: int = 0
    owed_since: date | None = None
    """The day since which something has been owed without a break."""
    has_more: bool = True
    """Payments are to come from which what is owed can be taken."""
    undecided_pence: int = 0
    """Claimed, and not decided by the panel: it stands beside the rest, and is no part of what they are entitled to."""
    awaited_pence: int = 0
    """Planned for weeks that have ended and have no actuals yet: beside the rest, too."""

    @property
    def paid_pence(self) -> int:
        return self.in_bank_pence + self.on_its_way_pence + self.returned_pence

    @property
    def waits_pence(self) -> int:
        return self.held_pence + self.blocked_pence

    @property
    def entitled_pence(self) -> int:
        return self.paid_pence - self.given_back_pence + self.open_pence + self.waits_pence - self.owed_pence

    @property
    def parts(self) -> list[tuple[str, int]]:
        """What the entitlement is made up of, in the order of the picture: words and pence."""
        return [
            ("In the bank", self.in_bank_pence),
            ("On its way", self.on_its_way_pence),
            (RETURNED, self.returned_pence),
            ("Given back", -self.given_back_pence),
            ("Still to come", self.open_pence),
            ("Held", self.held_pence),
            ("Blocked", self.blocked_pence),
            ("Owed back", -self.owed_pence),
        ]


def by_contract(provider_id: int) -> list[Whereabouts]:
    """Where the money of each contract of this provider is, by name; a fixed number of queries."""
    pence = sa.func.coalesce(RunPayment.paid_pence, 0)
    returned = sum_of(sa.case((is_back(), pence), else_=0))
    in_bank = sum_of(sa.case((is_back(), 0), (bank_day() <= today(), pence), else_=0))
    sums = in_bank.label("in_bank"), returned.label("returned"), sum_of(pence).label("paid")
    paid = (
        select(P.contract_id, *sums)
        .join(P, P.id == RunPayment.payment_id)
        .outerjoin(SentPayment, SentPayment.of_part())
        .where(RunPayment.provider_id == provider_id, RunPayment.is_finalised)
        .group_by(P.contract_id)
        .subquery("paid")
    )
    line = PaymentLine
    drafts = (
        select(line.contract_id, sum_of(line.total_pence).label("pence"))
        .where(line.provider_id == provider_id, line.run_id.is_(None))
        .group_by(line.contract_id)
        .subquery("drafts")
    )
    undecided = (
        select(ClaimItem.contract_id, sum_of(ClaimItem.amount_pence).label("pence"))
        .join(Claim, Claim.id == ClaimItem.claim_id)
        .where(ClaimItem.provider_id == provider_id, Claim.status.in_(UNDECIDED))
        .group_by(ClaimItem.contract_id)
        .subquery("undecided")
    )
    contracts = session.execute(
        select(
            Contract.id, Contract.reference, Contract.name, has_more().label("has_more"),
            sa.func.coalesce(paid.c.in_bank, 0).label("in_bank_pence"),
            sa.func.coalesce(paid.c.returned, 0).label("returned_pence"),
            sa.func.coalesce(paid.c.paid, 0).label("paid_pence"),
            sa.func.coalesce(drafts.c.pence, 0).label("draft_pence"),
            sa.func.coalesce(undecided.c.pence, 0).label("undecided_pence"),
        )
        .outerjoin(paid, paid.c.contract_id == Contract.id)
        .outerjoin(drafts, drafts.c.contract_id == Contract.id)
        .outerjoin(undecided, undecided.c.contract_id == Contract.id)
        .where(Contract.provider_id == provider_id)
        .order_by(Contract.folded_name, Contract.reference)
    ).all()  # fmt: skip
    waits = of_each_kind(provider_id)
    debts = debts_of(row.id for row in contracts)
    ledgers = ledgers_of(id_ for id_, debt in debts.items() if debt.left_pence)
    found = []
    for row in contracts:
        debt, held = debts.get(row.id, Debt()), waits.get((row.id, Where.HELD), 0)
        found.append(
            Whereabouts(
                row.reference, row.name,
                in_bank_pence=row.in_bank_pence,
                on_its_way_pence=row.paid_pence - row.in_bank_pence - row.returned_pence,
                returned_pence=row.returned_pence,
                given_back_pence=debt.repaid_pence + debt.written_off_pence + debt.moved_pence,
                open_pence=row.draft_pence - held,
                held_pence=held,
                rejected_early_pence=waits.get((row.id, Where.PLANNED), 0),
                blocked_pence=waits.get((row.id, Where.BLOCKED), 0),
                owed_pence=debt.left_pence,
                owed_since=ledgers[row.id].owed_since if row.id in ledgers else None,
                has_more=row.has_more,
                undecided_pence=row.undecided_pence,
                awaited_pence=waits.get((row.id, Where.AWAITED), 0),
            )
        )  # fmt: skip
    return found


def in_all(contracts: Iterable[Whereabouts]) -> Whereabouts:
    names = (
        "in_bank_pence", "on_its_way_pence", "returned_pence", "given_back_pence", "open_pence", "held_pence",
        "rejected_early_pence", "blocked_pence", "owed_pence", "undecided_pence", "awaited_pence",
    )  # fmt: skip
    found = list(contracts)
    return Whereabouts("", "All contracts", **{name: sum(getattr(each, name) for each in found) for name in names})
