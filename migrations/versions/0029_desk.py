"""who has taken which queue of the desk, and runs of payments of some days only"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "on_it",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_on_it_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_it")),
        sa.UniqueConstraint("queue", "on", name=op.f("uq_on_it_queue_on")),
    )
    with op.batch_alter_table("payment_run") as batch:
        batch.add_column(sa.Column("first_due_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("last_due_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Runs of some days only become runs of all: their payments stay what they are."""
    with op.batch_alter_table("payment_run") as batch:
        batch.drop_column("last_due_on")
        batch.drop_column("first_due_on")
    op.drop_table("on_it")
