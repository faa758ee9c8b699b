"""invoices and credit notes, why they are held, figures of late payment, and contracts that pay by invoice"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0066"
down_revision = "0064"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
COMPONENTS = (
    "care", "allowance", "claim", "adjustment", "contribution", "top_up", "nursing", "brought_forward",
    "carried_forward",
)  # fmt: skip
NEWS = ("answer", "deadline", "payment", "changed", "post", "document", "claim")
STATUSES = ("draft", "submitted", "on_hold", "approved", "rejected", "cancelled")
OWNERS = ("provider", "payments", "brokerage", "agreements", "commissioning")
KINDS = ("pay_days", "tell_days", "base_rate", "margin", "fixed_sum")
REASONS = (
    ("More than was confirmed", "The invoice asks for more than the confirmed actuals of these days.",
     "Correct the quantity, or confirm the actuals and send the invoice again.", "provider", "officer"),
    ("Another price", "The price on the invoice is not the contract’s for these days.",
     "Correct the price and send the invoice again.", "provider", "officer"),
    ("Other days", "The invoice is for days on which this care was not bought.",
     "Correct the days or the care package, and send the invoice again.", "provider", "officer"),
    ("VAT", "The VAT on the invoice is not that of the service.",
     "Correct the VAT and send the invoice again.", "provider", "officer"),
    ("Care package not agreed", "The care package that the invoice is for is not authorised or not agreed yet.",
     "The council finishes the care package. You need do nothing.", "brokerage", "officer"),
    ("Disputed by the council", "The council is looking into what was delivered.",
     "The council asks you for what it needs, and releases the invoice when it knows.", "payments", "manager"),
)  # fmt: skip
FIGURES = (
    ("pay_days", date(2015, 2, 26), 0, 30, "Public Contracts Regulations 2015, regulation 113"),
    ("pay_days", date(2025, 2, 24), 0, 30, "Procurement Act 2023, section 68"),
    ("tell_days", date(2015, 2, 26), 0, 7, "The council’s own standard"),
    ("margin", date(2002, 8, 7), 0, 800, "SI 2002/1675"),
    ("fixed_sum", date(2002, 8, 7), 0, 4_000, "Late Payment of Commercial Debts (Interest) Act 1998, section 5A"),
    ("fixed_sum", date(2002, 8, 7), 100_000, 7_000, "Late Payment of Commercial Debts (Interest) Act 1998, section 5A"),
    ("fixed_sum", date(2002, 8, 7), 1_000_000, 10_000,
     "Late Payment of Commercial Debts (Interest) Act 1998, section 5A"),
)  # fmt: skip


def upgrade() -> None:
    _rules()
    _invoice()
    _lines()
    _holds()
    with op.batch_alter_table("payment_method") as batch:
        batch.add_column(sa.Column("is_by_invoice", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("payment_method") as batch:
        batch.alter_column("is_by_invoice", server_default=None)
    with op.batch_alter_table("payment_line") as batch:
        batch.add_column(sa.Column("invoice_line_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_payment_line_provider_id_invoice_line_id"), "invoice_line", ["provider_id", "invoice_line_id"],
            ["provider_id", "id"],
        )  # fmt: skip
        batch.create_index(op.f("ix_payment_line_invoice_line_id"), ["invoice_line_id"])
        _say_components(batch, (*COMPONENTS[:3], "invoice", *COMPONENTS[3:]))
    _guard_lines()
    _say_news((*NEWS, "invoice"))


def _rules() -> None:
    reasons = op.create_table(
        "hold_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("owner", _one_of("holdowner", OWNERS), nullable=False),
        sa.Column("released_by", _one_of("releaser", ("officer", "manager")), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_reason")),
        sa.UniqueConstraint("name", name=op.f("uq_hold_reason_name")),
    )
    figures = op.create_table(
        "late_figure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("latekind", KINDS), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("from_pence", BIG, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("value >= 0", name=op.f("ck_late_figure_value")),
        sa.CheckConstraint("from_pence = 0 OR kind = 'fixed_sum'", name=op.f("ck_late_figure_from_pence")),
        _person("late_figure", "entered_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_figure")),
        sa.UniqueConstraint(
            "kind", "starts_on", "from_pence", name=op.f("uq_late_figure_kind_starts_on_from_pence")
        ),
    )  # fmt: skip
    now = datetime.now(UTC)
    names = ("name", "sentence", "remedy", "owner", "released_by")
    op.bulk_insert(reasons, [dict(zip(names, row, strict=True)) | {"changed_at": now} for row in REASONS])
    names = ("kind", "starts_on", "from_pence", "value", "instrument")
    op.bulk_insert(figures, [dict(zip(names, row, strict=True)) | {"entered_at": now} for row in FIGURES])


def _invoice() -> None:
    checks = {
        "credits": "(kind = 'credit_note') = (credits_id IS NOT NULL)",
        "submitted_by": "(submitted_at IS NULL) = (submitted_by_id IS NULL)",
        "received": "(submitted_at IS NULL) = (received_on IS NULL)",
        "valid": "(received_on IS NULL) = (valid_on IS NULL)",
        "submitted": "status IN ('draft', 'cancelled') OR submitted_at IS NOT NULL",
        "draft": "status <> 'draft' OR submitted_at IS NULL",
        "decided": "(status IN ('approved', 'rejected')) = (decided_at IS NOT NULL)",
        "decided_by": "(decided_at IS NULL) = (decided_by_id IS NULL)",
        "decided_on": "(decided_at IS NULL) = (decided_on IS NULL)",
        "cancelled": "(status = 'cancelled') = (cancelled_at IS NOT NULL)",
    }
    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("invoicekind", ("invoice", "credit_note")), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("invoiced_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("stated_pence", BIG, nullable=True),
        sa.Column("alike_reason", sa.Text(), nullable=False),
        sa.Column("credits_id", sa.Integer(), nullable=True),
        sa.Column("status", _one_of("invoicestatus", STATUSES), nullable=False),
        sa.Column("net_pence", BIG, nullable=False),
        sa.Column("vat_pence", BIG, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("submitted_at", INSTANT, nullable=True),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("valid_on", sa.Date(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_invoice_{name}")) for name, rule in checks.items()),
        *(_person("invoice", name) for name in ("made_by_id", "submitted_by_id", "decided_by_id")),
        *_owned("invoice", contract_id="contract", credits_id="invoice"),
    )
    for name in ("contract_id", "number_key", "credits_id", "status", "received_on", "provider_id"):
        op.create_index(op.f(f"ix_invoice_{name}"), "invoice", [name])
    only = sa.text("status <> 'cancelled'")
    op.create_index(
        "uq_invoice_number", "invoice", ["provider_id", "number"], unique=True, sqlite_where=only,
        postgresql_where=only,
    )  # fmt: skip


def _lines() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_id", sa.Integer(), nullable=True),
        sa.Column("credits_line_id", sa.Integer(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity_e4", BIG, nullable=False),
        sa.Column("rate_e4", BIG, nullable=False),
        sa.Column("vat_code", _one_of("vatcode", ("exempt", "zero", "reduced", "standard")), nullable=False),
        sa.Column("vat_basis_points", sa.Integer(), nullable=False),
        sa.Column("net_pence", BIG, nullable=False),
        sa.Column("vat_pence", BIG, nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_invoice_line_days")),
        sa.CheckConstraint("quantity_e4 > 0", name=op.f("ck_invoice_line_some_quantity")),
        sa.CheckConstraint(
            "rate_e4 >= 0 AND net_pence >= 0 AND vat_pence >= 0", name=op.f("ck_invoice_line_sums")
        ),
        sa.CheckConstraint("vat_basis_points >= 0", name=op.f("ck_invoice_line_vat_rate")),
        sa.ForeignKeyConstraint(
            ["provider_id", "invoice_id"], ["invoice.provider_id", "invoice.id"],
            name=op.f("fk_invoice_line_provider_id_invoice_id"), ondelete="CASCADE",
        ),
        *_owned(
            "invoice_line", item_id="care_package_line_item", confirmed_id="confirmed_actual",
            credits_line_id="invoice_line",
        ),
    )  # fmt: skip
    for name in ("invoice_id", "item_id", "confirmed_id", "credits_line_id", "provider_id"):
        op.create_index(op.f(f"ix_invoice_line_{name}"), "invoice_line", [name])


def _holds() -> None:
    op.create_table(
        "invoice_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("held_at", INSTANT, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("held_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ending", _one_of("holdending", ("mended", "released", "rejected", "cancelled")), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name=op.f("ck_invoice_hold_ending")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_invoice_hold_ended_by")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_on IS NULL)", name=op.f("ck_invoice_hold_ended_on")),
        sa.ForeignKeyConstraint(["reason_id"], ["hold_reason.id"], name=op.f("fk_invoice_hold_reason_id")),
        _person("invoice_hold", "held_by_id"),
        _person("invoice_hold", "ended_by_id"),
        *_owned("invoice_hold", invoice_id="invoice"),
    )
    for name in ("invoice_id", "reason_id", "provider_id"):
        op.create_index(op.f(f"ix_invoice_hold_{name}"), "invoice_hold", [name])
    only = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_invoice_hold_open", "invoice_hold", ["invoice_id"], unique=True, sqlite_where=only, postgresql_where=only
    )


def _owned(table: str, **links: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f(f"fk_{table}_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("provider_id", "id", name=op.f(f"uq_{table}_provider_id_id")),
        *(
            sa.ForeignKeyConstraint(
                ["provider_id", column], [f"{other}.provider_id", f"{other}.id"],
                name=op.f(f"fk_{table}_provider_id_{column}"),
            )
            for column, other in links.items()
        ),
    )  # fmt: skip


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["user.id"], name=op.f(f"fk_{table}_{column}"))


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _among(column: str, values: tuple[str, ...]) -> str:
    allowed = ", ".join(f"'{each}'" for each in values)
    return f"{column} IN ({allowed})"


def _say_components(batch: BatchOperations, values: tuple[str, ...]) -> None:
    batch.drop_constraint(op.f("ck_payment_line_component"), type_="check")
    batch.create_check_constraint(op.f("ck_payment_line_component"), sa.text(_among("component", values)))


def _guard_lines() -> None:
    """SQLite has made the table anew, and lost what refuses to change a finalised line: revision 0001 has its words."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER payment_line_{act.lower()} BEFORE {act} ON payment_line WHEN OLD.run_id IS NOT NULL "
                "BEGIN SELECT RAISE(ABORT, 'a finalised payment line never changes'); END"
            )


def _say_news(values: tuple[str, ...]) -> None:
    for table in ("notification_choice", "waiting_news"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_news"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_news"), sa.text(_among("news", values)))


def downgrade() -> None:
    """Drafts of payments for invoices go. Where a run has paid one, the database refuses to go back."""
    op.execute("DELETE FROM payment_line WHERE component = 'invoice' AND run_id IS NULL")
    op.execute("DELETE FROM notification_choice WHERE news = 'invoice'")
    op.execute("DELETE FROM waiting_news WHERE news = 'invoice'")
    _say_news(NEWS)
    with op.batch_alter_table("payment_line") as batch:
        batch.drop_index(op.f("ix_payment_line_invoice_line_id"))
        batch.drop_constraint(op.f("fk_payment_line_provider_id_invoice_line_id"), type_="foreignkey")
        batch.drop_column("invoice_line_id")
        _say_components(batch, COMPONENTS)
    _guard_lines()
    with op.batch_alter_table("payment_method") as batch:
        batch.drop_column("is_by_invoice")
    for table in ("invoice_hold", "invoice_line", "invoice", "late_figure", "hold_reason"):
        op.drop_table(table)
