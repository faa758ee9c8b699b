"""The provider's home page."""

from datetime import date

import pytest
from sqlalchemy import select

from models.accounts.account_policy import Step
from models.payments.hold import Hold, HoldKind
from models.permissions import Role
from models.records.provider import Provider, ProviderKind
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.factories import canary, make_provider, make_user
from tests.support.rows import every, saved
from tests.support.runs import answered, calculate, change, finalise_weeks, orders, payment
from tests.support.snapshots import built_once

MONDAY = date(2019, 9, 30)


@pytest.mark.covers("S4-055", "S4-056", "S4-058", "S4-061", "S0-003", "S0-022", "S0-056")
def test_home_has_the_tasks_with_live_counts(carer):
    answer = carer.get("/providers/1/")
    assert "Pick a task..." in answer.words
    tiles = [tile.get_text(" ", strip=True) for tile in answer.page.select(".tile")]
    assert tiles == [
        "Scheduled Payments View and confirm or reject scheduled payments. 1 current payment",
        "One-Off Claims View and create One-Off Claims 2 claims to submit",
        "Purchase Orders View & print purchase orders 4 orders for 2019/2020",
        "Reports View & print financial reports",
        "Care Package Line Items View what the council buys for each client, at which price",
        "Contract Documents Read, agree or reject service agreements, and terms and conditions 1 document to agree",
        "Actions and Change Requests Ask or tell the council something 7 open Actions Action overdue (2)",
        "Organisation Details View the details that we hold, and ask for a change",
        "Contacts View your contacts, and ask for a change",
    ]
    assert answer.page.select_one("main form[action='/log-out'] button").text == "Log Out"


def test_home_says_what_comes_next_and_when(carer):
    answer = carer.get("/providers/1/")
    assert "£656.11 expected Friday 11 October 2019" in answer.words
    assert "30 Sep to 6 Oct 2019. The same as 23 Sep to 29 Sep 2019." in answer.words


def test_home_says_how_much_more_or_less_than_the_last_payment(client):
    provider = make_provider()
    contract = make_contract(provider, calculate_from=date(2019, 9, 23))
    make_item(contract)
    finalise_weeks(date(2019, 9, 23), date(2019, 9, 29))
    make_item(contract, rate_e4=700_000, starts_on=date(2019, 10, 5), authorised_on=date(2019, 10, 1))
    calculate(date(2019, 10, 2))
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/")
    assert "£20.00 more: " in answer.words
    assert "is new £20.00" in answer.words


def test_a_payment_that_has_not_begun_is_compared_by_its_plan(client):
    """Its rows are not on record yet: £353.08 would read as £353.08 less than the week before."""
    provider = make_provider()
    make_item(make_contract(provider, calculate_from=date(2019, 9, 23)))
    finalise_weeks(date(2019, 9, 23), date(2019, 10, 6))
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/")
    assert (
        "£353.08 expected Friday 18 October 2019 7 Oct to 13 Oct 2019. The same as 30 Sep to 6 Oct 2019."
        in answer.words
    )


def test_without_payments_home_says_so(client):
    provider = make_provider()
    answer = client.sign_in(make_user(Role.FINANCE, provider)).get(f"/providers/{provider.id}/")
    assert "No payment is planned." in answer.words
    assert "No current payments" in answer.words


def test_several_contracts_show_their_next_payments_each(client):
    provider = make_provider()
    for _ in range(7):
        make_item(make_contract(provider, calculate_from=MONDAY))
    calculate(date(2019, 10, 2))
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/")
    [day] = answer.page.select(".next-payment")
    assert "£2,471.56" in day.get_text()
    assert len(day.select("p a[href*='/payments/C']")) == 5
    assert "And 2 more" in answer.words


def test_home_takes_few_queries(carer):
    carer.get("/providers/1/")
    assert len(carer.get("/providers/1/").reads) <= 8


def test_the_next_sum_and_its_day_stand_above_what_needs_the_person(client, waiting):
    """So that they are on the first screen of a phone, however much there is to do."""
    answer = home(client, waiting)
    assert answer.words.index("£353.08 expected in your bank on Friday 11 October 2019") < answer.words.index(
        "Needs you"
    )


