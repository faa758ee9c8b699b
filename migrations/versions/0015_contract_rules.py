"""keep under which rules a contract was last calculated"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No rows: the first calculation after this finds whatever it changes of paid days, and asks."""
    op.create_table(
        "contract_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"], ["contract.provider_id", "contract.id"],
            name=op.f("fk_contract_rules_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_contract_rules_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_rules")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_contract_rules_contract_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_contract_rules_provider_id_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_contract_rules_provider_id"), "contract_rules", ["provider_id"])


def downgrade() -> None:
    op.drop_table("contract_rules")
