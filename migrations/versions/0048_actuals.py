"""actuals: weeks, figures, exceptions and rules; visits and the workers who make them"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "actual_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "paid_on_plan",
                "no_extras",
                "hospital_only",
                "visits",
                "extra_weeks",
                "deadline",
                "latest",
                name="rulekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("warns_from", sa.Date(), nullable=True),
        sa.Column("refuses_from", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("value IS NULL OR value >= 0", name=op.f("ck_actual_rule_value")),
        sa.CheckConstraint("warns_from IS NOT NULL OR refuses_from IS NOT NULL", name=op.f("ck_actual_rule_days")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user.id"], name=op.f("fk_actual_rule_changed_by_id")),
        sa.ForeignKeyConstraint(
            ["service_level_id"], ["service_level.id"], name=op.f("fk_actual_rule_service_level_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actual_rule")),
        sa.UniqueConstraint("service_level_id", "kind", name=op.f("uq_actual_rule_service_level_id_kind")),
    )
    op.create_index(op.f("ix_actual_rule_service_level_id"), "actual_rule", ["service_level_id"])
    op.create_table(
        "carer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name=op.f("ck_carer_days")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_carer_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carer")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_carer_provider_id_id")),
        sa.UniqueConstraint("provider_id", "reference", name=op.f("uq_carer_provider_id_reference")),
    )
    op.create_index(op.f("ix_carer_provider_id"), "carer", ["provider_id"])
    op.create_table(
        "actual_week",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generated_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmations", sa.Integer(), nullable=False),
        sa.Column("late_reason", sa.Text(), nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by_id", sa.Integer(), nullable=True),
        sa.Column("reopened_reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmations = 0)", name=op.f("ck_actual_week_confirmations")),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by_id IS NULL)", name=op.f("ck_actual_week_confirmed_by")
        ),
        sa.CheckConstraint("(reopened_at IS NULL) = (reopened_by_id IS NULL)", name=op.f("ck_actual_week_reopened_by")),
        sa.CheckConstraint("reopened_at IS NULL OR confirmed_at IS NOT NULL", name=op.f("ck_actual_week_reopened")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["user.id"], name=op.f("fk_actual_week_confirmed_by_id")),
        sa.ForeignKeyConstraint(["generated_by_id"], ["user.id"], name=op.f("fk_actual_week_generated_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"],
            ["contract.provider_id", "contract.id"],
            name=op.f("fk_actual_week_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_actual_week_provider_id")),
        sa.ForeignKeyConstraint(["reopened_by_id"], ["user.id"], name=op.f("fk_actual_week_reopened_by_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_actual_week_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actual_week")),
        sa.UniqueConstraint(
            "contract_id", "service_id", "first_on", name=op.f("uq_actual_week_contract_id_service_id_first_on")
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_actual_week_provider_id_id")),
    )
    op.create_index(op.f("ix_actual_week_contract_id"), "actual_week", ["contract_id"])
    op.create_index(op.f("ix_actual_week_first_on"), "actual_week", ["first_on"])
    op.create_index(op.f("ix_actual_week_provider_id"), "actual_week", ["provider_id"])
    op.create_index(op.f("ix_actual_week_service_id"), "actual_week", ["service_id"])
    op.create_table(
        "actual",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("week_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("planned_e4", BIG, nullable=False),
        sa.Column("actual_e4", BIG, nullable=False),
        sa.Column("frustrated_e4", BIG, nullable=False),
        sa.Column("missed_e4", BIG, nullable=False),
        sa.Column("extra_e4", BIG, nullable=False),
        sa.Column("planned_visits", sa.Integer(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "HOSP",
                "HOLIDAY",
                "NO_REPLY",
                "REFUSED",
                "DECEASED",
                "FAMILY",
                "BANK_HOL",
                "STAFF",
                "WEATHER",
                "OTHER",
                name="absencereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=False),
        sa.Column("by_day_e4", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "origin",
            sa.Enum(
                "form",
                "file",
                "visits",
                "timesheet",
                "council",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_actual_version")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user.id"], name=op.f("fk_actual_changed_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_actual_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "week_id"],
            ["actual_week.provider_id", "actual_week.id"],
            name=op.f("fk_actual_provider_id_week_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_actual_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actual")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_actual_provider_id_id")),
        sa.UniqueConstraint("week_id", "item_id", name=op.f("uq_actual_week_id_item_id")),
    )
    op.create_index(op.f("ix_actual_item_id"), "actual", ["item_id"])
    op.create_index(op.f("ix_actual_provider_id"), "actual", ["provider_id"])
    op.create_index(op.f("ix_actual_week_id"), "actual", ["week_id"])
    op.create_table(
        "confirmed_actual",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("week_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=False),
        sa.Column("planned_e4", BIG, nullable=False),
        sa.Column("actual_e4", BIG, nullable=False),
        sa.Column("frustrated_e4", BIG, nullable=False),
        sa.Column("missed_e4", BIG, nullable=False),
        sa.Column("extra_e4", BIG, nullable=False),
        sa.Column("planned_visits", sa.Integer(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "HOSP",
                "HOLIDAY",
                "NO_REPLY",
                "REFUSED",
                "DECEASED",
                "FAMILY",
                "BANK_HOL",
                "STAFF",
                "WEATHER",
                "OTHER",
                name="absencereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=False),
        sa.Column("by_day_e4", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "origin",
            sa.Enum(
                "form",
                "file",
                "visits",
                "timesheet",
                "council",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_confirmed_actual_number")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["user.id"], name=op.f("fk_confirmed_actual_confirmed_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_confirmed_actual_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "week_id"],
            ["actual_week.provider_id", "actual_week.id"],
            name=op.f("fk_confirmed_actual_provider_id_week_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_confirmed_actual_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmed_actual")),
        sa.UniqueConstraint("item_id", "first_on", "number", name=op.f("uq_confirmed_actual_item_id_first_on_number")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_confirmed_actual_provider_id_id")),
    )
    op.create_index(op.f("ix_confirmed_actual_item_id"), "confirmed_actual", ["item_id"])
    op.create_index(op.f("ix_confirmed_actual_provider_id"), "confirmed_actual", ["provider_id"])
    op.create_index(op.f("ix_confirmed_actual_week_id"), "confirmed_actual", ["week_id"])
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("carer_id", sa.Integer(), nullable=False),
        sa.Column("carers", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("planned_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "Delivered",
                "Frustrated",
                "Missed",
                "Cancelled",
                name="visitoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "HOSP",
                "HOLIDAY",
                "NO_REPLY",
                "REFUSED",
                "DECEASED",
                "FAMILY",
                "BANK_HOL",
                "STAFF",
                "WEATHER",
                "OTHER",
                name="absencereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("log_method", sa.Text(), nullable=False),
        sa.Column("manual_reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(started_at IS NULL) = (ended_at IS NULL)", name=op.f("ck_visit_times")),
        sa.CheckConstraint("ended_at IS NULL OR ended_at > started_at", name=op.f("ck_visit_ended")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_visit_client_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "carer_id"], ["carer.provider_id", "carer.id"], name=op.f("fk_visit_provider_id_carer_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_visit_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_visit_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_visit_provider_id_id")),
        sa.UniqueConstraint("provider_id", "reference", name=op.f("uq_visit_provider_id_reference")),
    )
    op.create_index(op.f("ix_visit_carer_id"), "visit", ["carer_id"])
    op.create_index(op.f("ix_visit_client_id"), "visit", ["client_id"])
    op.create_index(op.f("ix_visit_day"), "visit", ["day"])
    op.create_index(op.f("ix_visit_item_id"), "visit", ["item_id"])
    op.create_index(op.f("ix_visit_provider_id"), "visit", ["provider_id"])
    op.create_table(
        "actual_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("confirmed_id", sa.Integer(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "approved",
                "amended",
                "rejected",
                "overtaken",
                name="exceptionstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_actual_exception_decided")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_actual_exception_decided_by")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_actual_exception_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "confirmed_id"],
            ["confirmed_actual.provider_id", "confirmed_actual.id"],
            name=op.f("fk_actual_exception_provider_id_confirmed_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_actual_exception_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actual_exception")),
        sa.UniqueConstraint("confirmed_id", name=op.f("uq_actual_exception_confirmed_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_actual_exception_provider_id_id")),
    )
    op.create_index(op.f("ix_actual_exception_provider_id"), "actual_exception", ["provider_id"])
    op.create_index(op.f("ix_actual_exception_state"), "actual_exception", ["state"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER confirmed_actual_{act.lower()} BEFORE {act} ON confirmed_actual "
                "BEGIN SELECT RAISE(ABORT, 'a confirmed_actual row is never changed or removed'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION confirmed_actual_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a confirmed_actual row is never changed or removed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER confirmed_actual_refuse BEFORE UPDATE OR DELETE ON confirmed_actual "
        "FOR EACH ROW EXECUTE FUNCTION confirmed_actual_refuse()"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_actual_exception_state"), table_name="actual_exception")
    op.drop_index(op.f("ix_actual_exception_provider_id"), table_name="actual_exception")
    op.drop_table("actual_exception")
    op.drop_index(op.f("ix_visit_provider_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_item_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_day"), table_name="visit")
    op.drop_index(op.f("ix_visit_client_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_carer_id"), table_name="visit")
    op.drop_table("visit")
    op.drop_index(op.f("ix_confirmed_actual_week_id"), table_name="confirmed_actual")
    op.drop_index(op.f("ix_confirmed_actual_provider_id"), table_name="confirmed_actual")
    op.drop_index(op.f("ix_confirmed_actual_item_id"), table_name="confirmed_actual")
    op.drop_table("confirmed_actual")
    op.drop_index(op.f("ix_actual_week_id"), table_name="actual")
    op.drop_index(op.f("ix_actual_provider_id"), table_name="actual")
    op.drop_index(op.f("ix_actual_item_id"), table_name="actual")
    op.drop_table("actual")
    op.drop_index(op.f("ix_actual_week_service_id"), table_name="actual_week")
    op.drop_index(op.f("ix_actual_week_provider_id"), table_name="actual_week")
    op.drop_index(op.f("ix_actual_week_first_on"), table_name="actual_week")
    op.drop_index(op.f("ix_actual_week_contract_id"), table_name="actual_week")
    op.drop_table("actual_week")
    op.drop_index(op.f("ix_carer_provider_id"), table_name="carer")
    op.drop_table("carer")
    op.drop_index(op.f("ix_actual_rule_service_level_id"), table_name="actual_rule")
    op.drop_table("actual_rule")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION confirmed_actual_refuse()")
