"""Files of workers and visits: what is read, which line item a visit is allotted to, and what cannot both be."""

from datetime import date

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.care.from_visits import take_visits
from models.care.weeks import confirm, correct
from models.money import SCALE
from models.pricing import Convention, Unit
from models.records.actual import ActualWeek
from models.records.contract import Contract
from models.records.import_batch import ImportBatch, ImportKind, ImportRow
from models.records.visit import Carer, Visit
from models.uploads import queue
from tests.actual_factories import AFTER, MONDAY
from tests.care_factories import make_client, make_item, make_service_level
from tests.support.rows import every, unit_of_work
from tests.support.runs import change
from tests.support.uploads import Agency, csv_of, faults_of, make_person, receive

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
VISIT = ("VisitRef", "SSRef", "VisitDate", "ActualStart", "ActualEnd", "CarerID", "Outcome", "CPLIRef", "ServiceLevel")
DAY = "22/04/2026"


@pytest.fixture
def agency():
    with as_on(AFTER):
        made = Agency(2)
        applied(made, upload(made, ["W1", "Ann"], ["W2", "Ben"], kind=ImportKind.CARERS))
        yield made


def upload(agency, *rows, kind=ImportKind.VISITS, headings=None):
    headings = headings or (VISIT if kind is ImportKind.VISITS else ("CarerID", "FirstName", "StartDate", "EndDate",
                                                                     "Active"))  # fmt: skip
    with unit_of_work(agency.provider.id):
        return receive(agency, csv_of(*rows, headings=headings), kind=kind)


def applied(agency, batch):
    with unit_of_work(agency.provider.id) as own:
        found = own.scalars(select(ImportBatch).where(ImportBatch.id == batch.id)).one()
        queue.apply_soon(found, agency.provider, queue.Wish(found.rows_good), by=agency.clerk)


def visit(agency, reference="V1", person=0, **given):
    client = given.pop("client", None) or agency.clients[person].reference
    usual = {"VisitRef": reference, "SSRef": client, "VisitDate": DAY, "ActualStart": "08:00", "ActualEnd": "09:00",
             "CarerID": "W1", "Outcome": "Delivered"}  # fmt: skip
    return [(usual | given).get(name, "") for name in VISIT]


def test_workers_are_added_then_changed_and_the_same_file_again_changes_nothing(agency):
    rows = ["W1", "Ann"], ["W3", "Cleo", "01/03/2026", "", "No"]
    batch = upload(agency, *rows, kind=ImportKind.CARERS)
    assert (batch.rows_new, batch.rows_changed, batch.rows_unchanged) == (1, 0, 1)
    applied(agency, batch)
    assert upload(agency, *rows, kind=ImportKind.CARERS).rows_unchanged == 2
    applied(agency, upload(agency, ["W1", "Anna"], kind=ImportKind.CARERS))
    found = {each.reference: each for each in every(Carer)}
    assert (found["W1"].first_name, found["W3"].starts_on, found["W3"].is_active) == ("Anna", date(2026, 3, 1), False)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["", "Ann"], "E101"), (["W" * 51, "Ann"], "E101"), (["W9", "Ann", "soon"], "E030"),
        (["W9", "Ann", "02/03/2026", "01/03/2026"], "E103"), (["W9", "Ann", "", "", "perhaps"], "E104"),
    ],
)  # fmt: skip
def test_a_worker_with_a_fault_is_rejected(agency, row, code):
    assert upload(agency, row, kind=ImportKind.CARERS).rows_rejected == 1
    assert [codes[0] for codes in faults_of().values()] == [code]


def test_a_visit_is_kept_with_its_minutes_and_its_line_item(agency):
    batch = upload(agency, visit(agency))
    assert (batch.rows_new, batch.people) == (1, 1)
    applied(agency, batch)
    [made] = every(Visit)
    assert (made.minutes, made.item_id, made.day) == (60, agency.items[0].id, date(2026, 4, 22))
    assert upload(agency, visit(agency)).rows_unchanged == 1
    applied(agency, upload(agency, visit(agency, ActualEnd="09:30")))
    assert every(Visit)[0].minutes == 90


