"""actual_week: the council opens a week that was never confirmed, after the last day for it"""

from alembic import op

revision = "0086"
down_revision = "0084"
branch_labels = None
depends_on = None

BEFORE = "reopened_at IS NULL OR confirmed_at IS NOT NULL"
NAME = "ck_actual_week_reopened"


def upgrade() -> None:
    _replace(f"{BEFORE} OR reopened_reason <> ''")


def downgrade() -> None:
    op.execute(
        "UPDATE actual_week SET reopened_at = NULL, reopened_by_id = NULL, reopened_reason = '' "
        "WHERE confirmed_at IS NULL AND reopened_at IS NOT NULL"
    )
    _replace(BEFORE)


def _replace(condition: str) -> None:
    with op.batch_alter_table("actual_week") as table:
        table.drop_constraint(op.f(NAME), type_="check")
        table.create_check_constraint(op.f(NAME), condition)
