"""In every state of docs/payment-states.md each page and file that names a sum of a payment names the same ones."""

import csv
import io
import re

import pytest

from models.calendar import as_on
from models.payments.standing import Kept, standing_of
from models.permissions import Role
from tests.factories import make_membership, make_provider
from tests.support.client import PortalClient
from tests.support.rows import reading
from tests.support.snapshots import once
from tests.support.states import MONDAY, STATES, office

MONEY = re.compile(r"−?£[\d,]+\.\d\d")


def pence(text):
    """The first sum in a text."""
    found = MONEY.search(text)
    assert found, text
    return int(re.sub(r"[£,.]", "", found.group()).replace("−", "-"))


@pytest.fixture(params=STATES)
def the(request, database, set_today):
    made = once(request.param, lambda: STATES[request.param](office()))
    set_today(made.today)
    return made


@pytest.fixture
def stands(the):
    with as_on(the.today), reading():
        return standing_of(the.payment)


@pytest.fixture
def client(app, the):
    return PortalClient(app).sign_in(the.finance)


@pytest.fixture
def council(app, the):
    return PortalClient(app).sign_in(the.officer)


def here(the):
    return f"/providers/{the.contract.provider_id}/payments/{the.contract.reference}/{MONDAY}"


def is_kept(stands):
    return stands.kept is not None and stands.kept is not Kept.ASKED


def parts(page):
    """Under the total: what goes where, in pence, by the first words of each line."""
    return {
        line.span.get_text(" ", strip=True): pence(line.select_one(".amount").get_text())
        for line in page.select(".standing > li")
    }


def test_the_payment_says_where_every_part_of_it_goes(client, council, the, stands):
    for page in (client.get(here(the)).page, council.get(f"/council/payments/{the.contract.reference}/{MONDAY}").page):
        assert pence(page.select_one(".strip__main dd").get_text()) == stands.total_pence
        told = parts(page)
        assert sum(told.values()) == (stands.total_pence if told else 0)
        if is_kept(stands):
            assert [found for words, found in told.items() if words.startswith("Held")] == [stands.held_pence]
        elif told:
            bank = [found for words, found in told.items() if words.startswith(("To ", "Paid to "))]
            assert bank == [stands.bank_pence]
        else:
            assert stands.bank_pence == stands.total_pence


def test_one_sentence_says_the_sum_the_bank_day_and_the_state(client, the, stands):
    told = client.get(here(the)).page.select_one(".payment-sentence").get_text(" ", strip=True)
    rest = stands.bank_pence - stands.paid_pence
    if is_kept(stands) or (stands.paid_pence and not rest and stands.is_forecast):
        assert (pence(told), "held" in told) == (stands.held_pence, True)
    elif stands.is_forecast:
        day = the.payment.bank_on
        assert pence(told) == rest
        assert f"your bank on {day:%A} {day.day} {day:%B %Y}" in told
    elif stands.paid_pence:
        assert pence(told) == stands.paid_pence
    else:
        assert told == "Nothing of it goes to your bank, and it does not change any more."


def test_the_lists_say_it_beside_the_total(client, council, the, stands):
    when = "?when=future" if the.payment.processing.is_future else ""
    item = client.get(f"/providers/{the.contract.provider_id}/payments/{when}").page
    provider = item.find(id=f"{the.contract.reference}-{MONDAY}")
    shown = council.get(f"/council/payments/?state={the.payment.processing}&first={MONDAY}&last={MONDAY}").page
    row = next(each for each in shown.select("tbody tr") if "30/09/2019" in each.get_text())
    for text in (provider.get_text(" "), row.select_one("[data-label=Total]").get_text(" ")):
        sums = [pence(each) for each in MONEY.findall(text)]
        assert sums[0] == stands.total_pence
        if is_kept(stands):
            assert sums[1:] == [stands.held_pence]
        elif stands.bank_pence != stands.total_pence:
            assert sums[1] == stands.bank_pence
        else:
            assert len(sums) == 1


def test_home_and_all_my_services_promise_what_goes_to_the_bank_and_no_more(client, the, stands):
    make_membership(the.finance, make_provider(), Role.FINANCE)
    home = client.get(f"/providers/{the.contract.provider_id}/").page
    of_this = [each for each in home.select(".next-payment") if each.select_one(f"a[href*='/{MONDAY}']")]
    held = [each for each in of_this if "next-payment--held" in each["class"]]
    promised = [pence(each.get_text()) for each in of_this if each not in held]
    is_begun = not the.payment.processing.is_future
    assert promised == ([stands.bank_pence] if stands.bank_pence else [])
    assert [pence(each.get_text()) for each in held] == ([stands.held_pence] if stands.held_pence and is_begun else [])
    [service] = [
        row for row in client.get("/all-my-services").page.select("#services tbody tr") if "held" in row.get_text()
    ] or [None]
    assert (service is not None) == bool(stands.held_pence and is_begun)
    if service:
        assert f"{abs(stands.held_pence) / 100:,.2f} held" in service.get_text(" ")


def test_the_confirm_button_lets_go_what_is_not_queried(client, the, stands):
    button = client.get(f"{here(the)}/answer").page.select_one("#confirm")
    if button:
        assert pence(button.get_text()) == stands.to_confirm_pence


def test_the_files_add_up_to_it(client, council, the, stands):
    rows = list(csv.DictReader(io.StringIO(client.get(f"{here(the)}/data.csv").text.removeprefix("\ufeff"))))
    held = [row for row in rows if row["Held"]]
    assert sum(round(float(row["Total"]) * 100) for row in rows) == stands.total_pence
    assert sum(round(float(row["Total"]) * 100) for row in held) == stands.held_pence
    state = str(the.payment.processing)
    text = council.get(f"/council/payments/data.csv?state={state}").text.removeprefix("\ufeff")
    [row] = [row for row in csv.DictReader(io.StringIO(text)) if row["Period from"] == "30/09/2019"]
    columns = ("Total", "To the bank", "Of it held", "Taken for a debt", "Added to a debt")
    total, bank, kept, taken, added = (round(float(row[name]) * 100) for name in columns)
    assert (total, bank, kept) == (stands.total_pence, stands.bank_pence, stands.held_pence)
    assert total == bank + kept + taken - added
