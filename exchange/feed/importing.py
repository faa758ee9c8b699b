"""The import itself: read, check, compare and write, all or nothing."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import select

from exchange.feed import across, answered, frozen, manifest, paid, warnings
from exchange.feed.effect import foresee_effect
from exchange.feed.faults import Count, Fault, FeedFaults, Warning_, lines_of
from exchange.feed.reading import Directory, read
from exchange.feed.schema import BY_NAME, FILES
from exchange.feed.sheets import Sheet, Track, plainly
from exchange.feed.world import World
from exchange.feed.writing import Changes, Writer, compare
from models import audit
from models.bank_holiday import what_is_short
from models.base import DomainError, session, snapshot, take_turns, transaction
from models.correspondence.on_paper import items_agreed_by, overtake
from models.payments.limits import money_limits
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment
from models.payments.sent import ToldOf, tell_of_returns, tell_of_second_payments
from models.records.contract import Contract
from models.records.feed import KEPT_WARNINGS, Effect, FeedImport
from models.tenancy import every_provider
from models.words import how_many


@dataclass
class Report:
    """What an import did, or would do."""

    counts: dict[str, Count] = field(default_factory=dict)
    sha256: str = ""
    warnings: list[Warning_] = field(default_factory=list)
    import_id: int | None = None
    """None where nothing was written."""
    effect: Effect | None = None
    """What changes in money; None where nothing does, or where it could not be worked out (see `unforeseen`)."""
    above: list[str] = field(default_factory=list)
    """The limits that it is above, as parts of a sentence."""
    unforeseen: str = ""
    """Why the effect could not be worked out."""

    @property
    def is_news(self) -> bool:
        return any(count.new or count.changed for count in self.counts.values())


class AboveLimits(DomainError):
    """The feed changes more money than the limits allow, and nothing was written. `report` says what it would do."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"The feed is above a limit: {'; '.join(report.above)}. Nothing was written")


@dataclass
class _Prepared:
    """An import that only has to be written."""

    report: Report
    changes: list[Changes]
    world: World
    stamp: "_Stamp"
    """What was on record when it was prepared."""


def check_feed(path: Path, track: Track = plainly, *, is_foreseen: bool = True) -> Report:
    """Find out what an import would do, or raise FeedFaults with all that is wrong. Writes nothing; nobody waits.
    `is_foreseen` as for `import_feed`.
    """
    directory = read(path, track)
    prepared = _prepare(directory, track)
    if is_foreseen:
        _foresee(prepared, track)
    return prepared.report


def import_feed(path: Path, track: Track = plainly, *, is_foreseen: bool = True, above_limits: bool = False) -> Report:
    """Write what is new or has changed, or raise FeedFaults with all that is wrong, or AboveLimits, and write nothing.

    Reading, checking and foreseeing the effect in money keep nobody waiting; only what is written is written under the
    lock. `is_foreseen` False leaves the effect and the limits out, for a database that nobody pays from yet.
    `above_limits`: somebody has said that it may go beyond them. An import that changes nothing leaves no trace.
    """
    directory = read(path, track)
    for attempt in range(ATTEMPTS):
        prepared = _prepare(directory, track)
        if is_foreseen:
            _foresee(prepared, track)
            if prepared.report.above and not above_limits:
                raise AboveLimits(prepared.report)
        if not prepared.report.is_news:
            break
        with transaction(), every_provider():
            if _write(directory, prepared, track, is_last=attempt == ATTEMPTS - 1):
                break
    return prepared.report


def _prepare(directory: Directory, track: Track) -> _Prepared:
    with snapshot(), every_provider():
        report, changes, world = _compared(directory, track)
        found = sorted(warnings.found_in(changes, world, frozen.Finalised()), key=_place)
        short = what_is_short()
        report.warnings = [*([Warning_("Bank holidays", 0, "", "", short)] if short else []), *found]
        return _Prepared(report, changes, world, _stamp(directory))


def _foresee(prepared: _Prepared, track: Track) -> None:
    report, limits = prepared.report, money_limits()
    if not report.is_news:
        return
    try:
        found = foresee_effect(prepared.world, prepared.changes, limits, track)
    except DomainError as refusal:
        report.unforeseen = str(refusal)
        report.above = ["what it changes in money cannot be said"]
        return
    report.effect = found.effect
    report.above = [limits.words_of_feed(limit) for limit in found.above]
    if found.effect.broken:
        contracts = how_many(len(found.effect.broken), "contract")
        report.above.append(f"what {contracts} would be paid cannot be calculated any more")


