"""What may be wrong with a feed that has no fault: each kind once as it is meant, and once as it is not."""

from datetime import timedelta
from typing import NamedTuple

import pytest

from exchange.feed import Report, check_feed
from exchange.feed.faults import Warning_
from models.base import scope
from models.calendar import today
from tests.exchange.feed.feeds import Feed

ITEMS, LEVELS, PRICES, METHODS = (
    "care_package_items.csv",
    "service_levels.csv",
    "item_prices.csv",
    "payment_methods.csv",
)
QUANTITIES, OVERRIDES, CLAIM_ITEMS = "item_quantities.csv", "calendar_overrides.csv", "claim_items.csv"


@pytest.fixture
def feed(feed: Feed) -> Feed:
    """The feed, in which every item has a price."""
    feed.add("rates.csv", "K2,HOUR,2018-04-01,,21.50")
    return feed


USUAL = (
    "Bank days of the coming year are Saturdays, Sundays or bank holidays: the portal names other days. If they are "
    "not right, move them in calendar_overrides.csv"
)
"""What the two calendars of the feed are warned about: no calendar of weeks does without Good Friday."""


def warnings(report: Report) -> list[Warning_]:
    return [each for each in report.warnings if each.reason != USUAL]


def warned(feed: Feed) -> list[tuple[str, int, str]]:
    return [(each.file, each.row, each.column) for each in warnings(check_feed(feed.path, is_foreseen=False))]


def test_bank_holidays_are_looked_for_in_the_coming_year(feed: Feed):
    """Today is 2 October 2019."""
    report = check_feed(feed.path, is_foreseen=False)
    assert warnings(report) == []
    weekly, monthly = report.warnings
    assert (weekly.file, weekly.row, weekly.column, weekly.value) == ("calendars.csv", 2, "bank_days", "11")
    assert weekly.detail == "Friday 10/04/2020, Friday 08/05/2020"
    assert (monthly.row, monthly.detail) == (3, "Saturday 02/11/2019, Sunday 02/02/2020, Sunday 03/05/2020 and 1 more")
    assert feed.load().warnings == report.warnings


def test_a_bank_day_that_was_moved_is_none(feed: Feed):
    feed.add("calendar_overrides.csv", "WEEKLY,2020-03-30,,,2020-04-09", "WEEKLY,2020-04-27,,,2020-05-07")
    assert [each.row for each in check_feed(feed.path, is_foreseen=False).warnings] == [3]


CONTRACTS = "contract_ref,provider_ref,name,starts_on,confirmation,agreement_required"


class Case(NamedTuple):
    """Rows to add, or one to put in another's place, and the one warning of it."""

    file: str
    old: str
    new: str
    row: int
    column: str
    words: str
    pence: int | None = None


