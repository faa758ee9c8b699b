"""The six-monthly review of who has access: when it is due, and what it does."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from models.accounts import access_review, team
from models.accounts.access_review import AccessReview, six_months_after
from models.accounts.user import Membership
from models.audit import AuditEvent
from models.base import DomainError
from models.permissions import Role
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.support.rows import every, reading, saved, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

NOON = datetime(2026, 8, 31, 12, tzinfo=UTC)


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def administrator(provider):
    return make_user(Role.ADMINISTRATOR, provider)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """`now(instant)`: the real clock stands still there."""

    def stand_still(instant):
        monkeypatch.setattr(access_review, "utc_now", lambda: instant)

    stand_still(NOON)
    return stand_still


def grant(user, at):
    with unit_of_work() as session:
        session.execute(update(Membership).where(Membership.user_id == user.id).values(granted_at=at))


def due_on(provider):
    with reading(provider.id):
        return access_review.reviewed(provider.id).due_on


def overdue():
    with reading() as session:
        return [row.id for row in session.execute(access_review.overdue())]


def review(provider, by, *leavers, but=()):
    with unit_of_work(provider.id) as session:
        places = session.scalars(team.colleagues().where(Membership.granted_at.is_not(None))).all()
        places = [place for place in places if place.user_id not in [user.id for user in but]]
        access_review.review(places, {user.id for user in leavers}, by=by)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 1, 15), date(2026, 7, 15)),
        (date(2025, 8, 31), date(2026, 2, 28)),
        (date(2023, 8, 31), date(2024, 2, 29)),
        (date(2025, 12, 1), date(2026, 6, 1)),
    ],
)
def test_it_is_due_six_calendar_months_after_the_last_one(day, due):
    assert six_months_after(day) == due


def test_the_first_one_is_due_six_months_after_the_first_grant(provider, administrator):
    grant(administrator, datetime(2026, 3, 2, tzinfo=UTC))
    assert due_on(provider) == date(2026, 9, 2)
    other = make_user(Role.FINANCE, provider)
    grant(other, datetime(2026, 2, 2, tzinfo=UTC))
    assert due_on(provider) == date(2026, 8, 2)


def test_then_six_months_after_the_last_review(provider, administrator):
    grant(administrator, datetime(2020, 1, 1, tzinfo=UTC))
    for at in (datetime(2026, 5, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)):
        saved(AccessReview(provider_id=provider.id, by_id=administrator.id, at=at))
    assert due_on(provider) == date(2026, 11, 1)


def test_the_day_is_that_of_london(provider, administrator):
    grant(administrator, datetime(2026, 6, 30, 23, 30, tzinfo=UTC))  # half past midnight on 1 July
    assert due_on(provider) == date(2027, 1, 1)


def test_who_works_alone_has_nobody_to_review(provider):
    carer = make_user(Role.CARER, provider)
    grant(carer, datetime(2020, 1, 1, tzinfo=UTC))
    assert due_on(provider) is None
    assert overdue() == []


@pytest.mark.parametrize(
    "today",
    [datetime(2026, month, day, 22, 59, tzinfo=UTC) for month, day in ((2, 28), (6, 29), (7, 15), (8, 31))],
)
def test_the_councils_list_has_exactly_those_that_are_due(now, today):
    now(today)
    due = []
    for month in range(1, 13):
        for day in (1, 14, 15, 16, 27, 28, 30, 31):
            try:
                granted = datetime(2025, month, day, 12, tzinfo=UTC)
            except ValueError:
                continue
            provider = make_provider()
            grant(make_user(Role.ADMINISTRATOR, provider), granted)
            if access_review.is_due(due_on(provider)):
                due.append((granted, provider.id))
    assert overdue() == [provider_id for _, provider_id in sorted(due)]
    assert 0 < len(due) <= 96


def test_a_review_removes_those_who_have_left_and_counts_from_today(provider, administrator):
    stays, leaves = make_user(Role.FINANCE, provider), make_user(Role.VIEWER, provider)
    grant(administrator, datetime(2026, 1, 1, tzinfo=UTC))
    assert overdue() == [provider.id]
    review(provider, administrator, leaves)
    left = {place.user_id for place in every(select(Membership).where(Membership.provider_id == provider.id))}
    assert left == {administrator.id, stays.id}
    assert overdue() == []
    [done] = every(AccessReview)
    assert (done.provider_id, done.by_id) == (provider.id, administrator.id)
    events = {event.action: event.detail for event in every(AuditEvent)}
    assert events["access.reviewed"] == {"people": 3, "removed": 1}
    assert "membership.removed" in events


def test_a_review_of_a_list_that_is_no_longer_true_is_refused(provider, administrator):
    new = make_user(Role.FINANCE, provider)
    with pytest.raises(DomainError, match="while you were choosing"):
        review(provider, administrator, but=[new])
    assert not every(AccessReview)


def test_a_review_leaves_an_administrator(provider, administrator):
    other = make_user(Role.ADMINISTRATOR, provider)
    with pytest.raises(DomainError, match="There has to be an administrator"):
        review(provider, administrator, administrator, other)
    assert len(every(select(Membership).where(Membership.provider_id == provider.id))) == 2
    assert not every(AccessReview)


def test_a_place_elsewhere_and_the_council_are_not_reviewed_here(provider, administrator):
    elsewhere = make_provider()
    make_membership(administrator, elsewhere, Role.ADMINISTRATOR)
    make_staff()
    grant(administrator, datetime(2026, 1, 1, tzinfo=UTC))
    review(provider, administrator)
    assert overdue() == [elsewhere.id]
