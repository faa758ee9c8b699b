"""Who has made or decided anything by hand in a run neither authorises nor finalises it, and who has had their role for
a few days only does not alone. Adjustments and the states of a run: test_run_states.py.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update

from models.accounts.user import Staff, User
from models.audit import AuditEvent
from models.base import DomainError, utc_now
from models.calendar import as_on
from models.payments import authorising
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.day_move import DayMove
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.finding import Finding, RunFinding, RunTick
from models.payments.hand_made import HandKind, hands_in
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.run import PaymentRun
from models.payments.standing_hold import StandingHold
from models.permissions import CouncilRole
from models.records.agreement import Agreement, terms_of
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.provider import Provider
from models.verify import people
from tests.care_factories import make_contract, make_item
from tests.factories import make_membership, make_provider, make_staff
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, finalise

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.postgres]

MONDAY, SUNDAY, WEEK = date(2019, 4, 1), date(2019, 4, 7), timedelta(days=7)
MANAGER = CouncilRole.PAYMENTS_MANAGER


@pytest.fixture
def contract():
    found = make_contract(calculate_from=MONDAY)
    make_item(found, rate_e4=1_000_000)
    return found


def prepared(day=SUNDAY):
    calculate(day)
    preparer = make_staff()
    with as_on(day), unit_of_work() as session:
        run = prepare(by=session.merge(preparer))
        session.flush()
        authorising.tick(run, dict.fromkeys(authorising.kinds_of(run), "Seen"), by=session.merge(preparer))
        return run.id


def run_of(session, run_id):
    return session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one()


def authorise(run_id, by):
    with as_on(SUNDAY), unit_of_work() as session:
        run = run_of(session, run_id)
        if run.first_authorised_by_id != by.id:
            authorising.tick(run, dict.fromkeys(authorising.kinds_of(run), "Seen"), by=by)
        return authorising.authorise(run, by=by)


def by_hand(contract, payment, people):
    """Rows of every kind of thing that people do by hand to this payment, each by somebody else, in the order of
    `HandKind`; what the verbs write is what stands here.
    """
    own = {"provider_id": contract.provider_id}
    its, of = own | {"payment_id": payment.id}, own | {"contract_id": contract.id}
    [line] = [each for each in every(PaymentLine) if each.payment_id == payment.id]
    now, days = utc_now(), {"confirm_by": SUNDAY, "finalise_on": SUNDAY, "bank_on": SUNDAY}
    days = {f"{age}_{name}": day for age in ("old", "new") for name, day in days.items()}
    let_go = {"kind": HoldKind.OFFICER, "reason": "r", "released_at": now, "release_reason": "r"}
    who, somebody = {kind: people[kind].id for kind in HandKind}, people["another"].id
    [item] = every(select(CarePackageLineItem).where(CarePackageLineItem.contract_id == contract.id))
    client_id = item.client_id

    def said(action, kind, subject=f"scheduled_payment:{payment.id}"):
        return AuditEvent(action=action, user_id=who[kind], subject=subject, **own)

    with unit_of_work() as session:
        made = Adjustment(
            **of, client_id=client_id, for_day=MONDAY, amount_pence=1, reason="r",
            created_by_id=who[HandKind.ADJUSTED], cancelled_by_id=who[HandKind.CANCELLED], cancelled_at=now,
        )  # fmt: skip
        standing = StandingHold(
            **own, first_on=MONDAY, reason="r", review_on=MONDAY, begun_by_id=who[HandKind.SUSPENDED],
        )  # fmt: skip
        plan = RecoveryPlan(**of, per_payment_pence=5, created_by_id=who[HandKind.INSTALMENTS])
        paper = Agreement(**own, item_id=item.id, version=1, terms=terms_of(item), agreed_on=MONDAY, by_name="r")
        session.execute(update(Contract).values(is_agreement_required=True))
        session.add_all([made, standing, plan, paper])
        session.flush()
        session.execute(update(PaymentLine).where(PaymentLine.id == line.id).values(adjustment_id=made.id))
        session.add_all([
            Hold(**its, **let_go, placed_by_id=who[HandKind.HELD], released_by_id=who[HandKind.RELEASED]),
            Hold(**its, **let_go, placed_by_id=who[HandKind.SUSPENDED], released_by_id=who[HandKind.RELEASED],
                 standing_id=standing.id),
            said("payment.paid_as_it_is", HandKind.WAIVED),
            said("payment.kept_back_again", HandKind.KEPT_BACK),
            said("payment.sent_back", HandKind.SENT_BACK),
            said("agreement.recorded", HandKind.AGREED, f"agreement:{paper.id}"),
            DayMove(**its, **days, reason="r", moved_by_id=who[HandKind.MOVED]),
            DayMove(**its, **days, reason="r", moved_by_id=who[HandKind.PAID_NOW], is_paid_now=True),
            DebtEntry(**of, kind=DebtEntryKind.REPAID, pence=1, made_by_id=who[HandKind.REPAID]),
            DebtEntry(**of, kind=DebtEntryKind.MOVED, pence=1, made_by_id=who[HandKind.DEBT_MOVED]),
            WriteOff(**of, pence=1, reason="r", asked_by_id=who[HandKind.WRITTEN_OFF], decided_by_id=somebody,
                     decided_at=now, is_agreed=True),
            WriteOff(**of, pence=1, reason="r", asked_by_id=people["free"].id, decided_by_id=people["free"].id,
                     decided_at=now, is_agreed=False),
        ])  # fmt: skip


def test_whoever_has_a_hand_in_it_neither_authorises_nor_finalises_whatever_their_role_is_now(contract):
    run_id = prepared()
    people = {kind: make_staff(MANAGER, name=kind.value) for kind in HandKind}
    free = make_staff(MANAGER)
    people |= {"another": make_staff(MANAGER), "free": free}
    by_hand(contract, every(ScheduledPayment)[0], people)
    with reading() as session:
        hands = hands_in(run_of(session, run_id))
        assert {hand.kind: hand.name for hand in hands if hand.user_id != people["another"].id} == {
            kind: kind.value for kind in HandKind
        }
        assert {hand.pence for hand in hands if hand.kind is HandKind.HELD} == {10_000}
        assert {hand.reason for hand in hands if not hand.kind.is_of_debt} <= {"r", ""}
    for kind in HandKind:
        with pytest.raises(
            DomainError, match=r"decided something in this run by hand \(.*somebody else has to authorise"
        ):
            authorise(run_id, people[kind])
    assert authorise(run_id, free), "who refused a write-off has decided nothing of the run's money"
    with reading() as session:
        for kind in HandKind:
            with pytest.raises(DomainError, match="somebody else has to finalise it"):
                authorising.check_may_be_finalised(run_of(session, run_id), by=people[kind])
        authorising.check_may_be_finalised(run_of(session, run_id), by=free)


def test_a_hand_in_what_is_owed_counts_for_the_next_run_only_and_is_a_finding(contract):
    ola, mia = make_staff(MANAGER, name="Ola"), make_staff(MANAGER, name="Mia")
    own = {"provider_id": contract.provider_id, "contract_id": contract.id, "kind": DebtEntryKind.REPAID}
    with unit_of_work() as session:
        session.add(DebtEntry(**own, pence=1, made_by_id=ola.id, reason="By cheque"))
    finalise(SUNDAY)
    with unit_of_work() as session:
        session.add(DebtEntry(**own, pence=2, made_by_id=mia.id, reason="By card"))
    run_id = prepared(SUNDAY + WEEK)
    with reading() as session:
        assert [(hand.user_id, hand.pence) for hand in hands_in(run_of(session, run_id))] == [(mia.id, 2)]
        [first] = session.scalars(select(PaymentRun).where(PaymentRun.id != run_id)).all()
        assert [hand.user_id for hand in hands_in(first)] == [ola.id], "not what was done after it was closed"
    [found] = every(select(RunFinding).where(RunFinding.run_id == run_id, RunFinding.kind == Finding.DEBT_BY_HAND))
    assert (found.now_pence, found.note) == (2, "repayment recorded, Mia: By card")


def test_who_has_or_had_a_place_at_a_provider_in_the_run_does_not_pay_it(contract):
    run_id, bound, free = prepared(), make_staff(MANAGER), make_staff(MANAGER)
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    make_membership(bound, provider)
    make_membership(free, make_provider())
    with pytest.raises(DomainError, match="place at .*, which is among these, so a colleague has to tick"):
        authorise(run_id, bound)
    with as_on(SUNDAY), reading() as session, pytest.raises(DomainError, match="which this run is about, so"):
        authorising.authorise(run_of(session, run_id), by=bound)
    assert authorise(run_id, free)
    with reading() as session, pytest.raises(DomainError, match="somebody else has to finalise it"):
        authorising.check_may_be_finalised(run_of(session, run_id), by=bound)


def test_where_the_preparer_is_bound_a_colleague_ticks_in_their_place_and_nobody_twice(contract):
    calculate(SUNDAY)
    bound, last, colleague = make_staff(MANAGER), make_staff(MANAGER), make_staff()
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    make_membership(bound, provider)
    with as_on(SUNDAY), unit_of_work() as session:
        run = prepare(by=session.merge(bound))
        session.flush()
        run_id = run.id
    with as_on(SUNDAY), unit_of_work() as session:
        run = run_of(session, run_id)
        every_kind = dict.fromkeys(authorising.kinds_of(run), "Seen")
        checklist = authorising.Checklist.of(run, session.merge(bound))
        assert (checklist.not_mine, checklist.mine_left) == (set(every_kind), [])
        with pytest.raises(DomainError, match="a colleague has to tick them"):
            authorising.tick(run, every_kind, by=bound)
    with pytest.raises(DomainError, match="Still to tick"):
        authorise(run_id, last)
    with as_on(SUNDAY), unit_of_work() as session:
        run = run_of(session, run_id)
        authorising.tick(run, every_kind, by=last)
        authorising.tick(run, every_kind, by=colleague)
    assert authorise(run_id, last)
    with reading():
        assert not list(people.ticked())


def test_a_preparer_who_is_bound_elsewhere_ticks_as_ever(contract):
    run_id, last, colleague = prepared(), make_staff(MANAGER), make_staff()
    with unit_of_work() as session:
        session.execute(delete(RunTick))
        run = run_of(session, run_id)
        preparer = session.get(User, run.prepared_by_id)
    make_membership(preparer, make_provider())
    with as_on(SUNDAY), unit_of_work() as session:
        run = run_of(session, run_id)
        authorising.tick(run, dict.fromkeys(authorising.kinds_of(run), "Seen"), by=colleague)
    with pytest.raises(DomainError, match="Still to tick"):
        authorise(run_id, last)


def granted(person, *, days):
    """They were given their role so long ago."""
    with unit_of_work() as session:
        ago = utc_now() - days + timedelta(minutes=1)
        session.execute(update(Staff).where(Staff.user_id == person.id).values(granted_at=ago))
    return person


def test_who_has_had_the_role_for_less_than_three_days_does_not_authorise_alone(contract):
    run_id = prepared()
    new, newer = (granted(make_staff(MANAGER), days=timedelta(days=3)) for _ in range(2))
    assert not authorise(run_id, new), "the first of two"
    with pytest.raises(DomainError, match="One person more has to"):
        authorise(run_id, new)
    with pytest.raises(DomainError, match="both had your roles for a few days only"):
        authorise(run_id, newer)
    assert authorise(run_id, make_staff(MANAGER)), "an account that a command made"
    with reading() as session:
        authorising.check_may_be_finalised(run_of(session, run_id), by=newer)


def test_after_three_days_they_do(contract):
    known = granted(make_staff(MANAGER), days=timedelta(days=3, minutes=2))
    assert authorise(prepared(), known)


def test_above_a_limit_one_of_the_two_may_be_new(contract, limits):
    limits(run_pence=1)
    run_id, new = prepared(), granted(make_staff(MANAGER), days=timedelta(days=1))
    assert not authorise(run_id, make_staff(MANAGER))
    assert authorise(run_id, new)


def test_a_role_that_was_given_anew_does_not_finalise_what_it_alone_has_authorised(contract):
    run_id, max_ = prepared(), make_staff(MANAGER)
    assert authorise(run_id, max_)
    granted(max_, days=timedelta(days=1))
    with reading() as session, pytest.raises(DomainError, match="nobody else has authorised this run"):
        authorising.check_may_be_finalised(run_of(session, run_id), by=max_)
