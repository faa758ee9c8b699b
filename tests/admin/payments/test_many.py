"""Several payments are held, or released, with one reason."""

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.payments.hold import Hold
from models.payments.payment import ScheduledPayment
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import LIST, act
from tests.support.rows import every
from tests.support.runs import calculate

HOLD, RELEASE = f"{LIST}hold-many", f"{LIST}release-many"


@pytest.fixture
def three(desk):
    """Ids: one that is current, one of another provider, and one that is finalised."""
    other = two_clients(name="Rowan Lodge")
    calculate(SUNDAY)
    found = {(row.contract_id, row.first_on): row.id for row in every(ScheduledPayment)}
    return [
        found[desk.contract.id, MONDAY + WEEK], found[other.id, MONDAY + WEEK], found[desk.contract.id, MONDAY]
    ]  # fmt: skip


def became(answer):
    return [row.select("td")[-1].get_text(" ", strip=True) for row in answer.page.select("tbody tr")]


@pytest.mark.postgres
def test_each_is_held_but_what_refuses_it_and_that_is_named(desk, three):
    page = desk.officer.get(LIST).page
    ticks = [int(each["value"]) for each in page.select("input[name=payment]")]
    assert set(three[:2]) <= set(ticks)
    assert three[2] not in ticks
    asked = desk.officer.get(HOLD + "?" + "&".join(f"payment={each}" for each in three))
    assert [int(each["value"]) for each in asked.page.select("input[name=payment]")] != []
    done = desk.officer.post(HOLD, {"payment": three, "reason": "Bank details asked about"}, status=200)
    assert "2 payments held, 1 not" in done.words
    assert sorted(became(done))[:2] == ["Held", "Held"]
    assert sorted(became(done))[2].startswith("NOT DONE This payment is finalised, so it cannot be held")
    assert {(hold.payment_id, hold.reason) for hold in every(Hold)} == {
        (each, "Bank details asked about") for each in three[:2]
    }
    again = desk.officer.post(HOLD, {"payment": three[:1], "reason": "Again"}, status=200)
    assert became(again) == ["NOT DONE This is held already"]
    assert "0 payments held, 1 not" in again.words


def test_each_that_is_held_as_a_whole_is_released_and_rows_stay(desk, three):
    desk.officer.post(HOLD, {"payment": three[:1], "reason": "Bank details"}, status=200)
    orders = select(Hold.purchase_order_id)
    form = desk.officer.get(f"{desk.payment}/hold").page
    order_id = form.select("select[name=what] option")[1]["value"]
    act(desk, "hold", {"what": order_id, "reason": "Left?"})
    done = desk.officer.post(RELEASE, {"payment": three, "reason": "They are right"}, status=200)
    assert "1 payment released, 2 not" in done.words
    assert sum("The whole of it is not held" in each for each in became(done)) == 2
    assert [(hold.is_released, hold.release_reason) for hold in every(Hold)] == [(True, "They are right"), (False, "")]
    assert every(orders.where(~Hold.is_released)) == [int(order_id)]
    assert [event.action for event in every(AuditEvent) if event.action.startswith("hold.")] == [
        "hold.placed_by_officer", "hold.placed_by_officer", "hold.released",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [HOLD, RELEASE])
def test_without_a_reason_or_a_tick_nothing_happens(desk, three, path):
    refused = desk.officer.post(path, {"payment": three, "reason": " "}, status=422)
    assert refused.errors
    assert len(refused.page.select("input[name=payment]")) == 3, "what was ticked is kept"
    assert "No payment is ticked" in desk.officer.get(path).words
    assert "No payment is ticked" in desk.officer.post(path, {"reason": "Why not"}, status=200).words
    assert "No payment is ticked" in desk.officer.get(path + "?payment=99999999&payment=x").words
    assert every(Hold) == []
    desk.manager.get(path, status=403)
    assert not desk.manager.get(LIST).page.select("input[name=payment]")
