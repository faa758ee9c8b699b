"""One-off claims at the council: the panel's queue, deciding one claim or several, who may claim, by which rules."""

import io
from datetime import date

import pytest
from sqlalchemy import select

from models.accounts.conflict import FormerPlace
from models.audit import AuditEvent
from models.billing.grant import ClaimGrant
from models.billing.items import Claimed
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.claim import Claim, ClaimItem, ClaimStatus
from tests.care_factories import make_client, make_contract, make_item
from tests.claim_factories import make_claim, submit
from tests.factories import canary, make_provider, make_staff, make_user
from tests.support.claims import approve_of_the_guide, make_full_claim, price_with_all
from tests.support.client import PortalClient
from tests.support.files import picture
from tests.support.rows import every, reloaded, saved

WEDNESDAY = date(2019, 10, 2)
QUEUE = "/council/claims/"


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def contract(provider):
    return make_contract(provider, calculate_from=date(2019, 9, 30))


@pytest.fixture
def person(provider):
    return make_user(Role.CARER, provider, name="Dawn Stockton")


@pytest.fixture
def levels(contract):
    found = approve_of_the_guide(contract)
    return found["child"], found["parking"]


@pytest.fixture
def child(contract, provider):
    child = make_client(surname=f"Testing{canary(provider.id)}", first_name="CLA")
    make_item(contract, client=child)
    return child


@pytest.fixture
def sent(provider, person, levels, child):
    """`sent(150)`: a claim of so many miles that waits for the panel."""

    def make(miles, day=WEDNESDAY):
        runs = Claimed(levels[0].id, f"School runs of {miles}", child.id, day, miles * 10_000)
        claim = make_claim(provider, person, runs)
        submit(claim, person)
        return claim

    return make


@pytest.fixture
def panel(app):
    return PortalClient(app).sign_in(make_staff(CouncilRole.FINANCE_PANEL, name="Pat Panel"))


def of(claim, path=""):
    return f"{QUEUE}{claim.id}{path}"


def item_of(claim):
    return every(select(ClaimItem).where(ClaimItem.claim_id == claim.id))[0]


def test_the_queue_has_the_oldest_first_and_sorts_by_sum(panel, sent):
    first, second = sent(10), sent(150, date(2019, 10, 1))
    page = panel.get(QUEUE)
    assert [each.a.get_text() for each in page.page.select("tbody th")] == [f"OC{first.id}", f"OC{second.id}"]
    assert "2 claims, £61.92 in all" in page.words
    page = panel.get(f"{QUEUE}?sort=-sum")
    assert [each.a.get_text() for each in page.page.select("tbody th")] == [f"OC{second.id}", f"OC{first.id}"]
    assert "58.05" in panel.get(f"{QUEUE}data.csv").text


def test_no_list_and_no_file_shows_a_claim_that_its_carer_has_not_sent(panel, sent, provider, person, levels, child):
    made = sent(150)
    draft = make_claim(provider, person, Claimed(levels[0].id, "Not sent yet", child.id, WEDNESDAY, 100_000))
    panel.get(of(draft), status=404)
    page = panel.get(f"{QUEUE}?show=")
    assert [each.a.get_text() for each in page.page.select("tbody th")] == [f"OC{made.id}"]
    assert "1 claim, £58.05 in all" in page.words
    assert f"OC{draft.id}" not in panel.get(f"{QUEUE}data.csv?show=").text
    assert f"OC{draft.id}" not in panel.get(f"{QUEUE}?show=&name=OC{draft.id}").page.select_one("main").get_text()


def test_it_stands_on_my_work_of_the_panel_with_its_sum(panel, sent):
    sent(150)
    page = panel.get("/council/")
    assert "Claims for the Finance Panel" in page.words
    assert "£58.05" in page.words


