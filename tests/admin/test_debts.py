"""What is owed, on the council's side: the list, the ledger of a contract, and what an officer does about it."""

import csv
import io

import pytest

from models.payments.adjustment import RecoveryPlan
from models.payments.debt import DebtEntry, WriteOff
from models.permissions import CouncilRole
from tests.care_factories import make_contract
from tests.factories import make_provider, make_staff
from tests.support.client import PortalClient
from tests.support.debts import AFTER, DAY, owing, repay
from tests.support.rows import every
from tests.support.runs import finalise, owed

LIST = "/council/debts/"
TODAY = {"came_on": ["9", "9", "2019"]}


@pytest.fixture(autouse=True)
def _today(set_today):
    set_today(AFTER)


@pytest.fixture
def ola(app):
    return PortalClient(app).sign_in(make_staff(name="Ola Bright"))


@pytest.fixture
def max_(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER, name="Max Reid"))


def page_of(contract):
    return f"{LIST}{contract.reference}"


def rows_of(answer):
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("#debts tbody tr")]


def act(who, path, data, status=303):
    answer = who.post(path, data, status=status)
    return who.follow(answer) if status == 303 else answer


def fill(who, path, data, status=303):
    """Open the form and send it, as its page was."""
    answer = who.submit(who.get(path), data, form="main form[method=post]", status=status)
    return who.follow(answer) if status == 303 else answer


@pytest.mark.postgres
def test_the_list_has_every_providers_debts_with_age_plan_and_what_is_to_come(ola):
    gone, going = owing(20_000, is_over=True, name="Gone"), owing(25_000, name="Going on")
    repay(owing(1_000), 1_500, ola.user)
    act(ola, f"{page_of(going)}/instalments", {"amount": "100", "reason": "Agreed"})
    act(ola, f"{page_of(gone)}/write-offs/ask", {"amount": "50", "reason": "Old", "seen": "0"})
    first, second, third = rows_of(ola.get(LIST))
    assert f"Going on ({going.reference}) £250.00 08/09/2019 £100.00 3, to" in first
    assert f"Gone ({gone.reference}) £200.00 08/09/2019 Nothing left to take it from Write-off of £50.00" in second
    assert "Nothing owed £5.00 repaid too much" in third
    for show, count in (("nothing+left", 1), ("plan", 1), ("write-off", 1), ("surplus", 1), ("settled", 1)):
        assert len(rows_of(ola.get(f"{LIST}?show={show}"))) == count
    assert len(rows_of(ola.get(f"{LIST}?name=p{gone.provider_id}"))) == 1
    assert "No contract is like that" in ola.get(f"{LIST}?name=nobody").words
    assert "from the list" in ola.get(f"{LIST}?show=strange", status=422).words
    part = ola.get(f"{LIST}?show=plan", htmx=True)
    assert part.page.select_one("#debts")["data-announce"] == "1 contract found"


def test_an_empty_list_says_so(ola):
    assert "Nothing is owed. When a run takes back more than a payment holds" in ola.get(LIST).words


def test_the_list_is_paged_and_takes_as_many_queries_for_many(ola, monkeypatch):
    owing(10_000)
    few = ola.get(LIST)
    for _ in range(3):
        owing(20_000, is_over=True)
    many = ola.get(LIST)
    assert len(many.reads) == len(few.reads)
    monkeypatch.setattr("blueprints.lookups.PER_PAGE", 2)
    assert len(rows_of(ola.get(f"{LIST}?page=2"))) == 2
    assert "Page 2" in [each.get("aria-label") for each in ola.get(LIST).page.select("nav a")]


def test_the_list_and_the_ledger_are_files_too(ola):
    contract = owing(15_000)
    repay(contract, 2_000, ola.user, reason="=1+1")
    [heading, row] = table(ola.get(f"{LIST}data.csv"))
    found = dict(zip(heading, row, strict=True))
    assert (found["Owed"], found["Owed since"], found["Payments that take it"]) == ("130.00", "08/09/2019", "2")
    heading, *lines = table(ola.get(f"{page_of(contract)}/data.csv"))
    [added, repaid] = [dict(zip(heading, line, strict=True)) for line in lines]
    assert (added["What"], added["Added"], added["Owed"]) == ("added", "150.00", "150.00")
    assert (repaid["Taken off"], repaid["Owed"], repaid["Reason"]) == ("20.00", "130.00", "'=1+1")


