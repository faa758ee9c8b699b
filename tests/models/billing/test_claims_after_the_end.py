"""A contract that has ended: what may still be claimed of the days before, and in which payment it is paid."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.billing import grant
from models.billing.deciding import ItemDecision
from models.billing.grant import ClaimGrant
from models.billing.items import Claimed
from models.billing.levels import may_claim
from models.calendar import DAY, as_on
from models.money import SCALE, parse_e4
from models.payments.payment import PaymentLine, ScheduledPayment
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from models.reports.whereabouts import by_contract
from models.verify import check_all
from tests.care_factories import make_contract, make_item
from tests.claim_factories import decide, make_claim, make_claim_level, make_contract_rate, make_pending_claim, submit
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import banked, finalise, finalise_weeks, orders

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 4, 6)
LAST = date(2026, 4, 26)
"""A Sunday, the last day of the contract and of its third week."""
LATER = date(2026, 5, 11)


@pytest.fixture
def contract():
    made = make_contract(make_provider(), calculate_from=MONDAY, ends_on=LAST)
    make_item(made, rate_e4=1_000_000, starts_on=MONDAY, ends_on=LAST)
    return made


@pytest.fixture
def provider(contract):
    return every(Provider.numbered(contract.provider_id))[0]


@pytest.fixture
def carer(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def panel():
    return make_staff(CouncilRole.FINANCE_PANEL)


@pytest.fixture
def mileage(contract):
    return make_claim_level(contract, 4_500, name="Mileage")


def miles(level, day, quantity="100"):
    return Claimed(level.id, "Training", spent_on=day, quantity_e4=parse_e4(quantity))


def paid():
    """Of each line of a claim: its contract, the first day of its payment, its pence, and whether a run took it."""
    line, payment = PaymentLine, ScheduledPayment
    with reading() as session:
        found = session.execute(
            select(line.contract_id, payment.first_on, line.net_pence, line.run_id)
            .join(payment, payment.id == line.payment_id)
            .where(line.claim_item_id.is_not(None))
            .order_by(line.id)
        )
        return [(*row[:3], row.run_id is not None) for row in found]


def order_of_claims(contract):
    return [each.value_pence for each in orders(contract, 2026) if each.client is None]


def test_trips_of_before_the_end_are_claimed_afterwards_and_paid_in_the_first_payment_after_it(
    contract, provider, carer, panel, mileage
):
    """All three weeks are paid. 100 miles of the last day, accepted on 11 May: £45.00 in the payment of that week."""
    finalise_weeks(MONDAY, LAST)
    with as_on(LATER):
        decide(make_pending_claim(provider, carer, miles(mileage, LAST)), panel)
        assert paid() == [(contract.id, LATER, 45_00, False)]
        assert order_of_claims(contract) == [45_00]
        with reading(provider.id):
            [told] = by_contract(provider.id)
        assert (told.open_pence, told.paid_pence, told.entitled_pence) == (45_00, 300_00, 345_00)
        assert list(check_all()) == []
    finalise(LATER + 6 * DAY)
    assert paid() == [(contract.id, LATER, 45_00, True)]
    assert banked(contract) == [100_00, 100_00, 100_00, 45_00]


def test_what_is_accepted_while_the_last_week_is_open_is_paid_with_it(contract, provider, carer, panel, mileage):
    finalise_weeks(MONDAY, LAST - 7 * DAY)
    with as_on(LAST):
        decide(make_pending_claim(provider, carer, miles(mileage, LAST)), panel)
    assert paid() == [(contract.id, LAST - 6 * DAY, 45_00, False)]


def test_a_changed_decision_after_the_end_is_a_difference_in_a_payment_of_its_own(
    contract, provider, carer, panel, mileage
):
    """£45.00 paid with the last week; 60 of the 100 miles after all: -£18.00 is owed, and later £9.00 less so."""
    with as_on(LAST):
        claim = make_pending_claim(provider, carer, miles(mileage, LAST))
        decide(claim, panel)
    finalise_weeks(MONDAY, LAST)
    with as_on(LATER):
        decide(claim, panel, ItemDecision(miles_e4=60 * SCALE, note="Shorter"), note="Measured")
        assert paid() == [(contract.id, LAST - 6 * DAY, 45_00, True), (contract.id, LATER, -18_00, False)]
        decide(claim, panel, ItemDecision(miles_e4=80 * SCALE, note="Shorter"), note="Measured again")
        assert paid()[1:] == [(contract.id, LATER, -9_00, False)]
        assert order_of_claims(contract) == [36_00]
        assert list(check_all()) == []


def test_days_of_before_and_after_are_paid_by_the_contract_of_each(contract, provider, carer, panel, mileage):
    """The next contract pays £0.50 a mile from the day after the first one's last."""
    after = make_contract(provider, starts_on=LAST + DAY, calculate_from=LAST + DAY)
    make_contract_rate(after, mileage, 5_000, starts_on=LAST + DAY)
    finalise_weeks(MONDAY, LAST)
    with as_on(LATER):
        decide(make_pending_claim(provider, carer, miles(mileage, LAST), miles(mileage, LAST + DAY)), panel)
        found = paid()
    assert [(each[0], each[2]) for each in found] == [(contract.id, 45_00), (after.id, 50_00)]
    assert order_of_claims(contract) == [95_00]


def test_nothing_is_claimed_of_days_after_the_end_where_no_contract_goes_on(provider, carer, contract, mileage):
    with as_on(LATER), pytest.raises(DomainError, match="No rate is set for Mileage on 27 April 2026"):
        make_claim(provider, carer, miles(mileage, LAST + DAY))


@pytest.mark.parametrize(("days", "is_offered"), [(0, True), (92, True), (93, False)])
def test_an_approval_that_ended_is_offered_for_92_days_more_for_the_days_before(
    provider, carer, contract, mileage, days, is_offered
):
    officer = make_staff()
    with as_on(LAST), unit_of_work() as session:
        grant.end(session.scalars(ClaimGrant.of_provider(provider.id)).one(), ends_on=LAST, by=officer)
    with as_on(LAST + timedelta(days=days)):
        with reading(provider.id):
            assert bool(may_claim(provider.id)) is is_offered
        submit(make_claim(provider, carer, miles(mileage, LAST)), carer)
        if days:
            with pytest.raises(DomainError, match="You are not approved to claim Mileage on 27 April 2026"):
                make_claim(provider, carer, miles(mileage, LAST + DAY))
