"""purchase_order: what is planned, without its drafts; contract_rules: the day of the last calculation"""

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0094"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is stored has the drafts among it, until the next calculation."""
    with op.batch_alter_table("purchase_order") as batch:
        batch.alter_column("expected", new_column_name="planned")
        batch.add_column(sa.Column("tells_drafts", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("purchase_order") as batch:
        batch.alter_column("tells_drafts", server_default=None)
    with op.batch_alter_table("contract_rules") as batch:
        batch.add_column(sa.Column("calculated_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contract_rules") as batch:
        batch.drop_column("calculated_on")
    with op.batch_alter_table("purchase_order") as batch:
        batch.drop_column("tells_drafts")
        batch.alter_column("planned", new_column_name="expected")
