"""docs/mail-states.md, row by row: what the mail server answers, and what becomes of the message, of its address, and
of those behind it.
"""

import time
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from config import Mail
from exchange.mail import deliver_due
from exchange.mail_answers import Stage, Verdict, in_short, verdict
from models.base import utc_now
from models.outbox import SENDS_AN_HOUR, OutboxMessage, post, try_again
from models.refused_address import RefusedAddress
from tests.factories import make_staff
from tests.support.mail_server import queued
from tests.support.portal import in_this_portal
from tests.support.rows import every, reloaded, unit_of_work

R, C = Stage.RECIPIENT, Stage.CONTENT

ANSWERS = [
    # (stage, answer, verdict)
    (Stage.CONNECTION, "554 5.7.1 no service for you", Verdict.STOP),
    (Stage.CONNECTION, "535 5.7.8 wrong password", Verdict.STOP),
    (Stage.SENDER, "550 5.1.8 sender unknown", Verdict.STOP),
    (Stage.SENDER, "451 try later", Verdict.STOP),
    (Stage.SENDER, "552 5.3.4 message too large", Verdict.REFUSED),
    (R, "421 too many connections", Verdict.STOP),
    (R, "530 5.7.0 log in first", Verdict.STOP),
    (R, "450 4.2.0 greylisted", Verdict.NOT_NOW),
    (R, "451 4.7.1 greylisted", Verdict.LATER),
    (R, "452 4.2.2 mailbox full", Verdict.NOT_NOW),
    (R, "552 mailbox full", Verdict.NOT_NOW),
    (R, "550 5.2.2 mailbox full", Verdict.NOT_NOW),
    (R, "550 No such user here", Verdict.NOBODY),
    (R, "550 5.1.1 no such user", Verdict.NOBODY),
    (R, "550 5.2.1 mailbox disabled", Verdict.NOBODY),
    (R, "501 5.1.3 bad address", Verdict.NOBODY),
    (R, "551 user not local", Verdict.NOBODY),
    (R, "553 mailbox name not allowed", Verdict.NOBODY),
    (R, "554 transaction failed", Verdict.NOBODY),
    (R, "556 5.1.10 domain takes no mail", Verdict.NOBODY),
    (R, "550 5.1.8 bad sender", Verdict.LATER),
    (R, "550 5.7.1 your network is on a list", Verdict.LATER),
    (R, "554 5.7.1 relay access denied", Verdict.LATER),
    (R, "503 5.5.1 bad sequence", Verdict.LATER),
    (R, "503 bad sequence", Verdict.LATER),
    (C, "421 closing", Verdict.STOP),
    (C, "451 try later", Verdict.LATER),
    (C, "452 4.2.2 mailbox full", Verdict.NOT_NOW),
    (C, "550 5.7.1 content refused", Verdict.REFUSED),
    (C, "552 5.2.2 mailbox full", Verdict.NOT_NOW),
    (C, "552 too large", Verdict.REFUSED),
    (C, "554 spam", Verdict.REFUSED),
    (C, "550 5.1.1 no such user", Verdict.NOBODY),
]


@pytest.mark.parametrize(("stage", "answer", "expected"), ANSWERS)
def test_the_table_of_answers(stage, answer, expected):
    code, _, text = answer.partition(" ")
    assert verdict(stage, int(code), text) is expected


def test_what_a_server_says_becomes_one_short_line():
    assert in_short("no such\r\nuser\x00 here\n") == "no such user here"
    assert len(in_short("x" * 500)) == 150


