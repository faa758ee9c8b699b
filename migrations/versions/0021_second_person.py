"""what waits for a second person; how staff were given their roles; places at providers that have ended"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ROLES = (
    "payments_officer", "payments_manager", "brokerage", "procurement", "service_agreements", "finance_panel",
    "help_desk", "systems_administrator", "auditor",
)  # fmt: skip
PLACES = ("administrator", "finance", "signatory", "scheduler", "viewer", "carer")
ACTS = ("role", "email", "password", "second_step", "switch_on")
STATES = ("waiting", "agreed", "turned down", "taken back", "expired")
NEW_FINDING = "debt changed by hand"
FINDINGS = (
    "changed since prepared", "left for the next run", "above the limit", "more than 50 % different", "nothing to pay",
    "new provider", "new contract", "new", "ended", "changed", "many changed alike", "second rise within a year",
    "for earlier days", "the same twice", "recovery", "adjusted by hand", "paid as it is", "sent back", "released",
    "day moved by hand", "confirmed by silence", "unconfirmed", "rejected", "held", "row held", "blocked",
)  # fmt: skip
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    with op.batch_alter_table("staff") as batch:
        batch.add_column(sa.Column("granted_at", sa.DateTime(timezone=True)))
        for name in ("asked_by_id", "agreed_by_id"):
            batch.add_column(sa.Column(name, sa.Integer()))
            batch.create_foreign_key(op.f(f"fk_staff_{name}"), "user", [name], ["id"])
    _make_requests()
    _make_former_places()
    at = FINDINGS.index("confirmed by silence")
    _say_findings((*FINDINGS[:at], NEW_FINDING, *FINDINGS[at:]))
    _take_from_the_audit()


def _make_requests() -> None:
    folded = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "staff_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", _one_of(ACTS, "staffact"), nullable=False),
        sa.Column("person_id", sa.Integer()),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", folded, nullable=False),
        sa.Column("role", _one_of(ROLES, "councilrole")),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", _one_of(STATES, "requeststate"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by_id", sa.Integer()),
        sa.Column("answer", sa.Text(), nullable=False),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_staff_request_{name}")) for name, condition in (
            ("lower_case", "email = lower(email) AND new_email = lower(new_email)"),
            ("role", "(act = 'role') = (role IS NOT NULL)"),
            ("new_email", "(act = 'email') = (new_email <> '')"),
            ("person", "act = 'role' OR person_id IS NOT NULL"),
            ("why", "why <> ''"),
            ("decided", "(state = 'waiting') = (decided_at IS NULL)"),
            ("decided_by", "(state IN ('waiting', 'expired')) = (decided_by_id IS NULL)"),
            ("answer", "(state IN ('turned down', 'taken back')) = (answer <> '')"),
        )),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_request")),
        *(sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_staff_request_{name}"))
          for name in ("person_id", "asked_by_id", "decided_by_id")),
    )  # fmt: skip
    for name in ("person_id", "state"):
        op.create_index(op.f(f"ix_staff_request_{name}"), "staff_request", [name])
    op.create_index(
        "uq_staff_request_waiting", "staff_request", ["act", "email"], unique=True, sqlite_where=WAITING,
        postgresql_where=WAITING,
    )  # fmt: skip


def _make_former_places() -> None:
    op.create_table(
        "former_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", _one_of(PLACES, "role"), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_place")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_former_place_provider_id_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_former_place_user_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_former_place_provider_id")),
    )
    for name in ("user_id", "provider_id"):
        op.create_index(op.f(f"ix_former_place_{name}"), "former_place", [name])


def _take_from_the_audit() -> None:
    """Who gave staff their roles, and when; and the places that were taken away: the audit has kept both."""
    now = sa.DateTime(timezone=True)
    event = sa.table(
        "audit_event", sa.column("id"), sa.column("at", now), sa.column("action"), sa.column("user_id"),
        sa.column("provider_id"), sa.column("subject"), sa.column("detail"),
    )  # fmt: skip
    staff = sa.table("staff", sa.column("user_id"), sa.column("granted_at", now), sa.column("asked_by_id"))
    place = sa.table(
        "former_place", sa.column("user_id"), sa.column("provider_id"), sa.column("role"), sa.column("granted_at", now),
        sa.column("ended_at", now),
    )  # fmt: skip
    person = sa.table("user", sa.column("id"))
    bind = op.get_bind()
    given = sa.select(event).where(event.c.action.in_(("staff.added", "staff.role_changed"))).order_by(event.c.id)
    for row in bind.execute(given).all():
        user_id = int(str(row.subject).partition(":")[2])
        values = {"granted_at": row.at if row.user_id else None, "asked_by_id": row.user_id}
        bind.execute(sa.update(staff).where(staff.c.user_id == user_id).values(**values))
    people = set(bind.scalars(sa.select(person.c.id)))
    taken = sa.select(event).where(event.c.action == "membership.removed").order_by(event.c.id)
    for row in bind.execute(taken).all():
        detail = row.detail if isinstance(row.detail, dict) else json.loads(row.detail or "{}")
        if row.provider_id and detail.get("user") in people and detail.get("role") in PLACES:
            values = {
                "user_id": detail["user"],
                "provider_id": row.provider_id,
                "role": detail["role"],
                "ended_at": row.at,
            }
            bind.execute(sa.insert(place).values(**values))


def downgrade() -> None:
    """What waits goes, and who was the second person; a place that has ended is in the audit still."""
    for table in ("run_tick", "run_finding"):
        rows = sa.table(table, sa.column("kind"))
        op.execute(sa.delete(rows).where(rows.c.kind == NEW_FINDING))
    _say_findings(FINDINGS)
    op.drop_table("former_place")
    op.drop_table("staff_request")
    with op.batch_alter_table("staff") as batch:
        for name in ("agreed_by_id", "asked_by_id"):
            batch.drop_constraint(op.f(f"fk_staff_{name}"), type_="foreignkey")
            batch.drop_column(name)
        batch.drop_column("granted_at")


def _one_of(words: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _say_findings(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    for table in ("run_finding", "run_tick"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_finding"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_finding"), sa.text(f"kind IN ({allowed})"))
