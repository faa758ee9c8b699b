"""The list at the top right of every provider's page, from which another provider is chosen."""

from dataclasses import dataclass

from flask_login import current_user

from models.records.provider import Provider, by_name
from models.reports.services_overview import has_overview

SHOWN = 10


@dataclass(frozen=True)
class Switch:
    others: list[Provider]
    """By name, as many as are shown."""
    count: int
    """Of all that the person has."""
    has_more: bool
    has_overview: bool


def switch_from(provider: Provider | None) -> Switch | None:
    """Where somebody who looks at `provider` may go instead; None for who has no other."""
    if provider is None:
        return None
    own = [place.provider for place in current_user.memberships]
    others = sorted((each for each in own if each.id != provider.id), key=by_name)
    if not others:
        return None
    return Switch(others[:SHOWN], len(own), len(others) > SHOWN, has_overview(current_user))
