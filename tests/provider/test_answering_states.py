"""The page on which a payment is confirmed: what it offers in each state, and what becomes of what was typed there. The
rows of the last part of docs/payment-states.md.
"""

import re

import pytest
from sqlalchemy import select

from models.calendar import as_on
from models.money import gbp
from models.payments import officer
from models.payments.confirmation import Confirmation
from models.payments.hold import Hold
from models.payments.standing import standing_of
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item, make_price
from tests.factories import make_membership, make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change, orders
from tests.support.states import DAY, FRIDAY, MONDAY, THURSDAY, TUESDAY, office

MONEY = re.compile(r"−?£[\d,]+\.\d\d")


def hold_bea(the):
    return the.do(officer.hold, by=the.officer, reason="Asked about", order_id=bea(the))


def bea(the):
    return next(each.id for each in orders(the.contract) if each.client.surname == "Bea")


def ann(the):
    return next(each.id for each in orders(the.contract) if each.client.surname == "Ann")


def below_nothing(the):
    def take(payment):
        given = {"amount_pence": -90_000, "for_day": MONDAY, "reason": "Paid twice", "by": the.officer}
        officer.adjust(payment.contract, orders(the.contract)[0].client, **given)

    return the.do(take)


ASKED = {
    "current": (lambda the: the.to(MONDAY), "£656.11", "AB"),
    "asked anew": (lambda the: the.to(THURSDAY).feed(), "£656.18", "AB"),
    "lapsed": (lambda the: the.to(TUESDAY).confirm().feed(), "£656.18", "AB"),
    "sent back": (lambda the: the.to(TUESDAY).reject().send_back(), "£656.11", "AB"),
    "a row is held": (lambda the: hold_bea(the.to(TUESDAY)), "£353.08", "A"),
    "the whole is held": (lambda the: the.to(TUESDAY).hold(), "£656.11", "AB"),
    "owes £5": (lambda the: the.to(TUESDAY).owe(), "£656.11", "AB"),
    "part-paid, asked anew": (lambda the: the.to(TUESDAY).confirm(queried=True).run().feed(), "£353.15", "A"),
    "below nothing": (lambda the: below_nothing(the.to(TUESDAY)), "−£243.89", "AB"),
}
NOT_ASKED = {
    "future": lambda the: the,
    "missed": lambda the: the.to(FRIDAY),
    "confirmed": lambda the: the.to(TUESDAY).confirm(),
    "queried": lambda the: the.to(TUESDAY).confirm(queried=True),
    "rejected": lambda the: the.to(TUESDAY).reject(),
    "paid as it is": lambda the: the.to(TUESDAY).reject().pay_as_it_is(),
    "authorised": lambda the: the.to(TUESDAY).confirm().prepare().authorise(),
    "finalised": lambda the: the.to(TUESDAY).confirm().run(),
}


@pytest.fixture
def the(request, database, set_today):
    make = getattr(request, "param", lambda the: the.to(TUESDAY))
    made = make(office())
    set_today(made.today)
    return made


@pytest.fixture
def client(app, the):
    return PortalClient(app).sign_in(the.finance)


def payment_at(the):
    return f"/providers/{the.contract.provider_id}/payments/{the.contract.reference}/{MONDAY}"


def here(the):
    return f"{payment_at(the)}/answer"


def ticked(*texts):
    """What is sent of rows that are ticked: pairs of a row's number and its text."""
    return {"query": [str(row) for row, _ in texts], **{f"query-{row}": text for row, text in texts}}


def stands_ticked(page, row, text):
    """The row is ticked, and its text stands in it."""
    box = page.page.select_one(f"#tick-{row}")
    return box is not None and box.has_attr("checked") and page.page.select_one(f"#query-{row}").get_text() == text


def standing(the):
    with as_on(the.today), reading():
        return standing_of(the.payment)


