"""remittances as they were on the day of their run, files of long reports, figures of care relief

Payments that were finalised before have no remittance yet: the worker writes them when it starts, or
`./portal payments remittances`.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0041"
branch_labels = None
depends_on = None

BEFORE = ("calculate", "prepare", "finalise", "feed", "verify", "audit_head", "digest", "reminders")
YEARS = (
    *((year, 1_000_000, 20_000, 25_000, "Income Tax (Trading and Other Income) Act 2005, sections 808 and 811")
      for year in range(2017, 2023)),
    (2023, 1_814_000, 37_500, 45_000, "Finance (No. 2) Act 2023, which amends sections 808 and 811 of ITTOIA 2005"),
    (2024, 1_936_000, 40_500, 48_500, "ITTOIA 2005, sections 808 and 811, as uprated for 2024 to 2025"),
    (2025, 1_969_000, 41_500, 49_500, "SI 2025/51"),
)  # fmt: skip
"""Tax year, a household's fixed sum, a week under 11, a week from 11 on, in pence. To be checked by the council."""


def upgrade() -> None:
    with op.batch_alter_table("provider") as batch:
        batch.add_column(sa.Column("account_ending", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("provider") as batch:
        batch.alter_column("account_ending", server_default=None)
    op.create_table(
        "remittance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("bank_on", sa.Date(), nullable=False),
        sa.Column("paid_pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("advice", sa.JSON(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        *_owned("remittance"),
        sa.ForeignKeyConstraint(["run_id"], ["payment_run.id"], name=op.f("fk_remittance_run_id")),
        *(
            sa.ForeignKeyConstraint(
                ["provider_id", f"{column}_id"], [f"{table}.provider_id", f"{table}.id"],
                name=op.f(f"fk_remittance_provider_id_{column}_id"),
            )
            for column, table in (("payment", "scheduled_payment"), ("contract", "contract"))
        ),
        sa.UniqueConstraint("run_id", "payment_id", name=op.f("uq_remittance_run_id_payment_id")),
    )  # fmt: skip
    for column in ("provider_id", "payment_id", "contract_id"):
        op.create_index(op.f(f"ix_remittance_{column}"), "remittance", [column])
    op.create_index("ix_remittance_bank_on", "remittance", ["provider_id", "bank_on"])
    op.create_table(
        "report_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        *_owned("report_file"),
        sa.UniqueConstraint("provider_id", "key", name=op.f("uq_report_file_provider_id_key")),
    )
    for column in ("provider_id", "sha256"):
        op.create_index(op.f(f"ix_report_file_{column}"), "report_file", [column])
    _care_relief()
    _kinds((*BEFORE, "report"))


def _owned(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f(f"fk_{table}_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("provider_id", "id", name=op.f(f"uq_{table}_provider_id_id")),
    )


def _care_relief() -> None:
    pence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    table = op.create_table(
        "care_relief",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("fixed_pence", pence, nullable=False),
        sa.Column("younger_pence", pence, nullable=False),
        sa.Column("older_pence", pence, nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "fixed_pence > 0 AND younger_pence > 0 AND older_pence > 0", name=op.f("ck_care_relief_some_amount")
        ),
        sa.CheckConstraint("(checked_at IS NULL) = (checked_by_id IS NULL)", name=op.f("ck_care_relief_checked_by")),
        sa.CheckConstraint(
            "checked_by_id IS NULL OR entered_by_id IS NULL OR checked_by_id <> entered_by_id",
            name=op.f("ck_care_relief_two_people"),
        ),
        sa.ForeignKeyConstraint(["entered_by_id"], ["user.id"], name=op.f("fk_care_relief_entered_by_id")),
        sa.ForeignKeyConstraint(["checked_by_id"], ["user.id"], name=op.f("fk_care_relief_checked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_relief")),
        sa.UniqueConstraint("year", name=op.f("uq_care_relief_year")),
    )
    names = ("year", "fixed_pence", "younger_pence", "older_pence", "instrument")
    now = datetime.now(UTC)
    op.bulk_insert(table, [dict(zip(names, row, strict=True)) | {"entered_at": now} for row in YEARS])


def _kinds(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{each}'" for each in kinds)
    for table in ("job", "daily_alarm"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_jobkind"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_jobkind"), sa.text(f"kind IN ({allowed})"))


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE kind = 'report'")
    op.execute("DELETE FROM daily_alarm WHERE kind = 'report'")
    _kinds(BEFORE)
    for table in ("care_relief", "report_file", "remittance"):
        op.drop_table(table)
    with op.batch_alter_table("provider") as batch:
        batch.drop_column("account_ending")
