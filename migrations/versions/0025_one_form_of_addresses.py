"""addresses with an international domain, as browsers had sent them, in their own letters"""

import sqlalchemy as sa
from alembic import op

from models.emails import one_form

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Users log in with one form of an address. Of two who would have the same, the later one stays as it is."""
    connection = op.get_bind()
    user = sa.table("user", sa.column("id", sa.Integer), sa.column("email", sa.Text))
    taken = set(connection.scalars(sa.select(user.c.email)))
    for row in connection.execute(sa.select(user).where(user.c.email.like("%xn--%")).order_by(user.c.id)).all():
        email = one_form(row.email)
        if email not in taken:
            taken.add(email)
            connection.execute(user.update().where(user.c.id == row.id).values(email=email))


def downgrade() -> None:
    """Both forms reach the same mailbox, and an older release takes either as it is written."""
