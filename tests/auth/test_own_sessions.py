"""Where one is logged in, how long one stays, and how one ends it."""

import pytest
from sqlalchemy import select

from models.accounts.web_session import MOST, WebSession
from models.audit import AuditEvent
from models.permissions import CouncilRole
from tests.auth.journey import log_in
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every

PAGE = "/account/sessions"
PHONE = "Mozilla/5.0 (Linux; Android 14) Chrome/126.0.0.0 Mobile Safari/537.36"
BACKGROUND = {"X-Background": "session"}


@pytest.fixture
def user(database):
    return make_user()


def is_signed_in(client) -> bool:
    return not client.get("/providers", status=303).location.startswith("/log-in")


def another(client, user) -> PortalClient:
    return PortalClient(client.app).sign_in(user)


def open_sessions(user):
    return every(WebSession.of(user.id))


def at(time_machine, clock):
    time_machine.move_to(f"2026-03-01T{clock}+00:00", tick=False)


def test_the_page_says_where_since_when_and_which_one_this_is(client, user, time_machine):
    at(time_machine, "09:00:00")
    phone = PortalClient(client.app)
    phone._client.environ_base["HTTP_USER_AGENT"] = PHONE
    log_in(phone, user)
    at(time_machine, "09:10:00")
    page = client.sign_in(user).get(PAGE)
    here, other = (" ".join(row.get_text(" ").split()) for row in page.page.select("tbody tr"))
    assert here.startswith("Unknown browser This one Sunday 1 March 2026 at 9:10am Now")
    assert other.startswith("Chrome on Android Sunday 1 March 2026 at 9:00am Sunday 1 March 2026 at 9:00am")


def test_it_takes_the_same_queries_for_one_session_as_for_five(client, user):
    one = len(client.sign_in(user).get(PAGE).reads)
    for _ in range(MOST - 1):
        another(client, user)
    assert len(client.get(PAGE).reads) == one


def test_another_one_of_mine_is_ended(client, user):
    other = another(client, user)
    page = client.sign_in(user).get(PAGE)
    page = client.follow(client.submit(page, form="tbody tr:last-child form", status=303))
    assert "You are logged out of Unknown browser" in page.words
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert every(AuditEvent)[-1].action == "user.logged_out"


def test_this_one_is_ended_as_logging_out_ends_it(client, user):
    client.sign_in(user)
    [here] = open_sessions(user)
    answer = client.post(f"{PAGE}/{here.id}/end", status=303)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.location == "/logged-out"
    assert not every(WebSession)


@pytest.mark.postgres
def test_nobody_sees_or_ends_the_session_of_somebody_else(client, user):
    stranger = make_user()
    theirs = another(client, stranger)
    [row] = open_sessions(stranger)
    page = client.sign_in(user).get(PAGE)
    assert len(page.page.select("tbody tr")) == 1
    client.post(f"{PAGE}/{row.id}/end", status=404)
    client.post(f"{PAGE}/end-others", status=303)
    client.post(f"{PAGE}/end-all", status=303)
    assert is_signed_in(theirs)


@pytest.mark.postgres
def test_everywhere_else_is_everywhere_but_here(client, user):
    others = [another(client, user) for _ in range(3)]
    page = client.sign_in(user).get(PAGE)
    page = client.follow(client.submit(page, form="form[action$=end-others]", status=303))
    assert "You are logged out everywhere else" in page.words
    assert is_signed_in(client)
    assert not any(map(is_signed_in, others))
    assert not page.page.select("form[action$=end-others]")


@pytest.mark.postgres
def test_everywhere_is_here_too(client, user):
    other = another(client, user)
    page = client.sign_in(user).get(PAGE)
    answer = client.submit(page, form="form[action$=end-all]", status=303)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.follow(answer).heading == "You have logged out"
    assert not is_signed_in(other)
    assert not every(WebSession)
    assert every(AuditEvent)[-1].action == "user.logged_out_everywhere"


@pytest.mark.postgres
def test_the_sixth_log_in_ends_the_first_and_both_are_told(client, user, time_machine):
    browsers = []
    for minute in range(MOST):
        at(time_machine, f"09:0{minute}:00")
        browsers.append(another(client, user))
    at(time_machine, "09:10:00")
    page = client.follow(log_in(client, user))
    assert "You were logged in at 5 other places, so the oldest of them was logged out" in page.words
    assert "other places" not in client.get("/account").words
    assert [is_signed_in(browser) for browser in browsers] == [False, True, True, True, True]
    told = browsers[0].follow(browsers[0].get("/account", status=303))
    assert "You were logged out because you have logged in at more than 5 places" in told.words


def test_the_fifth_log_in_ends_none(client, user):
    browsers = [another(client, user) for _ in range(MOST - 1)]
    page = client.follow(log_in(client, user))
    assert "other places" not in page.words
    assert all(map(is_signed_in, browsers))


