"""A second press of a form does nothing, and gets the first one's answer (ADR 0012).

Every form carries a one-time key: `csrf()` of components/form.html draws it, and no author has to do anything. It stays
the same for one visit to the form, through refusals and a step that checks, until something is done.

Views know nothing of it. An act is an answer that sends the person on, or `done()` or `render_once()`; a page that is
only drawn again is none, and uses no key up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from flask import Flask, Response, current_app, flash, g, message_flashed, request
from flask_login import current_user

from blueprints.access import PUBLIC, access_of
from blueprints.pages import go_to, problem
from blueprints.session_store import session
from blueprints.transactions import SAFE_METHODS
from forms.base import Linked
from models.accounts.press import FIELD, Answer, Pressed, is_key, new_key

FLASHES = "_flashes"
"""Where Flask keeps in the session what was flashed and not shown yet."""
HOME = "/"
SENT_BEFORE = "You have sent this form before"
NOT_AGAIN = "If you mean to send what stands here as well, check it and press the button again"
NOT_DONE = "What you sent now is something else, and was not done."


def init_app(app: Flask) -> None:
    app.jinja_env.globals["one_time_key"] = one_time_key
    app.before_request(_answer_again)
    app.after_request(_keep_answer)
    message_flashed.connect(_flashed, app)


def repeatable(view: Callable) -> Callable:
    """For a view that makes nothing: whoever presses again does it again."""
    view.is_repeatable = True  # type: ignore[attr-defined]  # functions may have attributes
    return view


def is_sent_again() -> bool:
    """This form was sent before with something else in it: it says so itself, before any rule does."""
    return g.get("sent_before") is not None


def one_time_key() -> str | None:
    """The key of the forms on this page. Each is good for its own address, so they may share it. None before somebody
    has logged in.
    """
    if not current_user.is_authenticated:
        return None
    if g.get("one_time_key") is None:
        g.one_time_key = new_key()
    return g.one_time_key


@dataclass
class SentBefore:
    """This form was sent before, and something was done; now it comes again with something else in it."""

    answer: Answer

    @property
    def words(self) -> str:
        said = " ".join(text for _, text in self.answer.messages).rstrip(".")
        return f"{SENT_BEFORE}: “{said}”" if said else f"{SENT_BEFORE}, and it was done"

    def told(self) -> list[str]:
        """What is wrong with the form: FlaskForm.validate adds it, so that the view draws the form again."""
        return [Linked(f"{self.words}. Look at what was done", self.answer.then), NOT_AGAIN]


def _answer_again() -> Response | None:
    """Before the view: the first press goes on, a second one is answered here.

    Without a key, or with one that no portal makes, a press goes on unguarded: a page that was opened before an upgrade
    has none, and its person is not to lose what they typed.
    """
    press = _press_at_hand()
    if press is None:
        return None
    first = press.begin()
    if first is None:
        g.press, g.one_time_key = press, press.key
        return None
    answer = first.answer or Answer(HOME, (("information", f"{SENT_BEFORE}, and it was done"),))
    if not press.is_same_as(first):
        g.sent_before = SentBefore(answer)
        return None
    return _replay(answer)


def _press_at_hand() -> Pressed | None:
    if request.method in SAFE_METHODS or not request.endpoint or not current_user.is_authenticated:
        return None
    view, key = current_app.view_functions[request.endpoint], request.form.get(FIELD, "")
    if access_of(current_app, request.endpoint) is PUBLIC or hasattr(view, "is_repeatable") or not is_key(key):
        return None
    return Pressed(current_user.id, request.full_path.rstrip("?"), key, list(_typed()))


def _typed() -> Iterator[tuple[str, str]]:
    """Names and values, of a file its name and the hash of what is in it."""
    yield from request.form.items(multi=True)
    for name, file in request.files.items(multi=True):
        yield name, f"{file.filename} {sha256(file.stream.read()).hexdigest()}"
        file.stream.seek(0)


def _replay(answer: Answer) -> Response:
    for kind, text in answer.messages:
        if not any(text == shown for _, shown in session.get(FLASHES, [])):  # the first press may wait to be shown
            flash(text, kind)
    return go_to(answer.then)


def _flashed(_app: Flask, message: str, category: str, **_: object) -> None:
    g.setdefault("flashed", []).append((category, message))


def _keep_answer(response: Response) -> Response:
    """After the view, in its transaction: keep the answer of an act, or give the key back."""
    answer = _answer_of(response)
    if (sent_before := g.get("sent_before")) is not None and answer is not None:
        return _refuse(sent_before)  # the view has not asked its form, or has none
    press: Pressed | None = g.get("press")
    if press is None or response.status_code >= 400:
        return response
    if answer is None:
        press.give_up()
    else:
        press.finish(answer)
    return response


def _answer_of(response: Response) -> Answer | None:
    """What a second press would be told; None where nothing was done."""
    if response.status_code >= 400:
        return None
    there = response.location or response.headers.get("HX-Redirect")
    if there is None:
        return g.get("answered")
    return Answer(there, tuple(g.get("flashed", ())))


def _refuse(sent_before: SentBefore) -> Response:
    session[FLASHES] = []
    return problem(409, SENT_BEFORE, f"{sent_before.words}. {NOT_DONE}", back=sent_before.answer.then)