def _write(directory: Directory, prepared: _Prepared, track: Track, *, is_last: bool) -> bool:
    """Write what was prepared. Where another import came between it is not written but prepared anew, since its effect,
    its limits and its warnings rest on that too; only the last attempt compares under the lock, to come to an end.
    Returns whether it is done.
    """
    _keep_others_out()
    report = prepared.report
    stamp = _stamp(directory)
    if stamp.facts != prepared.stamp.facts:
        if not is_last:
            return False
        again, prepared.changes, prepared.world = _compared(directory, track)
        report.counts = again.counts
        if not report.is_news:
            return True
    elif stamp.paid != prepared.stamp.paid:
        _insist_on_frozen(directory, prepared.world)
    counts = {name: [c.read, c.new, c.changed, c.unchanged] for name, c in report.counts.items()}
    entry = FeedImport(
        name=directory.name, sha256=directory.sha256, counts=counts, effect=report.effect,
        warnings=_lines_to_keep(report.warnings), warning_count=len(report.warnings),
        has_manifest=directory.manifest is not None,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    Writer(prepared.world, entry.id).write(prepared.changes, track)
    overtake(items_agreed_by(entry.id), by=None)
    _tell(prepared)
    audit.record("feed.imported", entry, by=None, sha256=directory.sha256, counts=counts)
    report.import_id = entry.id
    return True


def _tell(prepared: _Prepared) -> None:
    """Write to providers of payments that the bank has returned, and of those that are paid again."""
    for each in prepared.changes:
        if each.file.name == paid.FILE:
            rows = list(each.fresh())
            for attribute, tell in (("returned_on", tell_of_returns), ("paid_again_on", tell_of_second_payments)):
                tell([ToldOf(*key) for key in paid.news_of(rows, prepared.world, attribute)])


def _lines_to_keep(found: list[Warning_]) -> list[str]:
    """The lines of the warnings, without what the feed says of clients: the portal keeps references of these."""
    return lines_of(replace(each, value="") if each.file == "clients.csv" else each for each in found)[:KEPT_WARNINGS]


def _insist_on_frozen(directory: Directory, world: World) -> None:
    """Something was finalised since the feed was checked: FeedFaults where it changes what is frozen now."""
    done = frozen.Finalised()
    for sheet in directory.sheets.values():
        frozen.check(sheet, world, done)
    if faults := [fault for sheet in directory.sheets.values() for fault in sheet.faults]:
        raise FeedFaults(sorted(faults, key=_place))


class _Stamp(NamedTuple):
    """What an import is compared with, so short that it can be looked at again under the lock."""

    facts: tuple[int, int]
    """The newest import, and the newest purchase order where the feed has such."""
    paid: int
    """How many payments of runs are finalised."""


def _stamp(directory: Directory) -> _Stamp:
    part = RunPayment
    newest = session.scalar(select(sa.func.max(FeedImport.id))) or 0
    has_orders = "purchase_orders.csv" in directory.sheets
    order = session.scalar(select(sa.func.max(PurchaseOrder.id))) or 0 if has_orders else 0
    paid = session.scalar(select(sa.func.count()).select_from(part).where(part.is_finalised)) or 0
    return _Stamp((newest, order), paid)


def _keep_others_out() -> None:
    """Wait for other imports and payment runs, and keep them out until this one commits."""
    take_turns(_LOCK)
    session.execute(select(Contract.id).order_by(Contract.id).with_for_update())


ATTEMPTS = 3
"""How often an import is prepared, where others keep coming between."""
_LOCK = 7_033_345
"""A number that no other lock of the portal has."""


def _compared(directory: Directory, track: Track) -> tuple[Report, list[Changes], World]:
    world, done = World(directory), frozen.Finalised()
    faults: list[Fault] = directory.faults + manifest.faults_of(directory)
    for sheet in track(list(directory.sheets.values()), "Checking"):
        across.check(sheet, world)
        frozen.check(sheet, world, done)
        paid.check(sheet, world)
        answered.check(sheet, world)
        faults.extend(sheet.faults)
    changes = [compare(sheet, world) for sheet in directory.sheets.values()]
    counts = {each.file.name: _count(directory.sheets[each.file.name], each) for each in changes}
    if faults:
        raise FeedFaults(sorted(faults, key=_place), counts)
    return Report(counts, directory.sha256), changes, world


def _count(sheet: Sheet, changes: Changes) -> Count:
    rejected = sum(row.is_rejected for row in sheet.marked.values())
    new, changed = len(changes.new), len(changes.changed)
    return Count(sheet.count, new, changed, sheet.count - new - changed - rejected, rejected)


def _place(fault: Fault) -> tuple[int, str, int, int]:
    """Faults are listed in the order of the documentation: by file, row and column."""
    file = BY_NAME.get(fault.file)
    if file is None:
        return -1, fault.file, 0, 0
    columns = list(file.column_names)
    return (
        FILES.index(file),
        fault.file,
        fault.row,
        columns.index(fault.column) if fault.column in columns else -1,
    )
