"""A check is believed at the press only where nothing that it went by has changed, and then says what another would."""

import re
from contextlib import contextmanager, suppress
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import event, select, update

from models.base import DomainError, session
from models.calendar import as_on
from models.care import weeks
from models.money import SCALE
from models.records.actual import Actual, ActualWeek
from models.records.actual_rule import RuleKind
from models.records.care_package import ItemPrice, ItemQuantity
from models.records.contract import Calendar, CalendarOverride, Contract, ContractRate, PaymentMethod, PayOnActuals
from models.records.import_batch import CellMend, ImportBatch, ImportKind, ValueMend
from models.uploads import batch as uploads
from models.uploads import queue
from models.uploads.facts_mark import facts_now, stand_as_checked
from models.uploads.outcome import outcome_of
from tests.actual_factories import AFTER, MONDAY, make_hourly, make_rule, pays_on
from tests.care_factories import make_absence, make_client, make_deduction, make_price
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of, receive

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
BEFORE = MONDAY - timedelta(days=7)


@pytest.fixture
def agency():
    with as_on(AFTER):
        made = Agency()
        pays_on(made.contract, PayOnActuals.ALWAYS)
        yield made


def rows_of(agency):
    """Of two weeks: delivered, missed, not taken up in hospital, and one that is wrong."""
    earlier = f"{BEFORE:%d/%m/%Y}"
    return [
        agency.row(0), agency.short(1), agency.row(2, ActualQty="lots"), agency.row(0, WeekCommencing=earlier),
        agency.short(2, WeekCommencing=earlier, ReasonCode="HOSP"),
    ]  # fmt: skip


def upload(agency, *rows):
    with unit_of_work(agency.provider.id):
        return receive(agency, csv_of(*(rows or rows_of(agency))))


@contextmanager
def the_file(agency):
    with unit_of_work(agency.provider.id) as own:
        yield own.scalars(select(ImportBatch).order_by(ImportBatch.id)).first()


def stands(agency):
    with the_file(agency) as batch:
        return stand_as_checked(batch, agency.provider)


def begin_week(agency, *, confirm=False):
    with unit_of_work() as own:
        contract = own.scalars(select(Contract).where(Contract.id == agency.contract.id)).one()
        week = weeks.generate(contract, agency.level.service_id, MONDAY, by=agency.clerk)
        own.flush()
        if confirm and week.is_open:
            weeks.confirm(week, by=agency.clerk)


def reopen_week(agency):
    begin_week(agency, confirm=True)
    change(every(ActualWeek)[0], reopened_at=every(ActualWeek)[0].confirmed_at, reopened_by_id=agency.clerk.id)


def another_file(agency, row):
    """Applied, of the same week."""
    with unit_of_work(agency.provider.id):
        batch = receive(agency, csv_of(row), "other.csv")
        if batch.rows_good and not batch.rows_rejected:
            queue.apply_soon(batch, agency.provider, queue.Wish(batch.rows_good), by=agency.clerk)


def of_item(kind, agency, person=1):
    return next(each for each in every(kind) if each.item_id == agency.items[person].id)


def method(agency):
    return next(each for each in every(PaymentMethod) if each.contract_id == agency.contract.id)


def mend(agency, table, **more):
    by = {"provider_id": agency.provider.id, "made_by_id": agency.clerk.id}
    saved(table(**by, **more))


