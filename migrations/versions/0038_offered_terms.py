"""terms that published documents offer, what agreeing to them would release, and papers that take their place

Every document that waits gets its row; the next calculation writes the sums. A document may be superseded with a
reason, and a run has findings of agreements on paper.
"""

import json
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

DOCUMENT = sa.table(
    "contract_document",
    sa.column("id", sa.Integer), sa.column("provider_id", sa.Integer), sa.column("item_id", sa.Integer),
    sa.column("state", sa.Text), sa.column("paper", sa.JSON),
)  # fmt: skip
REASON = "(state IN ('rejected', 'withdrawn')) = (reason <> '')"
REASON_OF_PAPER = (
    "(state NOT IN ('rejected', 'withdrawn') OR reason <> '') "
    "AND (state IN ('rejected', 'withdrawn', 'superseded') OR reason = '')"
)
PENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


BEFORE = (
    "changed since prepared", "left for the next run", "above the limit", "more than 50 % different",
    "nothing to pay", "new provider", "new contract", "new", "ended", "changed", "many changed alike",
    "second rise within a year", "for earlier days", "the same twice", "recovery", "adjusted by hand",
    "paid as it is", "sent back", "released", "day moved by hand", "debt changed by hand", "confirmed by silence",
    "unconfirmed", "rejected", "held", "row held", "blocked",
)  # fmt: skip
_PLACE = BEFORE.index("debt changed by hand") + 1
AFTER = (*BEFORE[:_PLACE], "agreed on paper", *BEFORE[_PLACE:])


def upgrade() -> None:
    table = op.create_table(
        "offered_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("releases_pence", PENCE, nullable=False),
        sa.Column("rest_pence", PENCE, nullable=False),
        sa.Column("is_outdated", sa.Boolean(), nullable=False),
        sa.Column("now_pence", PENCE, nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "document_id"],
            ["contract_document.provider_id", "contract_document.id"],
            name=op.f("fk_offered_terms_provider_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id", "item_id"],
            ["care_package_line_item.provider_id", "care_package_line_item.id"],
            name=op.f("fk_offered_terms_provider_id_item_id"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_offered_terms_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offered_terms")),
        sa.UniqueConstraint("document_id", name=op.f("uq_offered_terms_document_id")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_offered_terms_provider_id_id")),
    )
    for column in ("item_id", "provider_id"):
        op.create_index(op.f(f"ix_offered_terms_{column}"), "offered_terms", [column])
    waiting = sa.select(DOCUMENT).where(DOCUMENT.c.state == "published", DOCUMENT.c.item_id.is_not(None))
    for row in op.get_bind().execute(waiting.order_by(DOCUMENT.c.id)).all():
        digest = sha256(json.dumps(row.paper["terms"], sort_keys=True).encode()).hexdigest()
        said = f"{digest} {row.paper['basis']} {row.paper['vat_basis_points']}"
        op.execute(
            table.insert().values(
                provider_id=row.provider_id, document_id=row.id, item_id=row.item_id, terms=row.paper["terms"],
                mark=sha256(said.encode()).hexdigest(), releases_pence=0, rest_pence=0, is_outdated=False, now_pence=0,
            )
        )  # fmt: skip
    _give_reasons(REASON_OF_PAPER)
    _say_findings(AFTER)


def downgrade() -> None:
    op.drop_table("offered_terms")
    op.execute("UPDATE contract_document SET reason = '' WHERE state = 'superseded'")
    _give_reasons(REASON)
    for table in ("run_finding", "run_tick"):
        op.execute(sa.text(f"DELETE FROM {table} WHERE kind = 'agreed on paper'"))  # noqa: S608 - names of our own
    _say_findings(BEFORE)


def _give_reasons(rule: str) -> None:
    with op.batch_alter_table("contract_document") as batch:
        batch.drop_constraint(op.f("ck_contract_document_reason"), type_="check")
        batch.create_check_constraint(op.f("ck_contract_document_reason"), sa.text(rule))


def _say_findings(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    for table in ("run_finding", "run_tick"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_finding"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_finding"), sa.text(f"kind IN ({allowed})"))
