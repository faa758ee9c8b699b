"""uploaded files of actuals, workers and visits: what stood in them, their faults, and what was mended"""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "column_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "actuals", "carers", "visits", name="importkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_column_mapping_made_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_column_mapping_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_mapping")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_column_mapping_provider_id_id")),
        sa.UniqueConstraint("provider_id", "kind", "heading", name=op.f("uq_column_mapping_provider_id_kind_heading")),
    )
    op.create_index(op.f("ix_column_mapping_provider_id"), "column_mapping", ["provider_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "actuals", "carers", "visits", name="importkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "columns",
                "waiting",
                "checked",
                "applied",
                "part_applied",
                "discarded",
                name="importstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_new", sa.Integer(), nullable=False),
        sa.Column("rows_changed", sa.Integer(), nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("alike", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("planned_pence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_by_id", sa.Integer(), nullable=True),
        sa.Column("rows_applied", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('applied', 'part_applied')) <= (applied_at IS NOT NULL)", name=op.f("ck_import_batch_applied")
        ),
        sa.CheckConstraint(
            "state NOT IN ('applied', 'discarded') OR content IS NULL", name=op.f("ck_import_batch_content")
        ),
        sa.CheckConstraint("(applied_at IS NULL) = (applied_by_id IS NULL)", name=op.f("ck_import_batch_applied_by")),
        sa.CheckConstraint("NOT (is_test AND applied_at IS NOT NULL)", name=op.f("ck_import_batch_test")),
        sa.ForeignKeyConstraint(["applied_by_id"], ["user.id"], name=op.f("fk_import_batch_applied_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_import_batch_provider_id")),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["user.id"], name=op.f("fk_import_batch_uploaded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_import_batch_provider_id_id")),
    )
    op.create_index(op.f("ix_import_batch_provider_id"), "import_batch", ["provider_id"], unique=False)
    op.create_index("ix_import_batch_sha256", "import_batch", ["provider_id", "kind", "sha256"], unique=False)
    op.create_index(op.f("ix_import_batch_state"), "import_batch", ["state"], unique=False)
    op.create_table(
        "value_mend",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "actuals", "carers", "visits", name="importkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("meant", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_value_mend_made_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_value_mend_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_mend")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_value_mend_provider_id_id")),
        sa.UniqueConstraint(
            "provider_id", "kind", "column", "typed", name=op.f("uq_value_mend_provider_id_kind_column_typed")
        ),
    )
    op.create_index(op.f("ix_value_mend_provider_id"), "value_mend", ["provider_id"], unique=False)
    op.create_table(
        "cell_mend",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("meant", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_cell_mend_made_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "batch_id"],
            ["import_batch.provider_id", "import_batch.id"],
            name=op.f("fk_cell_mend_provider_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_cell_mend_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell_mend")),
        sa.UniqueConstraint("batch_id", "number", "column", name=op.f("uq_cell_mend_batch_id_number_column")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_cell_mend_provider_id_id")),
    )
    op.create_index(op.f("ix_cell_mend_batch_id"), "cell_mend", ["batch_id"], unique=False)
    op.create_index(op.f("ix_cell_mend_provider_id"), "cell_mend", ["provider_id"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("is_rejected", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "batch_id"],
            ["import_batch.provider_id", "import_batch.id"],
            name=op.f("fk_import_row_provider_id_batch_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_import_row_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_import_row_batch_id_number")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_import_row_provider_id_id")),
    )
    op.create_index(op.f("ix_import_row_batch_id"), "import_row", ["batch_id"], unique=False)
    op.create_index(op.f("ix_import_row_provider_id"), "import_row", ["provider_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_import_row_provider_id"), table_name="import_row")
    op.drop_index(op.f("ix_import_row_batch_id"), table_name="import_row")
    op.drop_table("import_row")
    op.drop_index(op.f("ix_cell_mend_provider_id"), table_name="cell_mend")
    op.drop_index(op.f("ix_cell_mend_batch_id"), table_name="cell_mend")
    op.drop_table("cell_mend")
    op.drop_index(op.f("ix_value_mend_provider_id"), table_name="value_mend")
    op.drop_table("value_mend")
    op.drop_index(op.f("ix_import_batch_state"), table_name="import_batch")
    op.drop_index("ix_import_batch_sha256", table_name="import_batch")
    op.drop_index(op.f("ix_import_batch_provider_id"), table_name="import_batch")
    op.drop_table("import_batch")
    op.drop_index(op.f("ix_column_mapping_provider_id"), table_name="column_mapping")
    op.drop_table("column_mapping")
