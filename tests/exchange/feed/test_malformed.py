"""Malformed feeds of every kind: each names file, row, column, value and reason, and nothing is written."""

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.exchange.feed.feeds import FEED, Feed


class Case(NamedTuple):
    """What is wrong with one file, and the one fault that must be found."""

    file: str
    old: str
    new: str
    row: int
    column: str
    value: str
    reason: str


ITEMS, PRICES, METHODS = "care_package_items.csv", "item_prices.csv", "payment_methods.csv"
LEVELS, CLAIM_ITEMS, ORDERS = "service_levels.csv", "claim_items.csv", "purchase_orders.csv"
QUANTITIES, OVERRIDES = "item_quantities.csv", "calendar_overrides.csv"

CELLS = {
    # dates
    "no such day": Case("clients.csv", "2009-05-10", "2009-02-29", 2, "born_on", "2009-02-29", "no such day"),
    "month before day": Case("clients.csv", "2009-05-10", "05/31/2009", 2, "born_on", "05/31/2009", "before the month"),
    "short year": Case("clients.csv", "2009-05-10", "10/05/09", 2, "born_on", "10/05/09", "four digits"),
    "number of a day": Case("clients.csv", "2009-05-10", "39943", 2, "born_on", "39943", "spreadsheet's number"),
    "date in words": Case("clients.csv", "2009-05-10", "10 May 2009", 2, "born_on", "10 May 2009", "Enter a date like"),
    "date and time": Case("clients.csv", "2009-05-10", "2009-05-10 00:00:00", 2, "born_on", "2009-05-10 00:00:00",
                          "Leave out the time"),
    "foreign digits": Case("clients.csv", "2009-05-10", "٢٠٠٩-٠٥-١٠", 2, "born_on", "٢٠٠٩-٠٥-١٠", "Enter a date like"),
    "far future": Case(ITEMS, "2020-03-01,2019", "9999-12-31,2019", 3, "ends_on", "9999-12-31", "leave it empty"),
    "far past": Case("clients.csv", "2009-05-10", "1009-05-10", 2, "born_on", "1009-05-10", "from 1900"),
    # numbers
    "pound in words": Case(PRICES, "353.08", "353 pounds", 3, "rate", "353 pounds", "must be a number"),
    "decimal comma": Case(PRICES, "353.08", '"353,08"', 3, "rate", "353,08", "must be a number"),
    "foreign thousands": Case(PRICES, "353.08", '"1.353,08"', 3, "rate", "1.353,08", "must be a number"),
    "parentheses": Case(PRICES, "353.08", "(353.08)", 3, "rate", "(353.08)", "must be a number"),
    "power of ten": Case(PRICES, "353.08", "1e400", 3, "rate", "1e400", "must be a number"),
    "not a number": Case(PRICES, "353.08", "NaN", 3, "rate", "NaN", "another program's word for nothing"),
    "infinite": Case(PRICES, "353.08", "Infinity", 3, "rate", "Infinity", "must be a number"),
    "formula": Case(PRICES, "353.08", "=300+53.08", 3, "rate", "=300+53.08", "must be a number"),
    "spreadsheet's error": Case("clients.csv", "Simpson", "#REF!", 2, "surname", "#REF!", "spreadsheet's error"),
    "negative rate": Case(PRICES, "353.08", "-353.08", 3, "rate", "-353.08", "must be from 0"),
    "negative with a true minus": Case(PRICES, "353.08", "−353.08", 3, "rate", "−353.08", "must be from 0"),
    "too many decimals": Case(PRICES, "353.08", "353.08001", 3, "rate", "353.08001", "no more than 4 digits"),
    "half a penny": Case("allowances.csv", "186.02", "186.025", 2, "amount", "186.025", "no more than 2 digits"),
    "far too much": Case(PRICES, "353.08", "35308000", 3, "rate", "35308000", "must be from 0 to 1,000,000"),
    "endless digits": Case(PRICES, "353.08", "9" * 400, 3, "rate", "9" * 400, "too large"),
    "percent above 100": Case("absences.csv", "Holiday,50", "Holiday,101", 2, "pay_percent", "101", "0 to 100"),
    "percent with decimals": Case("absences.csv", "Holiday,50", "Holiday,50.5", 2, "pay_percent", "50.5", "whole"),
    "negative quantity": Case(QUANTITIES, "2.75,0,0", "2.75,0,-1", 2, "sunday", "-1", "must be from 0"),
    "days far away": Case("calendars.csv", "1,6,11", "1,6,1100", 2, "bank_days", "1100", "from -60 to 120"),
    # texts
    "empty": Case("contacts.csv", "Dawn Stockton", "", 2, "name", "", "must not be empty"),
    "only spaces": Case("contacts.csv", "Dawn Stockton", "  ", 2, "name", "  ", "must not be empty"),
    "too long": Case("clients.csv", "Simpson", "S" * 101, 2, "surname", "S" * 101, "Shorten this to 100 characters"),
    "endless": Case("clients.csv", "Simpson", "S" * 10_001, 2, "surname", "S" * 10_001, "10,001 characters"),
    "line break": Case("clients.csv", "Simpson", '"Simp\nson"', 2, "surname", "Simp\nson", "line break"),
    "control character": Case("clients.csv", "Simpson", "Simp\x07son", 2, "surname", "Simp\x07son", "control"),
    "other direction": Case("clients.csv", "Simpson", "\u202enospmiS", 2, "surname", "\u202enospmiS", "invisible"),
    "zero width": Case("clients.csv", "Simpson", "Simp\u200bson", 2, "surname", "Simp\u200bson", "invisible"),
    "lost letter": Case("clients.csv", "Simpson", "Simps\ufffdn", 2, "surname", "Simps\ufffdn", "letter was lost"),
    "NUL": Case("clients.csv", "Simpson", "Simp\0son", 2, "surname", "Simp\0son", "not UTF-8"),
    "no e-mail address": Case("contacts.csv", "dawn@", "dawn at ", 2, "email", "dawn at example.org", "e-mail address"),
    "two e-mail addresses": Case("contacts.csv", "dawn@example.org", "a@b.example;c@d.example", 2, "email",
                                 "a@b.example;c@d.example", "one e-mail address"),
    "too many lines": Case("providers.csv", "2 Elm Street", "|".join("abcdefghijk"), 3, "address",
                           "|".join("abcdefghijk"), "at most 10 lines"),
    # choices
    "no such choice": Case(METHODS, "never,net", "sometimes,net", 2, "pay_on_actuals", "sometimes",
                           "Enter never, always or until_actual"),
    "neither yes nor no": Case("contracts.csv", "none,no", "none,perhaps", 2, "agreement_required", "perhaps",
                               "yes or no"),
    "claim not decided": Case("claims.csv", "rejected", "pending", 3, "status", "pending", "accepted or rejected"),
    "no financial year": Case(ORDERS, "148,P1,C1,2019/2020", "148,P1,C1,2019", 2, "financial_year", "2019",
                              "2019/2020"),
    "two years": Case(ORDERS, "148,P1,C1,2019/2020", "148,P1,C1,2019/2021", 2, "financial_year", "2019/2021",
                      "2019/2020"),
    "number that is none": Case(ORDERS, "148,P1", "148 - 1,P1", 2, "number", "148 - 1", "whole number"),
    # references
    "unknown reference": Case(ITEMS, "K2,C2", "K2,C9", 3, "client_ref", "C9", "neither in clients.csv nor on record"),
    "other capitals": Case(ITEMS, "K2,C2", "K2,c2", 3, "client_ref", "c2", "There is C2: capitals"),
    "zeros lost": Case(ITEMS, "K2,C2", "K2,0C2", 3, "client_ref", "0C2", "There is C2: capitals and leading zeros"),
    "turned into a number": Case("clients.csv", "C2,T", "1.23E+11,T", 3, "client_ref", "1.23E+11", "as text"),
    "sign in a reference": Case("services.csv", "S1", "S 1", 2, "service_ref", "S 1", "only letters, digits"),
    "slash in an address": Case("contracts.csv", "K2", "K/2", 3, "contract_ref", "K/2", "only letters, digits"),
    "long reference": Case("services.csv", "S1", "S" * 41, 2, "service_ref", "S" * 41, "Shorten this to 40"),
    "same key twice": Case("clients.csv", "C2,T", "C1,T", 3, "client_ref", "C1", "Row 2 has the same client_ref"),
    "same natural key twice": Case("rates.csv", "WEEK,2019-04-01", "WEEK,2018-04-01", 4, "starts_on", "2018-04-01",
                                   "Row 3 has the same contract_ref and service_level_ref and starts_on"),
    # days
    "end before start": Case(ITEMS, "2019-03-01,2020-03-01", "2019-03-01,2019-02-28", 3, "ends_on", "2019-02-28",
                             "Enter the first day, 01/03/2019, or a later day"),
    "method ends before it begins": Case(METHODS, "M2,K2,WEEKLY,never,gross,2019-02-04,",
                                         "M2,K2,WEEKLY,never,gross,2019-02-04,2019-02-03", 3, "ends_on", "2019-02-03",
                                         "the first day"),
    "decided before claimed": Case("claims.csv", "2019-07-24", "2019-07-18", 2, "decided_on", "2019-07-18",
                                   "the day of the claim"),
    "spent after claimed": Case(CLAIM_ITEMS, "2019-07-18", "2019-07-20", 2, "spent_on", "2019-07-20", "earlier day"),
    "prices overlap": Case(PRICES, "2018-06-04,2019-03-31", "2018-06-04,2019-04-01", 3, "starts_on", "2019-04-01",
                           "overlap those in row 2, from 04/06/2018 to 01/04/2019"),
    "rates overlap": Case("rates.csv", "2018-04-01,2019-03-31", "2018-04-01,", 4, "starts_on", "2019-04-01",
                          "overlap those in row 3, from 01/04/2018 on"),
    "month begins on the 31st": Case("calendars.csv", "monthly,2019-02-01", "monthly,2019-01-31", 3, "anchor_on",
                                     "2019-01-31", "1st to the 28th"),
    "finalised before confirmed": Case("calendars.csv", "1,6,11", "7,6,11", 2, "finalise_days", "6", "7, or more"),
    "paid before finalised": Case("calendars.csv", "1,6,11", "1,6,5", 2, "bank_days", "5", "6, or more"),
    "inside a period": Case(OVERRIDES, "2019-12-23", "2019-12-25", 2, "period_first_on", "2019-12-25",
                            "the one that begins on 23/12/2019"),
    "moved before the rest": Case(OVERRIDES, "2020-01-03", "2019-12-24", 2, "finalise_on", "",
                                  "24/12/2019, 29/12/2019, 24/12/2019"),
    # money that does not agree
    "VAT on the exempt": Case(LEVELS, "week,inclusive,exempt,0", "week,inclusive,exempt,20", 2, "vat_percent", "20",
                              "Enter 0"),
    "no VAT at standard": Case(LEVELS, "standard,20", "standard,0", 3, "vat_percent", "0", "more than 0"),
    "timetable does not add up": Case(QUANTITIES, "12.75", "13", 2, "quantity", "13", "Enter 12.75, the sum"),
    "half a timetable": Case(QUANTITIES, "2.75,0,0", "2.75,0,", 2, "sunday", "", "all seven days"),
    "amount is not the product": Case(CLAIM_ITEMS, "58.05", "58.50", 2, "amount", "58.50", "comes to £58.05"),
    "accepted too much": Case(CLAIM_ITEMS, "58.05,yes,,", "58.05,yes,,58.06", 2, "accepted_amount", "58.06",
                              "at most what was claimed, £58.05"),
    "accepted although left out": Case(CLAIM_ITEMS, "58.05,yes,,", "58.05,no,,58.05", 2, "accepted_amount", "58.05",
                                       "not included"),
    "accepted although rejected": Case(CLAIM_ITEMS, "no,Not agreed,0", "yes,,149.99", 3, "accepted_amount", "149.99",
                                       "the claim was rejected"),
    "an item of the portal": Case(CLAIM_ITEMS, "CI1,", "OI17,", 2, "claim_item_ref", "OI17", "made in the portal"),
    "nothing claimed": Case(CLAIM_ITEMS, "150,0.387,58.05", "0,0.387,0", 2, "quantity", "0", "more than 0"),
    # whose it is
    "another provider's contract": Case(CLAIM_ITEMS, "CL1,K1", "CL1,K2", 2, "contract_ref", "K2",
                                        "a contract of the claim's provider, P1. This is one of P2"),
    "another provider's client": Case(CLAIM_ITEMS, "MILE,C1", "MILE,C2", 2, "client_ref", "C2",
                                      "provider P1 has a care package line item"),
    "order for another's client": Case(ORDERS, "148,P1,C1", "148,P1,C2", 2, "client_ref", "C2",
                                       "provider P1 has a care package line item"),
    "two numbers of an order": Case(ORDERS, "147,P1,,", "147,P1,C1,", 3, "number", "147", "the number 148 already"),
    "not to be claimed": Case(CLAIM_ITEMS, "K1,MILE", "K1,WEEK", 2, "service_level_ref", "WEEK", "may be claimed"),
    "claimed for nobody": Case(CLAIM_ITEMS, "MILE,C1", "MILE,", 2, "service_level_ref", "MILE", "Enter the client_ref"),
    "claimed for a client": Case(CLAIM_ITEMS, "KIT,,", "KIT,C1,", 3, "service_level_ref", "KIT", "Leave client_ref"),
    # headers
    "column missing": Case("clients.csv", "client_ref,surname,", "client_ref,", 1, "surname", "", "is missing"),
    "column unknown": Case("clients.csv", "surname", "surname,shoe_size", 1, "shoe_size", "", "There are client_ref"),
    "column unknown, nearly": Case("clients.csv", "born_on", "Born On", 1, "Born On", "", "Is it born_on?"),
    "column twice": Case("clients.csv", "surname,first_name", "surname,surname,first_name", 1, "surname", "",
                         "two columns of this name"),
    "column without a name": Case("clients.csv", "surname", "surname,", 1, "column 3", "", "no such column"),
    # rows
    "cell too many": Case("clients.csv", "Simpson,Bart", "Simpson,Bart,Jr", 2, "", "",
                          "It has 5 cells, and the header 4: one cell too many. Is there a comma"),
    "cell too few": Case("clients.csv", "Simpson,Bart,2009-05-10", "Simpson,Bart", 2, "", "", "It has 3 cells"),
    "quotation mark not closed": Case("clients.csv", "Simpson", '"Simpson', 2, "", 'C1,"Simpson,Bart,2009-05-10',
                                      "one is missing"),
    "quotation mark too many": Case("clients.csv", "Simpson", '"Simp"son', 2, "", 'C1,"Simp"son,Bart,2009-05-10',
                                    "a quotation mark too many"),
    "endless cell": Case("clients.csv", "Simpson", "S" * 140_000, 2, "", f"C1,{'S' * 140_000},Bart,2009-05-10",
                         "far too long"),
}  # fmt: skip


