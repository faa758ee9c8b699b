"""Asking for a change of the details held, and seeing what became of it."""

from datetime import date

import pytest

from models.correspondence.detail_change import MOST_WAITING, ChangeKind, ChangeState, DetailChange
from models.permissions import CouncilRole, Role
from tests.factories import make_contact, make_provider, make_staff, make_user
from tests.support.client import filled_in
from tests.support.rows import every, unit_of_work

DAY = ["1", "11", "2019"]


@pytest.fixture
def provider(database):
    return make_provider(email="house@example.org", phone="01632 960001")


@pytest.fixture
def contact(provider):
    return make_contact(provider, name="Robin Marsh", phone="01632 960555")


@pytest.fixture
def office(client, provider):
    return client.sign_in(make_user(Role.FINANCE, provider, name="Ada Finch"))


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/changes/{path}"


def check(office, address, **given):
    """Fill in the form at this address, and look at the page before sending."""
    return office.submit(office.get(address), {"wanted_on": DAY, **given}, status=200)


def send(office, page, button="send", **more):
    """Press a button of that page."""
    return office.submit(page, {"wanted_on": DAY, button: "y"}, **more)


def rows(answer):
    return [
        [cell.get_text("\n", strip=True) for cell in row.select("th, td")]
        for row in answer.page.select("main table tbody tr")
    ]


def settle(change, verb, **given):
    with unit_of_work() as session:
        verb(session.scalars(DetailChange.numbered(change.id)).one(), **given)


@pytest.mark.covers("S0-043", "S1-047")
def test_a_change_of_details_is_checked_and_sent(office, provider, at):
    form = office.get(at("ask/organisation"))
    held = filled_in(form.page.select_one("main form"))
    assert (held["name"], held["phone"], held["email"]) == (provider.name, "01632 960001", "house@example.org")
    assert held["address"].strip() == provider.address
    page = check(office, at("ask/organisation"), phone=" 01632  960002 ", delivery_address="1 Elm\r\n\r\n Hall ",
                 note="We moved")  # fmt: skip
    assert page.heading == "Check before you send"
    assert rows(page) == [["Delivery address", "Nothing", "1 Elm\nHall"], ["Telephone", "01632 960001", "01632 960002"]]
    assert "from Friday 1 November 2019" in page.words
    assert not every(DetailChange)
    sent = office.follow(send(office, page, status=303))
    assert sent.heading == "Organisation details"
    assert "We have your request" in sent.words
    assert "Ada Finch asked for this on" in sent.words
    [change] = every(DetailChange)
    assert (change.kind, change.after, change.wanted_on, change.note) == (
        ChangeKind.ORGANISATION, {"delivery_address": "1 Elm\nHall", "phone": "01632 960002"}, date(2019, 11, 1),
        "We moved",
    )  # fmt: skip


def test_who_goes_back_finds_what_they_typed(office, at):
    page = check(office, at("ask/organisation"), phone="01632 960002", note="We moved")
    form = send(office, page, "change", status=200)
    assert form.heading == "Ask for a change of details"
    typed = filled_in(form.page.select_one("main form"))
    assert (typed["phone"], typed["note"].strip()) == ("01632 960002", "We moved")
    assert [each["value"] for each in form.page.select("input[name=wanted_on]")] == DAY
    assert not every(DetailChange)


def test_a_change_of_a_contact_a_new_one_and_one_who_leaves(office, contact, at):
    page = check(office, at(f"ask/contacts/{contact.id}"), is_correspondence="y")
    assert rows(page) == [["Letters go to this person", "No", "Yes"]]
    send(office, page, status=303)
    page = check(office, at("ask/new-contact"), name="Sam Hill", email="sam@example.org")
    assert rows(page) == [["Name", "Sam Hill"], ["E-mail", "sam@example.org"]]
    send(office, page, status=303)
    page = check(office, at(f"ask/contacts/{contact.id}/leaves"))
    assert rows(page)[0] == ["Name", "Robin Marsh"]
    send(office, page, status=303)
    assert [(change.kind, change.contact_id) for change in every(DetailChange)] == [
        (ChangeKind.CONTACT, contact.id), (ChangeKind.NEW_CONTACT, None), (ChangeKind.CONTACT_LEAVES, contact.id),
    ]  # fmt: skip
    shown = office.get(at().replace("changes/", f"contacts/{contact.id}"))
    assert "A change was asked for" in shown.words
    assert "They are to be taken off" in shown.words


