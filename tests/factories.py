"""Makers of rows: each builds and saves a valid one from nothing, and a test says only what it is about.

Nothing is random: failures must repeat. What belongs to a provider carries that provider's canary, and the test
client fails when it meets one on somebody else's page.
"""

from itertools import count
from typing import Any

from models.accounts.passwords import hashed
from models.accounts.user import Membership, Staff, User
from models.base import utc_now
from models.permissions import CouncilRole, Role
from models.records.provider import Contact, Organisation, Provider, ProviderKind
from tests.support.rows import saved

PASSWORD = "Three-Green-Kettles-7"
_PASSWORD_HASH = hashed(PASSWORD)

_n = count(1)


def canary(provider_id: int) -> str:
    """Text that may appear on this provider's pages only."""
    return f"zq{provider_id}qz"


def make_organisation(**given: Any) -> Organisation:
    n = next(_n)
    return saved(Organisation(**{"reference": f"ORG{n}", "name": f"Organisation {n}"} | given))


def make_provider(**given: Any) -> Provider:
    number = 1000 + next(_n)  # an id of its own, so that the canary is known beforehand
    defaults = {
        "id": number,
        "reference": f"P{number}",
        "name": f"Oak House {canary(number)}",
        "kind": ProviderKind.FOSTER_CARER,
        "address": f"1 Oak Street {canary(number)}\nDarlington\nDL1 1AA",
    }
    return saved(Provider(**defaults | given))


def make_user(role: Role = Role.CARER, provider: Provider | None = None, **given: Any) -> User:
    """Somebody with a place at one provider; `make_membership` gives them more."""
    defaults = {"email": f"person{next(_n)}@example.org", "name": "Dawn Stockton", "password_hash": _PASSWORD_HASH}
    user = saved(User(**defaults | given))
    make_membership(user, provider or make_provider(), role)
    return user


def make_membership(user: User, provider: Provider, role: Role = Role.CARER) -> Membership:
    return saved(Membership(user_id=user.id, provider_id=provider.id, role=role, granted_at=utc_now()))


def make_staff(role: CouncilRole = CouncilRole.PAYMENTS_OFFICER, **given: Any) -> User:
    """Somebody who works for the council."""
    defaults = {"email": f"person{next(_n)}@council.example", "name": "Ola Bright", "password_hash": _PASSWORD_HASH}
    user = saved(User(**defaults | given))
    saved(Staff(user_id=user.id, role=role))
    return user


def make_contact(provider: Provider, **given: Any) -> Contact:
    """Somebody at the provider whom the council knows, and who may be invited."""
    n = next(_n)
    own = canary(provider.id)
    defaults = {
        "provider_id": provider.id,
        "reference": f"CT{n}",
        "name": f"Robin Marsh {own}",
        "position": "Finance Manager",
        "email": f"contact{n}@example.org",
        "phone": "01632 960555",
    }
    return saved(Contact(**defaults | given))
