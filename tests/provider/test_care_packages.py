"""Care Package Line Items, as a provider sees them."""

from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from exchange.downloads.commissioned_care import hash_of
from models.permissions import CouncilRole, Role
from models.records.care_package import ItemPrice
from tests.care_factories import (
    make_absence,
    make_allowance,
    make_client,
    make_contract,
    make_deduction,
    make_item,
    make_price,
    make_quantity,
    make_service_level,
)
from tests.factories import make_provider, make_staff, make_user
from tests.provider.test_documents import published
from tests.support.rows import every
from tests.support.runs import calculate, change, finalise

HERE = "/providers/1/care-packages"
MONDAY = date(2019, 9, 23)


def table(answer):
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select("tbody tr")]


@pytest.fixture
def at(client):
    """A provider with two line items, one of which ended long ago, and a function that signs somebody in there."""
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    child = make_client(surname="Llwyd", first_name="Gwen", reference="C7")
    item = make_item(contract, client=child, starts_on=MONDAY, reference="I7")
    make_item(contract, client=make_client(surname="Old", first_name="Al"), ends_on=date(2019, 8, 1), reference="I6")

    def sign_in(role=Role.FINANCE):
        client.sign_in(make_user(role, provider))
        client.here = f"/providers/{provider.id}/care-packages"
        return client

    sign_in.item, sign_in.contract = item, contract
    return sign_in


@pytest.mark.covers("S0-051", "S0-052", "S1-016", "S1-017", "S2-023")
def test_the_list_is_reached_from_home_and_shows_all_care_packages(carer):
    home = carer.get("/providers/1/")
    assert home.page.select_one("main a:-soup-contains('Care Package Line Items')")["href"] == f"{HERE}/"
    answer = carer.get(f"{HERE}/")
    assert answer.page.select_one("form.filters button").get_text(strip=True) == "View"
    simpson = next(row for row in table(answer) if row[0].startswith("Simpson, Bart (C2000020)"))
    assert simpson[5:] == ["£353.08 a week", "ACTIVE", "Submit Action : about line item L30001"]


@pytest.mark.covers("S0-053", "S1-018", "S2-024", "S2-025")
def test_the_filters_narrow_the_list_and_historical_ones_are_asked_for(at):
    client = at()
    answer = client.get(f"{client.here}/")
    assert [row[0][:5] for row in table(answer)] == ["Llwyd"]
    assert "1 that ended more than 28 days ago is left out" in answer.words
    fields = [each["name"] for each in answer.page.select("form.filters select, form.filters input")]
    assert fields == ["text", "service", "contract", "client", "status", "historical"]
    both = client.submit(answer, {"historical": "y"})
    assert [row[0][:4] for row in table(both)] == ["Llwy", "Old,"]
    assert "left out" not in both.words
    shown = client.get(both.page.select("tbody th a")[1]["href"])
    assert client.get(shown.page.select_one(".govuk-back-link")["href"]).words == both.words
    gone = client.submit(answer, {"text": "old"})
    assert "No line item is like that today. 1 that ended more than 28 days ago is: Include Historical" in gone.words
    assert [row[0][:3] for row in table(client.get(gone.page.select_one("#items a")["href"]))] == ["Old"]
    assert "No line item is like that. Show all" in client.submit(answer, {"status": "suspended"}).words
    assert client.get(f"{client.here}/?status=zzz", status=422).errors == ["Choose a status from the list"]
    assert [row[0][:3] for row in table(client.get(f"{client.here}/?historical=y&sort=ends"))] == ["Old", "Llw"]


def test_what_is_typed_is_sought_while_it_is_typed_and_stays_out_of_the_address(at):
    client = at()
    swapped = client.get(f"{client.here}/?text=gwen&status=active", htmx=True)
    assert swapped.page.select_one("#items")["data-announce"] == "1 line item shown"
    assert swapped.headers["HX-Replace-Url"] == f"{client.here}/?status=active"