@pytest.mark.parametrize(("the", "sum", "rows"), ASKED.values(), ids=ASKED, indirect=["the"])
def test_where_an_answer_is_asked_the_button_says_what_goes_and_all_pages_say_it_after(client, the, sum, rows):
    make_membership(the.finance, make_provider(), Role.FINANCE)
    page = client.get(here(the))
    button = page.page.select_one("#confirm")
    assert button.get_text() == f"Confirm {sum}"
    asks = client.get(f"/providers/{the.contract.provider_id}/").page.select_one(".todo")
    assert sum in asks.get_text() if asks else the.payment.total_pence < 0
    services = client.get("/all-my-services").page.select("#services a")
    assert [link for link in services if f"Confirm {sum} " in link.get_text()] or the.payment.total_pence < 0
    assert [row.th.get_text()[0] for row in page.page.select("tr.queried")] == list(rows)
    assert page.page.select_one(".reject [name=reject]")
    done = client.follow(client.submit(page, {"confirm": button["value"]}, form="form.answer", status=303))
    [notice] = done.page.select("#notices [role=alert]")
    assert MONEY.findall(notice.get_text()) == [sum]
    assert f" confirmed {sum}" in done.page.select_one(".asked").get_text(" ")
    stands = standing(the)
    assert stands.to_confirm_pence == int(button["value"])
    shown = MONEY.findall(client.get(f"/providers/{the.contract.provider_id}/payments/").words)
    assert gbp(stands.total_pence) in shown
    assert gbp(stands.held_pence) in shown or not stands.held_pence
    home = client.get(f"/providers/{the.contract.provider_id}/").words
    assert gbp(stands.bank_pence) in home or stands.bank_pence == 0
    assert the.payment.answered_pence == stands.total_pence


@pytest.mark.parametrize("the", NOT_ASKED.values(), ids=NOT_ASKED, indirect=True)
def test_where_none_is_asked_there_is_no_button_and_what_is_sent_is_refused_and_shown(client, the):
    was = the.payment.confirmation, the.payment.answered_pence
    page = client.get(here(the))
    assert not page.page.select("#confirm, [name=reject]")
    assert page.page.select_one(".asked")
    typed = {"confirm": "65611", "total_pence": "65611", "comment": "All but Bea", **ticked((bea(the), "She left"))}
    answer = client.post(here(the), typed, status=422)
    assert answer.errors
    assert "All but Bea" in answer.words
    assert "She left" in answer.words
    assert (the.payment.confirmation, the.payment.answered_pence) == was


def test_a_contract_that_asks_for_nothing_says_so(client, the):
    change(the.contract, confirmation="none")
    assert "This payment does not need to be confirmed." in client.get(here(the)).words


@pytest.mark.parametrize(("policy", "button"), [("hold", "£353.08"), ("pay", "£656.11")])
def test_a_query_is_held_or_paid_as_the_contract_says_and_every_page_says_the_same(client, the, policy, button):
    change(the.contract, if_queried=policy)
    page = client.get(here(the))
    asked = client.submit(page, {"confirm": "65611", **ticked((bea(the), "She left"))}, form="form.answer", status=None)
    if policy == "hold":
        assert "What you confirm is £353.08 now, since £303.03 is queried." in asked.errors[0]
        assert stands_ticked(asked, bea(the), "She left")
        assert "£303.03 of 1 row queried and held" in asked.words
        asked = client.submit(asked, {"confirm": "35308"}, form="form.answer", status=303)
    done = client.follow(asked)
    notice = done.page.select_one("#notices [role=alert]").get_text()
    assert MONEY.findall(notice) == [button, "£303.03"]
    home = client.get(f"/providers/{the.contract.provider_id}/").words
    assert button in home
    listed = client.get(f"/providers/{the.contract.provider_id}/payments/").words
    assert ("£303.03 held" in listed) == (policy == "hold")


def test_of_a_row_that_is_partly_paid_only_the_rest_is_queried(client, the, set_today):
    """Its whole total was taken off the button, while only the 7p that are not paid yet are held."""
    the.confirm(queried=True).run().feed()
    set_today(the.today)
    page = client.get(here(the))
    assert "£0.07 of it is not paid yet" in page.words
    typed = {"confirm": "35308", **ticked((ann(the), "Not 7p more"))}
    done = client.follow(client.submit(page, typed, form="form.answer", status=303))
    assert "You have confirmed £353.08" in done.words
    assert "and queried 1 row, £0.07, held" in done.words
    assert standing(the).to_confirm_pence == 35_308


# --- what becomes of what was typed


def test_a_total_that_changes_meanwhile_says_what_changed_and_asks_again_with_all_that_was_typed(client, the):
    page = client.get(here(the))
    the.feed()
    typed = {"confirm": "35308", "comment": "Fine but one", **ticked((bea(the), "She left"))}
    asked = client.submit(page, typed, form="form.answer", status=422)
    assert asked.errors[0].startswith("The payment has changed from £656.11 to £656.18 since you opened this page.")
    told = " ".join(asked.page.select_one("#changed").get_text(" ").split())
    assert "It came to £656.11, and comes to £656.18 now. What you ticked and wrote is still here." in told
    assert re.search(r"A, \w+ \(\w+\): £353\.08 before, £353\.15 now", told)
    assert "B, " not in told
    first = asked.page.select_one("#rows h3").get_text()
    assert first == "1 row changed while this page was open"
    assert stands_ticked(asked, bea(the), "She left")
    assert asked.page.select_one("#comment").get_text().strip() == "Fine but one"
    assert the.payment.confirmation is Confirmation.UNCONFIRMED
    again = client.submit(asked, {"confirm": "35315"}, form="form.answer", status=303)
    assert "You have confirmed £353.15" in client.follow(again).words