@pytest.mark.parametrize("path", ["ask/organisation", "ask/contacts/{0}"])
def test_what_changes_nothing_is_refused_in_words(office, contact, at, path):
    form = office.get(at(path.format(contact.id)))
    answer = office.submit(form, {"wanted_on": DAY}, status=422)
    assert answer.errors == ["This is what we hold already. Change something before you send it"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": " "}, "Enter the name"),
        ({"email": "nowhere"}, "Enter an e-mail address like name@example.org"),
        ({"phone": "0" * 61}, "Telephone: use 60 characters or fewer"),
        ({"address": "line\n" * 11}, "Address: use at most 10 lines of 200 characters"),
        ({"phone": "1", "wanted_on": ["31", "2", "2019"]}, "From which day? must be a day"),
        ({"phone": "1", "wanted_on": ["", "", ""]}, "Enter the day from which this holds"),
        ({"phone": "1", "note": "x" * 2_001}, "Write 2,000 characters or fewer"),
    ],
)
def test_what_is_typed_wrongly_is_said_and_kept(office, at, given, words):
    answer = office.submit(office.get(at("ask/organisation")), {"wanted_on": DAY, **given}, status=422)
    [said] = answer.errors
    assert said.startswith(words)
    assert not every(DetailChange)


def test_a_second_press_asks_for_nothing_twice(office, at):
    first, second = (check(office, at("ask/organisation"), phone="01632 960002") for _ in range(2))
    there = send(office, first, status=303).location
    assert send(office, first, status=303).location == there
    assert "You have asked for this already" in send(office, second, status=422).errors[0]
    assert len(every(DetailChange)) == 1


def test_the_twenty_first_that_would_wait_is_refused_on_the_form(office, at):
    for number in range(MOST_WAITING):
        send(office, check(office, at("ask/organisation"), phone=str(number)), status=303)
    answer = office.submit(office.get(at("ask/organisation")), {"wanted_on": DAY, "phone": "77"}, status=422)
    [said] = answer.errors
    assert said.startswith("20 requests of yours wait for the council already. Wait for its answer, or withdraw one")
    assert answer.page.select_one("[name=phone]")["value"] == "77"
    assert len(every(DetailChange)) == MOST_WAITING


def test_the_list_says_how_far_each_is_and_a_waiting_one_is_withdrawn(office, provider, contact, at):
    assert "You have not asked for a change yet." in office.get(at()).words
    officer = make_staff(CouncilRole.PROCUREMENT, name="Jude Farrow")
    for phone in ("1", "2", "3"):
        send(office, check(office, at(f"ask/contacts/{contact.id}"), phone=phone), status=303)
    first, second, third = every(DetailChange)
    settle(first, DetailChange.do, by=officer)
    settle(second, DetailChange.refuse, by=officer, reason="This number is wrong")
    listed = office.get(at())
    assert [(row[0], row[-1]) for row in rows(listed)] == [
        ("Contact’s details: Robin Marsh", "Waiting"),
        ("Contact’s details: Robin Marsh", "Refused"),
        ("Contact’s details: Robin Marsh", "Done"),
    ]
    refused = office.get(at(str(second.id)))
    assert "Refused by the council on" in refused.words
    assert "This number is wrong" in refused.words
    assert "Jude" not in refused.words
    assert not refused.page.select("main form")
    assert "It appears here with the next data from the finance system." in office.get(at(str(first.id))).words
    page, other_tab = (office.get(at(str(third.id))) for _ in range(2))
    withdrawn = office.follow(office.submit(page, status=303))
    assert "Withdrawn by Ada Finch on" in withdrawn.words
    assert "answered or withdrawn already" in office.submit(other_tab, status=409).words
    assert every(DetailChange)[2].state is ChangeState.WITHDRAWN
    assert len(office.get(at()).reads) <= 5


def test_who_may_only_look_neither_asks_nor_withdraws(office, client, provider, contact, at):
    send(office, check(office, at(f"ask/contacts/{contact.id}"), phone="1"), status=303)
    [change] = every(DetailChange)
    client.sign_in(make_user(Role.VIEWER, provider))
    client.get(at("ask/organisation"), status=403)
    client.get(at(f"ask/contacts/{contact.id}"), status=403)
    assert not client.get(at(str(change.id))).page.select("main form")
    client.post(at(f"{change.id}/withdraw"), status=403)


def test_another_providers_contact_cannot_be_asked_about(office, at):
    stranger = make_contact(make_provider())
    office.post(at(f"ask/contacts/{stranger.id}"), {"name": "X", "wanted_on": DAY, "send": "y"}, status=404)
    office.post(at(f"ask/contacts/{stranger.id}/leaves"), {"wanted_on": DAY, "send": "y"}, status=404)
