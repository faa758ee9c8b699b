"""Who may come in: a demonstration is for its own machine, and proxies are those that settings name."""

import pytest
import sqlalchemy as sa

from config import Mode
from models.audit import AuditEvent
from models.auditing import proxies
from models.base import scope, utc_now
from models.permissions import CouncilRole
from tests.commands.test_database_faults import somebody_who_writes, whenever_one_begins
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.rows import every, saved


def status(app, host, address="127.0.0.1", **headers):
    answer = app.test_client().get("/", headers={"Host": host, **headers}, environ_base={"REMOTE_ADDR": address})
    return answer.status_code, answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_a_demonstration_opens_on_its_own_machine(make_app, host):
    assert status(make_app(hosts=()), host, "::1" if "::1" in host else "127.0.0.1")[0] == 200


@pytest.mark.parametrize(
    ("host", "address", "headers"),
    [
        ("evil.example", "127.0.0.1", {}), ("localhost.evil.example", "127.0.0.1", {}), ("", "127.0.0.1", {}),
        ("localhost", "192.0.2.7", {}), ("192.0.2.1:8000", "192.0.2.7", {}), ("[", "127.0.0.1", {}),
        ("localhost", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}), ("localhost@evil.example", "127.0.0.1", {}),
    ],
)  # fmt: skip
def test_from_elsewhere_it_says_how_it_is_opened(make_app, host, address, headers):
    code, text = status(make_app(hosts=()), host, address, **headers)
    assert code in (400, 403)
    assert "demo" not in text or 'hosts = ["demo.example"]' in text
    if headers or address != "127.0.0.1" or host.startswith("evil"):
        assert code == 403


def test_with_hosts_it_is_shown_to_others_by_those_names_only(make_app):
    app = make_app(hosts=("demo.example",))
    assert status(app, "demo.example", "192.0.2.7")[0] == 200
    assert status(app, "evil.example", "192.0.2.7")[0] == 400


@pytest.fixture
def production(make_app):
    """`production(proxies=1)`: it in production, so that proxies matter."""
    return lambda **changed: make_app(mode=Mode.PRODUCTION, https=True, **changed)


def events():
    return every(sa.select(AuditEvent).where(AuditEvent.action == proxies.SEEN))


WRONG = [
    (0, "203.0.113.9", "settings.toml says proxies = 0: all people seem to come from one address"),
    (1, "", "says proxies = 1, and a request has come through 0"),
    (2, "203.0.113.9", "says proxies = 2, and a request has come through 1"),
    (1, "10.0.0.1, 203.0.113.9", "says proxies = 1, and X-Forwarded-For has 2 addresses"),
]


@pytest.mark.parametrize(("stated", "forwarded", "words"), WRONG)
def test_proxies_that_are_wrong_are_said_once(production, caplog, stated, forwarded, words):
    client = PortalClient(production(proxies=stated))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    for _ in range(3):
        client.get("/help", headers=headers)
    assert [words in record.message for record in caplog.records if "proxies = " in record.message] == [True]
    [event] = events()
    assert event.detail == {"stated": stated, "seen": len([each for each in forwarded.split(",") if each])}
    again = PortalClient(production(proxies=stated))  # another process
    again.get("/help", headers=headers)
    assert len(events()) == 1


@pytest.mark.parametrize(("stated", "forwarded"), [(0, ""), (1, "203.0.113.9"), (2, "203.0.113.9, 10.0.0.1")])
def test_proxies_that_are_right_are_not_spoken_of(production, stated, forwarded):
    client = PortalClient(production(proxies=stated))
    client.get("/help", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    client.get("/healthz")  # of a monitor on the machine itself
    assert events() == []


def test_what_strangers_make_up_fills_nothing(production):
    client = PortalClient(production(proxies=1))
    for number in range(2, 40):
        client.get("/help", headers={"X-Forwarded-For": ", ".join(["192.0.2.1"] * number)})
    assert len(events()) <= 11


def test_a_database_that_is_busy_is_in_nobodys_way(production):
    client = PortalClient(production(proxies=1))
    with whenever_one_begins("busy_timeout=20"), somebody_who_writes():
        client.get("/help")
    assert events() == []


def test_my_work_of_systems_administrators_says_it(production):
    app = production(proxies=1)
    saved(AuditEvent(action=proxies.SEEN, detail={"stated": 1, "seen": 2}))
    admin, officer = make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR), make_staff()
    right = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert "X-Forwarded-For has 2 addresses" in PortalClient(app).sign_in(admin).get("/council/", headers=right).words
    assert "X-Forwarded-For" not in PortalClient(app).sign_in(officer).get("/council/", headers=right).words


def test_what_was_not_seen_for_two_days_is_taken_for_mended(database):
    saved(AuditEvent(action=proxies.SEEN, detail={"stated": 1, "seen": 2}, at=utc_now() - proxies.LASTS))
    with scope():
        assert proxies.newest(1) is None
    saved(AuditEvent(action=proxies.SEEN, detail={"stated": 1, "seen": 2}))
    with scope():
        assert proxies.newest(1)[1].words
        assert proxies.newest(2) is None
