"""An exception of a run is opened beside the list: the row with its working, hold, ask, adjust, and the next one."""

from datetime import date

import pytest
from sqlalchemy import select, update

from models.correspondence.action import Action, Side
from models.correspondence.action_desk import first_answers
from models.correspondence.action_post import ActionPost
from models.correspondence.action_type import ActionTeam, ActionType
from models.outbox import OutboxMessage
from models.payments.finding import RunFinding
from models.payments.hold import Hold, HoldAnswer
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.care_factories import make_item
from tests.factories import make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate

RUNS = "/council/payment-runs"
HOLD, ASK = ".exception form[action$=hold]", ".exception form[action$=ask]"
NEW_FROM = SUNDAY - WEEK + WEEK / 7


@pytest.fixture
def run(desk):
    """A run with two new rows, of £300.00 and £100.00; its address."""
    for rate in (1_000_000, 3_000_000):
        make_item(desk.contract, rate_e4=rate, starts_on=NEW_FROM)
    calculate(SUNDAY)
    return f"{RUNS}/{desk.prepare()}"


def change_types(**values):
    with unit_of_work() as session:
        session.execute(update(ActionType).values(**values))


def links(page):
    return [each["href"] for each in page.page.select(".review__list tbody th a")]


@pytest.mark.postgres
def test_a_row_opens_with_its_sums_working_and_the_next(desk, run):
    first, second = links(desk.officer.get(f"{run}?show=new"))
    page = desk.officer.get(first)
    assert "New, 1 of 2" in page.words
    assert page.page.select_one(".exception .strip dd").text == "£300.00"
    assert "How this time was worked out" in page.words
    assert "£300.00 a week" in page.page.select_one(".slices").get_text(" ", strip=True)
    following = page.page.select_one(".exception__bar a[href*=exceptions]")
    assert following["href"] == second
    last = desk.officer.get(second, htmx=True)
    assert last.page.select_one("main") is None, "beside the list only the exception is drawn"
    assert "New, 2 of 2" in last.words
    assert [each.text for each in last.page.select(".exception__bar a")] == ["Before", "Close"]
    adjust = desk.officer.get(page.page.select_one(".exception a[href*=adjust]")["href"])
    assert adjust.page.select_one("select[name=client] option[selected]")["value"] != ""


def test_it_is_held_and_the_next_one_follows(desk, run):
    first, second = links(desk.officer.get(f"{run}?show=new"))
    page = desk.officer.get(first)
    said = {"reason": "Not in the plan"}
    held = desk.officer.submit(page, said, form=HOLD, status=303)
    assert held.location == second
    [hold] = every(Hold)
    assert (hold.reason, hold.is_of_whole_payment) == ("Not in the plan", False)
    assert not every(HoldAnswer)
    assert not every(Action)
    again = desk.officer.get(first)
    assert "Not in the plan" in again.words
    assert not again.page.select(HOLD)
    end = desk.officer.submit(desk.officer.get(second), {"reason": "Nor this"}, form=HOLD, status=303)
    assert end.location.endswith("show=new")


