"""What the council answers to a query, with and without releasing it: kept, told by mail, and refused once released."""

import pytest
from sqlalchemy import select

from models.base import session
from models.calendar import as_on
from models.outbox import OutboxMessage
from models.payments import day_moves, officer
from models.payments.asking import who_is_told
from models.payments.hold import Hold, HoldAnswer, still_held, told_among
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.factories import make_staff, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate
from tests.support.states import MONDAY, TUESDAY, office

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def the():
    """Bea's row is queried."""
    return office().to(TUESDAY).confirm(queried=True)


def answer(the, text="We look into it"):
    return the.do(lambda payment: officer.answer(payment, _newest_hold(), by=the.officer, text=text))


def told(the):
    """What the provider reads of each row, by the client's surname; None for the whole payment."""
    with reading():
        payment = session.scalars(ScheduledPayment.of(the.contract.reference, MONDAY)).one()
        holds_on = session.scalars(Hold.ever_on(payment).order_by(None).order_by(Hold.id)).unique()
        return {
            order_id: [(hold.reason, [each.text for each in hold.answers], hold.release_reason) for hold in holds]
            for order_id, holds in told_among(holds_on).items()
        }


def mails():
    return [(each.to, each.subject, each.body) for each in every(OutboxMessage)]


def test_an_answer_is_kept_beside_the_row_and_holds_it_still(the):
    answer(the)
    assert not the.refused
    answer(the, "Her social worker has confirmed it")
    [[said]] = told(the).values()
    assert said == ("She left on Tuesday", ["We look into it", "Her social worker has confirmed it"], "")
    [hold] = every(Hold)
    assert hold.is_in_force
    assert [each.given_by_id for each in every(HoldAnswer)] == [the.officer.id] * 2


def test_what_releases_a_query_is_its_answer(the):
    answer(the)
    the.release()
    [[said]] = told(the).values()
    assert said == ("She left on Tuesday", ["We look into it"], "It is right")
    answer(the, "Too late")
    assert the.refused == "This has been released already. Look at it again"
    assert len(every(HoldAnswer)) == 1


def test_those_who_may_confirm_are_told_by_mail_and_no_client_is_named(the):
    make_user(Role.VIEWER, _provider(the))
    before = len(mails())
    answer(the, "Bea came back")
    the.release()
    written, released = mails()[before:]
    assert (written[0], written[1]) == (the.finance.email, "The council has written to you")
    assert "The council has written to you about what you queried of this payment." in written[2]
    assert (released[0], released[1]) == (the.finance.email, "Your query is answered")
    assert "The row is released, and the next run takes it." in released[2]
    assert not [body for _, _, body in (written, released) if "Bea" in body or "She left" in body]


def test_a_carer_who_may_not_confirm_is_told_by_mail_of_a_moved_day():
    contract, ola = make_contract(calculate_from=MONDAY), make_staff()
    make_item(contract, starts_on=MONDAY)
    carer = make_user(Role.CARER, every(Provider)[0])
    calculate(TUESDAY)
    with as_on(TUESDAY), unit_of_work() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        assert who_is_told(found) == "The provider is told by mail."
        day_moves.pay_now(found, by=ola, reason="The boiler has broken down")
    [(to, subject, body)] = mails()
    assert (to, "Its page says why" in body, "boiler" in body) == (carer.email, True, False)
    assert subject


def test_where_nobody_can_log_in_the_officer_reads_that_nobody_is_told():
    contract = make_contract(calculate_from=MONDAY)
    calculate(TUESDAY)
    with reading() as session:
        found = session.scalars(ScheduledPayment.of(contract.reference, MONDAY)).one()
        assert who_is_told(found).startswith("Nobody at the provider has a login")


def test_a_query_that_is_paid_all_the_same_is_answered_after_it():
    the = office(if_queried="pay").to(TUESDAY).confirm(queried=True).run()
    the.release()
    assert not the.refused
    assert "It was paid all the same." in mails()[-1][2]


def test_an_officers_reason_stays_with_the_council_until_it_writes():
    the = office().to(TUESDAY).hold()
    assert told(the) == {}
    before = len(mails())
    answer(the, "Soon")
    [(hold_reason, said, _)] = told(the)[None]
    assert said == ["Soon"]
    assert hold_reason == "Asked about"  # on record; the page shows it to the council only
    assert "about this payment, which it holds" in mails()[before][2]
    the.release()
    assert len(mails()) == before + 1  # an officer's release is no answer


def _newest_hold():
    return session.scalars(select(Hold).order_by(Hold.id.desc())).first()


def _provider(the):
    [provider] = every(select(Provider).where(Provider.id == the.contract.provider_id))
    return provider


def test_a_query_is_answered_while_the_council_holds_the_payment_and_the_mail_says_so(the):
    the.hold()
    found = []
    query = next(each for each in every(Hold) if each.is_query)

    def release(payment):
        held = session.scalars(select(Hold).where(Hold.id == query.id)).one()
        found.append(officer.release(payment, held, by=the.officer, reason="It is right"))

    the.do(release)
    assert found == ["another hold"]
    body = mails()[-1][2]
    assert "But the council still holds it: it is paid once that is settled." in body
    assert "the next run takes it" not in body


def test_by_what_it_is_held_all_the_same(the):
    the.hold().suspend()
    bea = next(each.purchase_order_id for each in every(Hold) if each.is_query)
    with reading():
        assert still_held([the.payment.id]) == {the.payment.id: "another hold"}
        assert still_held([the.payment.id], bea) == {the.payment.id: "a query of its provider and by another hold"}
        assert still_held([10**6]) == {}
    whole = next(each for each in every(Hold) if not each.is_query and each.standing_id is None)
    found = []

    def release(payment):
        held = session.scalars(select(Hold).where(Hold.id == whole.id)).one()
        found.append(officer.release(payment, held, by=the.officer, reason="It is right"))

    the.do(release)
    assert found == ["a standing hold"]
