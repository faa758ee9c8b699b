"""`./portal demo load`: the Durham demonstration, with the figures that its guide prints (golden.md)."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

import config
from commands import demo
from exchange.feed import check_feed
from models.accounts.demonstration import accounts_here
from models.accounts.user import Membership
from models.correspondence.document import ContractDocument, DocumentState
from models.payments.confirmation import Processing
from models.payments.day_move import DayMove
from models.payments.finding import RunTick
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment
from models.payments.sent import BankState, SentPayment
from models.payments.standing_hold import StandingHold
from models.records.actual import ActualException, ActualWeek
from models.records.contract import Contract
from models.records.feed import FeedImport
from models.records.import_batch import ImportBatch, ImportKind, ImportState
from models.records.invoice import Invoice, InvoiceStatus
from models.records.provider import Provider
from models.records.timesheet import Timesheet, TimesheetState
from models.records.visit import Visit, VisitOutcome
from tests.support.rows import every, reading

DURHAM = demo.DEMONSTRATIONS / "durham"
shared = pytest.mark.usefixtures("durham_database")
"""On a copy of what was loaded once: for tests that only look."""


@pytest.fixture
def portal(make_app, tmp_path):
    return make_app(instance=tmp_path, today=None)


def load(app, *words):
    return app.test_cli_runner().invoke(args=["demo", "load", *words])


def contract() -> Contract:
    (found,) = every(select(Contract).where(Contract.reference == "741254"))
    return found


def payment(first_on: date) -> ScheduledPayment:
    with reading() as session:
        return session.scalars(ScheduledPayment.of("741254", first_on)).one()


def test_durham_is_loaded_and_paid_to_the_penny(portal, tmp_path):
    result = load(portal, "durham")

    assert result.exit_code == 0, result.output
    assert result.stdout == "The demonstration durham is loaded. Its today is 02/10/2019.\n"
    settings = config.load({"PORTAL_INSTANCE": str(tmp_path), "PORTAL_MODE": "demonstration"})
    assert (settings.council.name, settings.today) == ("Durham County Council", date(2019, 10, 2))
    _assert_payments()
    _assert_orders()
    assert "Dawn Stockton" in [account.name for account in accounts_here()]
    places = every(select(Membership).options(joinedload(Membership.provider), joinedload(Membership.user)))
    assert {(place.user.email, place.provider.name) for place in places} == {
        ("carer@demo.example", "Sausage Sandwich"),
        ("toast@demo.example", "Marmalade and Toast"),
        ("home-care@demo.example", "Wear Valley Home Care Ltd"),
        ("shared-lives@demo.example", "Sunita Thakkar, Shared Lives"),
    }


@shared
def test_people_have_answered_a_query_moved_a_day_and_begun_a_standing_hold():
    [query] = [hold for hold in every(select(Hold).options(selectinload(Hold.answers))) if hold.is_query]
    assert [answer.text for answer in query.answers] == ["We have asked her social worker, and write to you again"]
    move, *paid_now = every(DayMove)
    assert [label for label, _, _ in move.changes] == ["In the bank"]
    [part] = every(select(RunPayment).join(PaymentRun).where(PaymentRun.is_open))
    assert part.payment_id in {each.payment_id for each in paid_now}
    ticked = every(select(RunTick.user_id).where(RunTick.run_id == part.run_id))
    assert len(set(ticked)) == 1, "a manager has yet to tick"
    [standing] = every(StandingHold)
    assert [hold for hold in every(Hold) if hold.standing_id == standing.id]
    ours = every(select(ScheduledPayment.id).where(ScheduledPayment.contract_id == contract().id))
    touched = {hold.payment_id for hold in every(Hold)} | {move.payment_id for move in every(DayMove)}
    assert not touched & set(ours), "the figures of the guide stand as they were"


def _assert_payments():
    current = payment(date(2019, 9, 30))
    assert (current.processing, current.net_pence, current.vat_pence) == (Processing.CURRENT, 65_611, 0)
    assert payment(date(2019, 9, 16)).total_pence == 108_901
    opened = every(
        select(ScheduledPayment).where(
            ScheduledPayment.contract_id == contract().id,
            ScheduledPayment.closed_run_id.is_(None),
            ScheduledPayment.first_on < date(2019, 9, 30),
        )
    )
    assert opened == []


def _assert_orders():
    provider_id = contract().provider_id
    orders = every(
        select(PurchaseOrder)
        .where(PurchaseOrder.provider_id == provider_id, PurchaseOrder.financial_year == 2019)
        .options(joinedload(PurchaseOrder.client))
        .order_by(PurchaseOrder.number)
    )
    assert [
        (order.client.first_name if order.client else "", order.reference, order.value_pence, order.spend_pence)
        for order in orders
    ] == [
        ("", "147 - 1", 6_400, 6_400),
        ("Bart", "148 - 1", 1_922_658, 975_960),
        ("Arthur", "149 - 1", 36_342, 36_342),
        ("CLA", "152 - 1", 929_034, 103_896),
    ]


@shared
def test_every_order_has_the_number_that_the_feed_gives_it():
    assert all(order.feed_import_id for order in every(PurchaseOrder))


@shared
def test_there_are_other_providers_with_data_of_their_own():
    assert len(every(Provider)) == 5
    assert len({payment.provider_id for payment in every(ScheduledPayment)}) == 5


@shared
def test_both_sides_of_durham_have_documents_in_every_state():
    found = every(ContractDocument)
    assert {each.state for each in found} == set(DocumentState)
    assert {each.state for each in found if each.provider_id == found[0].provider_id} == set(DocumentState)


@shared
def test_durham_has_weeks_timesheets_invoices_and_a_file_to_mend():
    confirmed = {week.confirmed_at is not None for week in every(ActualWeek)}
    assert confirmed == {True, False}
    assert every(ActualException), "the council has something to decide"
    assert {sheet.state for sheet in every(Timesheet)} == set(TimesheetState)
    assert {invoice.status for invoice in every(Invoice)} == set(InvoiceStatus)
    states = {batch.kind: batch.state for batch in every(ImportBatch)}
    assert states == {
        ImportKind.CARERS: ImportState.APPLIED, ImportKind.VISITS: ImportState.APPLIED,
        ImportKind.ACTUALS: ImportState.CHECKED,
    }  # fmt: skip
    [faulty] = [batch for batch in every(ImportBatch) if batch.is_open]
    assert (faulty.rows_read, faulty.rows_rejected) == (4, 3)
    assert [alike.typed for alike in faulty.alike] == ["Hosp"], "one press mends what stands twice"
    assert {visit.item_id is None for visit in every(Visit)} == {True, False}
    assert {visit.outcome for visit in every(Visit)} == {VisitOutcome.DELIVERED, VisitOutcome.FRUSTRATED}


def test_a_second_load_is_refused_or_skipped(portal):
    load(portal, "durham")

    skipped, refused = load(portal, "durham", "--if-empty"), load(portal, "durham")

    assert (skipped.exit_code, skipped.output) == (0, "")
    assert refused.exit_code == 1
    assert "The database has data already" in refused.stderr
    assert [each.name for each in every(FeedImport)] == ["durham", "demonstration-bank"]


@shared
def test_the_finance_system_has_told_what_is_sent_and_in_the_bank_and_nothing_is_returned():
    found = every(select(SentPayment))
    assert {each.state for each in found} == {BankState.SENT, BankState.IN_BANK}
    assert {each.bank_reference for each in found if each.in_bank_on} != {""}


def test_a_load_that_was_broken_off_is_finished(portal, monkeypatch):
    def break_off():
        raise KeyboardInterrupt

    runs = []
    finalise = demo.finalise_due
    monkeypatch.setattr(
        demo, "finalise_due", lambda *ids, **how: break_off() if len(runs) == 20 else runs.append(finalise(*ids, **how))
    )
    load(portal, "durham")
    assert len(every(PaymentRun)) == 20
    monkeypatch.undo()

    result = load(portal, "durham", "--if-empty")

    assert result.exit_code == 0, result.output
    _assert_payments()
    _assert_orders()


def test_settings_that_are_there_already_are_kept(make_app, tmp_path):
    (tmp_path / "settings.toml").write_text("today = 2019-02-11\n", "utf-8")
    portal = make_app(instance=tmp_path, today=date(2019, 2, 11))

    load(portal, "durham")

    assert (tmp_path / "settings.toml").read_text("utf-8") == "today = 2019-02-11\n"
    assert len(every(PaymentRun)) == 1


def test_there_is_no_demonstration_in_production(make_app):
    result = load(make_app(mode=config.Mode.PRODUCTION), "durham")

    assert result.exit_code == 1
    assert "This is not a demonstration" in result.stderr
    assert every(Provider) == []


def test_the_feed_of_durham_has_no_faults(database):
    assert check_feed(DURHAM, is_foreseen=False).is_news
