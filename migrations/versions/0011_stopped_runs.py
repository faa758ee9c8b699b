"""let a run be sent back, or withdrawn while nothing of it is paid"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATES = ("prepared", "authorised", "finalised", "discarded")
MORE = ("sent back", "withdrawn")


def upgrade() -> None:
    with op.batch_alter_table("payment_run") as batch:
        batch.add_column(sa.Column("stopped_at", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("stopped_by_id", sa.Integer()))
        batch.add_column(sa.Column("stop_reason", sa.Text(), nullable=False, server_default=""))
        batch.create_foreign_key(op.f("fk_payment_run_stopped_by_id"), "user", ["stopped_by_id"], ["id"])
    _say_states((*STATES, *MORE), "(state IN ('authorised', 'finalised', 'withdrawn'))")
    with op.batch_alter_table("payment_run") as batch:
        batch.alter_column("stop_reason", server_default=None)
        batch.create_check_constraint(
            op.f("ck_payment_run_stopped"),
            sa.text("(state IN ('sent back', 'withdrawn')) = (stopped_at IS NOT NULL)"),
        )
        batch.create_check_constraint(
            op.f("ck_payment_run_stop_reason"), sa.text("(stopped_at IS NULL) = (stop_reason = '')")
        )


def downgrade() -> None:
    """A run that was sent back or withdrawn counts as discarded."""
    with op.batch_alter_table("payment_run") as batch:
        for name in ("stopped", "stop_reason"):
            batch.drop_constraint(op.f(f"ck_payment_run_{name}"), type_="check")
        batch.drop_constraint(op.f("ck_payment_run_authorised"), type_="check")
        batch.drop_constraint(op.f("ck_payment_run_authorised_by"), type_="check")
    op.execute(
        "UPDATE payment_run SET state = 'discarded', authorised_at = NULL, authorised_by_id = NULL"
        " WHERE state IN ('sent back', 'withdrawn')"
    )
    with op.batch_alter_table("payment_run") as batch:
        batch.create_check_constraint(
            op.f("ck_payment_run_authorised"),
            sa.text("(state IN ('authorised', 'finalised')) = (authorised_at IS NOT NULL)"),
        )
        batch.create_check_constraint(
            op.f("ck_payment_run_authorised_by"), sa.text("authorised_by_id IS NULL OR authorised_at IS NOT NULL")
        )
    _say_states(STATES, "(state IN ('authorised', 'finalised'))")
    with op.batch_alter_table("payment_run") as batch:
        batch.drop_constraint(op.f("fk_payment_run_stopped_by_id"), type_="foreignkey")
        for name in ("stopped_at", "stopped_by_id", "stop_reason"):
            batch.drop_column(name)


def _say_states(states: tuple[str, ...], with_authorisation: str) -> None:
    allowed = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table("payment_run") as batch:
        batch.drop_constraint(op.f("ck_payment_run_runstate"), type_="check")
        batch.drop_constraint(op.f("ck_payment_run_authorised"), type_="check")
        batch.create_check_constraint(op.f("ck_payment_run_runstate"), sa.text(f"state IN ({allowed})"))
        batch.create_check_constraint(
            op.f("ck_payment_run_authorised"), sa.text(f"{with_authorisation} = (authorised_at IS NOT NULL)")
        )
