"""Leaving, so that neither the Back button nor a copied cookie brings anything back."""

from flask import url_for
from flask_login import current_user

from blueprints.access import PUBLIC, me, requires
from blueprints.auth import bp
from blueprints.pages import go_to, render
from blueprints.session_store import session
from models.audit import record


@bp.post("/log-out")
@requires(PUBLIC)
def log_out():
    if current_user.is_authenticated:
        record("user.logged_out", me(), by=me())
    return leave()


def leave():
    session.end()
    response = go_to(url_for(".logged_out"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.get("/logged-out")
@requires(PUBLIC)
def logged_out():
    return render("auth/logged_out.html")
