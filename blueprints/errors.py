"""Refusals and faults, in words that say what to do. Never a trace, and never more than the person may know."""

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from blueprints.access import NotLooking, ReadOnly, is_of_staff, me
from blueprints.download import WrongFilter
from blueprints.pages import came_from, problem
from blueprints.refusals import page_again
from models.accounts.conflict import ConflictOfInterest
from models.base import DomainError, session, transaction
from models.tally import tally

WORDS = {
    400: ("We could not read that", "Go back, check what you entered and try again."),
    403: (
        "You do not have access to this",
        "Your role does not include this page. Ask whoever gave you access to the portal, or contact us.",
    ),
    404: ("Page not found", "If you typed or pasted the address, check that it is whole. Or go to the home page."),
    405: ("Page not found", "This address cannot be opened in this way. Go to the home page and start from there."),
    409: ("We could not do that", ""),
    413: ("That file is too large", "Choose files smaller than 10 MB, and send fewer at once."),
    500: (
        "Sorry, there is a problem with the portal",
        "Nothing was changed. Try again in a few minutes. If it keeps happening, contact us.",
    ),
    503: ("The portal is busy", "Nothing was changed. Wait a minute, then try again."),
}
TO_STAFF = {
    403: "Your role does not include this page. Ask a systems administrator if it should.",
    500: "Nothing was changed. Try again in a few minutes. If it keeps happening, tell whoever looks after the portal.",
}
"""The same for the council's own people, who would otherwise be told to contact themselves."""
STALE = (
    "This page was open for too long",
    "Nothing was changed. Go back, load the page again and repeat what you did.",
)
SECOND = (
    "Somebody else has just done this",
    "Nothing was changed by you. Go back, load the page again and look at how things stand now.",
)
READ_ONLY = (
    "You can change nothing here",
    "You are looking at this portal as staff. Only people of the provider can open this page or do this.",
)
NOT_LOOKING = (
    "You are not looking at this provider’s portal",
    "Looking ends after an hour, or when you stop. Open the provider under Providers, and choose Look at their portal.",
)
LAST_RESORT = "<!doctype html><html lang=en-GB><title>{0}</title><h1>{0}</h1><p>{1}</p></html>"


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, _broken_rule)
    app.register_error_handler(ConflictOfInterest, _conflict)
    app.register_error_handler(WrongFilter, _wrong_filter)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(OperationalError, _database_fault)
    app.register_error_handler(IntegrityError, _came_second)
    app.register_error_handler(HTTPException, _refusal)
    app.register_error_handler(ReadOnly, _read_only)
    app.register_error_handler(NotLooking, _not_looking)
    app.register_error_handler(SecurityError, _not_our_name)
    app.register_error_handler(InternalServerError, _fault)


def _broken_rule(error: DomainError) -> Response:
    again = page_again(error, _forget_all)
    return again if again is not None else problem(409, WORDS[409][0], str(error), back=came_from())


def _wrong_filter(error: WrongFilter) -> Response:
    text = f"{error}. Go back to the list, and download it from there."
    return problem(422, "We could not make this file", text, form=error.form)


def _conflict(error: ConflictOfInterest) -> Response:
    """The refusal stays in the audit, counted with those of the same person on the same page, and nothing else of the
    request.
    """
    _forget_all()
    by, endpoint = me(), request.endpoint
    with transaction():
        tally("access.conflict", by=by, provider_id=error.provider_id, endpoint=endpoint)
    return _broken_rule(error)


def _stale(_error: CSRFError) -> Response:
    return problem(400, *STALE)


def _not_looking(_error: NotLooking) -> Response:
    return problem(404, *NOT_LOOKING)


def _read_only(_error: ReadOnly) -> Response:
    return problem(403, *READ_ONLY, back=came_from())


def _refusal(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    return problem(error.code, *_words(error.code))


def _words(code: int) -> tuple[str, str]:
    """Heading and text, for whoever reads them."""
    heading, text = WORDS.get(code, WORDS[400 if code < 500 else 500])
    return heading, TO_STAFF.get(code, text) if is_of_staff() else text


def _not_our_name(_error: SecurityError) -> Response:
    """The request names a host that is not ours: answered without a link, since none of our addresses begin with it."""
    return Response(LAST_RESORT.format(*WORDS[400]), 400)


def _database_fault(error: OperationalError) -> Response:
    if "locked" in str(error.orig):  # SQLite: an import or a payment run is writing
        _forget_all()
        return problem(503, *WORDS[503])
    return _fault(InternalServerError(original_exception=error))


def _came_second(error: IntegrityError) -> Response:
    """Two people did the same at the same moment, and the database let one be the first."""
    current_app.logger.warning("%s %s: %s", request.method, request.endpoint, type(error.orig).__name__)
    _forget_all()
    return problem(409, *SECOND, back=came_from())


def _fault(error: InternalServerError) -> Response:
    original = error.original_exception or error
    if isinstance(original, IntegrityError):  # found at the very end, when the request was committed
        return _came_second(original)
    current_app.logger.error("%s %s", request.method, request.endpoint, exc_info=original)
    try:
        _forget_all()
        return problem(500, *_words(500))
    except Exception:
        current_app.logger.exception("the error page itself")
        return Response(LAST_RESORT.format(*WORDS[500]), 500)


def _forget_all() -> None:
    """The transaction cannot be used any more: begin another, in which the error page asks again who is logged in."""
    session.rollback()
    g.pop("_login_user", None)
