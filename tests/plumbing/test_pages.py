"""A page or a part of one, and one transaction a request."""

import pytest
from flask import Blueprint, Response
from flask_wtf import FlaskForm
from sqlalchemy import event, select
from wtforms import StringField
from wtforms.validators import InputRequired

from blueprints.access import PUBLIC, requires
from blueprints.lookups import get_or_404
from blueprints.pages import done, go_to, render
from blueprints.transactions import keep
from models.audit import AuditEvent, record
from models.base import DomainError, session
from models.records.provider import Organisation
from tests.factories import make_organisation
from tests.support.client import PortalClient
from tests.support.rows import every

PART = "components/_problem.html"


class NameForm(FlaskForm):
    name = StringField("Name", validators=[InputRequired("Enter a name")])


def name():
    form = NameForm()
    if form.validate_on_submit():
        session.add(Organisation(reference=form.name.data, name=form.name.data))
        return done("Saved", then="/help", partial=PART, heading=form.name.data, text="")
    return render("auth/logged_out.html", partial=PART, heading="Part", text="", form=form)


def act(what):
    record("trial.begun", by=None)
    return ACTS[what]()


def keep_and_refuse():
    keep()
    record("trial.more", by=None)
    return refuse()


def refuse():
    return Response("no", 422, mimetype="text/plain")


def break_a_rule():
    raise DomainError("Period 3 has already been confirmed")


def fail():
    raise ZeroDivisionError("secret detail")


def clash_at_the_end():
    session.add(Organisation(reference="double", name="x"))
    return go_to("/help")


def clash():
    clash_at_the_end()
    session.flush()


def write():
    record("trial.read", by=None)
    return Response("fine", mimetype="text/plain")


def organisation(number):
    found = get_or_404(select(Organisation).where(Organisation.id == number))
    return Response(found.name, mimetype="text/plain")


ACTS = {
    "good": lambda: go_to("/help"),
    "kept": keep_and_refuse,
    "refused": refuse,
    "rule": break_a_rule,
    "fault": fail,
    "clash": clash,
    "late-clash": clash_at_the_end,
}


@pytest.fixture
def browser(make_app):
    app = make_app()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    bp = Blueprint("trial", __name__, url_prefix="/trial")
    bp.route("/name", methods=["GET", "POST"])(requires(PUBLIC)(name))
    bp.post("/<what>")(requires(PUBLIC)(act))
    bp.get("/writes")(requires(PUBLIC)(write))
    bp.get("/organisations/<int:number>")(requires(PUBLIC)(organisation))
    app.register_blueprint(bp)
    return PortalClient(app)


def actions() -> list[str]:
    return [event.action for event in every(AuditEvent)]


def test_a_browser_gets_the_page_and_htmx_the_part(browser):
    assert browser.get("/trial/name").heading == "You have logged out"
    part = browser.get("/trial/name", htmx=True)
    assert part.page.select_one(".govuk-notification-banner__heading").get_text() == "Part"


@pytest.mark.parametrize("header", ["HX-History-Restore-Request", "HX-Boosted"])
def test_going_back_in_history_needs_the_whole_page(browser, header):
    answer = browser.get("/trial/name", htmx=True, headers={header: "true"})
    assert answer.heading == "You have logged out"


def test_caches_are_told_that_there_are_two_versions(browser):
    assert "HX-Request" in browser.get("/trial/name").headers["Vary"]


@pytest.mark.parametrize("htmx", [False, True])
def test_a_form_that_is_not_right_is_422_and_writes_nothing(browser, htmx):
    browser.post("/trial/name", {"name": ""}, status=422, htmx=htmx)
    assert not every(Organisation)


def test_done_is_a_redirect_and_a_notice_for_a_browser(browser):
    answer = browser.post("/trial/name", {"name": "Oak"}, status=303)
    assert answer.location == "/help"
    page = browser.follow(answer)
    assert page.page.select_one("#notices .govuk-notification-banner__heading").get_text() == "Saved"
    assert "Saved" not in browser.get("/help").words
    assert [each.name for each in every(Organisation)] == ["Oak"]


def test_done_is_the_part_and_a_notice_for_htmx(browser):
    answer = browser.post("/trial/name", {"name": "Oak"}, status=200, htmx=True)
    assert "Oak" in answer.words
    assert answer.page.select("#notices")[-1].get_text(" ", strip=True).endswith("Saved")
    assert [each.name for each in every(Organisation)] == ["Oak"]


def test_going_elsewhere_is_for_the_whole_window_in_htmx_too(browser):
    answer = browser.post("/trial/good", status=204, htmx=True)
    assert answer.headers["HX-Redirect"] == "/help"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("what", "status", "kept"),
    [
        ("good", 303, ["trial.begun"]),
        ("refused", 422, []),
        ("kept", 422, ["trial.begun"]),
        ("rule", 409, []),
        ("fault", 500, []),
        ("clash", 409, []),
        ("late-clash", 409, []),
    ],
)
def test_a_request_is_committed_whole_or_not_at_all(browser, what, status, kept):
    make_organisation(reference="double")
    browser.post(f"/trial/{what}", status=status)
    assert actions() == kept


def test_a_get_never_commits(browser):
    browser.get("/trial/writes")
    assert actions() == []


def test_a_broken_rule_is_told_in_its_own_words(browser):
    page = browser.post("/trial/rule", status=409)
    assert page.heading == "We could not do that"
    assert "Period 3 has already been confirmed" in page.words
    part = browser.post("/trial/rule", status=409, htmx=True)
    assert part.page.select_one("[role=alert]")
    assert "Period 3 has already been confirmed" in part.words


@pytest.mark.parametrize("htmx", [False, True])
def test_a_fault_shows_no_detail(browser, htmx, caplog):
    answer = browser.post("/trial/fault", status=500, htmx=htmx)
    assert "there is a problem with the portal" in answer.words
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_a_fault_in_the_page_that_tells_of_a_fault_still_gets_an_answer(browser, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr("blueprints.errors.problem", broken)
    answer = browser._client.post("/trial/fault", data={"csrf_token": browser.csrf_token()}, base_url=browser._base)
    assert answer.status_code == 500
    assert "there is a problem with the portal" in answer.text


@pytest.mark.postgres
@pytest.mark.parametrize("number", ["0", "7", "99999999999999999999", "2147483648"])
def test_what_is_not_there_is_not_found(browser, number):
    browser.get(f"/trial/organisations/{number}", status=404)


def test_a_database_that_is_written_to_for_a_long_time_is_called_busy_and_not_broken(browser, database):
    event.listen(database, "checkout", lambda connection, *_: connection.execute("PRAGMA busy_timeout=0"))
    with database.connect().execution_options(write=True) as other:
        other.exec_driver_sql("SELECT 1")
        page = browser.post("/trial/good", status=503)
    assert page.heading == "The portal is busy"
