import pytest
from sqlalchemy import select

from models.accounts.login import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, LoginFailure, account_hash, network_hash
from models.accounts.user import User
from models.audit import AuditEvent
from models.outbox import OutboxMessage
from tests.auth.journey import code_page, give_password, log_in, mailed_code
from tests.factories import PASSWORD, make_membership, make_provider, make_user
from tests.support.rows import every, reloaded, saved, unit_of_work


@pytest.mark.covers("S4-031", "S4-032", "S4-033", "S4-034", "S4-035", "S4-036", "S1-005")
def test_the_log_in_page_says_what_the_guide_shows(client):
    answer = client.get("/log-in")

    assert answer.heading == "Log in to your Provider Portal"
    assert "Please log in to access the secure services." in answer.words
    labels = [label.get_text(strip=True) for label in answer.page.select("main label")]
    assert labels == ["E-mail", "Password"]
    assert "By logging in, you consent to the use of cookies. See the Privacy Policy for details." in answer.words
    assert answer.page.find("a", string="Privacy Policy")["href"] == "/privacy"
    assert "can't remember your password, please contact the Children's Services Finance Team" in answer.words


def test_password_managers_know_the_fields(client):
    page = client.get("/log-in").page
    assert page.select_one("#email")["autocomplete"] == "username"
    assert page.select_one("#password")["autocomplete"] == "current-password"
    assert not page.select("[maxlength]")


@pytest.mark.postgres
@pytest.mark.covers("S0-019", "S0-020", "S1-003", "S1-004", "S1-006", "S1-007", "S2-002")
def test_password_and_then_the_code_from_the_mail_open_the_home_page(client):
    user = make_user()

    code = code_page(client, user)
    assert user.email in code.words
    assert code.page.select_one("label[for=code]").get_text(strip=True) == "Code"
    assert code.page.select_one("main form button").get_text(strip=True) == "Finish"

    client.user = user
    answer = client.submit(code, {"code": mailed_code()}, status=303)
    home = client.follow(answer)
    assert home.response.request.path == f"/providers/{provider_of(user)}/"
    assert reloaded(user).last_login_at is not None


def test_the_mail_with_the_code_says_so_and_nothing_else_of_use_to_a_thief(client):
    user = make_user()
    code_page(client, user)

    [message] = every(OutboxMessage)
    assert message.to == user.email
    assert message.is_secret
    assert mailed_code() not in message.subject
    assert (message.not_after - message.created_at).total_seconds() == pytest.approx(600, abs=1)


def test_the_email_address_may_be_typed_in_capitals_and_with_spaces(client):
    user = make_user()
    give_password(client, f"  {user.email.upper()} ", status=303)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({}, ["Enter your e-mail address", "Enter your password"]),
        ({"email": "a@example.org"}, ["Enter your password"]),
    ],
)
def test_what_is_missing_is_named(client, data, errors):
    answer = client.submit(client.get("/log-in"), data, status=422)
    assert answer.errors == errors


def test_unknown_wrong_disabled_and_locked_get_one_and_the_same_answer(client):
    make_user(email="right@example.org")
    make_user(email="disabled@example.org", is_active=False)
    make_user(email="locked@example.org")
    for _ in range(FAILURES_PER_ACCOUNT):
        saved(failure("locked@example.org"))

    answers = [
        without_tokens(give_password(client, email, password, status=422), email)
        for email, password in [
            ("nobody@example.org", PASSWORD),
            ("right@example.org", "Wrong-Password-1"),
            ("disabled@example.org", PASSWORD),
            ("locked@example.org", PASSWORD),
        ]
    ]

    assert len(set(answers)) == 1
    assert not every(OutboxMessage)


def test_a_password_is_checked_against_a_hash_even_for_nobody(client, monkeypatch):
    checked = []
    monkeypatch.setattr("models.accounts.login.passwords.matches", lambda *given: checked.append(given))
    give_password(client, "nobody@example.org", "Some-Password-1", status=422)
    assert checked == [("Some-Password-1", None)]


