"""Where a try to log in comes from."""

from flask import request

from models.login import Origin


def origin() -> Origin:
    return Origin(request.remote_addr or "")
