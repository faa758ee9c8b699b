"""From when a contract's payments wait for agreements, and recording on paper what was agreed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.payments.blocked import BlockedSum
from models.permissions import Role
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reloaded
from tests.support.runs import change


def day(when):
    return [str(when.day), str(when.month), str(when.year)]


@pytest.fixture
def gate(desk):
    change(desk.contract, is_agreement_required=True, gate_from=MONDAY + 100 * WEEK)
    return f"/council/contracts/{desk.contract.reference}/agreements/"


def check(desk, gate, when, status=200):
    return desk.manager.submit(
        desk.manager.get(gate), {"waits": "yes", "from_on": day(when)}, form="main form[method=post]", status=status
    )


def begin(desk, shown):
    answer = desk.manager.submit(shown, {"begin": "yes"}, form="main form[method=post]", status=303)
    return desk.manager.follow(answer)


@pytest.mark.postgres
def test_a_dry_run_says_in_pounds_what_the_gate_would_hold_before_it_begins(desk, gate):
    shown = check(desk, gate, MONDAY + WEEK)
    assert "The gate would hold 2 items, £656.11 a week" in shown.words
    assert "Of payments that have begun, £656.11 more than now would wait." in shown.words
    assert every(BlockedSum) == []
    page = begin(desk, shown)
    assert "The gate begins on 30 September 2019." in page.words
    assert reloaded(desk.contract).gate_from == MONDAY + WEEK
    assert sum(each.pence for each in every(BlockedSum)) == 656_11
    words = desk.officer.get(desk.payment).words
    assert "£656.11 is blocked: not agreed." in words


def test_what_is_agreed_already_is_not_held(desk, gate):
    first, second = every(select(CarePackageLineItem).order_by(CarePackageLineItem.id))[:2]
    for item in (first, second):
        page = desk.officer.get(f"/council/care-packages/{item.id}/agreements/new")
        typed = {"agreed_on": day(SUNDAY), "by_name": "Ann Hill"}
        done = desk.officer.follow(desk.officer.submit(page, typed, form="main form[method=post]", status=303))
        assert "Version 1, agreed on 06/10/2019" in done.words
    assert "The gate would hold nothing" in check(desk, gate, MONDAY).words


def test_the_provider_reads_what_waits_and_why(app, desk, gate):
    begin(desk, check(desk, gate, MONDAY + WEEK))
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    person = PortalClient(app).sign_in(make_user(Role.FINANCE, provider))
    at = f"/providers/{desk.contract.provider_id}"
    words = person.get(f"{at}/payments/{desk.contract.reference}/{MONDAY + WEEK}").words
    assert "£656.11 more waits, and is not in this payment: its service agreement is not agreed. See for whom" in words
    home = person.get(f"{at}/").words
    assert (
        "its service agreement is not agreed. Agree to it under Contract Documents, once the council has published it."
        in home
    )


def test_what_was_not_checked_does_not_begin(desk, gate):
    shown = check(desk, gate, MONDAY + WEEK)
    other = {"begin": "yes", "from_on": day(MONDAY + 2 * WEEK)}
    again = desk.manager.submit(shown, other, form="main form[method=post]", status=200)
    assert "Nothing is saved yet: this is not what was checked." in again.words
    assert reloaded(desk.contract).gate_from == MONDAY + 100 * WEEK


def test_a_gate_is_set_back_and_what_waited_is_paid(desk, gate):
    begin(desk, check(desk, gate, MONDAY + WEEK))
    sent = {"waits": "no"}
    shown = desk.manager.submit(desk.manager.get(gate), sent, form="main form[method=post]", status=200)
    assert "Of payments that have begun, £656.11 that waits now would be paid." in shown.words
    assert "The gate is not started." in begin(desk, shown).words
    assert every(BlockedSum) == []


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"waits": "yes", "from_on": ["", "", ""]}, "Enter the first day of a payment that is to wait, like 4 1 2027"),
        ({"waits": "yes", "from_on": ["31", "2", "2019"]},
         "From which day? must be a day of the calendar, like 27 3 2026"),
        ({"waits": "", "from_on": ["4", "1", "2027"]}, "Say which payments wait"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_gate_is_said(desk, gate, sent, told):
    assert desk.manager.post(gate, sent, status=422).errors == [told]


def test_only_a_manager_begins_a_gate(desk, gate):
    assert not desk.officer.get(gate).page.select("main form[method=post]")
    desk.officer.post(gate, {"waits": "no"}, status=403)
    desk.manager.get("/council/contracts/NONE/agreements/", status=404)


@pytest.fixture
def paper(desk):
    [item] = every(select(CarePackageLineItem).order_by(CarePackageLineItem.id).limit(1))
    return f"/council/care-packages/{item.id}/agreements/new"


def test_a_paper_agreement_is_of_the_terms_that_the_page_showed(desk, paper):
    page = desk.officer.get(paper)
    change(every(CarePackageLineItem)[0], ends_on=SUNDAY)
    sent = {"agreed_on": day(SUNDAY), "by_name": "Ann Hill"}
    refused = desk.officer.submit(page, sent, form="main form[method=post]", status=422)
    assert "The terms have changed since you opened this page." in refused.words
    assert "Ann Hill" in str(refused.page)
    assert every(Agreement) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"agreed_on": day(SUNDAY + timedelta(days=1))},
         "This day is still to come. Enter the day on which it was agreed"),
        ({"agreed_on": ["", "", ""]}, "Enter the day on which it was agreed"),
        ({"by_name": " "}, "Enter the name of who agreed"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_paper_agreement_is_said(desk, paper, changed, told):
    sent = {"agreed_on": day(SUNDAY), "by_name": "Ann Hill"} | changed
    page = desk.officer.get(paper)
    assert desk.officer.submit(page, sent, form="main form[method=post]", status=422).errors == [told]
    assert every(Agreement) == []


def test_whom_recording_is_not_for(desk, paper):
    desk.manager.get(paper, status=403)
    desk.officer.get("/council/care-packages/999/agreements/new", status=404)
