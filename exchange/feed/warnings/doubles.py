"""What is there twice, under two references: contributions, people, claims, and care that two are paid for."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from exchange.feed.faults import Warning_
from exchange.feed.schema import FILES, ITEMS
from exchange.feed.shape import Key
from exchange.feed.warnings.brought import Brought, Doubt, Fresh, days_of, looks_through, said, some
from exchange.feed.warnings.weekly import pence_a_week
from exchange.feed.world import Values, simplified
from models.calendar import Span
from models.money import SCALE, gbp_rate, round_half_away
from models.words import folded

WITH_REFERENCE = tuple(file for file in FILES if file.key == ("reference",))


@looks_through(*(file.name for file in WITH_REFERENCE))
def references_differ(brought: Brought) -> Iterator[Warning_]:
    for file in WITH_REFERENCE:
        fresh = brought.fresh[file.name]
        stored = brought.world.stored.get(file.name, {})
        new = [each for each in fresh if each.key not in stored]
        if not new:
            continue
        alike: dict[str, list[Key]] = defaultdict(list)
        for key, _ in brought.world.everything(file.name):
            alike[simplified(key)].append(key)
        for each in new:
            keys = alike[simplified(each.key)]
            if keys[0] != each.key or any(key in stored for key in keys):
                doubt = Doubt("Another reference differs in capitals or leading zeros only. Are they two?",
                              " and ".join(sorted(map(str, keys))))  # fmt: skip
                yield brought.warning(file.name, each.row, file.key_column, doubt)


@looks_through("clients.csv")
def people_are_there_once(brought: Brought) -> Iterator[Warning_]:
    """Two with the same names, in either order, and the same birthday."""
    fresh = brought.fresh["clients.csv"]
    births = {each.values["born_on"] for each in fresh} - {None}
    by_person: dict[Any, list[Key]] = defaultdict(list)
    for key, client in brought.world.everything("clients.csv"):
        if client["born_on"] in births:
            by_person[_person(client)].append(key)
    for each in fresh:
        others = [key for key in by_person.get(_person(each.values), ()) if key != each.key]
        if each.values["born_on"] and others and not _is_told_by(others, each, brought, "clients.csv"):
            doubt = Doubt("Another client has the same names and birthday. Are they one person?",
                          f"{each.key} and {some([str(key) for key in others])}")  # fmt: skip
            yield brought.warning("clients.csv", each.row, "client_ref", doubt)


def _person(client: Values) -> tuple[date | None, frozenset[str]]:
    return client["born_on"], frozenset({folded(client["surname"]), folded(client["first_name"])})


def _is_told_by(others: list[Key], each: Fresh, brought: Brought, name: str) -> bool:
    """Whether a later row of this feed tells of the same pair."""
    rows = [brought.row(name, key) for key in others]
    return all(row is not None and row.number > each.row.number for row in rows)


@looks_through("deductions.csv")
def deductions_are_there_once(brought: Brought) -> Iterator[Warning_]:
    """Two of one kind for one item on the same days: both are taken off."""
    fresh = brought.fresh["deductions.csv"]
    same = brought.grouped("deductions.csv", "item_id", "kind", only={_deduction(each.values) for each in fresh})
    for each in fresh:
        for other in same[_deduction(each.values)]:
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


def _alike(name: str, column: str, what: Callable[[Values], Any], reason: str, pence: Callable[[Values], int]) -> None:
    """A rule on records of one file that are the same but for their reference; None is like nothing."""

    @looks_through(name)
    def are_there_once(brought: Brought) -> Iterator[Warning_]:
        fresh = brought.fresh[name]
        wanted = {what(each.values) for each in fresh} - {None}
        same: dict[Any, list[Key]] = defaultdict(list)
        for key, values in brought.world.everything(name):
            if (found := what(values)) in wanted:
                same[found].append(key)
        for each in fresh:
            others = [key for key in same.get(what(each.values), ()) if key != each.key]
            if others and not _is_told_by(others, each, brought, name):
                detail = f"{each.key} and {some([str(key) for key in others])}"
                yield brought.warning(name, each.row, column, Doubt(reason, detail, pence(each.values) or None))


_alike(
    "allowances.csv", "allowance_ref",
    lambda row: (row["item_id"], row["due_on"], row["amount_pence"]) if row["amount_pence"] else None,
    "The item has the same allowance on this day under another reference, and both are paid",
    lambda row: row["amount_pence"],
)  # fmt: skip
_alike(
    "claim_items.csv", "claim_item_ref",
    lambda row: (row["contract_id"], row["service_level_id"], row["client_id"], row["spent_on"], row["amount_pence"],
                 folded(row["description"])),
    "The same was claimed on this day under another reference",
    lambda row: row["accepted_pence"],
)  # fmt: skip
_alike(
    "providers.csv", "provider_ref", lambda row: (folded(row["name"]), folded(row["address"])),
    "Another provider has the same name and address. Are they one?", lambda _: 0,
)  # fmt: skip


@looks_through(ITEMS)
def care_is_bought_once(brought: Brought) -> Iterator[Warning_]:
    """The same person at two providers for one service, or twice at one for one service level, on the same days. That
    may be meant, as with respite.
    """
    fresh = brought.fresh[ITEMS]
    of_clients = brought.grouped(ITEMS, "client_id", only={each.values["client_id"] for each in fresh})
    weekly = pence_a_week(brought, [item for found in of_clients.values() if len(found) > 1 for item in found])
    seen: set[tuple[Any, ...]] = set()
    for each in fresh:
        for other in of_clients[each.values["client_id"]]:
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
