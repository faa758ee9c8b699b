"""Contract documents as a provider's people see them: the list, one to read, agreeing and rejecting."""

from hashlib import sha256

import pytest
from sqlalchemy import select, update

from blueprints.lookups import PER_PAGE
from config import Files
from exchange.evidence import verify
from exchange.files.store import UPLOADS, Store
from exchange.pdf.agreement import kept_in
from models.accounts.login import THROTTLED
from models.audit import AuditEvent
from models.correspondence import documents
from models.correspondence.document import ContractDocument, DocumentOpening, DocumentState
from models.money import gbp
from models.outbox import OutboxMessage
from models.payments.calculation import calculate
from models.permissions import CouncilRole, Role
from models.records.care_package import CarePackageLineItem, ItemPrice
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import PASSWORD, canary, make_provider, make_staff, make_user
from tests.support.client import PortalClient, filled_in
from tests.support.documents import printed
from tests.support.rows import every, unit_of_work
from tests.support.seals import make_key

COUNCIL = "Borsetshire Council"


@pytest.fixture
def provider(database):
    return make_provider(address="1 Oak Street\nDarlington")


@pytest.fixture
def item(provider):
    contract = make_contract(provider, is_agreement_required=True)
    who = make_client(surname=f"Simpson{canary(provider.id)}", first_name="Bart")
    return make_item(contract, rate_e4=8_725_000, client=who)


@pytest.fixture
def clerk(database):
    return make_staff(CouncilRole.SERVICE_AGREEMENTS)


@pytest.fixture
def person(client, provider):
    return client.sign_in(make_user(Role.SIGNATORY, provider, name="Dawn Stockton"))


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/documents/{path}"


def published(item, clerk, printed=printed):
    with unit_of_work() as session:
        found = session.scalars(select(CarePackageLineItem).where(CarePackageLineItem.id == item.id)).one()
        made = documents.make(found, council=COUNCIL, by=clerk)
        session.flush()
        document = session.scalars(ContractDocument.numbered(made.id)).one()
        documents.publish(document, seen_sha256=document.sha256, council=COUNCIL, printed=printed, by=clerk)
    return document


def dearer(item):
    with unit_of_work() as session:
        session.execute(update(ItemPrice).where(ItemPrice.item_id == item.id).values(rate_e4=9_152_500))


def now(document):
    return every(ContractDocument.numbered(document.id))[0]


def agree(person, at, document, status, **given):
    person.get(at(f"{document.id}"))
    page = person.get(at(f"{document.id}/agree"))
    return person.submit(page, {"is_authorised": "y", "password": PASSWORD} | given, status=status)


@pytest.mark.covers("S0-035", "S0-038", "S0-039", "S2-010", "S2-011", "S2-012", "S2-013")
def test_the_list_begins_with_what_was_published_this_month_and_tells_of_the_older(person, at, item, clerk, set_today):
    document = published(item, clerk)
    with unit_of_work() as session:
        session.execute(update(ContractDocument).values(updated_at=now(document).published_at.replace(year=2019)))
    set_today(None)
    page = person.get(at())
    chosen = filled_in(page.page.select_one("main form.filters"))
    assert chosen["state"] == "published"
    assert chosen["since"].endswith("-01")
    assert "No document is like that" in page.words
    assert "1 older document waits for your answer" in page.words
    shown = person.submit(page, {"since": ""})
    [row] = shown.page.select("main table tbody tr")
    assert "Individual Service Agreement" in row.get_text()
    assert "Bart" in row.get_text()
    assert "Published" in row.get_text()
    assert "older" not in shown.words
    assert len(shown.reads) <= 8
    narrowed = person.submit(shown, {"client": "", "state": "agreed", "since": ""})
    assert "No document is like that" in narrowed.words
    wrong = person.get(at(), query_string={"state": "zzz"}, status=422)
    assert "Choose a status from the list" in wrong.words


@pytest.mark.covers("S0-036", "S2-007", "S2-014", "S2-018")
def test_one_is_read_on_a_page_that_goes_back_to_the_same_list(person, at, item, clerk):
    document = published(item, clerk)
    shown = person.get(at(f"{document.id}"), query_string={"state": "", "since": ""})
    assert "£872.50 a week, from 1 January 2019" in shown.words
    assert document.sha256 in shown.words
    assert shown.page.select_one("a.govuk-back-link")["href"] == at("?state=&since=")
    assert [each.user_id for each in every(DocumentOpening)] == [person.user.id]
    assert "Agree" in [each.get_text(strip=True) for each in shown.page.select("main a.govuk-button")]


