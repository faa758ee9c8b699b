"""changes of rules of actuals that move money, which a second person agrees to"""

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

TABLE = "actual_rule_change"
KINDS = ("paid_on_plan", "no_extras", "hospital_only", "visits", "extra_weeks", "deadline", "latest")
STATES = ("waiting", "agreed", "turned down", "taken back")
CHECKS = {
    "why": "why <> ''",
    "decided": "(state = 'waiting') = (decided_at IS NULL)",
    "decided_by": "(decided_at IS NULL) = (decided_by_id IS NULL)",
    "answer": "(state IN ('turned down', 'taken back')) = (answer <> '')",
    "two_people": "state <> 'agreed' OR decided_by_id <> asked_by_id",
}
KEYS = {"service_level_id": "service_level", "asked_by_id": "user", "decided_by_id": "user"}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_level_id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("rulekind", *KINDS), nullable=False),
        sa.Column("refuses_from", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("state", _choice("rulechangestate", *STATES), nullable=False),
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
