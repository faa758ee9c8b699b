"""Standing holds: what they hold, now and with later calculations; what releases it; and what they leave alone."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import as_on
from models.payments import officer, standing_holds
from models.payments.hold import Hold
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.standing import Kept, standing_of
from models.payments.standing_hold import StandingHold, State, place_standing, waiting
from models.records.care_package import CarePackageLineItem as Item
from models.records.client import Client
from models.records.provider import Provider
from models.waiting import Waiting, ask
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_staff
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import banked, calculate, finalise, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 30)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SUNDAY = MONDAY + 6 * DAY


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def contract(provider):
    return two_clients(provider)


@pytest.fixture
def other(provider):
    """Another contract of the same provider, with its own client."""
    return two_clients(provider)


def two_clients(provider):
    contract = make_contract(provider, calculate_from=MONDAY)
    make_item(contract, client=make_client(surname="Adams"), starts_on=MONDAY)
    make_item(contract, rate_e4=3_030_300, client=make_client(surname="Begum"), starts_on=MONDAY)
    return contract


def suspend(provider, *, on=MONDAY, first_on=MONDAY, review_on=None, **given):
    by = make_staff()
    given = {"reason": "Safeguarding", "first_on": first_on, "review_on": review_on or on + WEEK} | given
    with as_on(on), unit_of_work() as session:
        found = session.scalars(select(Provider).where(Provider.id == provider.id)).one()
        return standing_holds.suspend(found, by=by, **given).id


def act(verb, standing_id, *, on=MONDAY, **given):
    by = make_staff()
    with as_on(on), unit_of_work() as session:
        verb(session.scalars(StandingHold.numbered(standing_id)).one(), by=by, **given)


def change(standing_id, **given):
    act(standing_holds.change, standing_id, **{"reason": "Safeguarding", "review_on": MONDAY + WEEK} | given)


def end(standing_id, **given):
    act(standing_holds.end, standing_id, **{"reason": "It is settled"} | given)


def held(contract):
    """The first days of the payments that are held as a whole, as weeks after MONDAY."""
    query = select(ScheduledPayment.first_on).join(Hold, Hold.payment_id == ScheduledPayment.id)
    whole = Hold.is_of_whole_payment, ~Hold.is_released, ScheduledPayment.contract_id == contract.id
    return [(day - MONDAY).days // 7 for day in every(query.where(*whole).order_by(ScheduledPayment.first_on))]


def release_one(contract, first_on=MONDAY, *, on=MONDAY):
    by = make_staff()
    with as_on(on), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, first_on)).one()
        [hold] = session.scalars(Hold.on(found)).all()
        officer.release(found, hold, by=by, reason="Hardship")


def test_a_provider_is_held_once_with_all_its_contracts_and_nobody_else_is(provider, contract, other):
    stranger = two_clients(make_provider())
    calculate(MONDAY)
    suspend(provider)
    assert held(contract) == held(other)
    assert held(contract)[:3] == [0, 1, 2]
    assert held(stranger) == []
    finalise(SUNDAY)
    assert banked(contract) == banked(other) == []
    assert banked(stranger) == [65_611]


def test_one_contract_is_held_and_the_others_are_paid(provider, contract, other):
    calculate(MONDAY)
    suspend(provider, contract_id=contract.id)
    finalise(SUNDAY)
    assert (banked(contract), banked(other)) == ([], [65_611])


def test_one_client_is_held_in_every_payment_of_the_provider_and_the_rest_is_paid(provider, contract, other):
    calculate(MONDAY)
    [begum] = every(select(Client).where(Client.surname == "Begum", Client.id.in_(clients_of(contract))))
    make_item(other, client=begum, rate_e4=1_000_000, starts_on=MONDAY)
    suspend(provider, client_id=begum.id)
    finalise(SUNDAY)
    assert banked(contract) == [35_308]
    assert banked(other) == [65_611]
    finalise(SUNDAY + WEEK)  # the week that has begun since is caught by its calculation
    assert banked(contract) == [35_308, 35_308]


def clients_of(contract):
    return select(Item.client_id).where(Item.contract_id == contract.id)


@pytest.mark.parametrize(
    ("first", "last", "weeks"),
    [
        (MONDAY + WEEK, MONDAY + WEEK, [1]),
        (MONDAY + WEEK - DAY, MONDAY + WEEK, [0, 1]),
        (MONDAY - WEEK, MONDAY - DAY, []),
        (MONDAY - WEEK, MONDAY, [0]),
        (SUNDAY, SUNDAY, [0]),
        (SUNDAY + DAY, SUNDAY + 2 * WEEK, [1, 2]),
    ],
)
def test_it_holds_the_payments_with_a_day_from_the_first_to_the_last(provider, contract, first, last, weeks):
    calculate(MONDAY)
    suspend(provider, first_on=first, last_on=last)
    assert held(contract) == weeks


def test_without_a_last_day_it_holds_every_later_one_and_what_comes_into_the_plan(provider, contract):
    calculate(MONDAY)
    suspend(provider)
    count = len(every(select(ScheduledPayment.id).where(ScheduledPayment.contract_id == contract.id)))
    assert held(contract) == list(range(count))
    calculate(MONDAY + 52 * WEEK)
    more = len(every(select(ScheduledPayment.id).where(ScheduledPayment.contract_id == contract.id)))
    assert more > count
    assert held(contract) == list(range(more))


def test_a_contract_that_begins_later_is_caught_by_the_next_calculation(provider, contract):
    calculate(MONDAY)
    suspend(provider)
    late = two_clients(provider)
    calculate(MONDAY + DAY)
    assert held(late)[0] == 0
    finalise(SUNDAY)
    assert banked(late) == []


def test_preparing_places_what_no_calculation_has(provider, contract):
    calculate(SUNDAY)
    by = make_staff()
    with unit_of_work() as session:
        session.add(
            StandingHold(
                provider_id=provider.id, first_on=MONDAY, reason="Safeguarding", review_on=SUNDAY,
                begun_by_id=by.id,
            )
        )  # fmt: skip
    with as_on(SUNDAY), unit_of_work():
        assert prepare(by=None) is None
    assert held(contract)[0] == 0


def test_calculating_again_holds_nothing_twice(provider, contract):
    calculate(MONDAY)
    suspend(provider)
    before = [each.id for each in every(Hold)]
    calculate(MONDAY)
    with unit_of_work():
        place_standing()
    assert [each.id for each in every(Hold)] == before
    assert len([each for each in every(AuditEvent) if each.action == "standing_hold.applied"]) == 1


def test_what_is_finalised_is_untouched(provider, contract):
    finalise(SUNDAY)
    suspend(provider, on=SUNDAY)
    assert held(contract)[0] == 1
    assert payment(contract, MONDAY).closed_run_id is not None


def test_a_standing_hold_forecasts_nothing_to_the_bank_not_even_of_weeks_to_come(provider, contract):
    calculate(MONDAY)
    suspend(provider)
    with as_on(MONDAY), reading():
        for first_on in (MONDAY, MONDAY + WEEK, MONDAY + 5 * WEEK):
            stands = standing_of(payment(contract, first_on))
            assert (stands.kept, stands.bank_pence, stands.held_pence) == (Kept.HELD, 0, 65_611)


def test_one_payment_is_let_go_out_of_it_for_good_and_the_rest_stays_held(provider, contract):
    calculate(MONDAY)
    suspend(provider)
    release_one(contract)
    assert held(contract)[:2] == [1, 2]
    calculate(MONDAY + DAY)
    finalise(SUNDAY)
    assert banked(contract) == [65_611]
    assert held(contract)[0] == 1


def test_a_row_is_let_go_for_good_as_well(provider, contract):
    calculate(MONDAY)
    [begum] = every(select(Client).where(Client.surname == "Begum"))
    suspend(provider, client_id=begum.id)
    release_one(contract)
    calculate(MONDAY + DAY)
    finalise(SUNDAY)
    assert banked(contract) == [65_611]


def test_an_officers_own_hold_comes_first_and_the_standing_one_follows_it(provider, contract):
    calculate(MONDAY)
    by = make_staff()
    with as_on(MONDAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        officer.hold(found, by=by, reason="Asked about")
    suspend(provider)
    assert held(contract)[:2] == [0, 1]  # once
    release_one(contract)
    assert held(contract)[0] == 0
    [hold] = [each for each in every(Hold) if not each.is_released and each.payment_id == found.id]
    assert hold.standing_id is not None


def test_two_standing_holds_hold_a_payment_once_and_each_by_itself(provider, contract):
    calculate(MONDAY)
    whole, of_contract = suspend(provider), suspend(provider, contract_id=contract.id)
    assert held(contract)[:2] == [0, 1]
    end(whole)
    assert held(contract)[:2] == [0, 1]
    end(of_contract)
    assert held(contract) == []


def test_ending_it_releases_all_that_it_holds_and_the_next_run_pays(provider, contract):
    calculate(SUNDAY)
    standing_id = suspend(provider, on=SUNDAY)
    finalise(SUNDAY)
    assert banked(contract) == []
    end(standing_id, on=SUNDAY + DAY)
    assert held(contract) == []
    assert {each.release_reason for each in every(Hold)} == {"It is settled"}
    finalise(SUNDAY + DAY)
    assert banked(contract) == [65_611]
    with pytest.raises(DomainError, match="ended already"):
        end(standing_id)
    with pytest.raises(DomainError, match="ended already"):
        change(standing_id, first_on=MONDAY, last_on=None)


def test_other_days_release_what_is_outside_them_and_hold_what_is_inside(provider, contract):
    calculate(MONDAY)
    standing_id = suspend(provider, last_on=SUNDAY + WEEK)
    assert held(contract) == [0, 1]
    change(standing_id, first_on=MONDAY + WEEK, last_on=SUNDAY + 2 * WEEK)
    assert held(contract) == [1, 2]
    change(standing_id, first_on=MONDAY, last_on=SUNDAY)
    assert held(contract) == [0]  # what it released itself it may hold again
    assert {each.reason for each in every(Hold)} == {"Safeguarding"}


def test_its_last_day_passes_and_it_holds_the_payments_of_its_days_until_it_is_ended(provider, contract):
    calculate(MONDAY)
    suspend(provider, last_on=SUNDAY)
    finalise(SUNDAY + WEEK)
    assert held(contract) == [0]
    assert banked(contract) == [65_611]  # of the second week


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"last_on": MONDAY - DAY}, "last day is before the first"),
        ({"review_on": MONDAY - DAY}, "day to review it is past"),
        ({"review_on": MONDAY + timedelta(days=367)}, "within a year"),
        ({"contract_id": 10**6}, "no contract, and no client"),
        ({"client_id": 10**6}, "no contract, and no client"),
    ],
)
def test_what_makes_no_sense_is_refused(provider, contract, given, words):
    calculate(MONDAY)
    with pytest.raises(DomainError, match=words):
        suspend(provider, **given)
    assert every(StandingHold) == every(Hold) == []
    suspend(provider, last_on=MONDAY, review_on=MONDAY)
    suspend(provider, first_on=MONDAY + DAY, review_on=MONDAY + timedelta(days=366))


def test_a_stranger_s_contract_is_refused(provider, contract):
    calculate(MONDAY)
    with pytest.raises(DomainError, match="no contract, and no client"):
        suspend(make_provider(), contract_id=contract.id)


def test_the_same_is_not_held_twice_on_a_day(provider, contract):
    calculate(MONDAY)
    first = suspend(provider, last_on=SUNDAY)
    with pytest.raises(DomainError, match="Change that one"):
        suspend(provider, first_on=SUNDAY)
    second = suspend(provider, first_on=SUNDAY + DAY)
    with pytest.raises(DomainError, match="Change that one"):
        change(first, first_on=MONDAY, last_on=SUNDAY + DAY)
    change(first, first_on=MONDAY, last_on=SUNDAY - DAY)
    end(second)
    change(first, first_on=MONDAY, last_on=None)


def test_what_is_to_be_reviewed_comes_first_and_is_counted(provider, contract):
    calculate(MONDAY)
    later = suspend(provider, review_on=MONDAY + 2 * WEEK)
    sooner = suspend(provider, contract_id=contract.id, review_on=MONDAY + WEEK)
    ended = suspend(make_provider(), review_on=MONDAY)
    end(ended)
    with as_on(MONDAY + WEEK - DAY), reading():
        assert ask(waiting()) == {State.REVIEW: Waiting(State.REVIEW, 0)}
    with as_on(MONDAY + WEEK), reading() as session:
        assert ask(waiting()) == {State.REVIEW: Waiting(State.REVIEW, 1, MONDAY + WEEK)}
        rows = session.execute(StandingHold.listed()).all()
        assert [row.StandingHold.id for row in rows] == [sooner, later, ended]
        assert [(row.payments, row.pence) for row in rows] == [
            (0, 0),
            (2, 65_611),
            (0, 0),
        ]  # the second week has begun, and is not calculated
        of = {state: [row.StandingHold.id for row in session.execute(StandingHold.listed(state=state))]
              for state in State}  # fmt: skip
        assert of == {State.IN_FORCE: [sooner, later], State.REVIEW: [sooner], State.ENDED: [ended]}
        assert session.execute(StandingHold.listed(name="nobody")).all() == []


def test_totals_are_what_they_were(provider, contract):
    calculate(MONDAY)
    before = sorted((line.first_on, line.net_pence) for line in every(PaymentLine))
    suspend(provider)
    assert sorted((line.first_on, line.net_pence) for line in every(PaymentLine)) == before
