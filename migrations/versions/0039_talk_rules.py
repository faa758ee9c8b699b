"""rules of actions that the council keeps, what talk was reminded of, and files of forms that are not sent yet"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

YEAR = 366
DAYS_BACK = {"missing_package": 2 * YEAR, "hospital": YEAR, "death": YEAR, "left": YEAR}
"""By reference of the type: how many days ago at most what it reports may have happened, until the council says
otherwise.
"""


def upgrade() -> None:
    with op.batch_alter_table("action_team") as batch:
        batch.add_column(sa.Column("retired_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("version", sa.Integer(), nullable=True))
    with op.batch_alter_table("action_type") as batch:
        batch.add_column(sa.Column("file_needed", sa.Text(), nullable=True))
        batch.add_column(sa.Column("days_back", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("retired_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("version", sa.Integer(), nullable=True))
    _fill()
    with op.batch_alter_table("action_team") as batch:
        batch.alter_column("version", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("action_type") as batch:
        batch.alter_column("version", existing_type=sa.Integer(), nullable=False)
        batch.alter_column("file_needed", existing_type=sa.Text(), nullable=False)
        batch.create_check_constraint(op.f("ck_action_type_days_back"), sa.text("days_back > 0"))
        batch.drop_column("is_offered")
    _make_reminders()
    _make_unsent()


def _fill() -> None:
    type_, team = sa.table("action_type", *map(sa.column, ("reference", "is_offered", "file_needed", "days_back",
                                                           "retired_on", "version"))), sa.table(
        "action_team", sa.column("version"))  # fmt: skip
    op.execute(team.update().values(version=1))
    op.execute(type_.update().values(version=1, file_needed=""))
    retired = sa.literal(date.today(), sa.Date)  # noqa: DTZ011 - nobody has written down on which day it was
    op.execute(type_.update().where(type_.c.is_offered == sa.false()).values(retired_on=retired))
    op.execute(type_.update().where(type_.c.reference == "missing_package").values(file_needed="purchase confirmation"))
    for reference, days in DAYS_BACK.items():
        op.execute(type_.update().where(type_.c.reference == reference).values(days_back=days))


def _make_reminders() -> None:
    kinds = ("document", "with_provider", "overdue")
    op.create_table(
        "talk_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum(*kinds, name="reminded", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("about_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_talk_reminder_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk_reminder")),
        sa.UniqueConstraint("kind", "about_id", "since", name=op.f("uq_talk_reminder_kind_about_id_since")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_talk_reminder_provider_id_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_talk_reminder_provider_id"), "talk_reminder", ["provider_id"])


def _make_unsent() -> None:
    op.create_table(
        "unsent_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_unsent_file_provider_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_unsent_file_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsent_file")),
        sa.UniqueConstraint("user_id", "sha256", name=op.f("uq_unsent_file_user_id_sha256")),
    )
    op.create_index(op.f("ix_unsent_file_provider_id"), "unsent_file", ["provider_id"])


def downgrade() -> None:
    op.drop_table("unsent_file")
    op.drop_table("talk_reminder")
    with op.batch_alter_table("action_type") as batch:
        batch.add_column(sa.Column("is_offered", sa.Boolean(), nullable=True))
    type_ = sa.table("action_type", sa.column("is_offered", sa.Boolean), sa.column("retired_on"))
    op.execute(type_.update().values(is_offered=type_.c.retired_on.is_(None)))
    with op.batch_alter_table("action_type") as batch:
        batch.alter_column("is_offered", existing_type=sa.Boolean(), nullable=False)
        batch.drop_constraint(op.f("ck_action_type_days_back"), type_="check")
        for column in ("file_needed", "days_back", "retired_on", "version"):
            batch.drop_column(column)
    with op.batch_alter_table("action_team") as batch:
        batch.drop_column("retired_on")
        batch.drop_column("version")
