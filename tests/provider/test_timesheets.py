"""Timesheets on the provider's pages: months, the grid of days, reasons, sending, taking back; and who may not."""

from datetime import date

import pytest

from models.money import SCALE
from models.permissions import Role
from models.records.actual import AbsenceReason, ConfirmedActual
from models.records.provider import Provider, ProviderKind
from models.records.timesheet import Timesheet, TimesheetDay, TimesheetState
from tests.factories import make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.timesheet_factories import MAY, SharedLives

FRIDAY = date(2026, 4, 10)


@pytest.fixture
def lives(app, set_today):
    set_today(MAY)
    return SharedLives()


@pytest.fixture
def carer(app, lives):
    return PortalClient(app).sign_in(lives.carer)


def home(lives) -> str:
    return f"/providers/{lives.contract.provider_id}/timesheets/"


def cell(lives, day: date, units_e4: int) -> dict[str, str]:
    return {"day": f"{lives.item.id}:{day}:{units_e4}"}


def buttons(page) -> dict[str, str]:
    """What each day says, by its id."""
    return {each["id"]: each.text for each in page.select("#sheet button[name=day]")}


class TestMonths:
    def test_the_months_with_care_are_there_and_one_is_begun_by_a_press(self, lives, carer):
        found = carer.get(home(lives))
        assert [row.select_one("th").text for row in found.page.select("tbody tr")] == ["May 2026", "April 2026"]
        form = {"contract": lives.contract.id, "service": lives.service_id, "month": "2026-04-01"}
        done = carer.post(f"{home(lives)}begin", form, status=303)
        [sheet] = every(Timesheet)
        assert done.location.endswith(f"/timesheets/{sheet.id}")
        assert "Draft" in carer.get(home(lives)).words

    @pytest.mark.parametrize("month", ["", "2026-13-01", "April"])
    def test_what_is_no_month_is_not_there(self, lives, carer, month):
        form = {"contract": lives.contract.id, "service": lives.service_id, "month": month}
        carer.post(f"{home(lives)}begin", form, status=404)

    def test_a_month_that_has_not_begun_is_refused_in_words(self, lives, carer):
        form = {"contract": lives.contract.id, "service": lives.service_id, "month": "2026-06-01"}
        assert "June 2026 has not begun" in carer.post(f"{home(lives)}begin", form, status=409).words

    def test_without_nights_or_sessions_there_is_none(self, app, set_today):
        provider = make_provider(kind=ProviderKind.SHARED_LIVES)
        client = PortalClient(app).sign_in(make_user(Role.CARER, provider))
        assert "there is no timesheet" in client.get(f"/providers/{provider.id}/timesheets/").words

    def test_the_menu_has_them_for_shared_lives_only(self, app, lives, carer):
        assert carer.get(home(lives)).page.select_one(f"nav a[href='{home(lives)}']")
        other = make_provider()
        client = PortalClient(app).sign_in(make_user(Role.CARER, other))
        assert "Timesheets" not in client.get(f"/providers/{other.id}/").words


class TestGrid:
    def test_each_tap_is_saved_and_leads_back_to_its_day(self, lives, carer):
        sheet = lives.begin()
        there = f"{home(lives)}{sheet.id}"
        done = carer.post(f"{there}/tap", cell(lives, FRIDAY, SCALE), status=303)
        assert done.location.endswith(f"#d{lives.item.id}-2026-04-10")
        found = carer.get(there)
        assert buttons(found.page)[f"d{lives.item.id}-2026-04-10"] == "1"
        assert "1 night of 6 planned, about £45.56" in found.words
        carer.post(f"{there}/tap", cell(lives, FRIDAY, 0), status=303)
        assert buttons(carer.get(there).page)[f"d{lives.item.id}-2026-04-10"] == "--"

    def test_a_tap_through_htmx_answers_with_the_grid(self, lives, carer):
        sheet = lives.begin()
        answer = carer.post(f"{home(lives)}{sheet.id}/tap", cell(lives, FRIDAY, SCALE), htmx=True)
        assert answer.page.select_one("#sheet")
        assert not answer.page.select("h1")

    @pytest.mark.parametrize("text", ["", "1:2:3", "x", "1:2026-04-10:-1", "1:2026-04-10:99999999"])
    def test_what_is_no_tap_is_refused(self, lives, carer, text):
        sheet = lives.begin()
        carer.post(f"{home(lives)}{sheet.id}/tap", {"day": text}, status=409)
        assert every(TimesheetDay) == []

    def test_as_planned_is_one_press(self, lives, carer):
        sheet = lives.begin()
        carer.post(f"{home(lives)}{sheet.id}/as-planned", status=303)
        assert len(every(TimesheetDay)) == 6

    def test_reasons_are_asked_for_days_that_adjoin_together(self, lives, carer):
        lives.fill()
        for day in (10, 11):
            lives.tap(date(2026, 4, day), 0)
        there = f"{home(lives)}{lives.sheet().id}"
        [select] = carer.get(there).page.select("#sheet select")
        assert "2 days" in select.find_previous("label").text
        carer.post(f"{there}/why", {select["name"]: "HOSP"}, status=303)
        assert [each.reason for each in every(TimesheetDay)].count(AbsenceReason.HOSPITAL) == 2
        assert carer.get(there).page.select_one("#sheet option[selected]").text == "In hospital"

    def test_who_may_not_see_money_sees_none(self, app, lives):
        lives.fill()
        scheduler = make_user(Role.SCHEDULER, Provider(id=lives.contract.provider_id))
        found = PortalClient(app).sign_in(scheduler).get(f"{home(lives)}{lives.sheet().id}")
        assert "6 nights" in found.words
        assert "£" not in found.page.select_one("main").text