@pytest.mark.parametrize("case", CELLS.values(), ids=CELLS.keys())
def test_a_fault_says_where_it_is_and_what_to_do(feed: Feed, case: Case):
    feed.change(case.file, case.old, case.new)

    faults = feed.faults()

    place = (case.file, case.row, case.column, case.value)
    found = [fault for fault in faults if (fault.file, fault.row, fault.column, fault.value) == place]
    assert len(found) == 1, [str(fault) for fault in faults]
    assert case.reason in found[0].reason
    assert feed.check_faults() == faults


@pytest.mark.parametrize("name", CELLS)
def test_one_mistake_is_one_fault(feed: Feed, name: str):
    feed.change(*CELLS[name][:3])

    assert len(feed.faults()) == 1


FILES: dict[str, tuple[str, str | bytes, str]] = {
    "empty": ("clients.csv", b"", "It is empty"),
    "only a mark of UTF-8": ("clients.csv", b"\xef\xbb\xbf", "It is empty"),
    "only blank lines": ("clients.csv", b"\n\n,,\n", "It is empty"),
    "UTF-16": ("clients.csv", FEED["clients.csv"].encode("utf-16"), "not saved as UTF-8"),
    "UTF-16 without a mark": ("clients.csv", FEED["clients.csv"].encode("utf-16-le"), "not saved as UTF-8"),
    "spreadsheet under another name": ("clients.csv", b"PK\x03\x04" + bytes(200), "a spreadsheet under another name"),
    "old spreadsheet": ("clients.csv", b"\xd0\xcf\x11\xe0" + bytes(200), "This is a spreadsheet"),
    "semicolons": ("clients.csv", FEED["clients.csv"].replace(",", ";"), "not separated by commas"),
    "tabs": ("clients.csv", FEED["clients.csv"].replace(",", "\t"), "not separated by commas"),
    "unknown name": ("xyz.csv", "a,b\n", "There are organisations.csv, services.csv"),
    "nearly a name": ("client.csv", "a,b\n", "Is it clients.csv?"),
    "name in capitals": ("Clients.CSV", "a,b\n", "Is it clients.csv?"),
    "workbook": ("clients.xlsx", b"PK", "Save it as clients.csv"),
    "text file": ("clients.csv.txt", "a,b\n", "Save it as clients.csv"),
    "too many columns": ("clients.csv", ",".join(f"c{n}" for n in range(51)) + "\n", "may have at most 50"),
}


