"""What you owe: on home, by contract, and which payments will take it."""

import csv
import io

import pytest
from sqlalchemy import select

from models.payments import officer
from models.payments.hold import Hold, HoldKind
from models.permissions import Role
from models.records.client import Client
from models.records.provider import Provider
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.debts import AFTER, DAY, act, owing, repay
from tests.support.rows import every, saved
from tests.support.runs import finalise, payment


@pytest.fixture(autouse=True)
def _today(set_today):
    set_today(AFTER)


@pytest.fixture
def log_in(app):
    """Somebody at the contract's provider, logged in."""

    def log_in(contract, role=Role.CARER):
        [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
        return PortalClient(app).sign_in(make_user(role, provider))

    return log_in


def page_of(contract):
    return f"/providers/{contract.provider_id}/owed/"


def home_of(contract):
    return f"/providers/{contract.provider_id}/"


@pytest.mark.postgres
def test_who_owes_and_has_no_payments_left_reads_it_on_home_and_what_to_do(log_in):
    """money.md, What an officer meets, 1: both placements ended, and £2,091.52 stood nowhere."""
    contract = owing(209_152, is_over=True)
    carer = log_in(contract)
    home = carer.get(home_of(contract))
    needs = " ".join(home.page.select_one("section[aria-labelledby=needs]").get_text(" ").split())
    assert needs == (
        "Needs you You owe £2,091.52 There are no more payments to take it from: see what to do See what is owed"
    )
    assert "on track" not in home.words
    page = carer.get(home.page.find("a", string="See what is owed")["href"])
    assert page.heading == "What you owe"
    assert "Owed now £2,091.52 Added by payments £2,091.52 Taken from payments £0.00" in page.words
    assert "Please pay £2,091.52 to the council" in page.words
    assert f"Give the contract’s reference, {contract.reference}" in page.words
    assert page.page.select_one("main a[href^=mailto]")
    assert not page.page.select("figure.chart")


def test_who_owes_and_has_payments_to_come_reads_which_take_it(log_in):
    contract = owing(25_000)
    carer = log_in(contract)
    home = carer.get(home_of(contract))
    assert "You owe £250.00; it is taken from your next payments. See what is owed" in home.words
    assert "Nothing needs you." in home.words
    page = carer.get(page_of(contract))
    assert "The next 3 payments take all of it, as things stand today." in page.words
    rows = [
        [" ".join(cell.get_text().split()) for cell in row.select("th, td")]
        for row in page.page.select("section[aria-labelledby=coming] tbody tr")
    ]
    assert rows == [
        ["9 Sep to 15 Sep 2019", "20/09/2019", "£100.00", "£150.00"],
        ["16 Sep to 22 Sep 2019", "27/09/2019", "£100.00", "£50.00"],
        ["23 Sep to 29 Sep 2019", "04/10/2019", "£50.00", "£0.00"],
    ]
    bars = [each.text for each in page.page.select("figure.chart rect title")]
    assert (bars[0], bars[1], bars[-1]) == (
        "now: £250.00",
        "9 Sep to 15 Sep 2019: £150.00",
        "23 Sep to 29 Sep 2019: £0.00",
    )
    for link in page.page.select("main a[href]"):
        if not link["href"].startswith(("mailto:", "tel:")):
            carer.get(link["href"])


def test_a_next_payment_that_adds_to_the_debt_is_not_on_track(log_in):
    """It read "Your next payment is on track" above £0.00."""
    contract = owing(25_000)
    client, ola = every(Client)[0], make_staff()
    given = {"amount_pence": -30_000, "for_day": AFTER, "reason": "Paid twice", "by": ola}
    act(officer.adjust, contract, client, **given)
    words = log_in(contract).get(home_of(contract)).words
    assert "£200.00 is added to what you owe" in words
    assert "on track" not in words


def test_an_agreed_instalment_is_said(log_in):
    contract = owing(25_000)
    act(officer.agree_plan, contract, per_payment_pence=1_000, reason="Agreed", by=make_staff())
    assert "It was agreed that no payment takes more than £10.00." in log_in(contract).get(page_of(contract)).words


def test_what_is_held_takes_nothing_just_now(log_in):
    contract = owing(25_000, ends_on=AFTER + 6 * DAY)
    held = payment(contract, AFTER)
    saved(Hold(provider_id=held.provider_id, payment_id=held.id, kind=HoldKind.OFFICER, reason="Dispute"))
    page = log_in(contract).get(page_of(contract))
    assert "None as things stand" in page.words
    assert "Please pay" not in page.words


def test_several_contracts_are_listed_each_with_its_page(log_in):
    provider = make_provider()
    gone, going = owing(20_000, provider, is_over=True), owing(30_000, provider)
    carer = log_in(gone)
    home = carer.get(home_of(gone))
    assert "You owe £500.00 £300.00 is taken from your next payments. For £200.00 there are none" in home.words
    page = carer.get(page_of(gone))
    rows = [" ".join(row.get_text(" ").split()) for row in page.page.select("tbody tr")]
    assert rows[0].endswith(f"({going.reference}) £300.00 Taken from your next payments")
    assert rows[1].endswith(f"({gone.reference}) £200.00 There are no more payments to take it from: see what to do")
    for link in page.page.select("tbody a"):
        assert carer.get(link["href"]).heading == "What you owe"


def test_who_never_owed_reads_so(log_in):
    contract = owing(25_000)
    other = PortalClient(log_in(contract).app)
    provider = make_provider()
    other.sign_in(make_user(Role.CARER, provider))
    assert "You owe nothing, and never have." in other.get(f"/providers/{provider.id}/owed/").words
    assert "You owe" not in other.get(f"/providers/{provider.id}/").words


def test_what_was_repaid_too_much_and_what_is_paid_off_are_said(log_in):
    contract = owing(5_000)
    repay(contract, 6_000, make_staff(name="Ola Bright"), reason="BACS 4711")
    page = log_in(contract).get(page_of(contract))
    assert "You owe nothing on this contract any more." in page.words
    assert "£10.00 more came than was owed. The council sends it back, or asks you about it" in page.words
    assert "BACS 4711" in page.words
    assert "Ola Bright" not in page.words  # the council's people are the council's business
    assert "You owe" not in log_in(contract).get(home_of(contract)).words


def test_the_ledger_is_a_file_too(log_in):
    contract = owing(15_000)
    finalise(AFTER + 6 * DAY)
    answer = log_in(contract).get(f"{page_of(contract)}{contract.reference}/data.csv")
    heading, *lines = csv.reader(io.StringIO(answer.response.get_data(as_text=True).removeprefix("\ufeff")))
    [added, taken] = [dict(zip(heading, line, strict=True)) for line in lines]
    assert (added["Day"], added["Added"], added["Payment from"]) == ("08/09/2019", "150.00", "02/09/2019")
    assert (taken["Taken off"], taken["Owed"], taken["Run"]) == ("100.00", "50.00", "")


def test_nobody_reads_what_another_provider_owes(log_in):
    mine, theirs = owing(10_000), owing(20_000)
    carer = log_in(mine)
    for path in (theirs.reference, f"{theirs.reference}/data.csv"):
        carer.get(f"{page_of(mine)}{path}", status=404)
        carer.get(f"{page_of(theirs)}{path}", status=404)
    carer.get(page_of(theirs), status=404)


@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.SIGNATORY])
def test_who_sees_no_money_reads_nothing_of_a_debt(log_in, role):
    contract = owing(10_000, is_over=True)
    client = log_in(contract, role)
    client.get(page_of(contract), status=403)
    assert "owe" not in client.get(home_of(contract)).words


def test_the_payment_leads_to_what_is_owed(log_in):
    contract = owing(25_000)
    page = log_in(contract).get(f"{home_of(contract)}payments/{contract.reference}/{AFTER}")
    assert "You owe £250.00 on this contract. See what is owed" in page.words


def test_the_page_takes_as_many_queries_for_a_long_ledger(log_in):
    contract = owing(25_000)
    carer = log_in(contract)
    few = carer.get(page_of(contract))
    somebody = make_staff()
    for _ in range(4):
        repay(contract, 100, somebody)
    assert len(carer.get(page_of(contract)).reads) == len(few.reads)
