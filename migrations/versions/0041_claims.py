"""claims made in the portal: trips, approvals, pricing, limits, saved journeys"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATUSES = ("unsubmitted", "pending", "returned", "accepted", "accepted_in_part", "rejected", "withdrawn")
BEFORE = ("unsubmitted", "pending", "accepted", "rejected")
NEWS = ("answer", "deadline", "payment", "changed", "post", "document")
CHECKS = {
    "decided": "made_by_id IS NULL OR"
    " (status IN ('accepted', 'accepted_in_part', 'rejected')) = (decided_at IS NOT NULL)",
    "decided_by": "(decided_at IS NULL) = (decided_by_id IS NULL)",
    "decided_on": "decided_at IS NULL OR decided_on IS NOT NULL",
    "submitted_by": "(submitted_at IS NULL) = (submitted_by_id IS NULL)",
    "submitted": "made_by_id IS NULL OR status IN ('unsubmitted', 'withdrawn') OR submitted_at IS NOT NULL",
    "unsubmitted": "status <> 'unsubmitted' OR submitted_at IS NULL",
    "returned_text": "(returned_at IS NULL) = (returned_text = '')",
    "returned": "status <> 'returned' OR returned_at IS NOT NULL",
    "withdrawn": "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)",
}
INSTANTS = ("changed_at", "submitted_at", "returned_at", "decided_at", "withdrawn_at")
PEOPLE = ("made_by_id", "submitted_by_id", "decided_by_id")
KINDS = ("is_by_rate", "is_fixed_sum")
TEXTS = ("returned_text", "decision_note")


def upgrade() -> None:
    _claims()
    _pricing()
    _grants()
    _limits()
    op.create_table(
        "saved_journey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_place", sa.Text(), nullable=False),
        sa.Column("to_place", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("miles_e4", BIG, nullable=False),
        sa.Column("is_return", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("miles_e4 > 0", name=op.f("ck_saved_journey_some_miles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_journey")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_saved_journey_provider_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_saved_journey_provider_id_id")),
        sa.UniqueConstraint("provider_id", "name", name=op.f("uq_saved_journey_provider_id_name")),
    )
    op.create_index(op.f("ix_saved_journey_provider_id"), "saved_journey", ["provider_id"])
    _say_news((*NEWS, "claim"))


def _claims() -> None:
    with op.batch_alter_table("claim") as batch:
        batch.add_column(sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))
        for name in INSTANTS:
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        for name in PEOPLE:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
        for name in TEXTS:
            batch.add_column(sa.Column(name, sa.Text(), nullable=True))
        batch.drop_constraint(op.f("ck_claim_claimstatus"), type_="check")
    op.execute("UPDATE claim SET made_at = CURRENT_TIMESTAMP, returned_text = '', decision_note = ''")
    with op.batch_alter_table("claim") as batch:
        batch.alter_column("made_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        for name in TEXTS:
            batch.alter_column(name, existing_type=sa.Text(), nullable=False)
        for name in PEOPLE:
            batch.create_foreign_key(op.f(f"fk_claim_{name}"), "user", [name], ["id"])
        batch.create_check_constraint(op.f("ck_claim_claimstatus"), sa.text(_among("status", STATUSES)))
        for name, text in CHECKS.items():
            batch.create_check_constraint(op.f(f"ck_claim_{name}"), sa.text(text))
        batch.create_index(op.f("ix_claim_status"), ["status"])
    _items()
    _trips()


def _items() -> None:
    with op.batch_alter_table("claim_item") as batch:
        for name in KINDS:
            batch.add_column(sa.Column(name, sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("accepted_e4", BIG, nullable=True))
        batch.add_column(sa.Column("reason", sa.Text(), nullable=True))
    op.execute(sa.text("UPDATE claim_item SET is_by_rate = :no, is_fixed_sum = :no, reason = ''").bindparams(no=False))
    with op.batch_alter_table("claim_item") as batch:
        for name in KINDS:
            batch.alter_column(name, existing_type=sa.Boolean(), nullable=False)
        batch.alter_column("reason", existing_type=sa.Text(), nullable=False)
        batch.create_check_constraint(
            op.f("ck_claim_item_accepted_e4"), sa.text("accepted_e4 IS NULL OR accepted_e4 >= 0")
        )


def _trips() -> None:
    op.create_table(
        "claim_trip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_item_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("from_place", sa.Text(), nullable=False),
        sa.Column("to_place", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("miles_e4", BIG, nullable=False),
        sa.Column("is_return", sa.Boolean(), nullable=False),
        sa.Column("is_separate", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("miles_e4 > 0", name=op.f("ck_claim_trip_some_miles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_trip")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_claim_trip_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "claim_item_id"], ["claim_item.provider_id", "claim_item.id"],
            name=op.f("fk_claim_trip_provider_id_claim_item_id"), ondelete="CASCADE",
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_claim_trip_provider_id_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_claim_trip_claim_item_id"), "claim_trip", ["claim_item_id"])
    op.create_index(op.f("ix_claim_trip_provider_id"), "claim_trip", ["provider_id"])


def _pricing() -> None:
    op.create_table(
        "claim_pricing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("is_at_cost", sa.Boolean(), nullable=False),
        sa.Column("free_weekly_e4", BIG, nullable=False),
        sa.Column("deduct_percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("free_weekly_e4 >= 0", name=op.f("ck_claim_pricing_free_weekly")),
        sa.CheckConstraint("deduct_percent BETWEEN 0 AND 100", name=op.f("ck_claim_pricing_deduct_percent")),
        sa.CheckConstraint(
            "NOT is_at_cost OR (free_weekly_e4 = 0 AND deduct_percent = 0)", name=op.f("ck_claim_pricing_at_cost")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_pricing")),
        _level("claim_pricing"),
        sa.UniqueConstraint("service_level_id", "starts_on", name=op.f("uq_claim_pricing_service_level_id_starts_on")),
    )
    op.create_index(op.f("ix_claim_pricing_service_level_id"), "claim_pricing", ["service_level_id"])
    op.create_table(
        "claim_tier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pricing_id", sa.Integer(), nullable=False),
        sa.Column("above_e4", BIG, nullable=False),
        sa.Column("rate_e4", BIG, nullable=False),
        sa.CheckConstraint("above_e4 > 0", name=op.f("ck_claim_tier_above")),
        sa.CheckConstraint("rate_e4 >= 0", name=op.f("ck_claim_tier_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_tier")),
        sa.ForeignKeyConstraint(["pricing_id"], ["claim_pricing.id"], name=op.f("fk_claim_tier_pricing_id")),
        sa.UniqueConstraint("pricing_id", "above_e4", name=op.f("uq_claim_tier_pricing_id_above_e4")),
    )
    op.create_index(op.f("ix_claim_tier_pricing_id"), "claim_tier", ["pricing_id"])
    op.create_table(
        "claim_maintenance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pricing_id", sa.Integer(), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_maintenance")),
        sa.ForeignKeyConstraint(["pricing_id"], ["claim_pricing.id"], name=op.f("fk_claim_maintenance_pricing_id")),
        _level("claim_maintenance"),
        sa.UniqueConstraint(
            "pricing_id", "service_level_id", name=op.f("uq_claim_maintenance_pricing_id_service_level_id")
        ),
    )
    op.create_index(op.f("ix_claim_maintenance_pricing_id"), "claim_maintenance", ["pricing_id"])
    op.create_index(op.f("ix_claim_maintenance_service_level_id"), "claim_maintenance", ["service_level_id"])


def _grants() -> None:
    op.create_table(
        "claim_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_claim_grant_days")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_claim_grant_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_grant")),
        _level("claim_grant"),
        _person("claim_grant", "given_by_id"),
        _person("claim_grant", "ended_by_id"),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_claim_grant_provider_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_claim_grant_provider_id_id")),
    )
    op.create_index(op.f("ix_claim_grant_service_level_id"), "claim_grant", ["service_level_id"])
    op.create_index(op.f("ix_claim_grant_provider_id"), "claim_grant", ["provider_id"])


def _limits() -> None:
    op.create_table(
        "claim_limit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("limitkind", ("age", "monthly", "daily_miles")), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=True),
        sa.Column("most_e4", BIG, nullable=False),
        sa.Column("effect", _one_of("limiteffect", ("warn", "refuse")), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("most_e4 > 0", name=op.f("ck_claim_limit_most")),
        sa.CheckConstraint("kind <> 'monthly' OR service_level_id IS NULL", name=op.f("ck_claim_limit_monthly")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_claim_limit_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_limit")),
        _level("claim_limit"),
        _person("claim_limit", "set_by_id"),
        _person("claim_limit", "ended_by_id"),
    )


def _level(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["service_level_id"], ["service_level.id"], name=op.f(f"fk_{table}_service_level_id")
    )


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["user.id"], name=op.f(f"fk_{table}_{column}"))


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _among(column: str, values: tuple[str, ...]) -> str:
    allowed = ", ".join(f"'{each}'" for each in values)
    return f"{column} IN ({allowed})"


def _say_news(values: tuple[str, ...]) -> None:
    for table in ("notification_choice", "waiting_news"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_news"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_news"), sa.text(_among("news", values)))


def downgrade() -> None:
    """Claims that were made here go, with all that belongs to them, unless a payment has a line of one: then it cannot
    be gone back.
    """
    op.execute("DELETE FROM notification_choice WHERE news = 'claim'")
    op.execute("DELETE FROM waiting_news WHERE news = 'claim'")
    _say_news(NEWS)
    for table in ("saved_journey", "claim_limit", "claim_grant", "claim_maintenance", "claim_tier", "claim_pricing"):
        op.drop_table(table)
    op.drop_table("claim_trip")
    op.execute("DELETE FROM claim_item WHERE claim_id IN (SELECT id FROM claim WHERE made_by_id IS NOT NULL)")
    op.execute("DELETE FROM claim WHERE made_by_id IS NOT NULL")
    with op.batch_alter_table("claim_item") as batch:
        batch.drop_constraint(op.f("ck_claim_item_accepted_e4"), type_="check")
        for name in (*KINDS, "accepted_e4", "reason"):
            batch.drop_column(name)
    with op.batch_alter_table("claim") as batch:
        batch.drop_index(op.f("ix_claim_status"))
        for name in (*CHECKS, "claimstatus"):
            batch.drop_constraint(op.f(f"ck_claim_{name}"), type_="check")
        for name in PEOPLE:
            batch.drop_constraint(op.f(f"fk_claim_{name}"), type_="foreignkey")
        for name in ("made_at", *INSTANTS, *PEOPLE, *TEXTS):
            batch.drop_column(name)
        batch.create_check_constraint(op.f("ck_claim_claimstatus"), sa.text(_among("status", BEFORE)))
