"""which contract document an action is about"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

KEY, INDEX = "fk_action_provider_id_document_id", "ix_action_document_id"


def upgrade() -> None:
    with op.batch_alter_table("action") as batch:
        batch.add_column(sa.Column("document_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f(KEY), "contract_document", ["provider_id", "document_id"], ["provider_id", "id"])
        batch.create_index(op.f(INDEX), ["document_id"])


def downgrade() -> None:
    with op.batch_alter_table("action") as batch:
        batch.drop_index(op.f(INDEX))
        batch.drop_constraint(op.f(KEY), type_="foreignkey")
        batch.drop_column("document_id")
