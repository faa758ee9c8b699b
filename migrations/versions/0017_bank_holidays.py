"""keep England's bank holidays on a list"""

from datetime import UTC, datetime

import holidays
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FIRST_YEAR = 2015
AHEAD = 3


def upgrade() -> None:
    """The list begins with the days from FIRST_YEAR to AHEAD years from now, as the package `holidays` has them."""
    table = op.create_table(
        "bank_holiday",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_holiday")),
        sa.UniqueConstraint("day", name=op.f("uq_bank_holiday_day")),
    )
    years = range(FIRST_YEAR, datetime.now(UTC).year + AHEAD + 1)
    found = holidays.country_holidays("GB", subdiv="ENG", years=years)
    op.bulk_insert(table, [
        {"day": day, "name": name.replace("(observed)", "(substitute day)")}
        for day, name in sorted(found.items())
        if day.weekday() < 5
    ])  # fmt: skip


def downgrade() -> None:
    op.drop_table("bank_holiday")