def test_a_line_item_tells_price_quantity_funding_and_money(at):
    client, item = at(), at.item
    change(every(ItemPrice)[0], ends_on=date(2019, 10, 6))
    make_price(item, 3_600_000, starts_on=date(2019, 10, 7))
    make_quantity(item, 100_000, timetable_e4=[20_000, 0, 20_000, 0, 20_000, 20_000, 20_000])
    make_deduction(item, 100_000)
    make_absence(item, date(2019, 9, 24), date(2019, 9, 24), pay_percent=100)
    make_allowance(item, date(2019, 12, 16))
    finalise(MONDAY + timedelta(days=6))
    calculate(date(2019, 10, 2))
    answer = client.get(f"{client.here}/{item.id}")
    for words in (
        "Llwyd, Gwen (C7)", "£353.08 a week A whole week £3,530.80", "ACTIVE",
        "23/09/2019 No end 10 a week 2 0 2 0 2 2 2",
        "07/10/2019 No end £360.00", "Client contribution 23/09/2019 No end You: we pay you less by as much £10.00",
        "16/12/2019 Christmas allowance £186.02", "24/09/2019 24/09/2019 Hospital 100 %",
        "23/09/2019 - 29/09/2019 04/10/2019 £3,520.80 Paid in all £3,520.80",
        "30/09/2019 - 06/10/2019 11/10/2019 Calculated, can still change £3,520.80",
        "07/10/2019 - 13/10/2019 18/10/2019 Planned, as things stand £3,590.00",
    ):  # fmt: skip
        assert words in answer.words
    assert f"/payments/{at.contract.reference}/2019-09-23" in answer.text


@pytest.mark.covers("S1-019", "S0-051", "S1-016")
def test_submit_action_stands_beside_each_and_begins_an_action_about_it(at):
    client = at()
    listed = client.get(f"{client.here}/")
    [beside] = listed.page.select("tbody a:-soup-contains('Submit Action')")
    form = client.get(beside["href"])
    assert form.page.select_one("input[name=title]")["value"] == "Care package I7"
    assert form.page.select_one("select[name=related] option[selected]").text == "Llwyd, Gwen (C7)"
    assert client.get(f"{client.here}/{at.item.id}").page.select(f"main a[href='{beside['href']}']")
    for role, words in ((Role.VIEWER, 0), (Role.SCHEDULER, 1)):
        assert len(at(role).get(f"{client.here}/").page.select("a:-soup-contains('Submit Action')")) == words


def test_a_scheduler_sees_the_timetable_and_no_money(at):
    make_quantity(at.item, 100_000, timetable_e4=[50_000, 0, 50_000, 0, 0, 0, 0])
    make_deduction(at.item, 123_400)
    finalise(MONDAY + timedelta(days=6))
    client = at(Role.SCHEDULER)
    listed, shown = client.get(f"{client.here}/"), client.get(f"{client.here}/{at.item.id}")
    assert "10 a week 5 0 5 0 0 0 0" in shown.words
    file = client.get(f"{client.here}/commissioned-care.csv")
    assert "Llwyd" in file.text
    assert not [
        text
        for text in (listed.text, shown.text, file.text)
        for money in ("£", "353", "12.34", "Unit cost")
        if money in text
    ]


def test_nights_of_a_timetable_are_counted_a_week_and_others_by_the_night(at):
    client, level = at(), make_service_level(unit="night")
    two = make_item(at.contract, service_level_id=level.id, client=make_client())
    make_quantity(two, 20_000, timetable_e4=[0, 0, 0, 0, 10_000, 10_000, 0])
    twice = make_item(at.contract, service_level_id=level.id, client=make_client())
    make_quantity(twice, 20_000)
    assert "2 nights a week 0 0 0 0 1 1 0" in client.get(f"{client.here}/{two.id}").words
    assert "2 a night" in client.get(f"{client.here}/{twice.id}").words
    assert "353.08 a night" in client.get(f"{client.here}/").words


def test_a_signatory_sees_prices_and_opens_no_payment(at):
    finalise(MONDAY + timedelta(days=6))
    client = at(Role.SIGNATORY)
    answer = client.get(f"{client.here}/{at.item.id}")
    assert "Paid in all £353.08" in answer.words
    assert not [a for a in answer.page.select("main a") if "/payments/" in a["href"] or "/contracts/" in a["href"]]


