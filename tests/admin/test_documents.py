"""Contract documents at the council: making drafts, looking at one, publishing, chasing, withdrawing."""

from io import BytesIO

import pytest
from sqlalchemy import select, update

from exchange.evidence import verify
from models.correspondence import documents
from models.correspondence.document import ContractDocument, DocumentOpening, DocumentState
from models.outbox import OutboxMessage
from models.payments.calculation import calculate
from models.permissions import CouncilRole, Role
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.contract import Contract
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import PASSWORD, make_membership, make_provider, make_staff, make_user
from tests.support.client import PortalClient, filled_in
from tests.support.documents import printed
from tests.support.rows import every, unit_of_work

COUNCIL = "Borsetshire Council"


@pytest.fixture
def provider(database):
    return make_provider(name="Oak House")


@pytest.fixture
def item(provider):
    contract = make_contract(provider, is_agreement_required=True)
    return make_item(contract, rate_e4=8_725_000, client=make_client(surname="Simpson", first_name="Bart"))


@pytest.fixture
def clerk(client):
    return client.sign_in(make_staff(CouncilRole.SERVICE_AGREEMENTS, name="Noor Haddad"))


@pytest.fixture
def signatory(provider):
    return make_user(Role.SIGNATORY, provider, name="Dawn Stockton")


def drafted(item, by):
    with unit_of_work() as session:
        found = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        return documents.make(found, council=COUNCIL, by=by)


def rows(answer):
    return [" ".join(row.get_text(" ").split()) for row in answer.page.select("main tbody tr")]


def now(document):
    return every(ContractDocument.numbered(document.id))[0]


def press(client, answer, words, **given):
    """The form of the button with these words."""
    [button] = [each for each in answer.page.select("main button") if words in each.get_text()]
    form = button.find_parent("form")
    form["id"] = "pressed"
    answered = client.submit(answer, given, form="#pressed", action=button.get("formaction"))
    del form["id"]
    return answered


def test_drafts_are_made_of_the_line_items_that_need_one(clerk, item, provider):
    make_item(make_contract(provider))  # of a contract that needs none
    page = clerk.get("/council/documents/make")
    assert [row for row in rows(page) if "Simpson, Bart" in row and "No agreement" in row]
    assert len(rows(page)) == 1
    assert press(clerk, page, "Make drafts").errors == ["Tick at least one line item"]
    done = clerk.follow(press(clerk, page, "Make drafts", item=item.id))
    assert "1 draft made" in done.words
    assert "Draft" in rows(done)[0]
    assert rows(clerk.get("/council/documents/make")) == []
    again = press(clerk, clerk.get("/council/documents/make?show=all"), "Make drafts", item=item.id)
    assert again.status_code == 303
    assert len(every(ContractDocument)) == 1


def test_a_draft_is_looked_at_and_published_as_it_stands(clerk, item, signatory):
    document = drafted(item, clerk.user)
    page = clerk.get(f"/council/documents/{document.id}")
    assert "£872.50 a week, from 1 January 2019" in page.words
    with unit_of_work() as session:
        session.execute(update(ItemPrice).values(rate_e4=9_152_500))
    refused = press(clerk, page, "Publish")
    assert refused.status_code == 409
    assert "The care package has changed since this was made" in refused.words
    page = clerk.follow(press(clerk, page, "Make it again"))
    assert "£915.25" in page.words
    done = clerk.follow(press(clerk, page, "Publish"))
    assert "Published. Whoever may agree is told by mail" in done.words
    assert now(document).state is DocumentState.PUBLISHED
    assert [mail.to for mail in every(OutboxMessage)] == [signatory.email]
    assert "Nobody yet" in done.words
    with unit_of_work(document.provider_id):
        DocumentOpening.note(document, signatory.id)
    assert "Dawn Stockton (" in clerk.get(f"/council/documents/{document.id}").words


def test_the_list_tells_age_money_and_state_and_acts_on_several(clerk, item, provider, signatory):
    other = make_item(make_contract(provider, is_agreement_required=True))
    first, second = drafted(item, clerk.user), drafted(other, clerk.user)
    page = clerk.get("/council/documents/?state=draft")
    assert len(rows(page)) == 2
    ticked = [each["value"] for each in page.page.select("input[name=document]")]
    with unit_of_work() as session:
        session.execute(update(ContractDocument).where(ContractDocument.id == second.id).values(sha256="0" * 64))
    done = clerk.follow(press(clerk, page, "Publish the ticked", document=ticked))
    assert "1 document published" in done.words
    assert f"Left out: {other.reference}: This is not the version" in done.words
    with unit_of_work():
        calculate([provider.id])
    page = clerk.get("/council/documents/?state=published")
    assert "£" in rows(page)[0]
    assert "0 days" in rows(page)[0]
    done = clerk.follow(press(clerk, page, "Remind", document=ticked))
    assert "Reminded of 1 document. Left out: 1 document that waits no longer" in done.words
    assert now(first).chased_at is not None
    none = press(clerk, clerk.get("/council/documents/"), "Remind")
    assert none.status_code == 409
    assert "Tick at least one document" in none.words
    file = clerk.get("/council/documents/data.csv")
    assert "Simpson, Bart" in file.text
    assert first.sha256 in file.text


def test_withdrawing_keeps_what_was_typed_and_says_why(clerk, item):
    document = drafted(item, clerk.user)
    page = clerk.get(f"/council/documents/{document.id}/withdraw")
    assert clerk.submit(page, {"reason": ""}, status=422).errors == ["Say why, so that whoever looks for it knows"]
    done = clerk.follow(clerk.submit(page, {"reason": "Made in error"}, status=303))
    assert "Made in error" in done.words
    assert "Withdrawn" in done.words


