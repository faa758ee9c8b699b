"""Actions and Change Requests as a provider has them: the list, a new one, and the thread."""

import io
from datetime import date

import pytest
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage

from models.correspondence import action_verbs as verbs
from models.correspondence.action import Action, Side
from models.correspondence.action_post import ActionPost
from models.correspondence.action_type import ActionTeam, CareEvent, Related
from models.correspondence.attachment import Attachment
from models.payments.purchase_order import PurchaseOrder
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind
from tests.action_factories import make_action, make_team, make_type
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support import runs
from tests.support.client import filled_in
from tests.support.rows import every, unit_of_work

KIND = ProviderKind.SHARED_LIVES
"""Of this kind of provider only the types that a test makes are for what it looks at."""


MONDAY = date(2019, 9, 23)


@pytest.fixture
def provider(database):
    return make_provider(name="Sausage Sandwich", kind=KIND)


@pytest.fixture
def person(provider):
    return make_user(Role.FINANCE, provider)


@pytest.fixture
def office(client, person):
    return client.sign_in(person)


@pytest.fixture
def officer():
    return make_staff(CouncilRole.PAYMENTS_OFFICER)


@pytest.fixture
def type_(database):
    return make_type(make_team(name="Childrens Finance"), name="AA Query", guidance="Not for mileage: make a claim.")


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/actions/{path}"


def act(action, verb, *words, **given):
    with unit_of_work() as session:
        verb(session.scalars(Action.numbered(action.id)).one(), *words, **given)


def cells(answer):
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
        for row in answer.page.select("main tbody tr")
    ]


@pytest.mark.covers("S4-082", "S4-083", "S4-086", "S4-088", "S4-089", "S4-091", "S4-092", "S0-044", "S0-045")
@pytest.mark.covers("S1-021", "S1-023", "S1-024", "S1-025")
def test_a_new_action_goes_to_the_only_team_of_its_type_and_stands_first_in_the_list(office, at, type_, provider):
    make_action(provider, type_=type_)
    page = office.get(at(f"new?type={type_.id}"))
    assert page.heading == "New Action"
    assert "Not for mileage: make a claim." in page.words
    assert "Assign To Childrens Finance Answered within 5 working days" in page.words
    assert not page.page.select("select[name=team]")
    sent = office.submit(page, {"title": "Query about my payments", "text": "One week is short"}, status=303)
    listed = office.follow(sent)
    assert listed.heading == "Actions and Change Requests"
    assert "We have your action. The Childrens Finance answers it by the end of Wednesday 9 October" in listed.words
    first, *_ = cells(listed)
    assert [first[0], *first[3:]] == [
        "Query about my payments", "Sausage Sandwich (Provider)", "09/10/2019", "AA Query", "LA (Childrens Finance)",
    ]  # fmt: skip


def test_what_is_missing_is_said_and_what_was_typed_stays_with_the_file(office, at, type_):
    page = office.get(at(f"new?type={type_.id}"))
    fields = {
        "title": "",
        "text": "One week is short",
        "files": FileStorage(io.BytesIO(b"Dear"), filename="letter.txt"),
    }
    again = office.submit(page, fields, status=422)
    assert again.errors == ["Enter a title"]
    assert filled_in(again.page.select_one("main form"))["text"].strip() == "One week is short"
    assert not every(select(Action))
    office.submit(again, {"title": "Short"}, status=303)
    [file] = every(Attachment)
    assert file.name == "letter.txt"


@pytest.mark.covers("S4-087", "S1-022")
def test_of_several_teams_one_is_chosen_and_no_other_can_be_sent(office, at):
    first, second, other = make_team(name="AA Team"), make_team(name="BB Team"), make_team()
    type_ = make_type(first, second)
    page = office.get(at(f"new?type={type_.id}"))
    assert [each.get_text() for each in page.page.select("select[name=team] option")] == ["AA Team", "BB Team"]
    sent = {"title": "Hello", "text": "Hello", "team": str(other.id)}
    office.submit(page, {**sent, "team": str(second.id)}, status=303)
    [action] = every(select(Action))
    assert action.team_id == second.id
    office.submit(office.get(at(f"new?type={type_.id}")), sent, status=303)
    assert {each.team_id for each in every(select(Action))} == {first.id, second.id}


