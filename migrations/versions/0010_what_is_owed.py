"""keep totals free of debts; windows for answers; a ledger of what is owed; blocked sums; faults of a calculation"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CARRIED = "component IN ('brought_forward', 'carried_forward')"
SUM = f"(SELECT sum(net_pence) FROM payment_line WHERE payment_id = scheduled_payment.id AND {CARRIED})"  # noqa: S608
WITH_CARRY = f"id IN (SELECT payment_id FROM payment_line WHERE {CARRIED})"  # noqa: S608


OF_ANSWERS = ("answered_on", "asked_by", "asked_because", "is_extended", "full_notice_on", "waived_pence", "waived_on")


def upgrade() -> None:
    _change_payments()
    with op.batch_alter_table("run_payment") as batch:
        batch.add_column(sa.Column("taken_pence", PENCE, nullable=False, server_default="0"))
        batch.add_column(sa.Column("paid_pence", PENCE))
        batch.add_column(sa.Column("recovered_pence", PENCE, nullable=False, server_default="0"))
        batch.add_column(sa.Column("bank_on", sa.Date()))
    op.execute(
        "UPDATE run_payment SET taken_pence = total_pence - coalesce((SELECT sum(net_pence) FROM payment_line"  # noqa: S608
        f" WHERE payment_id = run_payment.payment_id AND run_id = run_payment.run_id AND {CARRIED}), 0)"
    )
    op.execute("UPDATE run_payment SET paid_pence = total_pence WHERE outcome = 'finalised'")
    op.execute(
        "UPDATE run_payment SET bank_on = (SELECT bank_on FROM scheduled_payment WHERE id = run_payment.payment_id)"
        " WHERE outcome = 'finalised'"
    )
    with op.batch_alter_table("run_payment") as batch:
        batch.alter_column("recovered_pence", server_default=None)
        batch.alter_column("taken_pence", server_default=None)
        batch.create_check_constraint(
            op.f("ck_run_payment_paid"), sa.text("(paid_pence IS NULL) = (outcome IS NULL OR outcome <> 'finalised')")
        )
    with op.batch_alter_table("adjustment") as batch:
        batch.add_column(sa.Column("is_of_earlier_days", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("adjustment") as batch:
        batch.alter_column("is_of_earlier_days", server_default=None)
    op.create_index(
        "ix_payment_line_carried", "payment_line", ["contract_id"],
        sqlite_where=sa.text("purchase_order_id IS NULL"), postgresql_where=sa.text("purchase_order_id IS NULL"),
    )  # fmt: skip
    _make_tables()


def _change_payments() -> None:
    """A total, and the answer to it, no longer hold what a run carries; a rejection that lapsed stands again."""
    with op.batch_alter_table("scheduled_payment") as batch:
        batch.add_column(sa.Column("answered_on", sa.Date()))
        batch.add_column(sa.Column("asked_by", sa.Date()))
        batch.add_column(sa.Column("asked_because", _one_of("asked", "sent back", "changed", "lapsed", "late")))
        batch.add_column(sa.Column("is_extended", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("full_notice_on", sa.Date()))
        batch.add_column(sa.Column("waived_pence", PENCE))
        batch.add_column(sa.Column("waived_on", sa.Date()))
    op.execute(
        "UPDATE scheduled_payment SET confirmation = 'rejected', answered_pence = lapsed_pence, lapsed_pence = NULL,"
        " is_lapsed_rejection = FALSE WHERE is_lapsed_rejection AND closed_run_id IS NULL"
        " AND confirmation = 'unconfirmed' AND answered_by_id IS NOT NULL"
    )
    for column in ("net_pence", "answered_pence"):
        op.execute(f"UPDATE scheduled_payment SET {column} = {column} - {SUM} WHERE {WITH_CARRY}")  # noqa: S608
    op.execute(f"DELETE FROM payment_line WHERE run_id IS NULL AND {CARRIED}")  # noqa: S608
    op.execute("UPDATE scheduled_payment SET waived_pence = net_pence + vat_pence WHERE waive_reason IS NOT NULL")
    with op.batch_alter_table("scheduled_payment") as batch:
        batch.alter_column("is_extended", server_default=None)
        batch.drop_constraint(op.f("ck_scheduled_payment_lapsed_rejection"), type_="check")
        batch.drop_column("is_lapsed_rejection")
        batch.create_check_constraint(
            op.f("ck_scheduled_payment_asked_why"), sa.text("(asked_by IS NULL) = (asked_because IS NULL)")
        )
        batch.create_check_constraint(
            op.f("ck_scheduled_payment_extended"), sa.text("asked_by IS NOT NULL OR NOT is_extended")
        )
        batch.create_check_constraint(
            op.f("ck_scheduled_payment_waived"), sa.text("(waived_pence IS NULL) = (waive_reason IS NULL)")
        )
        batch.create_check_constraint(
            op.f("ck_scheduled_payment_waived_on"), sa.text("waived_on IS NULL OR waived_pence IS NOT NULL")
        )


def _make_tables() -> None:
    op.create_table(
        "debt_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("debtentrykind", "repaid", "written off", "reinstated", "moved"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("pence", PENCE, nullable=False),
        sa.Column("surplus_pence", PENCE, nullable=False),
        sa.Column("surplus_note", sa.Text(), nullable=False),
        sa.Column("surplus_settled_at", sa.DateTime(timezone=True)),
        sa.Column("surplus_settled_by_id", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer()),
        sa.Column("run_id", sa.Integer()),
        sa.CheckConstraint("pence <> 0 OR surplus_pence > 0", name=op.f("ck_debt_entry_some_amount")),
        sa.CheckConstraint(
            "surplus_pence >= 0 AND (surplus_pence = 0 OR kind = 'repaid')", name=op.f("ck_debt_entry_surplus")
        ),
        sa.CheckConstraint(
            "(surplus_settled_at IS NULL) = (surplus_settled_by_id IS NULL)", name=op.f("ck_debt_entry_settled_by")
        ),
        sa.CheckConstraint(
            "(surplus_settled_at IS NULL) = (surplus_note = '')", name=op.f("ck_debt_entry_settled_note")
        ),
        _people("debt_entry", "surplus_settled_by_id"),
        _people("debt_entry", "made_by_id"),
        sa.ForeignKeyConstraint(["run_id"], ["payment_run.id"], name=op.f("fk_debt_entry_run_id")),
        *_owned("debt_entry", contract_id="contract"),
    )
    op.create_table(
        "write_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("pence", PENCE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by_id", sa.Integer()),
        sa.Column("is_agreed", sa.Boolean()),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.CheckConstraint("pence > 0", name=op.f("ck_write_off_some_amount")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_write_off_decided_by")),
        sa.CheckConstraint("(decided_at IS NULL) = (is_agreed IS NULL)", name=op.f("ck_write_off_decided")),
        _people("write_off", "asked_by_id"),
        _people("write_off", "decided_by_id"),
        *_owned("write_off", contract_id="contract"),
    )
    op.create_index(
        "uq_write_off_open", "write_off", ["contract_id"], unique=True,
        sqlite_where=sa.text("decided_at IS NULL"), postgresql_where=sa.text("decided_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "blocked_sum",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("pence", PENCE, nullable=False),
        sa.UniqueConstraint("payment_id", "item_id", name=op.f("uq_blocked_sum_payment_id_item_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "payment_id"], ["scheduled_payment.provider_id", "scheduled_payment.id"],
            name=op.f("fk_blocked_sum_provider_id_payment_id"), ondelete="CASCADE",
        ),
        *_owned("blocked_sum", item_id="care_package_line_item"),
    )  # fmt: skip
    op.create_table(
        "calculation_fault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.UniqueConstraint("contract_id", name=op.f("uq_calculation_fault_contract_id")),
        *_owned("calculation_fault", contract_id="contract"),
    )
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


INDEXES = (
    ("debt_entry", "provider_id"),
    ("debt_entry", "contract_id"),
    ("write_off", "provider_id"),
    ("write_off", "contract_id"),
    ("blocked_sum", "provider_id"),
    ("blocked_sum", "item_id"),
    ("calculation_fault", "provider_id"),
)


def _owned(table: str, **links: str) -> list[sa.schema.SchemaItem]:
    """What every table of a provider's has: its provider, its key with the provider's, and links over both."""
    return [
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("provider_id", "id", name=op.f(f"uq_{table}_provider_id_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f(f"fk_{table}_provider_id")),
        *(
            sa.ForeignKeyConstraint(
                ["provider_id", column], [f"{other}.provider_id", f"{other}.id"],
                name=op.f(f"fk_{table}_provider_id_{column}"),
            )
            for column, other in links.items()
        ),
    ]  # fmt: skip


def _people(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["user.id"], name=op.f(f"fk_{table}_{column}"))


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def downgrade() -> None:
    """Totals hold what runs have carried again. What was repaid or written off is lost: restore a backup instead."""
    for table in ("calculation_fault", "blocked_sum", "write_off", "debt_entry"):
        op.drop_table(table)
    op.drop_index("ix_payment_line_carried", "payment_line")
    with op.batch_alter_table("adjustment") as batch:
        batch.drop_column("is_of_earlier_days")
    with op.batch_alter_table("run_payment") as batch:
        batch.drop_constraint(op.f("ck_run_payment_paid"), type_="check")
        for name in ("taken_pence", "paid_pence", "recovered_pence", "bank_on"):
            batch.drop_column(name)
    for column in ("net_pence", "answered_pence"):
        op.execute(f"UPDATE scheduled_payment SET {column} = {column} + {SUM} WHERE {WITH_CARRY}")  # noqa: S608
    with op.batch_alter_table("scheduled_payment") as batch:
        for name in ("asked_why", "extended", "waived", "waived_on", "asked"):
            batch.drop_constraint(op.f(f"ck_scheduled_payment_{name}"), type_="check")
        batch.add_column(sa.Column("is_lapsed_rejection", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in OF_ANSWERS:
            batch.drop_column(name)
    with op.batch_alter_table("scheduled_payment") as batch:
        batch.alter_column("is_lapsed_rejection", server_default=None)
        batch.create_check_constraint(
            op.f("ck_scheduled_payment_lapsed_rejection"),
            sa.text("lapsed_pence IS NOT NULL OR NOT is_lapsed_rejection"),
        )