@pytest.mark.parametrize(
    ("role", "idle", "hours"),
    [(None, 30, 12), (CouncilRole.PAYMENTS_OFFICER, 30, 10), (CouncilRole.SYSTEMS_ADMINISTRATOR, 15, 8)],
)
@pytest.mark.postgres
def test_logging_in_gives_each_kind_of_user_its_limits_and_every_page_states_them(client, role, idle, hours):
    user = make_staff(role) if role else make_user()
    page = client.follow(log_in(client, user))
    [row] = open_sessions(user)
    assert (row.idle_minutes, row.hours) == (idle, hours)
    said = f"logged out after {idle} minutes in which you do nothing, and in any case {hours} hours after you logged in"
    assert said in page.page.footer.get_text()
    assert "minutes in which you do nothing" not in PortalClient(client.app).get("/").words


def test_a_systems_administrator_is_out_after_fifteen_minutes(client, database, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(make_staff(CouncilRole.SYSTEMS_ADMINISTRATOR))
    at(time_machine, "09:14:59")
    client.get("/account")
    at(time_machine, "09:29:58")
    client.get("/account")
    at(time_machine, "09:44:58")
    client.get("/account", status=303)


def test_what_the_page_asks_by_itself_keeps_no_session_open(client, user, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(user)
    for minute in range(1, 30):
        at(time_machine, f"09:{minute:02}:00")
        client.get(PAGE, htmx=True, headers=BACKGROUND)
        client.get("/account", headers={"X-Background": "poll"})
    at(time_machine, "09:29:59")
    asked = client.get(PAGE, htmx=True, headers=BACKGROUND)
    assert asked.page.dialog["data-left"] == "1"
    at(time_machine, "09:30:00")
    over = client.get(
        PAGE, htmx=True, headers={**BACKGROUND, "HX-Current-URL": "http://portal.example/help"}, status=204
    )
    assert over.location == "/log-in?next=/help&ended=idle"


def test_the_poll_of_a_job_says_that_it_is_one(repository):
    part = (repository / "templates/admin/payment_runs/_job.html").read_text("utf-8")
    assert """data-hx-headers='{"X-Background": "poll"}'""" in part


def test_the_warning_offers_to_stay_and_staying_begins_anew_ten_times_and_more(client, user, time_machine):
    at(time_machine, "09:00:00")
    client.sign_in(user)
    for n in range(1, 12):
        minutes = 26 * n
        at(time_machine, f"{9 + minutes // 60:02}:{minutes % 60:02}:00")
        warning = client.get(PAGE, htmx=True, headers=BACKGROUND)
        assert warning.page.dialog["role"] == "alertdialog"
        assert int(warning.page.dialog["data-left"]) == 4 * 60
        stayed = client.submit(warning, form="form[data-stay]", htmx=True, status=200)
        assert int(stayed.page.dialog["data-left"]) == 30 * 60
    page = client.follow(client.submit(client.get(PAGE), form="form[action$=stay]", status=303))
    assert "You stay logged in" in page.words


def test_the_end_after_twelve_hours_is_said_beforehand_and_cannot_be_put_off(client, user, time_machine):
    at(time_machine, "06:00:00")
    client.sign_in(user)
    for hour in range(6, 18):
        for minute in (0, 20, 40):
            at(time_machine, f"{hour:02}:{minute:02}:00")
            client.get("/account")
    at(time_machine, "17:56:00")
    warning = client.get(PAGE, htmx=True, headers=BACKGROUND)
    assert int(warning.page.dialog["data-left"]) == 4 * 60
    assert "logged in for nearly 12 hours" in warning.words
    assert "At 6:00pm you are logged out, and this cannot be put off" in warning.words
    assert not warning.page.select("form[data-stay]")
    assert not client.get(PAGE).page.select("form[action$=stay]")
    client.post(f"{PAGE}/stay", status=303)
    at(time_machine, "18:00:00")
    assert client.get("/account", status=303).location == "/log-in?next=/account&ended=absolute"


@pytest.mark.parametrize(
    ("ended", "words"),
    [("idle", "because nothing was done here"), ("absolute", "as long as one may be"), ("<b>", None), ("", None)],
)
def test_the_log_in_page_says_why(client, database, ended, words):
    page = client.get("/log-in", query_string={"ended": ended})
    assert (words in page.words) if words else ("You were logged out" not in page.words)


def test_a_log_in_form_that_is_sent_while_logged_in_changes_nothing(client, user):
    client.sign_in(user)
    cookie, before = client.cookie, open_sessions(user)
    other = make_user()
    answer = client.post("/log-in", {"email": other.email, "password": "Three-Green-Kettles-7"}, status=303)
    assert "To log in as somebody else, log out first" in client.follow(answer).words
    client.post("/forgotten-password", {"email": other.email}, status=303)
    assert client.cookie == cookie
    assert [row.id for row in open_sessions(user)] == [row.id for row in before]
    assert not every(select(WebSession).where(WebSession.user_id.is_(None)))
    assert other.email not in client.get("/account").words


def test_the_name_at_the_top_leads_to_my_login_and_from_there_to_the_sessions(client, user):
    page = client.sign_in(user).get("/account")
    assert page.page.select_one("header a[href='/account']").get_text() == "Dawn Stockton: My login"
    assert page.page.select_one(f"main a[href='{PAGE}']")
