"""The published payment schedule."""

from datetime import date

import pytest
from sqlalchemy import select

from models.calendar import Frequency
from models.permissions import Role
from models.records.contract import CalendarOverride
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_client, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every, saved
from tests.support.runs import change

HERE = "/providers/1/payments/schedule"


@pytest.fixture
def calendar(database):
    """Four-weekly from 4 February 2019, as care homes are paid: confirm by Tuesday of the second week."""
    calendar = make_calendar(Frequency.FOUR_WEEKLY, confirm_by_days=8, finalise_days=9, bank_days=15)
    saved(
        CalendarOverride(
            calendar_id=calendar.id, period_first_on=date(2019, 12, 9), confirm_by=date(2019, 12, 16),
            bank_on=date(2019, 12, 23),
        )
    )  # fmt: skip
    return calendar


@pytest.fixture
def contract(calendar):
    return make_contract(calendar=calendar, confirmation="required", name="Oak House homes")


@pytest.fixture
def home(client, contract):
    """Somebody who looks after the payments of a care home."""
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return client.sign_in(make_user(Role.FINANCE, provider))


@pytest.fixture
def here(contract):
    return f"/providers/{contract.provider_id}/payments/schedule"


def table(answer):
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select("tr")]


@pytest.mark.covers("S1-044", "S1-043")
def test_the_schedule_of_a_year_has_every_periods_deadlines(home, here):
    answer = home.get(here)
    assert answer.heading == "Payment Schedule"
    rows = table(answer)
    assert rows[0] == ["Start", "End", "Confirm by", "Last day for changes", "In your bank"]
    assert rows[1] == ["01/04/2019", "28/04/2019", "09/04/2019", "10/04/2019", "16/04/2019"]
    assert len(rows) == 15, "a year of 14 first days"
    assert rows[7] == ["16/09/2019 CURRENT", "13/10/2019", "24/09/2019", "25/09/2019", "01/10/2019"]
    assert answer.page.select_one("caption").text == "Oak House homes, 2019/2020"


@pytest.mark.covers("S1-044")
def test_what_a_bank_holiday_moves_is_said_in_words(home, here):
    rows = table(home.get(here))
    assert rows[10] == [
        "09/12/2019",
        "05/01/2020",
        "16/12/2019 bank holiday, usually 17/12/2019",
        "18/12/2019",
        "23/12/2019 bank holiday, usually 24/12/2019",
    ]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (
            date(2019, 10, 2),
            "Next deadline: Tuesday 22 October 2019. It is the last day to confirm or reject the payment",
        ),
        (date(2019, 10, 22), "Next deadline: Tuesday 22 October 2019. It is the last day to confirm or reject"),
        (date(2019, 10, 23), "Next deadline: Wednesday 23 October 2019. It is the last day for changes to the payment"),
        (date(2020, 3, 31), "Next deadline: Tuesday 7 April 2020. It is the last day to confirm"),
        (date(2020, 4, 1), "Next deadline: Tuesday 7 April 2020. It is the last day to confirm"),
    ],
)
def test_the_next_deadline_stands_at_the_top(home, here, set_today, day, words):
    set_today(day)
    assert words in home.get(f"{here}?year=2018").words


@pytest.mark.covers("S1-045")
@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("pay", "If nobody has answered by then, it is paid as it stands."),
        ("confirm", "If nobody has answered by then, that counts as a confirmation."),
        ("hold", "If nobody has answered by then, it is not paid until this is settled."),
    ],
)
def test_notes_explain_the_columns(home, here, contract, policy, words):
    change(contract, if_unconfirmed=policy)
    answer = home.get(here)
    notes = answer.page.select_one("dl.notes")
    headings = [dt.text for dt in notes.select("dt")]
    assert headings == ["Start and End", "Confirm by", "Last day for changes", "In your bank", "Bank holidays"]
    assert words in " ".join(notes.get_text(" ").split())


def test_a_contract_that_asks_for_nothing_has_no_such_column(carer):
    answer = carer.get(HERE)
    assert table(answer)[0] == ["Start", "End", "Last day for changes", "In your bank"]
    assert "Confirm by" not in answer.words
    assert ["16/12/2019", "22/12/2019", "22/12/2019", "24/12/2019 bank holiday, usually 27/12/2019"] in table(answer)
    assert "Next deadline: Sunday 6 October 2019." in answer.words


