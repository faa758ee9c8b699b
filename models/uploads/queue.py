"""Checking and applying a file: a short one at once, a long one by the worker, while its page says how far it is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.accounts.user import User
from models.base import session
from models.job import Job, JobKind
from models.money import gbp
from models.records.import_batch import ImportBatch, ImportState
from models.records.provider import Provider
from models.uploads import batch as uploads
from models.uploads.confirming import confirm_each
from models.uploads.kinds import Checked
from models.uploads.open_files import APPLY, CHECK, insist_checked, insist_free
from models.uploads.outcome import NAMED, rows_that_differ
from models.uploads.steps import Tell, nobody
from models.words import how_many

CHANGED = "What this file would do has changed since you looked. Look at it again, then apply it"


def _changed(rows: Sequence[int]) -> str:
    """With the rows that would do something else now, the first ones by number."""
    if not rows:
        return CHANGED
    which = f"row {rows[0]}" if len(rows) == 1 else f"rows {', '.join(map(str, rows))}"
    return f"{CHANGED}. Changed: {which}{' and others' if len(rows) == NAMED else ''}"


@dataclass(frozen=True)
class Wish:
    """What the person who applies a file has seen and ticked. `seen`: how many rows were shown as good."""

    seen: int
    only_good: bool = False
    confirms: bool = False
    late_reason: str = ""
    checked_as: str = ""
    """Of the check that was shown; empty: of the last one."""


def check_soon(batch: ImportBatch, provider: Provider, *, by: User) -> None:
    """Check the file now, or where it is long put it into the queue. DomainError while the worker is at it."""
    insist_free(batch)
    if not batch.is_long:
        uploads.check(batch, provider)
        return
    batch.state = ImportState.WAITING
    session.flush()
    _ask(batch, CHECK, by)


def apply_soon(batch: ImportBatch, provider: Provider, wish: Wish, *, by: User) -> str:
    """Apply the file now, or where it is long put it into the queue; what came of it, in words. DomainError where it
    cannot be applied as it was shown.
    """
    insist_checked(batch)
    uploads.insist_appliable(batch, only_good=wish.only_good)
    if not batch.is_long:
        return _apply(batch, provider, uploads.look_again(batch, provider), wish, batch.pence, by)
    _ask(batch, APPLY, by, wish=asdict(wish), pence=batch.pence)
    return "We are applying the file. You may leave this page"


def _ask(batch: ImportBatch, act: str, by: User, **more: Any) -> None:
    Job.ask(JobKind.UPLOAD, by=by, providers=[batch.provider_id], batch=batch.id, act=act, **more)


def look(batch: ImportBatch, provider: Provider, given: dict[str, Any], tell: Tell = nobody) -> Checked | None:
    """What the worker finds in a file, by the arguments of its job; None where that is what is kept of it."""
    return (uploads.look if given["act"] == CHECK else uploads.look_again)(batch, provider, tell)


def finish(batch: ImportBatch, provider: Provider, found: Checked | None, given: dict[str, Any], *, by: User) -> str:
    """What the worker does with a file that it has looked at (`look`); what came of it, in words. Safe to do twice."""
    if given["act"] == CHECK and found is not None:
        uploads.keep(batch, found)
        return f"{how_many(len(found.rows), 'row')} checked"
    return _apply(batch, provider, found, Wish(**given["wish"]), given.get("pence"), by)


def _apply(
    batch: ImportBatch, provider: Provider, found: Checked | None, wish: Wish, pence: int | None, by: User
) -> str:  # fmt: skip
    differ: list[int] = []
    if found is None:
        uploads.read_again(batch)
    shown = wish.checked_as or batch.checked_as
    if found is not None:
        before = batch.outcome
        uploads.keep(batch, found)
        differ = rows_that_differ(found.rows, before, batch.outcome or [])
    if (batch.rows_good, batch.pence) != (wish.seen, pence) or batch.checked_as != shown:
        return _changed(differ)
    complete = uploads.apply(batch, provider, found, only_good=wish.only_good, by=by)
    said = [f"{how_many(wish.seen, 'row')} applied{f', {gbp(pence)}' if pence is not None else ''}"]
    if wish.confirms:
        session.flush()
        confirmed, refused = confirm_each(complete, late_reason=wish.late_reason, by=by)
        said += [f"{how_many(len(confirmed), 'week')} confirmed", *refused]
    return ". ".join(said)
