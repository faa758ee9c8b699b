"""which e-mails a person wants, and what waits for their digest"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

NEWS = ("answer", "deadline", "payment", "changed", "post", "document")
WHEN = ("at_once", "daily", "off")


def upgrade() -> None:
    op.create_table(
        "notification_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("news", _one_of("news", NEWS), nullable=False),
        sa.Column("when", _one_of("when", WHEN), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_choice")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notification_choice_user_id")),
        sa.UniqueConstraint("user_id", "news", name=op.f("uq_notification_choice_user_id_news")),
    )
    op.create_table(
        "waiting_news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("news", _one_of("news", NEWS), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_news")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_waiting_news_user_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_waiting_news_provider_id")),
        sa.UniqueConstraint("user_id", "line", "path", name=op.f("uq_waiting_news_user_id_line_path")),
    )


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def downgrade() -> None:
    op.drop_table("waiting_news")
    op.drop_table("notification_choice")
