"""What is told of answers, queries and write-offs, and when it is told once more."""

import pytest

from models.payments import debts
from models.payments.debt import WriteOff
from tests.exchange.outbound.conftest import Way
from tests.factories import make_staff
from tests.support.debts import act, owing
from tests.support.rows import every
from tests.support.states import TUESDAY, office

pytestmark = [pytest.mark.postgres, pytest.mark.covers("S3-001")]


def told(way: Way, name: str, *columns: str) -> list[tuple[str, ...]]:
    """What the next export says, in these columns; nothing where there is none, or no such file in it."""
    way.finance.books.clear()
    way.export()
    way.finance.look()
    return [tuple(row[column] for column in columns) for row in way.finance.rows(name)]


def test_an_answer_is_told_and_again_when_it_lapses_or_is_taken_back(way: Way):
    columns = "answer", "amount", "answered_on", "comment"
    the = office().to(TUESDAY)
    assert told(way, "answers.csv", *columns) == []
    the.confirm()
    assert told(way, "answers.csv", *columns) == [("confirmed", "656.11", "2019-10-01", "")]
    assert told(way, "answers.csv", *columns) == []
    the.feed()
    assert told(way, "answers.csv", *columns) == [("lapsed", "656.11", "2019-10-01", "")]
    the.reject()
    assert told(way, "answers.csv", *columns) == [("rejected", "656.18", "2019-10-01", "Bea left on Tuesday")]
    the.take_back()
    assert told(way, "answers.csv", *columns) == [("confirmed", "656.18", "2019-10-01", "")]


def test_a_rejection_that_the_council_sends_back_stands_no_longer(way: Way):
    columns = "answer", "amount", "answered_on", "comment"
    the = office().to(TUESDAY).reject()
    assert told(way, "answers.csv", *columns) == [("rejected", "656.11", "2019-10-01", "Bea left on Tuesday")]
    the.send_back()
    assert told(way, "answers.csv", *columns) == [("asked_again", "0.00", "", "")]
    assert told(way, "answers.csv", *columns) == []
    the.reject()
    assert told(way, "answers.csv", *columns) == [("rejected", "656.11", "2019-10-01", "Bea left on Tuesday")]


def test_silence_is_told_as_what_it_is(way: Way):
    the = office(if_unconfirmed="confirm").to(TUESDAY).run()
    assert the.refused == ""
    assert told(way, "answers.csv", "answer", "amount") == [("silent", "656.11")]


def test_a_query_is_told_and_again_once_it_is_answered(way: Way):
    columns = "query_ref", "period_first_on", "reason", "holds", "answered_on", "answer"
    the = office().to(TUESDAY).confirm(queried=True)
    open_ = ("Q1", "2019-09-30", "She left on Tuesday", "yes", "", "")
    assert told(way, "queries.csv", *columns) == [open_]
    assert told(way, "queries.csv", *columns) == []
    the.release()
    [answered] = told(way, "queries.csv", *columns)
    assert answered[:4] == open_[:4]
    assert answered[4] != ""
    assert answered[5] == "It is right"


def test_a_hold_of_the_council_is_its_own(way: Way):
    office().to(TUESDAY).confirm().hold()
    assert told(way, "queries.csv", "reason") == []


def test_a_write_off_is_told_once_it_is_decided(way: Way):
    columns = "amount", "decision", "reason", "note"
    contract, officer, manager = owing(50_000), make_staff(), make_staff()
    act(debts.ask_write_off, contract, pence=10_000, reason="Too small", by=officer)
    assert told(way, "write_offs.csv", *columns) == []
    act(debts.refuse_write_off, *every(WriteOff), reason="It is not", by=manager)
    assert told(way, "write_offs.csv", *columns) == [("100.00", "refused", "Too small", "It is not")]
    act(debts.ask_write_off, contract, pence=10_000, reason="Too small", by=officer)
    act(debts.agree_write_off, every(WriteOff)[-1], by=manager)
    assert told(way, "write_offs.csv", *columns) == [("100.00", "agreed", "Too small", "")]
    assert [row["kind"] for row in way.finance.rows("debt_entries.csv")] == ["written off"]