CASES = {
    # numbers
    "0.2 per cent of VAT": Case(LEVELS, "standard,20", "standard,0.2", 3, "vat_percent", "Did you mean 20 %?"),
    "0.05 per cent of VAT": Case(LEVELS, "standard,20", "reduced,0.05", 3, "vat_percent", "Did you mean 5 %?"),
    "an odd rate of VAT": Case(LEVELS, "standard,20", "standard,2", 3, "vat_percent", "at the standard rate is 20 %"),
    "an absence at 1 %": Case("absences.csv", "Holiday,50", "Holiday,1", 2, "pay_percent", "Did you mean 100 %?"),
    # days
    "born 2150": Case("clients.csv", "2009-05-10", "2150-05-10", 2, "born_on", "still to come"),
    "born 1905": Case("clients.csv", "2006-02-14", "1905-02-14", 3, "born_on", "more than 110 years ago"),
    "decided 2190": Case("claims.csv", "accepted,2019-07-24", "accepted,2190-07-24", 2, "decided_on", "still to come"),
    "spent 2190": Case(CLAIM_ITEMS, "CI2,CL2,K1,KIT,,Trampoline,2019-09-14", "CI2,CL2,K1,KIT,,Trampoline,1919-09-14", 3,
                       "spent_on", "more than sixty years ago"),
    "authorised 2190": Case(ITEMS, ",2018-06-04,no", ",2190-06-04,no", 2, "authorised_on", "Nothing is paid before"),
    "an end in 2150": Case(ITEMS, "2019-03-01,2020-03-01", "2019-03-01,2150-03-01", 3, "ends_on", "leave it empty"),
    "due 2091": Case("allowances.csv", "2019-05-10", "2091-05-10", 2, "due_on", "more than five years ahead"),
    "an item 8 years before its contract": Case(ITEMS, "WEEK,2018-06-04,", "WEEK,2010-06-04,", 2, "starts_on",
                                                "more than a year before the contract"),
    "an item after its contract": Case("contracts.csv", "K1,P1,Oak,2018-04-01,", "K1,P1,Oak,2018-04-01,2018-05-31", 0,
                                       "starts_on", "after the contract has ended"),
    "a service given up in 2011": Case("provider_services.csv", "2018-04-01,", "2001-04-01,2011-03-31", 0, "starts_on",
                                       "I1 from 04/06/2018; P1 gave S1 to 31/03/2011"),
    "care before birth": Case("clients.csv", "2006-02-14", "2019-08-14", 0, "starts_on", "before its client is born"),
    # twice
    "a contribution twice": Case("deductions.csv", "", "D2,I1,contribution,provider,2019-06-01,2019-07-01,20.02,no", 3,
                                 "deduction_ref", "D2 and D1 of I1, 01/06/2019 to 01/07/2019", 2_002),
    "two contributions": Case("deductions.csv", "", "D2,I1,contribution,provider,2020-06-01,,35,no", 3, "deduction_ref",
                              "another contribution on these days", 2_002),
    "an allowance twice": Case("allowances.csv", "", "L2,I1,Birthday again,2019-05-10,186.02", 3, "allowance_ref",
                               "both are paid", 18_602),
    "a claim twice": Case(CLAIM_ITEMS, "", "CI3,CL1,K1,MILE,C1,School  Runs,2019-07-18,150,0.387,58.05,yes,,", 4,
                          "claim_item_ref", "CI3 and CI1", 5_805),
    "capitals": Case("clients.csv", "", "c1,Other,Name,", 4, "client_ref", "C1 and c1"),
    "leading zeros": Case("services.csv", "", "00S1,Other", 3, "service_ref", "leading zeros"),
    "one person twice": Case("clients.csv", "", "C9,SIMPSON,Bárt,10/05/2009", 4, "client_ref", "C9 and C1"),
    "one person, names swapped": Case("clients.csv", "", "C9,Bart,Simpson,10/05/2009", 4, "client_ref", "C9 and C1"),
    "one provider twice": Case("providers.csv", "", "P3,,ELM HOUSE,care_home,2 Elm Street,,", 4, "provider_ref",
                               "Another provider has the same name and address"),
    "care by two providers": Case(ITEMS, "", "I3,K2,C1,WEEK,2020-01-01,2020-01-14,2020-01-01,no", 4, "client_ref",
                                  "by another provider too on these days", 35_308),
    "care by one provider twice": Case(ITEMS, "", "I3,K2,C2,HOUR,2020-01-01,,2020-01-01,no", 4, "client_ref",
                                       "I3 and I2 for C2, 01/01/2020 to 01/03/2020", 2_150),
    # prices
    "a gap between prices": Case(PRICES, "2018-06-04,2019-03-31", "2018-06-04,2019-02-28", 0, "item_ref",
                                 "I1: 01/03/2019 to 31/03/2019"),
    "no price yet": Case(PRICES, "I1,2018-06-04,2019-03-31,346.15\n", "", 0, "item_ref",
                         "I1: 04/02/2019 to 31/03/2019"),
    "prices that end": Case(PRICES, "2019-04-01,,", "2019-04-01,2019-09-30,", 0, "item_ref", "I1: from 01/10/2019 on"),
    "no price at all": Case("rates.csv", "K2,HOUR,2018-04-01,,21.50\n", "", 0, "item_ref",
                            "has no price: £0.00. I2: 01/03/2019 to 01/03/2020"),
    "a rate with a gap": Case("rates.csv", "K2,HOUR,2018-04-01,,", "K2,HOUR,2018-04-01,2019-09-30,", 0, "item_ref",
                              "I2: 01/10/2019 to 01/03/2020"),
    # calendars
    "money on a Saturday": Case("calendars.csv", "1,6,11", "1,6,12", 2, "bank_days", "always a Saturday"),
    "money on a Sunday": Case("calendars.csv", "1,6,11", "1,6,13", 2, "bank_days", "always a Sunday"),
    "moved to a Saturday": Case(OVERRIDES, "2020-01-03", "2020-01-04", 2, "bank_on", "a Saturday"),
    "moved to a bank holiday": Case(OVERRIDES, "2020-01-03", "2020-01-01", 2, "bank_on", "a bank holiday"),
    "never to be confirmed": Case("calendars.csv", "1,6,11", "-3,6,11", 2, "confirm_by_days", "nobody ever can"),
    # texts
    "NULL as a name": Case("contacts.csv", "Carer", "NULL", 2, "position", "Is this a name or a text?"),
    "n/a as a name": Case("clients.csv", "Testing", "n/a", 3, "surname", "Is this a name or a text?"),
}  # fmt: skip


