"""timesheets of Shared Lives: a month, and what was delivered on each day"""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHECKS = {
    "sent": "(state IN ('sent', 'verified', 'approved')) = (sent_at IS NOT NULL)",
    "sent_by": "(sent_at IS NULL) = (sent_by_id IS NULL)",
    "returned": "(state = 'returned') = (returned_at IS NOT NULL)",
    "returned_by": "(returned_at IS NULL) = (returned_by_id IS NULL)",
    "returned_note": "(returned_at IS NULL) = (returned_note = '')",
    "verified": "(state IN ('verified', 'approved')) = (verified_at IS NOT NULL)",
    "verified_by": "(verified_at IS NULL) = (verified_by_id IS NULL)",
    "approved": "(state = 'approved') = (approved_at IS NOT NULL)",
    "approved_by": "(approved_at IS NULL) = (approved_by_id IS NULL)",
    "two_people": "approved_by_id IS NULL OR approved_by_id <> verified_by_id",
}
PEOPLE = ("sent_by_id", "returned_by_id", "verified_by_id", "approved_by_id")
REASONS = (
    "HOSP", "HOLIDAY", "NO_REPLY", "REFUSED", "DECEASED", "FAMILY", "BANK_HOL", "STAFF", "WEATHER", "OTHER",
)  # fmt: skip


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "timesheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column(
            "state", _one_of("timesheetstate", "draft", "sent", "returned", "verified", "approved"), nullable=False
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by_id", sa.Integer(), nullable=True),
        sa.Column("returned_note", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        *(sa.CheckConstraint(text, name=op.f(f"ck_timesheet_{name}")) for name, text in CHECKS.items()),
        *(sa.ForeignKeyConstraint([each], ["user.id"], name=op.f(f"fk_timesheet_{each}")) for each in PEOPLE),
        sa.ForeignKeyConstraint(
            ["provider_id", "contract_id"],
            ["contract.provider_id", "contract.id"],
            name=op.f("fk_timesheet_provider_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_timesheet_provider_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_timesheet_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet")),
        sa.UniqueConstraint(
            "contract_id", "service_id", "month_on", name=op.f("uq_timesheet_contract_id_service_id_month_on")
        ),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_timesheet_provider_id_id")),
    )
    for each in ("contract_id", "month_on", "provider_id", "service_id", "state"):
        op.create_index(op.f(f"ix_timesheet_{each}"), "timesheet", [each])
    op.create_table(
        "timesheet_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timesheet_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("units_e4", BIG, nullable=False),
        sa.Column("reason", _one_of("absencereason", *REASONS), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("units_e4 >= 0", name=op.f("ck_timesheet_day_units")),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_timesheet_day_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "timesheet_id"],
            ["timesheet.provider_id", "timesheet.id"],
            name=op.f("fk_timesheet_day_provider_id_timesheet_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_timesheet_day_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet_day")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_timesheet_day_provider_id_id")),
        sa.UniqueConstraint("timesheet_id", "item_id", "day", name=op.f("uq_timesheet_day_timesheet_id_item_id_day")),
    )
    for each in ("item_id", "provider_id", "timesheet_id"):
        op.create_index(op.f(f"ix_timesheet_day_{each}"), "timesheet_day", [each])


def downgrade() -> None:
    op.drop_table("timesheet_day")
    op.drop_table("timesheet")
