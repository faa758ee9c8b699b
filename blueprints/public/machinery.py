"""What browsers and monitoring fetch without a person looking."""

from flask import Response, current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from blueprints.access import PUBLIC, requires
from blueprints.public import bp
from models.base import session

A_YEAR = 365 * 24 * 60 * 60


@bp.get("/theme.css")
@requires(PUBLIC)
def theme():
    """The council's colours. The address changes with them, so it is kept for long."""
    response = Response(current_app.extensions["theme"], mimetype="text/css")
    response.cache_control.public = response.cache_control.immutable = True
    response.cache_control.max_age = A_YEAR
    return response


@bp.get("/healthz")
@requires(PUBLIC)
def healthz():
    """200 while the portal and its database answer."""
    try:
        session.execute(select(1))
    except SQLAlchemyError:
        current_app.logger.exception("the database does not answer")
        return Response("the database does not answer\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