@pytest.mark.parametrize(
    ("day", "begins", "ends", "minutes"),
    [
        ("25/10/2026", "00:30", "02:30", 180), ("29/03/2026", "00:30", "02:30", 60),
        ("22/04/2026", "22:00", "06:00", 480), ("22/04/2026", "22:00", "24:00", 120),
        ("25/10/2026", "01:50", "01:10", 20),
    ],
)  # fmt: skip
def test_minutes_are_counted_by_instants(agency, day, begins, ends, minutes):
    """next.md 29: the nights on which clocks change; and a night across midnight belongs to the day it begins."""
    with as_on(date(2026, 11, 2)):
        applied(agency, upload(agency, visit(agency, VisitDate=day, ActualStart=begins, ActualEnd=ends)))
    [made] = every(Visit)
    assert (made.minutes, f"{made.day:%d/%m/%Y}") == (minutes, day)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"VisitRef": ""}, "E101"), ({"SSRef": "C0"}, "E111"), ({"CarerID": "W9"}, "E112"), ({"VisitDate": ""}, "E030"),
        ({"VisitDate": "28/04/2026"}, "E032"), ({"ActualEnd": ""}, "E113"), ({"ActualEnd": "08:00"}, "E114"),
        ({"ActualStart": "25:00"}, "E070"), ({"Outcome": "delivered"}, "E116"), ({"Outcome": ""}, "E116"),
        ({"CPLIRef": "X"}, "E020"),
    ],
)  # fmt: skip
def test_a_visit_with_a_fault_is_rejected(agency, given, code):
    batch = upload(agency, visit(agency, **given))
    assert (batch.rows_rejected, [codes[0] for codes in faults_of().values()]) == (1, [code])


def test_a_line_item_of_another_client_is_no_line_item_of_the_visit(agency):
    upload(agency, visit(agency, CPLIRef=agency.items[1].reference))
    assert faults_of() == {2: ["E023"]}


def test_one_worker_at_two_places_at_once_is_told_at_both_rows(agency):
    """next.md 30."""
    batch = upload(agency, visit(agency, "V1"), visit(agency, "V2", 1, ActualStart="08:59", ActualEnd="10:00"))
    assert (batch.rows_new, faults_of()) == (2, {2: ["W140"], 3: ["W140"]})


def test_a_visit_that_begins_when_the_one_before_ends_is_none(agency):
    upload(agency, visit(agency, "V1"), visit(agency, "V2", 1, ActualStart="09:00", ActualEnd="10:00"))
    assert faults_of() == {}


def test_a_visit_twice_is_told_also_where_the_first_is_there_already(agency):
    applied(agency, upload(agency, visit(agency, "V1")))
    batch = upload(agency, visit(agency, "V2"))
    assert (batch.rows_new, faults_of()) == (1, {2: ["W141"]})


def test_a_visit_without_commissioned_care_waits_unallocated(agency):
    """next.md 30: kept, and counted."""
    batch = upload(agency, visit(agency, ServiceLevel="Gardening"))
    assert (batch.rows_new, faults_of()) == (1, {2: ["W142"]})
    applied(agency, batch)
    assert every(Visit)[0].item_id is None


