import pytest
from sqlalchemy import select

from models.accounts.user import Membership, Staff, User
from models.audit import AuditEvent
from models.permissions import CouncilRole
from tests.auth.journey import give_password, mailed_code
from tests.factories import make_contact, make_provider, make_user
from tests.support.rows import every

GOOD = "Three-Red-Kettles-8"


@pytest.fixture
def flask(app):
    """`flask("users", "add", ...)`: run a command, and what came of it."""
    runner = app.test_cli_runner()

    def run(*arguments, typed=None):
        return runner.invoke(args=arguments, input=typed)

    return run


def add(flask, provider, *, email="dawn@example.org", password=GOOD, role="carer"):
    """As `./portal users add` does it, once the person is a contact of the provider."""
    make_contact(provider, email=email)
    arguments = ["users", "add", email, "Dawn Stockton", "--provider", provider.reference, "--role", role]
    return flask(*arguments, typed=f"{password}\n{password}\n")


@pytest.mark.postgres
def test_a_person_who_was_added_can_log_in(flask, client):
    provider = make_provider()
    done = add(flask, provider, email="Dawn@Example.org")
    assert done.exit_code == 0, done.output
    assert "Dawn Stockton can log in as dawn@example.org." in done.output
    assert GOOD not in done.output
    [user] = every(User)
    assert log_in_with(client, user, GOOD).location == "/providers"
    assert [event.action for event in every(AuditEvent)][:3] == ["portal.made_up", "user.added", "membership.added"]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Short-1!", "at least 9 characters"),
        ("all-lower-case-1", "upper-case letters"),
        ("NoSymbolsHere12", "symbols"),
        ("No-Digits-Here", "numbers"),
        ("Password-1234", "easy to guess"),
        ("P@ssw0rd!!99A", "easy to guess"),
        ("Durham2026!!", "easy to guess"),
        ("Aa1!Aa1!Aa1!", "easy to guess"),
        ("Stockton-1984!", "your name"),
        ("Hello-dawn-1984", "your name"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(flask, database, password, words):
    done = add(flask, make_provider(), password=password, email="dawn.stockton@example.org")
    assert done.exit_code == 1
    assert words in done.output
    assert not every(User)


@pytest.mark.parametrize("password", ["Three-Red-Kettles-8 " * 10, "Ŵŷ£-tea-Kettle-5", "Red kettle, 3 cups"])
def test_long_passwords_spaces_and_other_letters_are_welcome(flask, client, password):
    assert add(flask, make_provider(), password=password).exit_code == 0
    [user] = every(User)
    assert log_in_with(client, user, password).location == "/providers"


def test_an_accent_counts_the_same_however_it_was_typed(flask, client):
    assert add(flask, make_provider(), password="Café-Kettle-42").exit_code == 0
    [user] = every(User)
    assert log_in_with(client, user, "Cafe\u0301-Kettle-42").location == "/providers"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["not an address", "Dawn", "--provider", "{0}", "--role", "carer"], "is not an e-mail address"),
        (["dawn@example.org", "Dawn", "--provider", "NONE", "--role", "carer"], "no provider with the reference NONE"),
        (["dawn@example.org", "Dawn", "--provider", "{0}", "--role", "king"], "'king' is not one of"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(flask, database, arguments, words):
    arguments = [each.format(make_provider().reference) for each in arguments]
    done = flask("users", "add", *arguments, typed=f"{GOOD}\n{GOOD}\n")
    assert done.exit_code != 0
    assert words in done.output
    assert not every(User)


def test_one_address_is_one_person(flask, database):
    provider = make_provider()
    assert add(flask, provider).exit_code == 0
    again = add(flask, provider, email="DAWN@example.org")
    assert again.exit_code == 1
    assert "There is already a user with the e-mail address dawn@example.org." in again.output


@pytest.mark.postgres
def test_a_person_may_join_a_second_provider_once(flask, database):
    user, second = make_user(), make_provider()
    make_contact(second, email=user.email)
    arguments = ["users", "join", user.email, "--provider", second.reference, "--role", "finance"]
    assert flask(*arguments).exit_code == 0
    assert len(every(select(Membership).where(Membership.user_id == user.id))) == 2
    again = flask(*arguments)
    assert again.exit_code == 1
    assert "is already at" in again.output
    assert flask("users", "join", "nobody@example.org", *arguments[3:]).exit_code == 1


@pytest.mark.covers("S1-048")
def test_only_a_contact_of_the_provider_is_let_in(flask, database):
    user, provider = make_user(), make_provider()
    arguments = ["--provider", provider.reference, "--role", "finance"]
    joined = flask("users", "join", user.email, *arguments)
    added = flask("users", "add", "new@example.org", "Dawn Stockton", *arguments, typed=f"{GOOD}\n{GOOD}\n")
    assert (joined.exit_code, added.exit_code) == (1, 1)
    assert f"{user.email} is not the e-mail address of a contact of {provider.name}." in joined.output
    assert [each.id for each in every(User)] == [user.id]


def test_an_empty_database_has_no_users(database):
    assert not every(User)


def log_in_with(client, user, password):
    client.user = user
    page = client.follow(give_password(client, user.email, password, status=303))
    return client.submit(page, {"code": mailed_code()}, status=303)


def test_staff_of_the_council_have_one_role(flask):
    arguments = ["users", "employ", "ola@council.example", "Ola Bright", "--role", "payments_officer"]
    done = flask(*arguments, typed=f"{GOOD}\n{GOOD}\n")
    assert "Ola Bright can log in as ola@council.example, payments officer." in done.output
    [staff] = every(select(Staff).order_by(Staff.user_id))
    assert staff.role is CouncilRole.PAYMENTS_OFFICER
