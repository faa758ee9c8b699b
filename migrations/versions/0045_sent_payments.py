"""what the finance system tells of paid money: sent, in the bank, returned; and what providers have received"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("period_first_on", sa.Date(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("amount_pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("in_bank_on", sa.Date(), nullable=True),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=False),
        sa.Column("paid_again_on", sa.Date(), nullable=True),
        sa.Column("feed_row", sa.Integer(), nullable=True),
        sa.Column("feed_import_id", sa.Integer(), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("return_reason = '' OR returned_on IS NOT NULL", name=op.f("ck_sent_payment_return_reason")),
        sa.CheckConstraint("amount_pence > 0", name=op.f("ck_sent_payment_some_amount")),
        sa.CheckConstraint(
            "paid_again_on IS NULL OR returned_on IS NOT NULL", name=op.f("ck_sent_payment_returned_before")
        ),
        sa.CheckConstraint("sent_on IS NOT NULL OR in_bank_on IS NOT NULL", name=op.f("ck_sent_payment_told")),
        sa.ForeignKeyConstraint(["feed_import_id"], ["feed_import.id"], name=op.f("fk_sent_payment_feed_import_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"],
            ["contract.provider_id", "contract.id"],
            name=op.f("fk_sent_payment_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "payment_id"],
            ["scheduled_payment.provider_id", "scheduled_payment.id"],
            name=op.f("fk_sent_payment_provider_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_sent_payment_provider_id")),
        sa.ForeignKeyConstraint(["run_id"], ["payment_run.id"], name=op.f("fk_sent_payment_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_payment")),
        sa.UniqueConstraint(
            "contract_id", "period_first_on", "run_id", name=op.f("uq_sent_payment_contract_id_period_first_on_run_id")
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_sent_payment_provider_id_id")),
    )
    op.create_index(op.f("ix_sent_payment_feed_import_id"), "sent_payment", ["feed_import_id"], unique=False)
    op.create_index("ix_sent_payment_part", "sent_payment", ["payment_id", "run_id"], unique=False)
    op.create_index(op.f("ix_sent_payment_provider_id"), "sent_payment", ["provider_id"], unique=False)
    op.create_index(op.f("ix_sent_payment_run_id"), "sent_payment", ["run_id"], unique=False)
    op.create_table(
        "received_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("pence > 0", name=op.f("ck_received_payment_some_amount")),
        sa.ForeignKeyConstraint(["marked_by_id"], ["user.id"], name=op.f("fk_received_payment_marked_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "payment_id"],
            ["scheduled_payment.provider_id", "scheduled_payment.id"],
            name=op.f("fk_received_payment_provider_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_received_payment_provider_id")),
        sa.ForeignKeyConstraint(["run_id"], ["payment_run.id"], name=op.f("fk_received_payment_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_payment")),
        sa.UniqueConstraint("payment_id", "run_id", name=op.f("uq_received_payment_payment_id_run_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_received_payment_provider_id_id")),
    )
    op.create_index(op.f("ix_received_payment_provider_id"), "received_payment", ["provider_id"], unique=False)
    op.create_index(op.f("ix_received_payment_run_id"), "received_payment", ["run_id"], unique=False)


def downgrade() -> None:
    op.drop_table("received_payment")
    op.drop_table("sent_payment")
