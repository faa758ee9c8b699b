"""A session that somebody ends while a request of it is under way stays ended, whichever comes first."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest
from flask import Response, request
from sqlalchemy import select

from models.accounts.user import User
from models.accounts.web_session import WebSession, digest
from models.base import transaction
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.portal import in_this_portal
from tests.support.rows import every

ROUNDS = 1000
"""On SQLite, where one takes milliseconds."""


@pytest.fixture
def user(database):
    return make_user()


def change(session):
    session["looked_at"] = "something"


def renew(session):
    session.renew()


def prove(session):
    session.prove()


def stay(session):
    session.stay()


def end_everywhere(user):
    with transaction() as own:
        own.scalar(select(User).where(User.id == user.id)).end_sessions()


def use(app, cookie, act):
    """A request of this session, without a view: the session is opened, used and saved."""
    name = app.config["SESSION_COOKIE_NAME"]
    with app.test_request_context("/", headers={"Cookie": f"{name}={cookie}"}):
        session = app.session_interface.open_session(app, request)
        was_open = session.row is not None
        act(session)
        app.session_interface.save_session(app, session, Response())
        return was_open, session.token


@pytest.mark.postgres
def test_no_session_rises_again(app, database, user):
    rounds = ROUNDS if database.dialect.name == "sqlite" else ROUNDS // 10
    client, acts, opened = PortalClient(app), cycle([change, renew, prove, stay]), 0
    with ThreadPoolExecutor(2) as pool:
        for _, act in zip(range(rounds), acts, strict=False):
            cookie = client.sign_in(user).cookie
            using = pool.submit(use, app, cookie, act)
            pool.submit(in_this_portal(end_everywhere), user).result()
            opened += using.result()[0]
            assert not every(select(WebSession).where(WebSession.user_id == user.id)), act.__name__
    assert opened, "the end always came first: nothing was raced"


@pytest.mark.postgres
@pytest.mark.parametrize("act", [change, renew, prove, stay])
def test_the_end_comes_between_loading_and_saving(app, user, act):
    cookie = PortalClient(app).sign_in(user).cookie

    def in_between(session):
        end_everywhere(user)
        act(session)

    was_open, token = use(app, cookie, in_between)
    assert was_open
    assert not every(WebSession)
    assert not every(WebSession.known_by(token))


@pytest.mark.postgres
@pytest.mark.parametrize("act", [change, renew, prove, stay])
def test_a_later_log_in_takes_its_place_between_loading_and_saving(app, user, act):
    cookie = PortalClient(app).sign_in(user).cookie

    def in_between(session):
        for _ in range(5):
            PortalClient(app).sign_in(user)
        with transaction() as own:
            own.execute(WebSession.room_made(user.id))
        act(session)

    _, token = use(app, cookie, in_between)
    still_open = [row.token_sha256 for row in every(WebSession.of(user.id))]
    assert len(still_open) == 4
    assert not {digest(cookie), digest(token)} & {*still_open}
