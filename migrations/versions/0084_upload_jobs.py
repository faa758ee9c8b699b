"""job: the worker checks and applies long uploaded files"""

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0077"
branch_labels = None
depends_on = None

BEFORE = ("calculate", "prepare", "finalise", "feed", "export", "verify", "audit_head", "digest", "reminders", "report")
NOW = (*BEFORE, "upload")


def upgrade() -> None:
    _kinds(NOW)


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE kind = 'upload'")
    _kinds(BEFORE)


def _kinds(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{each}'" for each in kinds)
    for table in ("job", "daily_alarm"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_jobkind"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_jobkind"), sa.text(f"kind IN ({allowed})"))
