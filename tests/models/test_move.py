"""base.move(): a change that only the first of two may make."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from models.accounts import team
from models.accounts.authenticator import Authenticator
from models.accounts.user import Membership
from models.base import DomainError, move, scope
from models.permissions import CouncilRole, Role
from models.tenancy import EVERY_PROVIDER, set_tenant
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, saved, unit_of_work

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_first_one_moves_it_and_the_second_one_is_told(database):
    app = saved(Authenticator(user_id=make_user().id, sealed_seed="x", last_step=0))
    with unit_of_work() as session:
        session.add(app)
        assert move(app, Authenticator.last_step < 5, last_step=5)
        assert not move(app, Authenticator.last_step < 5, last_step=4)
        assert app.last_step == 5


def test_what_was_changed_before_is_kept(database):
    app = saved(Authenticator(user_id=make_user().id, sealed_seed="x", last_step=0))
    with unit_of_work() as session:
        session.add(app)
        app.confirmed_at = NOW
        assert move(app, Authenticator.last_step < 5, last_step=5)
    [kept] = every(Authenticator)
    assert (kept.confirmed_at, kept.last_step) == (NOW, 5)


@pytest.mark.postgres
def test_a_row_that_somebody_has_removed_is_not_moved(database):
    """The person set up another app meanwhile: the code of the old one is wrong, and no fault."""
    app = saved(Authenticator(user_id=make_user().id, sealed_seed="x", last_step=0))
    with unit_of_work() as session:
        session.add(app)
        session.execute(delete(Authenticator), execution_options={"synchronize_session": False})
        assert not move(app, Authenticator.last_step < 5, last_step=5)


@pytest.mark.postgres
def test_who_grants_a_place_that_was_just_removed_is_told(database):
    provider, by, asked = make_provider(), make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR), make_user()
    saved(Membership(user_id=asked.id, provider_id=provider.id, role=Role.FINANCE))
    with scope() as session:
        set_tenant(EVERY_PROVIDER)
        place = session.scalars(team.waiting().where(Membership.provider_id == provider.id)).one()
        session.execute(delete(Membership), execution_options={"synchronize_session": False})
        with pytest.raises(DomainError, match="Somebody"):
            team.grant(place, by=by)
        assert session.scalar(select(Membership.id)) is None
