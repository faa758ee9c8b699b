"""What a feed changes in money, found out by writing it where nothing stays and nobody waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from exchange.feed.sheets import Track
from exchange.feed.world import World
from exchange.feed.writing import Changes, Writer
from models.base import chunks, rehearsal_apart, session
from models.payments.batching import batches
from models.payments.calculation import foresee
from models.payments.limits import Limit, MoneyLimits
from models.payments.working_out import Change, PaymentKey
from models.records.contract import Contract
from models.records.feed import LARGEST, Effect, Moved, MovedPayment
from models.records.provider import Provider
from models.tenancy import every_provider

SHARED = ("service_levels.csv", "calendars.csv", "calendar_overrides.csv")
"""Files whose records concern the payments of many providers."""
NO_MONEY = (
    "organisations.csv",
    "services.csv",
    "provider_services.csv",
    "providers.csv",
    "contacts.csv",
    "clients.csv",
    "payments_sent.csv",
    "acknowledgements.csv",
)
"""Files that no payment depends on."""
CHUNK = 500


@dataclass
class Foreseen:
    """The effect of a feed, and which limits it is above."""

    effect: Effect
    above: list[Limit] = field(default_factory=list)


@dataclass
class _Calculation:
    """What a calculation of some providers would change, and contracts (by id) that it could not calculate."""

    changes: dict[PaymentKey, Change] = field(default_factory=dict)
    faults: set[int] = field(default_factory=set)


def foresee_effect(world: World, changes: list[Changes], limits: MoneyLimits, track: Track) -> Foreseen:
    """Calculate whomever the feed concerns without it and with it, and compare. DomainError where today's payments
    cannot be calculated.
    """
    with rehearsal_apart(), every_provider():
        references = _whom(world, changes)
        before = _calculation(references, track)
        session.expunge_all()
        Writer(world, None).write(changes, track)
        after = _calculation(references, track)
        return _compared(before, after, limits)


def _whom(world: World, changes: list[Changes]) -> set[str] | None:
    """References of the providers whose payments may change; None for all."""
    found: set[str] = set()
    for each in changes:
        if not each or each.file.name in NO_MONEY:
            continue
        if each.file.name in SHARED:
            return None
        whose = (world.provider_of(each.file, values) for _, values in each.fresh())
        found |= {str(reference) for reference in whose if reference is not None}
    return found


def _calculation(references: set[str] | None, track: Track) -> _Calculation:
    found = _Calculation()
    for batch in track(list(batches(_ids(references))), "Foreseeing"):
        done = foresee(batch)
        found.changes |= {(change.contract_id, change.first_on): change for change in done.changes}
        found.faults |= done.faulty
        session.expunge_all()
    return found


def _ids(references: set[str] | None) -> Iterable[int] | None:
    if references is None:
        return None
    of_some = (select(Provider.id).where(Provider.reference.in_(some)) for some in chunks(sorted(references), CHUNK))
    return [id_ for query in of_some for id_ in session.scalars(query)]


def _compared(before: _Calculation, after: _Calculation, limits: MoneyLimits) -> Foreseen:
    """Payments that come to something else with the feed than without it, whatever is on record of them."""
    moved: list[Change] = []
    for key in sorted({*before.changes, *after.changes}):
        without, with_it = before.changes.get(key), after.changes.get(key)
        known = with_it or without
        if known is None or known.contract_id in after.faults:
            continue
        was = without.after_pence if without else known.before_pence
        now = with_it.after_pence if with_it else known.before_pence
        if was != now:
            moved.append(Change(known.contract_id, known.first_on, known.last_on, was, now, known.is_to_come))
    begun, to_come = ([each for each in moved if each.is_to_come is which] for which in (False, True))
    raised = [each.after_pence for each in moved if each.after_pence > each.before_pence]
    coming = _most_moved(to_come)
    effect = Effect(_sum(begun), _sum(to_come), _largest(begun or to_come), _references(after.faults - before.faults),
                    _references(after.faults & before.faults))  # fmt: skip
    return Foreseen(
        effect,
        limits.passed_by_feed(
            largest_pence=max(raised, default=0),
            moved_pence=sum(abs(each.after_pence - each.before_pence) for each in (*begun, *coming)),
            now_pence=sum(each.after_pence for each in begun),
            before_pence=sum(each.before_pence for each in begun),
            coming_now_pence=sum(each.after_pence for each in coming if each.before_pence > 0),
            coming_before_pence=sum(each.before_pence for each in coming if each.before_pence > 0),
        ),
    )


def _most_moved(to_come: list[Change]) -> list[Change]:
    """Of each contract the payment to come that changes most, so that the months to come do not count many times
    over.
    """
    found: dict[int, Change] = {}
    for each in to_come:
        known = found.get(each.contract_id)
        if known is None or abs(each.after_pence - each.before_pence) > abs(known.after_pence - known.before_pence):
            found[each.contract_id] = each
    return list(found.values())


def _sum(moved: list[Change]) -> Moved:
    return Moved(len(moved), sum(each.after_pence - each.before_pence for each in moved))


def _largest(moved: list[Change]) -> tuple[MovedPayment, ...]:
    first = sorted(moved, key=lambda each: -abs(each.after_pence - each.before_pence))[:LARGEST]
    ids = {each.contract_id for each in first}
    names = dict(session.execute(select(Contract.id, Contract.reference).where(Contract.id.in_(ids))).all())
    return tuple(
        MovedPayment(names[each.contract_id], each.first_on, each.last_on, each.before_pence, each.after_pence)
        for each in first
    )


def _references(contract_ids: set[int]) -> tuple[str, ...]:
    found = select(Contract.reference).where(Contract.id.in_(contract_ids)).order_by(Contract.reference)
    return tuple(session.scalars(found))
