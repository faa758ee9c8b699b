"""docs/read-alarm-states.md, cell by cell, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from models.audit import AuditEvent
from models.auditing.read_alarm import OWN, TOO_LATE, ReadAlarm, opened, waiting
from models.base import DomainError, scope, transaction, utc_now
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from models.portal import current_portal
from models.waiting import Waiting, ask
from tests.factories import make_staff
from tests.support.client import counted_statements
from tests.support.rows import every, reading, unit_of_work

pytestmark = pytest.mark.postgres


@pytest.fixture
def ola(database, policy, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    policy(clients_an_hour=3, alarm_to="team@council.example")
    return make_staff(name="Ola Bright")


def open_each(person, *pages):
    """Pages one after another, each a text of the references that it shows."""
    for page in pages:
        with unit_of_work():
            opened(person, set(page.split()))


def alarms():
    return [(row.user_id, row.opened) for row in every(ReadAlarm)]


def test_as_many_as_the_limit_are_no_alarm_and_one_more_is(ola):
    open_each(ola, "C1", "C2", "C3")
    assert alarms() == []
    open_each(ola, "C4")
    assert alarms() == [(ola.id, 4)]
    [event] = [each for each in every(AuditEvent) if each.action != "client_record.read"]
    assert (event.action, event.user_id, event.detail) == ("read_alarm.raised", None, {"user": ola.id, "clients": 4})
    [mail] = every(OutboxMessage)
    assert mail.to == "team@council.example"
    assert "Ola Bright has opened the records of 4 clients within an hour" in mail.body
    assert "C4" not in mail.body + mail.subject


def test_one_client_over_and_over_and_a_page_with_many_count_once(ola):
    open_each(ola, "C1", "C1", "C1", "C1", "C1 C2 C3 C4 C5", "C5 C4 C3 C2 C1", "C1")
    assert alarms() == []
    open_each(ola, "C2", "C1 C2")
    assert alarms() == [(ola.id, 4)]


def test_pages_that_show_no_client_count_for_nothing(ola):
    open_each(ola, "", "", "", "", "")
    assert [(each.action, each.mark) for each in every(AuditEvent)] == [("client_record.read", None)] * 5
    open_each(ola, "C1", "C2", "C3")
    assert alarms() == []


def test_the_hour_rolls_and_what_is_older_counts_no_more(ola, time_machine):
    open_each(ola, "C1", "C2")
    time_machine.shift(timedelta(minutes=59))
    open_each(ola, "C3")
    time_machine.shift(timedelta(minutes=1))
    open_each(ola, "C4", "C5")
    assert alarms() == []
    open_each(ola, "C1")
    assert alarms() == [(ola.id, 4)]


def test_opening_one_again_counts_from_then_on(ola, time_machine):
    open_each(ola, "C1", "C2", "C3")
    time_machine.shift(timedelta(minutes=50))
    open_each(ola, "C1")
    time_machine.shift(timedelta(minutes=20))
    open_each(ola, "C4", "C5")
    assert alarms() == []
    open_each(ola, "C6")
    assert alarms() == [(ola.id, 4)]


def test_one_opened_again_within_a_minute_is_marked_once_and_a_minute_later_anew(ola, time_machine):
    open_each(ola, "C1", "C1")
    time_machine.shift(timedelta(seconds=59))
    open_each(ola, "C1", "C2")
    time_machine.shift(timedelta(seconds=1))
    open_each(ola, "C1", "C2")
    open_each(make_staff(), "C1")
    assert [each.mark is not None for each in every(AuditEvent)] == [True, False, False, True, True, False, True]


def test_there_is_one_alarm_a_person_and_hour_which_says_the_most_there_were(ola, time_machine):
    open_each(ola, *(f"C{n}" for n in range(9)))
    assert alarms() == [(ola.id, 9)]
    time_machine.shift(timedelta(minutes=59))
    open_each(ola, "C10")
    assert alarms() == [(ola.id, 10)]
    time_machine.shift(timedelta(minutes=1))
    open_each(ola, "C1", "C2", "C3")
    assert alarms() == [(ola.id, 10), (ola.id, 4)]
    assert len(every(OutboxMessage)) == 2


def test_people_are_counted_apart(ola):
    other = make_staff()
    open_each(ola, "C1", "C2", "C3")
    open_each(other, "C4", "C5", "C6")
    assert alarms() == []
    open_each(other, "C1")
    assert alarms() == [(other.id, 4)]


def test_what_is_noted_says_who_saw_what_and_its_mark_tells_no_client(ola):
    with unit_of_work():
        opened(ola, {"C1", "C2"}, "care_package:7", provider_id=None, endpoint="x.y", page=2)
    [event] = every(AuditEvent)
    assert (event.action, event.user_id, event.provider_id) == ("client_record.read", ola.id, None)
    assert (event.subject, event.detail) == ("care_package:7", {"endpoint": "x.y", "page": 2})
    assert len(event.mark) == 64
    assert "C1" not in event.mark


def test_no_limit_is_no_alarm(ola, policy):
    policy(clients_an_hour=0)
    open_each(ola, *(f"C{n}" for n in range(9)))
    assert alarms() == []
    assert len(every(AuditEvent)) == 9


def test_of_many_at_the_same_moment_exactly_one_alarm_comes(database, policy):
    policy(clients_an_hour=3, alarm_to="team@council.example")
    ola, portal = make_staff(), current_portal()

    def one(n):
        with scope(portal), transaction():
            opened(ola, {f"C{n}"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(12)))
    assert alarms() == [(ola.id, 12)]
    assert len(every(OutboxMessage)) == 1


def test_it_takes_the_same_statements_however_many_there_are(ola):
    open_each(ola, *(f"C{n}" for n in range(9)))
    counts = set()
    for page in ("C20", " ".join(f"C{n}" for n in range(500))):
        with counted_statements() as statements:
            open_each(ola, page)
        counts.add(len(statements))
    assert len(counts) == 1
    assert counts.pop() <= 7


def test_somebody_else_looks_at_it_once_and_says_what_came_of_it(ola):
    auditor, second = make_staff(CouncilRole.AUDITOR), make_staff(CouncilRole.AUDITOR)
    open_each(ola, "C1", "C2", "C3", "C4")
    assert look(ola, "I had to") == OWN
    assert look(auditor, "  ") == "Say what came of it"
    with reading():
        assert ask(waiting())["alarms"] == Waiting("alarms", 1, utc_now().date())
    assert look(auditor, " Year-end letters ") is None
    assert look(second, "Again") == TOO_LATE
    [alarm] = every(ReadAlarm)
    assert (alarm.is_open, alarm.looked_by_id, alarm.reason) == (False, auditor.id, "Year-end letters")
    last = every(AuditEvent)[-1]
    assert (last.action, last.user_id, last.detail) == ("read_alarm.looked_at", auditor.id, {"user": ola.id})
    with reading():
        assert ask(waiting())["alarms"] == Waiting("alarms", 0)
    open_each(ola, "C5")
    assert alarms() == [(ola.id, 5)]  # the alarm of this hour stays looked at


def look(by, reason):
    try:
        with unit_of_work() as session:
            session.scalars(ReadAlarm.listed()).one().look(by=by, reason=reason)
    except DomainError as refused:
        return str(refused)
    return None
