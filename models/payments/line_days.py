"""The day by which a payment line finds the period that it is about."""

from datetime import date

import sqlalchemy as sa

from models.engine.component import DEDUCTIONS, Component
from models.payments.payment import PaymentLine

PRICED = (Component.CARE, *sorted(DEDUCTIONS))
"""What is priced by days, and what is taken off it."""


def belongs_on() -> sa.ColumnElement[date]:
    """Of a priced line the last of its days: a week that is paid on actuals may begin in the period before, and belongs
    to the one in which it ends. Of a sum the day on which it was due.
    """
    is_priced = sa.or_(*(PaymentLine.component == sa.literal_column(f"'{each.value}'") for each in PRICED))
    return sa.case((is_priced, PaymentLine.last_on), else_=PaymentLine.first_on)