def test_many_contracts_and_people_take_as_few_reads(client):
    def reads(contracts, people):
        provider = make_provider()
        for _ in range(contracts):
            contract = make_contract(provider, confirmation="required", if_unconfirmed="hold", calculate_from=MONDAY)
            for _ in range(people):
                make_item(contract, authorised_on=None)
                make_item(contract)
        calculate(date(2019, 10, 2))
        client.sign_in(make_user(Role.FINANCE, provider)).get(f"/providers/{provider.id}/")
        return len(client.get(f"/providers/{provider.id}/").reads)

    assert reads(1, 1) == reads(4, 3) <= 8


def test_every_bar_leads_to_its_payment_and_the_figures_stand_beside(carer):
    answer = carer.get("/providers/1/")
    bars = answer.page.select("svg a")
    assert len(bars) == 15
    assert bars[-2]["aria-label"] == "Friday 11 October 2019: £656.11, expected"
    assert carer.get(bars[-2]["href"]).heading
    rows = [row.get_text(" ", strip=True) for row in answer.page.select(".chart__figures tbody tr")]
    assert rows[-3:] == ["4 Oct 2019 £656.11", "11 Oct 2019 , expected £656.11", "18 Oct 2019 , expected £656.11"]


def test_forecasts_leave_out_what_is_held_and_say_so(client, waiting):
    change(payment(waiting, MONDAY), **answered("rejected", 35_308))
    words = home(client, waiting).words
    assert "£353.08 held : you rejected it on" in words.replace("  ", " ")
    assert "The sums below leave out the £353.08 that is held." in words
    assert "£0.00" not in words.split("What comes to your bank")[1].split("What came")[0]


def test_a_difference_says_of_which_sum_where_a_part_is_held(client, database):
    """Of £353.08 that is expected, with £20.00 held, it said: £20.00 more."""
    contract = make_contract(calendar=make_calendar(confirm_by_days=3), calculate_from=date(2019, 9, 23))
    make_item(contract)
    finalise_weeks(date(2019, 9, 23), date(2019, 9, 29))
    make_item(contract, rate_e4=700_000, starts_on=date(2019, 10, 5), authorised_on=date(2019, 10, 1))
    calculate(date(2019, 10, 2))
    found = payment(contract, MONDAY)
    new = max(order.id for order in orders(contract))
    own = {"provider_id": found.provider_id, "payment_id": found.id, "purchase_order_id": new}
    saved(Hold(**own, kind=HoldKind.OFFICER, reason="Not known"))
    words = home(client, contract).words
    assert "£353.08 expected Friday 11 October 2019" in words
    assert "It comes to £373.08 in all. £20.00 more: " in words
    assert "£353.08 in your bank on Friday 4 October 2019. £20.00 is held and not in it" in words.split("Needs you")[0]


def test_what_nobody_has_to_confirm_is_not_called_not_confirmed(client, database):
    contract = make_contract(calendar=make_calendar(confirm_by_days=3), confirmation="optional", calculate_from=MONDAY)
    make_item(contract)
    calculate(date(2019, 10, 2))
    steps = home(client, contract).page.select_one(".steps").get_text(" ")
    assert "Confirmed (not needed)" in steps


def test_who_waits_is_named_with_since_when_why_and_who_acts(client, waiting):
    own = canary(waiting.provider_id)
    person = make_client(reference=f"C77{own}", surname="Prydderch", first_name="Emyr")
    make_item(waiting, 1_000_000, person, starts_on=MONDAY, authorised_on=None)
    calculate(date(2019, 10, 2))
    words = home(client, waiting).words
    assert (
        f"£100.00 waits for P, Emyr (C77{own}) since Monday 30 September 2019: not authorised. "
        "The council authorises the care package; the next payment then has it."
    ) in words
    assert "on track" not in words


@pytest.fixture
def waiting(database):
    return one_that_waits()


@built_once
def one_that_waits():
    """A contract whose payment of this week waits for a confirmation until tomorrow."""
    contract = make_contract(calendar=make_calendar(confirm_by_days=3), confirmation="required", calculate_from=MONDAY)
    make_item(contract)
    calculate(date(2019, 10, 2))
    return contract


def home(client, contract, role=Role.FINANCE):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    client.sign_in(make_user(role, provider))
    client.get(f"/providers/{provider.id}/")
    return client.get(f"/providers/{provider.id}/")