def test_another_type_changes_the_form_and_keeps_what_was_typed(office, at, type_, provider):
    death = make_type(name="AB Death", event=CareEvent.DEATH, related=Related.CLIENT)
    client = make_item(make_contract(provider)).client_id
    page = office.get(at(f"new?type={type_.id}"))
    chosen = office.submit(page, {"type": str(death.id), "title": "About", "text": "Sad", "choose": "y"}, status=200)
    assert filled_in(chosen.page.select_one("main form"))["title"] == "About"
    assert len(chosen.page.select("input[name=event_on]")) == 3
    assert [each["value"] for each in chosen.page.select("select[name=related] option")] == ["", str(client)]
    missing = office.submit(chosen, status=422)
    assert missing.errors == ["Choose the client", "Enter the day on which it happened"]
    part = office.submit(page, {"type": str(death.id), "choose": "y"}, htmx=True)
    assert part.page.select("#for-type")
    assert not part.page.select("h1")


@pytest.mark.covers("S1-026")
def test_cancel_leaves_nothing(office, at, type_):
    page = office.get(at("new"))
    assert page.page.find("a", string="Cancel")["href"] == at()
    assert not every(select(Action))


def test_a_draft_is_kept_until_it_is_sent(office, at, type_):
    page = office.get(at(f"new?type={type_.id}"))
    form = page.page.select_one("main form")
    office.submit(page, {"title": "Half", "text": "A half-typed sen"}, action=form["data-keep"], status=303)
    back = filled_in(office.get(at(f"new?type={type_.id}")).page.select_one("main form"))
    assert (back["title"], back["text"].strip()) == ("Half", "A half-typed sen")
    office.submit(office.get(at(f"new?type={type_.id}")), status=303)
    assert filled_in(office.get(at(f"new?type={type_.id}")).page.select_one("main form"))["title"] == ""


@pytest.mark.covers("S4-081", "S1-015", "S1-020")
def test_from_a_row_of_a_payment_three_presses_and_a_sentence_send_a_linked_query(office, provider):
    make_type(name="AA Payment Query", is_of_money=True)
    contract = make_contract(provider, name="Fostering", calculate_from=MONDAY)
    item = make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2019, 9, 29))
    [order] = every(select(PurchaseOrder))
    payment = office.get(f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY}")
    row = office.get(payment.page.select_one("details.working a")["href"])
    page = office.get(row.page.find("a", string="Ask about this amount")["href"])
    form = filled_in(page.page.select_one("main form"))
    assert form["title"] == f"Fostering, payment for 23 Sep to 29 Sep 2019, purchase order {order.number}"[:150]
    office.submit(page, {"text": "It is short of a day"}, status=303)
    [action] = every(select(Action))
    assert (action.contract_id, action.payment_first_on, action.order_id, action.client_id) == (
        contract.id, MONDAY, order.id, item.client_id,
    )  # fmt: skip
    assert action.is_of_money
    thread = office.get(f"/providers/{provider.id}/actions/{action.id}")
    links = [each["href"] for each in thread.page.select("dl.facts a")]
    assert f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY}" in links
    assert f"/providers/{provider.id}/purchase-orders/{order.id}" in links


@pytest.mark.covers("S1-015", "S4-060", "S0-047", "S1-027", "S1-028", "S1-031", "S0-009", "S0-010", "S3-009")
def test_home_says_what_is_open_and_who_has_answered(office, provider, person, officer, client):
    home = f"/providers/{provider.id}/"
    assert "No open Actions No actions pending" in office.get(home).words
    first = make_action(provider, person, title="About June")
    make_action(provider, person)
    act(first, verbs.reply_to_provider, "Which week?", by=officer)
    shown = office.get(home)
    assert "2 open Actions Action open (2)" in shown.words
    [need] = [each for each in shown.page.select(".todo li") if "has a reply" in each.get_text()]
    assert need.a["href"].endswith(f"/actions/{first.id}")
    assert "About June" in need.get_text()
    client.sign_in(make_user(Role.VIEWER, provider))
    assert "has a reply" not in client.get(home).words


def test_nothing_of_another_provider_can_be_asked_about(office, at):
    other = make_item()
    contract = make_contract()
    office.get(at(f"new?item={other.id}"), status=404)
    office.get(at(f"new?contract={contract.reference}"), status=404)
    office.get(at("new?order=999"), status=404)


