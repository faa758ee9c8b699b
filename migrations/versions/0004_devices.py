"""tell devices apart at the log-in page"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_known_device_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("token_sha256", "user_id", name=op.f("uq_known_device_token_sha256_user_id")),
    )
    op.create_index(op.f("ix_known_device_user_id"), "known_device", ["user_id"])
    op.drop_table("login_failure")  # what was counted in the last quarter of an hour is counted afresh
    _create_login_failure(
        sa.Column(
            "kind",
            sa.Enum("password", "step", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["known_device.id"], name=op.f("fk_login_failure_device_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_login_failure_device_id"), "login_failure", ["device_id"])
    with op.batch_alter_table("pending_login") as batch:
        batch.add_column(sa.Column("device_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_pending_login_device_id"), "known_device", ["device_id"], ["id"], ondelete="SET NULL"
        )
        batch.create_index(op.f("ix_pending_login_device_id"), ["device_id"])


def downgrade() -> None:
    with op.batch_alter_table("pending_login") as batch:
        batch.drop_index(op.f("ix_pending_login_device_id"))
        batch.drop_constraint(op.f("fk_pending_login_device_id"), type_="foreignkey")
        batch.drop_column("device_id")
    op.drop_table("login_failure")
    _create_login_failure()
    op.drop_table("known_device")


def _create_login_failure(*more: sa.schema.SchemaItem) -> None:
    op.create_table(
        "login_failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_failure")),
    )
    for column in ("account", "address", "at"):
        op.create_index(op.f(f"ix_login_failure_{column}"), "login_failure", [column])
