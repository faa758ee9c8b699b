"""docs/login-states.md: what comes after what on the way in, from every kind of beginning."""

from datetime import timedelta

import pytest

from models.accounts.account_policy import Step
from models.accounts.known_device import KnownDevice
from models.accounts.login import Origin
from models.accounts.pending_login import PendingLogin, Purpose, Stage
from models.accounts.second_step import set_security_code
from models.accounts.user import User
from models.base import session, utc_now
from tests.auth.steps import give_app, give_security_code
from tests.factories import make_user
from tests.support.passkeys import give_passkey
from tests.support.rows import every, unit_of_work

BEGINNINGS = ("own password", "temporary password", "identity provider", "forgotten password")
HAS = {
    "nothing, where a code by e-mail is asked for": (Step.EMAIL_CODE, None),
    "nothing, where a security code is asked for": (Step.SECURITY_CODE, None),
    "nothing, where an app is asked for": (Step.AUTHENTICATOR, None),
    "a security code": (Step.SECURITY_CODE, give_security_code),
    "an authenticator app": (Step.AUTHENTICATOR, give_app),
    "a passkey": (Step.EMAIL_CODE, give_passkey),
}
WORDS = {
    Stage.EMAIL_CODE: "code by e-mail",
    Stage.SECURITY_CODE: "digits",
    Stage.AUTHENTICATOR: "code of the app",
    Stage.PASSKEY: "passkey",
    Stage.CHANGE_PASSWORD: "change the password",
    Stage.NEW_PASSWORD: "new password",
    Stage.SET_SECURITY_CODE: "choose a security code",
    Stage.SET_UP_AUTHENTICATOR: "set up an app",
    Stage.DONE: "in",
}


def begin(user: User, beginning: str, browser: str) -> PendingLogin:
    device = KnownDevice.remember(user.id, None) if browser == "known" else None
    if beginning == "temporary password":
        user.password_expires_at = utc_now() + timedelta(hours=72)
    purpose = Purpose.RESET if beginning == "forgotten password" else Purpose.LOG_IN
    return PendingLogin.begin(user.email, user, purpose, Origin("192.0.2.1", device))


def go_on(pending: PendingLogin) -> None:
    """What the page of this stage leaves behind when its answer was right."""
    match pending.stage:
        case Stage.EMAIL_CODE:
            pending.emailed_at = utc_now()
        case Stage.CHANGE_PASSWORD:
            pending.set_password("Seven-Quiet-Otters-4")
        case Stage.SET_SECURITY_CODE:
            set_security_code(pending.person, "135790")
            pending.step_done()
        case _:
            pending.step_done()
    session.flush()


def way(user: User, beginning: str, browser: str) -> str:
    stages = []
    with unit_of_work() as own:
        pending = begin(own.merge(user), beginning, browser)
        while (stage := pending.stage) not in (Stage.DONE, Stage.NEW_PASSWORD, Stage.SET_UP_AUTHENTICATOR):
            stages.append(stage)
            assert len(stages) < 6
            go_on(pending)
        stages.append(stage)
    return ", ".join(WORDS[stage] for stage in stages)


@pytest.mark.parametrize("has", HAS)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_the_way_in_is_that_of_the_table(app, policy, repository, beginning, has):
    asked, give = HAS[has]
    policy(carers=asked)
    ways = []
    for browser in ("known", "new"):
        user = make_user()
        if give:
            give(user)
        ways.append(way(user, beginning, browser))
    table = (repository / "docs" / "login-states.md").read_text("utf-8")
    row = f"| {beginning} | {has} | {' | '.join(ways)} |"
    assert row in table, row


def test_a_second_step_of_the_identity_provider_that_is_trusted_stands_in_for_all(app, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    with unit_of_work() as own:
        pending = begin(own.merge(user), "identity provider", "new")
        pending.is_trusted = True
        assert pending.stage is Stage.DONE


def test_a_browser_that_is_forgotten_half_way_is_a_new_one(app, policy):
    """A new password, set elsewhere, forgets the others."""
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    give_security_code(user)
    with unit_of_work() as own:
        pending = begin(own.merge(user), "own password", "known")
        assert pending.stage is Stage.SECURITY_CODE
        KnownDevice.forget_all(user.id)
    [pending] = every(PendingLogin)
    with unit_of_work() as own:
        pending = own.scalars(PendingLogin.open(pending.id, pending.nonce)).one()
        assert pending.stage is Stage.EMAIL_CODE