@pytest.mark.postgres
def test_an_address_that_is_refused_is_in_nobodys_way_and_is_never_tried_again(database, server, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    dead = [queued(f"dead{number}@example.org") for number in range(3)]
    for number in range(5):
        queued(f"good{number}@example.org")
    server.refusals = {each.to: "550 5.1.1 no such user" for each in dead}
    assert deliver_due(server.mail) == 5
    assert server.lines == 1, "one connection for all of them"
    known = reloaded(dead[0])
    assert [known.sent_at, known.refused_code, known.refused_why] == [None, 550, "5.1.1 no such user"]
    assert known.refused_at is not None
    assert {mark.address: mark.said for mark in every(RefusedAddress.marked())} == {
        each.to: "550 5.1.1 no such user" for each in dead
    }
    time_machine.shift(timedelta(days=30))
    server.tried.clear()
    assert deliver_due(server.mail) == 0
    assert server.tried == []


@pytest.mark.postgres
def test_news_for_a_marked_address_waits_and_a_code_is_tried(database, server):
    queued("Ash@Example.org")
    server.refusals = {"Ash@Example.org": "550 no such user"}
    deliver_due(server.mail)
    news = queued("ash@example.org", subject="News")
    server.tried.clear()
    assert deliver_due(server.mail) == 0
    assert server.tried == []
    queued("ash@example.org", subject="Code", is_secret=True, not_after=utc_now() + timedelta(minutes=10))
    assert deliver_due(server.mail) == 2, "the code was delivered, so the mark is gone, and the news goes too"
    assert [message["Subject"] for message in server.messages] == ["Code", "News"]
    assert not every(RefusedAddress.marked())
    assert reloaded(news).sent_at is not None


@pytest.mark.postgres
def test_who_can_mend_it_has_it_tried_again_and_old_news_is_given_up(database, server, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    queued("ash@example.org")
    server.refusals = {"ash@example.org": "550 no such user"}
    deliver_due(server.mail)
    old = queued("ash@example.org")
    time_machine.shift(timedelta(days=5))
    news = queued("ash@example.org")
    server.refusals = {}
    [mark], staff = every(RefusedAddress.marked()), make_staff()
    with unit_of_work() as session:
        session.add(mark)
        try_again(mark, by=staff)
    assert deliver_due(server.mail) == 1
    assert reloaded(news).sent_at is not None
    assert reloaded(old).refused_why == "not taken for five days"


@pytest.mark.postgres
@pytest.mark.parametrize(("answer", "marks"), [("450 4.2.0 not now", True), ("550 5.7.1 on a list", False)])
def test_what_is_put_off_is_put_off_alone_and_given_up_after_five_days(database, server, time_machine, answer, marks):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    put_off, other = queued("ash@example.org"), queued("dawn@example.org")
    server.refusals = {"ash@example.org": answer}
    assert deliver_due(server.mail) == 1
    assert reloaded(other).sent_at is not None
    assert reloaded(put_off).try_after == utc_now() + timedelta(minutes=1)
    time_machine.shift(timedelta(days=5) - timedelta(seconds=1))
    deliver_due(server.mail)
    assert reloaded(put_off).refused_at is None
    time_machine.shift(timedelta(hours=1))
    deliver_due(server.mail)
    assert reloaded(put_off).refused_at == utc_now()
    assert bool(every(RefusedAddress.marked())) is marks


@pytest.mark.postgres
def test_content_that_is_refused_says_nothing_of_the_address(database, server):
    refused, server.answer = queued(), "554 5.7.1 looks like spam"
    assert deliver_due(server.mail) == 0
    assert reloaded(refused).refused_code == 554
    assert not every(RefusedAddress)
    queued()
    server.answer = "250 OK"
    assert deliver_due(server.mail) == 1


@pytest.mark.parametrize("answer", ["421 too many", "close", "530 log in"])
def test_a_server_that_goes_away_ends_the_round_and_postpones_only_what_was_in_hand(database, server, answer):
    in_hand, behind = queued("ash@example.org"), queued("dawn@example.org")
    server.refusals = {"ash@example.org": answer}
    assert deliver_due(server.mail) == 0
    assert reloaded(in_hand).try_after > utc_now()
    assert reloaded(in_hand).refused_at is None
    assert [reloaded(behind).attempts, reloaded(behind).try_after] == [0, behind.try_after]
    assert deliver_due(server.mail) == 1, "the next round goes on with the others"


def test_a_sender_that_is_refused_stops_the_round_and_loses_nothing(database, server):
    message, server.sender_answer = queued(), "550 5.1.8 who are you"
    assert deliver_due(server.mail) == 0
    assert reloaded(message).refused_at is None
    assert not every(RefusedAddress)


def test_while_no_server_is_there_nothing_is_postponed(database, server):
    message = queued()
    assert deliver_due(Mail(host="127.0.0.1", port=1)) == 0
    assert reloaded(message).attempts == 0
    assert deliver_due(server.mail) == 1


def test_a_line_that_the_server_closes_after_some_messages_is_opened_anew(database, server, monkeypatch):
    """As servers do that take so many messages over one connection."""
    for number in range(5):
        queued(f"good{number}@example.org")
    begin = server.handle_MAIL

    async def closing(own, session, envelope, address, options):
        session.taken = getattr(session, "taken", 0) + 1
        return "421 enough" if session.taken > 2 else await begin(own, session, envelope, address, options)

    monkeypatch.setattr(server, "handle_MAIL", closing, raising=False)
    assert deliver_due(server.mail) == 5
    assert server.lines == 3


@pytest.mark.parametrize("address", ["łukasz@example.org", "x@example.org\r\nBcc: all@example.org", "", "a b", "@"])
def test_an_address_that_cannot_be_written_to_is_in_nobodys_way(database, server, address):
    odd, good = queued(address), queued("dawn@example.org")
    deliver_due(server.mail)
    assert reloaded(good).sent_at is not None
    assert server.arrived[-1] == "dawn@example.org"
    assert reloaded(odd).sent_at is None or address == "łukasz@example.org"


@pytest.mark.postgres
def test_a_code_goes_before_what_has_waited_longer(database, server):
    for number in range(12):
        queued(f"news{number}@example.org", created_at=utc_now() - timedelta(hours=1))
    queued("ash@example.org", is_secret=True, not_after=utc_now() + timedelta(minutes=10))
    deliver_due(server.mail)
    assert server.arrived[0] == "ash@example.org"


def test_a_code_that_is_posted_after_300_dead_letters_leaves_within_five_seconds(database, server):
    with unit_of_work():
        for number in range(300):
            post(f"dead{number}@example.org", "Hello", "Good morning\n")
    server.refusals = {f"dead{number}@example.org": "550 5.1.1 no such user" for number in range(300)}
    done = []
    sender = Thread(target=in_this_portal(lambda: done.append(deliver_due(server.mail))))
    sender.start()
    while len(server.tried) < 20:
        time.sleep(0.01)
    posted = time.monotonic()
    code = queued("ash@example.org", is_secret=True, not_after=utc_now() + timedelta(minutes=10))
    while not server.messages and time.monotonic() < posted + 5:
        time.sleep(0.01)
    took, before = time.monotonic() - posted, len(server.tried)
    sender.join()
    assert server.arrived == ["ash@example.org"]
    assert took < 5
    assert before < 300, "it went before the rest of them"
    assert reloaded(code).sent_at is not None
    assert len(every(RefusedAddress.marked())) == 300


@pytest.mark.postgres
def test_one_address_gets_thirty_mails_an_hour_and_the_others_wait(database, server, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    for _ in range(SENDS_AN_HOUR + 5):
        queued("ash@example.org")
    queued("dawn@example.org")
    assert deliver_due(server.mail) == SENDS_AN_HOUR + 1
    queued("ash@example.org", is_secret=True, not_after=utc_now() + timedelta(minutes=10))
    assert deliver_due(server.mail) == 1, "codes have limits of their own"
    time_machine.shift(timedelta(minutes=59))
    assert deliver_due(server.mail) == 0
    time_machine.shift(timedelta(minutes=1))
    assert deliver_due(server.mail) == 5


def test_a_sender_that_is_told_to_stop_ends_after_the_message_in_hand(database, server):
    queued(), queued()
    assert deliver_due(server.mail, is_stopped=lambda: bool(server.messages)) == 1


def test_a_lock_while_it_is_written_down_that_a_message_went_does_not_send_it_twice(database, server, monkeypatch):
    message = queued()
    calls, sent = [], OutboxMessage.sent

    def locked_at_first(own):
        calls.append(own)
        if len(calls) == 1:
            raise OperationalError("", {}, Exception("database is locked"))
        sent(own)

    monkeypatch.setattr(OutboxMessage, "sent", locked_at_first)
    assert deliver_due(server.mail) == 1
    assert reloaded(message).sent_at is not None
    with unit_of_work() as session:
        session.execute(update(OutboxMessage).values(try_after=utc_now()))
    assert deliver_due(server.mail) == 0
    assert len(server.messages) == 1
