"""alarms of very many clients opened within an hour, and tallies of what strangers try"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_client_opening_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_opening")),
        sa.UniqueConstraint("user_id", "mark", name=op.f("uq_client_opening_user_id_mark")),
    )
    op.create_table(
        "read_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("(looked_at IS NULL) = (looked_by_id IS NULL)", name=op.f("ck_read_alarm_looked_by")),
        sa.CheckConstraint("(looked_at IS NULL) = (reason = '')", name=op.f("ck_read_alarm_reason")),
        sa.CheckConstraint("looked_by_id <> user_id", name=op.f("ck_read_alarm_by_another")),
        sa.ForeignKeyConstraint(["looked_by_id"], ["user.id"], name=op.f("fk_read_alarm_looked_by_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_read_alarm_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_alarm")),
    )
    op.create_index(op.f("ix_read_alarm_user_id"), "read_alarm", ["user_id"])
    op.create_table(
        "tally",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("more", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_tally_provider_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_tally_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally")),
        sa.UniqueConstraint("mark", name=op.f("uq_tally_mark")),
    )
    op.create_index(op.f("ix_tally_begun_at"), "tally", ["begun_at"])
    op.create_index(op.f("ix_tally_network"), "tally", ["network"])


def downgrade() -> None:
    """What the tallies have counted since the last event is not told."""
    for table in ("tally", "read_alarm", "client_opening"):
        op.drop_table(table)
