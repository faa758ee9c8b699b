"""The council answers actions: inboxes, threads, internal notes that no provider reads, several at once, kept texts."""

import io
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from exchange.files.store import UPLOADS, Store
from models.audit import AuditEvent
from models.correspondence import action_verbs as verbs
from models.correspondence.action import About, Action, Side
from models.correspondence.action_post import ActionNote, ActionPost
from models.correspondence.attachment import Attachment, Taken
from models.correspondence.file_kind import FileKind
from models.correspondence.kept_reply import KeptReply
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.portal import current_portal
from tests.action_factories import make_action, make_team, make_type
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work

LIST = "/council/actions/"
CANARY = "quetzalcoatlus"


@pytest.fixture
def provider(database):
    return make_provider(name="Sausage Sandwich")


@pytest.fixture
def member(provider):
    return make_user(Role.FINANCE, provider, name="Ada Finch", email="ada@example.org")


@pytest.fixture
def team():
    return make_team(CouncilRole.PAYMENTS_OFFICER, name="Fostering Finance")


@pytest.fixture
def action(provider, member, team):
    return make_action(provider, member, make_type(team, name="Fostering Query"), title="The week looks short")


@pytest.fixture
def officer(client):
    return client.sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER, name="Ola Officer"))


def rows(answer):
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("main table tbody tr")]


def now(action):
    return every(Action.numbered(action.id))[0]


@pytest.mark.covers("S0-050", "S4-106")
def test_an_action_goes_from_my_work_to_closed(officer, action):
    [queue] = rows(officer.get("/council/"))
    assert queue.startswith("Actions: Fostering Finance Providers wait for an answer.")
    inbox = officer.get(officer.get("/council/").page.select_one("main tbody a")["href"])
    [row] = rows(inbox)
    assert "The week looks short Action open Provider Sausage Sandwich" in row
    here = inbox.page.select_one("main tbody a")["href"]
    shown = officer.get(here)
    assert "It is with us." in shown.words
    officer.submit(shown, form="form[action$=take]", status=303)
    assert now(action).assigned_to_id == officer.user.id
    answer = officer.submit(officer.get(here), {"text": "Which week?", "send": "reply"}, form="#answer", status=303)
    page = officer.follow(answer)
    assert "Your reply is with Sausage Sandwich" in page.words
    assert "It is with the provider: we wait for its reply." in page.words
    [own] = page.page.select(".post--council")
    assert "Ola Officer, Fostering Finance," in own.get_text()
    [mail] = every(OutboxMessage)
    assert mail.to == "ada@example.org"
    there = f"http://portal.example/providers/{action.provider_id}/actions/{action.id}"
    assert there in mail.body.split()
    assert "Which week" not in mail.body
    answer = officer.submit(page, {"text": "Paid on Friday", "send": "close"}, form="#answer", status=303)
    assert "Closed on" in officer.follow(answer).words
    assert now(action).close_reason == "Paid on Friday"
    assert not rows(officer.get("/council/"))
    answer = officer.submit(officer.get(here), {"text": "Not yet", "send": "reopen"}, form="#answer", status=303)
    assert "The action is open again" in officer.follow(answer).words


@pytest.mark.covers("S4-103")
def test_a_comment_stays_where_it_is_and_what_is_empty_says_so(officer, action):
    page = officer.get(f"{LIST}{action.id}")
    assert officer.submit(page, {"text": " ", "send": "comment"}, form="#answer", status=422).errors == [
        "Write something first"
    ]
    officer.submit(page, {"text": "We look", "send": "comment"}, form="#answer", status=303)
    assert now(action).holder is Side.COUNCIL
    officer.post(f"{LIST}{action.id}/write", {"text": "We look", "send": "odd"}, status=422)


