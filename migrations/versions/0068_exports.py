"""exports to the finance system: numbered files, what each told, deliveries, answers"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0066"
branch_labels = None
depends_on = None

BEFORE = ("calculate", "prepare", "finalise", "feed", "verify", "audit_head", "digest", "reminders", "report")
NOW = ("calculate", "prepare", "finalise", "feed", "export", *BEFORE[4:])


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_export_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sa.UniqueConstraint("number", name=op.f("uq_export_number")),
    )
    op.create_index(op.f("ix_export_sha256"), "export", ["sha256"])
    op.create_table(
        "exported",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_exported_export_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exported")),
    )
    op.create_index("ix_exported_record", "exported", ["kind", "record_id"])
    op.create_index("ix_exported_reference", "exported", ["export_id", "kind", "reference"])
    is_told = sa.text("asked_again_at IS NULL")
    op.create_index(
        "uq_exported_once", "exported", ["kind", "record_id", "version"], unique=True, sqlite_where=is_told,
        postgresql_where=is_told,
    )  # fmt: skip
    op.create_table(
        "export_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_export_delivery_asked_by_id")),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_export_delivery_export_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_delivery")),
    )
    op.create_index(op.f("ix_export_delivery_export_id"), "export_delivery", ["export_id"])
    op.create_table(
        "export_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column(
            "result",
            sa.Enum("accepted", "refused", name="answerresult", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feed_import_id", sa.Integer(), nullable=True),
        sa.Column("feed_row", sa.Integer(), nullable=True),
        sa.CheckConstraint("(result = 'refused') = (reason <> '')", name=op.f("ck_export_answer_reason")),
        sa.CheckConstraint("\"row\" = '' OR file <> ''", name=op.f("ck_export_answer_row")),
        sa.CheckConstraint("asked_again_at IS NULL OR result = 'refused'", name=op.f("ck_export_answer_asked_again")),
        sa.ForeignKeyConstraint(["feed_import_id"], ["feed_import.id"], name=op.f("fk_export_answer_feed_import_id")),
        sa.ForeignKeyConstraint(["number"], ["export.number"], name=op.f("fk_export_answer_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_answer")),
        sa.UniqueConstraint("number", "file", "row", name=op.f("uq_export_answer_number_file_row")),
    )
    op.create_index(op.f("ix_export_answer_feed_import_id"), "export_answer", ["feed_import_id"])
    _kinds(NOW)


def _kinds(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{each}'" for each in kinds)
    for table in ("job", "daily_alarm"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_jobkind"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_jobkind"), sa.text(f"kind IN ({allowed})"))


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE kind = 'export'")
    op.execute("DELETE FROM daily_alarm WHERE kind = 'export'")
    _kinds(BEFORE)
    op.drop_index(op.f("ix_export_answer_feed_import_id"), table_name="export_answer")
    op.drop_table("export_answer")
    op.drop_index(op.f("ix_export_delivery_export_id"), table_name="export_delivery")
    op.drop_table("export_delivery")
    op.drop_index("uq_exported_once", table_name="exported")
    op.drop_index("ix_exported_reference", table_name="exported")
    op.drop_index("ix_exported_record", table_name="exported")
    op.drop_table("exported")
    op.drop_index(op.f("ix_export_sha256"), table_name="export")
    op.drop_table("export")
