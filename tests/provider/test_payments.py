"""Scheduled Payments, as a provider sees them."""

from datetime import date, timedelta

import pytest

from models.records.provider import ProviderKind
from tests.care_factories import START, make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.runs import calculate, change, finalise, finalise_weeks

HERE = "/providers/1/payments"


def strip(answer):
    return {each.dt.get_text(strip=True): each.dd.get_text(strip=True) for each in answer.page.select("dl.strip > div")}


def table(answer):
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in answer.page.select("table tbody tr")
    ]


def working(client, answer, name):
    """What opening that row fetches, in words."""
    [row] = [each for each in answer.page.select("details.working") if name in each.summary.text]
    fetched = client.get(row["data-working"], htmx=True)
    assert fetched.words == client.get(row.a["href"]).page.select_one(".working__told").get_text(" ", strip=True)
    return fetched.words


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
    facts = "23 Sep to 29 Sep 2019 £656.11 On its way for 4 Oct 2019 Unconfirmed Sausage Sandwich"
    assert first.get_text(" ", strip=True) == facts  # its day is said once
    assert first["href"].startswith(f"{HERE}/741254/2019-09-23")


@pytest.mark.covers("S0-025", "S4-067", "S4-068", "S4-069", "S4-071", "S4-072", "S4-073", "S4-074")
def test_a_current_period_shows_its_details(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-30")
    assert answer.heading == "Sausage Sandwich - 30 Sep to 6 Oct 2019"
    assert answer.page.select_one(".govuk-tag").text == "CURRENT"
    assert strip(answer) == {
        "Total Payable": "£656.11",
        "Excl VAT": "£656.11",
        "VAT": "£0.00",
        "Status": "Unconfirmed",
        "Start Date": "30 Sep 2019",
        "End Date": "6 Oct 2019",
        "Contract": "Sausage Sandwich",
    }
    assert (
        answer.page.select_one(".payment-sentence")
        .get_text(" ", strip=True)
        .startswith(
            "£656.11 is expected in your bank on Friday 11 October 2019, and the Children's Services Finance Team can "
            "still change it until Sunday 6 October 2019."
        )
    )
    assert "You do not need to confirm it" in answer.words
    assert "Compared with 23 Sep to 29 Sep 2019 No change." in answer.words


@pytest.mark.covers("S4-070", "S4-072", "S4-075", "S4-076", "S4-077", "S4-078", "S4-080")
def test_a_finalised_period_shows_its_lines_and_what_changed(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16")
    assert answer.page.select_one(".govuk-tag").text == "FINALISED"
    assert strip(answer)["Status"] == "Unconfirmed"
    assert table(answer) == [
        [title, *sums, change, "Sausage Sandwich", "16/09/2019 - 22/09/2019"]
        for title, *sums, change in (
            ("S, Bart (C2000020) How this was worked out", "£353.08", "£0.00", "£353.08", ""),
            ("T, CLA (C2002198) How this was worked out", "£735.93", "£0.00", "£735.93", "+£735.93 new"),
        )
    ]
    changed = answer.page.select_one("section[aria-labelledby=changed]").get_text(" ", strip=True)
    assert changed == (
        "Compared with 9 Sep to 15 Sep 2019 £735.93 more: corrections of earlier days for T, CLA (C2002198) +£432.90 "
        "T, CLA (C2002198) is new +£303.03"
    )
    assert answer.text.index('id="changed"') < answer.text.index('id="rows"')


def test_every_amount_opens_to_how_it_was_worked_out(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16")
    assert "£353.08 a week" not in answer.words, "nothing is hidden in the page: it is fetched"
    told = working(carer, answer, "S, Bart")
    assert told == (
        "7 days, 16 to 22 September, £353.08 a week (£50.44 a day) £353.08 Ask about this amount See the purchase order"
    )
    told = working(carer, answer, "T, CLA")
    assert "10 days, 6 to 15 September, not paid before, £303.03 a week (£43.29 a day) £432.90" in told
    assert "6 to 8 September: £303.03 × 3 ÷ 7 £129.87" in told


@pytest.mark.parametrize("key", ["999-2019", "1-1999", "x", "1-2019-1"])
def test_a_row_that_is_not_in_the_payment_is_not_found(carer, key):
    carer.get(f"{HERE}/741254/2019-09-16/rows/{key}", status=404)


def test_an_allowance_and_a_claim_explain_themselves(carer):
    answer = carer.get(f"{HERE}/741254/2019-07-22")
    assert "Summer holiday allowance, due 22 July £393.50" in working(carer, answer, "S, Bart")
    assert "One-Off Claims" in answer.words


def test_paper_has_every_row_and_how_it_was_worked_out(carer):
    paper = carer.get(f"{HERE}/741254/2019-09-16/print")
    assert paper.heading == "Sausage Sandwich - 16 Sep to 22 Sep 2019"
    assert "7 days, 16 to 22 September, £353.08 a week (£50.44 a day) £353.08" in paper.words
    assert "6 to 8 September: £303.03 × 3 ÷ 7 £129.87" in paper.words
    assert "Total Payable £1,089.01 £0.00 £1,089.01" in paper.words


@pytest.mark.covers("S4-062", "S4-063")
def test_future_current_and_previous_years_are_there(carer):
    future = carer.get(f"{HERE}/?when=future")
    assert future.page.select_one(".periods a").get_text(" ", strip=True).startswith("7 Oct to 13 Oct 2019 £656.11")
    planned = carer.get(future.page.select_one(".periods a")["href"])
    assert planned.page.select_one(".govuk-tag").text == "FUTURE"
    assert "is planned for your bank on Friday 18 October 2019, as things stand today." in planned.words
    earlier = carer.get(f"{HERE}/?year=2018")
    assert [a.select_one(".periods__dates span").text for a in earlier.page.select(".periods a")][
        -1
    ] == "4 Feb to 10 Feb 2019"
    assert "£656.11" in carer.get(f"{HERE}/?year=2020&when=future").words


def test_a_future_payment_adds_up_and_explains_itself(carer):
    answer = carer.get(f"{HERE}/741254/2019-12-16")
    assert strip(answer)["Total Payable"] == "£1,028.15"
    told = working(carer, answer, "S, Bart")
    assert "Christmas allowance, due 16 December £186.02" in told
    assert "£353.08 a week (£50.44 a day)" in told


def test_a_swap_of_the_list_brings_the_list_alone_and_says_how_long_it_is(carer):
    answer = carer.get(f"{HERE}/?year=2019", htmx=True)
    assert answer.page.select_one("html") is None
    assert answer.page.select_one("#payments")["data-announce"] == "27 payments listed"


def test_a_swap_of_a_payment_brings_the_rows_alone(carer):
    answer = carer.get(f"{HERE}/741254/2019-09-16?find=bart", htmx=True)
    assert answer.page.select_one("html, form, .payment-sentence") is None
    assert answer.page.select_one("#rows")["data-announce"] == "1 row found"
    assert [row[0] for row in table(answer)] == ["S, Bart (C2000020) How this was worked out"]


def test_the_payment_that_comes_next_stands_beside_the_list(carer):
    answer = carer.get(f"{HERE}/")
    due = answer.page.select_one("section[aria-labelledby=next]")
    assert due.get_text(" ", strip=True).startswith(
        "Next: 23 Sep to 29 Sep 2019 £656.11 is on its way to your bank, where it is on Friday 4 October 2019"
    )
    assert due.a["href"] == f"{HERE}/741254/2019-09-23"
    assert carer.get(f"{HERE}/?year=2018").page.select_one("section[aria-labelledby=next]") is None


def test_back_keeps_the_place_in_the_list(carer):
    back = carer.get(f"{HERE}/741254/2019-02-04").page.select_one(".govuk-back-link")["href"]
    assert back == f"{HERE}/?year=2018#741254-2019-02-04"
    assert carer.get(back.partition("#")[0]).page.find(id="741254-2019-02-04").a["href"] == f"{HERE}/741254/2019-02-04"


def test_filters_narrow_the_list(carer):
    answer = carer.get(f"{HERE}/?year=2018&contract=741254")
    assert len(answer.page.select(".periods a")) == 8
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


@pytest.mark.parametrize(
    ("query", "message"),
    [("show=some", "Choose some rows from the list"), ("sort=age", "Choose an order from the list")],
)
def test_a_filter_of_rows_that_is_not_in_the_list_is_refused_in_words(carer, query, message):
    answer = carer.get(f"{HERE}/741254/2019-09-16?{query}", status=422)
    assert answer.errors == [message]
    assert len(table(answer)) == 2


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
    """A home with many people, no VAT and one who is new; gives where its payment stands."""

    def made(clients, first="2019-02-11"):
        provider = make_provider(kind=ProviderKind.CARE_HOME)
        contract = make_contract(provider, calculate_from=START)
        level = make_item(contract, client=make_client(surname="O’Brien", first_name="Marie")).service_level_id
        for n in range(clients - 2):
            make_item(contract, client=make_client(surname=f"Ng{n:04}", first_name="Ŵyn"), service_level_id=level)
        finalise(START + timedelta(days=6))
        starts = {"starts_on": START + timedelta(days=7), "service_level_id": level}
        make_item(contract, client=make_client(surname="Żak", first_name="Ola"), **starts)
        calculate(START + timedelta(days=7))
        client.sign_in(make_user(provider=provider))
        return f"/providers/{provider.id}/payments/{contract.reference}/{first}"

    return made


def reads_of(client, path):
    client.get(path)  # the session's last-seen is written once a minute
    return client.get(path).reads


@pytest.mark.parametrize("query", ["", "?find=wyn&show=changed&sort=sum"])
def test_the_page_takes_as_many_queries_whatever_the_number_of_lines(client, agency, query):
    few, many = reads_of(client, agency(5) + query), reads_of(client, agency(50) + query)
    assert len(many) <= 8, "\n".join(many)
    assert len(few) == len(many)


def test_the_list_takes_few_queries(client, agency):
    here = agency(3)
    reads = reads_of(client, here.rpartition("/")[0].rpartition("/")[0] + "/")
    assert len(reads) <= 7, "\n".join(reads)


def test_a_home_without_vat_reads_of_none_and_sees_what_has_changed(client, agency):
    answer = client.get(agency(10))
    assert [each.text for each in answer.page.select("thead th")] == ["Purchase Order", "Total", "Change"]
    assert strip(answer)["VAT"] == "£0.00"
    assert [row[0][:6] for row in table(answer)] == ["N, Ŵyn"] * 8 + ["O, Mar", "Ż, Ola"]
    changed = client.get(f"{answer.response.request.path}?show=changed")
    assert [row[1:] for row in table(changed)] == [["£353.08", "+£353.08 new"]]


def test_rows_are_found_as_names_are_typed_and_a_part_says_that_it_is_one(client, agency):
    here = agency(10)
    answer = client.get(f"{here}?find=obrien  MARIE")
    assert [row[0][:8] for row in table(answer)] == ["O, Marie"]
    assert "1 row found, £353.08. This is a part of the payment of £3,530.80." in answer.words
    assert "This row £353.08" in answer.words
    assert strip(answer)["Total Payable"] == "£3,530.80"
    assert "No row of this payment is like that" in client.get(f"{here}?find=nobody").words


def test_the_search_is_a_form_without_scripts(client, agency):
    answer = client.submit(client.get(agency(10)), {"find": "zak"}, form="main form[role=search]")
    assert [row[0][:6] for row in table(answer)] == ["Ż, Ola"]
    assert answer.page.select_one("input[name=find]")["value"] == "zak"


def test_a_payment_of_more_rows_than_one_page_holds_is_parted_as_other_lists_are(client, agency, monkeypatch):
    here = agency(10)
    monkeypatch.setattr("blueprints.payment_page.MOST_ROWS", 4)
    monkeypatch.setattr("blueprints.lookups.PER_PAGE", 3)
    first = client.get(here)
    assert len(table(first)) == 3
    assert "Rows 1 to 3 of 10. This is a part of the payment of £3,530.80." in first.words
    every_page = [row[0] for n in range(1, 5) for row in table(client.get(f"{here}?rows={n}"))]
    monkeypatch.setattr("blueprints.payment_page.MOST_ROWS", 10)
    assert [row[0] for row in table(client.get(here))] == every_page
    assert [row[0] for row in table(client.get(f"{here}?rows=2"))] == every_page


def test_few_rows_need_no_search(client, agency):
    assert client.get(agency(3)).page.select_one("form[role=search]") is None


def test_all_rows_stand_on_one_page_and_a_page_of_more_says_which_part_it_is(client, agency, monkeypatch):
    here = agency(10)
    assert len(table(client.get(here))) == 10
    monkeypatch.setattr("blueprints.payment_page.MOST_ROWS", 4)
    answer = client.get(f"{here}?rows=3")
    assert [row[0][:6] for row in table(answer)] == ["O, Mar", "Ż, Ola"]
    assert "Rows 9 to 10 of 10. This is a part of the payment of £3,530.80." in answer.words
    assert "These 2 rows £706.16" in answer.words
    assert client.get(f"{here}?rows=99").page.select_one("[aria-current=page]").text == "3"
    assert len(client.get(f"{here}/data.csv").text.splitlines()) == 11
