"""actions may be about an invoice"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

KEY, INDEX = "fk_action_provider_id_invoice_id", "ix_action_invoice_id"


def upgrade() -> None:
    with op.batch_alter_table("action") as batch:
        batch.add_column(sa.Column("invoice_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f(KEY), "invoice", ["provider_id", "invoice_id"], ["provider_id", "id"])
        batch.create_index(op.f(INDEX), ["invoice_id"])


def downgrade() -> None:
    with op.batch_alter_table("action") as batch:
        batch.drop_index(op.f(INDEX))
        batch.drop_constraint(op.f(KEY), type_="foreignkey")
        batch.drop_column("invoice_id")
