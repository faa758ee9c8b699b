"""job.step, import_batch.outcome and .checked_as: what a worker is at, and what the last check of a file said"""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("step", sa.Text(), nullable=True))
    op.add_column("import_batch", sa.Column("outcome", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("import_batch", sa.Column("checked_as", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_batch", "checked_as")
    op.drop_column("import_batch", "outcome")
    op.drop_column("job", "step")
