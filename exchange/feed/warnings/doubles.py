"""What is there twice, under two references: contributions, people, claims, and care that two are paid for."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from datetime import date
from typing import Any

from exchange.feed.faults import Warning_
from exchange.feed.schema import FILES, ITEMS
from exchange.feed.shape import File, Key, Values
from exchange.feed.table import Groups
from exchange.feed.warnings.brought import Brought, Doubt, Fresh, days_of, looks_through, said, some
from exchange.feed.warnings.weekly import pence_a_week
from exchange.feed.world import simplified
from models.calendar import Span
from models.money import SCALE, gbp_rate, round_half_away
from models.words import folded

WITH_REFERENCE = tuple(file for file in FILES if file.key == ("reference",))


@looks_through(*(file.name for file in WITH_REFERENCE))
def references_differ(brought: Brought) -> Iterator[Warning_]:
    for file in WITH_REFERENCE:
        stored: Container[Key] = brought.world.stored.get(file.name, ())
        by_hash = Groups()
        if all(key in stored for key in brought.fresh[file.name].keys):
            continue
        for key in brought.world.keys(file.name):
            by_hash.add(hash(simplified(key)), key)
        for found in by_hash.of_many():
            alike: dict[str, list[Key]] = defaultdict(list)
            for key in found:
                alike[simplified(key)].append(key)
            for keys in alike.values():
                yield from _differing(keys, stored, brought, file)


def _differing(keys: list[Key], stored: Container[Key], brought: Brought, file: File) -> Iterator[Warning_]:
    """Those of references that are alike which are new, but for the first if none of them is on record."""
    first = 0 if any(key in stored for key in keys) else 1
    for key in keys[first:]:
        if key not in stored and (row := brought.row(file.name, key)):
            doubt = Doubt("Another reference differs in capitals or leading zeros only. Are they two?",
                          " and ".join(sorted(map(str, keys))))  # fmt: skip
            yield brought.warning(file.name, row, file.key_column, doubt)


@looks_through("clients.csv")
def people_are_there_once(brought: Brought) -> Iterator[Warning_]:
    """Two with the same names, in either order, and the same birthday."""
    for keys in brought.alike("clients.csv", ("born_on", "surname", "first_name"), _person):
        for each in brought.fresh_of("clients.csv", keys):
            others = [key for key in keys if key != each.key]
            if not _is_told_by(others, each, brought, "clients.csv"):
                doubt = Doubt("Another client has the same names and birthday. Are they one person?",
                              f"{each.key} and {some([str(key) for key in others])}")  # fmt: skip
                yield brought.warning("clients.csv", each.row, "client_ref", doubt)


def _person(born_on: date | None, surname: str, first_name: str) -> tuple[date, frozenset[str]] | None:
    """None where the birthday is not known: nothing is concluded from the names alone."""
    return (born_on, frozenset({folded(surname), folded(first_name)})) if born_on else None


def _is_told_by(others: list[Key], each: Fresh, brought: Brought, name: str) -> bool:
    """Whether a later row of this feed tells of the same pair."""
    rows = [brought.row(name, key) for key in others]
    return all(row is not None and row.number > each.row.number for row in rows)


@looks_through("deductions.csv")
def deductions_are_there_once(brought: Brought) -> Iterator[Warning_]:
    """Two of one kind for one item on the same days: both are taken off."""
    fresh = brought.fresh["deductions.csv"]
    same = brought.grouped("deductions.csv", "item_id", "kind")
    for each in fresh:
        for other in same.of(_deduction(each.values)):
            days = days_of(each.values).overlap(*_ends(days_of(other)))
            is_other = other["reference"] != each.key
            if not (is_other and days) or _is_told_by([other["reference"]], each, brought, "deductions.csv"):
                continue
            rates = each.values["weekly_rate_e4"], other["weekly_rate_e4"]
            if not all(rates):
                continue
            kind = each.values["kind"].replace("_", "-")
            is_same = rates[0] == rates[1]
            doubt = Doubt(
                f"The item has {'the same' if is_same else 'another'} {kind} on these days under another reference, "
                "and both are taken off",
                f"{each.key} and {other['reference']} of {each.values['item_id']}, {said(days)}, "
                f"{gbp_rate(rates[0])} and {gbp_rate(rates[1])} a week",
                round_half_away(min(rates) * 100, SCALE), "week",
            )  # fmt: skip
            yield brought.warning("deductions.csv", each.row, "deduction_ref", doubt)
            break


def _deduction(values: Values) -> tuple[Key, Any]:
    return values["item_id"], values["kind"]


def _ends(days: Span) -> tuple[date, date]:
    return days.first, days.last


def _alike(
    name: str,
    column: str,
    attributes: tuple[str, ...],
    what: Callable[..., Any],
    reason: str,
    pence: Callable[[Values], int],
) -> None:
    """A rule on records of one file that are the same but for their reference; None is like nothing."""

    @looks_through(name)
    def are_there_once(brought: Brought) -> Iterator[Warning_]:
        for keys in brought.alike(name, attributes, what):
            for each in brought.fresh_of(name, keys):
                others = [key for key in keys if key != each.key]
                if not _is_told_by(others, each, brought, name):
                    detail = f"{each.key} and {some([str(key) for key in others])}"
                    yield brought.warning(name, each.row, column, Doubt(reason, detail, pence(each.values) or None))


_alike(
    "allowances.csv", "allowance_ref",
    ("item_id", "due_on", "amount_pence"),
    lambda item, due_on, pence: (item, due_on, pence) if pence else None,
    "The item has the same allowance on this day under another reference, and both are paid",
    lambda row: row["amount_pence"],
)  # fmt: skip
_alike(
    "claim_items.csv", "claim_item_ref",
    ("contract_id", "service_level_id", "client_id", "spent_on", "amount_pence", "description"),
    lambda *values: (*values[:-1], folded(values[-1])),
    "The same was claimed on this day under another reference",
    lambda row: row["accepted_pence"],
)  # fmt: skip
_alike(
    "providers.csv", "provider_ref", ("name", "address"), lambda name, address: (folded(name), folded(address)),
    "Another provider has the same name and address. Are they one?", lambda _: 0,
)  # fmt: skip


@looks_through(ITEMS)
def care_is_bought_once(brought: Brought) -> Iterator[Warning_]:
    """The same person at two providers for one service, or twice at one for one service level, on the same days. That
    may be meant, as with respite.
    """
    fresh = brought.fresh[ITEMS]
    of_clients = brought.grouped(ITEMS, "client_id")
    several = [client for client in of_clients if of_clients.count(client) > 1]
    if not several:
        return
    weekly = pence_a_week(brought, (item for client in several for item in of_clients.of(client)))
    seen: set[tuple[Any, ...]] = set()
    for each in fresh:
        if of_clients.count(each.values["client_id"]) == 1:
            continue
        for other in of_clients.of(each.values["client_id"]):
            shared = _shared(each.values, other, brought)
            days = days_of(each.values).overlap(*_ends(days_of(other)))
            if shared is None or not days or other["reference"] == each.key:
                continue
            if _is_told_by([other["reference"]], each, brought, ITEMS) or (each.values["client_id"], *shared) in seen:
                continue
            seen.add((each.values["client_id"], *shared))
            where = "by this provider" if len(shared[0]) == 1 else "by another provider"
            sums = [pence for key in (each.key, other["reference"]) if (pence := weekly.get(key)) is not None]
            doubt = Doubt(
                f"The same person is given this service {where} too on these days, and both are paid",
                f"{each.key} and {other['reference']} for {each.values['client_id']}, {said(days)}",
                min(sums) if sums else None, "week",
            )  # fmt: skip
            yield brought.warning(ITEMS, each.row, "client_ref", doubt)


def _shared(one: Values, other: Values, brought: Brought) -> tuple[frozenset[Key | None], Key] | None:
    """The providers of two items, and the service that they share; the service level if it is one provider."""
    providers = frozenset({brought.provider_of(one), brought.provider_of(other)})
    levels = one["service_level_id"], other["service_level_id"]
    if len(providers) == 1:
        return (providers, levels[0]) if levels[0] == levels[1] else None
    services = [level and level["service_id"] for level in map(brought.level, levels)]
    return (providers, services[0]) if services[0] and services[0] == services[1] else None
