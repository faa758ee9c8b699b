"""The outbox, delivered to a mail server that runs in the test."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select

from config import Mail
from exchange.mail import as_email, deliver_due
from models.base import utc_now
from models.outbox import OutboxMessage, post
from tests.auth.journey import code_page, mailed_code
from tests.factories import make_user
from tests.support.mail_server import queued
from tests.support.rows import every, reloaded, unit_of_work


@pytest.mark.postgres
def test_what_waits_is_sent_once_and_in_order(database, server):
    first, second = queued(subject="First"), queued(subject="Second")
    assert deliver_due(server.mail) == 2
    assert deliver_due(server.mail) == 0
    assert [message["Subject"] for message in server.messages] == ["First", "Second"]
    assert server.messages[0]["From"] == "portal@borsetshire.example"
    assert server.messages[0]["To"] == "dawn@example.org"
    assert server.messages[0].get_content().replace("\r", "") == "Good morning\n"
    assert reloaded(first).sent_at is not None
    assert reloaded(second).body == "Good morning\n"


def test_a_code_is_wiped_once_it_is_sent(client, server):
    code_page(client, make_user())
    code = mailed_code()
    deliver_due(server.mail)
    assert code in server.messages[0].get_content()
    assert code not in server.messages[0]["Subject"]
    assert [message.body for message in every(OutboxMessage)] == [""]


@pytest.mark.postgres
def test_a_code_that_has_expired_is_not_sent_but_wiped(database, server):
    late = queued(body="123456", is_secret=True, not_after=utc_now() - timedelta(seconds=1))
    assert deliver_due(server.mail) == 0
    assert reloaded(late).body == ""
    assert not server.messages


def test_a_code_that_expires_while_others_are_sent_is_not_sent(database, server, monkeypatch):
    queued()
    monkeypatch.setattr(OutboxMessage, "has_expired", True)
    assert deliver_due(server.mail) == 0
    assert not server.messages


def test_a_server_that_refuses_is_asked_again_later_and_less_and_less_often(database, server, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    message = queued()
    server.answer = "451 Try again later"
    waits = []
    for _ in range(8):
        assert deliver_due(server.mail) == 0
        waits.append(reloaded(message).try_after - utc_now())
        assert deliver_due(server.mail) == 0, "not before its time"
        time_machine.move_to(reloaded(message).try_after, tick=False)
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]
    server.answer = "250 OK"
    assert deliver_due(server.mail) == 1


def test_a_server_that_is_not_there_loses_nothing(database, caplog):
    message = queued()
    with caplog.at_level(logging.WARNING):
        assert deliver_due(Mail(host="127.0.0.1", port=1)) == 0
    assert reloaded(message).sent_at is None
    assert "dawn@example.org" not in caplog.text


def test_a_message_that_is_tried_twice_is_recognised_by_its_id(database):
    message = queued()
    mail = Mail(host="x", sender="portal@borsetshire.example")
    assert as_email(mail, message)["Message-ID"] == as_email(mail, reloaded(message))["Message-ID"]
    assert as_email(mail, queued())["Message-ID"] != as_email(mail, message)["Message-ID"]


@pytest.mark.postgres
def test_of_two_senders_one_takes_a_message(database):
    message = queued()
    again = reloaded(message)
    with unit_of_work() as session:
        session.add(message)
        assert message.claim()
    with unit_of_work() as session:
        session.add(again)  # as it was read before
        assert not again.claim()


def test_a_sender_that_died_leaves_its_message_to_the_next(database, server, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    message = queued()
    with unit_of_work() as session:
        session.add(message)
        assert message.claim()
    assert deliver_due(server.mail) == 0
    time_machine.move_to("2026-03-01T09:05:01+00:00", tick=False)
    assert deliver_due(server.mail) == 1


def test_mail_is_encrypted_on_its_way_or_not_sent(database, server):
    """STARTTLS is asked for; this server cannot, so nothing goes."""
    queued()
    strict = Mail(host=server.mail.host, port=server.mail.port, starttls=True, sender=server.mail.sender)
    assert deliver_due(strict) == 0
    assert not server.messages


@pytest.mark.parametrize("field", ["to", "subject"])
def test_no_header_can_be_smuggled_in(database, field):
    with pytest.raises(ValueError, match="newline|linefeed"):
        as_email(Mail(sender="portal@borsetshire.example"), queued(**{field: "x@example.org\r\nBcc: all@example.org"}))


def test_mail_is_written_with_the_act_that_causes_it_or_not_at_all(database):
    def act():
        with unit_of_work():
            post("dawn@example.org", "Hello", "Good morning")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert not every(select(OutboxMessage))
