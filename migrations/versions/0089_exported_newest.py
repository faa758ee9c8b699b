"""exported: a record that comes back to an earlier version is told again"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

IS_TOLD = sa.text("asked_again_at IS NULL")


def upgrade() -> None:
    op.drop_index("uq_exported_once", table_name="exported")
    with op.batch_alter_table("exported") as batch:
        batch.create_unique_constraint(op.f("uq_exported_export_id_kind_record_id"), ["export_id", "kind", "record_id"])


def downgrade() -> None:
    """Of a version that was told more than once the newest stays."""
    with op.batch_alter_table("exported") as batch:
        batch.drop_constraint(op.f("uq_exported_export_id_kind_record_id"), type_="unique")
    told = sa.table(
        "exported", sa.column("id", sa.Integer), sa.column("kind", sa.Text), sa.column("record_id", sa.Integer),
        sa.column("version", sa.Text), sa.column("asked_again_at", sa.DateTime(timezone=True)),
    )  # fmt: skip
    later = told.alias("later")
    same = later.c.kind == told.c.kind, later.c.record_id == told.c.record_id, later.c.version == told.c.version
    newer = sa.select(later.c.id).where(*same, later.c.id > told.c.id, later.c.asked_again_at.is_(None))
    is_older = told.c.asked_again_at.is_(None), newer.exists()
    op.execute(told.update().where(*is_older).values(asked_again_at=datetime.now(UTC)))
    op.create_index(
        "uq_exported_once", "exported", ["kind", "record_id", "version"], unique=True, sqlite_where=IS_TOLD,
        postgresql_where=IS_TOLD,
    )  # fmt: skip
