"""Standing holds on the council's pages: begun from a provider's or payment's page, reviewed, changed, ended."""

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.payments.hold import Hold
from models.payments.standing_hold import StandingHold
from models.permissions import CouncilRole, Role
from models.records.client import Client
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.runs import calculate

LIST = "/council/standing-holds/"
DAY = timedelta(days=1)


def day(value):
    return [str(value.day), str(value.month), str(value.year)] if value else ["", "", ""]


def given(**changed):
    found = {"first_on": MONDAY, "last_on": None, "review_on": SUNDAY + WEEK} | changed
    return {"what": "", "reason": "Safeguarding"} | {
        name: day(value) if isinstance(value, date) or value is None else value for name, value in found.items()
    }


@pytest.fixture
def new(desk):
    return f"{LIST}new/{desk.contract.provider_id}"


@pytest.fixture
def begin(desk, new):
    def press(**changed):
        desk.officer.post(new, given(**changed), status=303)
        return f"{LIST}{every(StandingHold)[-1].id}"

    return press


def rows_of(answer):
    return answer.page.select("#standing-holds tbody tr")


@pytest.mark.postgres
def test_a_provider_is_suspended_from_its_page_and_its_payments_are_held(desk, new):
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    page = desk.officer.get(f"/council/providers/{provider.id}")
    assert page.page.select_one(f"a[href='{new}']").get_text() == "Hold its payments"
    answer = desk.officer.follow(desk.officer.post(new, given(), status=303))
    assert "The standing hold has begun." in answer.words
    assert "Ola Officer began it on" in answer.words
    [row, *_] = answer.page.select("section tbody tr")
    assert "£656.11" in row.select_one("[data-label='Of it held']").text
    payment = desk.officer.get(desk.payment)
    assert "we hold it" in payment.words
    assert payment.page.select_one(f"a[href='{LIST}{every(StandingHold)[0].id}']").text == "standing hold"
    refused = desk.officer.post(f"{desk.payment}/prepare", {}, status=422)
    assert "No run can take this payment now" in refused.words
    member = PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE, provider))
    theirs = member.get(f"/providers/{provider.id}/payments/{desk.contract.reference}/{MONDAY + WEEK}")
    assert "Held by the council." in theirs.words
    assert "Safeguarding" not in theirs.words


def test_it_is_begun_for_the_contract_of_a_payment_or_for_one_client(desk, begin):
    link = desk.officer.get(desk.payment).page.select_one("a[href*='standing-holds/new']")["href"]
    chosen = desk.officer.get(link).page.select_one("select[name=what] option[selected]")
    assert chosen["value"] == f"contract-{desk.contract.id}"
    shown = desk.officer.get(begin(what=chosen["value"]))
    assert f"Contract {desk.contract.name} ({desk.contract.reference})" in shown.words
    [begum] = every(select(Client).where(Client.folded_surname.startswith("begum")))
    shown = desk.officer.get(begin(what=f"client-{begum.id}"))
    assert begum.masked_name in shown.words
    assert {each.client_id for each in every(StandingHold)} == {None, begum.id}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"what": "contract-999999"}, "Choose one from the list"),
        ({"last_on": MONDAY - DAY}, "The last day is before the first"),
        ({"review_on": SUNDAY - DAY}, "The day to review it is past"),
        ({"review_on": None}, "Enter the day on which to review it"),
        ({"first_on": ["31", "2", "2019"]}, "must be a day of the calendar"),
        ({"reason": " "}, "Say why it is held"),
    ],
)
def test_what_makes_no_sense_stays_on_the_form_with_what_was_typed(desk, new, changed, words):
    refused = desk.officer.post(new, given(**{"reason": "Typed before"} | changed), status=422)
    assert [error for error in refused.errors if words in error]
    if "reason" not in changed:
        assert "Typed before" in refused.page.select_one("textarea").text
    assert every(StandingHold) == every(Hold) == []


def test_the_same_twice_is_refused(desk, new, begin):
    begin()
    refused = desk.officer.post(new, given(reason="A long story"), status=422)
    assert "Change that one" in refused.words
    assert "A long story" in refused.page.select_one("textarea").text
    assert len(every(StandingHold)) == 1


def test_it_is_changed_and_ended(desk, begin):
    here = begin()
    opened = desk.officer.get(f"{here}/change")
    form = opened.page
    assert [each["value"] for each in form.select("input[name=first_on]")] == day(MONDAY)
    assert form.select_one("textarea").text.strip() == "Safeguarding"
    later = given(first_on=SUNDAY + DAY, reason="From Monday on")
    later = {name: typed for name, typed in later.items() if name != "what"}
    answer = desk.officer.follow(desk.officer.submit(opened, later, form="main form[method=post]", status=303))
    assert "The standing hold is changed." in answer.words
    assert "we hold it" not in desk.officer.get(desk.payment).words
    assert desk.officer.post(f"{here}/end", {"reason": ""}, status=422).errors == ["Say why it ends"]
    ended = desk.officer.follow(desk.officer.post(f"{here}/end", {"reason": "Settled"}, status=303))
    assert "Ola Officer ended it on" in ended.words
    assert not ended.page.select("main .acts a")
    assert "ended already" in desk.officer.post(f"{here}/end", {"reason": "Settled"}, status=422).words
    assert {each.is_released for each in every(Hold)} == {True}


