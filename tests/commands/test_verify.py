"""`./portal verify` finds what is broken, and nothing in a sound database."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.exc import InternalError, OperationalError

from commands.batchwise.sealing import HEADS, seal_waiting
from models import verify
from models.base import scope, snapshot, utc_now
from models.payments import batching, working_out
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.portal import current_portal
from models.records.care_package import CarePackageLineItem
from models.records.provider import Provider
from models.tenancy import EVERY_PROVIDER, set_tenant
from tests.care_factories import make_contract, make_item
from tests.factories import make_user
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import calculate, change, finalise
from tests.support.snapshots import built_once

DAY = date(2019, 10, 2)


@pytest.fixture
def contract(database):
    return one_contract()


@built_once
def one_contract():
    """A paid week, and one that is calculated."""
    contract = make_contract(calculate_from=date(2019, 9, 23))
    make_item(contract)
    finalise(date(2019, 9, 29))
    calculate(DAY)
    return contract


def found():
    return {finding.promise for finding in verify.check_all()}


@pytest.mark.postgres
def test_nothing_is_found_in_a_sound_database(contract):
    before = [(line.id, line.run_id) for line in every(PaymentLine)]
    assert found() == set()
    assert [(line.id, line.run_id) for line in every(PaymentLine)] == before


def test_the_demonstration_is_sound(durham_app):
    result = durham_app.test_cli_runner().invoke(args=["verify"])
    assert (result.exit_code, result.output) == (0, "Every promise holds.\n")


def _break(*statements):
    with scope() as session:  # a pragma of SQLite says nothing inside a transaction
        pragmas = [each for each in statements if each.startswith("PRAGMA")]
        raw = session.connection().connection
        for each in pragmas:
            raw.execute("ROLLBACK")
            raw.execute(each)
            raw.execute("BEGIN")
        for each in statements:
            raw.execute(each)
        raw.commit()
        raw.execute("PRAGMA foreign_keys=ON")


SEALED = "DROP TRIGGER payment_line_update; "
DEBT = (
    "INSERT INTO debt_entry "
    '(provider_id, contract_id, kind, "on", pence, surplus_pence, surplus_note, reason, made_at) '
    "SELECT provider_id, id, 'repaid', '2019-10-01', 1, 0, '', '', '2019-10-01 00:00:00' FROM contract"
)
BLOCKED = (
    "INSERT INTO blocked_sum (provider_id, payment_id, item_id, pence) "
    "SELECT provider_id, (SELECT MAX(id) FROM scheduled_payment), id, 500 FROM care_package_line_item"
)
WRITTEN_OFF = DEBT.replace("repaid", "written off")
AGREED_BY_WHO_ASKED = (
    "INSERT INTO write_off (provider_id, contract_id, pence, reason, asked_at, asked_by_id, decided_at, decided_by_id, "
    "is_agreed, decision) SELECT provider_id, id, 1, '', '2019-10-01 00:00:00', 1, '2019-10-01 00:00:00', 1, 1, '' "
    "FROM contract"
)
OTHER_RUN = (
    "INSERT INTO payment_run (as_on, state, note, prepared_at, authorised_at, total_pence, stop_reason, above) "
    "VALUES ('2019-09-29', '{}', '', '{}', {}, 0, '', '[]')"
)
STALE = "a second calculation changes nothing"
ORDER = "an order is worth what is finalised and what is due"
POUND = "every pound is somewhere"
BEGUN = "WHERE closed_run_id IS NULL AND first_on <= '2019-10-02'"
COMING = "WHERE first_on > '2019-10-02'"
CLOSED = "WHERE closed_run_id IS NOT NULL"
UNLIKE_ITS_LINES = "a closed payment is what was finalised of it"

PROMISES = [
    (f"UPDATE scheduled_payment SET net_pence = net_pence + 1 {BEGUN}", {"lines add up to their payment", STALE}),
    (f"UPDATE scheduled_payment SET net_pence = net_pence + 1 {COMING}", {STALE}),
    (f"UPDATE scheduled_payment SET net_pence = net_pence + 1 {CLOSED}", {UNLIKE_ITS_LINES}),
    (
        f"UPDATE payment_line SET payment_id = (SELECT id FROM scheduled_payment {CLOSED}) WHERE run_id IS NULL",
        {UNLIKE_ITS_LINES, "what has begun is calculated"},
    ),
    (
        f"UPDATE scheduled_payment SET confirmation = 'confirmed', answered_pence = net_pence - 1, "
        f"answered_at = '2019-10-01 00:00:00' {CLOSED}",
        {"a confirmation is to the total"},
    ),
    (
        "UPDATE payment_line SET net_pence = net_pence + 1 WHERE run_id IS NULL",
        {"a line is what its slices say", "lines add up to their payment", POUND, STALE},
    ),
    ("DELETE FROM payment_line WHERE run_id IS NULL", {"what has begun is calculated"}),
    (
        "DELETE FROM payment_line WHERE run_id IS NULL; "
        f"UPDATE scheduled_payment SET net_pence = 0 {BEGUN}", {POUND, STALE},
    ),
    (f"DELETE FROM scheduled_payment {COMING}", {STALE}),
    (
        "UPDATE payment_line SET working = REPLACE(working, '3530800', '3530801') WHERE run_id IS NULL", {STALE},
    ),
    (
        SEALED + "UPDATE payment_line SET component = 'brought_forward' WHERE run_id IS NOT NULL",
        {"a line has an order, or carries a debt", STALE},
    ),
    (BLOCKED, {POUND, STALE}),
    (DEBT, {"no debt is below £0.00"}),
    (DEBT.replace("repaid", "moved"), {"a debt is moved from one contract to another", "no debt is below £0.00"}),
    (WRITTEN_OFF, {"a second person agrees to what is written off", "no debt is below £0.00"}),
    (
        f"{WRITTEN_OFF}; {AGREED_BY_WHO_ASKED}",
        {"a second person agrees to what is written off", "no debt is below £0.00"},
    ),
    (
        "UPDATE scheduled_payment SET confirmation = 'rejected', answered_pence = 0, answered_by_id = 1, "
        f"answered_at = '2019-10-01 00:00:00' {CLOSED}",
        {"a rejected payment is not paid"},
    ),
    ("UPDATE purchase_order SET spend_net_pence = 1", {"an order's spend is its finalised lines"}),
    ("UPDATE purchase_order SET value_net_pence = 1", {ORDER}),
    ("UPDATE purchase_order SET planned = '[]'", {STALE}),
    ("UPDATE client SET surname = 'Marsh'", {"a folded column is what it folds"}),
    (
        "UPDATE run_payment SET total_pence = 1; UPDATE payment_run SET total_pence = 1000000",
        {"a run pays no more than was authorised"},
    ),
    ("UPDATE payment_run SET total_pence = total_pence - 1", {"a run pays no more than was authorised"}),
    (
        "UPDATE run_payment SET paid_pence = paid_pence - 1",
        {"a run pays what its lines come to", "a remittance says what its run paid, and never changes"},
    ),
    (
        "UPDATE remittance SET paid_pence = paid_pence + 1",
        {"a remittance says what its run paid, and never changes"},
    ),
    ("DELETE FROM remittance", {"what was finalised has its remittance"}),
    (
        "DELETE FROM run_payment",
        {"a run pays what its lines come to", "a payment is closed by a run that has paid it"},
    ),
    (
        SEALED + "UPDATE payment_line SET net_pence = -9 WHERE run_id IS NOT NULL",
        {
            "no payment is below £0.00", "a run pays what its lines come to", "a line is what its slices say",
            UNLIKE_ITS_LINES, "an order's spend is its finalised lines",  STALE,
            POUND,
        },
    ),
    (
        OTHER_RUN.format("authorised", "2019-10-02 09:00:00", "'2019-10-02 09:00:00'"),
        {"a run that was broken off is gone on with"},
    ),
    (OTHER_RUN.format("prepared", "2019-10-02 09:00:00", "NULL"), {"no run waits for more than a day"}),
    ("INSERT INTO calculation_fault (provider_id, contract_id, since, fault) "
     "SELECT provider_id, id, '2019-10-01 00:00:00', 'KeyError' FROM contract", {"every contract can be calculated"}),
    ("PRAGMA foreign_keys=OFF; UPDATE hold SET payment_id = 999", {"the database file is whole"}),
    ("DROP TRIGGER audit_event_update; UPDATE audit_event SET action = 'feed.imported' WHERE id = 1",
     {"the audit is as it was sealed"}),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "promises"), PROMISES)
def test_every_broken_promise_is_named(contract, statement, promises):
    """Just what is broken, and what follows from it."""
    make_user()
    seal_waiting(everything=True)
    hold_on(contract)
    _break(*statement.split("; "))
    assert found() == promises


def hold_on(contract):
    """A hold that was released, on the last payment."""
    by = make_user().id
    last = every(ScheduledPayment)[-1]
    saved(
        Hold(
            provider_id=last.provider_id, payment_id=last.id, kind=HoldKind.OFFICER, reason="Asked", placed_by_id=by,
            released_at=utc_now(), released_by_id=by, release_reason="It is right",
        )
    )  # fmt: skip


@pytest.mark.parametrize("is_noted", [False, True])
def test_a_contract_that_cannot_be_calculated_is_named(contract, monkeypatch, is_noted):
    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(working_out, "reckon", fail)
    if is_noted:
        calculate(DAY)
    wheres = [each.where for each in verify.check_all() if each.promise == "every contract can be calculated"]
    assert [where.partition(" in ")[0] for where in wheres] == [f"contract {contract.id}: ZeroDivisionError"]


def test_a_contract_that_can_be_calculated_again_is_named_until_it_is(contract, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(working_out, "lay_out", None)
        calculate(DAY)
    assert "every contract can be calculated" in found()
    calculate(DAY)
    assert found() == set()


def test_a_provider_that_cannot_be_read_is_named_and_the_others_are_checked(contract, monkeypatch):
    other = make_contract()
    read = working_out.load

    def fail(provider_ids):
        if other.provider_id in provider_ids:
            raise ZeroDivisionError
        return read(provider_ids)

    change(every(CarePackageLineItem)[0], ends_on=date(2019, 9, 30))
    monkeypatch.setattr(working_out, "load", fail)
    wheres = {each.promise: each.where for each in verify.check_all()}
    assert wheres["every contract can be calculated"].startswith(f"provider {other.provider_id}: ZeroDivisionError in ")
    assert wheres[STALE] == f"contract {contract.id}: calculate it again (drafts, payments)"


def test_facts_that_came_in_since_are_named_by_contract_and_order(contract):
    [item] = every(CarePackageLineItem)
    change(item, ends_on=date(2019, 9, 30))
    where = {each.promise: each.where for each in verify.check_all()}
    assert where == {
        STALE: f"contract {contract.id}: calculate it again (drafts, payments)",
        ORDER: "order 1: £9,634.04, worked out £403.52; beside it £0.00 is blocked",
        POUND: f"contract {contract.id}: entitled to £403.52, accounted for £706.16",
        "a statement of account ends where the facts do": (
            f"contract {contract.id}: calculate it again: £706.16 is kept, £403.52 is right"
        ),
    }


def test_what_is_blocked_stands_beside_the_order(contract):
    [item] = every(CarePackageLineItem)
    change(item, is_suspended=True)
    [where] = [each.where for each in verify.check_all() if each.promise == ORDER]
    assert where == "order 1: £9,634.04, worked out £353.08; beside it £353.08 is blocked"
    calculate(DAY)
    assert found() == set()


def test_a_contract_that_was_never_calculated_is_named_once(contract):
    new = make_contract(calculate_from=date(2019, 9, 30))
    make_item(new)
    assert [(each.promise, each.where) for each in verify.check_all()] == [
        ("what has begun is calculated", f"contract {new.id}: calculate it")
    ]
    to_come = make_contract(calculate_from=date(2019, 10, 7))
    make_item(to_come)
    calculate(DAY)
    assert found() == set()


def test_a_period_that_has_begun_since_is_named_once(contract, set_today):
    set_today(date(2019, 10, 7))
    [each] = verify.check_all()
    assert each.promise == "what has begun is calculated"
    assert each.words == "£353.08 is planned, and it has no lines: calculate it"


def test_a_debt_with_no_payment_to_take_it_from_is_a_warning(contract, app):
    [item] = every(CarePackageLineItem)
    change(contract, ends_on=date(2019, 9, 29))
    change(item, ends_on=date(2019, 9, 29))
    other = make_contract(every(Provider)[0])
    make_item(other)
    for owner, pence in ((contract, -500), (other, 500)):
        entry = {"provider_id": owner.provider_id, "contract_id": owner.id, "kind": DebtEntryKind.MOVED}
        saved(DebtEntry(pence=pence, on=DAY, **entry))
    calculate(DAY)
    [broken, warning] = sorted(verify.check_all(), key=lambda each: each.is_warning)
    assert broken.promise == "no debt is below £0.00"
    assert (warning.promise, warning.ids) == ("a debt has a payment to be taken from", {"contract": contract.id})
    assert warning.words == "£5.00 is owed. Ask for the money, or move or write it off"


@pytest.mark.postgres
def test_nobody_waits_for_it_and_it_waits_for_nobody(contract):
    """While somebody else has the write lock and is in the middle of a change, it sees what was before."""
    with unit_of_work() as session:
        session.execute(update(CarePackageLineItem).values(is_suspended=True))
        session.flush()
        portal = current_portal()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_checked, portal).result(timeout=20) == []


def _checked(portal):
    with scope(portal):
        return list(verify.check_all())


@pytest.mark.postgres
def test_it_can_write_nothing(contract):
    with snapshot() as session:
        set_tenant(EVERY_PROVIDER)
        with pytest.raises((OperationalError, InternalError)):
            session.execute(update(CarePackageLineItem).values(is_suspended=True))
    change(every(CarePackageLineItem)[0], is_suspended=True)  # whoever has the connection next can


def test_as_json_it_says_promise_place_and_ids(app, contract, monkeypatch):
    def run(*options):
        return app.test_cli_runner().invoke(args=["verify", *options])

    sound = run("--json")
    assert (sound.exit_code, json.loads(sound.stdout)) == (0, [])
    _break("UPDATE purchase_order SET spend_net_pence = 1")
    result = run("--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "promise": "an order's spend is its finalised lines", "where": "order 1: £0.01, lines £353.08",
            "ids": {"order": 1}, "is_warning": False,
        }
    ]  # fmt: skip
    words = run()
    assert words.exit_code == 1
    told = "an order's spend is its finalised lines: not so for order 1: £0.01, lines £353.08"
    assert words.stderr == f"{told}\n1 found.\n"


def test_heads_that_cannot_be_read_are_found_and_the_rest_is_checked(app, contract):
    (app.config["SETTINGS"].instance / HEADS).write_bytes(b"\xff nothing\n")
    _break("UPDATE purchase_order SET spend_net_pence = 1")
    result = app.test_cli_runner().invoke(args=["verify", "--json"])
    assert result.exit_code == 1
    assert [(each["promise"], each["where"]) for each in json.loads(result.stdout)] == [
        ("the heads of the audit can be read", "audit-heads.txt, line 1, is not a head of the audit"),
        ("an order's spend is its finalised lines", "order 1: £0.01, lines £353.08"),
    ]


def test_it_tells_how_far_it_is(contract, monkeypatch):
    monkeypatch.setattr(batching, "BATCH", 1)
    make_contract()
    told = []
    list(verify.check_all(progress=lambda done, count: told.append((done, count))))
    assert told == [(1, 2), (2, 2)]
