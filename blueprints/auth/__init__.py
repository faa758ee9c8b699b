"""Logging in and out, and what one logs in with."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("auth", __name__)

from blueprints.auth import (
    account,
    all_services,
    calendar,
    choose,
    forgotten,
    identity,
    log_in,
    log_out,
    notifications,
    passkeys,
    prove,
    sessions,
    stages,
)