@pytest.mark.covers("S4-127", "S4-164", "S4-129")
def test_a_claim_is_accepted_in_full_by_one_press_and_the_carer_reads_it(app, panel, sent, person, provider):
    claim, other = sent(150), sent(10, date(2019, 10, 1))
    page = panel.get(of(claim))
    assert page.page.select_one("form[action$=accept] button").get_text() == "Accept £58.05 in full"
    answer = panel.submit(page, form="form[action$=accept]", status=303)
    assert answer.location == of(other)
    found = reloaded(claim)
    assert (found.status, item_of(claim).accepted_pence) == (ClaimStatus.ACCEPTED, 5_805)
    assert [each.to for each in every(OutboxMessage) if "A claim of yours" in each.subject] == [person.email]
    own = PortalClient(app).sign_in(person).get(f"/providers/{provider.id}/claims/{claim.id}")
    assert "ACCEPTED" in own.words
    assert "£58.05 is in your next payment" in own.words


def test_the_next_claim_is_one_key_and_a_plain_link(panel, sent):
    claim, other = sent(150), sent(10, date(2019, 10, 1))
    link = panel.get(of(claim)).page.select_one("[data-next-key=F8]")
    assert (link["href"], link.get_text()) == (of(other), "Next claim (F8)")
    assert panel.get(of(other)).page.select_one("[data-next-key]") is None


def decide(panel, claim, status=303, **given):
    page = panel.get(of(claim))
    return panel.submit(page, given, form="form[action$=decide]", status=status)


@pytest.mark.covers("S4-165", "S4-166", "S4-167")
def test_fewer_miles_are_accepted_with_a_note_that_the_carer_reads(app, panel, sent, person, provider):
    claim = sent(150)
    what = {"items-0-what": "miles", "items-0-miles": "100"}
    refused = decide(panel, claim, status=422, **what)
    assert refused.errors == ["Say why, so that the provider knows"]
    assert refused.page.select_one("[name=items-0-miles]")["value"] == "100"
    decide(panel, claim, **what, **{"items-0-note": "The shortest route is 100 miles"})
    item = item_of(claim)
    assert (reloaded(claim).status, item.accepted_e4, item.accepted_pence) == (
        ClaimStatus.ACCEPTED_IN_PART, 1_000_000, 3_870
    )  # fmt: skip
    own = PortalClient(app).sign_in(person)
    page = own.get(f"/providers/{provider.id}/claims/{claim.id}")
    assert "£38.70 accepted" in page.words
    assert [each.get_text() for each in page.page.select("tbody td")][-3:-1] == ["Yes", "Yes"]
    view = own.get(f"/providers/{provider.id}/claims/{claim.id}/items/{item.id}")
    assert "The shortest route is 100 miles" in view.words


@pytest.mark.parametrize(("what", "wrong"), [
    ({"items-0-what": "miles", "items-0-miles": "150"}, "150 miles are claimed. Enter fewer than that"),
    ({"items-0-what": "miles"}, "Enter the number of miles, like 12.5"),
    ({"items-0-what": "sum", "items-0-pence": "58.06"}, "Enter a sum above £0.00 and at most £58.05"),
    ({"items-0-what": "sum", "items-0-pence": "0"}, "Enter a sum above £0.00 and at most £58.05"),
    ({"items-0-what": "rubbish"}, "Choose one from the list"),
])  # fmt: skip
def test_what_cannot_be_accepted_stays_on_the_form(panel, sent, what, wrong):
    claim = sent(150)
    assert wrong in decide(panel, claim, status=422, **what, **{"items-0-note": "Because"}).errors
    assert reloaded(claim).status is ClaimStatus.PENDING