@pytest.mark.covers("S0-037", "S0-040", "S0-007")
def test_agreeing_takes_the_tick_and_the_password_and_says_what_it_binds_to(person, at, item, clerk, provider):
    document = published(item, clerk)
    person.get(at(f"{document.id}"))
    page = person.get(at(f"{document.id}/agree"))
    assert f"I am authorised to bind {provider.name}. By agreeing I enter into this contract" in page.words
    assert "It is binding" in page.words
    assert "Agree to £872.50 a week" in page.words
    wrong = person.submit(page, {}, status=422)
    assert wrong.errors == [
        "Tick that you are authorised, or do not agree", "Enter your password, so that we know it is you",
    ]  # fmt: skip
    wrong = person.submit(page, {"is_authorised": "y", "password": "Not-my-own-4"}, status=422)
    assert wrong.errors == ["That is not your current password. Check it, and type it again"]
    assert wrong.page.select_one("[name=is_authorised][checked]")
    assert now(document).state is DocumentState.PUBLISHED
    done = person.follow(agree(person, at, document, 303))
    assert "You have agreed to Individual Service Agreement, version 1" in done.words
    assert "Dawn Stockton agreed to it for" in done.words
    assert now(document).act.sha256 == document.sha256
    assert person.get(at(f"{document.id}/agree")).page.select_one("main form") is None


def test_a_version_that_was_replaced_while_it_lay_open_answers_409_with_the_difference(person, at, item, clerk):
    """Case 10."""
    first = published(item, clerk)
    person.get(at(f"{first.id}"))
    page = person.get(at(f"{first.id}/agree"))
    dearer(item)
    second = published(item, clerk)
    answer = person.submit(page, {"is_authorised": "y", "password": PASSWORD}, status=409)
    assert answer.errors == ["A newer version has taken its place. Look at what differs, and answer that one"]
    cells = [each.get_text(" ", strip=True) for each in answer.page.select("main tbody tr")]
    assert cells[-1] == "The council pays a week £872.50 £915.25"
    assert answer.page.select_one(f"main a[href*='/documents/{second.id}']")
    assert {now(first).state, now(second).state} == {DocumentState.SUPERSEDED, DocumentState.PUBLISHED}


def test_a_deed_can_be_read_and_not_agreed(person, at, item, clerk):
    document = published(item, clerk)
    with unit_of_work() as session:
        session.execute(update(ContractDocument).values(is_deed=True))
    shown = person.get(at(f"{document.id}"))
    assert "This is a deed" in shown.words
    assert not shown.page.select("main a.govuk-button[href$=agree]")
    answer = person.post(at(f"{document.id}/agree"),
                         {"is_authorised": "y", "password": PASSWORD, "seen": document.sha256}, status=409)  # fmt: skip
    assert "This is a deed" in answer.errors[0]


def test_who_only_looks_reads_it_and_cannot_agree(app, at, item, clerk, provider):
    document = published(item, clerk)
    viewer = PortalClient(app).sign_in(make_user(Role.VIEWER, provider))
    assert "You can read it, and not agree to it" in viewer.get(at(f"{document.id}")).words
    viewer.get(at(f"{document.id}/agree"), status=403)


def test_another_providers_document_and_a_draft_are_not_found(app, item, clerk, provider):
    document = published(item, clerk)
    elsewhere = make_provider()
    stranger = PortalClient(app).sign_in(make_user(Role.SIGNATORY, elsewhere))
    for path in ("", "/agree", "/reject"):
        stranger.get(f"/providers/{elsewhere.id}/documents/{document.id}{path}", status=404)
    with unit_of_work() as session:
        hidden = {"state": DocumentState.DRAFT, "published_at": None, "published_by_id": None}
        session.execute(update(ContractDocument).values(**hidden))
    own = PortalClient(app).sign_in(make_user(Role.SIGNATORY, provider))
    own.get(f"/providers/{document.provider_id}/documents/{document.id}", status=404)


@pytest.mark.covers("S0-041")
def test_rejecting_asks_why_and_keeps_what_was_typed(person, at, item, clerk):
    document = published(item, clerk)
    page = person.get(at(f"{document.id}/reject"))
    assert person.submit(page, {"reason": " "}, status=422).errors == [
        "Say why, so that the council knows what to put right"
    ]
    long = person.submit(page, {"reason": "x" * 2_001}, status=422)
    assert long.errors == ["Write 2,000 characters or fewer"]
    assert "x" * 2_001 in long.text
    done = person.follow(person.submit(page, {"reason": "The price is last year’s"}, status=303))
    assert "You have rejected it" in done.words
    assert "The price is last year’s" in done.words
    assert (now(document).state, now(document).reason) == (DocumentState.REJECTED, "The price is last year’s")
    assert all("last year" not in mail.body for mail in every(OutboxMessage))


