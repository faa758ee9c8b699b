"""job.step: what a worker is at, where a job has several parts"""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("step", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("job", "step")
