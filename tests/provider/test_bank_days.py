"""Every page, file and mail says the same bank day: of a Sunday, Good Friday, Christmas, and of what is set by hand."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.bank_holiday import add
from models.calendar import BankDayRule
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.contract import CalendarOverride, PaymentMethod
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_staff, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import calculate
from tests.support.states import MONDAY, SUNDAY, TUESDAY, office

DAY = timedelta(days=1)
SATURDAY = date(2019, 10, 12)
CASES = {
    "a Sunday": (date(2019, 9, 30), 13, date(2019, 10, 11), date(2019, 10, 14)),
    "a Good Friday": (date(2019, 4, 8), 11, date(2019, 4, 18), date(2019, 4, 23)),
    "Christmas": (date(2020, 12, 14), 14, date(2020, 12, 24), date(2020, 12, 29)),
}


@pytest.fixture
def begin(app, set_today):
    """`begin(monday, bank_days)`: a week that became known on its Wednesday, to be confirmed by Friday then."""

    def make(monday, bank_days, override=None):
        calendar = make_calendar(anchor_on=monday, confirm_by_days=3, bank_days=bank_days)
        given = {"confirmation": "required", "if_unconfirmed": "hold"}
        contract = make_contract(calendar=calendar, calculate_from=monday, **given)
        make_item(contract, starts_on=monday)
        if override:
            saved(CalendarOverride(calendar_id=calendar.id, period_first_on=monday, bank_on=override))
        [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
        somebody = PortalClient(app).sign_in(make_user(Role.FINANCE, provider))
        set_today(monday + 2 * DAY)
        calculate(monday + 2 * DAY)
        return contract, somebody, PortalClient(app).sign_in(make_staff())

    return make


def say(contract, somebody, officer, monday, day):
    """Whether each of them names the day, by what it is."""
    here = f"/providers/{contract.provider_id}"
    payment = f"payments/{contract.reference}/{monday}"
    short, numbers = f"{day.day} {day:%b %Y}", f"{day:%d/%m/%Y}"
    year = monday.year if monday.month > 3 else monday.year - 1
    schedule = f"{here}/payments/schedule?year={year}&contract={contract.reference}"
    [row] = [
        [cell.get_text(" ", strip=True) for cell in row.select("td")]
        for row in somebody.get(schedule).page.select("tbody tr")
        if row.th.get_text(strip=True).startswith(f"{monday:%d/%m/%Y}")
    ]
    files = {
        kind: somebody.get(schedule.replace("/schedule", f"/schedule/{kind}")).text.split("\n")
        for kind in ("data.csv", "deadlines.ics")
    }
    uid = next(at for at, line in enumerate(files["deadlines.ics"]) if f"{monday}-bank" in line)
    council = officer.get(f"/council/{payment}")
    return {
        "page": f"expected in your bank on {day:%A} {day.day} {day:%B %Y}" in somebody.get(f"{here}/{payment}").words,
        "home": f"{day.day} {day:%B}" in somebody.get(f"{here}/").words,
        "schedule": row[-1].startswith(numbers),
        "csv": any(numbers in line or str(day) in line for line in files["data.csv"] if f"{monday:%d/%m/%Y}" in line
                   or str(monday) in line),
        "ics": f"{day:%Y%m%d}" in files["deadlines.ics"][uid + 2],
        "council": f"In the bank {short}" in council.words,
        "mail": f"in the bank on about {day.day} {day:%B}" in " ".join(every(OutboxMessage)[0].body.split()),
    }  # fmt: skip


@pytest.mark.parametrize("rule", list(BankDayRule))
@pytest.mark.parametrize("case", CASES)
def test_all_of_them_say_the_working_day_before_or_after(begin, own_portal, case, rule):
    own_portal.change(bank_day=rule)
    monday, bank_days, before, after = CASES[case]
    contract, somebody, officer = begin(monday, bank_days)
    said = say(contract, somebody, officer, monday, after if rule is BankDayRule.AFTER else before)
    assert said == dict.fromkeys(said, True)


def test_all_of_them_say_the_saturday_that_the_finance_system_has_set(begin):
    monday = date(2019, 9, 30)
    said = say(*begin(monday, 11, SATURDAY), monday, SATURDAY)
    assert said == dict.fromkeys(said, True)


def test_all_of_them_follow_the_list_once_the_worker_has_calculated(begin, app):
    from commands.worker import work

    monday = date(2019, 9, 30)
    contract, somebody, officer = begin(monday, 11)
    manager = PortalClient(app).sign_in(make_staff(CouncilRole.PAYMENTS_MANAGER))
    manager.post("/council/bank-holidays/new", {"name": "A day of rest", "day": ["11", "10", "2019"]}, status=303)
    assert work()
    said = say(contract, somebody, officer, monday, date(2019, 10, 10))
    assert said == dict.fromkeys(said, True) | {"mail": False}  # which had gone before


def test_a_weekend_is_nothing_unusual_and_a_bank_holiday_is_said(begin):
    monday = date(2019, 4, 8)
    contract, somebody, _ = begin(monday, 11)
    schedule = f"/providers/{contract.provider_id}/payments/schedule?year=2019"
    assert "18/04/2019 bank holiday, usually 19/04/2019" in somebody.get(schedule).words
    sunday = make_calendar(anchor_on=monday, bank_days=13)
    [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
    with unit_of_work() as session:
        session.merge(method).calendar_id = sunday.id
    words = somebody.get(schedule).words
    assert "bank holiday, usually 19/04/2019" in words  # Friday for Sunday 21, and Thursday for Good Friday
    assert "26/04/2019 bank holiday" not in words


def test_a_change_of_the_list_by_another_process_is_known_to_the_next_request(begin):
    """Another process has changed the list: the next request reads it."""
    monday = date(2019, 9, 30)
    contract, somebody, _ = begin(monday, 11)
    schedule = f"/providers/{contract.provider_id}/payments/schedule?year=2019"
    assert "11/10/2019" in somebody.get(schedule).words
    ada = make_staff()
    with unit_of_work():
        add(date(2019, 10, 11), "A day of rest", by=ada)
    assert "10/10/2019 bank holiday, usually 11/10/2019" in somebody.get(schedule).words


def test_a_payment_that_is_paid_in_parts_names_the_day_of_each(app, set_today):
    the = office().to(TUESDAY).confirm(queried=True).run()
    [provider] = every(select(Provider).where(Provider.id == the.contract.provider_id))
    somebody = PortalClient(app).sign_in(make_user(Role.FINANCE, provider))
    officer = PortalClient(app).sign_in(make_staff())
    here = f"payments/{the.contract.reference}/{MONDAY}"
    pages = (somebody, f"/providers/{provider.id}/{here}", "your"), (officer, f"/council/{here}", "the provider’s")
    set_today(the.today)
    for who, path, whose in pages:
        words = who.get(path).words
        assert f"Paid so far: £353.08, in {whose} bank on Friday 11 October 2019." in words
        assert ("bank Not while it is held" in words) == (who is officer)
        assert ("£303.03 of it is held, and the rest is paid." in words) == (who is somebody)
    the.to(SUNDAY + 7 * DAY).release().run()
    set_today(the.today)
    parts = "It is paid in parts: £353.08, in {0} bank on Friday 11 October 2019; £303.03, in {0} bank on Friday 18"
    for who, path, whose in pages:
        assert parts.format(whose) in who.get(path).words