def test_an_internal_note_is_in_no_byte_that_a_provider_gets(app, officer, action, member, provider):
    page = officer.get(f"{LIST}{action.id}")
    answer = officer.submit(page, {"note": f"Ring {CANARY} first"}, form="section form", status=303)
    shown = officer.follow(answer)
    assert CANARY in shown.page.select_one(".notes").get_text()
    assert CANARY not in shown.page.select_one("#thread").get_text()
    assert officer.submit(shown, {"note": ""}, form="section form", status=422).errors == ["Write the note first"]
    there = f"/providers/{provider.id}/actions/"
    theirs = PortalClient(app).sign_in(member)
    own = f"{there}{action.id}"
    for address in (there, own, f"{own}/news", f"/providers/{provider.id}/"):
        for htmx in (False, True):
            assert CANARY not in theirs.get(address, htmx=htmx, status=None).text
    assert CANARY not in officer.get(f"{LIST}data.csv?box=").text
    assert not [mail for mail in every(OutboxMessage) if CANARY in mail.body + mail.subject]
    assert not [event for event in every(AuditEvent) if CANARY in str(event.detail)]
    looking = PortalClient(app).sign_in(officer.user)
    looking.post(f"/council/providers/{provider.id}/look", status=303)
    assert CANARY not in looking.get(own).text


def test_staff_with_a_place_at_the_provider_read_no_notes_and_do_nothing(officer, action, provider):
    saved(ActionNote(action_id=action.id, by_id=officer.user.id, text=CANARY))
    make_membership(officer.user, provider, Role.CARER)
    page = officer.get(f"{LIST}{action.id}")
    assert CANARY not in page.text
    assert "its notes are not shown to you" in page.words
    assert "You have or had a place" in officer.post(f"{LIST}{action.id}/note", {"note": "x"}, status=409).words


def test_the_second_of_two_who_take_is_told_on_the_page(officer, action):
    page = officer.get(f"{LIST}{action.id}")
    other = make_staff(CouncilRole.PAYMENTS_OFFICER)
    with unit_of_work() as session:
        session.execute(update(Action).where(Action.id == action.id).values(assigned_to_id=other.id))
    answer = officer.submit(page, form="form[action$=take]", status=409)
    assert "A colleague has just taken this action" in answer.words
    assert answer.heading == "The week looks short"


def test_it_is_given_to_a_colleague_and_passed_to_another_team(officer, action):
    robin = make_staff(CouncilRole.PAYMENTS_OFFICER, name="Robin Marsh")
    make_staff(CouncilRole.BROKERAGE, name="Bo Broker")
    page = officer.get(f"{LIST}{action.id}")
    offered = [each.text for each in page.page.select("select[name=to] option")]
    assert offered == ["[Nobody: it is the team’s]", "Ola Officer", "Robin Marsh"]
    officer.submit(page, {"to": str(robin.id)}, form="form[action$=give]", status=303)
    assert now(action).assigned_to_id == robin.id
    broker = make_team(CouncilRole.BROKERAGE, name="Buyers")
    form = officer.get(f"{LIST}{action.id}/pass-on")
    assert officer.submit(form, {"team": ""}, status=422).errors == ["Choose a team"]
    answer = officer.submit(form, {"team": str(broker.id), "text": "The package is missing"}, status=303)
    assert "Buyers has “The week looks short” now" in officer.follow(answer).words
    assert (now(action).team_id, now(action).assigned_to_id) == (broker.id, None)
    assert every(select(ActionPost.text).order_by(ActionPost.id))[-1] == "The package is missing"


def test_who_of_the_council_opens_it_has_seen_it_and_an_auditor_has_not(app, officer, action):
    auditor = PortalClient(app).sign_in(make_staff(CouncilRole.AUDITOR))
    page = auditor.get(f"{LIST}{action.id}")
    assert not page.page.select("main form")
    assert every(select(ActionPost.seen_at)) == [None]
    officer.get(f"{LIST}{action.id}")
    assert every(select(ActionPost.seen_by_id)) == [officer.user.id]