def test_of_two_line_items_the_one_whose_plan_of_the_day_is_nearest_is_chosen(agency):
    """On a Wednesday one has two hours planned, the other half an hour; a tie is for a person to decide."""
    client = make_client()
    long, short = (
        make_person(agency, client, [0, 0, 2 * SCALE, 0, 0, 0, 0]),
        make_person(agency, client, [0, 0, SCALE // 2, 0, 0, 0, 0]),
    )
    rows = [
        visit(agency, "V1", client=client.reference, ActualEnd="09:50"),
        visit(agency, "V2", client=client.reference, ActualStart="10:00", ActualEnd="10:30"),
        visit(agency, "V3", client=client.reference, ActualStart="11:00", ActualEnd="12:15"),
    ]
    applied(agency, upload(agency, *rows))
    assert {each.reference: each.item_id for each in every(Visit)} == {"V1": long.id, "V2": short.id, "V3": None}


def test_a_visit_before_the_line_item_begins_is_not_allotted_to_it(agency):
    client = make_client()
    late = make_person(agency, client, None, starts_on=date(2026, 4, 23))
    rows = (
        visit(agency, "V1", client=client.reference),
        visit(agency, "V2", client=client.reference, VisitDate="23/04/2026"),
    )
    applied(agency, upload(agency, *rows))
    assert {each.reference: each.item_id for each in every(Visit)} == {"V1": None, "V2": late.id}


def test_a_line_item_that_is_not_paid_for_the_day_is_refused_in_its_cell(agency):
    """Its last day is not paid: a visit of that day would come into no week."""
    client, level = make_client(), make_service_level(unit=Unit.HOUR, convention=Convention.EXCLUDE_LAST)
    item = make_item(
        agency.contract, client_id=client.id, service_level_id=level.id, starts_on=date(2026, 4, 20),
        ends_on=date(2026, 4, 22),
    )  # fmt: skip
    own = {"client": client.reference, "CPLIRef": item.reference}
    rows = [visit(agency, f"V{day}", VisitDate=f"{day}/04/2026", **own) for day in (19, 20, 21, 22)]
    batch = upload(agency, *rows)
    assert (batch.rows_new, faults_of()) == (2, {2: ["E022"], 5: ["E022"]})


def test_a_visit_keeps_what_it_was_allotted_to_by_hand_while_that_is_paid_for_its_day(agency):
    client = make_client()
    first = make_person(agency, client, None, ends_on=date(2026, 4, 22))
    second = make_person(agency, client, None)
    applied(agency, upload(agency, visit(agency, "V1", client=client.reference)))
    change(every(Visit)[0], item_id=first.id)
    applied(agency, upload(agency, visit(agency, "V1", client=client.reference, ActualEnd="09:15")))
    assert every(Visit)[0].item_id == first.id
    applied(agency, upload(agency, visit(agency, "V1", client=client.reference, VisitDate="23/04/2026")))
    assert every(Visit)[0].item_id == second.id


def test_no_file_takes_a_visit_out_of_a_confirmed_week_in_which_it_counts(agency):
    """It would be paid there, and where it comes to once more."""
    other = make_person(agency, agency.clients[0], None)
    own = agency.items[0].reference
    applied(agency, upload(agency, visit(agency, CPLIRef=own)))
    with unit_of_work(agency.provider.id) as session:
        contract = session.get(Contract, agency.contract.id)
        take_visits(contract, agency.level.service_id, MONDAY, by=agency.clerk)
        confirm(session.scalars(select(ActualWeek)).one(), by=agency.clerk)
    moved = (
        ("CPLIRef", {"CPLIRef": other.reference}),
        ("VisitDate", {"VisitDate": "19/04/2026"}), ("", {"VisitDate": "20/04/2026"}),
        ("", {"VisitDate": "26/04/2026"}), ("VisitDate", {"VisitDate": "27/04/2026"}),
    )  # fmt: skip
    for column, given in moved:  # the column that is told
        batch = upload(agency, visit(agency, **{"CPLIRef": own} | given))
        assert (batch.rows_rejected, batch.rows_changed) == ((1, 0) if column else (0, 1)), given
        faults = {
            (fault.code, fault.column) for row in every(ImportRow) for fault in row.faults if row.batch_id == batch.id
        }
        assert ({("E119", column)} if column else set()) == {each for each in faults if each[0] == "E119"}
    with unit_of_work(agency.provider.id) as session:
        correct(session.scalars(select(ActualWeek)).one(), by=agency.clerk)
    applied(agency, upload(agency, visit(agency, CPLIRef=other.reference)))
    assert every(Visit)[0].item_id == other.id


def test_a_missed_visit_has_no_minutes(agency):
    applied(agency, upload(agency, visit(agency, Outcome="Missed", ActualStart="", ActualEnd="")))
    assert (every(Visit)[0].minutes, every(ImportRow)) == (0, [])
