"""audit_event: the mark of what was read, in place of client_opening; openings of this hour count no more"""

import sqlalchemy as sa
from alembic import op

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None

MARKED = sa.text("mark IS NOT NULL")


def upgrade() -> None:
    op.add_column("audit_event", sa.Column("mark", sa.Text(), nullable=True))
    op.create_index(
        "ix_audit_event_marked", "audit_event", ["user_id", "at", "mark"], unique=False, sqlite_where=MARKED,
        postgresql_where=MARKED,
    )  # fmt: skip
    op.drop_table("client_opening")


def downgrade() -> None:
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
    op.drop_index("ix_audit_event_marked", table_name="audit_event")
    op.drop_column("audit_event", "mark")
