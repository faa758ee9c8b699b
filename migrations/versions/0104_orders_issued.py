"""purchase_order: which are issued, by financial year, with their values"""

import sqlalchemy as sa
from alembic import op

revision = "0104"
down_revision = "0097"
branch_labels = None
depends_on = None

ISSUED = sa.text("revision > 0")


def upgrade() -> None:
    op.create_index(
        "ix_purchase_order_issued", "purchase_order", ["financial_year", "value_net_pence", "value_vat_pence"],
        unique=False, sqlite_where=ISSUED, postgresql_where=ISSUED,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_purchase_order_issued", table_name="purchase_order")
