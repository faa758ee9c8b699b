"""Writing the remittances of runs that a version before them has paid, some at once, so that nobody waits for long."""

from sqlalchemy import func, select

from commands.batchwise.payments import Progress
from models.base import let_others_write, scope, session, transaction
from models.payments import remittance
from models.tenancy import EVERY_PROVIDER, set_tenant


def fill(progress: Progress | None = None) -> int:
    """How many payments have a remittance now that had none. Safe to break off and to do again."""
    with scope():
        set_tenant(EVERY_PROVIDER)
        total = session.scalar(select(func.count()).select_from(remittance.missing().order_by(None).subquery())) or 0
    done = 0
    while done < total:
        with transaction():
            set_tenant(EVERY_PROVIDER)
            written = remittance.write_missing()
        if not written:
            break
        done += written
        if progress is not None:
            progress(done, total)
        let_others_write()
    return done