class TestSending:
    def test_it_is_sent_with_a_declaration(self, lives, carer):
        lives.fill()
        there = f"{home(lives)}{lives.sheet().id}"
        assert "Tick the box" in carer.post(f"{there}/send", {}, status=422).words
        carer.post(f"{there}/send", {"declared": "y"}, status=303)
        found = carer.get(there)
        assert "waits for the Shared Lives scheme" in found.words
        assert not buttons(found.page)

    def test_a_missing_reason_is_told_and_nothing_is_sent(self, lives, carer):
        lives.begin()
        there = f"{home(lives)}{lives.sheet().id}"
        assert "Say why for 6 days before you send it" in carer.get(there).words
        assert "Say why for 6 days" in carer.post(f"{there}/send", {"declared": "y"}, status=422).words
        assert lives.sheet().state is TimesheetState.DRAFT

    def test_home_says_what_is_to_be_sent_and_what_was_returned(self, lives, carer):
        there = f"/providers/{lives.contract.provider_id}/"
        assert "Send last month’s timesheet" in carer.get(there).words
        lives.bring_to(TimesheetState.RETURNED)
        found = carer.get(there)
        assert "1 timesheet is returned" in found.words
        assert "Send last month’s timesheet" not in found.words
        assert "Look at the 10th" in carer.get(f"{home(lives)}{lives.sheet().id}").words

    def test_an_approved_month_is_corrected(self, lives, carer):
        lives.bring_to(TimesheetState.APPROVED)
        there = f"{home(lives)}{lives.sheet().id}"
        found = carer.get(there)
        assert "The week from Monday 27 April 2026 waits" in found.words
        assert "Approved," in found.words
        assert "Fay Finance" in found.words
        carer.post(f"{there}/take-back", status=303)
        assert "You are correcting a month that was approved" in carer.get(there).words
        assert len(every(ConfirmedActual)) == 3


class TestAccess:
    ACTS = ("", "/send", "/take-back")
    POSTS = ("/tap", "/as-planned", "/why", "/send", "/take-back")

    def test_another_providers_timesheet_does_not_exist(self, app, lives):
        lives.fill()
        other = SharedLives()
        client = PortalClient(app).sign_in(other.carer)
        there = f"{home(other)}{lives.sheet().id}"
        for path in self.ACTS:
            client.get(f"{there}{path}", status=404)
        for path in self.POSTS:
            client.post(f"{there}{path}", cell(lives, FRIDAY, 0), status=404)
        form = {"contract": lives.contract.id, "service": lives.service_id, "month": "2026-04-01"}
        client.post(f"{home(other)}begin", form, status=404)
        assert {each.units_e4 for each in every(TimesheetDay)} == {SCALE}

    def test_a_viewer_looks_and_changes_nothing(self, app, lives):
        lives.fill()
        client = PortalClient(app).sign_in(make_user(Role.VIEWER, Provider(id=lives.contract.provider_id)))
        there = f"{home(lives)}{lives.sheet().id}"
        assert not client.get(there).page.select("#sheet button")
        for path in self.POSTS:
            client.post(f"{there}{path}", cell(lives, FRIDAY, 0), status=403)

    def test_a_signatory_sees_none(self, app, lives):
        client = PortalClient(app).sign_in(make_user(Role.SIGNATORY, Provider(id=lives.contract.provider_id)))
        client.get(home(lives), status=403)


def test_a_month_of_three_people_is_a_small_page(lives, carer):
    for surname in ("Begum", "Cole"):
        lives.person(surname=surname)
    lives.fill()
    sheet = lives.sheet()
    answer = carer.get(f"{home(lives)}{sheet.id}")
    assert len(buttons(answer.page)) == 3 * 25  # from the 6th
    assert len(answer.reads) <= 8
