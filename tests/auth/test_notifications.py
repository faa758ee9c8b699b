"""Choosing which e-mails one gets."""

import pytest

from models.accounts.notification import News, NotificationChoice, When
from models.audit import AuditEvent
from models.permissions import CouncilRole, Role
from tests.factories import make_staff, make_user
from tests.support.rows import every

PAGE = "/account/e-mails"


@pytest.fixture
def daily(timetable):
    timetable("08:00 reminders")


def offered(answer):
    """The kinds of news, each with what is chosen of it."""
    fields = answer.page.select("main fieldset")
    return {each.legend.get_text(strip=True): each.select_one("[checked]")["value"] for each in fields}


def test_what_is_saved_stands_there_again_and_counts(client, daily):
    client.sign_in(make_user(Role.ADMINISTRATOR))
    page = client.get(PAGE)
    assert offered(page) == {news.label: news.usual.value for news in News}
    answer = client.submit(page, {"payment": "daily", "changed": "off", "answer": "at_once"}, status=303)
    assert answer.location == "/account"
    assert "Your choice is saved" in client.follow(answer).words
    chosen = {each.news: each.when for each in every(NotificationChoice)}
    usual = {news: news.usual for news in News}
    assert chosen == usual | {News.PAYMENT: When.DAILY, News.CHANGED: When.OFF}
    assert offered(client.get(PAGE))[News.CHANGED.label] == "off"
    assert every(AuditEvent)[-1].action == "user.notifications_chosen"


def test_each_sees_only_what_they_can_be_told_of(client, daily):
    client.sign_in(make_staff(CouncilRole.BROKERAGE))
    assert list(offered(client.get(PAGE))) == [News.POST.label]
    client.post(PAGE, {"post": "off", "payment": "off"}, status=303)
    assert [each.news for each in every(NotificationChoice)] == [News.POST]


@pytest.mark.parametrize("sent", [{}, {"post": "sometimes", "document": "off"}])
def test_what_is_no_choice_is_refused_in_words_and_changes_nothing(client, daily, sent):
    client.sign_in(make_user(Role.SIGNATORY))
    refused = client.post(PAGE, sent, status=422)
    assert refused.errors
    assert every(NotificationChoice) == []


def test_where_no_digests_are_sent_none_is_offered(client):
    client.sign_in(make_user(Role.VIEWER))
    page = client.get(PAGE)
    assert {each["value"] for each in page.page.select("main input[type=radio]")} == {"at_once", "off"}
    assert offered(page)[News.CHANGED.label] == "off"
    client.post(PAGE, {news.value: "daily" for news in News}, status=422)


def test_whoever_can_be_told_of_nothing_reads_so(client):
    client.sign_in(make_staff(CouncilRole.AUDITOR))
    assert "nothing that you could be told of by e-mail" in client.get(PAGE).words
    client.post(PAGE, {"post": "off"}, status=200)
    assert every(NotificationChoice) == []


def test_the_page_is_found_from_my_login(client):
    client.sign_in(make_user(Role.VIEWER))
    assert client.get("/account").page.select_one(f"a[href='{PAGE}']")
