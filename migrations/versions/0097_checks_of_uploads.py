"""import_batch: what its last check went by, and what it has decided to write"""

import sqlalchemy as sa
from alembic import op

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Files that were checked before are checked once more when they are applied."""
    with op.batch_alter_table("import_batch") as batch:
        batch.add_column(sa.Column("held_against", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("decided", sa.LargeBinary(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_import_batch_decided"), "state NOT IN ('applied', 'discarded') OR decided IS NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("import_batch") as batch:
        batch.drop_constraint(op.f("ck_import_batch_decided"), type_="check")
        batch.drop_column("decided")
        batch.drop_column("held_against")
