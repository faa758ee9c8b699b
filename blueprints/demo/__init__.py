"""What exists in demonstration mode only: the mail that would have been sent."""

from flask import Blueprint

from blueprints.access import PUBLIC, requires
from blueprints.pages import render
from models.base import session
from models.outbox import OutboxMessage

bp = Blueprint("demo", __name__, url_prefix="/demo")

SHOWN = 20


@bp.get("/mail")
@requires(PUBLIC)
def mail():
    messages = session.scalars(OutboxMessage.newest_first().limit(SHOWN)).all()
    return render("demo/mail.html", messages=messages)