@pytest.mark.parametrize(("file", "content", "reason"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_read_says_why(feed: Feed, file: str, content: str | bytes, reason: str):
    feed.write(file, content)

    (fault,) = feed.faults()

    assert (fault.file, fault.column) == (file, "")
    assert reason in fault.reason


def test_bytes_that_are_not_utf_8_are_found_in_their_cells(feed: Feed):
    feed.write("clients.csv", FEED["clients.csv"].replace("Bart", "Zoë").replace("CLA", "Jörg").encode("cp1252"))

    first, second = feed.faults()

    assert (first.row, first.column) == (2, "first_name")
    assert (second.row, second.column) == (3, "first_name")
    assert "not UTF-8" in first.reason
    assert str(first).startswith(r'clients.csv, row 2, first_name "Zo\xeb": ')


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: [each.unlink() for each in path.iterdir()], "no file of a feed in it"),
        (lambda path: path.rename(path.with_name("elsewhere")), "No such file or directory"),
        (lambda path: (path.rename(path.with_name("elsewhere")), path.write_text("")), "Not a directory"),
    ],
    ids=["empty", "missing", "a file"],
)
def test_a_directory_that_is_none_says_so(feed: Feed, spoil: Callable, reason: str):
    spoil(feed.path)

    (fault,) = feed.faults()

    assert reason in str(fault)


