"""keep access reviews and changes of details that were asked for"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_access_review_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_access_review_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_access_review_provider_id_id")),
    )
    op.create_index(op.f("ix_access_review_provider_id"), "access_review", ["provider_id"])
    op.create_table(
        "detail_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind", _one_of("changekind", "organisation", "contact", "new_contact", "contact_leaves"), nullable=False
        ),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("state", _one_of("changestate", "waiting", "done", "refused", "withdrawn"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_detail_change_decided")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_detail_change_decided_by")),
        sa.CheckConstraint("(state = 'refused') = (reason <> '')", name=op.f("ck_detail_change_reason")),
        sa.CheckConstraint(
            "(kind IN ('contact', 'contact_leaves')) = (contact_id IS NOT NULL)",
            name=op.f("ck_detail_change_of_contact"),
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user.id"], name=op.f("fk_detail_change_asked_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_detail_change_decided_by_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "contact_id"],
            ["contact.provider_id", "contact.id"],
            name=op.f("fk_detail_change_provider_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_detail_change_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detail_change")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_detail_change_provider_id_id")),
    )
    for column in ("contact_id", "provider_id", "state"):
        op.create_index(op.f(f"ix_detail_change_{column}"), "detail_change", [column])


def downgrade() -> None:
    op.drop_table("detail_change")
    op.drop_table("access_review")


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
