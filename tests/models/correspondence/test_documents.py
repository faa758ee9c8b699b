"""A service agreement, from the line item that it is drawn from to the act that binds its provider."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from models.accounts.user import Membership
from models.audit import AuditEvent
from models.base import DomainError
from models.calendar import today
from models.correspondence import documents
from models.correspondence.action import Action
from models.correspondence.action_post import ActionPost
from models.correspondence.action_type import ActionTeam
from models.correspondence.document import DEED, ContractDocument, DocumentOpening, DocumentState
from models.correspondence.documents import Proof
from models.correspondence.paper import Paper, sha256_of, sums_in_words
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.pricing import Unit
from models.records.agreement import Agreement, AgreementSource, record_agreement, terms_of
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.provider import Provider, ProviderKind
from tests.action_factories import make_team, make_type
from tests.care_factories import (
    make_client,
    make_contract,
    make_deduction,
    make_item,
    make_quantity,
    make_service_level,
)
from tests.factories import make_provider, make_staff, make_user
from tests.support.documents import printed
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

COUNCIL = "Borsetshire Council"
PROOF = Proof("password", "192.0.2.7", "Mozilla", "a session")


@pytest.fixture
def provider():
    return make_provider(name="Oak House", address="1 Oak Street\nDarlington")


@pytest.fixture
def item(provider):
    return make_item(make_contract(provider, is_agreement_required=True), rate_e4=8_725_000)


@pytest.fixture
def clerk():
    return make_staff(CouncilRole.SERVICE_AGREEMENTS)


@pytest.fixture
def signatory(provider):
    return make_user(Role.SIGNATORY, provider, name="Dawn Stockton")


def made(item, by):
    with unit_of_work() as session:
        found = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        return documents.make(found, council=COUNCIL, by=by)


def act(document, verb, tenant=None, **given):
    with unit_of_work(tenant) if tenant else unit_of_work() as session:
        found = session.scalars(ContractDocument.numbered(document.id)).one()
        return verb(found, **given)


def now(document):
    return every(ContractDocument.numbered(document.id))[0]


def publish(document, by):
    act(document, documents.publish, seen_sha256=now(document).sha256, council=COUNCIL, printed=printed, by=by)
    return now(document)


def opened(document, by):
    with unit_of_work(document.provider_id):
        DocumentOpening.note(document, by.id)


def agree(document, by, seen=None):
    seen = seen or document.sha256
    act(document, documents.agree, document.provider_id, seen_sha256=seen, council=COUNCIL, proof=PROOF, by=by)


def published(item, clerk, *readers):
    document = publish(made(item, clerk), clerk)
    for each in readers:
        opened(document, each)
    return document


def price(item, rate_e4):
    with unit_of_work() as session:
        session.execute(update(ItemPrice).where(ItemPrice.item_id == item.id).values(rate_e4=rate_e4))


def test_a_paper_says_what_the_line_item_says(item, provider, clerk):
    document = made(item, clerk)
    assert (document.state, document.version, document.paper.sum_pence) == (DocumentState.DRAFT, 1, 87_250)
    facts = dict(document.paper.facts)
    assert facts["Provider"] == f"Oak House ({provider.reference})"
    assert facts["Price"] == "£872.50 a week, from 1 January 2019"
    assert facts["Quantity"] == "One week"
    assert facts["The council pays a week"] == "£872.50"
    assert document.sha256 == document.paper.sha256 == sha256_of(now(document).paper.as_dict())
    assert Paper.from_dict(document.paper.as_dict()) == document.paper


def test_the_sum_counts_quantity_vat_and_what_the_provider_collects(provider, clerk):
    level = make_service_level(unit=Unit.HOUR, vat_code="standard", vat_basis_points=2_000)
    item = make_item(make_contract(provider), rate_e4=231_000, service_level_id=level.id)
    make_quantity(item, 127_500)
    make_deduction(item, 500_000)
    paper = made(item, clerk).paper
    assert paper.sum_pence == 29_453 + 5_891 - 5_000  # 12.75 h at £23.10 = £294.525
    facts = dict(paper.facts)
    assert facts["Price"] == "£23.10 an hour, and VAT at 20 %, from 1 January 2019"
    assert facts["Quantity"] == "12.75 a week, from 1 January 2019"
    assert facts["Others pay"] == (
        "The person’s contribution: £50.00 a week, from 1 January 2019, collected by the provider"
    )


def test_a_monthly_price_is_told_by_the_month(provider, clerk):
    item = make_item(make_contract(provider), 1_000_000, service_level_id=make_service_level(unit=Unit.MONTH).id)
    paper = made(item, clerk).paper
    assert (paper.sum_of, paper.sum_pence) == ("month", 10_000)


@pytest.mark.covers("S0-035")
def test_a_paper_stays_what_it_was_when_the_provider_is_renamed(item, provider, clerk, signatory):
    document = published(item, clerk, signatory)
    with unit_of_work() as session:
        session.execute(update(Provider).where(Provider.id == provider.id).values(name="Elm House"))
    assert dict(now(document).paper.facts)["Provider"].startswith("Oak House")
    agree(document, signatory)
    assert now(document).state is DocumentState.AGREED


def test_a_draft_is_drawn_again_and_what_says_the_same_is_not_made_twice(item, clerk):
    first = made(item, clerk)
    price(item, 9_152_500)
    again = made(item, clerk)
    assert (again.id, again.version, again.paper.sum_pence) == (first.id, 1, 91_525)
    publish(again, clerk)
    with pytest.raises(DomainError, match="says the same already"):
        made(item, clerk)


def test_what_was_not_looked_at_or_has_changed_is_not_published(item, clerk):
    document = made(item, clerk)
    with pytest.raises(DomainError, match="not the version that you looked at"):
        act(document, documents.publish, seen_sha256="0" * 64, council=COUNCIL, printed=printed, by=clerk)
    price(item, 9_152_500)
    with pytest.raises(DomainError, match="has changed since this was made"):
        act(document, documents.publish, seen_sha256=document.sha256, council=COUNCIL, printed=printed, by=clerk)
    assert now(document).state is DocumentState.DRAFT
    assert not every(OutboxMessage)


def test_publishing_tells_who_may_agree_and_names_no_client(item, clerk, signatory, provider):
    make_user(Role.FINANCE, provider)
    document = published(item, clerk)
    [mail] = every(OutboxMessage)
    assert mail.to == signatory.email
    assert "1 document of Oak House waits for your answer" in mail.body
    assert not any(name in mail.body for name in (document.paper.surname, document.paper.client_reference))


@pytest.mark.covers("S0-037", "S0-040")
def test_agreeing_binds_version_hash_words_and_person(item, clerk, signatory):
    document = published(item, clerk, signatory)
    agree(document, signatory)
    done = now(document)
    assert (done.state, done.agreed_by_id, done.decided_by_id) == (DocumentState.AGREED, signatory.id, signatory.id)
    assert (done.act.version, done.act.sha256, done.act.role) == (1, document.sha256, "Contract signatory")
    assert done.act.statement.startswith("I am authorised to bind Oak House.")
    assert "binding" in done.act.statement
    assert (done.act.user, done.act.address, done.act.proved_by) == ("Dawn Stockton", "192.0.2.7", "password")
    assert len(done.act.session_sha256) == 64
    assert "a session" not in done.act.text
    event = every(select(AuditEvent).where(AuditEvent.action == "document.agreed"))[0]
    assert event.detail["sha256"] == document.sha256
    assert event.detail["act_sha256"] == sha256_of(done.act.as_dict())
    assert {mail.to for mail in every(OutboxMessage) if mail.subject == "A contract document was agreed"} == {
        signatory.email, clerk.email,
    }  # fmt: skip


def test_version_2_supersedes_what_waits_and_the_one_that_lay_open_is_not_agreed(item, clerk, signatory):
    """Case 10: £872.50 to £915.25."""
    first = published(item, clerk, signatory)
    price(item, 9_152_500)
    second = published(item, clerk)
    assert now(first).state is DocumentState.SUPERSEDED
    with pytest.raises(DomainError, match="A newer version has taken its place"):
        agree(first, signatory)
    assert second.paper.differs_from(first.paper) == [
        ("Price", "£872.50 a week, from 1 January 2019", "£915.25 a week, from 1 January 2019"),
        ("The council pays a week", "£872.50", "£915.25"),
    ]
    assert not every(select(ContractDocument).where(ContractDocument.agreed_at.is_not(None)))


def test_what_is_agreed_holds_until_the_next_version_is(item, clerk, signatory):
    first = published(item, clerk, signatory)
    agree(first, signatory)
    price(item, 9_152_500)
    second = published(item, clerk, signatory)
    assert now(first).state is DocumentState.AGREED
    agree(second, signatory)
    assert (now(first).state, now(second).state) == (DocumentState.SUPERSEDED, DocumentState.AGREED)
    assert now(first).act is not None
    assert every(ContractDocument.in_force(first.series))[0].id == second.id


def test_what_was_agreed_on_paper_since_is_not_replaced_by_an_older_document(item, clerk, signatory):
    """£872.50 lies published, £915.25 is agreed on paper: agreeing to £872.50 would hold £42.75 a week again."""
    first = published(item, clerk, signatory)
    price(item, 9_152_500)
    with unit_of_work() as session:
        own = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        record_agreement(own, terms_of(own), agreed_on=today(), by_name="Ann Hill", source=AgreementSource.PAPER)
    with pytest.raises(DomainError, match="recorded as agreed on .* after this was published"):
        agree(first, signatory)
    assert now(first).state is DocumentState.PUBLISHED
    assert [each.terms.prices[0].rate_e4 for each in every(Agreement)] == [9_152_500]
    second = published(item, clerk, signatory)
    agree(second, signatory)
    assert now(second).state is DocumentState.AGREED


def test_four_who_cannot_agree_read_four_reasons(item, clerk, signatory, provider):
    """Case 11: a deed, a viewer, a signatory removed a second ago, a superseded version (above)."""
    document, viewer = published(item, clerk, signatory), make_user(Role.VIEWER, provider)
    opened(document, viewer)
    with pytest.raises(DomainError, match="You may no longer bind Oak House"):
        agree(document, viewer)
    with unit_of_work() as session:
        session.execute(update(ContractDocument).values(is_deed=True))
    with pytest.raises(DomainError, match=DEED[:15]):
        agree(document, signatory)
    with unit_of_work() as session:
        session.execute(update(ContractDocument).values(is_deed=False))
        session.execute(sa.delete(Membership).where(Membership.user_id == signatory.id))
    with pytest.raises(DomainError, match="You may no longer bind Oak House"):
        agree(document, signatory)
    assert now(document).state is DocumentState.PUBLISHED


def test_of_two_signatories_the_second_is_told_who_was_first(item, clerk, signatory, provider):
    other = make_user(Role.ADMINISTRATOR, provider, name="Sam Hill")
    document = published(item, clerk, signatory, other)
    agree(document, signatory)
    with pytest.raises(DomainError, match="Dawn Stockton agreed to it"):
        agree(document, other)
    assert now(document).agreed_by_id == signatory.id


def test_nobody_agrees_to_what_they_have_not_opened_or_not_seen(item, clerk, signatory):
    document = published(item, clerk)
    with pytest.raises(DomainError, match="Open .* and read it first"):
        agree(document, signatory)
    opened(document, signatory)
    opened(document, signatory)
    with pytest.raises(DomainError, match="not the version that you looked at"):
        agree(document, signatory, seen="0" * 64)
    assert now(document).state is DocumentState.PUBLISHED


@pytest.mark.covers("S0-041")
def test_rejecting_asks_why_and_tells_who_published(item, clerk, signatory):
    document = published(item, clerk)
    given = {"seen_sha256": document.sha256, "by": signatory}
    with pytest.raises(DomainError, match="Say why"):
        act(document, documents.reject, document.provider_id, reason=" ", **given)
    act(document, documents.reject, document.provider_id, reason=" The price is last year’s ", **given)
    assert (now(document).state, now(document).reason) == (DocumentState.REJECTED, "The price is last year’s")
    mail = every(OutboxMessage)[-1]
    assert (mail.to, "last year" in mail.body) == (clerk.email, False)
    opened(document, signatory)
    with pytest.raises(DomainError, match="It was rejected on"):
        agree(document, signatory)
    assert published(item, clerk).version == 2


@pytest.mark.parametrize("kind", [ProviderKind.CARE_HOME, ProviderKind.FOSTER_CARER])
def test_a_rejection_opens_an_action_for_the_service_agreement_team_whoever_rejects(
    item, clerk, signatory, provider, monkeypatch, kind
):
    """The type of agreements is offered to care homes only, and its team answers these only: a foster carer’s
    rejection goes there all the same.
    """
    agreements, everybody = make_team(kinds=[ProviderKind.CARE_HOME.value]), make_team()
    types = make_type(agreements, kinds=[ProviderKind.CARE_HOME.value]), make_type(everybody)
    monkeypatch.setattr(documents, "ASKED_BY", [each.reference for each in types])
    with unit_of_work() as session:
        session.execute(update(Provider).where(Provider.id == provider.id).values(kind=kind))
    document = published(item, clerk)
    given = {"seen_sha256": document.sha256, "reason": "£872.50 is last year’s price", "by": signatory}
    told = act(document, documents.reject, document.provider_id, **given)
    [action] = every(Action)
    assert (told.id, action.team_id) == (agreements.id, agreements.id)
    assert action.title == "Rejected: Individual Service Agreement, version 1"
    assert (action.item_id, action.client_id, action.contract_id) == (item.id, item.client_id, item.contract_id)
    [post] = every(ActionPost)
    assert "£872.50" not in post.text, "whoever sees no prices reads actions too"
    assert "Why stands on its page under Contract Documents" in post.text
    assert now(document).reason == "£872.50 is last year’s price"


def test_a_rejection_goes_to_no_team_that_is_retired(item, clerk, signatory, provider, monkeypatch):
    """A retired team is given nothing any more: the next one that takes agreements has it, else whoever answers any
    query.
    """
    gone, agreements, everybody = make_team(retired_on=date(2019, 1, 1)), make_team(), make_team()
    types = make_type(gone, agreements), make_type(everybody)
    monkeypatch.setattr(documents, "ASKED_BY", [each.reference for each in types])
    for team in (agreements, everybody):
        document = published(item, clerk)
        given = {"seen_sha256": document.sha256, "reason": "No", "by": signatory}
        assert act(document, documents.reject, document.provider_id, **given).id == team.id
        with unit_of_work() as session:
            session.execute(update(ActionTeam).where(ActionTeam.id == team.id).values(retired_on=date(2019, 1, 1)))


def test_where_nobody_takes_agreements_a_rejection_goes_to_whoever_answers_any_query(
    item, clerk, signatory, provider, monkeypatch
):
    everybody = make_team()
    monkeypatch.setattr(documents, "ASKED_BY", ["no such type", make_type(everybody).reference])
    for team in (everybody, None):
        document = published(item, clerk)
        given = {"seen_sha256": document.sha256, "reason": "No", "by": signatory}
        told = act(document, documents.reject, document.provider_id, **given)
        assert (told and told.id) == (team and team.id)
        monkeypatch.setattr(documents, "ASKED_BY", ["no such type", "nor this"])


def test_withdrawing_asks_why_and_nothing_is_withdrawn_after_it_is_agreed(item, clerk, signatory):
    document = published(item, clerk, signatory)
    with pytest.raises(DomainError, match="Say why"):
        act(document, documents.withdraw, reason="", by=clerk)
    act(document, documents.withdraw, reason="Made in error", by=clerk)
    with pytest.raises(DomainError, match="The council withdrew it"):
        agree(document, signatory)
    again = published(item, clerk, signatory)
    agree(again, signatory)
    with pytest.raises(DomainError, match="changed since you opened"):
        act(again, documents.withdraw, reason="Made in error", by=clerk)


def test_chasing_writes_once_a_day(item, clerk, signatory):
    document = published(item, clerk)
    before = len(every(OutboxMessage))
    assert [act(document, lambda found: documents.chase([found], by=clerk)) for _ in range(2)] == [1, 0]
    [mail] = every(OutboxMessage)[before:]
    assert "1 document of Oak House still waits" in mail.body


def test_many_are_published_and_what_has_changed_is_left_out_by_name(provider, clerk, signatory):
    contract = make_contract(provider)
    items = [make_item(contract, client=make_client()) for _ in range(3)]
    drafts = [made(each, clerk) for each in items]
    price(items[1], 9_152_500)
    with unit_of_work() as session:
        query = select(ContractDocument).options(*ContractDocument.whole()).order_by(ContractDocument.id)
        found = session.scalars(query).all()
        seen = {each.id: each.sha256[:16] for each in found}
        count, left = documents.publish_each(found, seen, council=COUNCIL, printed=printed, by=clerk)
    assert count == 2
    assert len(left) == 1
    assert left[0].startswith(f"{items[1].reference}: The care package has changed")
    assert len(every(OutboxMessage)) == 1
    assert [now(each).state.value for each in drafts] == ["published", "draft", "published"]


def test_the_database_keeps_states_and_their_moments_together(item, clerk):
    document = published(item, clerk)
    for wrong in ({"state": "agreed"}, {"state": "rejected"}, {"state": "draft"}, {"reason": "x"}, {"item_id": None}):
        with pytest.raises(IntegrityError), unit_of_work() as session:
            session.execute(update(ContractDocument).where(ContractDocument.id == document.id).values(**wrong))


def test_no_agreement_without_a_price_or_a_payment_method(provider, clerk):
    with pytest.raises(DomainError, match="has no price yet"):
        made(make_item(make_contract(provider), rate_e4=None), clerk)


def test_several_come_to_so_much_a_week_and_so_much_a_month(provider, clerk):
    level = make_service_level(unit=Unit.MONTH)
    contract = make_contract(provider)
    items = [make_item(contract, 872_5000), make_item(contract, 100_0000),
             make_item(contract, 50_0000, service_level_id=level.id)]  # fmt: skip
    papers = [made(each, clerk).paper for each in items]
    assert sums_in_words(papers) == "£972.50 a week and £50.00 a month"
    assert sums_in_words(papers[2:]) == "£50.00 a month"
    assert sums_in_words([]) == ""
