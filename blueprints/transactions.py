"""One request is one transaction: it is committed when the answer is a good one, and never by a GET."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask, Response, appcontext_pushed, g, request

from models.base import DomainError, begin_write, scope, session, transaction

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask) -> None:
    open_scopes(app)
    app.before_request(_begin)
    app.after_request(_finish)


def open_scopes(app: Flask) -> None:
    """Let every request and every command work in the app's portal."""
    appcontext_pushed.connect(_open_scope, app)
    app.teardown_appcontext(_close_scope)


def keep() -> None:
    """Commit what was done so far, whatever this request comes to: a failed log-in counts. The press is no part of it:
    its row stands only with the whole act (blueprints/presses.py).
    """
    with unlocked():
        pass


@contextmanager
def unlocked() -> Iterator[None]:
    """Long work that writes nothing to the database: everybody else may write meanwhile. Everything so far is committed
    before, as by `keep()`: call it before the view has done anything, and look again at what was read before.
    """
    press = g.get("press")
    if press is not None:
        press.give_up()
    session.commit()
    try:
        yield
    finally:
        begin_write()
    if press is not None and press.begin() is not None:
        raise DomainError("This was sent twice at the same moment, and done once. Look at how things stand now")


def note(write: Callable[[], object]) -> None:
    """Do a small write that stays even if the request is refused or is a GET: say, note that access was refused.

    Call it before the view has done anything: on a POST it commits everything so far.
    """
    if request.method in SAFE_METHODS:
        with transaction():
            write()
    else:
        write()
        keep()


def note_refused(write: Callable[[], object]) -> None:
    """Do a small write that stays, of a request that was refused: nothing else of it does."""
    session.rollback()
    begin_write()
    write()
    session.commit()


def _open_scope(app: Flask, **_: object) -> None:
    g.scope = ExitStack()
    g.scope.enter_context(scope(app.extensions["portal"]))


def _close_scope(_error: BaseException | None) -> None:
    g.scope.close()


def _begin() -> None:
    if request.method not in SAFE_METHODS and request.endpoint:
        begin_write()


def _finish(response: Response) -> Response:
    if request.method not in SAFE_METHODS and response.status_code < 400:
        session.commit()
    else:
        session.rollback()
    return response
