"""prices by the calendar month, and what each feed changes in money"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UNITS = ("week", "night", "day", "hour", "session", "mile", "item")


def upgrade() -> None:
    _say_units((UNITS[0], "month", *UNITS[1:]))
    with op.batch_alter_table("feed_import") as batch:
        batch.add_column(sa.Column("effect", sa.JSON()))
        batch.add_column(sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("warning_count", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("feed_import") as batch:
        batch.alter_column("warnings", server_default=None)
        batch.alter_column("warning_count", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("feed_import") as batch:
        for name in ("warning_count", "warnings", "effect"):
            batch.drop_column(name)
    _say_units(UNITS)


def _say_units(units: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{unit}'" for unit in units)
    with op.batch_alter_table("service_level") as batch:
        batch.drop_constraint(op.f("ck_service_level_unit"), type_="check")
        batch.create_check_constraint(op.f("ck_service_level_unit"), sa.text(f"unit IN ({allowed})"))
