"""The accounts that a demonstration has. They are made, and named on the log-in page, in demonstration mode only."""

from dataclasses import dataclass

from sqlalchemy import select

from models.base import session
from models.permissions import Role
from models.user import User


@dataclass(frozen=True)
class Account:
    email: str
    name: str
    who: str
    """What the log-in page says about them."""
    role: Role
    provider: str
    """The provider's reference in the demonstration's feed."""
    password: str = "Look-around-2019"  # noqa: S105 - opens made-up data only


ACCOUNTS = (Account("carer@demo.example", "Dawn Stockton", "a foster carer", Role.CARER, "P100741"),)


def accounts_here() -> list[Account]:
    """Those of the accounts that exist in this database."""
    known = set(session.scalars(select(User.email).where(User.email.in_([each.email for each in ACCOUNTS]))))
    return [each for each in ACCOUNTS if each.email in known]
