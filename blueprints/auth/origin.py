"""Where a try to log in comes from, and the cookie by which a browser is known again."""

import re

from flask import Response, after_this_request, current_app, request

from models.accounts.known_device import LIFE, KnownDevice
from models.accounts.login import Origin
from models.accounts.user import User


def origin() -> Origin:
    token = request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    is_token = re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    return Origin(request.remote_addr or "", token if is_token else None)


def remember_device(user: User) -> None:
    """This person has proved wholly who they are: from now on, this browser is known for them."""
    token = KnownDevice.remember(user.id, origin().device)

    @after_this_request
    def _give(response: Response) -> Response:
        response.set_cookie(
            current_app.config["DEVICE_COOKIE_NAME"],
            token,
            max_age=LIFE,
            path="/",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response