def test_a_sum_is_accepted_and_an_item_left_out(panel, sent, provider, person, levels, child):
    runs = Claimed(levels[0].id, "School runs", child.id, WEDNESDAY, 1_500_000)
    park = Claimed(levels[0].id, "Contact", child.id, WEDNESDAY, 100_000)
    claim = make_claim(provider, person, runs, park)
    submit(claim, person)
    decide(panel, claim, **{
        "items-0-what": "sum", "items-0-pence": "58.05", "items-0-note": "Fixed", "items-1-what": "out",
        "items-1-note": "Not a trip that we pay",
    })  # fmt: skip
    found = every(select(ClaimItem).where(ClaimItem.claim_id == claim.id).order_by(ClaimItem.id))
    assert [(each.is_included, each.accepted_pence, each.la_note) for each in found] == [
        (True, 5_805, "Fixed"), (False, 0, "Not a trip that we pay"),
    ]  # fmt: skip


def test_a_claim_is_rejected_or_returned_with_words_that_the_carer_reads(app, panel, sent, person, provider):
    claim, other = sent(150), sent(10, date(2019, 10, 1))
    page = panel.get(of(claim, "/reject"))
    assert panel.submit(page, status=422).errors == ["Say why, so that the provider knows"]
    panel.submit(page, {"reason": "Not approved"}, status=303)
    page = panel.get(of(other, "/return"))
    panel.submit(page, {"text": "Which day was it?"}, status=303)
    own = PortalClient(app).sign_in(person)
    assert "REJECTED" in (page := own.get(f"/providers/{provider.id}/claims/{claim.id}")).words
    assert "Not approved" in page.words
    home = own.get(f"/providers/{provider.id}/")
    assert "1 claim is returned for information" in home.words
    page = own.get(f"/providers/{provider.id}/claims/{other.id}")
    assert "Which day was it?" in page.words
    own.submit(page, form="form[action$=submit]", status=303)
    assert reloaded(other).status is ClaimStatus.PENDING


def test_several_are_accepted_at_once(panel, sent):
    claims = [sent(150), sent(10, date(2019, 10, 1))]
    ids = "&".join(f"claim={each.id}" for each in claims)
    page = panel.get(f"{QUEUE}accept-many?{ids}")
    assert page.page.select_one("main button").get_text() == "Accept 2 claims for £61.92"
    panel.submit(page, status=303)
    assert {reloaded(each).status for each in claims} == {ClaimStatus.ACCEPTED}
    refused = panel.submit(panel.get(f"{QUEUE}accept-many?{ids}"), status=422)
    assert f"Claim OC{claims[0].id} has been accepted" in refused.errors[0]


def test_nobody_decides_a_claim_of_their_own_household_or_provider(app, sent, provider):
    claim = sent(150)
    own = make_staff(CouncilRole.FINANCE_PANEL)
    saved(FormerPlace(user_id=own.id, provider_id=provider.id, role=Role.CARER))
    panel = PortalClient(app).sign_in(own)
    page = panel.get(of(claim))
    assert "a colleague has to decide it" in page.words
    assert page.page.select_one("form[action$=accept]") is None
    for path in ("/accept", "/decide", "/reject", "/return"):
        panel.post(of(claim, path), {"reason": "Mine", "text": "Mine"}, status=409)
    panel.post(f"{QUEUE}accept-many", {"claim": str(claim.id)}, status=409)
    assert reloaded(claim).status is ClaimStatus.PENDING


def test_two_of_the_panel_the_second_reads_that_it_is_decided(app, panel, sent):
    claim = sent(150)
    second = PortalClient(app).sign_in(make_staff(CouncilRole.FINANCE_PANEL))
    page = second.get(of(claim))
    panel.submit(panel.get(of(claim)), form="form[action$=accept]", status=303)
    refused = second.submit(page, form="form[action$=accept]", status=409)
    assert f"Claim OC{claim.id} has been accepted" in refused.words


def test_a_changed_decision_says_why(panel, sent):
    claim = sent(150)
    panel.submit(panel.get(of(claim)), form="form[action$=accept]", status=303)
    out = {"items-0-what": "out", "items-0-note": "Paid twice"}
    refused = decide(panel, claim, status=422, **out)
    assert "Say why the decision is changed" in refused.errors[0]
    decide(panel, claim, **out, note="It was in another claim too")
    assert reloaded(claim).status is ClaimStatus.REJECTED