@pytest.mark.covers("S1-018", "S1-020", "S0-051")
def test_asked_about_a_care_package_its_client_stands_in_the_form(office, at, provider, type_):
    item = make_item(make_contract(provider))
    page = office.get(at(f"new?item={item.id}&type={type_.id}"))
    filled = filled_in(page.page.select_one("main form"))
    assert filled["related"] == str(item.client_id)
    office.submit(page, {"text": "He comes later"}, status=303)
    [action] = every(select(Action))
    assert (action.item_id, action.client_id, action.contract_id) == (item.id, item.client_id, item.contract_id)


@pytest.mark.covers("S4-093", "S4-094", "S4-095", "S4-096", "S4-097", "S4-098", "S4-099", "S4-107", "S4-108",
                    "S1-033", "S1-034", "S1-035", "S0-048", "S0-049")  # fmt: skip
def test_the_list_shows_open_actions_and_the_filters_the_others(office, at, provider, person, officer):
    open_, closed = make_action(provider, person, title="Open one"), make_action(provider, person, title="Closed one")
    client = make_client(surname="Simpson", first_name="Bart")
    make_item(make_contract(provider), client=client)
    act(closed, verbs.close, "Done", by=officer)
    act(open_, verbs.reply_to_provider, "Which?", by=officer)
    with unit_of_work() as session:
        late = {"due_on": date(2019, 10, 1), "client_id": client.id}
        session.execute(update(Action).where(Action.id == open_.id).values(**late))
    [row] = cells(office.get(at()))
    assert (row[0], row[1], row[3], row[4], row[6]) == (
        "Open one", "Action overdue", "Bart Simpson (Client)", "01/10/2019", "Provider",
    )  # fmt: skip
    both = office.get(at("?holder=&text="))
    assert [row[0] for row in cells(both)] == ["Open one", "Closed one"]
    assert cells(both)[1][1] == "Closed"
    assert cells(office.get(at("?holder=council&open_only=y"))) == []
    assert [row[0] for row in cells(office.get(at("?holder=&text=bart")))] == ["Open one"]
    assert "There are no actions for these filters" in office.get(at("?holder=council&open_only=y")).words
    part = office.get(at("?holder=&text=bart"), htmx=True)
    assert part.headers["HX-Replace-Url"] == at("?holder=")
    assert "bad" not in office.get(at("?holder=bad"), status=422).words


def test_a_list_without_actions_says_so(office, at):
    page = office.get(at())
    assert "No actions pending" in page.words
    assert page.page.find("a", string="New Action")


@pytest.mark.covers("S4-100", "S4-101", "S4-102", "S1-032", "S1-036", "S1-037", "S1-038", "S0-050", "S4-103", "S4-104",
                    "S1-039", "S1-040", "S1-042")  # fmt: skip
def test_a_thread_says_who_has_it_and_who_wrote_what_and_a_reply_passes_it_on(office, at, provider, person, officer):
    team = make_team(name="Childrens Finance")
    action = make_action(provider, person, make_type(team))
    act(action, verbs.reply_to_provider, "Which week?", by=officer)
    page = office.get(at(str(action.id)))
    assert "It is with you: the council waits for your reply." in page.words
    first, second = page.page.select(".post")
    assert "post--council" not in first["class"]
    assert "Dawn Stockton, Sausage Sandwich" in first.get_text()
    assert "post--council" in second["class"]
    assert "Childrens Finance, Borsetshire Council" in second.get_text()
    assert officer.name not in page.words
    assert page.page.find("a", string="Organisation Details")
    commented = office.follow(office.submit(page, {"text": "A moment", "send": "comment"}, status=303))
    assert "It is with you" in commented.words
    replied = office.follow(office.submit(commented, {"text": "The 9th", "send": "reply"}, status=303))
    assert "Your reply is with the Childrens Finance" in replied.words
    assert "The council has it: Childrens Finance." in replied.words
    assert [each.is_with_provider for each in every(ActionPost.of(action.id))] == [False, True, True, False]


@pytest.mark.covers("S1-041")
def test_a_reply_may_go_to_another_team_of_the_type(office, at, provider, person):
    first, second = make_team(name="AA Team"), make_team(name="BB Team")
    action = make_action(provider, person, make_type(first, second))
    page = office.get(at(str(action.id)))
    office.submit(page, {"text": "Over to you", "team": str(second.id), "send": "reply"}, status=303)
    [found] = every(Action.numbered(action.id))
    assert found.team_id == second.id


