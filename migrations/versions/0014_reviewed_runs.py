"""keep a run's exceptions, who ticked them, and who of two authorised it first; prepare runs in the worker"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = (
    "changed since prepared", "left for the next run", "above the limit", "more than 50 % different", "nothing to pay",
    "new provider", "new contract", "new", "ended", "changed", "many changed alike", "second rise within a year",
    "for earlier days", "the same twice", "recovery", "adjusted by hand", "paid as it is", "sent back", "released",
    "day moved by hand", "confirmed by silence", "unconfirmed", "rejected", "held", "row held", "blocked",
)  # fmt: skip
JOBS = ("calculate", "finalise")
PENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("payment_run") as batch:
        batch.add_column(sa.Column("above", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("first_authorised_at", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("first_authorised_by_id", sa.Integer()))
        batch.create_foreign_key(
            op.f("fk_payment_run_first_authorised_by_id"), "user", ["first_authorised_by_id"], ["id"]
        )
        batch.create_check_constraint(
            op.f("ck_payment_run_first_authorised_by"),
            sa.text("(first_authorised_by_id IS NULL) = (first_authorised_at IS NULL)"),
        )
        batch.create_check_constraint(
            op.f("ck_payment_run_two_authorise"),
            sa.text(
                "first_authorised_by_id IS NULL OR authorised_at IS NULL OR first_authorised_by_id <> authorised_by_id"
            ),
        )
    with op.batch_alter_table("payment_run") as batch:
        batch.alter_column("above", server_default=None)
    with op.batch_alter_table("run_payment") as batch:
        batch.add_column(sa.Column("before_pence", PENCE))
    with op.batch_alter_table("adjustment") as batch:
        batch.add_column(sa.Column("seen_at", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("seen_by_id", sa.Integer()))
        batch.create_foreign_key(op.f("fk_adjustment_seen_by_id"), "user", ["seen_by_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_adjustment_seen_by"), sa.text("(seen_at IS NULL) = (seen_by_id IS NULL)")
        )
    _say_kinds(("calculate", "prepare", "finalise"))
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "run_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("client_id", sa.Integer()),
        sa.Column("now_pence", PENCE, nullable=False),
        sa.Column("before_pence", PENCE),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_run_finding_client_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_run_finding_provider_id")),
        sa.ForeignKeyConstraint(["run_id"], ["payment_run.id"], name=op.f("fk_run_finding_run_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"], ["contract.provider_id", "contract.id"],
            name=op.f("fk_run_finding_provider_id_contract_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_finding")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_run_finding_provider_id_id")),
    )  # fmt: skip
    op.create_index("ix_run_finding_kind", "run_finding", ["run_id", "kind"])
    op.create_index(op.f("ix_run_finding_provider_id"), "run_finding", ["provider_id"])
    op.create_table(
        "run_tick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("because <> ''", name=op.f("ck_run_tick_because")),
        sa.ForeignKeyConstraint(["run_id"], ["payment_run.id"], name=op.f("fk_run_tick_run_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_run_tick_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_tick")),
        sa.UniqueConstraint("run_id", "kind", "user_id", name=op.f("uq_run_tick_run_id_kind_user_id")),
    )


def _kind() -> sa.Enum:
    return sa.Enum(*KINDS, name="finding", native_enum=False, create_constraint=True, length=40)


def downgrade() -> None:
    """What was kept of the reviews goes. A job that prepares a run counts as one that failed to calculate."""
    op.drop_table("run_tick")
    op.drop_table("run_finding")
    op.execute(
        "UPDATE job SET state = 'failed', worker = 'none', started_at = created_at, heartbeat_at = created_at,"
        " finished_at = created_at WHERE kind = 'prepare' AND state IN ('queued', 'running')"
    )
    op.execute("UPDATE job SET kind = 'calculate' WHERE kind = 'prepare'")
    _say_kinds(JOBS)
    with op.batch_alter_table("adjustment") as batch:
        batch.drop_constraint(op.f("ck_adjustment_seen_by"), type_="check")
        batch.drop_constraint(op.f("fk_adjustment_seen_by_id"), type_="foreignkey")
        batch.drop_column("seen_by_id")
        batch.drop_column("seen_at")
    with op.batch_alter_table("run_payment") as batch:
        batch.drop_column("before_pence")
    with op.batch_alter_table("payment_run") as batch:
        for name in ("first_authorised_by", "two_authorise"):
            batch.drop_constraint(op.f(f"ck_payment_run_{name}"), type_="check")
        batch.drop_constraint(op.f("fk_payment_run_first_authorised_by_id"), type_="foreignkey")
        for name in ("above", "first_authorised_at", "first_authorised_by_id"):
            batch.drop_column(name)


def _say_kinds(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("job") as batch:
        batch.drop_constraint(op.f("ck_job_jobkind"), type_="check")
        batch.create_check_constraint(op.f("ck_job_jobkind"), sa.text(f"kind IN ({allowed})"))
