"""the council's day on which a claim was sent: limits go by it"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0048"
branch_labels = None
depends_on = None

CHECK = "ck_claim_submitted_on"


def upgrade() -> None:
    with op.batch_alter_table("claim") as batch:
        batch.add_column(sa.Column("submitted_on", sa.Date(), nullable=True))
    claim = sa.table(
        "claim", sa.column("submitted_at", sa.DateTime(timezone=True)), sa.column("submitted_on", sa.Date())
    )
    day = sa.func.date(sa.func.timezone("Europe/London", claim.c.submitted_at))
    if op.get_bind().dialect.name == "sqlite":
        day = sa.func.date(claim.c.submitted_at)
    op.execute(claim.update().where(claim.c.submitted_at.is_not(None)).values(submitted_on=day))
    with op.batch_alter_table("claim") as batch:
        batch.create_check_constraint(op.f(CHECK), "(submitted_at IS NULL) = (submitted_on IS NULL)")


def downgrade() -> None:
    with op.batch_alter_table("claim") as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.drop_column("submitted_on")
