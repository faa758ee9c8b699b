"""what the preview of a death, a leaver or a hospital stay goes by"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("action_type") as batch:
        batch.add_column(sa.Column("days_paid", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("pay_percent", sa.Integer(), nullable=True))
        batch.create_check_constraint(op.f("ck_action_type_days_paid"), sa.text("days_paid >= 0"))
        batch.create_check_constraint(op.f("ck_action_type_pay_percent"), sa.text("pay_percent BETWEEN 0 AND 100"))


def downgrade() -> None:
    with op.batch_alter_table("action_type") as batch:
        batch.drop_constraint(op.f("ck_action_type_pay_percent"), type_="check")
        batch.drop_constraint(op.f("ck_action_type_days_paid"), type_="check")
        batch.drop_column("pay_percent")
        batch.drop_column("days_paid")
