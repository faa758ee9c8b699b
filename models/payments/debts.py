"""What the council does about a debt: a repayment by bank, a write-off by two people, a move to another contract. Each
verb locks the provider's contracts, and calculates the provider afterwards; its people are told by mail.

Forms carry the newest entry of the ledger that their page showed (`seen_id`, 0 for none): the same press again does
nothing, and whoever acts on a ledger that has changed since is told to look again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.calendar import in_words, today
from models.money import gbp
from models.outbox import post
from models.payments.asking import tell_of_debt
from models.payments.calculation import calculate, lock
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff, debts_of
from models.payments.ledger import ledger_of
from models.records.contract import Contract


@contextmanager
def _recalculated(provider_id: int) -> Iterator[None]:
    """Lock, do the act, calculate: the second of two people sees what the first has done."""
    lock([provider_id])
    yield
    session.flush()
    calculate([provider_id])


def newest_entry(contract_id: int) -> int:
    """The id of the newest entry of this contract that somebody has made; 0 where there is none."""
    found = _newest(contract_id)
    return found.id if found else 0


def owed_on(contract_id: int) -> int:
    """What is owed on this contract just now; pence."""
    found = debts_of([contract_id]).get(contract_id)
    return found.left_pence if found else 0


def repay(contract: Contract, *, pence: int, came_on: date, reason: str, seen_id: int, by: User) -> DebtEntry:
    """Record money that came to the council's bank on `came_on`. The debt goes down by at most what was owed on that
    day and ever since; what is above it waits until somebody has sent it back (`settle_surplus`). DomainError where it
    is no sum, its day is to come, or the ledger has changed.
    """
    with _recalculated(contract.provider_id):
        _insist_on_a_sum(pence)
        if came_on > today():
            raise DomainError("That day is to come. Enter the day on which the money came")
        if (twin := _repeated(contract.id, seen_id, DebtEntryKind.REPAID, pence, reason, by)) is not None:
            return twin
        taken_off = min(pence, ledger_of(contract.id).least_since(came_on))
        entry = _enter(
            contract, DebtEntryKind.REPAID, taken_off, on=came_on, surplus_pence=pence - taken_off, reason=reason, by=by
        )
        record("debt.repaid", entry, by=by, pence=taken_off, surplus_pence=entry.surplus_pence)
    _tell(contract, "The council has your repayment", _thanks(entry))
    return entry


def _thanks(entry: DebtEntry) -> str:
    came = f"{gbp(entry.pence + entry.surplus_pence)} came on {in_words(entry.on)}, and is recorded as a repayment."
    if not entry.surplus_pence:
        return came
    return (
        f"{came} {gbp(entry.surplus_pence)} of it is more than was owed: the council sends that back, or asks you "
        "what to do with it."
    )


def settle_surplus(entry: DebtEntry, *, note: str, by: User) -> None:
    """Say what became of the money that was repaid above the debt: it was sent back, say. DomainError where there is
    none, or somebody has done it already.
    """
    lock([entry.provider_id])
    settled = {"surplus_note": note, "surplus_settled_at": utc_now(), "surplus_settled_by_id": by.id}
    if not move(entry, DebtEntry.surplus_pence > 0, DebtEntry.surplus_settled_at.is_(None), **settled):
        if entry.surplus_settled_by_id == by.id and entry.surplus_note == note:
            return
        raise DomainError("This has been settled already, or nothing was repaid above the debt")
    record("debt.surplus_settled", entry, by=by, pence=entry.surplus_pence)
    contract = _contract(entry.contract_id)
    said = f"{gbp(entry.surplus_pence)} that you paid above what was owed is settled. The council says: {note}"
    _tell(contract, "What you paid too much", said)


def ask_write_off(contract: Contract, *, pence: int, reason: str, by: User) -> WriteOff:
    """Ask that somebody else agrees to give up so much of a debt. DomainError where it is more than is owed, or another
    write-off of this contract waits.
    """
    with _recalculated(contract.provider_id):
        _insist_on_a_sum(pence)
        waiting = session.scalars(WriteOff.waiting_on(contract.id)).one_or_none()
        if waiting is not None:
            if (waiting.asked_by_id, waiting.pence, waiting.reason) == (by.id, pence, reason):
                return waiting
            raise DomainError(
                f"A write-off of {gbp(waiting.pence)} waits on this contract already. It has to be agreed to, refused "
                "or withdrawn first"
            )
        _insist_on_debt(contract.id, pence, "Ask for no more than that")
        asked = WriteOff(
            provider_id=contract.provider_id, contract_id=contract.id, pence=pence, reason=reason, asked_by_id=by.id
        )
        session.add(asked)
        record("write_off.asked", asked, by=by, pence=pence)
    return asked


def agree_write_off(asked: WriteOff, *, by: User) -> None:
    """Give up the sum that a colleague asked for. DomainError for whoever asked, where less is owed by now, or where it
    is decided already.
    """
    contract = _contract(asked.contract_id)
    with _recalculated(asked.provider_id):
        reload(asked)
        _insist_on_somebody_else(asked, by)
        if _is_said_already(asked, by, is_agreed=True):
            return
        _insist_on_debt(
            asked.contract_id,
            asked.pence,
            "Refuse this write-off, and ask for one of what is owed, if it still has to be",
        )
        _decide(asked, by, is_agreed=True)
        entry = _enter(contract, DebtEntryKind.WRITTEN_OFF, asked.pence, on=today(), reason=asked.reason, by=by)
        record("write_off.agreed", asked, by=by, pence=asked.pence, entry_id=entry.id)
    _tell(contract, "A debt is written off", f"The council gives up {gbp(asked.pence)}.")
    _answer(asked, contract, f"{by.name} has agreed to it.")


def refuse_write_off(asked: WriteOff, *, reason: str, by: User) -> None:
    """Leave the debt as it is, and say why. DomainError for whoever asked, and where it is decided already."""
    lock([asked.provider_id])
    reload(asked)
    _insist_on_somebody_else(asked, by)
    if _is_said_already(asked, by, is_agreed=False):
        return
    _decide(asked, by, is_agreed=False, decision=reason)
    record("write_off.refused", asked, by=by, pence=asked.pence)
    _answer(asked, _contract(asked.contract_id), f"{by.name} has refused it. What is owed on the contract says why.")


def withdraw_write_off(asked: WriteOff, *, by: User) -> None:
    """Ask no longer. DomainError for anybody else, and where it is decided already."""
    lock([asked.provider_id])
    reload(asked)
    if asked.asked_by_id != by.id:
        raise DomainError("Somebody else has asked for this write-off. Agree to it, or refuse it")
    if _is_said_already(asked, by, is_agreed=False):
        return
    _decide(asked, by, is_agreed=False, decision="Withdrawn")
    record("write_off.withdrawn", asked, by=by, pence=asked.pence)


def move_debt(contract: Contract, other: Contract, *, pence: int, reason: str, seen_id: int, by: User) -> None:
    """Let so much of a debt be owed on another contract of the same provider: two entries. DomainError where it is more
    than is owed, the contracts are one or of two providers, or the ledger has changed.
    """
    with _recalculated(contract.provider_id):
        _insist_on_a_sum(pence)
        if other.id == contract.id or other.provider_id != contract.provider_id:
            raise DomainError("Choose another contract of the same provider")
        said = f"To {other.name} ({other.reference}): {reason}"
        if _repeated(contract.id, seen_id, DebtEntryKind.MOVED, pence, said, by) is not None:
            return
        _insist_on_debt(contract.id, pence, "Move no more than that")
        entry = _enter(contract, DebtEntryKind.MOVED, pence, on=today(), reason=said, by=by)
        here = f"From {contract.name} ({contract.reference}): {reason}"
        _enter(other, DebtEntryKind.MOVED, -pence, on=today(), reason=here, by=by)
        record("debt.moved", entry, by=by, pence=pence, to_contract_id=other.id)
    moved = f"{gbp(pence)} of it is now owed on {other.name} ({other.reference}). The page of what you owe says why."
    _tell(contract, "What you owe is moved to another contract", moved)


def _enter(contract: Contract, kind: DebtEntryKind, pence: int, *, by: User, **given: object) -> DebtEntry:
    entry = DebtEntry(
        provider_id=contract.provider_id, contract_id=contract.id, kind=kind, pence=pence, made_by_id=by.id, **given
    )
    session.add(entry)
    session.flush()
    return entry


def _newest(contract_id: int) -> DebtEntry | None:
    made = DebtEntry.contract_id == contract_id, DebtEntry.run_id.is_(None)
    return session.scalars(select(DebtEntry).where(*made).order_by(DebtEntry.id.desc()).limit(1)).one_or_none()


def _repeated(
    contract_id: int, seen_id: int, kind: DebtEntryKind, pence: int, reason: str, by: User
) -> DebtEntry | None:
    """The entry that this very press has made before; None for a new one. DomainError where somebody has written to
    the ledger since the form was opened.
    """
    newest = _newest(contract_id)
    if newest is None or newest.id == seen_id:
        return None
    if (newest.kind, newest.pence + newest.surplus_pence, newest.reason, newest.made_by_id) == (
        kind, pence, reason, by.id,
    ):  # fmt: skip
        return newest
    raise DomainError(
        "Somebody has written to this ledger since you opened the form. Look at it again before you add to it"
    )


def _insist_on_somebody_else(asked: WriteOff, by: User) -> None:
    if by.id == asked.asked_by_id:
        raise DomainError("You asked for this write-off, so somebody else has to agree to it or refuse it")


def _decide(asked: WriteOff, by: User, **how: object) -> None:
    if not move(asked, WriteOff.decided_at.is_(None), decided_at=utc_now(), decided_by_id=by.id, **how):
        raise DomainError("Somebody has decided this already. Look at it again")


def _is_said_already(asked: WriteOff, by: User, *, is_agreed: bool) -> bool:
    """A second press by whoever decided. DomainError where it is decided otherwise, or by somebody else."""
    if asked.decided_at is None:
        return False
    if (asked.decided_by_id, asked.is_agreed) == (by.id, is_agreed):
        return True
    raise DomainError(f"This write-off is {asked.outcome} already")


def _insist_on_a_sum(pence: int) -> None:
    if pence <= 0:
        raise DomainError("Enter a sum above £0.00")


def _insist_on_debt(contract_id: int, pence: int, what_to_do: str) -> None:
    owed = owed_on(contract_id)
    if pence > owed:
        raise DomainError(f"Only {gbp(owed)} is owed on this contract, and not {gbp(pence)}. {what_to_do}")


def _contract(contract_id: int) -> Contract:
    return session.scalars(select(Contract).where(Contract.id == contract_id)).one()


def _tell(contract: Contract, subject: str, what: str) -> None:
    """Write to the provider's people, with what is owed after it."""
    tell_of_debt(contract, subject, what, owed_on(contract.id))


def _answer(asked: WriteOff, contract: Contract, what: str) -> None:
    """Write to the colleague who asked."""
    asker = session.scalars(select(User).where(User.id == asked.asked_by_id)).one()
    about = f"You asked to write off {gbp(asked.pence)} of what is owed on {contract.name} ({contract.reference})."
    post(asker.email, f"Your write-off is {asked.outcome}", f"{asker.name},\n\n{about} {what}\n")