def test_home_says_what_waits_for_an_agreement_and_links_to_it(person, item, clerk, provider):
    published(item, clerk)
    with unit_of_work():
        calculate([provider.id])
    home = person.get(f"/providers/{provider.id}/")
    [need] = [each for each in home.page.select(".todo li") if "Agree" in each.get_text()]
    assert "Agree 1 document" in need.get_text()
    shown = person.get(need.a["href"])
    assert len(shown.page.select("main tbody tr")) == 1


def test_home_asks_nobody_to_agree_to_a_deed(person, at, item, clerk, provider):
    """A deed waits for a signature on paper: home says so, and the list offers nothing to tick."""
    published(item, clerk)
    with unit_of_work() as session:
        session.execute(update(ContractDocument).values(is_deed=True))
    home = person.get(f"/providers/{provider.id}/").page
    needs = [each.get_text(" ", strip=True) for each in home.select(".todo li")]
    assert not [each for each in needs if "Agree" in each]
    [need] = [each for each in needs if "deed" in each]
    assert need.startswith("Sign 1 deed on paper, before a witness")
    assert "Agree the ticked ones" not in person.get(at("?since=")).words


@pytest.mark.covers("S0-036", "S0-006", "S2-015", "S2-016", "S2-017")
def test_the_pdf_and_the_receipt_are_saved_and_the_receipt_checks(person, at, item, clerk, settings, app):
    document = published(item, clerk, kept_in(Store(settings.instance / UPLOADS)))
    file = person.get(at(f"{document.id}/file"))
    assert file.response.mimetype == "application/pdf"
    assert file.response.data.startswith(b"%PDF")
    assert sha256(file.response.data).hexdigest() == now(document).file_sha256
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    opened = person.get(at(f"{document.id}/file?open=yes"))
    assert opened.headers["Content-Disposition"].startswith("inline; filename=")
    assert "sandbox" not in opened.headers["Content-Security-Policy"]
    assert opened.response.data == file.response.data
    assert "you need a PDF reader" in person.get(at(document.id)).words
    person.get(at(f"{document.id}/receipt"), status=404)
    agree(person, at, document, 303)
    saved = person.get(at(f"{document.id}/receipt"))
    assert all(each.is_right for each in verify(saved.response.data))
    noted = every(select(AuditEvent).where(AuditEvent.action == "client_record.read"))
    assert {"provider.documents.file", "provider.documents.receipt"} <= {each.detail["endpoint"] for each in noted}
    clerk_of_ours = PortalClient(app).sign_in(clerk)
    for path in ("", "/file", "/receipt"):
        clerk_of_ours.get(f"/council/documents/{document.id}{path}")
    noted = every(select(AuditEvent).where(AuditEvent.action == "contact_details.seen"))
    assert [each.detail["endpoint"].rpartition(".")[2] for each in noted] == ["show", "file", "receipt"]
    manager = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))
    for path in ("file", "receipt"):  # they say where the provider is
        manager.get(f"/council/documents/{document.id}/{path}", status=403)


def test_several_are_agreed_after_each_was_opened(person, at, item, clerk, provider):
    """One that was not opened is left, and named."""
    contract = make_contract(provider, is_agreement_required=True)
    first, second, third = (
        published(item, clerk),
        published(make_item(contract), clerk),
        published(make_item(contract), clerk),
    )
    for each in (first, second):
        person.get(at(f"{each.id}"))
    page = person.get(at("?since="))
    ticked = [each["value"] for each in page.page.select("input[name=document]")]
    assert len(ticked) == 3
    asked = person.get(at("agree-several"), query_string={"document": ticked})
    assert "Open it and read it first" in asked.words
    total = gbp(sum(now(each).paper.sum_pence for each in (first, second)))
    buttons = [each.get_text(strip=True) for each in asked.page.select("main form[method=post] button")]
    assert f"Agree to 2 documents, {total} a week" in buttons
    assert person.submit(asked, {}, status=422).errors[0] == "Tick that you are authorised, or do not agree"
    given = {
        "is_authorised": "y",
        "password": PASSWORD,
        "document": [f"{each.id}-{each.sha256[:16]}" for each in (first, second)],
    }
    done = person.follow(person.submit(asked, given, status=303))
    assert "You have agreed to 2 documents" in done.words
    assert [now(each).state.value for each in (first, second, third)] == ["agreed", "agreed", "published"]
    assert "No document is ticked" in person.get(at("agree-several")).words