def table(answer):
    return list(csv.reader(io.StringIO(answer.response.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_ledger_has_a_running_balance_and_the_forecast(ola):
    contract = owing(25_000)
    finalise(AFTER + 6 * DAY)
    page = ola.get(page_of(contract))
    assert "Added to the debt by the payment for 2 Sep to 8 Sep 2019 , run 1" in page.words
    assert "Taken from the payment for 9 Sep to 15 Sep 2019 , run 2 £100.00 £150.00" in page.words
    assert "The next 2 payments take all of it, as things stand today." in page.words
    assert len(page.page.select("figure.chart rect")) == 3
    for link in page.page.select("main a[href]"):
        ola.get(link["href"])


def test_a_repayment_is_recorded_on_its_form(ola):
    contract = owing(50_000)
    path = f"{page_of(contract)}/repay"
    wrong = fill(ola, path, {"amount": "0", "reason": "", "came_on": ["10", "9", "2019"]}, 422)
    assert wrong.errors == [
        "Enter an amount above £0.00",
        "That day is to come. Enter the day on which the money came",
        "Say what the bank statement says",
    ]
    page = fill(ola, path, {"amount": "520.00", "reason": "BACS 4711"} | TODAY)
    assert "£20.00 is more than was owed: send it back, and say so here. £0.00 is owed on this contract" in page.words
    assert "£20.00 more came than was owed. Settle it" in page.words
    settle = next(each for each in page.page.select("main a") if each.get_text().startswith("Settle it"))
    page = fill(ola, settle["href"], {"note": "Sent back on 9 September"})
    assert "£20.00 more came than was owed: Sent back on 9 September" in page.words
    assert owed(contract) == 0


def test_a_second_press_records_one_repayment(ola):
    contract = owing(50_000)
    form = ola.get(f"{page_of(contract)}/repay")
    for _ in range(2):
        ola.submit(form, {"amount": "100", "reason": "By bank"} | TODAY, form="main form[method=post]", status=303)
    assert (owed(contract), len(every(DebtEntry))) == (40_000, 1)


def test_two_repayments_alike_are_two_and_the_answer_says_so(ola):
    contract = owing(50_000)
    given = {"amount": "100", "reason": "By bank"} | TODAY
    path = f"{page_of(contract)}/repay"
    assert "one like it" not in fill(ola, path, given).words
    assert "one like it" not in fill(ola, path, given | {"amount": "101"}).words
    second = fill(ola, path, given)
    assert "There is one like it from a minute ago: see that both are meant. £199.00 is owed" in second.words


def test_a_ledger_that_has_changed_since_is_shown_before_anything_is_added_to_it(ola):
    contract = owing(50_000)
    form = ola.get(f"{page_of(contract)}/repay")
    fill(ola, f"{page_of(contract)}/repay", {"amount": "100", "reason": "By bank"} | TODAY)
    given = {"amount": "99", "reason": "By bank"} | TODAY
    shown = ola.submit(form, given, form="main form[method=post]", status=422)
    assert "Somebody has written to this ledger since you opened this page" in shown.errors[0]
    assert "£400.00" in shown.words
    ola.submit(shown, given, form="main form[method=post]", status=303)
    assert owed(contract) == 30_100


@pytest.mark.postgres
def test_a_write_off_is_asked_for_by_one_and_agreed_to_by_another(ola, max_):
    contract = owing(50_000)
    ask = f"{page_of(contract)}/write-offs/ask"
    too_much = fill(ola, ask, {"amount": "500.01", "reason": "Old"}, 422)
    assert too_much.errors == ["£500.00 is owed. Enter no more than that"]
    page = fill(ola, ask, {"amount": "500.00", "reason": "The service has closed"})
    assert "A write-off of £500.00 waits" in page.words
    assert "You asked for it, so somebody else has to agree" in page.words
    [asked] = every(WriteOff)
    agree = f"{page_of(contract)}/write-offs/{asked.id}/agree"
    assert "You asked for this write-off" in act(ola, agree, {}, 409).words
    assert "“ The service has closed ”" in max_.get(agree).words
    page = act(max_, agree, {})
    assert "£500.00 is written off. £0.00 is owed on this contract" in page.words
    assert "Agreed by Max Reid" in page.words
    assert "Record a repayment" not in page.words  # a manager sees, and does not act


def test_a_write_off_is_refused_or_withdrawn(ola, max_):
    contract = owing(50_000)
    ask = f"{page_of(contract)}/write-offs/ask"
    fill(ola, ask, {"amount": "100", "reason": "Old"})
    first = every(WriteOff)[0].id
    page = fill(max_, f"{page_of(contract)}/write-offs/{first}/refuse", {"reason": "They can pay"})
    assert "Refused by Max Reid" in page.words
    assert "They can pay" in page.words
    fill(ola, ask, {"amount": "200", "reason": "Old"})
    page = act(ola, f"{page_of(contract)}/write-offs/{every(WriteOff)[1].id}/withdraw", {})
    assert "Withdrawn by Ola Bright" in page.words
    assert owed(contract) == 50_000


def test_a_debt_is_moved_and_instalments_are_agreed_and_ended(ola):
    provider = make_provider()
    contract, other = owing(50_000, provider, is_over=True), make_contract(provider)
    page = fill(
        ola, f"{page_of(contract)}/move", {"contract": str(other.id), "amount": "300", "reason": "Goes on there"}
    )
    assert f"£300.00 is owed on {other.name} ({other.reference}) now. £200.00 is owed on this contract" in page.words
    page = fill(ola, f"{page_of(other)}/instalments", {"amount": "20", "reason": "By telephone"})
    assert "No payment takes more than £20.00" in page.words
    page = fill(ola, f"{page_of(other)}/instalments/end", {})
    assert "The instalment plan has ended. £300.00 is owed" in page.words
    assert every(RecoveryPlan)[0].ended_at is not None


@pytest.mark.parametrize("act", ["repay", "write-offs/ask", "move"])
@pytest.mark.parametrize("amount", ["x", "1e9", "10.005", "99999999999"])
def test_an_amount_that_is_no_sum_is_refused_in_words(ola, act, amount):
    """It was an error of the portal."""
    contract = owing(50_000)
    given = {"amount": amount, "reason": "Old", "contract": "", **TODAY}
    assert any(each.startswith("Amount ") for each in ola.post(f"{page_of(contract)}/{act}", given, status=422).errors)


def test_records_of_another_contract_do_not_exist_here(ola):
    contract, other = owing(50_000), owing(40_000)
    fill(ola, f"{page_of(other)}/write-offs/ask", {"amount": "1", "reason": "Old"})
    repay(other, 50_000, ola.user)
    ola.get(f"{page_of(contract)}/write-offs/{every(WriteOff)[0].id}/refuse", status=404)
    ola.get(f"{page_of(contract)}/entries/{every(DebtEntry)[0].id}/settle", status=404)
    ola.get(f"{LIST}nothing", status=404)


def test_who_sees_and_who_acts(app, ola):
    contract = owing(50_000)
    for role in CouncilRole:
        client = PortalClient(app).sign_in(make_staff(role))
        sees = role.value in ("payments_officer", "payments_manager", "finance_panel", "auditor")
        answer = client.get(page_of(contract), status=200 if sees else 403)
        assert ("Record a repayment" in answer.words) == (role is CouncilRole.PAYMENTS_OFFICER)
        for link in answer.page.select("main .acts a") if sees else ():
            client.get(link["href"])


def test_the_desk_names_what_waits_about_debts(ola):
    gone, paid = owing(209_152, is_over=True), owing(1_000)
    fill(ola, f"{page_of(gone)}/write-offs/ask", {"amount": "50", "reason": "Old"})
    repay(paid, 1_500, ola.user)
    desk = ola.get("/council/")
    found = {
        row.th.a.text: [cell.text.strip() for cell in row.select("td")]
        for row in desk.page.select("table.waits tbody tr")
    }
    assert found["Debts with nothing left to take them from"][:3] == ["1", "8 Sep 2019", "£2,091.52"]
    assert found["Write-offs to agree to"][::2] == ["1", "£50.00"]
    assert found["Repaid too much"][:3] == ["1", "9 Sep 2019", "£5.00"]
    for link in desk.page.select("tbody a"):
        ola.get(link["href"])


def test_the_payment_leads_to_what_is_owed_on_its_contract(ola):
    contract = owing(50_000)
    page = ola.get(f"/council/payments/{contract.reference}/{AFTER}")
    assert "£500.00 is owed on this contract." in page.words
    assert page.page.find("a", string="See what is owed")["href"] == page_of(contract)


def test_a_year_of_the_ledger_begins_with_what_was_owed_before(ola):
    contract = owing(50_000)
    repay(contract, 1_000, ola.user)
    assert "Owed before" not in ola.get(page_of(contract)).words
    one_year = ola.get(f"{page_of(contract)}?year=2019")
    assert "Owed before £0.00" in one_year.words
    assert "from the list" in ola.get(f"{page_of(contract)}?year=1999", status=422).words
