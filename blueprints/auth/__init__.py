"""Logging in and out, and what one logs in with."""

from flask import Blueprint

bp = Blueprint("auth", __name__)

from blueprints.auth import (  # noqa: E402 - they add views
    account,  # noqa: F401
    choose,  # noqa: F401
    forgotten,  # noqa: F401
    identity,
    log_in,  # noqa: F401
    log_out,  # noqa: F401
    prove,  # noqa: F401
    sessions,  # noqa: F401
    stages,  # noqa: F401
)
