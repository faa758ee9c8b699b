"""Confirming and rejecting a scheduled payment, as a provider does it."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.payments import officer
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.client import Client
from models.records.contract import Contract
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change, finalise, orders, payment
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 30)
TODAY = date(2019, 10, 1)  # the cut-off of the calendar that make_calendar gives
DAY = timedelta(days=1)


@built_once
def one_contract():
    contract = make_contract(calculate_from=MONDAY, confirmation="required")
    make_item(contract, client=make_client(surname="Adams"))
    make_item(contract, rate_e4=3_030_300, client=make_client(surname="Begum"))
    calculate(TODAY)
    return contract


@pytest.fixture
def contract(database, set_today):
    set_today(TODAY)
    return one_contract()


@pytest.fixture
def provider(contract):
    return every(select(Provider).where(Provider.id == contract.provider_id))[0]


@pytest.fixture
def finance(provider):
    return make_user(Role.FINANCE, provider, name="Ada Finch")


@pytest.fixture
def here(contract):
    return f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY}"


@pytest.fixture
def office(client, finance):
    return client.sign_in(finance)


@pytest.fixture(params=[False, True], ids=["plain", "htmx"])
def give(office, here, request):
    """Fill in the answer page and press one of its buttons: `give("confirm", comment="Fine")`."""

    def give(button, status=None, **typed):
        page = office.get(f"{here}/answer")
        return office.submit(page, {button: "y", **typed}, htmx=request.param, status=status)

    return give


def number_of(answer, surname):
    """By which the form calls the row about that client."""
    rows = answer.page.select("tr.queried")
    return next(row.input["value"] for row in rows if row.th.get_text().startswith(surname[0]))


def ticked(number, text):
    return {"query": number, f"query-{number}": text}


def asked(answer):
    return " ".join(" ".join(each.get_text(" ").split()) for each in answer.page.select(".asked"))


@pytest.mark.covers("S0-026", "S0-028")
def test_the_payment_page_asks_for_an_answer_and_says_until_when(office, here):
    answer = office.get(here)
    assert asked(answer).startswith("Please confirm or reject by the end of Tuesday 1 October 2019.")
    assert "query that row and confirm the rest, so that nothing else is held up" in asked(answer)
    assert "A queried row is not paid until the council has looked at it." in asked(answer)
    button = answer.page.select_one(".asked a")
    assert (button.text, button["href"]) == ("Confirm/Reject", f"{here}/answer")


@pytest.mark.covers("S0-026")
def test_a_carer_is_not_offered_it_and_may_not(client, provider, here):
    client.sign_in(make_user(Role.CARER, provider))
    answer = client.get(here)
    assert not answer.page.select(".asked a")
    assert "who may confirm payments is asked to confirm or reject this one" in asked(answer)
    client.get(f"{here}/answer", status=403)
    for htmx in (False, True):
        client.post(f"{here}/answer", {"confirm": "y", "total_pence": "65611"}, status=403, htmx=htmx)


def test_the_answer_page_shows_the_rows_and_buttons_that_name_the_sum(office, here):
    answer = office.get(f"{here}/answer")
    assert answer.heading == "Confirm or reject a payment"
    assert [row.th.get_text(strip=True)[0] for row in answer.page.select("tr.queried")] == ["A", "B"]
    buttons = [b.text for b in answer.page.select(".at-hand button, .reject button")]
    assert buttons == ["Confirm £656.11", "Reject this payment"]
    assert answer.page.select_one("input[name=total_pence]")["value"] == "65611"
    assert answer.page.select_one("main form button")["formaction"] == f"{here}/answer/keep", "Enter presses the first"


@pytest.mark.parametrize(("typed", "found"), [("a", 1), ("c", 0), ("c20", 2)])
def test_one_letter_finds_names_and_no_references(office, here, typed, found):
    """Every reference begins with a C, so that "C" found everybody."""
    office.submit(office.get(f"{here}/answer"), {"find": typed}, action=f"{here}/answer/keep")
    assert len(office.get(f"{here}/answer").page.select("table.answers tbody:not([hidden])")) == found


@pytest.mark.covers("S0-004", "S0-026", "S0-027", "S1-043")
def test_a_payment_is_confirmed_with_a_comment(give, office, here, contract, finance):
    answer = give("confirm", comment="All right")
    assert answer.location.endswith(here)
    page = office.follow(answer)
    assert "You have confirmed £656.11 for 30 Sep to 6 Oct 2019" in page.page.select_one("#notices").get_text()
    assert asked(page).startswith("Ada Finch confirmed £656.11 on ")
    assert asked(page).endswith("All right")
    assert "Confirmed" in page.page.select_one(".strip").get_text()
    found = payment(contract, MONDAY)
    assert (found.confirmation, found.answered_by_id) == (Confirmation.CONFIRMED, finance.id)


@pytest.mark.covers("S0-027")
def test_a_rejection_goes_back_to_the_council(give, office, here):
    page = office.follow(give("reject", comment="Begum left\r\non Tuesday"))
    assert asked(page).startswith("Ada Finch rejected £656.11 on ")
    assert "It has gone back to the council, and is not paid until the council has answered you" in asked(page)
    assert page.page.select_one(".asked blockquote").text == "Begum left\non Tuesday"
    assert "Rejected" in page.page.select_one(".strip").get_text()


@pytest.mark.covers("S0-027")
def test_a_rejection_says_why_and_what_was_typed_stays(give, office, here, contract):
    n = number_of(office.get(f"{here}/answer"), "Adams")
    answer = give("reject", status=422, comment="   ", **ticked(n, ""))
    assert answer.errors[0].startswith("Say what is wrong with A")
    assert answer.errors[1:] == ["Say what is wrong with this payment, so that the council can put it right"]
    assert answer.page.select_one(f"[name=query][value='{n}']").has_attr("checked")
    assert [a["href"] for a in answer.page.select(".govuk-error-summary a")] == [f"#query-{n}", "#why"]
    assert answer.page.select_one("details.reject").has_attr("open")
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED


def test_what_was_said_of_single_rows_is_the_reason_of_a_rejection(give, office, here, contract):
    n = number_of(office.get(f"{here}/answer"), "Begum")
    give("reject", **ticked(n, "Left on Tuesday"))
    found = payment(contract, MONDAY)
    assert found.confirmation is Confirmation.REJECTED
    assert found.answer_comment.startswith("B, Bart (C20")
    assert found.answer_comment.endswith("): Left on Tuesday")
    assert not every(Hold)


@pytest.mark.covers("S0-028")
@pytest.mark.parametrize(
    ("policy", "tag", "words"),
    [
        ("hold", "Queried, held", "A ticked row is not paid until the council has looked at it."),
        ("pay", "Queried, still paid", "A ticked row is still paid"),
    ],
)
def test_a_row_is_queried_and_the_rest_confirmed(give, office, here, contract, policy, tag, words):
    change(contract, if_queried=policy)
    page = office.get(f"{here}/answer")
    assert words in page.words
    n = number_of(page, "Begum")
    typed = ticked(n, "Left on <Tuesday>") | {f"query-{number_of(page, 'Adams')}": "never mind"}
    answer = office.follow(give("confirm", **typed))
    assert "and queried 1 row" in answer.page.select_one("#notices").get_text()
    begum = next(row for row in answer.page.select("tr") if row.th and row.th.get_text(strip=True).startswith("B, "))
    assert begum.select_one(".govuk-tag").text == tag
    assert "Left on <Tuesday>" in answer.words
    assert [hold.is_paid for hold in every(Hold)] == [policy == "pay"]


def test_a_queried_row_has_to_say_what_is_wrong(give, office, here):
    n = number_of(office.get(f"{here}/answer"), "Begum")
    answer = give("confirm", status=422, comment="Kept", **ticked(n, ""))
    assert answer.errors[0].startswith("Say what is wrong with B")
    assert answer.page.select_one("[name=comment]").get_text().strip() == "Kept"
    assert not every(Hold)


@pytest.mark.parametrize(("total", "told"), [("65612", "£656.12"), ("-1", "−£0.01"), ("1", "£0.01")])
def test_another_total_than_the_one_on_record_is_not_confirmed(give, contract, total, told):
    answer = give("confirm", status=422, total_pence=total)
    assert answer.errors[0].startswith(f"The payment has changed from {told} to £656.11 since you opened this page.")
    assert answer.page.select_one("[name=total_pence]")["value"] == "65611"
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED


@pytest.mark.parametrize("total", ["", "x", "9" * 30])
def test_a_total_that_is_none_is_refused_in_words(give, total):
    assert give("confirm", status=422, total_pence=total).errors


def test_a_row_of_another_payment_cannot_be_queried(give, contract):
    answer = give("confirm", status=422, **ticked("999999", "Not mine"))
    assert answer.errors == [
        "A row that is no longer in this payment can no longer be queried, so it is not ticked any more. You had "
        "written: “Not mine”"
    ]
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED


def test_no_button_is_no_answer(office, here):
    page = office.get(f"{here}/answer")
    assert office.submit(page, status=422).errors == ["Confirm or reject this payment"]


def test_after_the_cut_off_it_is_too_late(office, here, contract, set_today):
    page = office.get(f"{here}/answer")
    set_today(TODAY + DAY)
    for htmx in (False, True):
        answer = office.submit(page, {"confirm": "y"}, status=422, htmx=htmx)
        assert "The time to confirm or reject this payment ended on 1 October 2019" in answer.words
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("pay", "Nobody had answered, so it is paid as it stands."),
        ("confirm", "That counts as a confirmation of £656.11."),
        ("hold", "Nobody had answered, so it is not paid until this is settled. Please contact the"),
    ],
)
def test_after_the_cut_off_the_page_says_what_happens_now(office, here, contract, set_today, policy, words):
    change(contract, if_unconfirmed=policy)
    set_today(TODAY + DAY)
    for path in (here, f"{here}/answer"):
        answer = office.get(path)
        assert "Tuesday 1 October 2019" in asked(answer)
        assert words in asked(answer)
        assert not answer.page.select("[name=confirm], .asked a")


@pytest.mark.parametrize(
    ("policy", "words"),
    [("pay", "Nobody had confirmed or rejected this payment when it was finalised"),
     ("confirm", "That counts as a confirmation of £656.11.")],
)  # fmt: skip
def test_a_finalised_payment_says_how_it_ended(office, here, contract, policy, words):
    change(contract, if_unconfirmed=policy)
    finalise(MONDAY + 6 * DAY)
    assert words in asked(office.get(here))


def test_a_lapsed_answer_says_so(give, office, here, contract):
    give("confirm")
    make_item(contract, rate_e4=700_000)
    calculate(TODAY)
    words = asked(office.get(here))
    assert words.startswith(
        "It came to £656.11 when you confirmed it. The total has changed to £726.11 since, so please look at it again."
    )
    assert words.endswith("Confirm/Reject")


def test_with_a_query_only_what_was_confirmed_is_said_to_be(give, office, here, contract):
    """It said "You confirmed £656.11", and of a rejection taken back that the next run pays £726.11."""
    number = number_of(office.get(f"{here}/answer"), "Adams")
    office.submit(office.get(f"{here}/answer"), {"confirm": "30303", **ticked(number, "She left")}, status=303)
    make_item(contract, rate_e4=700_000, starts_on=MONDAY, authorised_on=TODAY)
    calculate(TODAY)
    assert "It came to £656.11 when you confirmed it" in office.get(here).words
    assert "You had confirmed" not in office.get(f"{here}/answer").words
    give("reject", comment="All wrong")
    page = office.get(f"{here}/take-back")
    assert "the next run pays £373.03. The other £353.08 is queried or held by the council, and stays so" in page.words
    assert page.page.select_one("main form button").text == "Take it back, and confirm £373.03"


def test_a_rejection_stands_when_the_total_changes(give, office, here, contract):
    give("reject", comment="Wrong")
    make_item(contract, rate_e4=700_000)
    calculate(TODAY)
    answer = office.get(here)
    assert "The total has changed to £726.11 since. Your rejection stands." in asked(answer)
    form = office.get(answer.page.find("a", string=re.compile("Take the rejection back"))["href"])
    assert "It comes to £726.11 now" in form.words
    back = office.follow(office.submit(form))
    assert "You have taken your rejection back, and confirmed £726.11 for 30 Sep to 6 Oct 2019" in back.words


def test_what_the_council_sends_back_is_asked_again(give, office, here, contract, finance):
    give("reject", comment="Wrong")
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.ask_again(found, by=finance, comment="Begum stayed until Friday")
    words = asked(office.get(here))
    assert "The council has looked at it, and asks you again: Begum stayed until Friday" in words
    assert words.endswith("Confirm/Reject")


def test_what_an_officer_holds_says_so_and_never_why(office, here, contract, finance):
    begum = next(order for order in orders(contract) if order.client.surname == "Begum")
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=finance, reason="Suspected fraud")
        officer.hold(found, by=finance, reason="Suspected fraud", order_id=begum.id)
    for path in (here, f"{here}/answer"):
        answer = office.get(path)
        assert "Held by the council" in answer.words
        assert "fraud" not in answer.text
    rows = office.get(f"{here}/answer").page.select("tbody tr")
    assert len([row for row in rows if row.select("textarea")]) == 1, "a held row is not queried"


def test_the_second_of_two_people_is_told(office, here, provider, app, contract):
    other = PortalClient(app).sign_in(make_user(Role.FINANCE, provider))
    for client in (office, other):
        client.page = client.get(f"{here}/answer")
    office.submit(office.page, {"confirm": "y"}, status=303)
    for htmx in (False, True):
        answer = other.submit(other.page, {"reject": "y", "comment": "No"}, status=422, htmx=htmx)
        assert answer.errors == ["Somebody else has confirmed this payment just before you"]
        assert "What you had written was not sent. Copy it if you still need it: No" in answer.words
    assert payment(contract, MONDAY).confirmation is Confirmation.CONFIRMED


def test_a_double_press_does_nothing_twice(office, here):
    page = office.get(f"{here}/answer")
    n = number_of(page, "Begum")
    typed = {"confirm": "y", **ticked(n, "Left")}
    for _ in range(2):
        assert office.submit(page, typed, status=303).location.endswith(here)
    assert len(every(Hold)) == 1
    assert "Somebody" not in office.get(here).words


def test_who_changes_their_mind_is_told_that_it_is_done(office, here):
    page = office.get(f"{here}/answer")
    office.submit(page, {"confirm": "y"}, status=303)
    answer = office.submit(page, {"reject": "y", "comment": "No"}, status=422)
    assert "You have sent this form before: “You have confirmed £656.11 for 30 Sep to 6 Oct 2019”" in answer.errors[0]


def test_a_second_window_is_told_that_the_payment_is_confirmed_whatever_its_button_says(office, here):
    page, other_window = (office.get(f"{here}/answer") for _ in range(2))
    office.submit(page, {"confirm": "y", **ticked(number_of(page, "Begum"), "Left")}, status=303)
    answer = office.submit(other_window, {"confirm": "65611"}, status=422)
    assert answer.errors == ["You have confirmed this payment already"]


def test_what_the_button_says_is_what_is_confirmed(office, here, contract):
    """Without JavaScript the button does not follow the ticks."""
    page = office.get(f"{here}/answer")
    n = number_of(page, "Begum")
    typed = ticked(n, "Left")
    asked = office.submit(page, typed | {"confirm": "65611"}, status=422)
    assert asked.errors == [
        "What you confirm is £353.08 now, since £303.03 is queried. If that is right, press the button again"
    ]
    button = asked.page.select_one("#confirm")
    assert (button.text, button["value"]) == ("Confirm £353.08", "35308")
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED
    done = office.follow(office.submit(asked, {"confirm": "35308"}, status=303))
    assert "You have confirmed £353.08" in done.words


def test_a_row_that_is_held_since_the_page_was_drawn_is_not_confirmed_unseen(office, here, contract, finance):
    page = office.get(f"{here}/answer")
    begum = next(order for order in orders(contract) if order.client.surname == "Begum")
    with unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=finance, reason="Asked about", order_id=begum.id)
    asked = office.submit(page, {"confirm": "65611"}, status=422)
    assert asked.errors == ["What you confirm is £353.08 now. If that is right, press the button again"]
    office.submit(asked, {"confirm": "35308"}, status=303)


def test_another_providers_payment_does_not_exist(client, here, contract):
    mine = make_provider()
    client.sign_in(make_user(Role.FINANCE, mine))
    for path in (f"{here}/answer", f"/providers/{mine.id}/payments/{contract.reference}/{MONDAY}/answer"):
        client.get(path, status=404)
        client.post(path, {"confirm": "y", "total_pence": "65611"}, status=404)
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED


def test_a_future_payment_says_from_when(office, contract):
    path = f"/providers/{contract.provider_id}/payments/{contract.reference}/{MONDAY + 7 * DAY}"
    words = "You can confirm or reject this payment from Monday 7 October 2019 to the end of Tuesday 8 October 2019."
    assert asked(office.get(path)) == words
    office.post(f"{path}/answer", {"confirm": "y", "total_pence": "65611"}, status=422)


def test_where_the_contract_asks_for_nothing_there_is_nothing_to_answer(office, here, contract):
    change(contract, confirmation="none")
    assert not office.get(here).page.select(".asked")
    assert "does not need to be confirmed" in office.get(f"{here}/answer").words
    answer = office.post(f"{here}/answer", {"confirm": "y", "total_pence": "65611"}, status=422)
    assert "does not need to be confirmed" in answer.words


def test_where_the_contract_leaves_it_open_nobody_has_to(office, here, contract):
    change(contract, confirmation="optional")
    assert "until the end of Tuesday 1 October 2019. You do not have to." in asked(office.get(here))


def test_what_comes_to_less_than_nothing_can_be_rejected_from_its_page(office, here, contract, finance):
    """It needs no confirmation, and only a rejection holds it: the page offered no way to reject it."""
    with unit_of_work() as session:
        client = session.scalars(select(Client)).first()
        own = session.scalars(select(Contract).where(Contract.id == contract.id)).one()
        officer.adjust(own, client, amount_pence=-90_000, for_day=MONDAY, reason="Paid twice", by=finance)
    page = office.get(here)
    assert "It comes to −£243.89, so you do not need to confirm it." in asked(page)
    form = office.get(page.page.find("a", string=re.compile("Confirm/Reject"))["href"])
    office.submit(form, {"reject": "y", "comment": "Never paid twice"}, status=303)
    assert payment(contract, MONDAY).is_rejected


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("button", ["confirm", "reject"])
def test_an_answer_without_the_sum_that_the_page_showed_is_refused(office, here, contract, button, htmx):
    data = {button: "65611", "comment": "As it stands"}
    answer = office.post(f"{here}/answer", data, status=422, htmx=htmx)
    assert any("sent without what the page had shown" in words for words in answer.errors)
    assert answer.page.select_one("#comment").text.strip() == "As it stands"
    assert payment(contract, MONDAY).confirmation is Confirmation.UNCONFIRMED


@pytest.mark.parametrize("missing", ["total_pence", "confirms_pence"])
def test_a_rejection_is_not_taken_back_without_the_sums_that_the_page_showed(office, give, here, contract, missing):
    give("reject", comment="Too little")
    page = office.get(f"{here}/take-back")
    shown = {name: page.page.select_one(f"[name={name}]")["value"] for name in ("total_pence", "confirms_pence")}
    del shown[missing]
    assert office.post(f"{here}/take-back", shown, status=422).errors
    assert payment(contract, MONDAY).confirmation is Confirmation.REJECTED
