from datetime import timedelta

import pytest

from models.accounts.known_device import LIFE, MOST, KnownDevice
from models.accounts.login import Origin
from models.base import utc_now
from tests.factories import make_user
from tests.support.rows import every, unit_of_work

pytestmark = pytest.mark.postgres


@pytest.fixture
def user(database):
    return make_user()


def remember(user, token=None):
    with unit_of_work():
        return KnownDevice.remember(user.id, token)


def is_known(user, token):
    with unit_of_work():
        return Origin("192.0.2.1", token).device_id(user) is not None


def test_a_browser_is_known_for_who_has_logged_in_with_it_and_for_nobody_else(user):
    token = remember(user)
    assert is_known(user, token)
    assert not is_known(make_user(), token)
    assert not is_known(user, None)
    assert not is_known(None, token)


def test_the_database_does_not_tell_the_token(user):
    token = remember(user)
    [row] = every(KnownDevice)
    assert token not in str(vars(row))


def test_every_log_in_changes_the_token_for_all_who_share_the_browser(user):
    first = remember(user)
    partner = make_user()
    second = remember(partner, first)
    assert not is_known(user, first)
    assert is_known(user, second)
    assert is_known(partner, second)
    before = {row.id for row in every(KnownDevice)}
    remember(user, second)
    assert {row.id for row in every(KnownDevice)} == before


def test_a_token_that_somebody_made_up_becomes_nobodys(user):
    planted = "A" * 43
    assert remember(user, planted) != planted
    assert not is_known(user, planted)


def test_after_a_year_without_a_log_in_a_browser_is_a_new_one(user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    token = remember(user)
    time_machine.move_to(utc_now() + LIFE - timedelta(seconds=1), tick=False)
    assert is_known(user, token)
    time_machine.shift(1)
    assert not is_known(user, token)
    remember(user)
    assert len(every(KnownDevice)) == 1


def test_of_fifty_one_browsers_the_one_used_least_lately_gives_way(user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    first, second = remember(user), remember(user)
    for _ in range(MOST - 2):
        time_machine.shift(60)
        remember(user)
    first = remember(user, first)
    remember(user)
    assert len(every(KnownDevice)) == MOST
    assert is_known(user, first)
    assert not is_known(user, second)


def test_a_new_password_makes_every_browser_a_new_one_but_the_one_it_was_changed_in(user):
    here, elsewhere, partner = remember(user), remember(user), make_user()
    here_too = remember(partner, here)
    with unit_of_work() as session:
        session.merge(user).set_password("Seven-Quiet-Otters-4", device=here_too)
    assert is_known(user, here_too)
    assert not is_known(user, elsewhere)
    with unit_of_work() as session:
        session.merge(user).give_temporary_password(by=None)
    assert not is_known(user, here_too)
    assert is_known(partner, here_too)