def changed(feed: Feed, case: Case) -> Report:
    if case.old:
        feed.change(case.file, case.old, case.new)
    else:
        feed.add(case.file, case.new)
    return check_feed(feed.path, is_foreseen=False)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_warning_says_where_it_is_and_what_is_at_stake(feed: Feed, case: Case):

    (found,) = warnings(changed(feed, case))

    assert found.column == case.column
    assert case.words in str(found)
    assert found.pence == case.pence
    if case.row:
        assert (found.file, found.row) == (case.file, case.row)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_stops_no_import_and_is_told_once(feed: Feed, case: Case, time_machine):
    """What is on record already, and unchanged, is not warned about again."""
    time_machine.move_to("2026-11-27T09:00Z", tick=False)
    report = changed(feed, case)
    assert feed.load().warnings == report.warnings
    again = check_feed(feed.path, is_foreseen=False)
    assert (again.is_news, again.warnings) == (False, [])


QUIET = {
    "the same day of the year": ("clients.csv", "2006-02-14", "2009-05-10"),
    "born today": ("clients.csv", "C2,Testing", "C9,New,Born,2019-10-02\nC2,Testing"),
    "an item on the contract's last day": (
        "contracts.csv", "K1,P1,Oak,2018-04-01,", "K1,P1,Oak,2018-04-01,2018-06-04",
    ),
    "an item on the service's last day": ("provider_services.csv", "2018-04-01,", "2018-04-01,2018-06-04"),
    "a contribution after the other": (
        "deductions.csv", "2019-04-01,,20.02,no\n",
        "2019-04-01,2019-12-31,20.02,no\nD2,I1,contribution,provider,2020-01-01,,20.02,no\n",
    ),
    "a top-up beside a contribution": (
        "deductions.csv", "20.02,no\n", "20.02,no\nD2,I1,top_up,provider,2019-04-01,,20.02,no\n",
    ),
    "a contribution taken back": (
        "deductions.csv", "20.02,no\n", "20.02,no\nD2,I1,contribution,provider,2019-04-01,,0,no\n",
    ),
    "care by two providers in turn": (
        ITEMS, "I2,K2", "I3,K2,C1,WEEK,2018-04-01,2018-06-03,2018-06-04,no\nI2,K2",
    ),
    "other care by the other provider": (LEVELS, "KIT,S1", "KIT,S1"),
    "no price, and not authorised": (ITEMS, "I2,K2", "I3,K2,C2,MILE,2020-01-01,,,no\nI2,K2"),
    "no price, and suspended": (ITEMS, "I2,K2", "I3,K2,C2,MILE,2020-01-01,,2020-01-01,yes\nI2,K2"),
    "no price before anything is paid": (PRICES, "2018-06-04,2019-03-31,346.15", "2019-02-04,2019-03-31,346.15"),
    "an item a year before its contract": (ITEMS, "WEEK,2018-06-04,", "WEEK,2017-06-04,"),
    "VAT of an earlier time": (LEVELS, "standard,20", "standard,17.5"),
    "reduced VAT": (LEVELS, "standard,20", "reduced,5"),
    "Null is a name": ("clients.csv", "Testing", "Nullmann"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new"), QUIET.values(), ids=QUIET.keys())
def test_what_is_usual_is_not_warned_about(feed: Feed, file: str, old: str, new: str):
    feed.change(file, old, new)
    assert warned(feed) == []


@pytest.mark.parametrize(("convention", "gap"), [("inclusive", ["I2: 20/10/2019"]), ("exclude_last", [])])
def test_a_last_day_that_is_not_paid_needs_no_price(feed: Feed, convention: str, gap: list[str]):
    feed.change(LEVELS, "Support,hour,inclusive", f"Support,hour,{convention}")
    feed.change("rates.csv", "K2,HOUR,2018-04-01,,", "K2,HOUR,2018-04-01,2019-10-19,")
    feed.change(ITEMS, "2019-03-01,2020-03-01", "2019-03-01,2019-10-20")
    assert [each.detail for each in warnings(check_feed(feed.path, is_foreseen=False))] == gap


def test_a_price_by_night_with_seven_nights(feed: Feed):
    feed.change(LEVELS, "Support,hour,inclusive", "Support,night,nights")
    feed.change(QUANTITIES, "I2,2019-03-01,,12.75,2.5,2.5,2.5,2.5,2.75,0,0", "I2,2019-03-01,,7,,,,,,,")

    (found,) = warnings(check_feed(feed.path, is_foreseen=False))

    assert (found.file, found.row, found.column) == (QUANTITIES, 2, "quantity")
    assert "I2 is paid 7 times each night" in str(found)
    assert (found.pence, found.per) == (6 * 7 * 2_150, "week")
    assert str(found).endswith("(£903.00 a week)")
    feed.change(QUANTITIES, "I2,2019-03-01,,7", "I2,2019-03-01,,1")
    assert warned(feed) == []


def test_a_new_reference_that_differs_in_capitals_from_one_on_record(feed: Feed):
    """Whether or not the feed brings the other one again, and wherever it stands."""
    feed.load()
    for old, new in (("C1,Simpson", "c1,Other,Name,\nC1,Simpson"), ("C1,Simpson,Bart,2009-05-10\n", "")):
        feed.change("clients.csv", old, new)
        (found,) = warnings(check_feed(feed.path, is_foreseen=False))
        assert (found.row, found.column) == (2, "client_ref")
        assert "C1 and c1" in str(found)


def test_a_price_by_the_month_with_the_weeks_of_a_month(feed: Feed):
    feed.change(LEVELS, "Support,hour,inclusive", "Support,month,inclusive")
    feed.change(QUANTITIES, "I2,2019-03-01,,12.75,2.5,2.5,2.5,2.5,2.75,0,0", "I2,2019-03-01,,3,,,,,,,")

    (found,) = warnings(check_feed(feed.path, is_foreseen=False))

    assert "The price is by month, and this is units a month" in str(found)
    assert (found.pence, found.per) == (2 * 2_150, "month")


def test_prices_that_end_are_asked_about_when_the_end_is_near(feed: Feed):
    with scope():
        near, far = today() + timedelta(days=34), today() + timedelta(days=35)
    feed.change(PRICES, "2019-04-01,,", f"2019-04-01,{far},")
    assert warned(feed) == []
    feed.change(PRICES, f"2019-04-01,{far},", f"2019-04-01,{near},")
    assert warned(feed) == [(ITEMS, 2, "item_ref")]


@pytest.mark.parametrize(
    ("confirmation", "policy", "days", "is_warned"),
    [("required", "confirm", 1, True), ("required", "hold", 1, True), ("required", "confirm", 2, False),
     ("required", "pay", 1, False), ("optional", "hold", 1, False), ("none", "hold", -1, False),
     ("required", "pay", -1, True), ("required", "pay", 0, False)],
)  # fmt: skip
def test_silence_needs_two_working_days(feed: Feed, confirmation: str, policy: str, days: int, is_warned: bool):
    """By weeks from Monday: with 2 days the provider has Tuesday and Wednesday."""
    feed.change("calendars.csv", "1,6,11", f"{days},6,11")
    feed.write("contracts.csv", f"{CONTRACTS},if_unconfirmed\n"
                                "K1,P1,Oak,2018-04-01,none,no,pay\n"
                                f"K2,P2,Elm,2018-04-01,{confirmation},no,{policy}\n")  # fmt: skip
    found = [each for each in warned(feed) if each[2] == "confirm_by_days"]
    # in the two weeks after Easter Monday and the bank holidays of May and August there is one working day fewer
    usual = [
        each
        for each in check_feed(feed.path, is_foreseen=False).warnings
        if "in 5" in each.detail or each.detail[4:15] == "confirm_by_"
    ]
    assert bool(usual) is is_warned, found


def test_the_time_to_answer_is_asked_where_the_feed_changes_it(feed: Feed):
    feed.load()
    feed.only()
    feed.write("contracts.csv", f"{CONTRACTS},if_unconfirmed\n"
                                "K2,P2,Elm,2018-04-01,required,no,hold\n")  # fmt: skip
    assert warned(feed) == [("contracts.csv", 2, "if_unconfirmed")]
    (found,) = warnings(check_feed(feed.path, is_foreseen=False))
    assert "Silence holds the payment, and there are fewer than two working days" in found.reason
    assert found.detail.startswith("K2: in 53 of 53 periods") or found.detail.startswith("K2: in 52 of 52 periods")


def test_what_a_contract_changes_is_shown_at_the_contract(feed: Feed):
    feed.load()
    feed.only()
    feed.write("contracts.csv", "contract_ref,provider_ref,name,starts_on,ends_on,confirmation,agreement_required\n"
                                "K1,P1,Oak,2018-04-01,2018-05-31,none,no\n")  # fmt: skip
    (found,) = warnings(check_feed(feed.path, is_foreseen=False))
    assert (found.file, found.column, found.detail) == ("contracts.csv", "ends_on", "I1")


def test_a_service_that_is_given_up_under_its_items(feed: Feed):
    feed.load()
    feed.only()
    feed.write("provider_services.csv", "provider_ref,service_ref,starts_on,ends_on\nP1,S1,2018-04-01,2018-06-03\n")
    (found,) = warnings(check_feed(feed.path, is_foreseen=False))
    assert (found.file, found.row, found.column, found.detail) == ("provider_services.csv", 2, "ends_on", "I1")


@pytest.mark.parametrize("name", ["rates.csv", "item_prices.csv"])
def test_a_price_that_ends_is_shown_where_it_ends(feed: Feed, name: str):
    feed.load()
    feed.only()
    if name == "rates.csv":
        feed.write(name, "contract_ref,service_level_ref,starts_on,ends_on,rate\nK2,HOUR,2018-04-01,2019-09-30,21.50\n")
    else:
        feed.write(name, "item_ref,starts_on,ends_on,rate\nI1,2019-04-01,2019-09-30,353.08\n")
    (found,) = warnings(check_feed(feed.path, is_foreseen=False))
    assert (found.file, found.row) == (name, 2)
    assert "from 01/10/2019 on" in found.detail or "01/10/2019 to 01/03/2020" in found.detail


def test_many_equal_warnings_are_one_line(feed: Feed, app):
    feed.add("clients.csv", *(f"X{n},S{n},F,2150-01-01" for n in range(501)))

    result = app.test_cli_runner().invoke(args=["feed", "check", str(feed.path)])

    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert [lines[0], lines[3]] == [
        "503 warnings. They stop no import.",
        'clients.csv, 501 rows (4, 5, 6, 7, 8 ...), born_on "2150-01-01": This birthday is still to come. Is the year '
        "right?",
    ]
    assert result.stdout.splitlines()[-1] == "No faults. It can be imported."
