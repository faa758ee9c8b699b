"""Whom pages of claims and of actuals are for, and which service levels are a child's maintenance."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, with_expression

from models.accounts.user import Membership, User
from models.billing.grant import ClaimGrant
from models.care.register import is_asked
from models.records.claim import Claim
from models.records.contract import Claimable, ServiceLevel
from models.records.provider import Provider


def claims_anything() -> sa.ColumnElement[bool]:
    """A condition on Provider: it may claim, could once, or has claims. Its menu then has One-Off Claims."""
    grant = sa.exists().where(ClaimGrant.provider_id == Provider.id)
    return sa.or_(grant, sa.exists().where(Claim.provider_id == Provider.id))


def with_places() -> Any:
    """An option for a query of a user with places: each place's provider says which modules it has."""
    return joinedload(User.memberships).joinedload(Membership.provider).options(*_modules())


def looked_at(provider_id: int) -> Select[Provider]:
    """The provider, saying which modules it has."""
    return Provider.numbered(provider_id).options(*_modules())


def _modules() -> list[Any]:
    """Whether it has to do with claims, and with actuals."""
    return [
        with_expression(Provider.is_claimant, claims_anything()),
        with_expression(Provider.has_actuals, is_asked()),
    ]


def levels_of_care() -> Select[ServiceLevel]:
    """Those that no claim names, by name: among them are the allowances for a child's maintenance."""
    return (
        select(ServiceLevel)
        .where(ServiceLevel.claimable == Claimable.NO)
        .order_by(ServiceLevel.folded_name, ServiceLevel.id)
    )
