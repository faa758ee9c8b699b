"""Passkeys on their pages: adding them, logging in with them, and where there are none."""

from dataclasses import replace

import pytest

from blueprints.auth.relying_party import relying_party
from config import Mode
from models.accounts.account_policy import Step
from models.accounts.own_passkeys import MOST
from models.audit import AuditEvent
from models.permissions import CouncilRole
from tests.auth.journey import code_page, give_password, mailed_code
from tests.auth.steps import app_code, give_app, give_security_code, recovery_codes_left
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.passkeys import HERE, SoftPasskey, give_passkey, passkey_row, passkeys_of
from tests.support.rows import every, reloaded, saved

GIVE, MAKE = "form[data-passkey=get]", "form[data-passkey=create]"
NOT_HERE = "Passkeys do not work at this address"


@pytest.fixture
def client(make_app):
    return PortalClient(make_app(https=True, hosts=("portal.example",)))


@pytest.fixture
def user(database):
    return make_user()


def question(client, page, form):
    """What the script of the page fetches."""
    sent = {"csrf_token": page.page.select_one(f"{form} [name=csrf_token]")["value"]}
    return client.open("POST", page.page.select_one(form)["data-question"], data=sent, status=200).response.json


def given(client, page, key, **told):
    """As the script does it."""
    return client.submit(page, {"credential": key.get(question(client, page, GIVE), **told)}, form=GIVE)


def made(client, page, key, name="My phone"):
    return client.submit(page, {"credential": key.create(question(client, page, MAKE)), "name": name}, form=MAKE)


def second_page(client, user):
    return client.follow(give_password(client, user.email, status=303))


@pytest.mark.postgres
def test_a_passkey_is_added_and_logs_in_and_the_recovery_codes_are_shown_once(make_app, client, user):
    client.sign_in(user)
    page = client.get("/account/passkeys/add")
    assert page.page.select_one(f"{MAKE} [name=name]")["value"] == "Unknown browser"
    answer = made(client, page, key := SoftPasskey(), "  My \n phone ")
    assert answer.heading == "Keep your recovery codes"
    account = client.get("/account")
    assert "You log in with a passkey" in account.words
    assert "You have 10 recovery codes left" in account.words
    assert [each.name for each in passkeys_of(user)] == ["My phone"]

    other = PortalClient(make_app(https=True, hosts=("portal.example",)))
    page = second_page(other, user)
    assert page.heading == "Use your passkey"
    assert page.page.select_one("script[src*=passkey]")
    other.user = user
    assert other.follow(given(other, page, key)).heading == "Home"
    assert passkeys_of(user)[0].last_used_at


def test_the_second_passkey_is_added_without_new_codes(client, user):
    give_passkey(user)
    page = client.sign_in(user).get("/account/passkeys/add")
    answer = client.follow(made(client, page, SoftPasskey(), "My computer"))
    assert (answer.heading, "The passkey is added" in answer.words) == ("My login", True)
    assert [row.get_text(strip=True) for row in answer.page.select("tbody th")] == ["My phone", "My computer"]


def test_until_the_password_is_right_nobody_hears_of_passkeys(client, user):
    give_passkey(user)
    page = give_password(client, user.email, "Wrong-Password-1", status=422)
    assert "passkey" not in page.words.lower()
    assert client.post("/log-in/passkey/question", status=303).location.startswith("/log-in")


@pytest.mark.postgres
def test_a_wrong_answer_is_refused_in_words_and_the_fifth_is_the_last(client, user):
    key, other = give_passkey(user), give_passkey(make_user())
    page = second_page(client, user)
    page = given(client, page, other)
    assert page.errors == ["That passkey does not belong to this login. Use one that you have added to it"]
    page = given(client, page, key, origin="https://evil.test")
    assert page.errors[0].startswith("That passkey could not be checked")
    page = client.submit(page, {"credential": key.get({"challenge": "AAAA"})}, form=GIVE, status=422)
    assert page.errors[0].startswith("That took too long")
    for _ in range(2):
        page = client.submit(page, {"credential": "x"}, form=GIVE, status=422)
    assert client.submit(page, {"credential": "x"}, form=GIVE, status=303).location == "/log-in"
    assert not reloaded(user).last_login_at


