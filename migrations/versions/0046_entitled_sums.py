"""what each contract was entitled to, day by day, and people's addresses of their deadlines"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entitled_sum",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_opening", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"],
            ["contract.provider_id", "contract.id"],
            name=op.f("fk_entitled_sum_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_entitled_sum_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitled_sum")),
        sa.UniqueConstraint("contract_id", "on", name=op.f("uq_entitled_sum_contract_id_on")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_entitled_sum_provider_id_id")),
    )
    op.create_index(op.f("ix_entitled_sum_provider_id"), "entitled_sum", ["provider_id"], unique=False)
    op.create_table(
        "calendar_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_calendar_address_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_address")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_address_token_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_address_user_id")),
    )


def downgrade() -> None:
    op.drop_table("calendar_address")
    op.drop_table("entitled_sum")
