"""The portal as browsers know it, for passkeys: a host name that the settings name, opened by https."""

import re

from flask import request

from blueprints.frame import settings
from blueprints.pages import refusals_on
from blueprints.transactions import keep
from forms.auth import NewPasskeyForm
from models.accounts import own_passkeys
from models.accounts.passkey import RelyingParty, Verdict
from models.accounts.user import User
from models.base import DomainError

NOT_HERE = "Passkeys do not work at this address. They take https, and the portal's own name"
LOCALHOST = "localhost"


def relying_party() -> RelyingParty | None:
    """None where browsers make no passkeys for this address: an IP address, or http anywhere but on localhost.

    The host name of the request counts only if `hosts` in the settings names it. Its port is never believed: another
    service of the same machine has another port. On localhost, which is for demonstrations, both are.
    """
    host, _, port = request.host.lower().partition(":")
    name = settings().council.service_name
    if host == LOCALHOST and settings().is_demonstration:
        return RelyingParty(host, f"{request.scheme}://{request.host}", name)
    is_ours = settings().https and host in settings().hosts and port in ("", "443")
    if not is_ours or re.fullmatch(r"[0-9.]+", host):
        return None
    return RelyingParty(host, f"https://{host}", name)


def insist_on_relying_party() -> RelyingParty:
    """DomainError where there are no passkeys."""
    party = relying_party()
    if party is None:
        raise DomainError(NOT_HERE)
    return party


def add_passkey(form: NewPasskeyForm, user: User) -> list[str] | None:
    """Add the passkey that the browser has made to this person's own. Returns recovery codes to be shown, or none; None
    if it was not added: then the form says why.
    """
    with refusals_on(form):
        verdict, codes = own_passkeys.add(user, form.credential.data, form.name.data, insist_on_relying_party())
        if verdict is Verdict.ACCEPTED:
            return codes
        form.credential.errors = [verdict.value]
    keep()  # the question is spent
    return None