CHANGES = {
    "an item ends": lambda a: change(a.items[1], ends_on=MONDAY - timedelta(days=1)),
    "an item ends in the week": lambda a: change(a.items[1], ends_on=MONDAY + timedelta(days=2)),
    "an item is added": lambda a: make_hourly(a.contract, level=a.level, client_id=make_client().id),
    "an item begins later": lambda a: change(a.items[2], starts_on=MONDAY),
    "an item is authorised no more": lambda a: change(a.items[0], authorised_on=None),
    "a price goes up": lambda a: change(of_item(ItemPrice, a), rate_e4=240_000),
    "a price is added": lambda a: make_price(a.items[0], 250_000, starts_on=MONDAY + timedelta(days=3)),
    "a rate of the contract is added": lambda a: saved(ContractRate(
        provider_id=a.provider.id, contract_id=a.contract.id, service_level_id=a.level.id, starts_on=BEFORE,
        rate_e4=250_000)),
    "more is planned": lambda a: change(of_item(ItemQuantity, a), quantity_e4=15 * SCALE),
    "a stay in hospital": lambda a: make_absence(a.items[0], MONDAY, AFTER, 50),
    "a contribution": lambda a: make_deduction(a.items[0], 50_000),
    "extras are refused": lambda a: change(a.level, is_extra_allowed=False),
    "frustrated visits are paid": lambda a: change(a.level, is_frustrated_paid=True),
    "VAT is due": lambda a: change(a.level, vat_basis_points=2_000),
    "a rule warns": lambda a: make_rule(a.level.id, RuleKind.VISITS, warns_from=MONDAY),
    "a rule refuses": lambda a: make_rule(a.level.id, RuleKind.HOSPITAL_ONLY),
    "a rule closes the week": lambda a: make_rule(a.level.id, RuleKind.LATEST, value=0),
    "the plan is paid": lambda a: make_rule(a.level.id, RuleKind.PAID_ON_PLAN),
    "the contract ends": lambda a: change(a.contract, ends_on=MONDAY + timedelta(days=1)),
    "the contract pays the plan": lambda a: pays_on(a.contract, PayOnActuals.NEVER),
    "the method ends": lambda a: change(method(a), ends_on=BEFORE + timedelta(days=6)),
    "weeks begin on another day": lambda a: change(
        next(each for each in every(Calendar) if each.id == method(a).calendar_id),
        anchor_on=BEFORE + timedelta(days=1)),
    "a bank holiday moves a day": lambda a: saved(CalendarOverride(
        calendar_id=method(a).calendar_id, period_first_on=BEFORE, bank_on=AFTER)),
    "a client has another reference": lambda a: change(a.clients[0], reference=f"CX{a.provider.id}"),
    "the provider has another reference": lambda a: change(a.provider, reference=f"PX{a.provider.id}"),
    "somebody begins the week": begin_week,
    "somebody confirms the week": lambda a: begin_week(a, confirm=True),
    "a confirmed week is opened again": reopen_week,
    "another file fills the week": lambda a: another_file(a, a.row(0)),
    "another file says something else": lambda a: another_file(a, a.short(0)),
    "a value is mended everywhere": lambda a: mend(
        a, ValueMend, kind=ImportKind.ACTUALS, column="ActualQty", typed="lots", meant="14"),
    "a cell is mended": lambda a: mend(
        a, CellMend, batch_id=every(ImportBatch)[0].id, number=4, column="ActualQty", meant="14"),
}  # fmt: skip
"""By name: a fact that a check goes by."""
ELSEWHERE = (
    "a price goes up",
    "an item ends",
    "more is planned",
    "somebody confirms the week",
    "another file fills the week",
)
"""What can happen to another provider again and again."""


@pytest.mark.parametrize("name", CHANGES)
def test_a_check_is_not_believed_once_a_fact_has_changed(agency, name):
    upload(agency)
    assert stands(agency)
    CHANGES[name](agency)
    agency.provider = every(select(type(agency.provider)).where(type(agency.provider).id == agency.provider.id))[0]
    assert not stands(agency)


def test_a_check_is_believed_while_only_the_facts_of_another_provider_change(agency):
    other = Agency()
    upload(agency)
    upload(other)
    for name in ELSEWHERE:
        CHANGES[name](other)
    assert stands(agency)
    assert not stands(other)


def test_a_check_is_not_believed_the_day_after_or_with_other_columns(agency):
    upload(agency)
    with as_on(AFTER + timedelta(days=1)):
        assert not stands(agency)
    with the_file(agency) as batch:
        batch.columns = [*batch.columns[:-1], ""]
        assert not stand_as_checked(batch, agency.provider)
        session.rollback()
    assert stands(agency)


def tables_read(agency, act):
    """Names of the tables that the statements of `act` read."""
    found = set()

    def look(_connection, _cursor, statement, *_):
        found.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    with the_file(agency) as batch:
        bind = session.get_bind()
        event.listen(bind, "before_cursor_execute", look)
        try:
            act(batch)
        finally:
            event.remove(bind, "before_cursor_execute", look)
    return found


def test_a_check_reads_no_table_that_is_not_compared(agency):
    upload(agency)
    begin_week(agency)
    read = tables_read(agency, lambda batch: uploads.look(batch, agency.provider))
    compared = tables_read(agency, lambda batch: facts_now(batch, agency.provider, [MONDAY]))
    assert {"actual", "item_price", "calendar_override", "actual_rule", "value_mend"} <= read
    assert read - {"import_batch"} <= compared


def as_kept(batch):
    counts = batch.rows_new, batch.rows_changed, batch.rows_unchanged, batch.rows_rejected
    return batch.decided, batch.outcome, batch.pence, batch.planned_pence, batch.people, counts


def as_found(found):
    return (found.decided, outcome_of(found.rows), found.pence, found.planned_pence, found.people, found.counts)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_believed_is_what_a_check_would_say_whatever_happens(agency, seed):
    """Random changes of facts, one after the other; the check is kept anew where it is not believed."""
    chance, other = Random(seed), Agency()
    upload(agency)
    left = chance.sample(sorted(CHANGES), 8)
    while left:
        is_elsewhere = chance.random() < 0.3
        with suppress(DomainError):  # a week may be begun no more
            CHANGES[chance.choice(ELSEWHERE) if is_elsewhere else left.pop()](other if is_elsewhere else agency)
        with the_file(agency) as batch:
            provider = session.merge(agency.provider)
            session.refresh(provider)
            found = uploads.look(batch, provider)
            is_believed = stand_as_checked(batch, provider)
            assert is_believed or not is_elsewhere
            if is_believed:
                assert as_kept(batch) == as_found(found)
            uploads.keep(batch, found)
            assert stand_as_checked(batch, provider)