def test_ten_wrong_passwords_stop_an_account_and_a_quarter_of_an_hour_opens_it_again(client, time_machine):
    user, other = make_user(), make_user()
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    for _ in range(FAILURES_PER_ACCOUNT):
        give_password(client, user.email, "Wrong-Password-1", status=422)

    give_password(client, user.email, status=422)
    give_password(client, other.email, status=303)
    time_machine.move_to("2026-03-01T09:14:59+00:00", tick=False)
    give_password(client, user.email, status=422)
    time_machine.move_to("2026-03-01T09:15:00+00:00", tick=False)
    give_password(client, user.email, status=303)


def test_tries_that_were_not_even_read_do_not_make_the_wait_longer(client):
    user = make_user()
    for _ in range(FAILURES_PER_ACCOUNT + 3):
        give_password(client, user.email, "Wrong-Password-1", status=422)
    assert len(every(LoginFailure)) == FAILURES_PER_ACCOUNT


def test_thirty_wrong_passwords_stop_a_network_address_but_nobody_elsewhere(client):
    user = make_user()
    for n in range(FAILURES_PER_ADDRESS):
        saved(failure(f"guess{n}@example.org", address="2001:db8:1:2::99"))
    here = {"REMOTE_ADDR": "2001:db8:1:2::1"}
    elsewhere = {"REMOTE_ADDR": "2001:db8:1:3::1"}
    give_password(client, user.email, status=422, environ_overrides=here)
    give_password(client, user.email, status=303, environ_overrides=elsewhere)


def test_a_whole_log_in_forgets_the_failures_before_it(client):
    user = make_user()
    give_password(client, user.email, "Wrong-Password-1", status=422)
    log_in(client, user)
    assert not every(LoginFailure)


@pytest.mark.postgres
def test_every_outcome_is_in_the_audit_and_no_address_or_password_is(client):
    user = make_user()
    give_password(client, "nobody@example.org", "Secret-Guess-1")
    give_password(client, user.email, "Secret-Guess-1")
    log_in(client, user)

    events = every(AuditEvent)
    assert [(event.action, event.user_id, event.detail.get("reason")) for event in events] == [
        ("login.refused", None, "unknown"),
        ("login.refused", None, "wrong password"),
        ("login.password_accepted", user.id, None),
        ("login.code_sent", user.id, None),
        ("user.logged_in", user.id, None),
    ]
    assert not any("example.org" in str(event.detail) or "Secret" in str(event.detail) for event in events)


def test_who_has_several_providers_chooses_one(client):
    first, second = make_provider(), make_provider()
    user = make_user(provider=first)
    make_membership(user, second)

    page = client.follow(log_in(client, user))
    assert page.heading == "Choose a provider"
    links = {link.get_text(): link["href"] for link in page.page.select("main li a")}
    assert links == {first.name: f"/providers/{first.id}/", second.name: f"/providers/{second.id}/"}


def test_who_has_no_provider_any_more_is_told_whom_to_ask(client):
    user = make_user()
    with unit_of_work() as session:
        session.delete(session.merge(membership_of(user)))
    page = client.follow(log_in(client, user))
    assert "Contact the Children's Services Finance Team" in page.words


def test_who_is_logged_in_needs_no_log_in_page(client):
    user = make_user()
    answer = client.sign_in(user).get("/log-in", status=303)
    assert answer.location == f"/providers/{provider_of(user)}/"


def test_home_shows_the_log_in_before_this_one(client, time_machine):
    user = make_user()
    time_machine.move_to("2026-03-01T20:14:00+00:00")
    log_in(client, user)
    time_machine.move_to("2026-03-03T09:00:00+00:00")
    log_in(client, user)
    assert reloaded(user).previous_login_at.isoformat().startswith("2026-03-01T20:14")


@pytest.mark.covers("S4-031")
def test_demonstration_accounts_are_named_where_they_exist(client):
    assert "demo.example" not in client.get("/log-in").words
    make_user(email="carer@demo.example")
    assert "carer@demo.example" in client.get("/log-in").words


def failure(email, address="192.0.2.1"):
    return LoginFailure(account=account_hash(email), address=network_hash(address))


def without_tokens(answer, email):
    for field in answer.page.select("[name=csrf_token]"):
        field["value"] = ""
    return str(answer.page).replace(email, "")


def membership_of(user):
    from models.accounts.user import Membership

    return every(select(Membership).where(Membership.user_id == user.id))[0]


def provider_of(user: User) -> int:
    return membership_of(user).provider_id