@pytest.mark.postgres
def test_its_provider_is_asked_and_nothing_is_held(desk, run):
    """To ask held the row too."""
    first, second = links(desk.officer.get(f"{run}?show=new"))
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    change_types(retired_on=date(2019, 1, 1))
    with_none = desk.officer.submit(desk.officer.get(first), {"question": "Did she come?"}, form=ASK, status=422)
    assert with_none.errors == [f"No type of action is offered to {provider.name}, so nothing can be asked here"]
    change_types(retired_on=None)
    make_user(Role.FINANCE, provider)
    empty = desk.officer.submit(desk.officer.get(first), {"question": " "}, form=ASK, status=422)
    assert empty.errors == ["Write what you ask the provider"]
    assert empty.page.select_one("details[open] form[action$=ask]")
    asked = desk.officer.submit(desk.officer.get(first), {"question": "Did she come on Monday?"}, form=ASK, status=303)
    assert asked.location == second
    assert not every(Hold)
    [action] = every(select(Action))
    assert (action.holder, action.payment_first_on, action.is_of_money) == (Side.PROVIDER, MONDAY + WEEK, True)
    [team] = every(select(ActionTeam).where(ActionTeam.id == action.team_id))
    assert team.is_of(CouncilRole.PAYMENTS_OFFICER)
    assert action.client_id is not None
    [post] = every(select(ActionPost))
    assert (post.side, post.text) == (Side.COUNCIL, "Did she come on Monday?")
    mails = every(OutboxMessage)
    assert mails
    assert all("Monday" not in mail.body for mail in mails), "no mail repeats what may name a client"
    assert desk.officer.get(second).page.select(HOLD), "to hold is a choice of its own"
    end = desk.officer.submit(desk.officer.get(second), {"question": "And she?"}, form=ASK, status=303)
    assert end.location.endswith("show=new")
    with reading():
        assert not first_answers(), "what the council asks of its own accord is no answer"
    desk.manager.post(f"{first}/ask", {"question": "x"}, status=403)


def test_beside_the_list_the_next_one_is_drawn_at_once(desk, run):
    first, _ = links(desk.officer.get(f"{run}?show=new"))
    answer = desk.officer.post(f"{first}/hold", {"reason": "Why?"}, status=200, htmx=True)
    assert "New, 2 of 2" in answer.words
    assert "Held" in answer.page.select_one("#notices").text


def test_what_is_wrong_stays_beside_what_was_typed(desk, run):
    [first, _] = links(desk.officer.get(f"{run}?show=new"))
    empty = desk.officer.post(f"{first}/hold", {"reason": " "}, status=422)
    assert empty.errors == ["Say why it is held"]
    page = desk.officer.get(first)
    desk.officer.submit(page, {"reason": "Once"}, form=HOLD, status=303)
    late = desk.officer.post(f"{first}/hold", {"reason": "Twice"}, status=422)
    assert late.errors == ["This is held already"]
    assert "Once" in late.words
    assert [each.text.strip() for each in late.page.select("textarea")] == ["Twice", ""]
    assert len(every(Hold)) == 1


def test_a_whole_payment_shows_what_has_changed_in_it(desk, run):
    of_run = select(RunFinding).where(RunFinding.run_id == int(run.rpartition("/")[2]))
    [finding] = [each for each in every(of_run) if each.kind.is_far_off]
    page = desk.manager.get(f"{run}/exceptions/{finding.id}")
    assert len(page.page.select(".exception__rows li")) == 2
    assert not page.page.select(".exception form"), "a manager holds nothing"


def test_an_exception_of_another_run_is_not_there(desk, run):
    [finding, *_] = every(select(RunFinding).order_by(RunFinding.id.desc()))
    two_clients()
    desk.officer.get(f"{RUNS}/9999/exceptions/{finding.id}", status=404)
    desk.officer.get(f"{run}/exceptions/99999", status=404)
    desk.officer.get(f"{RUNS}/1/exceptions/{finding.id}", status=404)
    desk.manager.post(f"{run}/exceptions/{finding.id}/hold", {"reason": "x"}, status=403)


def test_it_takes_the_same_number_of_statements_however_many_there_are(desk, run):
    first = links(desk.officer.get(f"{run}?show=new"))[0]
    few = desk.officer.get(first)
    for _ in range(10):
        make_item(desk.contract, rate_e4=5_000_000, starts_on=NEW_FROM)
    calculate(SUNDAY)
    desk.officer.post(f"{run}/discard", status=303)
    many = desk.officer.get(links(desk.officer.get(f"{RUNS}/{desk.prepare()}?show=new"))[0])
    assert "1 of 12" in many.words
    assert len(many.reads) == len(few.reads)
