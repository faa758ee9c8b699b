"""keep the last day of a contact, and whether a manifest came with an import"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("ends_on", sa.Date(), nullable=True))
    with op.batch_alter_table("feed_import") as batch:
        batch.add_column(sa.Column("has_manifest", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("feed_import") as batch:
        batch.alter_column("has_manifest", server_default=None)


def downgrade() -> None:
    op.drop_column("feed_import", "has_manifest")
    op.drop_column("contact", "ends_on")
