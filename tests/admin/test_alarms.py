"""Alarms of very many clients opened within an hour: on My work, in a list, and looked at by somebody else."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.auditing.read_alarm import ReadAlarm
from models.base import utc_now
from models.outbox import OutboxMessage
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission, Role
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff, make_user
from tests.meta.world import MONDAY, settled_provider
from tests.support import runs
from tests.support.addresses import ask
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded, saved

PAGE = "/council/alarms/"
WATCHERS = [role for role in CouncilRole if Permission.VIEW_AUDIT in COUNCIL_GRANTS[role]]


@pytest.fixture
def auditor(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR, name="Ada Auditor"))


def raised(person, **given):
    at = utc_now() - timedelta(days=1)
    return saved(ReadAlarm(**{"user_id": person.id, "raised_at": at, "last_at": at, "opened": 142} | given))


def queue(client):
    return [row for row in client.get("/council/").page.select(".waits tbody tr") if "Alarms" in row.th.get_text()]


def test_nothing_was_ever_raised(auditor):
    page = auditor.get(PAGE)
    assert "more than 100 clients within an hour" in page.words
    assert "No alarm was ever raised." in page.words
    assert queue(auditor) == []


def test_it_stands_on_the_desk_and_in_the_list_until_somebody_has_looked(auditor):
    ola = make_staff(name="Ola Bright")
    alarm = raised(ola)
    [row] = queue(auditor)
    assert row.select_one("a")["href"] == PAGE
    page = auditor.get(PAGE)
    [line] = page.page.select("#alarms tbody tr")
    words = " ".join(line.get_text(" ").split())
    assert words.startswith("Ola Bright Payments officer")
    assert " 142 " in words
    events = auditor.get(line.select_one("a[href*='/council/audit/']")["href"])
    assert events.page.select_one("#person")["value"] == str(ola.id)
    form = auditor.get(f"{PAGE}{alarm.id}/look")
    empty = auditor.submit(form, {"reason": " "}, status=422)
    assert empty.errors == ["Say what came of it"]
    done = auditor.follow(auditor.submit(empty, {"reason": "The letters of the year’s end"}, status=303))
    assert "Ada Auditor" in done.words
    assert "The letters of the year’s end" in done.words
    assert queue(auditor) == []
    assert [
        event.user_id for event in every(select(AuditEvent).where(AuditEvent.action == "read_alarm.looked_at"))
    ] == [auditor.user.id]
    again = auditor.submit(form, {"reason": "Again", "one_time_key": "A" * 22}, status=422)
    assert again.errors == ["Somebody has looked at this already. Look at what they wrote"]


def test_who_it_is_about_does_not_look_at_it(app):
    sam = PortalClient(app).sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    alarm = raised(sam.user)
    page = sam.get(PAGE)
    assert "A colleague has to look at it" in page.words
    answer = sam.submit(sam.get(f"{PAGE}{alarm.id}/look"), {"reason": "I had to"}, status=422)
    assert answer.errors == ["This alarm is about you. A colleague has to look at it"]
    assert reloaded(alarm).is_open


def test_the_list_is_filtered(auditor):
    ola = make_staff()
    raised(ola)
    raised(ola, looked_at=utc_now(), looked_by_id=auditor.user.id, reason="All is well")
    assert len(auditor.get(PAGE).page.select("#alarms tbody tr")) == 2
    assert "All is well" not in auditor.get(PAGE + "?state=open").words
    assert len(auditor.get(PAGE + "?state=looked+at").page.select("#alarms tbody tr")) == 1


@pytest.mark.parametrize("role", list(CouncilRole))
def test_who_watches_sees_it(app, role):
    raised(make_staff())
    client = PortalClient(app).sign_in(make_staff(role))
    client.get(PAGE, status=200 if role in WATCHERS else 403)
    assert len(queue(client)) == (role in WATCHERS)


@pytest.mark.postgres
@pytest.mark.parametrize("is_staff", [True, False])
def test_pages_of_different_clients_raise_it_and_lists_and_the_same_client_do_not(app, policy, is_staff):
    policy(clients_an_hour=2, alarm_to="team@council.example")
    provider, values = settled_provider()
    user = make_staff() if is_staff else make_user(Role.FINANCE, provider)
    client = PortalClient(app).sign_in(user)
    base = "/council" if is_staff else f"/providers/{provider.id}"
    first = f"{base}/payments/{values['reference']}/{values['first_on']}"
    others = [open_payment(provider, base) for _ in range(2)]

    def own():
        return every(select(ReadAlarm).where(ReadAlarm.user_id == user.id))

    for _ in range(4):
        client.get(first)
    client.get(others[0])
    assert own() == []
    ask(client, "GET", others[1])  # whose note writes a mail, which no other GET may
    [alarm] = own()
    assert alarm.opened == 3
    assert [mail.to for mail in every(OutboxMessage)].count("team@council.example") == 1


def open_payment(provider, base):
    """The address of the payment of one more client's contract, in a week that has begun."""
    contract = make_contract(provider, calculate_from=MONDAY)
    make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, MONDAY + timedelta(days=6))
    return f"{base}/payments/{contract.reference}/{MONDAY}"
