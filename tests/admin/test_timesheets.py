"""Timesheets at the council: the queues of scheme and finance, verifying, approving and returning, and who may not."""

import pytest

from models.permissions import CouncilRole, Role
from models.records.actual import ConfirmedActual
from models.records.provider import Provider
from models.records.timesheet import TimesheetState
from tests.factories import make_membership, make_staff
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.timesheet_factories import MAY, SharedLives

HOME = "/council/timesheets/"


@pytest.fixture
def lives(app, set_today):
    set_today(MAY)
    return SharedLives()


@pytest.fixture
def scheme(app, lives):
    return PortalClient(app).sign_in(lives.scheme)


@pytest.fixture
def finance(app, lives):
    return PortalClient(app).sign_in(lives.finance)


def test_what_waits_stands_in_the_queue_of_whoever_it_waits_for(lives, scheme, finance):
    sheet = lives.bring_to(TimesheetState.SENT)
    assert "Timesheets to verify" in scheme.get("/council/").words
    assert scheme.get(HOME).page.select_one(f"a[href='{HOME}{sheet.id}']")
    assert "No timesheet waits here" in finance.get(HOME).words
    lives.verify()
    assert "Timesheets to approve" in finance.get("/council/").words
    assert finance.get(HOME).page.select_one(f"a[href='{HOME}{sheet.id}']")
    assert "No timesheet waits here" in scheme.get(HOME).words


@pytest.mark.covers("S3-032")
def test_the_scheme_verifies_and_finance_approves(lives, scheme, finance):
    there = f"{HOME}{lives.bring_to(TimesheetState.SENT).id}"
    shown = scheme.get(there)
    assert "6 nights of 6 planned, about £273.36" in shown.words
    assert not finance.get(there).page.select(".acts form")
    finance.post(f"{there}/verify", status=403)
    scheme.post(f"{there}/approve", status=403)
    assert scheme.post(f"{there}/verify", status=303).location.endswith(HOME)
    assert "Approve, about £273.36" in finance.get(there).words
    finance.post(f"{there}/approve", status=303)
    assert len(every(ConfirmedActual)) == 3
    found = finance.get(there)
    for words in ("Sunita Thakkar", "Sam Scheme", "Fay Finance", "The week from Monday 27 April 2026"):
        assert words in found.words
    assert "it is approved" in finance.post(f"{there}/approve", status=409).words


@pytest.mark.parametrize(("state", "who", "path", "other"), [
    (TimesheetState.SENT, "scheme", "return", "return-verified"),
    (TimesheetState.VERIFIED, "finance", "return-verified", "return"),
])  # fmt: skip
def test_each_returns_what_waits_for_them_with_a_note(request, lives, state, who, path, other):
    there = f"{HOME}{lives.bring_to(state).id}"
    client = request.getfixturevalue(who)
    client.post(f"{there}/{other}", {"note": "No"}, status=403)
    assert "Say what is to be put right" in client.post(f"{there}/{path}", {"note": " "}, status=422).words
    client.post(f"{there}/{path}", {"note": "The 10th was at home"}, status=303)
    assert lives.sheet().state is TimesheetState.RETURNED
    again = client.post(f"{there}/{path}", {"note": "Once more"}, status=422)
    assert "it is returned" in again.words
    assert "Once more" in again.page.select_one("textarea").text


def test_nobody_decides_for_a_provider_of_their_own(app, lives):
    there = f"{HOME}{lives.bring_to(TimesheetState.SENT).id}"
    torn = make_staff(CouncilRole.BROKERAGE)
    make_membership(torn, Provider(id=lives.contract.provider_id), Role.CARER)
    client = PortalClient(app).sign_in(torn)
    assert "a colleague has to decide" in client.get(there).words
    client.post(f"{there}/verify", status=409)
    assert lives.sheet().state is TimesheetState.SENT


def test_the_next_is_one_press_away(lives, scheme):
    first = lives.bring_to(TimesheetState.SENT)
    second = SharedLives().bring_to(TimesheetState.SENT)
    assert first.provider_id != second.provider_id
    there = f"{HOME}{first.id}"
    assert scheme.get(there).page.select_one("[data-next-key]")["href"].endswith(f"/{second.id}")
    assert scheme.post(f"{there}/verify", status=303).location.endswith(f"/{second.id}")


def test_the_list_is_filtered_sorted_and_downloaded(lives, finance):
    lives.bring_to(TimesheetState.APPROVED)
    assert "1 timesheet" in finance.get(f"{HOME}?show=&sort=-units").words
    assert "Take a filter away" in finance.get(f"{HOME}?show=&name=nobody").words
    finance.get(f"{HOME}?show=nonsense", status=422)
    line = finance.get(f"{HOME}data.csv?show=approved").text.splitlines()[1]
    assert ",01/04/2026,Approved,1,6.00," in line
    finance.get(f"{HOME}data.xlsx?show=approved")


def test_a_draft_is_not_listed(lives, finance):
    lives.fill()
    assert "No timesheet waits here" in finance.get(f"{HOME}?show=").words


def test_the_help_desk_sees_none(app, lives):
    PortalClient(app).sign_in(make_staff(CouncilRole.HELP_DESK)).get(HOME, status=403)