def test_a_ticked_row_that_leaves_the_payment_says_which_and_what_was_written(client, the):
    page = client.get(here(the))
    row = bea(the)
    with unit_of_work() as session:
        session.execute(Hold.__table__.delete())
    the.do(officer.hold, by=the.officer, reason="Asked about", order_id=row)
    asked = client.submit(page, {"confirm": "35308", **ticked((row, "She left"))}, form="form.answer", status=422)
    assert "can no longer be queried, so it is not ticked any more. You had written: “She left”" in asked.errors[0]
    client.submit(asked, {"confirm": "35308"}, form="form.answer", status=303)


def test_a_row_that_is_held_between_the_check_and_the_lock_is_not_confirmed_unseen(client, the, monkeypatch):
    from blueprints.provider import answering

    real = answering.confirm

    def late(payment, **given):
        officer.hold(payment, by=given["by"], reason="Asked about", order_id=bea(the))
        real(payment, **given)

    page = client.get(here(the))
    monkeypatch.setattr(answering, "confirm", late)
    asked = client.submit(page, {"confirm": "65611"}, form="form.answer", status=422)
    assert asked.errors == [
        "What you confirm has changed from £656.11 to £353.08 since you opened this page. Look at it again before you "
        "answer"
    ]
    assert the.payment.confirmation is Confirmation.UNCONFIRMED


def test_what_is_kept_stands_there_again_each_time_until_it_is_sent(client, the):
    page = client.get(here(the))
    typed = {"then": "payment", "comment": "Fine but one", **ticked((bea(the), "She left"))}
    kept = client.submit(page, typed, form="form.answer", action=f"{here(the)}/keep", status=303)
    assert kept.location.endswith(payment_at(the))
    assert "What you have ticked and written is kept for an hour" in client.follow(kept).words
    for _ in range(2):
        page = client.get(here(the))
        assert stands_ticked(page, bea(the), "She left")
        assert page.page.select_one("#comment").get_text().strip() == "Fine but one"
        assert page.page.select_one("#confirm").get_text() == "Confirm £353.08"
        assert not page.page.select("#notices [role=alert], #notices [role=region]")
    client.submit(page, {"confirm": "35308"}, form="form.answer", status=303)
    the.feed()
    page = client.get(here(the))
    assert not page.page.select("[name=query][checked]")


def test_what_changed_while_its_person_was_away_is_said(client, the):
    page = client.get(here(the))
    typed = {"then": "payment", **ticked((bea(the), "She left"))}
    client.submit(page, typed, form="form.answer", action=f"{here(the)}/keep", status=303)
    the.feed()
    page = client.get(here(the))
    assert "It came to £656.11, and comes to £656.18 now." in page.words
    assert stands_ticked(page, bea(the), "She left")


def test_a_colleague_does_not_see_what_was_kept(client, the, app):
    page = client.get(here(the))
    typed = {"then": "payment", **ticked((bea(the), "She left"))}
    client.submit(page, typed, form="form.answer", action=f"{here(the)}/keep", status=303)
    [provider] = every(select(Provider).where(Provider.id == the.contract.provider_id))
    other = PortalClient(app).sign_in(make_user(Role.FINANCE, provider)).get(here(the))
    assert not other.page.select("[name=query][checked]")


def test_looking_for_a_person_without_scripts_hides_the_others_and_loses_nothing(client, the):
    page = client.get(here(the))
    name = page.page.select(".answers th[scope=row]")[1].get_text()
    typed = {"then": "find", "find": name.split()[-1].strip("()").lower(), **ticked((ann(the), "Too little"))}
    found = client.follow(client.submit(page, typed, form="form.answer", action=f"{here(the)}/keep", status=303))
    shown = [body.th.get_text() for body in found.page.select(".answers tbody") if not body.has_attr("hidden")]
    assert shown == [name]
    assert stands_ticked(found, ann(the), "Too little")
    assert found.page.select_one("#confirm").get_text() == "Confirm £303.03"
    typed["find"] = "Nobody at all"
    none = client.follow(client.submit(found, typed, form="form.answer", action=f"{here(the)}/keep", status=303))
    assert not none.page.select_one("[data-none]").has_attr("hidden")
    assert all(body.has_attr("hidden") for body in none.page.select(".answers tbody"))


