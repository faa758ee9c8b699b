"""The provider whose pages somebody works in, also on pages that are nobody's own: Help, My login.

Whoever has one provider has it at hand everywhere. Of several it is the one from whose pages they came: links to such
pages carry `at`, its id, in the address. It says what the menu shows, and opens nothing.
"""

from typing import Any

from flask import current_app, g, request
from flask_login import current_user

from blueprints.access import SIGNED_IN, access_of, me, viewing
from blueprints.lookups import key
from models.records.provider import Provider

CHOOSING = ("auth.choose", "auth.all_services", "auth.log_out")
"""About all of a person's providers, or about none."""


def at_hand() -> Provider | None:
    """The provider in the address; else the one that somebody came from, or their only one."""
    if (provider := viewing()) is not None:
        return provider
    is_own = current_user.is_authenticated and current_user.staff is None
    if not is_own or g.get("provider_id") is not None or request.endpoint in CHOOSING:
        return None
    places = [place.provider for place in current_user.memberships]
    asked = request.args.get("at", type=key)
    return next((each for each in places if each.id == asked), places[0] if len(places) == 1 else None)


def keep_at_hand(endpoint: str, arguments: dict[str, Any]) -> None:
    """For app.url_defaults: links to everybody's pages say which provider's menu they keep."""
    if not _is_everybodys(endpoint) or "at" in arguments:
        return
    if current_user and (person := me()).is_authenticated and len(person.memberships) > 1:
        provider = at_hand()
        if provider is not None:
            arguments["at"] = provider.id


def _is_everybodys(endpoint: str) -> bool:
    """Help and the like, and a person's own login."""
    if endpoint in CHOOSING or endpoint in ("public.landing", "public.theme", "public.healthz"):
        return False
    return endpoint.startswith("public.") or (
        endpoint.startswith("auth.") and access_of(current_app, endpoint) is SIGNED_IN
    )