def test_what_has_a_files_name_must_be_a_file(feed: Feed):
    (feed.path / "clients.csv").unlink()
    (feed.path / "clients.csv").mkdir()
    (feed.path / "claims.csv").unlink()
    os.mkfifo(feed.path / "claims.csv")

    assert [(fault.file, fault.reason) for fault in feed.faults()] == [
        ("clients.csv", "This is not a file"),
        ("claims.csv", "This is not a file"),
    ]


def test_there_may_not_be_endless_rows(feed: Feed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("exchange.feed.reading.MAX_ROWS", 2)
    feed.add("clients.csv", "C3,A,B,")

    (fault,) = [fault for fault in feed.faults() if fault.file == "clients.csv"]

    assert (fault.row, fault.reason[:24]) == (4, "It has more than 2 rows.")


def test_a_file_may_not_be_endless(feed: Feed, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("exchange.feed.decoding.MAX_BYTES", 1024 * 1024)
    feed.write("clients.csv", b"x" * (1024 * 1024 + 1))

    (fault,) = feed.faults()

    assert "more than 1 MB" in fault.reason


def test_every_fault_of_every_file_is_found_at_once(feed: Feed):
    feed.change("clients.csv", "C1,Simpson,Bart,2009-05-10", "C1,,,yesterday")
    feed.change("item_prices.csv", "353.08", "a lot")
    feed.add("item_prices.csv", "I9,2019-13-01,2018-01-01,-1", '"I1"x,,', "I1,2019-05-01")
    feed.write("services.csv", "service_ref,ref\n")
    feed.write("nonsense.csv", "")

    found = [(fault.file, fault.row, fault.column) for fault in feed.faults()]

    assert found == [
        ("nonsense.csv", 0, ""),
        ("services.csv", 1, "ref"),
        ("services.csv", 1, "name"),
        ("clients.csv", 2, "surname"),
        ("clients.csv", 2, "born_on"),
        ("item_prices.csv", 3, "rate"),
        ("item_prices.csv", 4, "item_ref"),
        ("item_prices.csv", 4, "starts_on"),
        ("item_prices.csv", 4, "rate"),
        ("item_prices.csv", 5, ""),
        ("item_prices.csv", 6, ""),
    ]


def test_a_row_without_a_key_is_judged_like_any_other(feed: Feed):
    feed.add("item_prices.csv", "!,2019-04-01,2019-03-01,1")

    assert [fault.column for fault in feed.faults()] == ["item_ref", "ends_on"]


def test_a_reference_to_a_row_with_a_fault_is_no_fault_itself(feed: Feed):
    feed.change("contracts.csv", "K1,P1,Oak,2018-04-01,,none,no", "K1,P1,Oak,soon,,none,no")
    feed.change("clients.csv", "C1,Simpson,Bart,2009-05-10", "C1,Simpson,Bart,2009-05-10,,extra")

    assert [(fault.file, fault.row) for fault in feed.faults()] == [("clients.csv", 2), ("contracts.csv", 2)]


def test_an_overlap_is_found_behind_a_shorter_one(feed: Feed):
    feed.write("item_prices.csv", "item_ref,starts_on,ends_on,rate\nI1,2018-06-04,2019-12-31,1\n"
                                  "I1,2018-07-01,2018-07-02,2\nI1,2019-12-31,,3\n")  # fmt: skip

    assert [(fault.row, "in row 2" in fault.reason) for fault in feed.faults()] == [(3, True), (4, True)]


def test_days_are_compared_with_those_on_record(feed: Feed):
    feed.load()
    feed.only()
    feed.write("absences.csv", "absence_ref,item_ref,starts_on,ends_on,reason,pay_percent\n"
                               "A2,I1,2019-08-01,2019-08-05,Ill,0\n")  # fmt: skip
    feed.write("item_prices.csv", "item_ref,starts_on,ends_on,rate\nI1,2019-07-01,,400\n")

    first, second = feed.faults()

    assert (first.file, first.row, first.column) == ("item_prices.csv", 2, "starts_on")
    assert "overlap those on record, from 01/04/2019 on. End the earlier one" in first.reason
    assert (second.file, second.row, second.value) == ("absences.csv", 2, "2019-08-01")
    assert "on record, from 05/08/2019 to 11/08/2019" in second.reason


def test_the_earlier_price_may_be_ended_in_the_same_feed(feed: Feed):
    feed.load()
    feed.only()
    feed.write("item_prices.csv", "item_ref,starts_on,ends_on,rate\nI1,2019-07-01,,400\n"
                                  "I1,2019-04-01,2019-06-30,353.08\n")  # fmt: skip

    assert feed.faults() == []


def test_a_short_first_period_may_have_its_dates_moved(feed: Feed):
    feed.change("payment_methods.csv", "M2,K2,WEEKLY,never,gross,2019-02-04", "M2,K2,WEEKLY,never,gross,2019-02-06")
    feed.add("calendar_overrides.csv", "WEEKLY,2019-02-06,,,2019-03-01")

    assert feed.faults() == []


def test_a_fault_is_one_line_that_a_terminal_can_show(feed: Feed):
    feed.write("clients.csv", "client_ref,surname,first_name\nC1,\x1b[31m" + "S" * 200 + ",Bart\n")

    (fault,) = [fault for fault in feed.faults() if fault.row == 2]

    assert str(fault) == (
        r'clients.csv, row 2, surname "\x1b[31m' + "S" * 55 + '…": Remove the line break or the control character, '
        "U+001B"
    )


def test_a_claim_that_was_made_in_the_portal_comes_with_no_feed(feed: Feed):
    feed.add("claims.csv", "OC17,P1,2019-07-19,Mileage,accepted,2019-07-24")
    feed.add(CLAIM_ITEMS, "CI9,OC17,K1,MILE,C1,School runs,2019-07-18,100,0.387,38.70,yes,,")
    found = [(fault.file, fault.column, fault.value) for fault in feed.faults()]
    assert found == [("claims.csv", "claim_ref", "OC17"), (CLAIM_ITEMS, "claim_ref", "OC17")]