def test_one_payment_is_let_go_from_its_page_and_the_list_says_so(desk, begin):
    here = begin()
    held = [each for each in every(Hold) if not each.is_released]
    first = next(hold for hold in held if f"/holds/{hold.id}/release" in desk.officer.get(desk.payment).response.text)
    release = f"{desk.payment}/holds/{first.id}/release"
    assert "It does not hold this again" in desk.officer.get(release).words
    desk.officer.post(release, {"reason": "Hardship"}, status=303)
    calculate(SUNDAY)
    assert "we hold it" not in desk.officer.get(desk.payment).words
    assert "and left out of this" in desk.officer.get(f"{here}?page=99").words


def test_the_list_is_by_review_and_filtered_and_a_file(desk, begin, set_today):
    assert "There is no standing hold." in desk.officer.get(LIST).words
    later = begin(review_on=SUNDAY + 3 * WEEK)
    other = two_clients(name="Rowan Lodge")
    calculate(SUNDAY)
    desk.officer.post(f"{LIST}new/{other.provider_id}", given(), status=303)
    [first, second] = rows_of(desk.officer.get(LIST))
    assert second.a["href"] == later
    assert "£1,312.22" in first.text
    assert "No standing hold is like that" in desk.officer.get(LIST + "?state=review+due").words
    set_today(SUNDAY + WEEK)
    [due] = rows_of(desk.officer.get(LIST + "?state=review+due", htmx=True))
    assert "REVIEW NOW" in due.text
    home = desk.officer.get("/council/").page
    [queue] = [row for row in home.select("tbody tr") if "Standing holds to review" in row.text]
    assert queue.td.text == "1"
    assert len(rows_of(desk.officer.get(queue.a["href"]))) == 1
    assert len(rows_of(desk.officer.get(f"{LIST}?name=p{other.provider_id}"))) == 1
    assert desk.officer.get(LIST + "?state=strange", status=422).errors
    text = desk.officer.get(LIST + "data.csv").response.get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["State"] for row in rows] == ["to be reviewed", "in force"]
    assert rows[0]["Reason"] == "Safeguarding"


def test_the_list_takes_the_same_queries_however_many_there_are(desk, begin):
    begin()
    few = desk.officer.get(LIST)
    for _ in range(5):
        provider = make_provider()
        desk.officer.post(f"{LIST}new/{provider.id}", given(), status=303)
    assert len(desk.officer.get(LIST).reads) == len(few.reads)


def test_others_look_or_are_refused(desk, new, begin):
    here = begin()
    desk.manager.get(here)
    assert not desk.manager.get(here).page.select("main .acts a")
    for path in (new, f"{here}/change", f"{here}/end"):
        desk.manager.get(path, status=403)
    broker = PortalClient(desk.officer.app).sign_in(make_staff(CouncilRole.BROKERAGE))
    broker.get(here, status=403)
    desk.officer.get(f"{LIST}999999", status=404)
    desk.officer.get(f"{LIST}new/999999", status=404)


def test_one_that_holds_nothing_says_so(desk, new):
    typed = given(first_on=date(2018, 1, 1), last_on=date(2018, 2, 1))
    words = desk.officer.follow(desk.officer.post(new, typed, status=303)).words
    assert "But it holds nothing: all payments of its days are finalised, and no day is to come" in words
    typed = given(what=f"contract-{desk.contract.id}")
    assert "holds nothing" not in desk.officer.follow(desk.officer.post(new, typed, status=303)).words


def test_what_a_colleague_has_changed_meanwhile_is_not_undone_from_an_old_page(desk, begin):
    here = begin()
    old, other = desk.officer.get(f"{here}/change"), desk.officer.get(f"{here}/change")
    form = "main form[method=post]"
    desk.officer.submit(other, {"last_on": day(SUNDAY + WEEK)}, form=form, status=303)
    refused = desk.officer.submit(old, {"reason": "Typed before"}, form=form, status=422)
    [words] = refused.errors
    assert "have changed since you opened this page. It holds now from 23 September 2019 to 13 October 2019" in words
    assert "Typed before" in refused.page.select_one("textarea").text
    [standing] = every(StandingHold)
    assert (standing.last_on, standing.reason) == (SUNDAY + WEEK, "Safeguarding")
    desk.officer.submit(refused, {}, form=form, status=303)