def test_the_script_keeps_without_a_page_in_answer_and_without_staying_logged_in(client, the):
    page = client.get(here(the))
    typed = ticked((bea(the), "She left"))
    answer = client.submit(page, typed, form="form.answer", action=f"{here(the)}/keep", htmx=True, status=204)
    assert not answer.text
    assert stands_ticked(client.get(here(the)), bea(the), "She left")


# --- which rows stand first


@pytest.fixture
def house(database, set_today):
    """A care home in its second week: seven people as in the first, one dearer, one new, one gone."""
    contract = make_contract(calculate_from=MONDAY - 7 * DAY, confirmation="required")
    level = make_item(contract, client=make_client(surname="Adams", first_name="Ann")).service_level_id
    for n in range(6):
        make_item(contract, client=make_client(surname=f"Same{n}", first_name=f"Sam{n}"), service_level_id=level)
    dear = make_item(contract, None, make_client(surname="Dear", first_name="Świętosława"), service_level_id=level)
    make_price(dear, 1_000_000, ends_on=MONDAY - DAY)
    make_price(dear, 1_500_000, starts_on=MONDAY)
    new = {"starts_on": MONDAY, "service_level_id": level}
    make_item(contract, 2_000_000, make_client(surname="New", first_name="Nia"), **new)
    gone = {"ends_on": MONDAY - DAY, "service_level_id": level}
    make_item(contract, 3_000_000, make_client(surname="Gone", first_name="Gareth"), **gone)
    set_today(TUESDAY)
    calculate(TUESDAY)
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    path = f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY}/answer"
    return make_user(Role.FINANCE, provider), path


def test_changed_rows_stand_first_and_open_and_the_rest_is_folded(app, house):
    person, path = house
    page = PortalClient(app).sign_in(person).get(path)
    changed, same = page.page.select(".fold")
    assert changed.h3.get_text() == "3 rows changed since 23 Sep to 29 Sep 2019: £50.00 less"
    told = {row.th.get_text()[0]: row.select_one("[data-label=Change]").get_text() for row in changed.select("tbody")}
    assert told == {"D": "+£50.00", "G": "Not in this payment, −£300.00", "N": "New, +£200.00"}
    assert not [row for row in changed.select("tbody") if row.th.get_text()[0] == "G" and row.select("input")]
    assert same.name == "details"
    assert not same.has_attr("open")
    assert same.h3.get_text() == "7 rows as last time, £2,471.56"
    assert len(same.select("tbody")) == 7


def test_a_ticked_row_is_never_folded_away_and_names_are_found_however_they_are_typed(app, house):
    person, path = house
    client = PortalClient(app).sign_in(person)
    page = client.get(path)
    row = page.page.select(".fold")[1].input["value"]
    typed = {"then": "payment", **ticked((row, "Too little"))}
    client.submit(page, typed, form="form.answer", action=f"{path}/keep", status=303)
    page = client.get(path)
    assert page.page.select(".fold")[1].has_attr("open")
    typed |= {"then": "find", "find": " swietoslawa  d "}
    page = client.follow(client.submit(page, typed, form="form.answer", action=f"{path}/keep", status=303))
    shown = [body.th.get_text() for body in page.page.select(".answers tbody") if not body.has_attr("hidden")]
    assert [name[:14] for name in shown] == ["D, Świętosława"]
    assert page.page.select(".fold")[1].has_attr("hidden")


def test_the_page_takes_the_same_number_of_queries_however_many_rows(client, set_today):
    set_today(TUESDAY)

    def visit(clients):
        contract = make_contract(calculate_from=MONDAY, confirmation="required")
        level = make_item(contract).service_level_id
        for n in range(clients - 1):
            make_item(contract, client=make_client(surname=f"Ng{n:04}"), service_level_id=level)
        calculate(TUESDAY)
        [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
        client.sign_in(make_user(Role.FINANCE, provider))
        path = f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY}/answer"
        client.get(path)
        return client.get(path)

    few, many = visit(2), visit(60)
    assert len(many.page.select("tr textarea")) == 60
    assert len(few.reads) == len(many.reads) <= 8, [each[:60] for each in many.reads]
