"""actual_exception.pence: what hangs on an exception, as its payment works it out"""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None

FILL = """
UPDATE actual_exception SET pence = (
  SELECT (coalesce(
      (SELECT price.rate_e4 FROM item_price price WHERE price.item_id = item.id
        AND (price.ends_on IS NULL OR price.ends_on >= figure.first_on) ORDER BY price.starts_on LIMIT 1),
      (SELECT rate.rate_e4 FROM contract_rate rate
        WHERE rate.contract_id = item.contract_id AND rate.service_level_id = item.service_level_id
        AND (rate.ends_on IS NULL OR rate.ends_on >= figure.first_on) ORDER BY rate.starts_on LIMIT 1),
      0)
    * (CASE WHEN figure.actual_e4 > 0 THEN figure.actual_e4 ELSE figure.planned_e4 END) + 500000) / 1000000
  FROM confirmed_actual figure JOIN care_package_line_item item ON item.id = figure.item_id
  WHERE figure.id = actual_exception.confirmed_id)
"""
"""For what is there already: the price of its first day, as the queue had it before."""


def upgrade() -> None:
    op.add_column(
        "actual_exception",
        sa.Column("pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"),
    )
    op.execute(FILL)
    with op.batch_alter_table("actual_exception") as batch:
        batch.alter_column("pence", server_default=None)


def downgrade() -> None:
    op.drop_column("actual_exception", "pence")
