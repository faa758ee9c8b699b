"""The first log-in: with a temporary password, which has to be changed, and a second step, which has to be set up."""

import pytest
from sqlalchemy import select

from models.accounts.account_policy import Step
from models.accounts.passwords import matches
from models.accounts.second_step import take_back
from models.accounts.user import Membership
from models.audit import AuditEvent
from models.outbox import OutboxMessage
from models.permissions import CouncilRole
from tests.auth.journey import code_page, give_password, mailed_code, past_the_code
from tests.auth.steps import give_security_code
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded, unit_of_work

NEW = "Seven-Quiet-Otters-4"


def with_temporary_password(user):
    with unit_of_work() as session:
        return session.merge(user).give_temporary_password(by=None)


@pytest.mark.postgres
@pytest.mark.covers("S4-037", "S4-038", "S4-039", "S4-040", "S4-041", "S4-046", "S4-047")
def test_where_the_council_uses_security_codes_one_changes_the_password_and_sets_a_code(client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    temporary = with_temporary_password(user)

    page = client.follow(give_password(client, user.email, temporary, status=303))
    assert page.heading == "Enter the code we sent you"
    page = client.follow(client.submit(page, {"code": mailed_code()}, status=303))
    assert page.heading == "Change Provider Portal Password"
    assert "You must change your administrator-assigned password" in page.words
    labels = [label.get_text(strip=True) for label in page.page.select("main label")]
    assert labels == ["Current Password", "New Password", "Confirm Password"]
    assert page.page.select_one("main form button[type=submit]").get_text(strip=True) == "OK"

    page = client.follow(client.submit(page, passwords(temporary), status=303))
    assert page.heading == "Change Security Code"
    assert "You must enter a six-digit security code before you can continue" in page.words
    labels = [label.get_text(strip=True) for label in page.page.select("main label")]
    assert labels == ["New Security Code", "Confirm Security Code"]

    client.user = user
    home = client.follow(client.submit(page, {"new": "135790", "confirm": "135790"}, status=303))
    assert home.heading == "Home"
    assert matches(NEW, reloaded(user).password_hash)


@pytest.mark.parametrize("stage", ["password", "security code", "app"])
def test_until_it_is_done_nothing_else_opens(client, policy, stage):
    policy(carers=Step.AUTHENTICATOR if stage == "app" else Step.SECURITY_CODE)
    user = make_user()
    if stage == "app":
        page = client.follow(client.submit(code_page(client, user), {"code": mailed_code()}, status=303))
    else:
        temporary = with_temporary_password(user)
        page = past_the_code(client, user, temporary)
    if stage == "security code":
        page = client.follow(client.submit(page, passwords(temporary), status=303))
    here = page.response.request.path
    assert (
        here
        == {
            "password": "/log-in/change-password",
            "security code": "/log-in/set-security-code",
            "app": "/log-in/set-up-authenticator",
        }[stage]
    )

    for elsewhere in ("/providers", "/account", f"/providers/{home_of(user)}/", "/council/"):
        assert client.get(elsewhere, status=303).location.startswith("/log-in")
    stages = ("code", "security-code", "authenticator", "change-password", "new-password", "set-security-code",
              "set-up-authenticator", "continue")  # fmt: skip
    for other in {f"/log-in/{name}" for name in stages} - {here}:
        assert client.get(other, status=303).location == here
        assert client.post(other, status=303).location == here


def test_in_other_councils_a_code_comes_by_mail_before_the_password_is_changed(client):
    user = make_user()
    temporary = with_temporary_password(user)
    page = client.follow(give_password(client, user.email, temporary, status=303))
    assert page.heading == "Enter the code we sent you"
    page = client.follow(client.submit(page, {"code": mailed_code()}, status=303))
    assert page.heading == "Change Provider Portal Password"
    client.user = user
    assert client.follow(client.submit(page, passwords(temporary), status=303)).heading == "Home"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"current": ""}, "Enter your current password"),
        ({"current": "Not-My-Password-1"}, "That is not your current password. Check it, and type it again"),
        (
            {"new": "short", "confirm": "short"},
            "Use at least 9 characters, upper-case letters, numbers and symbols, like ! or -",
        ),
        ({"confirm": "Seven-Quiet-Otters-5"}, "The two new passwords are not the same. Type the same one twice"),
        ({"new": "{temporary}", "confirm": "{temporary}"}, "Choose a password that is different from your current one"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said_and_changes_nothing(client, policy, given, error):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    temporary = with_temporary_password(user)
    page = past_the_code(client, user, temporary)
    given = {name: value.format(temporary=temporary) for name, value in given.items()}
    answer = client.submit(page, passwords(temporary) | given, status=422)
    assert answer.errors == [error]
    assert not [field for field in answer.page.select("[type=password]") if field.get("value")]
    assert matches(temporary, reloaded(user).password_hash)


@pytest.mark.parametrize(("hours", "opens"), [("2026-03-04T08:59:59", True), ("2026-03-04T09:00:00", False)])
def test_a_temporary_password_lives_for_three_days(client, time_machine, hours, opens):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    user = make_user()
    temporary = with_temporary_password(user)
    time_machine.move_to(f"{hours}+00:00", tick=False)
    answer = give_password(client, user.email, temporary)
    assert answer.status_code == (303 if opens else 422)


def test_a_temporary_password_is_kept_nowhere_but_hashed(client):
    user = make_user()
    temporary = with_temporary_password(user)
    give_password(client, user.email, temporary, status=303)
    rows = [str(vars(row)) for row in (*every(AuditEvent), *every(OutboxMessage), reloaded(user))]
    assert not [row for row in rows if temporary in row]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"new": "12357", "confirm": "12357"}, "Enter exactly 6 digits, using only 0 to 9"),
        ({"new": "111112", "confirm": "111112"}, "Enter a code in which no digit comes more than 4 times"),
        ({"new": "135790", "confirm": "135791"}, "The two security codes are not the same. Type the same one twice"),
    ],
)
def test_what_is_wrong_with_a_new_security_code_is_said(client, policy, typed, error):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    temporary = with_temporary_password(user)
    page = past_the_code(client, user, temporary)
    page = client.follow(client.submit(page, passwords(temporary), status=303))
    assert client.submit(page, typed, status=422).errors == [error]
    assert client.get("/providers", status=303).location.startswith("/log-in")


