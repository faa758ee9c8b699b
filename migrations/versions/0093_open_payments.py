"""scheduled_payment, payment_line, client: what is open, what adjustments made, and lists by name, without the rest"""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_run_id IS NULL")
MADE = sa.text("adjustment_id IS NOT NULL")
OPENS_ON = sa.text("(CASE WHEN (finalise_on < first_on) THEN finalise_on ELSE first_on END)")
NAME_SHOWN = sa.text("coalesce(nullif(folded_surname, ''), folded_first_name)")
INDEXES = (
    ("ix_scheduled_payment_open", "scheduled_payment", OPENS_ON, OPEN),
    ("ix_scheduled_payment_open_finalise_on", "scheduled_payment", "finalise_on", OPEN),
    ("ix_payment_line_adjustment_id", "payment_line", "adjustment_id", MADE),
)


def upgrade() -> None:
    for name, table, column, which in INDEXES:
        op.create_index(name, table, [column], unique=False, sqlite_where=which, postgresql_where=which)
    op.create_index("ix_client_name_order", "client", [NAME_SHOWN, "folded_first_name", "reference"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_client_name_order", table_name="client")
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
