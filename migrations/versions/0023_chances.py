"""wrong codes of every kind are counted, by how many codes each was compared with; three digits are asked for"""

import json
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BEFORE, AFTER = ("password", "step"), ("password", "code", "reset_code", "app", "digits")


def upgrade() -> None:
    with op.batch_alter_table("login_failure") as batch:
        batch.add_column(sa.Column("chances", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("pending_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_login_failure_pending_id"), "pending_login", ["pending_id"], ["id"], ondelete="SET NULL"
        )
        batch.create_index(op.f("ix_login_failure_pending_id"), ["pending_id"])
        batch.drop_constraint(op.f("ck_login_failure_kind"), type_="check")
    # whether it was a code of an app or of digits is not known: the kind that does not pass by itself, as before
    op.execute("UPDATE login_failure SET kind = 'digits' WHERE kind = 'step'")
    with op.batch_alter_table("login_failure") as batch:
        batch.alter_column("chances", server_default=None)
        batch.create_check_constraint(op.f("ck_login_failure_kind"), _kind_in(AFTER))
    _ask_for_a_third_digit()


def downgrade() -> None:
    op.execute("DELETE FROM login_failure WHERE kind IN ('code', 'reset_code')")
    with op.batch_alter_table("login_failure") as batch:
        batch.drop_constraint(op.f("ck_login_failure_kind"), type_="check")
    op.execute("UPDATE login_failure SET kind = 'step' WHERE kind IN ('app', 'digits')")
    with op.batch_alter_table("login_failure") as batch:
        batch.create_check_constraint(op.f("ck_login_failure_kind"), _kind_in(BEFORE))
        batch.drop_constraint(op.f("fk_login_failure_pending_id"), type_="foreignkey")
        batch.drop_index(op.f("ix_login_failure_pending_id"))
        batch.drop_column("pending_id")
        batch.drop_column("chances")


def _kind_in(kinds: tuple[str, ...]) -> sa.TextClause:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    return sa.text(f"kind IN ({allowed})")


def _ask_for_a_third_digit() -> None:
    """Two places that were chosen before stay until they are given right: they get a third. Where the council asks for
    two, so does the portal again after that log-in.
    """
    codes = sa.table("security_code", sa.column("user_id", sa.Integer()), sa.column("asked", sa.JSON()))
    connection = op.get_bind()
    for user_id, asked in connection.execute(sa.select(codes.c.user_id, codes.c.asked)).all():
        places = json.loads(asked) if isinstance(asked, str) else asked
        if places and len(places) == 2:
            third = secrets.choice([place for place in range(1, 7) if place not in places])
            mine = sa.update(codes).where(codes.c.user_id == user_id)
            connection.execute(mine.values(asked=sorted([*places, third])))
