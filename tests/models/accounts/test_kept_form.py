"""What was typed too late: whose it is, and for how long."""

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.accounts.kept_form import LONGEST_PATH, MOST_BYTES, MOST_FORMS, KeptForm
from models.base import session, transaction
from models.vault import Tampered
from tests.factories import make_user
from tests.support.rows import every, unit_of_work

pytestmark = pytest.mark.postgres
PAGE = "/providers/7/payments/1/2019-09-30/answer"


@pytest.fixture
def user(database):
    return make_user()


def keep(user, *typed, path=PAGE):
    with unit_of_work():
        return KeptForm.keep(user.id, path, typed)


def kept(user, path=PAGE):
    return [each.typed for each in every(KeptForm.on(user.id, path))]


def test_what_was_typed_comes_back_as_it_was(user):
    typed = [("comment", "Zoë’s «rate»\r\nis wrong"), ("rows-0-text", "two"), ("rows-0-text", "values"), ("none", "")]
    assert keep(user, *typed)
    assert kept(user) == [typed]


def test_secrets_and_buttons_are_never_kept(user):
    secret = ("password", "code", "current", "new", "confirm", "asked-0", "asked-1", "csrf_token")
    assert keep(user, ("comment", "Late"), *((name, "secret") for name in secret))
    assert kept(user) == [[("comment", "Late")]]
    assert not keep(user, *((name, "secret") for name in secret), path="/elsewhere")
    assert len(every(KeptForm)) == 1


def test_the_database_does_not_tell_it(user):
    keep(user, ("comment", "Asha is with her aunt"))
    [sealed] = every(select(KeptForm.sealed))
    assert "Asha" not in sealed


def test_it_is_nobody_elses_even_in_their_row(user):
    keep(user, ("comment", "Mine"))
    other = make_user()
    assert kept(other) == []
    with transaction():
        session.execute(update(KeptForm).values(user_id=other.id))
    with pytest.raises(Tampered):
        kept(other)


def test_after_an_hour_it_is_gone(user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    keep(user, ("comment", "Late"))
    time_machine.shift(timedelta(minutes=59, seconds=59))
    assert kept(user)
    time_machine.shift(timedelta(seconds=1))
    assert not kept(user)
    keep(user, ("comment", "Other"), path="/elsewhere")
    assert every(select(KeptForm.path)) == ["/elsewhere"]


def test_of_one_page_the_last_counts(user):
    keep(user, ("comment", "First"))
    keep(user, ("comment", "Second"))
    assert kept(user) == [[("comment", "Second")]]


def test_what_is_too_large_or_empty_is_not_kept(user):
    assert keep(user, ("comment", "x" * (MOST_BYTES - 100)))
    assert not keep(user, ("comment", "x" * MOST_BYTES), path="/elsewhere")
    assert not keep(user, ("comment", ""), ("row", ""), path="/elsewhere")
    assert len(every(KeptForm)) == 1


def test_nobody_fills_the_database(user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    for n in range(MOST_FORMS + 3):
        keep(user, ("comment", "Late"), path=f"/{n}")
        time_machine.shift(timedelta(seconds=1))
    assert every(select(KeptForm.path).order_by(KeptForm.id)) == [f"/{n}" for n in range(3, MOST_FORMS + 3)]


def test_a_page_with_a_very_long_address_keeps_nothing(user):
    """PostgreSQL takes no such address into its index, and the form would be answered by an error."""
    address = f"{PAGE}?sought={secrets.token_hex(2_000)}"
    assert not keep(user, ("comment", "Zoë"), path=address)
    assert keep(user, ("comment", "Zoë"), path=address[:LONGEST_PATH])
