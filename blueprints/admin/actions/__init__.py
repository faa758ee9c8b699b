"""Actions and Change Requests as the council's teams have them: inboxes, threads, several at once, kept texts."""
# ruff: noqa: E402, F401 - the modules add their views to bp

from flask import Blueprint

bp = Blueprint("actions", __name__, url_prefix="/actions")

from blueprints.admin.actions import index, kept_replies, many, pass_on, setup, show, write
