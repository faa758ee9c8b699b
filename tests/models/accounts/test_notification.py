"""Which e-mails somebody gets, and when. docs/mail-states.md has the table."""

import pytest
from sqlalchemy import select

from models.accounts import notification
from models.accounts.notification import (
    Letter,
    News,
    NotificationChoice,
    WaitingNews,
    When,
    at_provider,
    choose,
    in_force,
    news_for,
    send,
    send_digest,
    who_awaits_news,
)
from models.accounts.user import Membership, User
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]


@pytest.fixture
def provider():
    return make_provider(name="Oak House")


@pytest.fixture
def person(provider):
    return make_user(Role.ADMINISTRATOR, provider, name="Dawn")


@pytest.fixture(autouse=True)
def daily(timetable):
    timetable("08:00 reminders")


def letter(person, provider, news=News.PAYMENT, subject="Your query is answered", **more):
    path = at_provider(provider.id, "payments", "74 1254/A", "2019-09-30")
    return Letter(person, news, provider.id, subject, f"{person.name},\n\nthe body.\n", path, **more)


def told(*letters):
    with unit_of_work():
        send(letters)


def chosen(person, **wanted):
    with unit_of_work():
        choose(person, {News[name]: when for name, when in wanted.items()})


def digest(person):
    with unit_of_work():
        return send_digest(person.id)


def mails():
    return [(mail.to, mail.subject) for mail in every(OutboxMessage)]


def lines():
    return [each.line for each in every(WaitingNews)]


TABLE = [  # chosen, whether digests are sent, then of what changes, and of any other
    (None, True, When.DAILY, When.AT_ONCE),
    (None, False, When.OFF, When.AT_ONCE),
    (When.AT_ONCE, True, When.AT_ONCE, When.AT_ONCE),
    (When.AT_ONCE, False, When.AT_ONCE, When.AT_ONCE),
    (When.DAILY, True, When.DAILY, When.DAILY),
    (When.DAILY, False, When.AT_ONCE, When.AT_ONCE),
    (When.OFF, True, When.OFF, When.OFF),
    (When.OFF, False, When.OFF, When.OFF),
]


@pytest.mark.parametrize(("when", "is_sent", "of_changes", "of_others"), TABLE)
def test_when_somebody_is_told(when, is_sent, of_changes, of_others, monkeypatch):
    monkeypatch.setattr(notification, "are_digests_sent", lambda: is_sent)
    for news in News:
        assert in_force(news, {news: when} if when else {}) is (of_changes if news is News.CHANGED else of_others)


def test_at_once_is_one_mail_with_a_link(person, provider):
    told(letter(person, provider))
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == (person.email, "Your query is answered")
    link = f"http://portal.example/providers/{provider.id}/payments/74%201254%2FA/2019-09-30"
    assert mail.body == f"Dawn,\n\nthe body.\n\n{link}\n"
    assert lines() == []


def test_once_a_day_is_one_mail_of_all_and_none_of_nothing(person, provider):
    chosen(person, PAYMENT=When.DAILY)
    assert who_awaits() == []
    assert not digest(person)
    told(letter(person, provider, line="Your query is answered: 23 to 29 September"), letter(person, provider))
    told(letter(person, provider))  # it waits already
    assert mails() == []
    assert who_awaits() == [person.id]
    assert digest(person)
    [mail] = every(OutboxMessage)
    assert mail.subject == "What is new in the Provider Portal: 2 things"
    link = f"http://portal.example/providers/{provider.id}/payments/74%201254%2FA/2019-09-30"
    assert (
        f"Oak House\n- Your query is answered: 23 to 29 September\n  {link}\n- Your query is answered\n  {link}\n\nYou"
        in mail.body
    )
    assert "http://portal.example/account/e-mails" in mail.body
    assert not digest(person)
    assert len(mails()) == 1


def who_awaits():
    with reading():
        return who_awaits_news()


def test_a_digest_goes_by_provider_and_says_how_many_more_there_are(person, provider):
    other = make_provider(name="Elm House")
    make_membership(person, other, Role.ADMINISTRATOR)
    chosen(person, PAYMENT=When.DAILY)
    told(letter(person, provider), *(letter(person, other, subject=f"News {number:02}") for number in range(22)))
    digest(person)
    body = every(OutboxMessage)[0].body
    assert body.index("Elm House") < body.index("- News 19") < body.index("- and 2 more") < body.index("Oak House")
    assert "News 20" not in body


def test_not_at_all_is_nothing_and_forgets_what_waits_of_it(person, provider):
    chosen(person, PAYMENT=When.DAILY, POST=When.DAILY)
    told(letter(person, provider), letter(person, provider, News.POST, "Somebody has written"))
    chosen(person, PAYMENT=When.OFF, POST=When.AT_ONCE)
    assert lines() == ["Somebody has written"]
    told(letter(person, provider), letter(person, provider, News.POST, "More"))
    assert lines() == ["Somebody has written"]
    assert mails() == [(person.email, "More")]
    assert len(every(NotificationChoice)) == 2


def test_each_of_two_people_is_told_as_they_chose(person, provider):
    other = make_user(Role.VIEWER, provider)
    chosen(person, PAYMENT=When.OFF)
    told(letter(person, provider), letter(other, provider))
    assert mails() == [(other.email, "Your query is answered")]


@pytest.mark.parametrize("how", ["disabled", "no longer there"])
def test_whoever_has_left_meanwhile_gets_no_digest(person, provider, how):
    chosen(person, PAYMENT=When.DAILY)
    told(letter(person, provider))
    with unit_of_work() as rows:
        if how == "disabled":
            rows.get_one(User, person.id).is_active = False
        else:
            rows.delete(rows.get_one(Membership, 1))
    assert not digest(person)
    assert (mails(), lines()) == ([], [])


def test_what_somebody_can_be_told_of_goes_by_what_they_are(provider):
    def of(user):
        with reading() as rows:
            return set(news_for(rows.scalars(User.active_with_places(user.id)).unique().one()))

    assert of(make_user(Role.ADMINISTRATOR, provider)) == set(News)
    assert of(make_user(Role.FINANCE, provider)) == set(News) - {News.DOCUMENT}
    assert of(make_user(Role.CARER, provider)) == set(News) - {News.ANSWER, News.DEADLINE}
    assert of(make_user(Role.VIEWER, provider)) == {News.PAYMENT, News.CHANGED, News.POST}
    assert of(make_user(Role.SIGNATORY, provider)) == {News.POST, News.DOCUMENT}
    assert of(make_user(Role.SCHEDULER, provider)) == {News.POST, News.ACTUAL}
    assert of(make_staff(CouncilRole.BROKERAGE)) == {News.POST}
    assert of(make_staff(CouncilRole.SERVICE_AGREEMENTS)) == {News.POST, News.DOCUMENT}
    assert of(make_staff(CouncilRole.AUDITOR)) == set()


def test_whoever_sees_no_payments_any_more_reads_nothing_of_them_in_a_digest(person, provider):
    chosen(person, PAYMENT=When.DAILY, POST=When.DAILY)
    told(letter(person, provider), letter(person, provider, News.POST, "Action 5"))
    with unit_of_work() as rows:
        rows.scalars(select(Membership).where(Membership.user_id == person.id)).one().role = Role.SCHEDULER
    assert digest(person)
    [mail] = every(OutboxMessage)
    assert ("Action 5" in mail.body, "Your query" in mail.body) == (True, False)
