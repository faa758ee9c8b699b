"""keep what a session needs to end in time, and forms that outlive one"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM web_session")  # who is logged in while the portal is brought up to date logs in again
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("web_session") as batch:
        batch.add_column(sa.Column("idle_minutes", sa.Integer(), nullable=False))
        batch.add_column(sa.Column("idle_until", moment, nullable=False))
        batch.add_column(sa.Column("replaced_at", moment, nullable=True))
        batch.create_index(op.f("ix_web_session_idle_until"), ["idle_until"])
    op.create_table(
        "kept_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_kept_form_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
        sa.UniqueConstraint("user_id", "path", name=op.f("uq_kept_form_user_id_path")),
    )
    op.create_index(op.f("ix_kept_form_created_at"), "kept_form", ["created_at"])


def downgrade() -> None:
    op.drop_table("kept_form")
    op.execute("DELETE FROM web_session")
    with op.batch_alter_table("web_session") as batch:
        batch.drop_index(op.f("ix_web_session_idle_until"))
        for column in ("replaced_at", "idle_until", "idle_minutes"):
            batch.drop_column(column)