def test_one_of_several_that_was_replaced_meanwhile_is_told_to_be_left_out(person, at, item, clerk, provider):
    other = make_item(make_contract(provider, is_agreement_required=True))
    first, second = published(item, clerk), published(other, clerk)
    for each in (first, second):
        person.get(at(f"{each.id}"))
    ticked = {"document": [f"{each.id}-{each.sha256[:16]}" for each in (first, second)]}
    page = person.get(at("agree-several"), query_string=ticked)
    dearer(item)
    published(item, clerk)
    done = person.follow(person.submit(page, {"is_authorised": "y", "password": PASSWORD} | ticked, status=303))
    assert "You have agreed to 1 document" in done.words
    assert "Left out: 1 document that changed, or stopped waiting, since you ticked it" in done.words


def test_what_is_ticked_on_one_page_is_ticked_still_on_the_next(person, at, clerk, provider):
    contract = make_contract(provider, is_agreement_required=True)
    for _ in range(PER_PAGE + 1):
        published(make_item(contract), clerk)
    first = person.get(at("?since="))
    one, two = (each["value"] for each in first.page.select("input[type=checkbox][name=document]")[:2])
    asked = {"since": "", "document": [one, two], "page": "2"}
    assert filled_in(first.page.select_one("main form:has([formaction])"))["since"] == ""
    second = person.get(at(), query_string=asked)
    assert "2 more are ticked on other pages." in second.words
    [last] = second.page.select("input[type=checkbox][name=document]")
    kept = [each["value"] for each in second.page.select("input[type=hidden][name=document]")]
    assert kept == [one, two]
    back = person.get(at(), query_string=asked | {"document": [one, two, last["value"]], "page": "1"})
    assert [each["value"] for each in back.page.select("input[name=document][checked]")] == [one, two]
    several = person.get(at("agree-several"), query_string={"document": [last["value"], *kept]})
    assert len(several.page.select("main tbody tr")) == 3


def test_who_is_throttled_reads_that_and_not_that_the_password_is_wrong(person, at, item, clerk):
    document = published(item, clerk)
    for _ in range(10):
        wrong = agree(person, at, document, 422, password="Not-my-own-4")
        assert wrong.errors == ["That is not your current password. Check it, and type it again"]
    assert agree(person, at, document, 422).errors == [THROTTLED]
    assert now(document).state is DocumentState.PUBLISHED
    assert every(select(AuditEvent).where(AuditEvent.action == "login.throttled"))


def test_asking_for_the_head_of_a_page_opens_no_document(person, at, item, clerk, settings):
    document = published(item, clerk, kept_in(Store(settings.instance / UPLOADS)))
    for path in ("", "/file"):
        person.open("HEAD", at(f"{document.id}{path}"), status=None)
    assert every(DocumentOpening) == []
    page = person.get(at(f"{document.id}/agree"))
    refused = person.submit(page, {"is_authorised": "y", "password": PASSWORD}, status=409)
    assert "read it first" in refused.errors[0]


def test_a_file_that_is_not_in_the_store_says_so_and_tells_the_council_once(person, at, item, clerk, settings, app):
    document = published(item, clerk, kept_in(Store(settings.instance / UPLOADS)))
    agree(person, at, document, 303)
    Store(settings.instance / UPLOADS).remove(now(document).file_sha256)
    desk = PortalClient(app).sign_in(clerk)
    for answer in (
        person.get(at(f"{document.id}/file"), status=409, may_mail=True),
        person.get(at(f"{document.id}/receipt"), status=409),
        desk.get(f"/council/documents/{document.id}/file", status=409),
    ):  # fmt: skip
        assert "This file is not where the portal keeps its files" in answer.words
        assert "The council has been told" in answer.words
    assert len(every(select(AuditEvent).where(AuditEvent.action == "file.missing"))) == 1
    [mail] = [each for each in every(OutboxMessage) if each.subject == "A file is missing"]
    assert mail.to == settings.council.team_email
    found = app.test_cli_runner().invoke(args=["verify"])
    assert found.exit_code == 1
    assert f"contract_document {document.id}: {now(document).file_sha256}: No such file" in found.stderr


def test_with_a_key_in_the_settings_a_receipt_is_sealed(make_app, item, clerk, provider, settings, at):
    document = published(item, clerk, kept_in(Store(settings.instance / UPLOADS)))
    make_key(settings.instance / "seal.p12")
    files = Files(seal="seal.p12", seal_password="of wax")
    person = PortalClient(make_app(files=files)).sign_in(make_user(Role.SIGNATORY, provider))
    agree(person, at, document, 303)
    told = verify(person.get(at(f"{document.id}/receipt")).response.data)
    assert all(each.is_right for each in told)
    assert "Its seal names this act" in [each.words for each in told]