def test_an_answer_that_was_refused_leaves_its_question_spent(client, user):
    key = give_passkey(user)
    page = second_page(client, user)
    asked = question(client, page, GIVE)
    client.submit(page, {"credential": "x"}, form=GIVE, status=422)
    page = client.submit(page, {"credential": key.get(asked)}, form=GIVE, status=422)
    assert page.errors[0].startswith("That took too long")


def test_a_new_passkey_that_was_refused_leaves_its_question_spent(client, user):
    page = client.sign_in(user).get("/account/passkeys/add")
    asked = question(client, page, MAKE)
    client.submit(page, {"credential": "x"}, form=MAKE, status=422)
    page = client.submit(page, {"credential": SoftPasskey().create(asked)}, form=MAKE, status=422)
    assert page.errors[0].startswith("That took too long")
    assert not passkeys_of(user)


def test_a_recovery_code_logs_in_without_javascript(client, user):
    page = client.sign_in(user).get("/account/passkeys/add")
    code = made(client, page, SoftPasskey()).page.select_one(".codes code").get_text()
    client.post("/log-out")
    client.user = None
    page = second_page(client, user)
    assert page.page.select_one(GIVE).has_attr("hidden")
    assert "A passkey takes JavaScript, which is off in this browser" in page.words
    by_hand = "main form:not([data-passkey])"
    assert client.submit(page, {"code": ""}, form=by_hand, status=422).errors == [
        "Enter one of your recovery codes, like abcde-fgh23"
    ]
    assert client.submit(page, {"code": "abcde-fgh23"}, form=by_hand, status=422).errors[0].startswith("That is not")
    client.user = user
    assert client.follow(client.submit(page, {"code": code}, form=by_hand, status=303)).heading == "Home"
    assert recovery_codes_left(user) == 9


def test_who_has_an_app_as_well_gives_either(client, user):
    give_passkey(user)
    give_app(user)
    page = second_page(client, user)
    app_page = client.get(page.page.find("a", string="Use the code from your authenticator app")["href"])
    assert app_page.page.find("a", string="Use your passkey")["href"] == "/log-in/passkey"
    client.user = user
    assert client.follow(client.submit(app_page, {"code": app_code(user)}, status=303)).heading == "Home"


def test_who_has_digits_as_well_gives_the_passkey(client, user, policy):
    policy(carers=Step.SECURITY_CODE)
    give_security_code(user)
    give_passkey(user)
    assert second_page(client, user).heading == "Use your passkey"
    assert client.get("/log-in/security-code", status=303).location == "/log-in/passkey"
    assert "Change Security Code" not in PortalClient(client.app).sign_in(user).get("/account").words


@pytest.mark.postgres
def test_staff_set_up_a_passkey_in_place_of_an_app(client, policy):
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff(CouncilRole.AUDITOR)
    page = code_page(client, officer)
    assert client.get("/log-in/set-up-passkey", status=303).location == "/log-in/code"
    page = client.follow(client.submit(page, {"code": mailed_code()}, status=303))
    page = client.get(page.page.find("a", string="Set up a passkey instead")["href"])
    assert client.submit(page, {"credential": "x"}, form=MAKE, status=422).errors[0].startswith("That took too long")
    assert client.submit(page, {"credential": ""}, form=MAKE, status=422).errors[0].startswith("No passkey was made")
    assert client.submit(page, {"name": " "}, form=MAKE, status=422).errors == [
        "Enter a name for the passkey, like My phone"
    ]
    codes = made(client, page, key := SoftPasskey())
    assert codes.heading == "Keep your recovery codes"
    client.user = officer
    assert client.follow(client.submit(codes, status=303)).heading == "My work"

    other = PortalClient(client.app)
    page = second_page(other, officer)
    other.user = officer
    assert other.follow(given(other, page, key)).heading == "My work"


def test_a_passkey_is_renamed_and_removed(client, user):
    give_passkey(user)
    [key] = passkeys_of(user)
    page = client.sign_in(user).get(f"/account/passkeys/{key.id}")
    assert client.submit(page, {"name": "x" * 51}, status=422).errors
    assert "renamed" in client.follow(client.submit(page, {"name": "Old <phone>"}, status=303)).words
    page = client.get(f"/account/passkeys/{key.id}/remove")
    assert "Old <phone>" in page.words
    answer = client.follow(client.submit(page, status=303))
    assert "The passkey is removed" in answer.words
    assert "You have none" in answer.words
    assert not passkeys_of(user)


