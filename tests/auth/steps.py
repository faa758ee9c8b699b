"""People who have set up a second step, and what they would type."""

import pyotp

from models.accounts.authenticator import Authenticator, RecoveryCode
from models.accounts.second_step import begin_app, confirm_app, new_app, set_security_code
from models.accounts.security_code import SecurityCode
from models.accounts.user import User
from models.base import utc_now
from tests.support.rows import every, unit_of_work

SECURITY_CODE = "135790"


def give_security_code(user: User, code: str = SECURITY_CODE) -> None:
    with unit_of_work() as session:
        set_security_code(session.merge(user), code)


def asked(user: User) -> list[int]:
    return every(SecurityCode.of(user.id))[0].asked


def digits(user: User, code: str = SECURITY_CODE) -> dict[str, str]:
    """The fields of the page that asks for some digits, filled in."""
    return {f"asked-{n}": code[position - 1] for n, position in enumerate(asked(user))}


def all_digits(code: str = SECURITY_CODE) -> dict[str, str]:
    """Those of the page that asks for all of them, for a new password."""
    return {f"asked-{n}": digit for n, digit in enumerate(code)}


def give_app(user: User) -> list[str]:
    """An app that was set up a while ago; its recovery codes."""
    with unit_of_work() as session:
        mine = session.merge(user)
        begin_app(mine)
        codes = confirm_app(mine, pyotp.TOTP(new_app(mine).seed).at(utc_now()))
        session.scalars(Authenticator.of(user.id)).one().last_step = 0
    return codes


def app_code(user: User, *, ago: int = 0) -> str:
    """What the app shows, or showed `ago` half minutes before."""
    return pyotp.TOTP(every(Authenticator.of(user.id))[0].seed).at(int(utc_now().timestamp()) - 30 * ago)


def recovery_codes_left(user: User) -> int:
    return every(RecoveryCode.left(user.id))[0]
