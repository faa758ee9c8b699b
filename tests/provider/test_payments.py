"""Scheduled Payments, as a provider sees them."""

from datetime import date, timedelta

import pytest

from tests.care_factories import START, make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.runs import calculate, change, finalise, finalise_weeks

HERE = "/providers/1/payments"


def strip(answer):
    return {each.dt.get_text(strip=True): each.dd.get_text(strip=True) for each in answer.page.select("dl.strip > div")}


def table(answer):
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in answer.page.select("table tbody tr.continues")
    ]


@pytest.mark.covers("S4-003", "S4-064", "S4-065", "S4-066", "S0-024", "S3-019", "S3-007")
def test_pick_lists_and_periods_are_on_the_left(carer):
    answer = carer.get(f"{HERE}/")
    assert answer.heading == "Scheduled Payments"
    years = [option.text for option in answer.page.select("select[name=year] option")]
    assert years == ["2020/2021", "2019/2020", "2018/2019"]
    assert [option.text for option in answer.page.select("select[name=contract] option")] == [
        "[All Contracts]",
        "Sausage Sandwich (741254)",
    ]
    first = answer.page.select(".periods a")[1]
    assert first.get_text(" ", strip=True) == "23 Sep to 29 Sep 2019 £656.11 Sausage Sandwich Unconfirmed"
    assert first["href"].startswith(f"{HERE}/741254/2019-09-23")


