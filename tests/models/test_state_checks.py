"""The database refuses a row whose state contradicts its instants, its people or its sums."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from models.base import Base
from models.job import Job, JobKind
from models.payments.hold import Hold, HoldKind
from models.payments.run import PaymentRun
from models.payments.standing_hold import StandingHold
from models.records.contract import Contract
from tests.care_factories import make_client, make_contract
from tests.factories import make_user
from tests.support.rows import every, saved
from tests.support.runs import calculate, change, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 30)
NOW = datetime(2019, 10, 2, 12, tzinfo=UTC)
SOMEBODY = "the id of somebody"
A_RUN = "the id of a run"
A_CONTRACT = "the id of its provider's contract"
A_CLIENT = "the id of a client"
ONE_PERSON = "the id of one and the same person"

AUTHORISED = {"state": "authorised", "authorised_at": NOW}
HALF = {"first_authorised_at": NOW, "first_authorised_by_id": ONE_PERSON}
STOPPED = {"stopped_at": NOW, "stop_reason": "Not right"}
BEGUN = {"worker": "one", "started_at": NOW, "heartbeat_at": NOW}
ANSWERED = {"confirmation": "rejected", "answered_pence": 100, "answered_at": NOW, "answered_by_id": SOMEBODY}
SILENT = {"confirmation": "confirmed", "answered_pence": 100, "answered_at": NOW}
ASKED_AGAIN = {"answered_at": NOW, "answered_by_id": SOMEBODY}
WINDOW = {"asked_by": MONDAY, "asked_because": "late"}
RELEASED = {"released_at": NOW, "released_by_id": SOMEBODY, "release_reason": "It is right"}
ENDED = {"ended_at": NOW, "ended_by_id": SOMEBODY, "end_reason": "It is settled"}

STATES = {
    "payment_run": {
        "prepared": {"state": "prepared"},
        "authorised by the command line": AUTHORISED,
        "authorised by a person": AUTHORISED | {"authorised_by_id": SOMEBODY},
        "authorised by the first of two people": {"state": "prepared"} | HALF,
        "authorised by two people": AUTHORISED | HALF | {"authorised_by_id": SOMEBODY},
        "finalised": AUTHORISED | {"state": "finalised", "finalised_at": NOW},
        "discarded": {"state": "discarded"},
        "sent back": STOPPED | {"state": "sent back"},
        "withdrawn": AUTHORISED | STOPPED | {"state": "withdrawn", "authorised_by_id": SOMEBODY},
    },
    "job": {
        "queued": {"state": "queued"},
        "running": BEGUN | {"state": "running"},
        "put back by a worker that stopped": BEGUN | {"worker": ""},
        "done": BEGUN | {"state": "done", "finished_at": NOW},
        "failed": BEGUN | {"state": "failed", "finished_at": NOW},
    },
    "scheduled_payment": {
        "not answered": {"confirmation": "unconfirmed"},
        "rejected": ANSWERED,
        "confirmed by silence": SILENT,
        "sent back": ASKED_AGAIN | {"council_comment": "Put right"},
        "asked anew": WINDOW,
        "asked anew, and a day longer": WINDOW | {"is_extended": True},
        "lapsed": ASKED_AGAIN | WINDOW | {"lapsed_pence": 100},
        "paid as it is": {"waive_reason": "It is right", "waived_pence": 100, "waived_on": MONDAY},
        "partly finalised": {"is_begun": True},
        "finalised": {"is_begun": True, "closed_run_id": A_RUN},
    },
    "hold": {
        "in force": {"is_paid": False},
        "released": RELEASED,
    },
    "standing_hold": {
        "in force": {"last_on": None},
        "to a day": {"last_on": MONDAY},
        "ended": ENDED,
    },
}
"""Every state that a verb leaves, with what the row says then."""

CONTRADICTIONS = {
    "payment_run": [
        ("authorised", {"state": "authorised"}),
        ("authorised", {"authorised_at": NOW}),
        ("authorised", AUTHORISED | {"state": "discarded"}),
        ("authorised_by", {"authorised_by_id": SOMEBODY}),
        ("first_authorised_by", HALF | {"first_authorised_by_id": None}),
        ("first_authorised_by", HALF | {"first_authorised_at": None}),
        ("two_authorise", AUTHORISED | HALF | {"authorised_by_id": ONE_PERSON}),
        ("finalised", AUTHORISED | {"state": "finalised"}),
        ("finalised", AUTHORISED | {"finalised_at": NOW}),
        ("stopped", {"state": "sent back"}),
        ("stopped", STOPPED),
        ("stop_reason", {"state": "sent back", "stopped_at": NOW}),
        ("stop_reason", {"stop_reason": "Not right"}),
    ],
    "job": [
        ("worker", BEGUN | {"state": "running", "worker": ""}),
        ("worker", BEGUN),
        ("started", {"state": "running", "worker": "one"}),
        ("heartbeat", BEGUN | {"state": "running", "heartbeat_at": None}),
        ("heartbeat", {"heartbeat_at": NOW}),
        ("finished", BEGUN | {"state": "done"}),
        ("finished", BEGUN | {"state": "failed"}),
        ("finished", BEGUN | {"state": "running", "finished_at": NOW}),
    ],
    "scheduled_payment": [
        ("answered_pence", ANSWERED | {"answered_pence": None}),
        ("answered_pence", {"answered_pence": 100}),
        ("answered_at", SILENT | {"answered_at": None}),
        ("rejected_by", ANSWERED | {"answered_by_id": None}),
        ("answered_by", {"answered_by_id": SOMEBODY}),
        ("lapsed", ANSWERED | {"lapsed_pence": 100}),
        ("asked_why", WINDOW | {"asked_because": None}),
        ("asked_why", {"asked_because": "late"}),
        ("extended", {"is_extended": True}),
        ("waived", {"waive_reason": "It is right"}),
        ("waived", {"waived_pence": 100}),
        ("waived_on", {"waived_on": MONDAY}),
        ("closed", {"closed_run_id": A_RUN}),
    ],
    "hold": [
        ("released_by", RELEASED | {"released_by_id": None}),
        ("released_by", {"released_by_id": SOMEBODY}),
        ("release_reason", RELEASED | {"release_reason": ""}),
        ("release_reason", {"release_reason": "It is right"}),
        ("let_go", RELEASED | {"is_let_go": True}),
    ],
    "standing_hold": [
        ("one_kind", {"contract_id": A_CONTRACT, "client_id": A_CLIENT}),
        ("days", {"last_on": MONDAY - timedelta(days=1)}),
        ("ended_by", ENDED | {"ended_by_id": None}),
        ("ended_by", {"ended_by_id": SOMEBODY}),
        ("end_reason", ENDED | {"end_reason": ""}),
        ("end_reason", {"end_reason": "It is right"}),
    ],
}
"""What no verb leaves, after the name of the CHECK that refuses it."""


def fresh(table: str) -> Base:
    """A row as it is when it is made."""
    if table == "payment_run":
        return saved(PaymentRun(as_on=MONDAY))
    if table == "job":
        return saved(Job(kind=JobKind.CALCULATE))
    contract = make_contract(calculate_from=MONDAY)
    calculate(MONDAY)
    found = payment(contract, MONDAY)
    if table == "scheduled_payment":
        return found
    if table == "standing_hold":
        days = {"first_on": MONDAY, "review_on": MONDAY, "begun_by_id": make_user().id}
        return saved(StandingHold(provider_id=found.provider_id, reason="Asked about", **days))
    return saved(Hold(provider_id=found.provider_id, payment_id=found.id, kind=HoldKind.OFFICER, reason="Asked about"))


def say(row: Base, values: dict) -> None:
    one = make_user().id if ONE_PERSON in values.values() else None
    ids = {
        SOMEBODY: lambda: make_user().id,
        ONE_PERSON: lambda: one,
        A_RUN: lambda: fresh("payment_run").id,
        A_CONTRACT: lambda: every(select(Contract.id).where(Contract.provider_id == row.provider_id))[0],
        A_CLIENT: lambda: make_client().id,
    }
    change(row, **{name: ids[value]() if value in ids else value for name, value in values.items()})


@pytest.mark.parametrize("table", STATES)
def test_every_state_that_a_verb_leaves_can_be_kept(table):
    for values in STATES[table].values():
        say(fresh(table), values)


@pytest.mark.parametrize("table", CONTRADICTIONS)
def test_a_row_that_contradicts_itself_is_refused(table):
    row = fresh(table)
    for check, values in CONTRADICTIONS[table]:
        with pytest.raises(sa.exc.IntegrityError, match=rf"\bck_{table}_{check}\b"):
            say(row, values)


def test_every_check_has_a_row_that_it_refuses():
    for name, rows in CONTRADICTIONS.items():
        table = Base.metadata.tables[name]
        of_enums = {f"ck_{name}_{column.type.name}" for column in table.columns if isinstance(column.type, sa.Enum)}
        checks = {each.name for each in table.constraints if isinstance(each, sa.CheckConstraint)}
        assert {f"ck_{name}_{check}" for check, _ in rows} == checks - of_enums
