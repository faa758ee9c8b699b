"""Where a request comes from, and whether its person gives their password once more."""

import re

from flask import current_app, request

from blueprints.access import me
from blueprints.session_store import session
from blueprints.transactions import keep
from forms.fields import PasswordField
from models.accounts.login import Origin
from models.accounts.login import prove as prove_by_password
from models.base import DomainError

NOT_YOURS = "That is not your current password. Check it, and type it again"
AGAIN = "You log in without a password here. Log out and log in again, then do this within 15 minutes"


def origin() -> Origin:
    token = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    is_token = re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    return Origin(request.remote_addr or "", token if is_token else None)


def proved_by(password: PasswordField | None) -> str:
    """What shows that it is they who press: the password that was typed or, of who has none, a log-in of the last
    quarter of an hour. Empty where nothing does: then the field says why. Call it before the view has done anything,
    since a wrong password counts whatever becomes of the request.
    """
    if password is None:
        return "the second step of a log-in" if session.is_fresh else ""
    wrong = NOT_YOURS
    try:
        if prove_by_password(me(), password.data, origin()):
            return "their password"
    except DomainError as throttled:
        wrong = str(throttled)
    keep()
    password.errors = [wrong]
    return ""
