"""contract documents, version by version, and who has opened which"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0033"
branch_labels = None
depends_on = None

STATES = "draft", "published", "agreed", "rejected", "superseded", "withdrawn"
CHECKS = {
    "agreed": "state <> 'agreed' OR agreed_at IS NOT NULL",
    "agreed_by": "(agreed_at IS NULL) = (agreed_by_id IS NULL)",
    "agreed_stays": "agreed_at IS NULL OR state IN ('agreed', 'superseded')",
    "decided": "(state IN ('draft', 'published')) = (decided_at IS NULL)",
    "deed": "NOT is_deed OR agreed_at IS NULL",
    "of_item": "(kind = 'service_agreement') = (item_id IS NOT NULL)",
    "published": "(state <> 'draft' OR published_at IS NULL) "
    "AND (state IN ('draft', 'withdrawn') OR published_at IS NOT NULL)",
    "published_by": "(published_at IS NULL) = (published_by_id IS NULL)",
    "reason": "(state IN ('rejected', 'withdrawn')) = (reason <> '')",
    "version": "version > 0",
}
PEOPLE = "made_by_id", "published_by_id", "agreed_by_id", "decided_by_id"


def upgrade() -> None:
    table = "contract_document"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("documentkind", "service_agreement", "terms", "other"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("is_deed", sa.Boolean(), nullable=False),
        sa.Column("paper", sa.JSON(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("state", _one_of("documentstate", *STATES), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_by_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.JSON(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in CHECKS.items()),
        *(sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_{table}_{name}")) for name in PEOPLE),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f(f"fk_{table}_client_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f(f"fk_{table}_provider_id")),
        _within_provider(table, "contract_id", "contract"),
        _within_provider(table, "item_id", "care_package_line_item"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("provider_id", "id", name=op.f(f"uq_{table}_provider_id_id")),
        sa.UniqueConstraint("series", "version", name=op.f(f"uq_{table}_series_version")),
    )
    for column in ("client_id", "contract_id", "item_id", "provider_id", "state", "updated_at"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    opening = "document_opening"
    op.create_table(
        opening,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        _within_provider(opening, "document_id", table),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f(f"fk_{opening}_user_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f(f"fk_{opening}_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{opening}")),
        sa.UniqueConstraint("document_id", "user_id", name=op.f(f"uq_{opening}_document_id_user_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f(f"uq_{opening}_provider_id_id")),
    )
    for column in ("provider_id", "user_id"):
        op.create_index(op.f(f"ix_{opening}_{column}"), opening, [column])


def downgrade() -> None:
    op.drop_table("document_opening")
    op.drop_table("contract_document")


def _within_provider(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["provider_id", column],
        [f"{target}.provider_id", f"{target}.id"],
        name=op.f(f"fk_{table}_provider_id_{column}"),
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
