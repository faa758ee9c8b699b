"""The one-time key of every form: what is an act, what is none, and what a second press is told."""

import io

import pytest
from flask import Blueprint, flash, render_template_string, request
from sqlalchemy import select

from blueprints.access import PUBLIC, SIGNED_IN, me, requires
from blueprints.pages import done, go_to, render, render_once
from blueprints.presses import repeatable
from forms.base import FlaskForm
from forms.fields import StringField
from models.accounts.press import Press, new_key
from models.audit import AuditEvent, record
from models.base import DomainError
from models.vault import vault_of
from tests.factories import PASSWORD, make_user
from tests.support.client import PortalClient
from tests.support.rows import every

HERE = "/trial/act"
PART = "components/_problem.html"
PAGE = """{% from "components/form.html" import csrf, error_summary %}{{ error_summary(form) }}
<form method="post" action="/trial/named">{{ csrf() }}<input name="name" value="{{ form.name.data }}" aria-label="Name">
</form>"""


class NameForm(FlaskForm):
    name = StringField("Name")


def act():
    record("trial.done", by=me())
    how = request.form.get("how", "done")
    if how == "fault":
        raise DomainError("No")
    flash("Also this", "information")
    if how == "part":
        return done("It is done", then="/help", partial=PART, heading="Trial", text="It is done")
    if how == "once":
        return render_once("public/help.html", then="/account", lost="It was shown once")
    if how == "drawn":
        return render("public/help.html")
    return go_to("/about") if how == "go" else done("It is done", then="/help")


def named():
    form = NameForm()
    if form.validate_on_submit():
        record("trial.done", by=me())
        return done(f"{form.name.data} is there", then="/help")
    return render_template_string(PAGE, form=form), 422 if form.errors else 200


@pytest.fixture
def browser(make_app):
    app = make_app()
    bp = Blueprint("trial", __name__, url_prefix="/trial")
    for name, access in (("act", SIGNED_IN), ("other", SIGNED_IN), ("again", SIGNED_IN), ("open", PUBLIC)):
        view = requires(access)(lambda: act())  # one each: what a view declares is kept on it
        bp.post(f"/{name}", endpoint=name)(repeatable(view) if name == "again" else view)
    bp.route("/named", methods=["GET", "POST"])(requires(SIGNED_IN)(named))
    app.register_blueprint(bp)
    return PortalClient(app).sign_in(make_user())


def acts():
    return len(every(select(AuditEvent).where(AuditEvent.action == "trial.done")))


def twice(browser, path=HERE, first=None, second=None, **more):
    """The second answer to a form that is sent twice with one key."""
    key = {"one_time_key": new_key()}
    browser.post(path, (first or {}) | key, **more)
    return browser.post(path, (first if second is None else second) | key if first or second else key, **more)


@pytest.mark.parametrize(
    ("how", "then", "told"),
    [
        ("done", "/help", ["Also this", "It is done"]),
        ("go", "/about", ["Also this"]),
        ("once", "/account", ["It was shown once"]),
    ],
)
def test_a_second_press_goes_where_the_first_one_went_and_is_told_the_same(browser, how, then, told):
    answer = twice(browser, first={"how": how})
    assert (answer.status_code, answer.location, acts()) == (303, then, 1)
    assert sorted(each.get_text() for each in browser.get(then).page.select("#notices p"))[-len(told) :] == told


