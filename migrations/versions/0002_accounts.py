"""give accounts their roles, second steps and temporary passwords"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLES = (("carer", "finance"), ("administrator", "finance", "signatory", "scheduler", "viewer", "carer"))
COUNCIL_ROLES = (
    ("payments_officer", "payments_manager"),
    (
        "payments_officer",
        "payments_manager",
        "brokerage",
        "procurement",
        "service_agreements",
        "finance_panel",
        "help_desk",
        "systems_administrator",
        "auditor",
    ),
)


def upgrade() -> None:
    _change_check("membership", ROLES[1])
    _change_check("staff", COUNCIL_ROLES[1])
    with op.batch_alter_table("membership") as batch:
        now = sa.func.current_timestamp()
        batch.add_column(sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=now))
        batch.add_column(sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("invited_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("invited_as", sa.Text(), nullable=True))
        batch.create_foreign_key(op.f("fk_membership_invited_by_id"), "user", ["invited_by_id"], ["id"])
    op.execute("UPDATE membership SET granted_at = created_at")
    with op.batch_alter_table("membership") as batch:
        batch.alter_column("created_at", server_default=None)
    with op.batch_alter_table("user") as batch:
        batch.add_column(sa.Column("password_set_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("password_expires_at", sa.DateTime(timezone=True), nullable=True))
    _drop_pending()  # who is logging in while the portal is brought up to date starts again
    op.create_table(
        "pending_login",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("log_in", "reset", name="purpose", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("is_trusted", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_pending_login_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_login")),
    )
    op.create_index(op.f("ix_pending_login_user_id"), "pending_login", ["user_id"])
    op.create_index(op.f("ix_pending_login_account"), "pending_login", ["account"])
    op.create_index(op.f("ix_pending_login_address"), "pending_login", ["address"])
    _create_login_code()
    op.create_table(
        "security_code",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("previous_sealed", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_security_code_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_security_code")),
    )
    op.create_table(
        "authenticator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("sealed_seed", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_authenticator_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticator")),
    )
    op.create_index(op.f("ix_authenticator_user_id"), "authenticator", ["user_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])


def downgrade() -> None:
    for table in ("recovery_code", "authenticator", "security_code"):
        op.drop_table(table)
    _drop_pending()
    op.create_table(
        "pending_login",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_pending_login_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_login")),
    )
    op.create_index(op.f("ix_pending_login_user_id"), "pending_login", ["user_id"])
    _create_login_code()
    with op.batch_alter_table("user") as batch:
        batch.drop_column("password_expires_at")
        batch.drop_column("password_set_at")
    op.execute("DELETE FROM membership WHERE granted_at IS NULL")
    with op.batch_alter_table("membership") as batch:
        batch.drop_constraint(op.f("fk_membership_invited_by_id"), type_="foreignkey")
        for column in ("invited_as", "invited_by_id", "granted_at", "created_at"):
            batch.drop_column(column)
    for table, roles in (("membership", ROLES[0]), ("staff", COUNCIL_ROLES[0])):
        known = ", ".join(f"'{role}'" for role in roles)
        op.execute(f"DELETE FROM {table} WHERE role NOT IN ({known})")  # noqa: S608 - words of this file
        _change_check(table, roles)


def _change_check(table: str, values: tuple[str, ...]) -> None:
    """Which roles the table takes."""
    name = {"membership": "role", "staff": "councilrole"}[table]
    known = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"role IN ({known})"))


def _drop_pending() -> None:
    op.drop_table("login_code")
    op.drop_table("pending_login")


def _create_login_code() -> None:
    op.create_table(
        "login_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pending_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["pending_id"], ["pending_login.id"], name=op.f("fk_login_code_pending_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_code")),
    )
    op.create_index(op.f("ix_login_code_pending_id"), "login_code", ["pending_id"])