def test_the_last_second_step_of_staff_stays_and_the_form_says_why(client, policy):
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff()
    give_passkey(officer)
    [key] = passkeys_of(officer)
    page = client.sign_in(officer).get(f"/account/passkeys/{key.id}/remove")
    assert client.submit(page, status=422).errors[0].startswith("This is your only second step")
    assert passkeys_of(officer)


@pytest.mark.parametrize("path", ["", "/remove"])
def test_the_passkey_of_somebody_else_is_not_there(client, user, path):
    key = saved(passkey_row(make_user()))
    client.sign_in(user).get(f"/account/passkeys/{key.id}{path}", status=404)
    client.post(f"/account/passkeys/{key.id}{path}", {"name": "Mine"}, status=404)
    assert reloaded(key).name == "My phone"
    assert every(AuditEvent)[-1].action == "access.not_found"


def test_adding_and_removing_take_a_fresh_password(client, user, time_machine):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    key = saved(passkey_row(user))
    client.sign_in(user)
    time_machine.shift(16 * 60)
    for path in ("/account/passkeys/add", f"/account/passkeys/{key.id}/remove"):
        assert client.get(path, status=303).location.startswith("/account/prove")
        assert client.post(path, status=303).location.startswith("/account/prove")
    assert client.post("/account/passkeys/question", status=303).location.startswith("/account/prove")


def test_ten_are_the_most(client, user):
    for _ in range(MOST):
        saved(passkey_row(user))
    account = client.sign_in(user).get("/account")
    assert "You have 10, which is the most" in account.words
    assert not account.page.find("a", string="Add a passkey")
    client.post("/account/passkeys/question", status=409)


HTTPS = {"https": True, "hosts": ("portal.example", "192.0.2.7")}


@pytest.mark.parametrize(
    ("chosen", "address", "origin"),
    [
        (HTTPS, "https://portal.example", "https://portal.example"),
        (HTTPS, "https://PORTAL.example:443", "https://portal.example"),
        (HTTPS, "https://portal.example:8443", None),
        (HTTPS, "https://192.0.2.7", None),
        ({"https": True, "hosts": ()}, "https://portal.example", None),  # nobody but the request has said so
        ({"https": False, "hosts": ("portal.example",)}, "http://portal.example", None),
        ({"https": False, "hosts": ()}, "http://127.0.0.1:8000", None),
        ({"https": False, "hosts": ()}, "http://[::1]:8000", None),
        ({"https": False, "hosts": ()}, "http://localhost:8000", "http://localhost:8000"),
        ({"mode": Mode.PRODUCTION, "hosts": ("localhost",)}, "http://localhost:8000", None),
    ],
)
def test_the_portals_name_is_that_of_the_settings(make_app, chosen, address, origin):
    with make_app(**chosen).test_request_context("/", base_url=address):
        party = relying_party()
    assert (party and party.origin) == origin
    assert party is None or party.host in ("portal.example", "localhost")


def test_where_there_are_no_passkeys_the_page_says_so_and_has_no_button(app, user, policy):
    give_passkey(user)
    client = PortalClient(app)  # by http
    page = second_page(client, user)
    assert page.heading == "Use your passkey"
    client.post("/log-in/passkey", {"credential": "x"}, status=409)
    policy(carers=Step.AUTHENTICATOR)
    for seen in (page, PortalClient(app).sign_in(user).get("/account/passkeys/add")):
        assert NOT_HERE in seen.words
        assert not seen.page.select("[data-passkey]")
    assert page.page.select_one("#code")


def test_under_another_name_the_page_says_that_the_passkeys_are_of_the_old_one(make_app, user):
    give_passkey(user, party=replace(HERE, host="old.example", origin="https://old.example"))
    client = PortalClient(make_app(https=True, hosts=("portal.example",)))
    page = second_page(client, user)
    assert "made when the portal had another address" in page.words
    assert not page.page.select(GIVE)