@pytest.mark.covers("S4-105", "S4-106")
def test_closing_is_asked_with_or_without_a_word_and_not_solved_opens_it_again(office, at, provider, person, officer):
    action = make_action(provider, person)
    page = office.get(at(str(action.id)))
    asked = office.follow(office.submit(page, {"send": "closure"}, status=303))
    assert "You have asked the council to close this." in asked.words
    assert not asked.page.select("button[value=closure]")
    act(action, verbs.close, "It was paid on 4 October", by=officer)
    closed = office.get(at(str(action.id)))
    assert "It was paid on 4 October" in closed.words
    assert office.submit(closed, {"send": "not_solved"}, status=422).errors == ["Write something first"]
    opened = office.follow(office.submit(closed, {"text": "It is not there", "send": "not_solved"}, status=303))
    assert "This action is open again" in opened.words


def test_what_is_written_after_somebody_has_closed_it_is_not_lost(office, at, provider, person, officer):
    action = make_action(provider, person)
    page = office.get(at(str(action.id)))
    act(action, verbs.close, "Done", by=officer)
    refused = office.submit(page, {"text": "One thing more", "send": "comment"}, status=422)
    assert refused.errors == ["This action has been closed. Look at it again: it may be opened again"]
    assert filled_in(refused.page.select_one("main form"))["text"].strip() == "One thing more"
    empty = office.submit(office.get(at(str(make_action(provider, person).id))), {"send": "comment"}, status=422)
    assert empty.errors == ["Write something first"]


def test_new_posts_come_into_an_open_page_and_nothing_where_there_are_none(office, at, provider, person, officer):
    action = make_action(provider, person)
    poll = office.get(at(str(action.id))).page.select_one("#news")["data-hx-get"]
    headers = {"X-Background": "poll"}
    assert office.get(poll, status=204, htmx=True, headers=headers).text == ""
    act(action, verbs.comment, "We look at it", side=Side.COUNCIL, by=officer)
    part = office.get(poll, htmx=True, headers=headers)
    assert "We look at it" in part.words
    assert not part.page.select("textarea, h1, [autofocus]")
    assert office.get(part.page.select_one("#news")["data-hx-get"], status=204, htmx=True, headers=headers).text == ""


def test_opening_it_says_to_the_council_when_it_was_seen_and_a_look_by_staff_does_not(
    office, at, provider, person, officer, app
):
    action = make_action(provider, person)
    act(action, verbs.comment, "We look at it", side=Side.COUNCIL, by=officer)
    looker = type(office)(app).sign_in(officer)
    looker.post(f"/council/providers/{provider.id}/look", {}, status=303)
    looker.get(at(str(action.id)))
    assert every(ActionPost.of(action.id))[-1].seen_at is None
    office.get(at(str(action.id)))
    assert every(ActionPost.of(action.id))[-1].seen_by_id == person.id


def test_an_internal_note_is_in_no_byte_of_a_providers_page(office, at, provider, person, officer):
    action = make_action(provider, person)
    act(action, verbs.note, "zebracrossing", by=officer)
    for path in ("", str(action.id), f"{action.id}/news?since=0", "?holder=&text=zebracrossing"):
        page = office.get(at(path))
        assert "zebracrossing" not in page.text.replace("“zebracrossing”", "").replace('value="zebracrossing"', "")
    assert every(select(ActionTeam))


@pytest.mark.covers("S0-046", "S4-090")
def test_two_files_of_the_same_name_are_kept_and_only_this_provider_gets_them(office, at, provider, person, client):
    action = make_action(provider, person)
    page = office.get(at(str(action.id)))
    files = [FileStorage(io.BytesIO(words), filename="IMG_0001.txt") for words in (b"One", b"Two")]
    shown = office.follow(office.submit(page, {"text": "Here", "send": "reply", "files": files}, status=303))
    links = [each["href"] for each in shown.page.select(".post__files a")]
    assert len(links) == 2
    assert [office.get(each).response.data for each in links] == [b"One", b"Two"]
    elsewhere = make_provider()
    client.sign_in(make_user(Role.FINANCE, elsewhere))
    client.get(links[0].replace(f"/{provider.id}/", f"/{elsewhere.id}/"), status=404)
    client.get(f"/providers/{elsewhere.id}/actions/{action.id}", status=404)


