"""bind the state of runs, jobs, payments and holds to their instants and people"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CHECKS = {
    "payment_run": {
        "authorised": "(state IN ('authorised', 'finalised')) = (authorised_at IS NOT NULL)",
        "authorised_by": "authorised_by_id IS NULL OR authorised_at IS NOT NULL",
        "finalised": "(state = 'finalised') = (finalised_at IS NOT NULL)",
    },
    "job": {
        "worker": "(state = 'queued') = (worker = '')",
        "started": "state = 'queued' OR started_at IS NOT NULL",
        "heartbeat": "(started_at IS NULL) = (heartbeat_at IS NULL)",
        "finished": "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)",
    },
    "scheduled_payment": {
        "answered_pence": "(confirmation = 'unconfirmed') = (answered_pence IS NULL)",
        "answered_at": "confirmation = 'unconfirmed' OR answered_at IS NOT NULL",
        "rejected_by": "confirmation <> 'rejected' OR answered_by_id IS NOT NULL",
        "answered_by": "answered_by_id IS NULL OR answered_at IS NOT NULL",
        "lapsed": "lapsed_pence IS NULL OR confirmation = 'unconfirmed'",
        "lapsed_rejection": "lapsed_pence IS NOT NULL OR NOT is_lapsed_rejection",
        "closed": "closed_run_id IS NULL OR is_begun",
    },
    "hold": {
        "released_by": "(released_at IS NULL) = (released_by_id IS NULL)",
        "release_reason": "(released_at IS NULL) = (release_reason = '')",
    },
}


def upgrade() -> None:
    contradictions = [found for table, rules in CHECKS.items() for found in _contradictions(table, rules)]
    if contradictions:
        raise RuntimeError("Mend these rows first, then migrate again. " + "; ".join(contradictions))
    for table, rules in CHECKS.items():
        with op.batch_alter_table(table) as batch:
            for name, rule in rules.items():
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(rule))


def downgrade() -> None:
    for table, rules in CHECKS.items():
        with op.batch_alter_table(table) as batch:
            for name in rules:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")


def _contradictions(table: str, rules: dict[str, str]) -> list[str]:
    """Rows that break a rule, for whoever migrates to look at: no verb leaves one, and none is mended by guessing."""
    connection = op.get_bind()
    found = []
    for rule in rules.values():
        ids = connection.scalars(sa.text(f"SELECT id FROM {table} WHERE NOT ({rule}) ORDER BY id")).all()  # noqa: S608
        if ids:
            found.append(f"{table} {', '.join(map(str, ids[:20]))}: not {rule}")
    return found
