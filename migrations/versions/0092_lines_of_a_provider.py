"""payment_line: what a provider's read finds a line by has the provider behind it"""

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0090"
branch_labels = None
depends_on = None

CARRIED = sa.text("purchase_order_id IS NULL")
FOUND_BY = "payment_id", "purchase_order_id", "item_id"


def upgrade() -> None:
    op.drop_index(op.f("ix_payment_line_provider_id"), "payment_line")
    for name in FOUND_BY:
        op.drop_index(op.f(f"ix_payment_line_{name}"), "payment_line")
        op.create_index(f"ix_payment_line_{name}", "payment_line", [name, "provider_id"])
    op.create_index(
        "ix_payment_line_carried_of", "payment_line", ["provider_id"], sqlite_where=CARRIED, postgresql_where=CARRIED
    )


def downgrade() -> None:
    op.drop_index("ix_payment_line_carried_of", "payment_line")
    for name in FOUND_BY:
        op.drop_index(f"ix_payment_line_{name}", "payment_line")
        op.create_index(op.f(f"ix_payment_line_{name}"), "payment_line", [name])
    op.create_index(op.f("ix_payment_line_provider_id"), "payment_line", ["provider_id"])
