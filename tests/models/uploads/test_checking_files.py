"""Files of actuals, checked and applied: what becomes of each row, and what is said of it at its cell."""

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import as_on
from models.care import weeks
from models.care.figures import Figures
from models.money import SCALE
from models.records.actual import Actual, ActualWeek, Origin
from models.records.care_package import ItemPrice
from models.records.contract import Contract, PayOnActuals
from models.records.import_batch import CellMend, ImportBatch, ImportRow, ImportState, ValueMend
from models.uploads import batch as uploads
from models.uploads import mending, queue
from tests.actual_factories import AFTER, MONDAY, pays_on
from tests.support.rows import every, unit_of_work
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of, faults_of, receive

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def agency():
    with as_on(AFTER):
        yield Agency()


def upload(agency, *rows, **given):
    with unit_of_work(agency.provider.id):
        return receive(agency, csv_of(*rows), **given)


def again(agency, batch, act):
    """Do something with the batch in a transaction of its own."""
    with unit_of_work(agency.provider.id) as own:
        found = own.scalars(select(ImportBatch).where(ImportBatch.id == batch.id)).one()
        act(found)
        own.flush()
    return found


def applied(agency, batch, *, only_good=False):
    return again(agency, batch, lambda found: queue.apply_soon(
        found, agency.provider, queue.Wish(found.rows_good, only_good), by=agency.clerk))  # fmt: skip


def test_new_rows_are_counted_and_applied_with_one_event_that_carries_the_hash(agency):
    batch = upload(agency, agency.row(0), agency.short(1))
    assert (batch.rows_read, batch.rows_new, batch.rows_changed, batch.rows_rejected) == (2, 2, 0, 0)
    assert not every(Actual), "checking writes nothing"
    done = applied(agency, batch)
    assert done.state is ImportState.APPLIED
    assert done.content is None
    assert done.rows_applied == 2
    rows = {row.item_id: row for row in every(Actual)}
    short = rows[agency.items[1].id]
    assert (short.actual_e4, short.missed_e4, short.origin) == (13 * SCALE, SCALE, Origin.FILE)
    assert rows[agency.items[2].id].actual_e4 == 14 * SCALE, "who is not in the file stands as planned"
    (event,) = every(select(AuditEvent).where(AuditEvent.action == "upload.applied"))
    assert (event.detail["rows"], event.detail["sha256"]) == (2, batch.sha256)


@pytest.mark.covers("S3-010")
def test_the_same_file_again_has_nothing_new(agency):
    rows = agency.row(0), agency.short(1)
    applied(agency, upload(agency, *rows))
    batch = upload(agency, *rows)
    assert (batch.rows_new, batch.rows_changed, batch.rows_unchanged) == (0, 0, 2)
    with pytest.raises(DomainError, match="Nothing in this file is new"):
        applied(agency, batch)
    with unit_of_work(agency.provider.id) as own:
        assert [each.sha256 for each in own.scalars(batch.earlier_same())] == [batch.sha256]


def test_a_row_that_says_something_else_is_changed(agency):
    applied(agency, upload(agency, agency.row(0)))
    batch = upload(agency, agency.short(0))
    assert (batch.rows_new, batch.rows_changed) == (0, 1)
    applied(agency, batch)
    row = next(each for each in every(Actual) if each.item_id == agency.items[0].id)
    assert (row.actual_e4, row.version) == (13 * SCALE, 2)


def test_of_a_thousand_rows_with_one_bad_999_are_applied_and_one_is_kept(agency):
    """In small: next.md 33. What is read is what is applied and what is left."""
    batch = upload(agency, agency.row(0), agency.row(1), agency.row(2, ActualQty="lots"))
    with pytest.raises(DomainError, match="1 row must be put right first, or left for later"):
        applied(agency, batch)
    assert not every(Actual)
    done = applied(agency, batch, only_good=True)
    assert done.state is ImportState.PART_APPLIED
    assert done.rows_read == done.rows_applied + done.rows_rejected == 3
    assert faults_of() == {4: ["E050"]}
    again(agency, batch, lambda found: mending.mend(found, {(4, "ActualQty"): "14"}, by=agency.clerk))
    checked = again(agency, batch, lambda found: uploads.check(found, agency.provider))
    assert checked.rows_rejected == 0, "the week that was begun has the row as planned already"
    assert (checked.state, checked.rows_unchanged) == (ImportState.PART_APPLIED, 1)


