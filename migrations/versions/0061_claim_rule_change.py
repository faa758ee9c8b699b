"""changes of prices and limits of claims, which a second person agrees to"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "claim_rule_change"
STATES = ("waiting", "agreed", "turned down", "taken back")
CHECKS = {
    "kind": "(act = 'limit') = (kind IS NOT NULL)",
    "limit": "(kind IS NULL) = (most_e4 IS NULL) AND (kind IS NULL) = (effect IS NULL)",
    "end_limit": "(act = 'end_limit') = (limit_id IS NOT NULL)",
    "pricing": "act <> 'pricing' OR service_level_id IS NOT NULL",
    "why": "why <> ''",
    "decided": "(state = 'waiting') = (decided_at IS NULL)",
    "decided_by": "(decided_at IS NULL) = (decided_by_id IS NULL)",
    "answer": "(state IN ('turned down', 'taken back')) = (answer <> '')",
    "two_people": "state <> 'agreed' OR decided_by_id <> asked_by_id",
}
KEYS = {
    "service_level_id": "service_level", "limit_id": "claim_limit", "asked_by_id": "user", "decided_by_id": "user",
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", _choice("ruleact", "pricing", "limit", "end_limit"), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=True),
        sa.Column("terms", sa.JSON(), nullable=True),
        sa.Column("kind", _choice("limitkind", "age", "monthly", "daily_miles"), nullable=True),
        sa.Column("most_e4", BIG, nullable=True),
        sa.Column("effect", _choice("limiteffect", "warn", "refuse"), nullable=True),
        sa.Column("limit_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("state", _choice("rulestate", *STATES), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{TABLE}_{name}")) for name, rule in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{TABLE}_{column}"))
            for column, table in KEYS.items()
        ),
    )
    op.create_index(op.f(f"ix_{TABLE}_state"), TABLE, ["state"])


def downgrade() -> None:
    op.drop_table(TABLE)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
