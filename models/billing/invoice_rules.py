"""How the council keeps what it knows of invoices as data: reasons to hold, and figures of late payment."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, insert_first, move, session, utc_now
from models.records.invoice_rule import HoldOwner, HoldReason, LateFigure, LateKind, Releaser


@dataclass(frozen=True)
class ReasonText:
    """What is said of a reason to hold. Both sides read the sentence and the remedy."""

    name: str
    sentence: str
    remedy: str
    owner: HoldOwner
    released_by: Releaser = Releaser.OFFICER


def add_reason(text: ReasonText, *, by: User) -> HoldReason:
    """DomainError where one has the name."""
    _insist_is_free(text.name, None)
    reason = HoldReason(**_values(text))
    session.add(reason)
    record("hold_reason.added", reason, by=by, owner=text.owner.value)
    return reason


def change_reason(reason: HoldReason, text: ReasonText, *, by: User) -> None:
    """What is on hold for it now reads the new words too, and goes by the new owner."""
    _insist_is_free(text.name, reason.id)
    if not move(reason, HoldReason.ended_at.is_(None), **_values(text), changed_at=utc_now()):
        raise DomainError(f"“{reason.name}” is no longer offered")
    record("hold_reason.changed", reason, by=by, owner=text.owner.value)


def end_reason(reason: HoldReason, *, by: User) -> None:
    """It is no longer offered. Invoices that are on hold for it stay so."""
    if not move(reason, HoldReason.ended_at.is_(None), ended_at=utc_now()):
        raise DomainError(f"“{reason.name}” is no longer offered already")
    record("hold_reason.ended", reason, by=by)


def _insist_is_free(name: str, own_id: int | None) -> None:
    taken = session.scalar(select(HoldReason.id).where(HoldReason.name == name.strip()))
    if taken is not None and taken != own_id:
        raise DomainError(f"There is a reason called “{name.strip()}” already. Choose another name")


def _values(text: ReasonText) -> dict[str, object]:
    return {
        "name": text.name.strip(), "sentence": text.sentence.strip(), "remedy": text.remedy.strip(),
        "owner": text.owner, "released_by": text.released_by,
    }  # fmt: skip


def enter_figure(
    kind: LateKind, starts_on: date, value: int, instrument: str, *, from_pence: int = 0, by: User
) -> None:
    """A figure that holds from that day on: days, hundredths of a per cent or pence, by its kind. DomainError where the
    day has one: what was entered stays, since interest has been told by it.
    """
    added = insert_first(
        LateFigure, kind=kind, starts_on=starts_on, from_pence=from_pence if kind is LateKind.FIXED_SUM else 0,
        value=value, instrument=instrument.strip(), entered_at=utc_now(), entered_by_id=by.id,
    )  # fmt: skip
    if not added:
        raise DomainError(f"{kind.label} from that day is on record already. Enter another day")
    record("late_figure.entered", by=by, kind=kind.value, starts_on=starts_on.isoformat(), value=value)
