"""A rule that says no to somebody of the council's staff never takes them to a page of its own: the page on which they
pressed is drawn again, with what they typed and the reason on top, and nothing of the act stays.

Views know nothing of it. One with a form is called a second time, and its form then says why (FlaskForm.validate). One
that is only a button says on which page that stands: `@stays_on("admin.payment_runs.show")`.
"""

from collections.abc import Callable

from flask import Response, current_app, g, make_response, request

from blueprints.access import is_councils
from blueprints.pages import wants_partial
from blueprints.transactions import SAFE_METHODS
from models.base import DomainError


def stays_on(page: str) -> Callable[[Callable], Callable]:
    """For a view that is a button without a form of its own: the endpoint of the page on which it stands."""

    def declare(view: Callable) -> Callable:
        view.stays_on = page  # type: ignore[attr-defined]  # functions may have attributes
        return view

    return declare


def page_again(error: DomainError, forget_all: Callable[[], None]) -> Response | None:
    """The page on which the button stands, with the reason. None where there is none: htmx shows the reason beside what
    is there already, and a page that was only asked for has no form to stay on.
    """
    if request.method in SAFE_METHODS or wants_partial() or not is_councils() or "refused" in g:
        return None
    forget_all()
    g.refused = str(error)
    found = _drawn_again()
    if found is None:
        forget_all()
    else:
        found.status_code = 409
    return found


def _drawn_again() -> Response | None:
    view = current_app.view_functions[request.endpoint or ""]
    page, arguments = getattr(view, "stays_on", None), dict(request.view_args or {})
    if page is not None:
        [names] = {frozenset(rule.arguments) for rule in current_app.url_map.iter_rules(page)}
        view = current_app.view_functions[page]
        arguments = {name: value for name, value in arguments.items() if name in names}
    try:
        found = make_response(view(**arguments))
    except DomainError:  # before it came to its form, or it has none
        return None
    return found if page is not None or g.get("is_refused_on_form") else None
