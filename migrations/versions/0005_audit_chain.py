"""chain the audit"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_link_event_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_link_event_id")),
    )
    op.create_index(op.f("ix_audit_event_subject"), "audit_event", ["subject"])
    for statement in guards(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in unguards(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_index(op.f("ix_audit_event_subject"), "audit_event")
    op.drop_table("audit_link")


REASON = "a seal of the audit never changes"


def guards(dialect: str) -> list[str]:
    """The database itself refuses to change or remove a seal, as it does an event."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER audit_link_{act.lower()} BEFORE {act} ON audit_link "
            f"BEGIN SELECT RAISE(ABORT, '{REASON}'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        "CREATE FUNCTION audit_link_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REASON}'; END $$",
        "CREATE TRIGGER audit_link_refuse BEFORE UPDATE OR DELETE ON audit_link "
        "FOR EACH ROW EXECUTE FUNCTION audit_link_refuse()",
    ]


def unguards(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [f"DROP TRIGGER audit_link_{act}" for act in ("update", "delete")]
    return ["DROP TRIGGER audit_link_refuse ON audit_link", "DROP FUNCTION audit_link_refuse()"]