def test_what_names_a_client_is_404_to_who_sees_none_of_another_teams(app, officer, provider, member, team):
    client = make_client(surname="Simpson", first_name="Bart")
    make_item(make_contract(provider), client=client)
    found = make_action(provider, member, make_type(team), about=About(client_id=client.id))
    assert "Bart Simpson (Client)" in rows(officer.get(LIST))[0]
    assert client.reference in officer.get(f"{LIST}{found.id}").words
    broker = PortalClient(app).sign_in(make_staff(CouncilRole.BROKERAGE))
    broker.get(f"{LIST}{found.id}", status=404)
    broker.post(f"{LIST}{found.id}/take", status=404)
    assert not rows(broker.get(f"{LIST}?box="))
    answer = officer.post("/council/search/", {"text": "simpson", "where": "actions"}, status=303)
    assert "simpson" not in answer.location
    assert len(rows(officer.follow(answer))) == 1


def test_several_are_closed_at_once_and_what_refuses_is_said(officer, provider, member, team, action):
    second = make_action(provider, member, make_type(team))
    inbox = officer.get(LIST)
    form = officer.get(f"{LIST}close-many", query_string={"action": [action.id, second.id]})
    assert len(rows(form)) == 2
    assert officer.submit(form, {"reason": "", "action": [str(action.id), str(second.id)]}, status=422).errors == [
        "Say why, so that the providers know"
    ]
    with unit_of_work() as session:
        session.execute(update(Action).where(Action.id == second.id).values(
            closed_at=second.opened_at, closed_by_id=officer.user.id, close_reason="Paid"))  # fmt: skip
    answer = officer.submit(form, {"reason": "Settled", "action": [str(action.id), str(second.id)]}, status=200)
    assert "Closed: 1 action, 1 not" in answer.words
    assert "NOT DONE This action has been closed" in answer.words
    assert now(action).close_reason == "Settled"
    assert inbox.page.select("button[formaction$=close-many]")
    for act in ("take", "give"):
        assert "No action is ticked" in officer.get(f"{LIST}{act}-many").words


def test_kept_texts_are_put_into_an_answer(officer, action):
    officer.submit(officer.get(f"{LIST}kept-texts/new"), {"name": "Paid", "text": "Paid on Friday."}, status=303)
    [kept] = every(KeptReply)
    page = officer.get(f"{LIST}{action.id}")
    drawn = officer.submit(page, {"text": "Dear Ada,", "kept": str(kept.id), "send": "use"}, form="#answer", status=200)
    assert drawn.page.select_one("#answer textarea").text.strip() == "Dear Ada,\n\nPaid on Friday."
    assert len(every(ActionPost)) == 1
    form, stale = (officer.get(f"{LIST}kept-texts/{kept.id}") for _ in range(2))
    officer.submit(form, {"text": "Paid today."}, status=303)
    assert "have changed since you opened this page" in officer.submit(stale, {"text": "No"}, status=422).errors[0]
    officer.submit(officer.get(f"{LIST}kept-texts/{kept.id}/remove"), status=303)
    assert "No text is kept yet." in officer.get(f"{LIST}kept-texts/").words


def test_an_inbox_is_filtered_paged_and_takes_as_many_queries_for_many(officer, provider, member, team, action):
    officer.get(LIST)
    few = len(officer.get(LIST).reads)
    kind = make_type(team, name="Other query")
    for _ in range(51):
        make_action(provider, member, kind)
    first = officer.get(LIST)
    assert len(first.reads) == few <= 9
    assert (len(rows(first)), len(rows(officer.get(LIST + "?page=2")))) == (50, 2)
    [only] = rows(officer.get(LIST, query_string={"box": "", "type": str(action.type_id)}))
    assert "The week looks short" in only
    part = officer.get(LIST, query_string={"box": "mine"}, htmx=True)
    assert "Nothing waits here." in part.words
    assert officer.get(LIST + "?show=odd", status=422).errors == ["Choose which to show from the list"]


