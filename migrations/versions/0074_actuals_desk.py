"""actuals on the council's desk: chases, variations asked for, news of actuals"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0068"
branch_labels = None
depends_on = None

NEWS = ("answer", "deadline", "payment", "changed", "post", "document", "claim", "invoice")


def upgrade() -> None:
    op.create_table(
        "actual_chase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("chased_on", sa.Date(), nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chased_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["chased_by_id"], ["user.id"], name=op.f("fk_actual_chase_chased_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"],
            ["contract.provider_id", "contract.id"],
            name=op.f("fk_actual_chase_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_actual_chase_provider_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_actual_chase_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actual_chase")),
        sa.UniqueConstraint(
            "contract_id",
            "service_id",
            "first_on",
            "chased_on",
            name=op.f("uq_actual_chase_contract_id_service_id_first_on_chased_on"),
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_actual_chase_provider_id_id")),
    )
    op.create_index(op.f("ix_actual_chase_contract_id"), "actual_chase", ["contract_id"])
    op.create_index(op.f("ix_actual_chase_provider_id"), "actual_chase", ["provider_id"])
    with op.batch_alter_table("actual_exception") as batch:
        batch.add_column(sa.Column("action_id", sa.Integer(), nullable=True))
        batch.create_index(op.f("ix_actual_exception_action_id"), ["action_id"])
        batch.create_foreign_key(
            op.f("fk_actual_exception_provider_id_action_id"), "action", ["provider_id", "action_id"],
            ["provider_id", "id"],
        )  # fmt: skip
    _say_news((*NEWS, "actual"))


def _say_news(values: tuple[str, ...]) -> None:
    among = ", ".join(f"'{each}'" for each in values)
    for table in ("notification_choice", "waiting_news"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_news"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_news"), sa.text(f"news IN ({among})"))


def downgrade() -> None:
    op.execute("DELETE FROM notification_choice WHERE news = 'actual'")
    op.execute("DELETE FROM waiting_news WHERE news = 'actual'")
    _say_news(NEWS)
    with op.batch_alter_table("actual_exception") as batch:
        batch.drop_constraint(op.f("fk_actual_exception_provider_id_action_id"), type_="foreignkey")
        batch.drop_index(op.f("ix_actual_exception_action_id"))
        batch.drop_column("action_id")
    op.drop_index(op.f("ix_actual_chase_provider_id"), table_name="actual_chase")
    op.drop_index(op.f("ix_actual_chase_contract_id"), table_name="actual_chase")
    op.drop_table("actual_chase")