def filed(agency):
    """Of the agency's weeks, person by person: all that stands in the rows."""
    place = {item.id: at for at, item in enumerate(agency.items)}
    begun = {week.id: week for week in every(ActualWeek)}
    skipped = {"id", "week_id", "item_id", "provider_id", "changed_at", "changed_by_id"}
    names = [column.key for column in Actual.__table__.columns if column.key not in skipped]
    return sorted(
        (begun[row.week_id].first_on, place[row.item_id], begun[row.week_id].confirmations,
         [getattr(row, name) for name in names])
        for row in every(Actual) if row.item_id in place
    )  # fmt: skip


def press(agency, **wish):
    with unit_of_work(agency.provider.id) as own:
        found = own.scalars(select(ImportBatch).order_by(ImportBatch.id.desc())).first()
        return queue.apply_soon(found, agency.provider, queue.Wish(found.rows_good, **wish), by=agency.clerk)


def test_what_was_kept_is_written_as_a_new_check_would_write_it(agency, monkeypatch):
    """New and changed rows, words of any kind, days of the week, people whom the file leaves out, weeks confirmed."""
    others = Agency(4), Agency(4)
    for each in others:
        pays_on(each.contract, PayOnActuals.ALWAYS)
        begin_week(each)
        first = next(row for row in every(Actual) if row.item_id == each.items[0].id)
        change(first, by_day_e4=[2 * SCALE] * 7, comment="As every week")
        said = "Siân’s car\u2028broke “down”, 1\\2"
        earlier = f"{BEFORE:%d/%m/%Y}"
        upload(each, each.row(0, Comment="The same days"), each.short(1, Comment=said), each.row(2, ActualQty="lots"),
               each.short(2, WeekCommencing=earlier, ReasonCode="HOSP"), each.row(0, WeekCommencing=earlier),
               each.row(1, WeekCommencing=earlier), each.row(3, WeekCommencing=earlier))  # fmt: skip
    kept, anew = others
    wish = {"only_good": True, "confirms": True, "late_reason": "The file came late"}
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "look", lambda *_: pytest.fail("it is checked again"))
        told = press(kept, **wish)
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "look_again", uploads.look)
        assert press(anew, **wish) == told
    assert told.startswith("6 rows applied, £")
    assert "1 week confirmed" in told
    assert filed(kept) == filed(anew)
    assert [row[3][0] for row in filed(kept)] != []
    assert {row[2] for row in filed(kept)} == {0, 1}
    found = {(first_on, person): values for first_on, person, _, values in filed(kept)}
    assert any([2 * SCALE] * 7 in [value] for value in found[MONDAY, 0]), "its days stay"
    assert said in found[MONDAY, 1]
    rest = [(batch.state, [row[0] for row in batch.content.rows]) for batch in files_with_content()]
    assert rest[0] == rest[1]
    assert [numbers for _, numbers in rest] == [[4], [4]]


def files_with_content():
    with unit_of_work() as own:
        return [(batch, batch.content)[0] for batch in own.scalars(select(ImportBatch).order_by(ImportBatch.id))]


def test_what_another_check_has_kept_between_the_look_and_the_writing_is_not_applied(agency):
    batch = upload(agency, agency.row(0), agency.short(1))
    with the_file(agency) as found:
        assert queue.look(found, agency.provider, {"act": "apply"}) is None
        session.execute(
            update(ImportBatch).values(checked_as="another"), execution_options={"synchronize_session": False}
        )
        given = {"act": "apply", "wish": {"seen": 2, "checked_as": batch.checked_as}, "pence": batch.pence}
        assert queue.finish(found, agency.provider, None, given, by=agency.clerk) == queue.CHANGED
    assert not every(Actual)


def test_nothing_that_was_decided_is_kept_of_a_test_or_once_a_file_is_applied_or_discarded(agency):
    with unit_of_work(agency.provider.id):
        assert receive(agency, csv_of(*rows_of(agency)), is_test=True).decided is None
    upload(agency, agency.row(0))
    press(agency)
    upload(agency)
    with unit_of_work(agency.provider.id) as own:
        last = own.scalars(select(ImportBatch).order_by(ImportBatch.id.desc())).first()
        assert last.decided
        uploads.discard(last, by=agency.clerk)
    with unit_of_work() as own:
        assert own.scalars(select(ImportBatch.decided)).all() == [None, None, None]