def test_a_photograph_stands_beside_its_item(app, panel, provider, person, levels):
    own = PortalClient(app).sign_in(person)
    claim = make_claim(provider, person)
    page = own.get(f"/providers/{provider.id}/claims/{claim.id}/items/new?of=provider")
    photograph = (io.BytesIO(picture("JPEG", (40, 30))), "IMG_0001.JPG")
    own.submit(page, {
        "level": str(levels[1].id), "description": "Parking", "amount": "3.80", "files": [photograph], "choose": "",
        "send": "y",
    }, form="form#item", status=303)  # fmt: skip
    submit(claim, person)
    image = panel.get(of(claim)).page.select_one("main img")
    assert image["alt"] == "IMG_0001.JPG, of Parking"
    assert panel.get(image["src"]).headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("role", CouncilRole)
def test_who_sees_claims_and_who_decides(app, sent, role):
    claim = sent(150)
    sees = role.value in ("payments_officer", "payments_manager", "finance_panel", "auditor")
    who = PortalClient(app).sign_in(make_staff(role))
    for path in ("", str(claim.id), "approvals", "rules"):
        who.get(f"{QUEUE}{path}", status=200 if sees else 403)
    if role is not CouncilRole.FINANCE_PANEL:
        for path in ("/accept", "/decide", "/reject", "/return"):
            who.post(of(claim, path), status=403)


def test_an_officer_approves_a_provider_and_ends_it(app, contract, provider, levels):
    officer = PortalClient(app).sign_in(make_staff())
    other = make_provider()
    page = officer.get(f"{QUEUE}approvals/new/{other.id}")
    refused = officer.submit(page, {"level": str(levels[0].id)}, status=422)
    assert "has a rate for" in refused.errors[0]
    [grant, *_] = every(ClaimGrant)
    page = officer.get(f"{QUEUE}approvals/{grant.id}/end")
    officer.submit(page, {"ends_on": ["1", "10", "2019"]}, status=303)
    assert reloaded(grant).ends_on == date(2019, 10, 1)
    assert "01/10/2019" in officer.get(f"{QUEUE}approvals?show=&name=").words
    page = officer.get(f"{QUEUE}approvals/new/{provider.id}")
    officer.submit(page, {"level": str(grant.service_level_id), "note": "Panel of 1 October"}, status=303)
    assert every(ClaimGrant)[-1].note == "Panel of 1 October"
    assert f"{QUEUE}approvals/new/{provider.id}" in officer.get(f"/council/providers/{provider.id}").text


def test_what_the_panel_does_is_in_the_audit(panel, sent):
    claim = sent(150)
    panel.submit(panel.get(of(claim)), form="form[action$=accept]", status=303)
    assert every(select(AuditEvent).where(AuditEvent.action == "claim.accepted"))[0].user_id == panel.user.id
    assert len(every(Claim)) == 1


def test_a_claim_is_found_by_its_number_everywhere_once_it_was_sent(panel, sent, provider, person, levels, child):
    claim = sent(150)
    draft = make_claim(provider, person, Claimed(levels[0].id, "Draft", child.id, WEDNESDAY, 10_000))
    answer = panel.post("/council/search/", {"text": f"oc{claim.id}"}, status=303)
    assert answer.location == of(claim)
    answer = panel.post("/council/search/", {"text": f"OC{draft.id}"}, status=303)
    assert "/council/search/" in answer.location


def test_a_claim_asks_the_database_as_often_however_much_is_in_it(panel, contract, child, levels, person):
    def reads(many):
        claim = make_full_claim(contract, *levels, person, many=many)
        submit(claim, person)
        panel.get(of(claim))  # what is noted once a minute is noted now
        return panel.get(of(claim)).reads

    price_with_all(contract, child, levels[0])
    few = reads(1)
    assert len(reads(6)) == len(few) <= 8, few
