"""actions and change requests: types, teams, posts, and internal notes"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ADULTS = ["care_home", "home_care", "direct_payments", "shared_lives"]
CHILDREN = ["foster_carer", "supported_lodgings", "fostering_agency"]
OFFICERS = ["payments_officer", "payments_manager"]
CHILDREN_PAY, ADULTS_PAY, AGREE, BROKER = "children_finance", "asc_payments", "asc_agreements", "brokerage"
TEAMS = {
    CHILDREN_PAY: ("Childrens Services Finance", OFFICERS, CHILDREN),
    ADULTS_PAY: ("ASC Payments Team", OFFICERS, ADULTS),
    AGREE: ("ASC Service Agreement Team", ["service_agreements"], ADULTS),
    BROKER: ("Brokerage", ["brokerage"], []),
}
"""By reference: name, the roles at the council whose people are of it, and the kinds of provider that it answers."""
NOT_FOR_MILEAGE = "Not for mileage: make a claim instead."
PAY = [CHILDREN_PAY, ADULTS_PAY]
TYPES = {
    "foster_carer_query": ("Foster Carer Query", NOT_FOR_MILEAGE, 5, "either", ["foster_carer"], None, False, PAY),
    "supported_lodgings_query": (
        "Supported Lodgings Provider Query", NOT_FOR_MILEAGE, 5, "either", ["supported_lodgings"], None, False, PAY,
    ),
    "provider_query": ("Provider Query", NOT_FOR_MILEAGE, 5, "either", [], None, False, [*PAY, AGREE]),
    "payment_query": (
        "Payment Query",
        f"Say which amount, and what you expected. {NOT_FOR_MILEAGE}",
        5, "either", [], None, True, PAY,
    ),
    "service_agreement_query": (
        "Service Agreement Query", "For what a contract document says, and for one that is missing.", 5, "either",
        ADULTS, None, False, [AGREE],
    ),
    "package_change": (
        "Change of a care package", "For hours, days or prices that should be others from a day on.", 5, "client", [],
        None, False, [BROKER],
    ),
    "missing_package": (
        "Missing package", "For care that you give and that is not on the portal. Attach the purchase confirmation.", 5,
        "either", [], "missing_package", False, [BROKER],
    ),
    "hospital": (
        "Hospital admission", "Say on which day the client went, and when they are back if you know.", 2, "client", [],
        "hospital", False, PAY,
    ),
    "death": ("Client deceased", "Say on which day the client died.", 2, "client", [], "death", False, PAY),
    "left": ("Client has left", "Say on which day the client left your care.", 2, "client", [], "left", False, PAY),
}  # fmt: skip
"""By reference: name, guidance, due in working days, whom it is about, kinds of provider, the event that it reports,
whether only people who see payments see it, and the teams that take it.
"""


def upgrade() -> None:
    """The types and teams that a council begins with: it changes them as it likes."""
    team = op.create_table(
        "action_team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_team")),
        sa.UniqueConstraint("name", name=op.f("uq_action_team_name")),
        sa.UniqueConstraint("reference", name=op.f("uq_action_team_reference")),
    )
    type_ = op.create_table(
        "action_type",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("related", _one_of("related", "either", "provider", "client"), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("event", _one_of("careevent", "death", "hospital", "left", "missing_package"), nullable=True),
        sa.Column("is_of_money", sa.Boolean(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.CheckConstraint("due_days > 0", name=op.f("ck_action_type_due_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_type")),
        sa.UniqueConstraint("name", name=op.f("uq_action_type_name")),
        sa.UniqueConstraint("reference", name=op.f("uq_action_type_reference")),
    )
    taken = op.create_table(
        "action_type_team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["action_team.id"], name=op.f("fk_action_type_team_team_id")),
        sa.ForeignKeyConstraint(["type_id"], ["action_type.id"], name=op.f("fk_action_type_team_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_type_team")),
        sa.UniqueConstraint("type_id", "team_id", name=op.f("uq_action_type_team_type_id_team_id")),
    )
    op.create_index(op.f("ix_action_type_team_team_id"), "action_type_team", ["team_id"])
    _make_actions()
    _make_posts()
    _fill(team, type_, taken)


def _make_actions() -> None:
    op.create_table(
        "action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folded_title", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("contract_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("payment_first_on", sa.Date(), nullable=True),
        sa.Column("event_on", sa.Date(), nullable=True),
        sa.Column("event_until", sa.Date(), nullable=True),
        sa.Column("is_of_money", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("holder", _one_of("side", "provider", "council"), nullable=False),
        sa.Column("assigned_to_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("last_post_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closure_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_team_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name=op.f("ck_action_closed_by")),
        sa.CheckConstraint("(closed_at IS NULL) = (close_reason = '')", name=op.f("ck_action_close_reason")),
        sa.CheckConstraint(
            "closure_asked_at IS NULL OR (closed_at IS NULL AND holder = 'council')",
            name=op.f("ck_action_closure_asked"),
        ),
        sa.CheckConstraint("payment_first_on IS NULL OR contract_id IS NOT NULL", name=op.f("ck_action_payment")),
        sa.CheckConstraint("event_until IS NULL OR event_until >= event_on", name=op.f("ck_action_event_days")),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_team_id IS NULL)", name=op.f("ck_action_answered")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_action_{column}"))
            for column, table in {
                "type_id": "action_type", "client_id": "client", "opened_by_id": "user", "team_id": "action_team",
                "assigned_to_id": "user", "answered_team_id": "action_team", "closed_by_id": "user",
                "provider_id": "provider",
            }.items()
        ),
        *(
            sa.ForeignKeyConstraint(
                ["provider_id", column], [f"{table}.provider_id", f"{table}.id"],
                name=op.f(f"fk_action_provider_id_{column}"),
            )
            for column, table in {
                "contract_id": "contract", "item_id": "care_package_line_item", "order_id": "purchase_order",
            }.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_action_provider_id_id")),
    )  # fmt: skip
    for column in (
        "type_id", "client_id", "contract_id", "item_id", "order_id", "opened_at", "team_id", "assigned_to_id",
        "last_post_at", "closed_at", "provider_id",
    ):  # fmt: skip
        op.create_index(op.f(f"ix_action_{column}"), "action", [column])


def _make_posts() -> None:
    kinds = ("opened", "comment", "reply", "closure", "not_solved", "passed_on", "closed", "reopened")
    op.create_table(
        "action_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("postkind", *kinds), nullable=False),
        sa.Column("side", _one_of("side", "provider", "council"), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("is_with_provider", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name=op.f("ck_action_post_seen_by")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_action_post_by_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_action_post_provider_id")),
        sa.ForeignKeyConstraint(
            ["provider_id", "action_id"], ["action.provider_id", "action.id"],
            name=op.f("fk_action_post_provider_id_action_id"),
        ),
        sa.ForeignKeyConstraint(["seen_by_id"], ["user.id"], name=op.f("fk_action_post_seen_by_id")),
        sa.ForeignKeyConstraint(["team_id"], ["action_team.id"], name=op.f("fk_action_post_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_post")),
        sa.UniqueConstraint("provider_id", "id", name=op.f("uq_action_post_provider_id_id")),
    )  # fmt: skip
    for column in ("action_id", "by_id", "provider_id"):
        op.create_index(op.f(f"ix_action_post_{column}"), "action_post", [column])
    op.create_table(
        "action_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_note_action_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_action_note_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_note")),
    )
    op.create_index(op.f("ix_action_note_action_id"), "action_note", ["action_id"])


def _fill(team: sa.Table, type_: sa.Table, taken: sa.Table) -> None:
    teams = [
        {"reference": reference, "name": name, "roles": roles, "kinds": kinds, "email": ""}
        for reference, (name, roles, kinds) in TEAMS.items()
    ]
    columns = ("name", "guidance", "due_days", "related", "kinds", "event", "is_of_money")
    types = [
        {"reference": reference, "is_offered": True} | dict(zip(columns, values, strict=False))
        for reference, values in TYPES.items()
    ]
    op.bulk_insert(team, teams)
    op.bulk_insert(type_, types)
    connection = op.get_bind()
    team_ids = dict(connection.execute(sa.select(team.c.reference, team.c.id)).all())
    type_ids = dict(connection.execute(sa.select(type_.c.reference, type_.c.id)).all())
    op.bulk_insert(taken, [
        {"type_id": type_ids[reference], "team_id": team_ids[name]}
        for reference, values in TYPES.items()
        for name in values[-1]
    ])  # fmt: skip


def downgrade() -> None:
    for table in ("action_note", "action_post", "action", "action_type_team", "action_type", "action_team"):
        op.drop_table(table)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
