"""keep names as they are looked for and sorted by"""

import sqlalchemy as sa
from alembic import op

from models.words import folded

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FOLDED = {
    "client": ("surname", "first_name"),
    "contact": ("name",),
    "contract": ("name",),
    "provider": ("name",),
    "service": ("name",),
    "service_level": ("name",),
    "user": ("name",),
}
"""The columns of each table that get a folded one beside them."""
BATCH = 1_000


def upgrade() -> None:
    for table, sources in FOLDED.items():
        text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
        for source in sources:
            op.add_column(table, sa.Column(f"folded_{source}", text, nullable=True))
        _fill(table, sources)
        with op.batch_alter_table(table) as batch:
            for source in sources:
                batch.alter_column(f"folded_{source}", existing_type=text, nullable=False)


def downgrade() -> None:
    for table, sources in FOLDED.items():
        for source in sources:
            op.drop_column(table, f"folded_{source}")


def _fill(table: str, sources: tuple[str, ...]) -> None:
    """Fold what is there, a batch of rows at a time."""
    rows = sa.table(table, sa.column("id"), *(sa.column(name) for s in sources for name in (s, f"folded_{s}")))
    connection = op.get_bind()
    some = sa.select(rows.c.id, *(rows.c[source] for source in sources)).order_by(rows.c.id).limit(BATCH)
    fill = sa.update(rows).where(rows.c.id == sa.bindparam("row"))
    last = 0
    while found := connection.execute(some.where(rows.c.id > last)).all():
        values = [
            {"row": row.id, **{f"folded_{source}": folded(getattr(row, source)) for source in sources}} for row in found
        ]
        connection.execute(fill, values)
        last = found[-1].id
