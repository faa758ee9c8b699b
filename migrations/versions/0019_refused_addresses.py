"""mark mails and addresses that are refused for good"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WAITS = sa.text("sent_at IS NULL AND refused_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "refused_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("works_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("address = lower(address)", name=op.f("ck_refused_address_address_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_address")),
        sa.UniqueConstraint("address", name=op.f("uq_refused_address_address")),
    )
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_index(op.f("ix_outbox_message_try_after"))
        batch.add_column(sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("refused_code", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("refused_why", sa.Text(), nullable=True))
        batch.add_column(sa.Column("caused_by_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_outbox_message_caused_by_id"), "user", ["caused_by_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_outbox_message_sent_or_refused"), "sent_at IS NULL OR refused_at IS NULL"
        )
        batch.create_check_constraint(
            op.f("ck_outbox_message_refused_says_why"), "(refused_at IS NULL) = (refused_why IS NULL)"
        )
    op.create_index(op.f("ix_outbox_message_to"), "outbox_message", ["to", "sent_at"])
    op.create_index(op.f("ix_outbox_message_caused_by_id"), "outbox_message", ["caused_by_id", "created_at"])
    op.create_index(
        op.f("ix_outbox_message_waiting"), "outbox_message", ["is_secret", "try_after", "id"],
        sqlite_where=WAITS, postgresql_where=WAITS,
    )  # fmt: skip


def downgrade() -> None:
    """What was refused is tried again."""
    for name in ("waiting", "caused_by_id", "to"):
        op.drop_index(op.f(f"ix_outbox_message_{name}"), "outbox_message")
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_constraint(op.f("ck_outbox_message_refused_says_why"), type_="check")
        batch.drop_constraint(op.f("ck_outbox_message_sent_or_refused"), type_="check")
        batch.drop_constraint(op.f("fk_outbox_message_caused_by_id"), type_="foreignkey")
        for name in ("caused_by_id", "refused_why", "refused_code", "refused_at"):
            batch.drop_column(name)
        batch.create_index(op.f("ix_outbox_message_try_after"), ["try_after"])
    op.drop_table("refused_address")
