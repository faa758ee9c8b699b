"""One worker at two visits at once (next.md 30): the council looks at the figure of the week before it is paid."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from models.records.visit import Visit, VisitOutcome


def overlap_of(
    item_id: sa.SQLColumnExpression[int], first_on: sa.BindParameter[date], last_on: sa.BindParameter[date]
) -> sa.ScalarSelect[str]:
    """As a subquery, by line item: the references of the first visit of its week, which these parameters name, that was
    delivered while the same worker was at another one, of whichever client, and of that: "V1 and V7". NULL where there
    is none. One visit that begins as another ends is none.
    """
    own, other = aliased(Visit), aliased(Visit)
    delivered = own.outcome == VisitOutcome.DELIVERED, other.outcome == VisitOutcome.DELIVERED
    at_once = own.started_at < other.ended_at, other.started_at < own.ended_at
    return (
        sa.select(own.reference + " and " + other.reference)
        .join(other, sa.and_(other.carer_id == own.carer_id, other.id != own.id))
        .where(own.item_id == item_id, own.day.between(first_on, last_on), *delivered, *at_once)
        .order_by(own.started_at, own.id, other.id)
        .limit(1)
        .correlate_except(own, other)
        .scalar_subquery()
    )
