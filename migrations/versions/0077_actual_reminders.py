"""actual_reminder: providers are reminded of weeks of actuals"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actual_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column(
            "occasion",
            sa.Enum("due", "late", name="weekoccasion", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"],
            ["contract.provider_id", "contract.id"],
            name=op.f("fk_actual_reminder_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_actual_reminder_provider_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_actual_reminder_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actual_reminder")),
        sa.UniqueConstraint(
            "contract_id",
            "service_id",
            "first_on",
            "occasion",
            name=op.f("uq_actual_reminder_contract_id_service_id_first_on_occasion"),
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_actual_reminder_provider_id_id")),
    )
    op.create_index(op.f("ix_actual_reminder_provider_id"), "actual_reminder", ["provider_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_actual_reminder_provider_id"), table_name="actual_reminder")
    op.drop_table("actual_reminder")