def test_who_sees_no_payments_sees_no_actions_of_money_and_who_only_reads_does_not_write(client, at, provider, person):
    money = make_action(provider, person, make_type(is_of_money=True), title="Money")
    plain = make_action(provider, person, title="Care")
    client.sign_in(make_user(Role.SCHEDULER, provider))
    assert [row[0] for row in cells(client.get(at()))] == ["Care"]
    for path in ("", "/news"):
        client.get(at(f"{money.id}{path}"), status=404)
    client.post(at(f"{money.id}/write"), {"send": "comment", "text": "Hello"}, status=404)
    client.sign_in(make_user(Role.VIEWER, provider))
    page = client.get(at(str(plain.id)))
    assert not page.page.select("textarea")
    client.get(at("new"), status=403)


def test_a_death_is_sent_after_a_look_at_what_would_change_and_nothing_typed_is_lost(office, at, provider):
    death = make_type(name="AB Death", event=CareEvent.DEATH, related=Related.CLIENT, days_paid=1)
    item = make_item(make_contract(provider, name="Homes", calculate_from=MONDAY), 7_000_000, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, date(2019, 9, 29))
    page = office.get(at(f"new?type={death.id}"))
    typed = {
        "related": str(item.client_id), "event_on": ["24", "9", "2019"], "title": "He has died", "text": "In his sleep",
        "files": FileStorage(io.BytesIO(b"Dear"), filename="letter.txt"),
    }  # fmt: skip
    check = office.submit(page, typed, status=200)
    assert "No fee from 26 September 2019: £400.00 that was paid comes back." in check.words
    assert "Homes, 30 Sep to 6 Oct 2019 £700.00 −£400.00" in check.words
    assert not every(select(Action))
    days = {"event_on": ["24", "9", "2019"]}
    back = office.submit(check, {**days, "choose": "y"}, status=200)
    assert filled_in(back.page.select_one("main form"))["text"].strip() == "In his sleep"
    office.submit(check, days, status=303)
    [action] = every(select(Action))
    assert (action.event_on, action.client_id, action.title) == (date(2019, 9, 24), item.client_id, "He has died")
    assert [each.name for each in every(Attachment)] == ["letter.txt"]


@pytest.fixture
def leaver(provider):
    client = make_client(surname="Simpson")
    make_item(make_contract(provider), client=client)
    type_ = make_type(event=CareEvent.LEFT, related=Related.CLIENT, days_paid=3)
    return {"type": str(type_.id), "related": str(client.id), "title": "Left", "text": "On Tuesday, to Hull"}


def test_a_day_at_the_end_of_time_is_refused_and_not_reckoned_with(office, at, leaver):
    page = office.get(at(f"new?type={leaver['type']}"))
    answer = office.submit(page, {**leaver, "event_on": ["31", "12", "9999"], "send": "y"}, status=422)
    assert answer.errors == ["Enter a day within the next two years"]


def test_what_is_written_stays_kept_while_it_is_only_checked(office, at, leaver):
    here = at(f"new?type={leaver['type']}")
    page, typed = office.get(here), {**leaver, "event_on": ["1", "10", "2019"]}
    office.post(
        at(f"new/keep?type={leaver['type']}"), data=filled_in(page.page.select_one("main form")) | typed, htmx=True
    )
    checked = office.submit(page, {**typed, "send": "y"}, status=200)
    assert checked.heading == "Check before you send"
    assert "On Tuesday, to Hull" in office.get(here).text
    office.submit(checked, {"send": "y"}, status=303)
    assert "On Tuesday, to Hull" not in office.get(here).text


def test_a_page_that_looks_for_news_by_itself_has_seen_nothing(office, at, provider, person, officer):
    action = make_action(provider, person)
    act(action, verbs.reply_to_provider, "Which week?", by=officer)

    def seen():
        return [each.seen_by_id for each in every(ActionPost.of(action.id)) if each.side is Side.COUNCIL]

    office.get(at(f"{action.id}/news?since=then"), htmx=True, headers={"X-Background": "poll"})
    assert seen() == [None]
    page = office.get(at(str(action.id)))
    assert seen() == [person.id]
    act(action, verbs.comment, "And which child?", side=Side.COUNCIL, by=officer)
    office.submit(page, {"text": "The second", "send": "reply"}, status=303)
    assert seen() == [person.id, person.id]
