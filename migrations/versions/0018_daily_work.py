"""jobs of one provider beside each other, tried again, and asked for by the clock; alarms; reminders of payments"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OF_PEOPLE = ("calculate", "prepare", "finalise")
KINDS = (*OF_PEOPLE, "feed", "verify", "audit_head", "digest", "reminders")
RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    op.drop_index("uq_job_running", "job")
    with op.batch_alter_table("job") as batch:
        batch.add_column(sa.Column("scope", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("due_on", sa.Date()))
        batch.add_column(sa.Column("not_before", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        batch.drop_constraint(op.f("ck_job_jobkind"), type_="check")
        batch.create_check_constraint(op.f("ck_job_jobkind"), _is_one_of(KINDS))
        batch.create_unique_constraint(op.f("uq_job_kind_due_on"), ["kind", "due_on"])
    with op.batch_alter_table("job") as batch:
        batch.alter_column("scope", server_default=None)
        batch.alter_column("tries", server_default=None)
    _index("kind", "scope")
    op.create_table(
        "daily_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="jobkind", native_enum=False, create_constraint=True, length=40),
                  nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("why", sa.Enum("overdue", "failed", name="trouble", native_enum=False, create_constraint=True,
                                 length=40), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_alarm")),
        sa.UniqueConstraint("kind", "on", "why", name=op.f("uq_daily_alarm_kind_on_why")),
    )  # fmt: skip
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_reminder_provider_id_id")),
        sa.UniqueConstraint("payment_id", "answer_by", name=op.f("uq_reminder_payment_id_answer_by")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_reminder_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "payment_id"], ["scheduled_payment.provider_id", "scheduled_payment.id"],
            name=op.f("fk_reminder_provider_id_payment_id"), ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_reminder_provider_id"), "reminder", ["provider_id"])


def downgrade() -> None:
    """What the clock has asked for goes, with what was kept of it."""
    op.drop_table("reminder")
    op.drop_table("daily_alarm")
    op.drop_index("uq_job_running", "job")
    op.execute("DELETE FROM job WHERE kind NOT IN ('calculate', 'prepare', 'finalise')")
    op.execute(
        "UPDATE job SET state = 'queued', worker = '' WHERE state = 'running' AND EXISTS (SELECT 1 FROM job AS other"
        " WHERE other.kind = job.kind AND other.state = 'running' AND other.id < job.id)"
    )
    with op.batch_alter_table("job") as batch:
        batch.drop_constraint(op.f("uq_job_kind_due_on"), type_="unique")
        batch.drop_constraint(op.f("ck_job_jobkind"), type_="check")
        batch.create_check_constraint(op.f("ck_job_jobkind"), _is_one_of(OF_PEOPLE))
        for name in ("tries", "not_before", "due_on", "scope"):
            batch.drop_column(name)
    _index("kind")


def _index(*columns: str) -> None:
    op.create_index("uq_job_running", "job", list(columns), unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING)


def _is_one_of(kinds: tuple[str, ...]) -> sa.TextClause:
    return sa.text("kind IN ({})".format(", ".join(f"'{each}'" for each in kinds)))