def test_new_posts_come_into_an_open_thread_and_what_is_half_written_is_kept(officer, action, member, provider):
    page = officer.get(f"{LIST}{action.id}")
    look = page.page.select_one("#news")["data-hx-get"]
    officer.get(look, htmx=True, status=204)
    with unit_of_work() as session:
        verbs.comment(session.scalars(Action.numbered(action.id)).one(), "One more", side=Side.PROVIDER, by=member)
    part = officer.get(look, htmx=True)
    assert "One more" in part.words
    assert not part.page.select("form")
    assert every(select(ActionPost.seen_at).order_by(ActionPost.id))[-1] is None
    officer.post(f"{LIST}{action.id}/keep", {"text": "Half of", "kept": ""}, htmx=True, status=204)
    again = officer.get(f"{LIST}{action.id}")
    assert again.page.select_one("#answer textarea").text.strip() == "Half of"
    officer.submit(again, {"send": "comment"}, form="#answer", status=303)
    assert not officer.get(f"{LIST}{action.id}").page.select_one("#answer textarea").text.strip()


def test_who_takes_an_action_or_notes_something_keeps_what_they_have_begun_to_write(officer, action):
    here = f"{LIST}{action.id}"
    officer.post(f"{here}/keep", {"text": "Half of", "kept": ""}, htmx=True, status=204)
    officer.submit(officer.get(here), form='form[action$="/take"]', status=303)
    officer.submit(officer.get(here), {"note": "Ring them"}, form='form[action$="/note"]', status=303)
    assert officer.get(here).page.select_one("#answer textarea").text.strip() == "Half of"


def test_help_says_how_soon_teams_answer_to_who_has_logged_in(app, client, officer, action):
    officer.post(f"{LIST}{action.id}/write", {"text": "Paid", "send": "reply", "kept": ""}, status=303)
    assert "Fostering Finance on the same day 1" in rows(officer.get("/help"))
    assert "Fostering Finance on the same day 1" in rows(officer.get(LIST + "?show=any"))
    assert "Fostering Finance" not in PortalClient(app).get("/help").words


@pytest.mark.parametrize(
    ("role", "reads_plain", "reads_of_client"),
    [
        (CouncilRole.SYSTEMS_ADMINISTRATOR, False, False),
        (CouncilRole.HELP_DESK, True, False),
        (CouncilRole.AUDITOR, True, True),
    ],
)
def test_staff_who_look_as_the_provider_read_what_their_role_reads_and_else_see_only_that_it_is_there(
    client, provider, member, team, role, reads_plain, reads_of_client
):
    type_ = make_type(team, name="Fostering Query")
    child = make_client(first_name="Bart", surname="Simpson")
    make_item(make_contract(provider=provider), client=child)
    plain = make_action(provider, member, type_, title="The week looks short")
    about = make_action(provider, member, type_, title="He has grown", text=CANARY, about=About(client_id=child.id))
    [letter] = _letters(about, member)
    at = f"/providers/{provider.id}/actions/"
    client.sign_in(make_staff(role))
    client.post(f"/council/providers/{provider.id}/look", status=303)
    listed = client.get(at)
    assert ("The week looks short" in listed.words) is reads_plain
    assert ("He has grown" in listed.words) is reads_of_client
    assert ("Simpson" in listed.words) is reads_of_client
    assert (f"Action {about.id} Your role does not read it" in listed.words) is not reads_of_client
    assert ("He has grown" in client.get(f"{at}?text=grown&holder=").words) is reads_of_client
    for action, reads, words in ((plain, reads_plain, "The week looks short"), (about, reads_of_client, CANARY)):
        page = client.get(f"{at}{action.id}")
        assert (words in page.text) is reads
        assert ("does not read what is written in it" in page.words) is not reads
        client.get(f"{at}{action.id}/news", status=200 if reads else 404)
    client.get(f"{at}{about.id}/files/{letter}", status=200 if reads_of_client else 404)


def _letters(action, member):
    """The ids of a file that the provider attached."""
    data = b"Dear council"
    Store(current_portal().timetable.heads.parent / UPLOADS).put(io.BytesIO(data))
    taken = Taken(sha256(data).hexdigest(), "letter.txt", FileKind.TEXT, len(data))
    with unit_of_work() as session:
        here = session.scalars(Action.numbered(action.id)).one()
        verbs.comment(here, "See the letter", side=Side.PROVIDER, by=member, files=[taken])
        return [each.id for each in session.scalars(Attachment.of(here))]
