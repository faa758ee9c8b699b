"""The council's list of people, as a page and as a file."""

import csv
import io

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import utc_now
from models.permissions import Role
from tests.admin.people.accounts import LIST, at
from tests.factories import make_membership, make_provider, make_user
from tests.support.rows import every


def rows_of(answer):
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("#people tbody tr")]


@pytest.mark.postgres
def test_the_list_is_searched_and_filtered_by_the_address(administrator, dawn, provider):
    robin = make_user(Role.FINANCE, provider, name="Robin Marsh", last_login_at=utc_now())
    for _ in range(3):
        make_membership(robin, make_provider(), Role.VIEWER)
    everything = administrator.get(LIST)
    assert len(rows_of(everything)) == 3
    [row] = rows_of(administrator.get(LIST + "?role=finance"))
    assert "Robin Marsh" in row
    assert "and 2 more" in row
    assert "Active" in row
    assert rows_of(administrator.get(LIST + "?state=active")) == [row]
    assert "Council: systems administrator" in rows_of(administrator.get(LIST + "?name=archer"))[0]
    assert "Nobody is like that" in administrator.get(LIST + "?name=100%25").words
    part = administrator.get(LIST + "?kind=care_home", htmx=True)
    assert part.page.select_one("#people")["data-announce"] == "0 people found"
    assert "Choose a state from the list" in administrator.get(LIST + "?state=strange", status=422).words


def test_the_list_and_a_person_take_the_same_number_of_queries_however_many_there_are(administrator, dawn, provider):
    few, one = administrator.get(LIST), administrator.get(at(dawn))
    for _ in range(12):
        make_membership(make_user(Role.FINANCE, provider), make_provider())
        make_membership(dawn, make_provider())
    assert len(administrator.get(LIST).reads) == len(few.reads)
    assert len(administrator.get(at(dawn)).reads) == len(one.reads)


def test_a_long_list_has_pages(administrator, provider):
    for n in range(51):
        make_user(Role.VIEWER, provider, name=f"Person {n:02}")
    assert len(rows_of(administrator.get(LIST + "?role=viewer"))) == 50
    assert "Person 50" in rows_of(administrator.get(LIST + "?role=viewer&page=2"))[0]


def test_the_list_is_a_file_too_with_a_row_for_each_place(administrator, dawn, provider):
    make_membership(dawn, make_provider(name="=Rowan"), Role.VIEWER)
    text = administrator.get(LIST + "data.csv?name=dawn").response.get_data(as_text=True).removeprefix("\ufeff")
    heading, *rows = csv.reader(io.StringIO(text))
    found = [dict(zip(heading, row, strict=True)) for row in rows]
    assert [(row["Name"], row["Provider"], row["Role"]) for row in found] == [
        ("Dawn Stockton", "'=Rowan", "Viewer"),
        ("Dawn Stockton", provider.name, "Carer"),
    ]
    administrator.get(LIST + "data.csv?state=strange", status=422)
    [event] = every(select(AuditEvent).where(AuditEvent.action == "people.exported"))
    assert event.user_id == administrator.user.id