@pytest.mark.covers("S0-004", "S1-043")
def test_home_says_what_waits_for_a_confirmation(client, waiting):
    answer = home(client, waiting)
    needs = answer.page.select_one("section[aria-labelledby=needs]")
    words = " ".join(needs.get_text(" ").split())
    assert words.startswith("Needs you Confirm 30 Sep to 6 Oct, £353.08 by the end of Thursday 3 October")
    assert needs.a["href"].endswith(f"/payments/{waiting.reference}/2019-09-30/answer")
    assert answer.page.select_one(".tile__count").get_text(strip=True) == "1 payment to confirm"
    assert answer.page.select_one("[aria-current=step]").text == "To be confirmed by 3 Oct 2019"
    assert len(answer.reads) <= 8


def test_who_may_not_confirm_is_not_asked_to(client, waiting):
    answer = home(client, waiting, Role.CARER)
    assert "Nothing needs you. Somebody else is asked to confirm your next payment." in answer.words
    assert answer.page.select_one(".tile__count").get_text(strip=True) == "1 current payment"


def test_who_may_not_ask_for_changes_is_not_told_to(client, waiting):
    assert "ask for a change" in home(client, waiting).words
    assert "ask for a change" not in home(client, waiting, Role.VIEWER).words
    details = client.get(f"/providers/{waiting.provider_id}/organisation/").words
    assert "If something is wrong, tell a colleague who may ask for a change" in details


@pytest.mark.parametrize("is_answered", [True, False])
def test_what_was_answered_or_missed_needs_nobody(client, waiting, is_answered):
    missed = {"confirm_by": date(2019, 10, 1)}
    change(payment(waiting, MONDAY), **(answered("rejected", 35_308) if is_answered else missed))
    answer = home(client, waiting)
    assert "Nothing needs you." in answer.words
    assert ("on track" in answer.words) is not is_answered


def test_a_payment_that_is_held_is_not_called_on_track(client, waiting):
    held = payment(waiting, MONDAY)
    change(held, confirm_by=date(2019, 10, 1))
    saved(Hold(provider_id=held.provider_id, payment_id=held.id, kind=HoldKind.OFFICER, reason="Dispute"))
    words = home(client, waiting).words
    assert "Nothing needs you." in words
    assert "on track" not in words
    assert "Dispute" not in words


def login_links(answer):
    return [each.text for each in answer.page.select("main .acts a")]


@pytest.mark.covers("S4-053")
def test_home_leads_to_changing_the_password(carer):
    answer = carer.get("/providers/1/")
    assert login_links(answer) == ["Change Password"]
    assert carer.get(answer.page.select_one("main .acts a")["href"]).heading.endswith("Password")


@pytest.mark.covers("S4-054")
def test_who_has_a_security_code_is_led_to_changing_it(client, policy):
    policy(carers=Step.SECURITY_CODE)
    provider = make_provider()
    answer = client.sign_in(make_user(Role.CARER, provider)).get(f"/providers/{provider.id}/")
    assert login_links(answer) == ["Change Password", "Change Security Code"]
    assert client.get(answer.page.select("main .acts a")[1]["href"]).heading == "Change Security Code"
    answer = client.sign_in(make_user(Role.FINANCE, provider)).get(f"/providers/{provider.id}/")
    assert login_links(answer) == ["Change Password"]


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.SIGNATORY])
def test_who_sees_no_payments_sees_no_money(client, waiting, role):
    answer = home(client, waiting, role)
    assert "£" not in answer.words
    assert "payment" not in " ".join(answer.page.main.get_text(" ").lower().split())
    tiles = [tile.a.text for tile in answer.page.select(".tile")]
    signs = role is Role.SIGNATORY
    tasks = {"Purchase Orders": signs, "Care Package Line Items": True, "Contract Documents": signs}
    always = ["Actions and Change Requests", "Organisation Details", "Contacts"]
    assert tiles == [*(task for task, is_theirs in tasks.items() if is_theirs), *always]
    assert not [each for each in answer.reads if "payment" in each.replace("payment_method", "")]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", ProviderKind)
def test_home_answers_each_role_at_each_kind_of_provider(kind, role, client):
    provider = make_provider(kind=kind)
    assert client.sign_in(make_user(role, provider)).get(f"/providers/{provider.id}/").page.h1
