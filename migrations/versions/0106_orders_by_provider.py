"""purchase_order: the issued ones of a provider, by financial year, with their sums; its line items by client"""

import sqlalchemy as sa
from alembic import op

revision = "0106"
down_revision = "0104"
branch_labels = None
depends_on = None

ISSUED = sa.text("revision > 0")


def upgrade() -> None:
    op.create_index(
        "ix_purchase_order_listed", "purchase_order",
        ["provider_id", "financial_year", "client_id", "value_net_pence", "value_vat_pence", "spend_net_pence",
         "spend_vat_pence"],
        unique=False, sqlite_where=ISSUED, postgresql_where=ISSUED,
    )  # fmt: skip
    op.create_index(
        "ix_care_package_line_item_of_client", "care_package_line_item", ["provider_id", "client_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_care_package_line_item_of_client", table_name="care_package_line_item")
    op.drop_index("ix_purchase_order_listed", table_name="purchase_order")