@pytest.mark.covers("S2-022", "S3-015")
def test_what_is_not_authorised_or_somebody_elses_is_not_there(at):
    client, theirs = at(), make_item()
    waiting = make_item(at.contract, authorised_on=None, client=make_client(surname="Waits"))
    answers = [client.get(f"{client.here}/{each}", status=404).words for each in (theirs.id, waiting.id, 999_999)]
    assert len(set(answers)) == 1
    assert "Waits" not in client.get(f"{client.here}/?historical=y").words
    assert "Waits" not in client.get(f"{client.here}/commissioned-care.csv?historical=y").text


def test_with_many_clients_they_are_found_by_typing_only(at, monkeypatch):
    monkeypatch.setattr("forms.care_packages.MOST_CLIENTS", 1)
    client = at()
    answer = client.get(f"{client.here}/")
    assert "client" not in [each["name"] for each in answer.page.select("form.filters select")]
    assert [row[0][:3] for row in table(client.get(f"{client.here}/?text=gwen&client=77"))] == ["Llw"]


def test_with_no_line_item_the_page_says_when_one_appears(client):
    provider = make_provider()
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/care-packages/")
    assert "You have no care package line items yet." in answer.words


def test_a_list_asks_as_often_at_ten_times_the_rows(at):
    client = at()
    few = client.get(f"{client.here}/")
    for number in range(12):
        make_item(at.contract, client=make_client(surname=f"Ng{number}"))
    many = client.get(f"{client.here}/")
    assert len(many.reads) == len(few.reads) <= 8, many.reads


def lines_of(client, kind="csv", query="historical=y"):
    text = client.get(f"{client.here}/commissioned-care.{kind}?{query}").text.removeprefix("\ufeff")
    return [line.split(",") for line in text.splitlines()]


def test_an_unchanged_line_of_the_commissioned_care_keeps_its_hash(at, set_today):
    """From day to day and file to file; a price, a day or a timetable that changes gives it another."""
    client = at()
    heading, first, other = lines_of(client)
    assert heading[:2] + heading[-2:] == ["Line item", "Client", "Last changed", "Hash"]
    assert first[:4] == ["I7", "C7", "Llwyd", "Gwen"]
    assert [first[8], first[9], first[-6]] == ["", "1.00", "353.08"]
    set_today(date(2019, 10, 5))
    assert lines_of(client)[1:] == [first, other]
    seen = {first[-1]}
    for alter in (
        lambda: change(at.item, is_suspended=True),
        lambda: change(at.item, ends_on=date(2019, 12, 31)),
        lambda: change(every(ItemPrice)[0], rate_e4=3_530_900),
        lambda: make_quantity(at.item, 10_000, timetable_e4=[10_000, 0, 0, 0, 0, 0, 0]),
    ):
        alter()
        [_, changed, unchanged] = lines_of(client)
        assert unchanged == other
        assert changed[-1] not in seen
        seen.add(changed[-1])
    assert all(each.startswith("h") and len(each) == 17 for each in seen)
    book = client.get(f"{client.here}/commissioned-care.xlsx?historical=y").response.data
    assert changed[-1].encode() in ZipFile(BytesIO(book)).read("xl/worksheets/sheet1.xml")


def test_cells_that_run_together_have_other_hashes():
    assert hash_of(("ab", "c")) != hash_of(("a", "bc"))
    assert hash_of((None, "a")) != hash_of(("a", None))


def test_a_filter_that_nobody_has_answers_no_file_of_everything(at):
    client = at()
    make_item(at.contract, service_level_id=make_service_level().id, client=make_client(surname="Third"))
    assert len(lines_of(client, query="text=third")) == 2


def test_what_is_not_agreed_is_said_in_the_list_on_the_page_and_in_the_file(at):
    client = at()
    change(at.contract, is_agreement_required=True)
    assert [row[-2] for row in table(client.get(f"{client.here}/"))] == ["ACTIVE NOT AGREED"]
    answer = client.get(f"{client.here}/{at.item.id}")
    assert "Its service agreement is not agreed" in answer.words
    assert "The council has not sent it to you yet." in answer.words
    document = published(at.item, make_staff(CouncilRole.SERVICE_AGREEMENTS))
    shown = client.get(f"{client.here}/{at.item.id}")
    [link] = [a["href"] for a in shown.page.select("main a") if a["href"].endswith(f"/documents/{document.id}")]
    assert "not sent it" not in shown.words
    client.get(link)
    assert lines_of(client, query="")[1][-4:-1] == ["Not agreed", "", ""]