@pytest.mark.covers("S1-044")
def test_scheduled_payments_link_to_it(carer):
    answer = carer.get("/providers/1/payments/")
    link = next(a for a in answer.page.select("main a") if a.text == "Payment Schedule")
    assert carer.get(link["href"]).heading == "Payment Schedule"


def test_last_year_and_next_year_can_be_chosen(home, here):
    answer = home.get(here)
    assert [o.text for o in answer.page.select("select[name=year] option")] == ["2020/2021", "2019/2020", "2018/2019"]
    assert table(home.submit(answer, {"year": "2018"}))[1][0] == "04/02/2019"
    swapped = home.get(f"{here}?year=2020", htmx=True)
    assert swapped.page.select_one("#schedule")["data-announce"] == "13 periods shown"
    assert table(swapped)[1][0] == "27/04/2020"


@pytest.mark.parametrize(
    ("query", "message"),
    [("year=1066", "Choose a financial year from the list"), ("contract=nonsense", "Choose a contract from the list")],
)
def test_a_choice_that_is_not_in_the_list_is_refused_in_words(home, here, query, message):
    answer = home.get(f"{here}?{query}", status=422)
    assert answer.errors == [message]


def test_another_providers_contract_is_not_in_the_list(home, here):
    theirs = make_contract()
    for file in ("", "/data.csv", "/deadlines.ics"):
        answer = home.get(f"{here}{file}?contract={theirs.reference}", status=422 if not file else 200)
        assert theirs.name not in answer.text
        assert "BEGIN:VEVENT" not in answer.text


def test_a_contract_that_has_ended_has_no_further_periods(home, here, contract):
    change(contract, ends_on=date(2019, 10, 31))
    rows = table(home.get(here))
    assert rows[-1][0] == "14/10/2019"
    assert "has no payment periods in 2020/2021" in home.get(f"{here}?year=2020").words


def test_without_a_contract_the_page_says_so(client):
    provider = make_provider()
    client.sign_in(make_user(provider=provider))
    answer = client.get(f"/providers/{provider.id}/payments/schedule")
    assert "There is no contract yet." in answer.words
    assert "BEGIN:VCALENDAR" in client.get(f"/providers/{provider.id}/payments/schedule/deadlines.ics").text


@pytest.mark.covers("S1-044")
def test_it_can_be_downloaded(home, here, contract):
    answer = home.get(f"{here}/data.csv?year=2019&contract={contract.reference}")
    assert answer.headers["Content-Disposition"] == "attachment; filename=payment-schedule.csv"
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0] == "Contract,Reference,Start,End,Confirm by,Last day for changes,In your bank,Changed"
    assert lines[10] == (
        f"Oak House homes,{contract.reference},09/12/2019,05/01/2020,16/12/2019,18/12/2019,23/12/2019,"
        "Last day to confirm or reject: usually 17/12/2019; In your bank: usually 24/12/2019"
    )


@pytest.mark.covers("S1-044")
def test_the_deadlines_go_into_a_diary(home, here, contract):
    make_item(contract, client=make_client(surname="Nobodyshouldseethis"))
    answer = home.get(f"{here}/deadlines.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=payment-schedule.ics"
    text = answer.response.data.decode().replace("\r\n ", "")
    assert text.count("BEGIN:VEVENT\r\n") == 42
    assert f"UID:{contract.reference}-2019-12-09-confirm@portal.example\r\n" in text
    assert "DTSTART;VALUE=DATE:20191216\r\nDTEND;VALUE=DATE:20191217\r\n" in text
    assert "SUMMARY:Last day to confirm or reject: 9 Dec 2019 to 5 Jan 2020\r\n" in text
    assert "Bank holiday: usually 17/12/2019" in text
    assert "Nobodyshouldseethis" not in text


def test_it_takes_the_same_number_of_queries_at_ten_times_the_data(client):
    def visit(count):
        provider = make_provider()
        for _ in range(count):
            make_contract(provider, calendar=make_calendar())
        client.sign_in(make_user(provider=provider))
        path = f"/providers/{provider.id}/payments/schedule"
        client.get(path)
        return client.get(path)

    few, many = visit(2), visit(20)
    assert len(few.reads) == len(many.reads) <= 7, "\n".join(many.reads)
