"""The list of reports: what a provider may view, file or print, each entry by the view that it opens.

A module adds its own by calling `report` when it is imported; blueprints/provider/reports.py draws the list.
"""

from dataclasses import dataclass, field

from blueprints.access import may
from models.permissions import Permission
from models.records.provider import ProviderKind


@dataclass(frozen=True)
class Listed:
    """One report: its name as the guides print it, a sentence, and the view that it opens."""

    name: str
    about: str
    endpoint: str
    order: int
    """Where it stands in the list: the least first."""
    needs: Permission
    kinds: frozenset[ProviderKind]
    """Of which providers it is; empty for all."""


@dataclass
class _Reports:
    found: list[Listed] = field(default_factory=list)


_reports = _Reports()


def report(
    name: str,
    about: str,
    endpoint: str,
    *,
    order: int,
    needs: Permission = Permission.VIEW_PAYMENTS,
    kinds: frozenset[ProviderKind] = frozenset(),
) -> None:
    """Put a report into the list: for whoever has the permission `needs`, at providers of these kinds, or of all."""
    _reports.found.append(Listed(name, about, endpoint, order, needs, kinds))


def reports_for(kind: ProviderKind) -> list[Listed]:
    """What the person at hand may open at a provider of this kind, in the order of the list."""
    found = [each for each in _reports.found if may(each.needs) and (not each.kinds or kind in each.kinds)]
    return sorted(found, key=lambda each: (each.order, each.name))