@pytest.mark.covers("S0-025", "S4-067", "S4-068", "S4-069", "S4-071", "S4-072", "S4-073", "S4-074")
def test_a_current_period_shows_its_details(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-30")
    assert answer.page.select_one("#payment").text == "Sausage Sandwich - 30 Sep to 6 Oct 2019"
    assert answer.page.select_one(".govuk-tag").text == "CURRENT"
    assert strip(answer) == {
        "Total Payable": "£656.11",
        "Excl VAT": "£656.11",
        "VAT": "£0.00",
        "Status": "Unconfirmed",
        "Start Date": "30 Sep 2019",
        "End Date": "6 Oct 2019",
        "Expected in your bank": "11 Oct 2019",
    }
    assert "can still change it until Sunday 6 October 2019" in answer.words
    assert "You do not need to confirm it" in answer.words
    assert "Compared with 23 Sep to 29 Sep 2019 No change." in answer.words


@pytest.mark.covers("S4-070", "S4-072", "S4-075", "S4-076", "S4-077", "S4-078", "S4-080")
def test_a_finalised_period_shows_its_lines_and_what_changed(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16")
    assert answer.page.select_one(".govuk-tag").text == "FINALISED"
    assert strip(answer)["Status"] == "Unconfirmed"
    assert table(answer) == [
        ["S, Bart (C2000020)", "£353.08", "£0.00", "£353.08", "Sausage Sandwich", "16/09/2019 - 22/09/2019"],
        ["T, CLA (C2002198)", "£735.93", "£0.00", "£735.93", "Sausage Sandwich", "16/09/2019 - 22/09/2019"],
    ]
    assert "T, CLA (C2002198): new +£735.93" in answer.words


def test_every_amount_opens_to_how_it_was_worked_out(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16")
    bart, testing = (each.get_text(" ", strip=True) for each in answer.page.select("details.working"))
    assert bart == (
        "How this was worked out : S, Bart (C2000020) 7 days, 16 to 22 September, £353.08 a week (£50.44 a day) £353.08"
    )
    assert "10 days, 6 to 15 September, not paid before, £303.03 a week (£43.29 a day) £432.90" in testing
    assert "6 to 8 September: £303.03 × 3 ÷ 7 £129.87" in testing


def test_an_allowance_and_a_claim_explain_themselves(carer):
    answer = carer.get(f"{HERE}/741254/2019-07-22")
    assert "Summer holiday allowance, due 22 July £393.50" in answer.words
    assert "One-Off Claims" in answer.words


@pytest.mark.covers("S4-062", "S4-063")
def test_future_current_and_previous_years_are_there(carer):
    future = carer.get(f"{HERE}/?when=future")
    assert future.page.select_one(".periods a").get_text(" ", strip=True).startswith("7 Oct to 13 Oct 2019 £656.11")
    assert future.page.select_one(".govuk-tag").text == "FUTURE"
    assert "as things stand" in future.words
    earlier = carer.get(f"{HERE}/?year=2018")
    assert [a.select_one(".periods__dates span").text for a in earlier.page.select(".periods a")][
        -1
    ] == "4 Feb to 10 Feb 2019"
    assert "£656.11" in carer.get(f"{HERE}/?year=2020&when=future").words


def test_a_future_payment_adds_up_and_explains_itself(carer):
    answer = carer.get(f"{HERE}/741254/2019-12-16")
    assert strip(answer)["Total Payable"] == "£1,028.15"
    assert "Christmas allowance, due 16 December £186.02" in answer.words
    assert "£353.08 a week (£50.44 a day)" in answer.words


def test_a_swap_brings_only_the_panes_and_says_what_it_shows(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16", htmx=True)
    assert answer.page.select_one("html") is None
    assert answer.page.select_one("#payments")["data-announce"] == "27 payments listed. Showing 16 Sep to 22 Sep 2019"
    assert answer.page.select_one("[aria-current=true] .amount").text == "£1,089.01"


def test_filters_are_kept_in_every_link(carer):
    answer = carer.get(f"{HERE}/?year=2018&contract=741254")
    assert all("year=2018" in a["href"] and "contract=741254" in a["href"] for a in answer.page.select(".periods a"))
    assert answer.page.select_one("select[name=year] option[selected]").text == "2018/2019"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("year=1066", "Choose a financial year from the list"),
        ("year=", "Choose a financial year from the list"),
        ("contract=nonsense", "Choose a contract from the list"),
        ("when=never", "Choose a kind of payment from the list"),
    ],
)
def test_a_filter_that_is_not_in_the_list_is_refused_in_words(carer, query, message):
    answer = carer.get(f"{HERE}/?{query}", status=422)
    assert answer.errors == [message]


@pytest.mark.parametrize("path", ["741254/2019-09-17", "741254/2031-01-06", "999999/2019-09-16", "741254/2019-02-30"])
def test_a_period_that_does_not_exist_is_not_found(carer, path):
    carer.get(f"{HERE}/{path}", status=404)


def test_pages_past_the_end_show_the_last(carer):
    assert "£353.08" in carer.get(f"{HERE}/?page=99").words
    assert "£353.08" in carer.get(f"{HERE}/?page=x&rows=-4").words


def test_download_data_gives_every_amount(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16/data.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=payment-741254-2019-09-16.csv"
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("Contract,Reference,Period from,Period to,Purchase Order")
    assert lines[3].startswith(
        'Sausage Sandwich,741254,16/09/2019,22/09/2019,"T, CLA (C2002198)",06/09/2019,15/09/2019'
    )
    assert lines[3].endswith("432.90,0.00,432.90,")
    assert len(lines) == 4


def test_a_provider_without_payments_is_told_so(client):
    provider = make_provider()
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/payments/")
    assert "There are no scheduled payments yet" in answer.words


def test_a_year_without_payments_says_what_to_do(client):
    provider = make_provider()
    make_item(make_contract(provider, calculate_from=date(2019, 9, 30)))
    calculate(date(2019, 10, 2))
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/payments/?year=2020")
    assert "There are no payments in 2020/2021. Choose another financial year above." in answer.words


def test_a_recovery_is_called_one(client):
    provider = make_provider()
    contract = make_contract(provider, calculate_from=date(2019, 9, 2))
    leaver = make_item(contract, rate_e4=3_030_300)
    finalise_weeks(date(2019, 9, 2), date(2019, 9, 29))
    change(leaver, ends_on=date(2019, 9, 12))
    calculate(date(2019, 10, 2))
    answer = client.sign_in(make_user(provider=provider)).get(
        f"/providers/{provider.id}/payments/{contract.reference}/2019-09-30"
    )
    assert "−£735.93 recovery" in answer.words
    assert "To your bank £0.00 Added to what you owe £735.93" in answer.words
    assert strip(answer)["Total Payable"] == "−£735.93"


@pytest.fixture
def agency(client):
    """A provider with many clients; gives the number of queries of one payment page."""

    def visit(clients):
        provider = make_provider()
        contract = make_contract(provider, calculate_from=START)
        level = make_item(contract).service_level_id
        for n in range(clients - 1):
            make_item(contract, client=make_client(surname=f"Ng{n:04}", first_name="Ŵyn"), service_level_id=level)
        finalise(START + timedelta(days=6))
        calculate(START + timedelta(days=7))
        client.sign_in(make_user(provider=provider))
        path = f"/providers/{provider.id}/payments/{contract.reference}/2019-02-11"
        client.get(path)  # the session's last-seen is written once a minute
        return client.get(path)

    return visit


def test_the_page_takes_as_many_queries_whatever_the_number_of_lines(agency):
    few, many = agency(5), agency(50)
    assert len(many.reads) <= 17, "\n".join(many.reads)
    assert len(few.reads) == len(many.reads)


def test_fifty_rows_stand_on_a_page_and_the_total_is_of_them_all(agency):
    answer = agency(51)
    assert len(table(answer)) == 50
    assert strip(answer)["Total Payable"] == "£18,007.08"
    assert answer.page.select_one("nav[aria-label='More of this payment']")
