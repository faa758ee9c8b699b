"""Visits as a provider sees them: the list, those without a line item, and the weeks that they make."""

import io

import pytest

from models.permissions import Role
from models.records.actual import Actual, Origin
from models.records.import_batch import ImportBatch
from models.records.visit import Visit
from tests.actual_factories import AFTER
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.uploads import Agency, csv_of

VISIT = ("VisitRef", "SSRef", "VisitDate", "ActualStart", "ActualEnd", "CarerID", "Outcome", "ServiceLevel")


@pytest.fixture
def agency(app, set_today):
    set_today(AFTER)
    return Agency(2)


@pytest.fixture
def clerk(app, agency):
    """Who has uploaded a worker, a visit with a line item and one without."""
    made = PortalClient(app).sign_in(agency.clerk)
    send(made, agency, "carers", csv_of(["W1"], headings=["CarerID"]), 1)
    row = ["V1", agency.clients[0].reference, "22/04/2026", "08:00", "09:00", "W1", "Delivered", ""]
    send(made, agency, "visits", csv_of(row, ["V2", *row[1:3], "10:00", "11:00", *row[5:7], "Gardening"],
                                        headings=VISIT), 2)  # fmt: skip
    return made


def send(client, agency, kind, content, count):
    place = f"/providers/{agency.provider.id}/uploads/"
    there = client.post(place, {"kind": kind, "file": (io.BytesIO(content), "a.csv")}, status=303).location
    client.post(f"{there}/apply", {"seen": str(count)}, status=303)


def at(agency, path=""):
    return f"/providers/{agency.provider.id}/visits/{path}"


def test_visits_are_listed_and_those_without_a_line_item_wait(agency, clerk):
    page = clerk.get(at(agency), status=200)
    assert "1 visit has no line item" in page.words
    assert page.words.count("08:00") == 1
    waiting = clerk.get(at(agency, "?show=unallocated"), status=200)
    assert "08:00" not in waiting.words
    assert "10:00" in waiting.words
    assert "V2" in clerk.get(at(agency, "data.csv?show=unallocated"), status=200).text


def test_a_file_of_visits_that_is_applied_leads_on_to_the_visits(agency, clerk):
    [batch] = [each for each in every(ImportBatch) if each.kind.is_visits]
    page = clerk.get(f"/providers/{agency.provider.id}/uploads/{batch.id}")
    [link] = [each for each in page.page.select("main a") if "take weeks from them" in each.get_text()]
    assert link["href"] == at(agency)


def test_a_visit_is_allotted_by_hand(agency, clerk):
    visit = next(each for each in every(Visit) if each.item_id is None)
    there = at(agency, f"{visit.id}/allot")
    assert agency.items[0].reference in clerk.get(there, status=200).words
    clerk.post(there, {"item": str(agency.items[1].id)}, status=422)
    clerk.post(there, {"item": str(agency.items[0].id)}, status=303)
    assert all(each.item_id == agency.items[0].id for each in every(Visit))
    assert "Every visit has a line item" in clerk.get(at(agency, "?show=unallocated"), status=200).words


def test_a_week_is_taken_from_its_visits(agency, clerk):
    page = clerk.get(at(agency), status=200)
    done = clerk.submit(page, action=at(agency, "take"), form="td form")
    words = clerk.get(done.location, status=200).words
    assert "1 row taken from visits. Review and confirm the week. 1 row without a visit is as planned" in words
    assert {row.origin for row in every(Actual)} == {Origin.VISITS, Origin.FORM}


def test_a_week_without_visits_says_so(agency, clerk):
    said = {"contract": agency.contract.reference, "service": str(agency.level.service_id), "first": "2026-04-13"}
    answer = clerk.post(at(agency, "take"), said, status=422)
    assert any("No visits of this week are allotted" in error for error in answer.errors)
    clerk.post(at(agency, "take"), said | {"first": "soon"}, status=422)


def test_another_providers_visits_do_not_exist(app, agency, clerk):
    other = Agency(1)
    stranger = PortalClient(app).sign_in(other.clerk)
    stranger.get(at(other, f"{every(Visit)[0].id}/allot"), status=404)
    said = {"contract": agency.contract.reference, "service": "1", "first": "2026-04-20"}
    stranger.post(at(other, "take"), said, status=404)


def test_who_only_views_sees_visits_and_changes_none(app, agency, clerk):
    viewer = PortalClient(app).sign_in(make_user(Role.VIEWER, agency.provider))
    page = viewer.get(at(agency), status=200)
    assert "Take from visits" not in page.words
    viewer.get(at(agency, f"{every(Visit)[0].id}/allot"), status=403)
