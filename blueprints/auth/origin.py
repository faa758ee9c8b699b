"""The cookie by which a browser is known again."""

from flask import Response, after_this_request, current_app

from blueprints.origin import origin
from models.accounts.known_device import LIFE, KnownDevice
from models.accounts.user import User


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
