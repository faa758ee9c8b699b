"""Moving the days of a payment, and paying one now, on the council's pages and as the provider sees it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.payments.day_move import DayMove
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK
from tests.admin.payments.acts import act, fill
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.runs import calculate

DAY = timedelta(days=1)
FORM = "main form[method=post]"
FRIDAY = SUNDAY - 2 * DAY


def day(value):
    return [str(value.day), str(value.month), str(value.year)]


@pytest.fixture
def desk(desk, set_today):
    """Two days before its second week falls due."""
    set_today(FRIDAY)
    calculate(FRIDAY)
    return desk


@pytest.fixture
def member(desk):
    [provider] = every(select(Provider).where(Provider.id == desk.contract.provider_id))
    return PortalClient(desk.officer.app).sign_in(make_user(Role.FINANCE, provider))


def theirs(desk, path=f"/{MONDAY + WEEK}"):
    return f"/providers/{desk.contract.provider_id}/payments/{desk.contract.reference}{path}"


def given(**changed):
    found = {"finalise_on": SUNDAY, "bank_on": SUNDAY + 5 * DAY} | changed
    return {name: day(value) for name, value in found.items()} | {"reason": "The bank is shut"}


@pytest.mark.postgres
def test_a_day_is_moved_and_both_sides_read_it(desk, member):
    form = desk.officer.get(f"{desk.payment}/move-days").page
    assert "Usually Sunday 6 October 2019" in form.text
    assert not form.select("[name=confirm_by]"), "its provider is not asked"
    words = fill(desk, "move-days", given(bank_on=date(2019, 10, 10))).words
    assert "Its days are moved. The provider is told by mail." in words
    for page in (desk.officer.get(desk.payment), member.get(theirs(desk))):
        assert "In the bank: Thursday 10 October 2019, not Friday 11 October 2019." in page.words
        assert "The bank is shut" in page.words
    assert "Ola Officer" in desk.officer.get(desk.payment).words
    assert "Ola Officer" not in member.get(theirs(desk)).words
    assert "Thursday 10 October 2019" in member.get(theirs(desk)).page.select_one(".payment-sentence").text
    assert "10 October" in member.get(f"/providers/{desk.contract.provider_id}/").words


def test_the_schedule_and_its_files_name_the_day(desk, member):
    fill(desk, "move-days", given(bank_on=date(2019, 10, 10)))
    at = f"/providers/{desk.contract.provider_id}/payments/schedule"
    [row] = [row for row in member.get(at).page.select("tbody tr") if "30/09/2019" in row.text]
    assert "10/10/2019 moved by the council, usually 11/10/2019" in " ".join(row.text.split())
    assert "bank holiday, usually" not in row.text
    [line] = [each for each in member.get(f"{at}/data.csv").response.text.splitlines() if "30/09/2019" in each]
    assert "10/10/2019" in line
    assert "In your bank: moved by the council, usually 11/10/2019" in line
    diary = member.get(f"{at}/deadlines.ics").response.text.replace("\r\n ", "")
    [event] = [each for each in diary.split("BEGIN:VEVENT") if f"{MONDAY + WEEK}-bank" in each]
    assert "DTSTART;VALUE=DATE:20191010" in event
    assert "Moved by the council: usually 11/10/2019" in event


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"bank_on": SUNDAY + 6 * DAY}, "Banks do not work on that day. Choose a working day"),
        ({"finalise_on": FRIDAY - DAY}, "This day is past. Choose today or a later day"),
        ({}, "These are its days already. Change at least one of them"),
    ],
)
def test_days_that_do_not_fit_stay_on_the_form(desk, changed, words):
    refused = fill(desk, "move-days", given(**changed), 422)
    assert refused.errors == [words]
    assert "The bank is shut" in refused.page.select_one("textarea").text
    assert every(DayMove) == []


def test_what_a_colleague_has_moved_meanwhile_is_not_undone_from_an_old_page(desk):
    old = desk.officer.get(f"{desk.payment}/move-days")
    fill(desk, "move-days", given(bank_on=date(2019, 10, 10)))
    typed = given(finalise_on=SUNDAY + DAY) | {"reason": "Typed before"}
    refused = desk.officer.submit(old, typed, form=FORM, status=422)
    [words] = refused.errors
    assert "Its days have changed since you opened this page. They are now: " in words
    assert "in the bank 10 October 2019. Look at what stands here now" in words
    assert "confirm" not in words, "its provider is not asked"
    assert "Typed before" in refused.page.select_one("textarea").text
    assert len(every(DayMove)) == 1
    again = desk.officer.submit(refused, {"bank_on": day(date(2019, 10, 10))}, form=FORM, status=303)
    assert "Its days are moved" in desk.officer.follow(again).words
    assert desk.officer.post(f"{desk.payment}/move-days", typed, status=422).errors


def test_what_is_finalised_is_refused_in_words(desk):
    paid = f"/council/payments/{desk.contract.reference}/{MONDAY}"
    assert not desk.officer.get(paid).page.select("a[href*=move-days]")
    refused = desk.officer.submit(desk.officer.get(f"{paid}/move-days"), given(), form=FORM, status=422)
    assert "has gone to the bank with its day" in refused.words
    refused = desk.officer.post(f"{paid}/pay-now", {"reason": "Hardship"}, status=422)
    assert "has gone to the bank with its day" in refused.words


def test_a_payment_is_paid_now_in_a_run_of_its_own(desk, member):
    words = desk.officer.get(f"{desk.payment}/pay-now").words
    assert "it is in the bank on Wednesday 9 October; if it is later, the provider is told." in words
    assert "held" not in words
    page = act(desk, "pay-now", {"reason": "Hardship"})
    assert "It is due today. The provider is told by mail." in page.words
    assert "The council made it due at once on" in member.get(theirs(desk)).words
    assert "due already" in act(desk, "pay-now", {"reason": "Again"}, 422).words
    link = page.page.select_one("a[href$='/prepare']")["href"]
    run = desk.officer.follow(desk.officer.post(link, {}, status=303))
    assert "£656.11" in run.words
    assert len(every(PaymentRun)) == 2
    [part] = every(select(RunPayment).where(RunPayment.run_id == every(PaymentRun)[-1].id))
    [payment] = every(select(ScheduledPayment).where(ScheduledPayment.id == part.payment_id))
    assert (payment.first_on, payment.bank_on) == (MONDAY + WEEK, date(2019, 10, 9))
    assert "No run can take this payment now" in desk.officer.post(link, {}, status=422).words


def test_what_keeps_it_back_all_the_same_is_said_before(desk):
    act(desk, "hold", {"what": "", "reason": "Asked about"})
    assert (
        "But it is held just now: it is paid once that is settled." in desk.officer.get(f"{desk.payment}/pay-now").words
    )


def test_a_payment_to_come_can_be_paid_early_and_others_may_not_do_it(desk):
    coming = f"/council/payments/{desk.contract.reference}/{MONDAY + 2 * WEEK}"
    buttons = [each.text for each in desk.officer.get(coming).page.select("main .acts a")]
    assert buttons == ["Move a day", "Pay now"]
    desk.officer.post(f"{coming}/pay-now", {"reason": "Christmas"}, status=303)
    for path in ("move-days", "pay-now", "prepare"):
        desk.manager.get(f"{desk.payment}/{path}", status=403)
        desk.officer.get(f"/council/payments/none/{MONDAY}/{path}", status=404)


def test_a_rule_that_says_no_is_told_on_the_form_and_what_was_typed_stays(desk):
    later = f"/council/payments/{desk.contract.reference}/{MONDAY + 5 * WEEK}/pay-now"
    for htmx in (False, True):
        refused = desk.officer.post(later, {"reason": "A long story"}, htmx=htmx, status=422)
        [words] = refused.errors
        assert words.startswith("Payments are made in order: move that of ")
        assert "A long story" in refused.page.select_one("textarea").text
    assert every(DayMove) == []
