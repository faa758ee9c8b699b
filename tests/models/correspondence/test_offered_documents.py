"""What waits on a published document is what agreeing that version would release: one sum on every page."""

from datetime import date

import pytest
from sqlalchemy import update

from models.correspondence import documents
from models.correspondence.document import DocumentState
from models.correspondence.document_list import ToMake, missing, outdated, standing_of, to_make, waiting, waiting_here
from models.payments.calculation import calculate
from models.payments.offered import OfferedTerms, refresh
from models.permissions import CouncilRole, Role
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.reports.waits import waiting as sums_that_wait
from models.verify import check_all
from models.waiting import ask
from tests import care_factories as care
from tests.factories import make_provider, make_staff, make_user
from tests.models.correspondence.test_documents import act, agree, made, now, opened, publish, published
from tests.support.client import PortalClient
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 23)
TWO_WEEKS, RISE = 2 * 872_50, 2 * 42_75
"""What waits on 2 October of an item from MONDAY at £872.50 a week, and what two weeks at £915.25 come to above it."""


@pytest.fixture
def provider():
    return make_provider()


@pytest.fixture
def item(provider):
    contract = care.make_contract(provider, calculate_from=MONDAY, is_agreement_required=True)
    return care.make_item(contract, 872_5000, starts_on=MONDAY)


@pytest.fixture
def clerk():
    return make_staff(CouncilRole.SERVICE_AGREEMENTS)


@pytest.fixture
def signatory(provider):
    return make_user(Role.SIGNATORY, provider)


def calculated(provider):
    with unit_of_work():
        calculate([provider.id])


def risen(item, rate_e4=915_2500):
    with unit_of_work() as session:
        session.execute(update(ItemPrice).where(ItemPrice.item_id == item.id).values(rate_e4=rate_e4))
        calculate([item.provider_id])


def told(document):
    """Pence that agreeing releases, and that wait all the same; whether it is out of date, and what it should say."""
    with reading() as session:
        found = standing_of(session.merge(document))
    return found.releases_pence, found.rest_pence, found.is_outdated, found.now_pence


def blocked(provider):
    with reading(provider.id) as session:
        return sum(row.pence for row in session.execute(sums_that_wait(provider_id=provider.id)))


def test_after_a_price_rise_a_document_releases_what_it_says_and_the_rest_waits(item, provider, clerk, signatory):
    """Case 10: £872.50 is published, £915.25 is the price by now."""
    calculated(provider)
    document = published(item, clerk, signatory)
    assert told(document) == (TWO_WEEKS, 0, False, 872_50)
    risen(item)
    assert blocked(provider) == TWO_WEEKS + RISE
    assert told(document) == (TWO_WEEKS, RISE, True, 915_25)
    agree(document, signatory)
    assert blocked(provider) == RISE
    assert told(now(document)) == (0, 0, False, 0)
    assert not every(OfferedTerms)


def test_a_version_that_holds_counts_and_a_cheaper_one_releases_nothing(item, provider, clerk, signatory):
    calculated(provider)
    agree(published(item, clerk, signatory), signatory)
    risen(item)
    second = published(item, clerk, signatory)
    assert told(second) == (RISE, 0, False, 915_25)
    risen(item, 800_0000)
    assert told(second) == (0, 0, True, 800_00)


def test_what_is_suspended_or_not_authorised_yet_is_released_by_nothing(item, provider, clerk):
    document = published(item, clerk)
    for field, value in (("is_suspended", True), ("authorised_on", None), ("authorised_on", date(2019, 10, 3))):
        with unit_of_work() as session:
            usual = {"is_suspended": False, "authorised_on": date(2019, 1, 1)}
            session.execute(update(CarePackageLineItem).values(**usual | {field: value}))
            calculate([provider.id])
        assert told(document)[0] == 0, field
    with unit_of_work() as session:
        session.execute(update(CarePackageLineItem).values(authorised_on=date(2019, 10, 2)))
        calculate([provider.id])
    assert told(document)[0] == TWO_WEEKS


def test_home_list_and_desk_tell_the_same_sum_and_the_desk_has_what_is_out_of_date(item, provider, clerk, app):
    calculated(provider)
    document = published(item, clerk)
    risen(item)
    with reading() as session:
        queues = ask(waiting(DocumentState.PUBLISHED), outdated(), missing())
        late = session.execute(to_make(which=ToMake.OUTDATED)).all()
    with reading(provider.id) as session:
        assert tuple(session.execute(waiting_here()).one()) == (1, TWO_WEEKS, 0)
    assert queues["documents published"].pence == TWO_WEEKS
    assert (queues["documents outdated"].count, queues["documents outdated"].pence) == (1, RISE)
    assert queues["agreements missing"].count == 0
    assert [(row.id, row.waits_pence) for row in late] == [(item.id, TWO_WEEKS + RISE)]
    said = "The price has changed since this was made: £915.25 a week; a new version is needed."
    rest = "£85.50 goes on waiting until that is agreed"
    own = PortalClient(app).sign_in(make_user(Role.SIGNATORY, provider))
    page = own.get(f"/providers/{provider.id}/documents/{document.id}").words
    assert said in page
    assert rest in page
    assert "£1,745.00 is paid with the next payment once this version is agreed" in page
    assert "Out of date: a new version is needed" in own.get(f"/providers/{provider.id}/documents/?since=").words
    assert "£1,745.00 waits until you do" in own.get(f"/providers/{provider.id}/").words
    desk = PortalClient(app).sign_in(clerk)
    page = desk.get(f"/council/documents/{document.id}").words
    assert said in page
    assert "Waits on it £1,745.00" in page


def test_one_press_at_the_desk_makes_the_next_versions(item, provider, clerk, app):
    published(item, clerk)
    risen(item)
    desk = PortalClient(app).sign_in(clerk)
    page = desk.get("/council/")
    [link] = [each for each in page.page.select("main a") if "Documents out of date" in each.get_text()]
    late = desk.get(link["href"])
    assert "Version 1, published, out of date" in late.words
    form = late.page.select_one("main form[method=post]")
    form["id"] = "pressed"
    done = desk.follow(desk.submit(late, {}, form="#pressed"))
    assert "1 draft made" in done.words
    assert "Documents out of date" not in desk.get("/council/").words
    assert "No published document is out of date" in desk.get("/council/documents/make?show=outdated").words


def test_a_withdrawn_rejected_or_replaced_version_offers_nothing(item, provider, clerk, signatory):
    first = published(item, clerk)
    risen(item)
    second = published(item, clerk)
    assert [each.document_id for each in every(OfferedTerms)] == [second.id]
    assert now(first).state is DocumentState.SUPERSEDED
    act(second, documents.withdraw, reason="In error", by=clerk)
    assert not every(OfferedTerms)
    third = publish(made(item, clerk), clerk)
    given = {"seen_sha256": third.sha256, "reason": "No", "by": signatory}
    act(third, documents.reject, provider.id, **given)
    assert not every(OfferedTerms)


def test_a_second_calculation_changes_no_offer_and_verify_finds_nothing(item, provider, clerk):
    calculated(provider)
    document = published(item, clerk)
    opened(document, make_user(Role.SIGNATORY, provider))
    before = told(document)
    with unit_of_work():
        refresh([provider.id])
        refresh([])
    assert told(document) == before
    assert not [each for each in check_all() if not each.is_warning]
