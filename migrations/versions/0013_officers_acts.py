"""what an officer answers to a query; standing holds; days of one payment that are moved"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DAYS = ("confirm_by", "finalise_on", "bank_on")
ASKED = ("sent back", "changed", "lapsed", "late")


def upgrade() -> None:
    _make_answers()
    _make_standing_holds()
    _move_days()


def _make_answers() -> None:
    op.create_table(
        "hold_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_answer")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_hold_answer_provider_id_id")),
        sa.ForeignKeyConstraint(["given_by_id"], ["user.id"], name=op.f("fk_hold_answer_given_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_hold_answer_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "hold_id"], ["hold.provider_id", "hold.id"],
            name=op.f("fk_hold_answer_provider_id_hold_id"), ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_hold_answer_hold_id"), "hold_answer", ["hold_id"])
    op.create_index(op.f("ix_hold_answer_provider_id"), "hold_answer", ["provider_id"])


def _make_standing_holds() -> None:
    op.create_table(
        "standing_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer()),
        sa.Column("client_id", sa.Integer()),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by_id", sa.Integer()),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_hold")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_standing_hold_provider_id_id")),
        sa.CheckConstraint("contract_id IS NULL OR client_id IS NULL", name=op.f("ck_standing_hold_one_kind")),
        sa.CheckConstraint("last_on IS NULL OR first_on <= last_on", name=op.f("ck_standing_hold_days")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_standing_hold_ended_by")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason = '')", name=op.f("ck_standing_hold_end_reason")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_standing_hold_client_id")),
        sa.ForeignKeyConstraint(["begun_by_id"], ["user.id"], name=op.f("fk_standing_hold_begun_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user.id"], name=op.f("fk_standing_hold_ended_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_standing_hold_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"], ["contract.provider_id", "contract.id"],
            name=op.f("fk_standing_hold_provider_id_contract_id"),
        ),
    )  # fmt: skip
    for column in ("contract_id", "client_id", "provider_id"):
        op.create_index(op.f(f"ix_standing_hold_{column}"), "standing_hold", [column])
    with op.batch_alter_table("hold") as batch:
        batch.add_column(sa.Column("standing_id", sa.Integer()))
        batch.add_column(sa.Column("is_let_go", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("hold") as batch:
        batch.alter_column("is_let_go", server_default=None)
        batch.create_index(op.f("ix_hold_standing_id"), ["standing_id"])
        batch.create_foreign_key(
            op.f("fk_hold_provider_id_standing_id"), "standing_hold",
            ["provider_id", "standing_id"], ["provider_id", "id"],
        )  # fmt: skip
        batch.create_check_constraint(
            op.f("ck_hold_let_go"), sa.text("NOT is_let_go OR (standing_id IS NOT NULL AND released_at IS NOT NULL)")
        )


def _move_days() -> None:
    with op.batch_alter_table("scheduled_payment") as batch:
        for name in DAYS:
            batch.add_column(sa.Column(f"moved_{name}", sa.Date()))
        batch.drop_constraint(op.f("ck_scheduled_payment_asked"), type_="check")
        batch.create_check_constraint(op.f("ck_scheduled_payment_asked"), _is_one_of(*ASKED, "moved"))
    op.create_table(
        "day_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        *(sa.Column(f"{when}_{name}", sa.Date(), nullable=False) for when in ("old", "new") for name in DAYS),
        sa.Column("is_paid_now", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_move")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_day_move_provider_id_id")),
        sa.ForeignKeyConstraint(["moved_by_id"], ["user.id"], name=op.f("fk_day_move_moved_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_day_move_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "payment_id"], ["scheduled_payment.provider_id", "scheduled_payment.id"],
            name=op.f("fk_day_move_provider_id_payment_id"), ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_day_move_payment_id"), "day_move", ["payment_id"])
    op.create_index(op.f("ix_day_move_provider_id"), "day_move", ["provider_id"])


def downgrade() -> None:
    """What standing holds have placed stays held, as if somebody had placed it there. Days that were moved go back to
    the calendar's with the next calculation.
    """
    op.drop_table("day_move")
    op.execute("UPDATE scheduled_payment SET asked_because = 'changed' WHERE asked_because = 'moved'")
    with op.batch_alter_table("scheduled_payment") as batch:
        batch.drop_constraint(op.f("ck_scheduled_payment_asked"), type_="check")
        batch.create_check_constraint(op.f("ck_scheduled_payment_asked"), _is_one_of(*ASKED))
        for name in DAYS:
            batch.drop_column(f"moved_{name}")
    with op.batch_alter_table("hold") as batch:
        batch.drop_constraint(op.f("ck_hold_let_go"), type_="check")
        batch.drop_constraint(op.f("fk_hold_provider_id_standing_id"), type_="foreignkey")
        batch.drop_index(op.f("ix_hold_standing_id"))
        batch.drop_column("is_let_go")
        batch.drop_column("standing_id")
    op.drop_table("standing_hold")
    op.drop_table("hold_answer")


def _is_one_of(*reasons: str) -> sa.TextClause:
    return sa.text("asked_because IN ({})".format(", ".join(f"'{each}'" for each in reasons)))
