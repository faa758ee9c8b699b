"""The list at the top right of every provider's page, from which another provider is chosen."""

from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_login import current_user
from werkzeug.routing import Rule

from blueprints.access import PROVIDER, access_of, me
from models.permissions import Permission
from models.records.provider import Provider, by_name
from models.reports.services_overview import has_overview

SHOWN = 10


HOME = "provider.home.show"


@dataclass(frozen=True)
class Other:
    provider: Provider
    href: str
    """The same page of that provider, or the list from which this one came; where it has neither, its home."""


@dataclass(frozen=True)
class Switch:
    others: list[Other]
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
    shown = [Other(each, _same_page(each.id)) for each in others[:SHOWN]]
    return Switch(shown, len(own), len(others) > SHOWN, has_overview(current_user))


def _same_page(provider_id: int) -> str:
    """A record belongs to one provider, so that a page about one leads to the list of its kind."""
    endpoint = request.endpoint or ""
    for there in (endpoint, f"{endpoint.rpartition('.')[0]}.index"):
        access = access_of(current_app, there)
        if not isinstance(access, Permission) or not me().can(access, provider_id):
            continue
        if any(rule.arguments == {PROVIDER} and _is_page(rule) for rule in current_app.url_map.iter_rules(there)):
            return url_for(there, provider=provider_id)
    return url_for(HOME, provider=provider_id)


def _is_page(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and not rule.rule.endswith((".csv", ".ics"))
