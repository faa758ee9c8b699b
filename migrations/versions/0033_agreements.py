"""agreements with their terms, and from when a contract's payments wait for them

Contracts that say already that they need agreements have been paid without: their gate is not started, so that the new
version by itself holds nobody's money. Contracts that come later wait from their beginning.
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None

NOT_STARTED = date(9999, 12, 31)


def upgrade() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum("paper", "document", name="agreementsource", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feed_row", sa.Integer(), nullable=True),
        sa.Column("feed_import_id", sa.Integer(), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_agreement_version")),
        sa.ForeignKeyConstraint(["feed_import_id"], ["feed_import.id"], name=op.f("fk_agreement_feed_import_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_agreement_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_agreement_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("item_id", "version", name=op.f("uq_agreement_item_id_version")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_agreement_provider_id_id")),
    )
    for column in ("feed_import_id", "item_id", "provider_id"):
        op.create_index(op.f(f"ix_agreement_{column}"), "agreement", [column])
    with op.batch_alter_table("contract") as batch:
        batch.add_column(sa.Column("gate_from", sa.Date(), nullable=True))
    contract = sa.table("contract", sa.column("is_agreement_required", sa.Boolean), sa.column("gate_from", sa.Date))
    op.execute(contract.update().where(contract.c.is_agreement_required).values(gate_from=NOT_STARTED))


def downgrade() -> None:
    with op.batch_alter_table("contract") as batch:
        batch.drop_column("gate_from")
    op.drop_table("agreement")
