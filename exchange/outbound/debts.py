"""What is told of debts beside payments: repaid, written off, moved; and what became of write-offs asked for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from exchange.outbound.shape import DAY, MONEY, NUMBER, REFERENCE, TEXT, WORD, Cells, Out, OutFile, OutKind, text_of
from models.payments.debt import DebtEntry, WriteOff
from models.records.contract import Contract
from models.records.export import moment_of
from models.records.provider import Provider


def _debt_entries() -> Select:
    version = text_of(moment_of(DebtEntry.surplus_settled_at))
    return select(
        DebtEntry.id.label("record_id"), version.label("version"), text_of("D", DebtEntry.id).label("reference")
    )


def _rows_of_debt_entries() -> Select:
    entry = DebtEntry
    return (
        select(entry.id, text_of("D", entry.id), Provider.reference, Contract.reference, entry.kind, entry.on,
               entry.pence, entry.surplus_pence, entry.surplus_settled_at, entry.surplus_note, entry.reason,
               entry.run_id)
        .join(Contract, Contract.id == entry.contract_id)
        .join(Provider, Provider.id == entry.provider_id)
    )  # fmt: skip


DEBT_ENTRIES = OutKind("debt_entry", _debt_entries, (
    OutFile("debt_entries.csv", (
        Out("entry_ref", REFERENCE, "its own name"),
        Out("provider_ref", REFERENCE),
        Out("contract_ref", REFERENCE),
        Out("kind", WORD, "`repaid`, `written off`, `reinstated` (a run has taken a write-off back) or `moved` (to "
            "another contract, or from it)"),
        Out("entered_on", DAY),
        Out("amount", MONEY, "what it takes off the debt; less than 0 where it adds to it"),
        Out("surplus", MONEY, "what was repaid above the debt"),
        Out("surplus_settled_on", DAY, "empty while it waits to be sent back"),
        Out("surplus_note", TEXT),
        Out("reason", TEXT),
        Out("run", NUMBER, "the run that made it, if one did"),
    ), "What becomes of debts outside payments. What payments add to a debt and take of it stands in "
        "`payment_lines.csv`.", (_rows_of_debt_entries,)),
))  # fmt: skip


def _write_offs() -> Select:
    reference = text_of("W", WriteOff.id)
    query = select(WriteOff.id.label("record_id"), sa.literal("").label("version"), reference.label("reference"))
    return query.where(WriteOff.decided_at.is_not(None))


def _rows_of_write_offs() -> Select:
    return (
        select(WriteOff.id, WriteOff, Provider.reference, Contract.reference)
        .join(Contract, Contract.id == WriteOff.contract_id)
        .join(Provider, Provider.id == WriteOff.provider_id)
    )


def _write_off(found: Any) -> Iterator[Cells]:
    _, asked, provider, contract = found
    decided_at: datetime = asked.decided_at
    yield f"W{asked.id}", provider, contract, asked.pence, asked.outcome, decided_at, asked.reason, asked.decision


WRITE_OFFS = OutKind("write_off", _write_offs, (
    OutFile("write_offs.csv", (
        Out("write_off_ref", REFERENCE, "its own name"),
        Out("provider_ref", REFERENCE),
        Out("contract_ref", REFERENCE),
        Out("amount", MONEY, "what was asked for"),
        Out("decision", WORD, "`agreed`, `refused` or `withdrawn`"),
        Out("decided_on", DAY),
        Out("reason", TEXT),
        Out("note", TEXT, "why it was refused"),
    ), "Write-offs that were asked for, once they are decided. One that was agreed is in `debt_entries.csv` too.",
        (_rows_of_write_offs,), _write_off),
))  # fmt: skip
