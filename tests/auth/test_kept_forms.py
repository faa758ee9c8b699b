"""A form that outlives its session is not lost: it stands filled in when its person has logged in again."""

import ast
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models.accounts.kept_form import KeptForm
from models.accounts.user import User
from models.accounts.web_session import WebSession
from models.base import transaction
from models.correspondence.action_type import CareEvent, Related
from models.payments.adjustment import Adjustment
from models.payments.confirmation import Confirmation
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from tests.action_factories import make_type
from tests.auth.journey import mailed_code
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import PASSWORD, make_staff, make_user
from tests.support.client import PortalClient, filled_in
from tests.support.rows import every
from tests.support.runs import calculate, orders, payment

MONDAY = date(2019, 9, 30)
NINE = "2026-03-01T09:00:00+00:00"
HALF_AN_HOUR = timedelta(minutes=30)
STILL_HERE = (
    "You were logged out before this was saved. What you typed is still here: check it, and press the button again"
)


@pytest.fixture
def contract(database, set_today):
    set_today(date(2019, 10, 1))
    contract = make_contract(calculate_from=MONDAY, confirmation="required")
    make_item(contract, client=make_client(surname="Adams"))
    make_item(contract, rate_e4=3_030_300, client=make_client(surname="Begum"))
    calculate(date(2019, 10, 1))
    return contract


@pytest.fixture
def person(contract):
    return make_user(Role.FINANCE, every(select(Provider).where(Provider.id == contract.provider_id))[0])


@pytest.fixture
def here(contract):
    return f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY}/answer"


@pytest.fixture
def late(client, person, here, time_machine):
    """The answer page, whose session has ended since."""
    time_machine.move_to(NINE, tick=False)
    page = client.sign_in(person).get(here)
    time_machine.shift(HALF_AN_HOUR)
    return page


def typed_in(page):
    """What somebody types into the answer page: of its second row, and of the whole."""
    row = page.page.select("[name=query]")[1]["value"]
    return {"query": row, f"query-{row}": "Left on Tuesday ", "comment": "Zoë’s rate\r\nis wrong", "reject": "y"}


def come_back(client, answer, user):
    """Log in where the answer leads, and go on to where that leads."""
    client.user = user
    page = client.submit(client.follow(answer), {"email": user.email, "password": PASSWORD}, status=303)
    return client.follow(client.submit(client.follow(page), {"code": mailed_code()}, status=303))


@pytest.mark.postgres
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_an_answer_that_was_sent_too_late_is_there_again_and_is_not_sent(client, late, person, contract, here, htmx):
    answer = client.submit(late, typed_in(late), form="#answer form", htmx=htmx, status=204 if htmx else 303)
    assert answer.location == f"/log-in?next={here}&ended=idle&kept=yes"
    assert "What you typed is kept for an hour" in client.follow(answer).words
    page = come_back(client, answer, person)
    assert STILL_HERE in page.words
    form, typed = filled_in(page.page.select_one("#answer form")), typed_in(late)
    assert form[f"query-{typed['query']}"] == "Left on Tuesday"
    assert form["query"] == typed["query"]
    assert form["comment"].split() == ["Zoë’s", "rate", "is", "wrong"]
    assert not page.errors
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED

    client.submit(page, {"reject": "y"}, form="#answer form", status=303)
    assert payment(contract, MONDAY).confirmation is Confirmation.REJECTED
    assert not every(KeptForm)


@pytest.mark.postgres
def test_it_is_shown_once(client, late, person, here):
    come_back(client, client.submit(late, typed_in(late), form="#answer form", status=303), person)
    page = client.get(here)
    assert STILL_HERE not in page.words
    assert page.page.select_one("#comment").get_text().strip() == ""


@pytest.mark.postgres
def test_somebody_else_in_the_same_browser_never_sees_it(client, late, here, person, contract):
    colleague = make_user(Role.FINANCE, every(select(Provider).where(Provider.id == contract.provider_id))[0])
    page = come_back(client, client.submit(late, typed_in(late), form="#answer form", status=303), colleague)
    assert page.response.request.path == here
    assert STILL_HERE not in page.words
    assert "Zoë" not in page.text
    client.post("/log-out", status=303)
    page = come_back(client, client.get(here, status=303), person)
    assert STILL_HERE in page.words


def test_after_an_hour_it_is_gone(client, late, person, here, time_machine):
    answer = client.submit(late, typed_in(late), form="#answer form", status=303)
    time_machine.shift(timedelta(hours=1))
    assert STILL_HERE not in come_back(client, answer, person).words


def test_a_session_that_was_ended_by_somebody_keeps_nothing(client, person, here):
    page = client.sign_in(person).get(here)
    with transaction() as own:
        own.execute(WebSession.all_ended(person.id))
    assert client.submit(page, typed_in(page), form="#answer form", status=303).location == f"/log-in?next={here}"
    assert not every(KeptForm)


def test_a_disabled_person_leaves_nothing_behind(client, person, here):
    page = client.sign_in(person).get(here)
    with transaction() as own:
        own.execute(update(User).where(User.id == person.id).values(is_active=False))
    client.submit(page, typed_in(page), form="#answer form", status=303)
    assert not every(KeptForm)


