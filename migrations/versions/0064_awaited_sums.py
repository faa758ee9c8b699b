"""what waits for actuals: what is planned for weeks without them, by payment, line item and week"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0061"
branch_labels = None
depends_on = None

PENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "awaited_sum",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("pence", PENCE, nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_awaited_sum_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "payment_id"],
            ["scheduled_payment.provider_id", "scheduled_payment.id"],
            name=op.f("fk_awaited_sum_provider_id_payment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_awaited_sum_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awaited_sum")),
        sa.UniqueConstraint(
            "payment_id", "item_id", "first_on", name=op.f("uq_awaited_sum_payment_id_item_id_first_on")
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_awaited_sum_provider_id_id")),
    )
    op.create_index(op.f("ix_awaited_sum_item_id"), "awaited_sum", ["item_id"])
    op.create_index(op.f("ix_awaited_sum_provider_id"), "awaited_sum", ["provider_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_awaited_sum_provider_id"), table_name="awaited_sum")
    op.drop_index(op.f("ix_awaited_sum_item_id"), table_name="awaited_sum")
    op.drop_table("awaited_sum")
