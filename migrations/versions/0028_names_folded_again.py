"""names folded again, without full stops, commas and brackets, and & as and"""

import sqlalchemy as sa
from alembic import op

from models.words import folded

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None

FOLDED = {
    "client": ("surname", "first_name"),
    "contact": ("name",),
    "contract": ("name",),
    "provider": ("name",),
    "service": ("name",),
    "service_level": ("name",),
    "staff_request": ("name",),
    "user": ("name",),
}
"""The columns of each table that have a folded one beside them."""
BATCH = 1_000


def upgrade() -> None:
    for table, sources in FOLDED.items():
        _fill(table, sources)


def downgrade() -> None:
    """The names stay as they are folded: the release before finds them by most of what is typed, and its verify says
    which are not as it would fold them.
    """


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
