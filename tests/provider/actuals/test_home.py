"""What home says of weeks that wait to be confirmed."""

from datetime import timedelta

from models.permissions import Role
from models.reports.deadlines import actuals_days_of
from tests.actual_factories import AFTER
from tests.support.rows import reading

WEEK = timedelta(days=7)


def needs(client, agency):
    answer = client.get(agency.home)
    assert len(answer.reads) <= 8
    return [" ".join(each.get_text(" ").split()) for each in answer.page.select(".todo li")]


def test_home_asks_for_a_week_once_it_is_over_until_it_is_confirmed(agency, set_today):
    set_today(AFTER - timedelta(days=1))
    assert needs(agency.clerk, agency) == []
    set_today(AFTER)
    [need] = needs(agency.clerk, agency)
    assert need.startswith("Confirm what you delivered in 20 Apr to 26 Apr")
    assert "by the end of Tuesday 28 April" in need
    agency.begin()
    assert len(needs(agency.clerk, agency)) == 1
    agency.confirm()
    assert needs(agency.clerk, agency) == []


def test_a_late_week_says_since_when_and_how_many_follow(agency, set_today):
    set_today(AFTER + WEEK)
    [need] = needs(agency.clerk, agency)
    assert "late since Tuesday 28 April 2026, 1 more week after it" in need


def test_who_may_not_submit_is_not_asked(agency):
    assert needs(agency.sign_in(Role.VIEWER), agency) == []


def test_a_calendar_program_reads_the_last_day_until_the_week_is_confirmed(agency):
    def events():
        with reading():
            return [(each.on, each.span.first) for each in actuals_days_of(agency.clerk.user)]

    both = [(AFTER + timedelta(days=1), AFTER - WEEK), (AFTER + timedelta(days=8), AFTER)]
    assert events() == both
    agency.begin()
    agency.confirm()
    assert events() == both[1:]
    with reading():
        assert actuals_days_of(agency.sign_in(Role.VIEWER).user) == []