@pytest.mark.parametrize(
    ("given", "code", "column", "suggestion"),
    [
        ({"CPLIRef": "nobody"}, "E020", "CPLIRef", None),
        ({"CPLIRef": ""}, "E020", "CPLIRef", None),
        ({"WeekCommencing": ""}, "E030", "WeekCommencing", None),
        ({"WeekCommencing": "soon"}, "E030", "WeekCommencing", None),
        ({"WeekCommencing": "29/02/2026"}, "E030", "WeekCommencing", None),
        ({"WeekCommencing": "04/20/2026"}, "E030", "WeekCommencing", "20/04/2026"),
        ({"WeekCommencing": "21/04/2026"}, "E031", "WeekCommencing", "20/04/2026"),
        ({"WeekCommencing": "04/05/2026"}, "E032", "WeekCommencing", None),
        ({"WeekCommencing": "21/01/2019"}, "E034", "WeekCommencing", None),
        ({"WeekCommencing": "05/01/2026"}, "E034", "WeekCommencing", None),
        ({"ActualQty": ""}, "E050", "ActualQty", None),
        ({"ActualQty": "1e400"}, "E050", "ActualQty", None),
        ({"ActualQty": "13,25"}, "E050", "ActualQty", "13.25"),
        ({"ActualQty": "13:15"}, "E050", "ActualQty", "13.25"),
        ({"ActualQty": "14 hrs"}, "E050", "ActualQty", "14"),
        ({"ActualQty": "1O"}, "E050", "ActualQty", "10"),
        ({"ActualQty": "nil"}, "E050", "ActualQty", "0"),
        ({"ActualQty": "400"}, "E050", "ActualQty", None),
        ({"ActualQty": "99999999"}, "E050", "ActualQty", None),
        ({"ActualQty": "13.1", "Comment": "x"}, "E051", "ActualQty", None),
        ({"ActualQty": "-1"}, "E052", "ActualQty", None),
        ({"ActualQty": "(2)"}, "E050", "ActualQty", "-2"),
        ({"MissedQty": "1", "ActualQty": "13", "Comment": "x"}, "E060", "ReasonCode", None),
        ({"ReasonCode": "Hosp"}, "E060", "ReasonCode", "HOSP"),
        ({"ReasonCode": "in hospital"}, "E060", "ReasonCode", "HOSP"),
        ({"ReasonCode": "aliens"}, "E060", "ReasonCode", None),
        ({"ActualQty": "13"}, "E061", "Comment", None),
    ],
)
def test_a_row_with_a_fault_is_rejected_at_its_cell(agency, given, code, column, suggestion):
    batch = upload(agency, agency.row(0, **given))
    assert (batch.rows_rejected, batch.rows_new) == (1, 0)
    (row,) = every(ImportRow)
    fault = next(each for each in row.faults if each.is_error)
    assert (fault.code, fault.column, fault.suggestion) == (code, column, suggestion)


def test_a_day_that_was_turned_round_is_said_in_words(agency):
    """next.md 35, where weeks begin on a Monday."""
    with as_on(AFTER.replace(month=10, day=1)):
        batch = upload(agency, agency.row(0, WeekCommencing="09/07/2026"))
    assert batch.rows_rejected == 1
    (fault,) = every(ImportRow)[0].faults
    assert fault.text == "9 July 2026 is a Thursday. Did you mean 7 September 2026?"
    assert fault.suggestion == "07/09/2026"


def test_both_rows_of_a_person_who_stands_twice_are_rejected(agency):
    batch = upload(agency, agency.row(0), agency.row(1), agency.short(0))
    assert (batch.rows_new, batch.rows_rejected) == (1, 2)
    assert faults_of() == {2: ["E070"], 4: ["E070"]}


def test_a_row_that_needs_the_council_is_taken_and_told(agency):
    batch = upload(agency, agency.row(0, ActualQty="16", Comment="A bad night"))
    assert (batch.rows_new, batch.rows_rejected) == (1, 0)
    assert faults_of() == {2: ["X200", "W120"]}


def test_a_template_older_than_a_change_is_noticed_row_by_row(agency):
    applied(agency, upload(agency, agency.row(0), agency.row(1)))
    applied(agency, upload(agency, agency.short(0)))
    batch = upload(agency, agency.row(0, ActualQty="12", Comment="x", RowVersion="1"), agency.short(1, RowVersion="1"))
    assert (batch.rows_changed, batch.rows_rejected) == (1, 1)
    (row,) = [each for each in every(ImportRow) if each.is_rejected]
    fault = next(each for each in row.faults if each.is_error)
    assert (fault.code, fault.suggestion) == ("W110", "2")
    again(agency, batch, lambda found: mending.mend(found, {(2, "RowVersion"): "2"}, by=agency.clerk))
    checked = again(agency, batch, lambda found: uploads.check(found, agency.provider))
    assert (checked.rows_changed, checked.rows_rejected) == (2, 0)


def test_a_confirmed_week_takes_no_other_figures(agency):
    applied(agency, upload(agency, agency.row(0)))
    with unit_of_work(agency.provider.id) as own:
        weeks.confirm(own.scalars(select(ActualWeek)).one(), by=agency.clerk)
    batch = upload(agency, agency.short(0), agency.row(1))
    assert (batch.rows_rejected, batch.rows_unchanged) == (1, 1)
    assert faults_of() == {2: ["E080"]}


