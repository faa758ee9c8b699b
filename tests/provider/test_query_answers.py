"""A provider reads beside the row what it queried, and what the council has answered."""

import pytest
from sqlalchemy import select

from models.payments.hold import Hold
from models.records.care_package import CarePackageLineItem
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.runs import change
from tests.support.states import FRIDAY, MONDAY, SUNDAY, TUESDAY, office


@pytest.fixture
def the(database, set_today):
    made = office().to(TUESDAY).confirm(queried=True)
    set_today(TUESDAY)
    return made


@pytest.fixture
def council(app, the):
    return PortalClient(app).sign_in(the.officer)


@pytest.fixture
def provider(app, the):
    return PortalClient(app).sign_in(the.finance)


def holds(the):
    return f"/council/payments/{the.contract.reference}/{MONDAY}/holds/{every(Hold)[0].id}"


def here(the):
    return f"/providers/{the.contract.provider_id}/payments/{the.contract.reference}/{MONDAY}"


def beside(answer):
    """What is said of each row, by the row's text."""
    return {
        row.find_previous("th").get_text(strip=True)[:1]: " ".join(row.get_text(" ").split())
        for row in answer.page.select("td .said, th .said")
    }


def test_who_asked_what_and_what_the_council_answered_stand_beside_the_row(the, council, provider):
    name = the.finance.name
    assert f"{name} queried this on" in beside(provider.get(here(the)))["B"]
    council.post(f"{holds(the)}/answer", {"reason": "We ask <her> social worker"}, status=303)
    council.post(f"{holds(the)}/release", {"reason": "She was here to Sunday"}, status=303)
    said = beside(provider.get(here(the)))
    assert set(said) == {"B"}
    asked, wrote, answered = (said["B"].index(each) for each in ("She left on Tuesday", "We ask", "She was here"))
    assert asked < wrote < answered
    assert "We ask <her> social worker" in said["B"]
    assert ", and released it:" in said["B"]
    assert the.officer.name not in said["B"]


def test_what_is_said_to_be_confirmed_is_the_same_after_a_release_for_both_sides(the, council, provider):
    """The page of the payment then said that the whole of it had been confirmed."""
    words = "confirmed £353.08, and queried £303.03, on"
    desk = f"/council/payments/{the.contract.reference}/{MONDAY}"
    for is_released in (False, True):
        assert words in provider.get(here(the)).words, is_released
        assert words in provider.get(f"{here(the)}/answer").words, is_released
        assert "at £353.08, with £303.03 queried" in council.get(desk).words, is_released
        if not is_released:
            council.post(f"{holds(the)}/release", {"reason": "She was here to Sunday"}, status=303)


def test_it_stays_when_the_payment_is_paid_and_on_the_page_that_asks_again(the, council, provider, set_today):
    council.post(f"{holds(the)}/release", {"reason": "She was here to Sunday"}, status=303)
    the.feed()  # the confirmation lapses, and the provider is asked anew
    assert "She was here to Sunday" in beside(provider.get(f"{here(the)}/answer"))["B"]
    the.confirm().run()
    set_today(SUNDAY)
    assert "She was here to Sunday" in beside(provider.get(here(the)))["B"]


def test_what_was_said_of_a_row_that_is_gone_is_not_lost(the, council, provider, set_today):
    council.post(f"{holds(the)}/answer", {"reason": "You are right: she never came"}, status=303)
    items = every(select(CarePackageLineItem).order_by(CarePackageLineItem.id))
    change(items[1], is_suspended=True)
    the.to(TUESDAY)
    page = provider.get(here(the))
    assert not beside(page)
    assert "Queried of rows that are no longer in this payment:" in page.words
    assert "You are right: she never came" in page.words


def test_the_council_writes_about_what_it_holds_and_keeps_its_reason(app, database, set_today):
    the = office().to(TUESDAY).hold()
    set_today(TUESDAY)
    council, provider = PortalClient(app).sign_in(the.officer), PortalClient(app).sign_in(the.finance)
    council.post(f"{holds(the)}/answer", {"reason": "We settle it on Friday"}, status=303)
    words = provider.get(here(the)).words
    assert "We settle it on Friday" in words
    assert "Asked about" not in words
    assert "We settle it on Friday" in council.get(f"/council/payments/{the.contract.reference}/{MONDAY}").words
    set_today(FRIDAY)
    council.post(f"{holds(the)}/release", {"reason": "She has rung"}, status=303)
    words = provider.get(here(the)).words
    assert "She has rung" not in words
    assert "The council released it on" in words


def test_nothing_said_is_refused_on_the_form_and_elsewhere_is_not_found(the, council):
    refused = council.post(f"{holds(the)}/answer", {"reason": " "}, status=422)
    assert refused.errors == ["Say something to the provider"]
    council.post(f"{holds(the)}/release", {"reason": "Right"}, status=303)
    assert "released already" in council.post(f"{holds(the)}/answer", {"reason": "Late"}, status=422).words
    other = office()
    council.get(f"/council/payments/{other.contract.reference}/{MONDAY}/holds/{every(Hold)[0].id}/answer", status=404)
    PortalClient(council.app).sign_in(make_staff("payments_manager")).get(f"{holds(the)}/answer", status=403)


def test_what_is_queried_is_marked_on_paper_too(the, provider):
    paper = provider.get(f"{here(the)}/print")
    marked = [
        row.get_text(" ", strip=True)
        for row in paper.page.select("main tr.continues")
        if row.select(".govuk-tag, .hold")
    ]
    assert len(marked) == 1
    assert marked[0].startswith("B")
