"""A press and its answer: once by whom, to where, with what; and together with the act or not at all."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.accounts.kept_form import KeptForm
from models.accounts.press import MOST_AT_ONCE, Answer, Press, Pressed, is_key, new_key
from models.base import session
from models.records.provider import Provider
from tests.factories import make_provider, make_user
from tests.support.portal import in_this_portal
from tests.support.rows import every, saved, unit_of_work

pytestmark = pytest.mark.postgres
TYPED = (("amount", "25.00"), ("for_day", "3"), ("for_day", "1"), ("for_day", "2026"), ("reason", "Paid\r\ntwice "))
DONE = Answer("/there", (("message", "Adjusted by £25.00 for Zoë"),))


@pytest.fixture
def press(database):
    return Pressed(make_user().id, "/council/payments/741254/2019-09-30/adjust", new_key(), TYPED)


def send(press, answer=DONE):
    """The answer of the first press, where this is not the first one; else this one is done."""
    with unit_of_work():
        first = press.begin()
        if first is None:
            press.finish(answer)
            return None
        return first.answer


def test_a_second_press_gets_the_first_ones_answer(press):
    assert send(press) is None
    assert send(press, Answer("/elsewhere")) == DONE
    assert len(every(Press)) == 1


def breaks_off(*acts):
    with suppress(RuntimeError), unit_of_work():
        for act in acts:
            act()
        raise RuntimeError


@pytest.mark.parametrize("other", ["key", "address", "user_id"])
def test_a_key_is_bound_to_its_person_and_its_address(press, other):
    send(press)
    changed = {"key": new_key(), "address": f"{press.address}?more=1", "user_id": make_user().id}
    assert send(replace(press, **{other: changed[other]})) is None


@pytest.mark.parametrize(
    ("typed", "is_same"),
    [
        ((*TYPED[:4], ("reason", " Paid\ntwice")), True),  # a form that was kept comes back trimmed
        ((*TYPED, ("csrf_token", "x"), ("one_time_key", "y"), ("save", "yes"), ("checked", "25")), True),
        (TYPED[::-1][:1] + TYPED[:4], True),
        ((("amount", "26.00"), *TYPED[1:]), False),
        ((TYPED[0], ("for_day", "1"), ("for_day", "3"), *TYPED[3:]), False),  # 1 March, not 3 January
        ((*TYPED, ("confirm", "y")), False),
        (TYPED[:4], False),
        ((*TYPED[:4], ("reason", "Paidtwice")), False),
    ],
)
def test_what_counts_as_the_same_form(press, typed, is_same):
    send(press)
    with unit_of_work():
        again = replace(press, typed=typed)
        assert again.is_same_as(again.begin()) is is_same


def test_what_was_refused_or_broke_off_uses_up_nothing(press):
    breaks_off(press.begin)
    with unit_of_work():
        press.begin()
        press.give_up()
    assert not every(Press)
    assert send(press) is None


def test_the_act_and_its_press_stand_together(press):
    provider = make_provider(name="Before")
    breaks_off(press.begin, lambda: session.execute(update(Provider).values(name="After")), lambda: press.finish(DONE))
    assert every(select(Provider.name).where(Provider.id == provider.id)) == ["Before"]
    assert not every(Press)


@pytest.mark.parametrize("end", ["commits", "breaks off"])
def test_of_two_at_the_same_moment_the_second_waits_for_the_first(press, end):
    """On SQLite for the write lock, on PostgreSQL for the row."""
    has_begun, told = threading.Event(), []

    def second():
        has_begun.wait(10)
        told.append(send(press, Answer("/second")))

    other = threading.Thread(target=in_this_portal(second))
    other.start()
    with suppress(RuntimeError), unit_of_work():
        assert press.begin() is None
        has_begun.set()
        other.join(0.3)
        assert not told, "the second did not wait"
        press.finish(DONE)
        if end == "breaks off":
            raise RuntimeError
    other.join(10)
    assert told == [DONE if end == "commits" else None]
    assert [each.answer for each in every(Press)] == [DONE if end == "commits" else Answer("/second")]


def test_the_database_tells_neither_the_key_nor_what_was_typed_nor_the_answer(press):
    send(press)
    [row] = every(Press)
    told = " ".join(map(str, (row.mark, row.typed, row.sealed)))
    assert not [each for each in (press.key, press.address, "25.00", "Zoë", "/there") if each in told]


def test_an_answer_that_is_put_under_somebody_elses_name_does_not_open(press):
    send(press)
    other = make_user()
    with unit_of_work() as own:
        own.execute(update(Press).values(user_id=other.id))
    assert every(Press)[0].answer is None


def test_after_a_day_it_is_cleared_away_by_whoever_presses_next(press, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    send(press)
    time_machine.shift(timedelta(days=1) - timedelta(seconds=1))
    send(replace(press, key=new_key()))
    assert len(every(Press)) == 2
    time_machine.shift(timedelta(seconds=1))
    send(replace(press, key=new_key()))
    assert len(every(Press)) == 2
    assert send(press) is None


def test_no_press_clears_away_more_than_so_many(press, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    given = {"user_id": press.user_id, "typed": "", "sealed": ""}
    with unit_of_work():
        session.add_all(Press(**given, mark=str(n)) for n in range(MOST_AT_ONCE + 1))
    time_machine.shift(timedelta(days=2))
    send(press)
    assert len(every(Press)) == 2


def test_clearing_away_waits_for_nobody(press, time_machine):
    """Somebody whose act takes long may be clearing away the same rows."""
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    old = saved(Press(user_id=press.user_id, typed="", sealed="", mark="old"))
    time_machine.shift(timedelta(days=2))
    done = threading.Event()
    with unit_of_work() as own:
        own.execute(select(Press).where(Press.id == old.id).with_for_update())
        other = threading.Thread(target=in_this_portal(lambda: (send(press), done.set())))
        other.start()
        assert done.wait(10)
    other.join()


def test_a_form_is_kept_with_its_key_but_not_for_its_key(database):
    user = make_user()
    key = ("one_time_key", new_key())
    with unit_of_work():
        assert not KeptForm.keep(user.id, "/button", [key, ("csrf_token", "x")])
        assert KeptForm.keep(user.id, "/form", [key, ("comment", "Late")])
    assert [each.typed for each in every(KeptForm.on(user.id, "/form"))] == [[key, ("comment", "Late")]]


def test_keys_are_what_the_portal_makes():
    assert len({new_key() for _ in range(1000)}) == 1000
    assert is_key(new_key())
    assert not any(map(is_key, ("", "y", "x" * 21, "x" * 23, "é" * 22, f"{'x' * 21}\n")))
