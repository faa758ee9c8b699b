"""files that people attach"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

KINDS = ("pdf", "docx", "xlsx", "jpg", "png", "csv", "txt")
STATES = ("pending", "ready", "infected")


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", _one_of("filekind", KINDS), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", _one_of("filestate", STATES), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True)),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_attachment_provider_id_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_attachment_made_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_attachment_provider_id")),
        sa.CheckConstraint("state <> 'pending' OR scanned_at IS NULL", name=op.f("ck_attachment_pending")),
        sa.CheckConstraint("state <> 'infected' OR scanned_at IS NOT NULL", name=op.f("ck_attachment_infected")),
    )
    op.create_index("ix_attachment_holder", "attachment", ["holder", "holder_id"])
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"])
    op.create_index(op.f("ix_attachment_state"), "attachment", ["state"])
    op.create_index(op.f("ix_attachment_provider_id"), "attachment", ["provider_id"])


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def downgrade() -> None:
    op.drop_table("attachment")
