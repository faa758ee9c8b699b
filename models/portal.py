"""One running portal: its database, its calendar, its policy and its keys.

A process may hold several portals. The current scope (models.base.scope) alone says which one a piece of work belongs
to, so that work for one never sees another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import MultiFernet


@dataclass(frozen=True)
class Portal:
    engine: sa.Engine
    today: date | None
    """The day at which the business calendar stands still; None where it follows the real date."""
    policy: Any
    """A models.accounts.account_policy.AccountPolicy. Typed Any, since this module may not import models.accounts."""
    money_limits: Any
    """A models.payments.limits.MoneyLimits."""
    bank_day: Any
    """A models.calendar.BankDayRule: which working day a bank day becomes that is none."""
    timetable: Any
    """A models.daily_work.Timetable."""
    vault: MultiFernet = field(repr=False)
    """Seals and opens secrets (models.vault)."""
    hash_key: bytes = field(repr=False)
    """What models.vault.keyed_hash() hashes with."""
    council: str = ""
    """What the council calls itself now; a remittance keeps it as it was on its day."""
    address: str = ""
    """How it is reached, like https://portal.borsetshire.example, for links in mails; empty where no name is set."""


@dataclass(frozen=True, eq=False)
class Scope:
    """One unit of work in a portal. No two are equal: each has a session of its own."""

    portal: Portal


_scope: ContextVar[Scope] = ContextVar("scope")


def current_scope() -> Scope:
    try:
        return _scope.get()
    except LookupError:
        raise RuntimeError("no portal is entered here: put the work into `with models.base.scope(portal)`") from None


def current_portal() -> Portal:
    return current_scope().portal


@contextmanager
def new_scope(portal: Portal) -> Iterator[None]:
    """Only for models.base.scope(), which opens and ends the session that belongs to it."""
    token = _scope.set(Scope(portal))
    try:
        yield
    finally:
        _scope.reset(token)
