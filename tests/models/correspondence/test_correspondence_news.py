"""Who is told of actions and documents, when, and where the mail leads; never with what anybody has typed."""

import pytest
from sqlalchemy import select

from models.accounts.notification import News, WaitingNews, When, choose, send_digest
from models.correspondence import action_verbs as verbs
from models.correspondence import documents
from models.correspondence.action import Action, Side
from models.correspondence.action_post import see
from models.correspondence.document import ContractDocument
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.care_package import CarePackageLineItem
from tests.action_factories import make_action, make_team, make_type
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support.documents import printed
from tests.support.rows import every, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def daily(timetable):
    timetable("08:00 reminders")


@pytest.fixture
def provider():
    return make_provider(name="Oak House")


def wants(person, news, when):
    with unit_of_work():
        choose(person, {news: when})


def act(action, verb, *words, **given):
    with unit_of_work() as session:
        verb(session.scalars(Action.numbered(action.id)).one(), *words, **given)


@pytest.mark.parametrize("when", When)
def test_a_reply_is_told_as_its_reader_chose(provider, when):
    person, officer = make_user(Role.FINANCE, provider), make_staff()
    wants(person, News.POST, when)
    action = make_action(provider, person, make_type(make_team()), title="About Bart", text="Bart has left")
    act(action, verbs.reply_to_provider, "Bart is paid", by=officer)
    at_once, waiting = every(OutboxMessage), every(WaitingNews)
    assert (len(at_once), len(waiting)) == {When.AT_ONCE: (1, 0), When.DAILY: (0, 1), When.OFF: (0, 0)}[when]
    with unit_of_work():
        send_digest(person.id)
    mails = every(OutboxMessage)
    assert len(mails) == (0 if when is When.OFF else 1)
    there = f"http://portal.example/providers/{provider.id}/actions/{action.id}\n"
    assert all(there in mail.body and "Bart" not in mail.body + mail.subject for mail in mails)


def test_a_team_is_told_in_its_mailbox_until_somebody_takes_the_action(provider):
    person, officer = make_user(Role.FINANCE, provider), make_staff()
    action = make_action(provider, person, make_type(make_team(email="team@council.example")))
    there = f"http://portal.example/council/actions/{action.id}\n"
    assert [(mail.to, there in mail.body) for mail in every(OutboxMessage)] == [("team@council.example", True)]
    wants(officer, News.POST, When.DAILY)
    act(action, verbs.reply_to_provider, "Which week?", by=officer)
    act(action, verbs.take, by=officer)
    with unit_of_work() as session:
        see(action.id, Side.COUNCIL, by=officer)
        found = session.scalars(Action.numbered(action.id)).one()
        verbs.reply_to_council(found, "The second", found.team, by=person)
    lines = [(each.user_id, each.line, each.path) for each in every(WaitingNews)]
    line = f"Action {action.id}: a provider has written in an action"
    assert lines == [(officer.id, line, f"/council/actions/{action.id}")]
    with unit_of_work():
        assert send_digest(officer.id)
    assert every(OutboxMessage)[-1].to == officer.email


def test_a_document_is_told_to_who_may_agree_and_as_they_chose(provider):
    at_once, daily = (make_user(Role.SIGNATORY, provider) for _ in range(2))
    make_user(Role.FINANCE, provider)
    wants(daily, News.DOCUMENT, When.DAILY)
    clerk = make_staff(CouncilRole.SERVICE_AGREEMENTS)
    item = make_item(make_contract(provider, is_agreement_required=True), rate_e4=8_725_000)
    with unit_of_work() as session:
        found = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        made = documents.make(found, council="Borsetshire", by=clerk)
    with unit_of_work() as session:
        document = session.scalars(ContractDocument.numbered(made.id)).one()
        documents.publish(document, seen_sha256=document.sha256, council="Borsetshire", printed=printed, by=clerk)
    [mail] = every(OutboxMessage)
    assert mail.to == at_once.email
    assert f"http://portal.example/providers/{provider.id}/documents/\n" in mail.body
    assert [(each.user_id, each.line) for each in every(WaitingNews)] == [
        (daily.id, "A contract document waits for you")
    ]
