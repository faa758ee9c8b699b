"""hold, scheduled_payment: holds that are not released, and payments that are closed, by their period"""

import sqlalchemy as sa
from alembic import op

revision = "0107"
down_revision = "0106"
branch_labels = None
depends_on = None

OPEN = sa.text("released_at IS NULL")
CLOSED = sa.text("closed_run_id IS NOT NULL")
SUMS = ["first_on", "finalise_on", "net_pence", "vat_pence"]


def upgrade() -> None:
    op.create_index("ix_hold_open", "hold", ["payment_id"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index(
        "ix_scheduled_payment_closed", "scheduled_payment", SUMS, unique=False, sqlite_where=CLOSED,
        postgresql_where=CLOSED,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_scheduled_payment_closed", table_name="scheduled_payment")
    op.drop_index("ix_hold_open", table_name="hold")