def test_by_htmx_it_leads_to_the_page_where_the_result_stands(browser):
    answer = twice(browser, first={"how": "part"}, htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"], acts()) == (204, "/help", 1)


def test_a_page_that_is_only_drawn_again_is_no_act(browser):
    assert twice(browser, first={"how": "drawn"}).status_code == 200
    assert acts() == 2
    assert not every(Press)


def test_a_refusal_is_no_act(browser):
    answer = twice(browser, first={"how": "fault"}, second={"how": "done"})
    assert (answer.status_code, acts()) == (303, 1)


def test_another_address_is_another_form(browser):
    key = {"one_time_key": new_key()}
    for path in (HERE, "/trial/other", f"{HERE}?for=1", f"{HERE}?for=2"):
        browser.post(path, key, status=303)
    assert acts() == 4


def test_somebody_else_with_the_same_key_has_a_form_of_their_own(browser):
    key = {"one_time_key": new_key()}
    browser.post(HERE, key)
    PortalClient(browser.app).sign_in(make_user()).post(HERE, key)
    PortalClient(browser.app).sign_in(browser.user).post(HERE, key)
    assert acts() == 2


@pytest.mark.parametrize("path", ["/trial/again", "/trial/open"])
def test_what_makes_nothing_may_be_done_again(browser, path):
    twice(browser, path)
    assert acts() == 2


@pytest.mark.parametrize("key", ["", "rubbish", "x" * 5_000, "é" * 22, None])
def test_without_a_key_of_the_portal_a_press_goes_on_unguarded(browser, key):
    """Somebody may have opened their page before an upgrade."""
    for _ in range(2):
        browser.open("POST", HERE, data={"csrf_token": browser.csrf_token()} | ({"one_time_key": key} if key else {}))
    assert acts() == 2
    assert not every(Press)


def test_the_same_key_with_something_else_is_told_on_the_form(browser):
    key = new_key()
    browser.post("/trial/named", {"name": "Oak", "one_time_key": key}, status=303)
    told = browser.open(
        "POST", "/trial/named", data={"csrf_token": browser.csrf_token(), "name": "Ash", "one_time_key": key}, htmx=True
    )
    assert told.status_code == 422
    link = told.page.select_one(".govuk-error-summary a")
    assert link["href"] == "/help"
    assert link.get_text() == "You have sent this form before: “Oak is there”. Look at what was done"
    assert "If you mean to send what stands here as well, check it and press the button again" in told.words
    assert told.page.select_one("[name=name]")["value"] == "Ash"
    fresh = told.page.select_one("[name=one_time_key]")["value"]
    assert fresh != key
    browser.post("/trial/named", {"name": "Ash", "one_time_key": fresh}, status=303)
    assert acts() == 2


def test_where_no_form_tells_it_nothing_is_done_all_the_same(browser):
    answer = twice(browser, first={"how": "done"}, second={"how": "go"})
    assert (answer.status_code, answer.heading, acts()) == (409, "You have sent this form before", 1)
    assert "“Also this It is done”" in answer.words
    assert answer.page.select_one("main a")["href"] == "/help"


def test_a_file_counts_by_what_is_in_it(browser):
    key = new_key()

    def send(text):
        return browser.post(HERE, {"file": (io.BytesIO(text), "a.csv"), "one_time_key": key}).status_code

    assert [send(b"one"), send(b"one"), send(b"two")] == [303, 303, 409]
    assert acts() == 1


def test_a_page_draws_one_key_for_all_its_forms_and_another_each_time(browser):
    drawn = [browser.get("/account/sessions").page.select("[name=one_time_key]") for _ in range(2)]
    first, second = [{each["value"] for each in keys} for keys in drawn]
    assert len(first) == len(second) == 1
    assert first != second


def test_a_visitor_has_no_key_so_that_pages_stay_the_same_to_the_byte(app):
    assert not PortalClient(app).get("/log-in").page.select("[name=one_time_key]")


def test_what_stays_of_a_refusal_is_not_the_press(browser):
    """A wrong password is counted in the middle of the request."""
    given = {"current": "wrong", "new": "Another-Password-1", "confirm": "Another-Password-1"}
    key = {"one_time_key": new_key()}
    browser.post("/account/password", given | key, status=422)
    assert not every(Press)
    browser.post("/account/password", given | {"current": PASSWORD} | key, status=303)
    assert len(every(Press)) == 1


def test_an_answer_that_cannot_be_read_any_more_leads_home(browser, own_portal):
    key = {"one_time_key": new_key()}
    browser.post(HERE, key)
    own_portal.change(vault=vault_of(["another key of the vault, as long as it takes"]))
    answer = browser.post(HERE, key, status=303)
    assert (answer.location, acts()) == ("/", 1)
