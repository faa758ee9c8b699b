"""what an officer answers to a query"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hold_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_answer")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_hold_answer_provider_id_id")),
        sa.ForeignKeyConstraint(["given_by_id"], ["user.id"], name=op.f("fk_hold_answer_given_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_hold_answer_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "hold_id"], ["hold.provider_id", "hold.id"],
            name=op.f("fk_hold_answer_provider_id_hold_id"), ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_hold_answer_hold_id"), "hold_answer", ["hold_id"])
    op.create_index(op.f("ix_hold_answer_provider_id"), "hold_answer", ["provider_id"])


def downgrade() -> None:
    op.drop_table("hold_answer")