def test_who_has_a_place_at_the_provider_acts_on_none_of_its_documents(clerk, item, provider):
    document = drafted(item, clerk.user)
    make_membership(clerk.user, provider, Role.VIEWER)
    for path, given in (("make", {"item": item.id}), ("publish-many", {"document": f"{document.id}-{'0' * 16}"})):
        answer = clerk.post(f"/council/documents/{path}", given, status=409)
        assert "You have or had a place at" in answer.words
    assert now(document).state is DocumentState.DRAFT


def test_the_desk_counts_what_is_to_be_made_published_and_put_right(clerk, item, signatory):
    assert "Agreements to make" in clerk.get("/council/").words
    document = drafted(item, clerk.user)
    assert "Documents to publish" in clerk.get("/council/").words
    with unit_of_work() as session:
        found = session.scalars(ContractDocument.numbered(document.id)).one()
        documents.publish(found, seen_sha256=found.sha256, council=COUNCIL, printed=printed, by=clerk.user)
    assert "Documents that wait for providers" in clerk.get("/council/").words
    with unit_of_work() as session:
        found = session.scalars(ContractDocument.numbered(document.id)).one()
        documents.reject(found, seen_sha256=found.sha256, reason="Too little", by=signatory)
    words = clerk.get("/council/").words
    assert "Rejected documents" in words
    assert "Agreements to make" in words


def test_who_does_not_manage_documents_looks_and_changes_nothing(app, item, clerk):
    document = drafted(item, clerk.user)
    officer = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_OFFICER))
    page = officer.get(f"/council/documents/{document.id}")
    assert not page.page.select("main form")
    assert not officer.get("/council/documents/").page.select("input[name=document]")
    officer.get("/council/documents/make", status=403)


def test_brokerage_which_reads_line_items_by_no_name_reads_no_documents(app, item, clerk):
    """A document names its client, what the client pays, and allowances; its file cannot be masked."""
    made = drafted(item, clerk.user)
    broker = PortalClient(app).sign_in(make_staff(CouncilRole.BROKERAGE))
    assert "Simpson" not in broker.get(f"/council/care-packages/{item.id}").text
    for path in ("", "data.csv", f"{made.id}", f"{made.id}/file", f"{made.id}/receipt"):
        broker.get(f"/council/documents/{path}", status=403)


def test_an_item_with_money_above_what_is_agreed_needs_a_version_more(clerk, item, provider, signatory):
    document = drafted(item, clerk.user)
    with unit_of_work() as session:
        found = session.scalars(ContractDocument.numbered(document.id)).one()
        documents.publish(found, seen_sha256=found.sha256, council=COUNCIL, printed=printed, by=clerk.user)
    with unit_of_work(provider.id) as session:
        DocumentOpening.note(document, signatory.id)
        found = session.scalars(ContractDocument.numbered(document.id)).one()
        proof = documents.Proof("their password", "", "", "")
        documents.agree(found, seen_sha256=found.sha256, council=COUNCIL, proof=proof, by=signatory)
    assert rows(clerk.get("/council/documents/make")) == []
    with unit_of_work() as session:
        session.execute(update(ItemPrice).values(rate_e4=9_152_500))
        calculate([provider.id])
    assert every(select(Contract.is_agreement_required)) == [True]
    [row] = rows(clerk.get("/council/documents/make"))
    assert "Version 1, agreed" in row


@pytest.mark.covers("S0-035")
def test_terms_are_uploaded_published_agreed_and_followed_by_the_next_version(app, clerk, provider, signatory, item):
    page = clerk.get("/council/documents/upload")
    given = {"provider": "Oak House", "title": "Terms 2026", "files": (BytesIO(b"%PDF-1.4 no pdf"), "terms.pdf")}
    assert clerk.submit(page, given, status=422).errors
    given |= {"files": (BytesIO(b"Terms and conditions, the first"), "terms.txt")}
    wrong = clerk.submit(page, given | {"client": "C0"}, status=422)
    assert wrong.errors == ["Oak House has, or had, no client with the reference C0"]
    assert filled_in(wrong.page.select_one("main form"))["title"] == "Terms 2026"
    done = clerk.follow(clerk.submit(wrong, {"client": ""}, status=303))
    assert "Uploaded as a draft" in done.words
    clerk.follow(press(clerk, done, "Publish"))
    [document] = every(ContractDocument)
    own = PortalClient(app).sign_in(signatory)
    there = f"/providers/{provider.id}/documents/{document.id}"
    own.get(there)
    refused = own.submit(own.get(f"{there}/agree"), {"is_authorised": "y", "password": PASSWORD}, status=409)
    assert "read it first" in refused.errors[0]
    assert own.get(f"{there}/file").text == "Terms and conditions, the first"
    own.submit(own.get(f"{there}/agree"), {"is_authorised": "y", "password": PASSWORD}, status=303)
    assert now(document).act.sha256 == now(document).file_sha256
    assert all(each.is_right for each in verify(own.get(f"{there}/receipt").response.data))
    page = clerk.get(f"/council/documents/{document.id}/next-version")
    same = clerk.submit(page, {"files": (BytesIO(b"Terms and conditions, the first"), "terms.txt")}, status=422)
    assert same.errors == ["This is the same file as version 1"]
    clerk.submit(page, {"files": (BytesIO(b"Terms and conditions, the second"), "terms.txt")}, status=303)
    assert [(each.version, each.state.value) for each in every(ContractDocument)] == [(1, "agreed"), (2, "draft")]