def test_what_changed_between_look_and_press_is_not_applied(agency):
    batch = upload(agency, agency.row(0), agency.row(1))
    with unit_of_work() as own:
        contract = own.scalars(select(Contract).where(Contract.id == agency.contract.id)).one()
        weeks.generate(contract, agency.level.service_id, MONDAY, by=agency.clerk)
    found = applied(agency, batch)
    assert (found.state, found.rows_new, found.rows_unchanged) == (ImportState.CHECKED, 0, 2), "what stands now is kept"


def test_one_press_makes_all_hosp_one_press_undoes_and_the_next_file_remembers(agency):
    """next.md 36."""
    away = {"ActualQty": "0", "MissedQty": "14", "ReasonCode": "Hosp", "Comment": "In hospital"}
    batch = upload(agency, agency.row(0, **away), agency.row(1, **away))
    assert batch.rows_rejected == 2
    again(agency, batch, lambda found: mending.mend_everywhere(found, "ReasonCode", "Hosp", "HOSP", by=agency.clerk))
    assert again(agency, batch, lambda found: uploads.check(found, agency.provider)).rows_new == 2
    assert upload(agency, agency.row(2, **away)).rows_new == 1, "the next file is mended by itself"
    with unit_of_work(agency.provider.id) as own:
        mending.forget(own.scalars(select(ValueMend)).one(), by=agency.clerk)
    assert again(agency, batch, lambda found: uploads.check(found, agency.provider)).rows_rejected == 2


def test_a_test_upload_is_checked_alike_and_never_applied(agency):
    batch = upload(agency, agency.row(0), is_test=True)
    assert batch.rows_new == 1
    with pytest.raises(DomainError, match="as a test"):
        applied(agency, batch)
    assert not every(Actual)


def test_a_discarded_file_keeps_nothing_of_its_cells(agency):
    batch = upload(agency, agency.row(0, ActualQty="lots"))
    again(agency, batch, lambda found: mending.mend(found, {(2, "ActualQty"): "more"}, by=agency.clerk))
    again(agency, batch, lambda found: uploads.discard(found, by=agency.clerk))
    (found,) = every(ImportBatch)
    assert found.state is ImportState.DISCARDED
    assert not every(ImportRow)
    assert not every(CellMend)
    with pytest.raises(DomainError, match="applied or discarded already"):
        again(agency, batch, lambda again_: uploads.discard(again_, by=agency.clerk))


def test_another_provider_s_line_item_is_not_found(agency):
    other = Agency(1)
    batch = upload(agency, other.row(0))
    assert (batch.rows_rejected, faults_of()) == (1, {2: ["E020"]})


def test_figures_keep_their_days_where_the_sum_is_the_same(agency):
    """Of a week that came from visits: what is exported imports again unchanged."""
    applied(agency, upload(agency, agency.row(0)))
    with unit_of_work(agency.provider.id) as own:
        week = own.scalars(select(ActualWeek)).one()
        by_day = (2 * SCALE,) * 7
        weeks.change(week, {agency.items[0].id: (Figures(14 * SCALE, by_day_e4=by_day), None)}, by=agency.clerk)
    assert upload(agency, agency.row(0)).rows_unchanged == 1


def test_the_money_is_known_before_anything_is_applied(agency):
    """next.md 31: 13.25 hours at £23.10 are £306.08, and the plan of 14 is £323.40."""
    pays_on(agency.contract, PayOnActuals.ALWAYS)
    less = agency.row(1, ActualQty="13.25", MissedQty="0.75", ReasonCode="STAFF", Comment="Late on Friday")
    batch = upload(agency, agency.row(0), less, agency.row(2, ActualQty="lots"))
    assert (batch.pence, batch.planned_pence, batch.people) == (323_40 + 306_08, 2 * 323_40, 2)
    assert batch.less_pence == 17_32
    applied(agency, batch, only_good=True)
    assert every(ImportBatch)[0].pence == 323_40 + 306_08, "what was applied is what was shown"


def test_a_price_that_changed_since_the_look_stops_the_press(agency):
    pays_on(agency.contract, PayOnActuals.ALWAYS)
    batch = upload(agency, agency.row(0))
    for price in every(ItemPrice):
        change(price, rate_e4=240_000)
    found = applied(agency, batch)
    assert not every(Actual)
    assert (found.state, found.pence) == (ImportState.CHECKED, 336_00), "the next look shows the sum of now"
    applied(agency, found)
    assert len(every(Actual)) == 3


def test_where_the_contract_pays_by_plan_a_file_pays_the_plan(agency):
    batch = upload(agency, agency.short(0))
    assert (batch.pence, batch.planned_pence) == (323_40, 323_40)
