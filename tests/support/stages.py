"""People on their way in: clients at each stage of logging in (models.accounts.pending_login)."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from models.accounts.account_policy import Step
from models.accounts.login import account_hash
from models.accounts.passwords import hashed
from models.accounts.pending_login import PendingLogin, Purpose, Stage
from models.accounts.second_step import begin_app
from models.accounts.user import User
from models.accounts.web_session import ON_THE_WAY_IN, WebSession
from models.base import transaction, utc_now
from models.permissions import Role
from models.records.provider import Provider
from tests.auth.steps import give_app, give_security_code
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.passkeys import give_passkey
from tests.support.rows import saved, unit_of_work

Policy = Callable[..., None]

ASKED = {
    Stage.SECURITY_CODE: Step.SECURITY_CODE,
    Stage.SET_SECURITY_CODE: Step.SECURITY_CODE,
    Stage.SET_UP_AUTHENTICATOR: Step.AUTHENTICATOR,
}
"""The second step that the council asks for, where it is not a code by e-mail."""
GIVEN = {Stage.SECURITY_CODE: give_security_code, Stage.AUTHENTICATOR: give_app, Stage.PASSKEY: give_passkey}
BEFORE_THE_CODE = (Stage.EMAIL_CODE, Stage.AUTHENTICATOR, Stage.PASSKEY)


def client_at(stage: Stage, client: PortalClient, provider: Provider, policy: Policy) -> User:
    """Put the client there, as a carer of the provider; who that is. `policy` is the fixture of this name."""
    policy(carers=ASKED.get(stage, Step.EMAIL_CODE))
    user = make_user(Role.CARER, provider)
    if stage in GIVEN:
        GIVEN[stage](user)
    if stage is Stage.CHANGE_PASSWORD:
        _give_temporary_password(user)
    pending = saved(
        PendingLogin(
            purpose=Purpose.RESET if stage is Stage.NEW_PASSWORD else Purpose.LOG_IN,
            user_id=user.id,
            account=account_hash(user.email),
            address="somewhere",
            nonce=secrets.token_hex(16),
            emailed_at=None if stage in BEFORE_THE_CODE else utc_now(),
        )
    )
    if stage is Stage.SET_UP_AUTHENTICATOR:
        with unit_of_work() as session:
            begin_app(session.merge(user))
    _open_session(client, pending, user)
    return user


def _give_temporary_password(user: User) -> None:
    with unit_of_work() as session:
        mine = session.merge(user)
        mine.password_hash = hashed("Temporary-Kettle-7")
        mine.password_expires_at = utc_now() + timedelta(hours=72)


def _open_session(client: PortalClient, pending: PendingLogin, user: User) -> None:
    client.user, client.cookie = user, (token := secrets.token_urlsafe(32))
    data = {"pending_login": pending.id, "nonce": pending.nonce, "email": user.email}
    with transaction() as own:
        own.add(WebSession.begin(token, ON_THE_WAY_IN, user_id=None, data=data, user_agent="test"))