@pytest.mark.parametrize("token", ["", "rubbish"])
def test_what_carries_no_token_of_that_session_is_not_kept(client, late, token):
    client.submit(late, {**typed_in(late), "csrf_token": token}, form="#answer form", status=400)
    assert not every(KeptForm)


def test_looking_at_a_page_too_late_keeps_nothing(client, late, here):
    assert client.get(here, status=303).location == f"/log-in?next={here}&ended=idle"
    assert not every(KeptForm)


def test_the_councils_adjustment_comes_back_with_its_pick_list_day_and_amount(client, contract, time_machine):
    officer = make_staff(CouncilRole.PAYMENTS_OFFICER)
    time_machine.move_to(NINE, tick=False)
    here = f"/council/payments/{contract.reference}/{MONDAY}/adjust"
    page = client.sign_in(officer).get(here)
    time_machine.shift(HALF_AN_HOUR)
    client_id = str(orders(contract)[1].client_id)
    typed = {"client": client_id, "amount": "a lot", "for_day": ["31", "9", "2019"], "reason": "Paid twice"}
    answer = client.submit(page, typed, status=303)
    page = come_back(client, answer, officer)
    assert STILL_HERE in page.words
    assert page.page.select_one("#client option[selected]")["value"] == client_id
    assert page.page.select_one("#amount")["value"] == "a lot"
    assert [each["value"] for each in page.page.select("[name=for_day]")] == ["31", "9", "2019"]
    assert page.page.select_one("#reason").get_text().strip() == "Paid twice"
    assert not page.errors
    assert not every(Adjustment)


def test_radio_buttons_and_ticks_come_back_too(client, database, time_machine):
    officer = make_staff(CouncilRole.PAYMENTS_OFFICER)
    time_machine.move_to(NINE, tick=False)
    page = client.sign_in(officer).get("/council/payment-runs/calculate")
    time_machine.shift(HALF_AN_HOUR)
    page = come_back(client, client.submit(page, {"who": "kinds", "kinds": ["foster_carer"]}, status=303), officer)
    assert page.page.select_one("[name=who][checked]")["value"] == "kinds"
    assert [each["value"] for each in page.page.select("[name=kinds][checked]")] == ["foster_carer"]


def test_what_the_script_sends_when_the_time_is_over_is_kept(client, late, person, here):
    fields = filled_in(late.page.select_one("#answer form")) | typed_in(late)
    before = {"HX-Current-URL": f"http://portal.example{here}"}
    answer = client.open("POST", "/session-over", data=fields, headers=before, htmx=True, status=204)
    assert answer.location == f"/log-in?next={here}&ended=idle&kept=yes"
    assert STILL_HERE in come_back(client, answer, person).words


def test_the_script_keeps_nothing_of_a_session_that_is_not_over(client, person, here):
    page = client.sign_in(person).get(here)
    fields = filled_in(page.page.select_one("#answer form")) | typed_in(page)
    client.open("POST", "/session-over", data=fields, query_string={"page": here}, status=303)
    client.sign_in(person)
    PortalClient(client.app).post("/session-over", {**fields, "csrf_token": "x"}, status=400)
    assert not every(KeptForm)


def test_a_form_kept_for_a_password_says_so(client, contract, time_machine, monkeypatch):
    officer = make_staff(CouncilRole.PAYMENTS_OFFICER)
    time_machine.move_to(NINE, tick=False)
    here = f"/council/payments/{contract.reference}/{MONDAY}/adjust"
    monkeypatch.setattr(client.app.view_functions["admin.payments.adjust"], "fresh", True)
    page = client.sign_in(officer).get(here)
    time_machine.shift(timedelta(minutes=15))
    client.post("/account/sessions/stay")
    asked = client.follow(client.submit(page, {"amount": "-100", "reason": "Paid twice"}, status=303))
    assert "Nothing has been sent yet" in asked.words
    page = client.follow(client.submit(asked, {"password": PASSWORD}, status=303))
    assert "This was not sent yet. What you typed is still here" in page.words
    assert page.page.select_one("#amount")["value"] == "-100"
    assert not every(Adjustment)


def test_every_form_comes_back(repository):
    """Whoever writes a form takes FlaskForm from forms.base."""
    for path in (repository / "forms").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "flask_wtf":
                assert path.name == "base.py", f"{path.name}: from forms.base import FlaskForm"


def test_an_action_that_was_checked_too_late_is_there_again(client, person, contract, time_machine):
    child = make_client(surname="Simpson")
    make_item(contract, client=child)
    type_ = make_type(event=CareEvent.DEATH, related=Related.CLIENT)
    time_machine.move_to(NINE, tick=False)
    page = client.sign_in(person).get(f"/providers/{contract.provider_id}/actions/new?type={type_.id}")
    typed = {"related": str(child.id), "title": "Died", "text": "At home,\r\nat night", "event_on": ["1", "10", "2019"]}
    checked = client.submit(page, typed | {"send": "y"}, status=200)
    time_machine.shift(HALF_AN_HOUR)
    page = come_back(client, client.submit(checked, {"send": "y"}, status=303), person)
    assert STILL_HERE in page.words
    assert filled_in(page.page.select_one("main form"))["text"].split() == ["At", "home,", "at", "night"]
