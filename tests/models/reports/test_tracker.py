"""Where a payment stands, cell by cell as docs/payment-states.md says it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.calendar import as_on
from models.money import gbp
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment
from models.payments.settlement import ToSettle, drafts_and_owing, settle_all
from models.payments.standing import standings
from models.reports.tracker import Track, parts_of, stops_of, tracks_of
from models.reports.whereabouts import by_contract
from tests.factories import make_provider
from tests.support.client import counted_statements
from tests.support.debts import partly_paid_under_a_plan
from tests.support.rows import reading, saved, unit_of_work
from tests.support.states import DOC, MONDAY, STATES, SUNDAY, TUESDAY, Office, office
from tests.support.tables import rows_under

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

SENT_ON, BANK_ON, CALENDAR_ON = date(2019, 10, 7), date(2019, 10, 9), date(2019, 10, 11)
RETURNED_ON, AGAIN_ON = date(2019, 10, 10), date(2019, 10, 16)


def track(the: Office, on: date | None = None) -> Track:
    with as_on(on or the.today), reading() as session:
        payment = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY)).one()
        return tracks_of([payment], standings([payment]))[payment.id]


def told(the: Track) -> list[str]:
    steps = [f"{step.progress}{f' {step.on:%d/%m}' if step.on else ''}" for step in the.steps]
    stops = ", ".join(f"{stop.reason} {gbp(stop.pence)}" for stop in the.stops)
    return [*steps, the.holder, f"{the.expected_on:%d/%m}" if the.expected_on else "-", stops or "-"]


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_told_as_the_document_says(state: str):
    assert told(track(STATES[state](office()))) == rows_under(DOC, "## The tracker")[state]


def paid() -> Office:
    the = STATES["finalised"](office())
    assert the.today == SUNDAY
    return the


def tell(the: Office, **given: object) -> None:
    with unit_of_work() as session:
        part = session.scalars(select(RunPayment)).one()
        session.query(SentPayment).delete()
        session.add(
            SentPayment(
                provider_id=part.provider_id, contract_id=the.contract.id, payment_id=part.payment_id,
                period_first_on=MONDAY, run_id=part.run_id, amount_pence=part.paid_pence, **given,
            )
        )  # fmt: skip


def money(the: Office, on: date) -> list[str]:
    """On its way, in the bank, returned: as the page of every pound says; what runs paid is their sum."""
    with reading(the.contract.provider_id), as_on(on):
        [found] = by_contract(the.contract.provider_id)
    assert found.paid_pence == 65_611
    return [gbp(found.on_its_way_pence), gbp(found.in_bank_pence), gbp(found.returned_pence)]


@pytest.mark.parametrize(
    ("what", "given", "on"),
    [
        ("paid by a run", None, SUNDAY),
        ("and the calendar's bank day comes", None, CALENDAR_ON),
        ("sent", {"sent_on": SENT_ON}, SENT_ON),
        ("sent, and the calendar's bank day comes", {"sent_on": SENT_ON}, CALENDAR_ON),
        ("a bank day is told", {"sent_on": SENT_ON, "in_bank_on": BANK_ON}, BANK_ON - timedelta(days=1)),
        ("and comes", {"sent_on": SENT_ON, "in_bank_on": BANK_ON}, BANK_ON),
        ("returned", {"sent_on": SENT_ON, "in_bank_on": BANK_ON, "returned_on": RETURNED_ON}, CALENDAR_ON),
        ("to be paid again", {"sent_on": SENT_ON, "returned_on": RETURNED_ON, "paid_again_on": AGAIN_ON},
         AGAIN_ON - timedelta(days=1)),
        ("paid again", {"sent_on": SENT_ON, "returned_on": RETURNED_ON, "paid_again_on": AGAIN_ON}, AGAIN_ON),
    ],
)  # fmt: skip
def test_what_the_finance_system_tells_moves_the_money(what: str, given: dict | None, on: date):
    the = paid()
    if given:
        tell(the, **given)
    found = track(the, on)
    cells = [*told(found)[3:], *money(the, on)]
    assert cells == rows_under(DOC, "## After a run has paid it")[what]
    assert [step.progress for step in found.steps[:3]] == ["done"] * 3


def test_a_payment_that_pays_nothing_is_neither_sent_nor_in_the_bank():
    the = office(confirmation="none", if_unconfirmed="pay").to(TUESDAY)
    saved(_owes(the))
    the.to(SUNDAY).run()
    found = track(the, CALENDAR_ON)
    assert told(found)[1:6] == ["not needed", "done", "not needed", "not needed", "nobody"]
    assert (found.now, found.expected_on) == (None, None)


def _owes(the: Office):
    return DebtEntry(
        provider_id=the.contract.provider_id, contract_id=the.contract.id, kind=DebtEntryKind.MOVED, pence=-100_000,
        on=the.today, made_by_id=the.officer.id, reason="From another contract",
    )  # fmt: skip


def test_tracks_of_many_payments_that_no_run_has_paid_take_one_statement():
    the = STATES["queried"](office())
    with as_on(the.today), reading() as session:
        payments = session.scalars(select(ScheduledPayment).options(joinedload(ScheduledPayment.contract))).all()
        stand = standings(payments)
        with counted_statements() as statements:
            found = tracks_of(payments, stand)
    assert len(found) == len(payments) > 5
    assert len(statements) == 1


@pytest.mark.postgres
def test_what_is_read_together_of_a_payment_that_is_partly_paid_is_what_is_read_one_by_one(database):
    partly_paid, _ = partly_paid_under_a_plan(make_provider(), date(2019, 9, 30))
    with as_on(date(2019, 10, 28)), reading() as session:
        payment = session.scalars(ScheduledPayment.of(partly_paid["reference"], partly_paid["first_on"])).one()
        stand = standings([payment])
        track = tracks_of([payment], stand)[payment.id]
        assert list(track.parts) == parts_of([payment.id])[payment.id] != []
        assert stops_of([payment.id])[payment.id] != []
        assert set(stops_of([payment.id])[payment.id]) <= set(track.stops)
        mine = PaymentLine.payment_id == payment.id
        drafts, owing = drafts_and_owing([payment.contract_id], mine, past_of=[payment.id])
        other_drafts, other = drafts_and_owing([payment.contract_id], mine)
        assert (owing.debts, owing.caps) == (other.debts, other.caps)
        assert owing.past
        assert other.past is None
        facts = payment.id, payment.contract_id, payment.first_on, payment.last_on, True
        known = ToSettle(*facts, drafts[payment.id], recovered_pence=1_000)
        assert settle_all([known], owing) == settle_all([ToSettle(*facts, other_drafts[payment.id])], other)
