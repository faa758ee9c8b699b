"""A document that waits when its line item is agreed on paper waits no longer, and two people let that money go."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import DAY, as_on, today
from models.correspondence.document import DocumentState
from models.correspondence.on_paper import agree_on_paper, overtake
from models.payments import authorising
from models.payments.finding import Finding, RunFinding
from models.payments.hand_made import HandKind, hands_in
from models.payments.offered import OfferedTerms
from models.payments.payment_run import prepare
from models.payments.run import PaymentRun
from models.permissions import CouncilRole, Role
from models.records.agreement import terms_of
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from tests import care_factories as care
from tests.factories import make_provider, make_staff, make_user
from tests.models.correspondence.test_documents import agree, now, published
from tests.support.client import PortalClient
from tests.support.rows import every, unit_of_work
from tests.support.runs import calculate, change, finalise

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 23)
SUNDAY, WEEK = MONDAY + timedelta(days=6), timedelta(days=7)


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def contract(provider):
    return care.make_contract(provider, calculate_from=MONDAY, is_agreement_required=True)


@pytest.fixture
def item(contract):
    return care.make_item(contract, 872_5000, starts_on=MONDAY)


@pytest.fixture
def clerk():
    return make_staff(CouncilRole.SERVICE_AGREEMENTS)


def on_paper(item, by, day=None):
    with as_on(day or today()), unit_of_work() as session:
        own = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        agree_on_paper(own, terms_of(own), agreed_on=today(), by_name="Ann Hill", by=by)


def test_a_published_document_is_superseded_by_the_paper_and_says_so_on_both_sides(item, provider, clerk, app):
    signatory = make_user(Role.SIGNATORY, provider)
    document = published(item, clerk, signatory)
    on_paper(item, clerk)
    gone, words = now(document), "An agreement on paper of 2 October 2019 has taken its place"
    assert (gone.state, gone.reason, gone.decided_by_id) == (DocumentState.SUPERSEDED, words, clerk.id)
    assert not every(OfferedTerms)
    [event] = every(select(AuditEvent).where(AuditEvent.action == "document.overtaken"))
    assert event.user_id == clerk.id
    with pytest.raises(DomainError, match=f"{words}. Nothing is asked of you"):
        agree(document, signatory)
    own = PortalClient(app).sign_in(signatory)
    assert f"{words}. Nothing is asked of you" in own.get(f"/providers/{provider.id}/documents/{document.id}").words
    assert "document to agree" not in own.get(f"/providers/{provider.id}/").words
    desk = PortalClient(app).sign_in(clerk)
    assert words in desk.get(f"/council/documents/{document.id}").words
    assert "Documents that wait for providers" not in desk.get("/council/").words


def test_what_was_published_after_the_paper_or_is_of_another_item_goes_on_waiting(item, contract, provider, clerk):
    on_paper(item, clerk)
    other = care.make_item(contract, 100_0000, starts_on=MONDAY)
    waiting = [published(each, clerk) for each in (item, other)]
    with unit_of_work():
        assert overtake([item.id, other.id], by=None) == 0
    assert {now(each).state for each in waiting} == {DocumentState.PUBLISHED}
    assert len(every(OfferedTerms)) == 2


def test_an_agreement_in_the_portal_overtakes_nothing(item, provider, clerk):
    signatory = make_user(Role.SIGNATORY, provider)
    agree(published(item, clerk, signatory), signatory)
    with unit_of_work():
        assert overtake([item.id], by=None) == 0


def prepared():
    calculate(SUNDAY)
    preparer = make_staff()
    with as_on(SUNDAY), unit_of_work() as session:
        run = prepare(by=session.merge(preparer))
        session.flush()
        kinds = authorising.kinds_of(run)
        authorising.tick(run, dict.fromkeys(kinds, "Seen"), by=session.merge(preparer))
        return run.id, kinds


def authorise(run_id, by):
    with as_on(SUNDAY), unit_of_work() as session:
        run = session.scalars(select(PaymentRun).where(PaymentRun.id == run_id)).one()
        authorising.tick(run, dict.fromkeys(authorising.kinds_of(run), "Seen"), by=by)
        return authorising.authorise(run, by=by)


def test_who_recorded_the_paper_does_not_let_the_money_go_and_the_run_says_so(item):
    officer, other = (make_staff(CouncilRole.PAYMENTS_MANAGER, name=name) for name in ("Ola", "Mia"))
    on_paper(item, officer, MONDAY)
    run_id, kinds = prepared()
    assert Finding.AGREED_BY_HAND in kinds
    [found] = every(select(RunFinding).where(RunFinding.kind == Finding.AGREED_BY_HAND))
    assert (found.now_pence, found.note) == (872_50, "Ola has recorded it, agreed by Ann Hill")
    with pytest.raises(DomainError, match="agreement on paper recorded"):
        authorise(run_id, officer)
    assert authorise(run_id, other)


def test_a_paper_that_a_run_has_paid_by_binds_nobody_in_the_next(item):
    on_paper(item, make_staff(name="Ola"), MONDAY)
    finalise(SUNDAY)
    calculate(SUNDAY + WEEK)
    preparer = make_staff()
    with as_on(SUNDAY + WEEK), unit_of_work() as session:
        run = prepare(by=session.merge(preparer))
        session.flush()
        assert not [hand for hand in hands_in(run) if hand.kind is HandKind.AGREED]


@pytest.mark.parametrize(
    ("given", "is_told"),
    [({"gate_from": None}, True), ({"gate_from": MONDAY}, True), ({"gate_from": MONDAY + DAY}, False),
     ({"is_agreement_required": False}, False)],
)  # fmt: skip
def test_a_paper_is_a_hand_only_where_the_payment_waits_for_agreements(item, contract, given, is_told):
    [own] = every(select(Contract))
    change(own, **given)
    on_paper(item, make_staff(), MONDAY)
    _, kinds = prepared()
    assert (Finding.AGREED_BY_HAND in kinds) is is_told