def test_staff_of_the_council_set_up_an_app_after_a_code_from_their_mailbox(client, policy):
    """The password alone does not let anybody set up an app of their own."""
    policy(staff=Step.AUTHENTICATOR)
    officer = make_staff(CouncilRole.AUDITOR)
    page = code_page(client, officer)
    assert client.get("/log-in/set-up-authenticator", status=303).location == "/log-in/code"
    page = client.follow(client.submit(page, {"code": mailed_code()}, status=303))
    assert page.heading == "Set up an authenticator app"
    assert page.page.select_one("svg")


def test_who_is_interrupted_goes_on_where_they_were(app, client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    temporary = with_temporary_password(user)
    page = past_the_code(client, user, temporary)
    client.submit(page, passwords(temporary), status=303)

    later = PortalClient(app)
    page = later.follow(give_password(later, user.email, NEW, status=303))
    assert page.heading == "Enter the code we sent you"  # nothing is set up yet: the mailbox proves it
    page = later.follow(later.submit(page, {"code": mailed_code()}, status=303))
    assert page.heading == "Change Security Code"


def passwords(current):
    return {"current": current, "new": NEW, "confirm": NEW}


def home_of(user):
    return next(each.provider_id for each in every(select(Membership)) if each.user_id == user.id)


def test_who_takes_codes_back_and_gives_passwords_still_needs_the_mailbox(client, policy):
    """Otherwise the help desk alone could log in as any carer."""
    policy(carers=Step.SECURITY_CODE)
    user, helper = make_user(), make_staff(CouncilRole.HELP_DESK)
    give_security_code(user)
    with unit_of_work() as session:
        take_back(session.merge(user), by=session.merge(helper))
    temporary = with_temporary_password(user)
    page = client.follow(give_password(client, user.email, temporary, status=303))
    assert page.heading == "Enter the code we sent you"
    assert client.post("/log-in/change-password", passwords(temporary), status=303).location == "/log-in/code"


def test_strangers_wrong_passwords_do_not_make_the_right_one_wrong_half_way(app, client, policy):
    policy(carers=Step.SECURITY_CODE)
    user = make_user()
    temporary = with_temporary_password(user)
    page = past_the_code(client, user, temporary)
    stranger = PortalClient(app)
    for _ in range(10):
        give_password(stranger, user.email, "Wrong-Password-1", status=422)
    page = client.submit(page, passwords("Wrong-Password-1"), status=422)
    assert "That is not your current password" in page.words
    assert client.follow(client.submit(page, passwords(temporary), status=303)).heading == "Change Security Code"
