"""What spreadsheets, databases and careless copies do to a file: one sentence that says what it is, or its cure."""

import gzip
import io
import os
import zipfile

import pytest

from models.records.client import Client
from models.records.provider import Contact, Provider
from tests.exchange.feed.feeds import FEED, Feed
from tests.support.rows import every

CLIENTS = FEED["clients.csv"]


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, CLIENTS)
    return file.getvalue()


WHOLE: dict[str, tuple[str | bytes, int, str]] = {
    "semicolons": (CLIENTS.replace(",", ";"), 1, "not separated by commas but by semicolons"),
    "tabs": (CLIENTS.replace(",", "\t"), 1, "not separated by commas but by tabs"),
    "title": ("Clients; as of 1 May\n" + CLIENTS, 1, "above the names of the columns, which are in row 2. Remove it"),
    "title and blank line": ("Clients,,,\n\n" + CLIENTS, 1, "above the names of the columns, which are in row 3"),
    "separator line": ("sep=,\n" + CLIENTS, 1, "Remove this line"),
    "no header": (CLIENTS.partition("\n")[2], 1, "names none of this file's columns"),
    "others' header": (CLIENTS.replace("client_ref,surname,first_name,born_on", "id,last,given,dob"), 1,
                       "It must be their names: client_ref, surname, first_name, born_on"),
    "gzip": (gzip.compress(CLIENTS.encode()), 0, "compressed (gzip). Unpack it"),
    "zip": (zipped("clients.csv"), 0, "compressed (zip)"),
    "workbook": (zipped("xl/workbook.xml"), 0, "This is a spreadsheet under another name"),
    "PDF": (b"%PDF-1.7\n" + bytes(50), 0, "This is a PDF"),
    "web page": ("<!DOCTYPE html>\n<html>", 0, "web page"),
    "quoted whole": ("".join(f'"{line}"\n' for line in CLIENTS.splitlines()), 1, "in quotation marks as a whole"),
    "cut in the header": ("client_ref,surname,first_name,born_on", 1, "does not end with a line end"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "row", "reason"), WHOLE.values(), ids=WHOLE.keys())
def test_a_file_that_is_something_else_is_one_sentence(feed: Feed, content: str | bytes, row: int, reason: str):
    feed.write("clients.csv", content)

    (fault,) = feed.faults()

    assert (fault.file, fault.row) == ("clients.csv", row)
    assert reason in fault.reason


ROWS: dict[str, tuple[str, str, int, str]] = {
    "header twice": ("clients.csv", "client_ref,surname,first_name,born_on", 4, "stand here again"),
    "Total": ("item_prices.csv", "Total,,,699.23", 4, "row of totals"),
    "total without cells": ("item_prices.csv", "Total: 699.23", 4, "row of totals"),
    "Grand Total": ("deductions.csv", "Grand Total,,,,,,20.02,", 3, "row of totals"),
    "rows counted": ("clients.csv", "-- rows: 2 --", 4, "row of totals"),
    "note": ("clients.csv", "(2 rows affected)", 4, "It has 1 cell, and the header 4. Is it a note?"),
    "quoted whole": ("clients.csv", '"C3,Simpson,Lisa,2010-01-01"', 4, "in quotation marks as a whole"),
    "one cell too many, empty": ("contacts.csv", "T2,P1,Ash, Dawn,,,,", 3, "one cell too many"),
    "three cells too many": ("clients.csv", "C3,A,B,,,,", 4, "3 cells too many"),
}


@pytest.mark.parametrize(("file", "line", "row", "reason"), ROWS.values(), ids=ROWS.keys())
def test_a_row_that_is_no_record_is_one_sentence(feed: Feed, file: str, line: str, row: int, reason: str):
    feed.add(file, line)

    (fault,) = feed.faults()

    assert (fault.file, fault.row, fault.column) == (file, row, "")
    assert reason in fault.reason


def test_a_client_may_be_called_total(feed: Feed):
    feed.add("clients.csv", "TOTAL,Total,Sum,")
    assert feed.faults() == []


@pytest.mark.parametrize("ending", ["", "3", "303.0"])
def test_a_last_line_without_its_end_is_not_read(feed: Feed, ending: str):
    """303.03 may have been cut to 303.0."""
    feed.add("item_prices.csv", "I2,2019-04-01,,303.03")
    feed.write("item_prices.csv", feed.text("item_prices.csv").removesuffix("303.03\n") + ending)

    (fault,) = feed.faults()

    assert (fault.file, fault.row, fault.column) == ("item_prices.csv", 4, "")
    assert "does not end with a line end" in fault.reason


def test_what_refers_to_the_row_that_was_cut_is_no_fault(feed: Feed):
    feed.write("clients.csv", CLIENTS.removesuffix("\n"))
    assert [(fault.file, fault.row) for fault in feed.faults()] == [("clients.csv", 3)]


LETTERS = {
    "U+200D": "\u200d", "U+3164": "\u3164", "U+E000": "\ue000", "U+2800": "\u2800", "U+FFA0": "\uffa0",
    "U+202E": "\u202enospmiS", "U+115F": "Simp\u115fson", "U+F8FF": "Simpson\uf8ff", "U+FFFE": "\ufffe",
    "U+0301": "\u0301\u0301", "U+200B": "Simp\u200bson",
}  # fmt: skip


@pytest.mark.parametrize(("code", "name"), LETTERS.items(), ids=LETTERS.keys())
@pytest.mark.parametrize("file", ["clients.csv", "contacts.csv"])
def test_a_name_that_cannot_be_seen_is_a_fault_with_its_code_point(feed: Feed, file: str, code: str, name: str):
    feed.change(file, "Simpson" if file == "clients.csv" else "Dawn Stockton", name)

    (fault,) = feed.faults()

    assert code in fault.reason, fault.reason
    assert fault.reason.isprintable()


@pytest.mark.parametrize(
    "name", ["Zoë", "José", "Ŵyn", "Tŷ’r", "علی\u200cرضا", "山田", "Nguyễn", "O'Brien-Łoś", "👩\u200d🌾"]
)
def test_names_of_all_people_are_read(feed: Feed, name: str):
    feed.change("clients.csv", "Simpson", name)
    feed.load()
    assert name in {client.surname for client in every(Client)}


@pytest.mark.parametrize("mark", ["\u200e", "\u200f", "\u00ad", "\u202a", "\ufeff", "\u2066", "\u200b", "\u00a0"])
def test_a_mark_that_nobody_sees_is_taken_off_the_edge_of_a_name(feed: Feed, mark: str):
    feed.change("clients.csv", "Simpson,Bart", f"{mark} Simpson{mark},{mark}Bart")
    feed.change("contacts.csv", "Dawn Stockton", f"Dawn Stockton {mark}")
    feed.load()
    assert {client.surname for client in every(Client)} == {"Simpson", "Testing"}
    assert every(Contact)[0].name == "Dawn Stockton"


ERRORS = ["#SPILL!", "#CALC!", "#FIELD!", "#BUSY!", "#REF!", "#N/A", "#NAME?", "#DIV/0!", "#NULL!", "#GETTING_DATA",
          "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BEZUG!", "#ÜBERLAUF!", "#ERROR!", "#spill!",
          "#####", "Err:502"]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("place", [("clients.csv", "Simpson"), ("item_prices.csv", "353.08"), ("contacts.csv", "Carer"),
                                   ("clients.csv", "2009-05-10"),
                                   ("contracts.csv", "K1,P1,Oak,2018-04-01,,none")])  # fmt: skip
def test_a_spreadsheets_error_is_never_a_value(feed: Feed, error: str, place: tuple[str, str]):
    file, old = place
    feed.change(file, old, old.rpartition("none")[0] + error if old.endswith("none") else error)

    (fault,) = feed.faults()

    assert fault.reason == "This is a spreadsheet's error. Enter the value itself"


@pytest.mark.parametrize("name", ["#1", "No. 7 (#2)", "Errol", "E", "# 12"])
def test_a_name_with_such_a_sign_is_none(feed: Feed, name: str):
    feed.change("contacts.csv", "Carer", name)
    assert feed.faults() == []


CURES = {
    "no-break space": ("item_prices.csv", "353.08", "1\u00a0234.50", "Take out U+00A0 (no-break space)"),
    "narrow no-break space": ("item_prices.csv", "353.08", "1\u202f234.50", "Take out U+202F (narrow no-break space)"),
    "space": ("item_prices.csv", "353.08", "1 234.50", "Take out the space: 1234.50"),
    "currency before": ("item_prices.csv", "353.08", "GBP 12", "Take out GBP"),
    "currency behind": ("item_prices.csv", "353.08", "12 EUR", "Take out EUR"),
    "other currency": ("item_prices.csv", "353.08", "€12", "without “€” (U+20AC, Euro sign)"),
    "dollars": ("allowances.csv", "186.02", "$12", "Take out $"),
    "per cent": ("item_prices.csv", "353.08", "12%", "Take out the % sign"),
    "per cent of pay": ("absences.csv", "Holiday,50", "Holiday,50%", "Take out the % sign"),
    "decimal comma": ("item_prices.csv", "353.08", '"353,08"', "Write a point before the decimals: 353.08"),
    "foreign thousands": ("item_prices.csv", "353.08", '"1.353,08"', "Write a point before the decimals: 1353.08"),
    "brackets": ("item_prices.csv", "353.08", "(353.08)", "Brackets are not read as a minus"),
    "Arabic digits": ("item_prices.csv", "353.08", "٣٥٣", "without “٣” (U+0663, Arabic-indic digit three)"),
    "NULL in money": ("item_prices.csv", "353.08", "NULL", "NULL is another program's word for nothing. Enter"),
    "n/a in money": ("item_prices.csv", "353.08", "n/a", "n/a is another program's word for nothing. Enter the value"),
    "NULL in a day": ("clients.csv", "2009-05-10", "NULL", "another program's word for nothing. Leave the cell empty"),
    "n/a in a day": ("clients.csv", "2009-05-10", "n/a", "another program's word for nothing. Leave the cell empty"),
    "dash in a day": ("clients.csv", "2009-05-10", "-", "- is no value. Leave the cell empty"),
    "NULL for a reference": ("providers.csv", "P1,O1", "P1,NULL", "word for nothing. Leave the cell empty"),
    "None in a choice": ("payment_methods.csv", "never,net", "nil,net", "nil is another program's word for nothing"),
    "day with points": ("clients.csv", "2009-05-10", "02.10.2019", "Write 02/10/2019, with slashes"),
    "day with dashes": ("clients.csv", "2009-05-10", "2-10-2019", "Write 02/10/2019, with slashes"),
    "day by year": ("clients.csv", "2009-05-10", "2019/10/02", "Write 2019-10-02"),
    "day without signs": ("clients.csv", "2009-05-10", "20191002", "Write 2019-10-02"),
    "Cyrillic letter": ("clients.csv", "C2,Testing", "С2,Testing", "“С” (U+0421, Cyrillic capital letter es) in it"),
    "dash of another kind": ("clients.csv", "C2,Testing", "C‑2,Testing", "U+2011, Non-breaking hyphen"),
    "space in a reference": ("clients.csv", "C2,Testing", "C 2,Testing", "U+0020 (space)"),
    "two points": ("contacts.csv", "dawn@", "dawn..s@", "two periods in a row"),
    "two points behind": ("contacts.csv", "@example.org", "@example..org", "two periods in a row"),
    "leading point": ("contacts.csv", "dawn@", ".dawn@", "cannot start with a period"),
    "leading hyphen": ("contacts.csv", "@example", "@-example", "hyphen immediately after the @-sign"),
    "mailto": ("contacts.csv", "dawn@", "mailto:dawn@", "Leave out mailto: and enter dawn@example.org"),
    "name and address": ("contacts.csv", "dawn@example.org", "Dawn <dawn@example.org>", "one e-mail address"),
    "bars only": ("providers.csv", "2 Elm Street", "| |", "must not be empty"),
    "separators only": ("providers.csv", "2 Elm Street", '", |-"', "must not be empty"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "reason"), CURES.values(), ids=CURES.keys())
def test_the_character_or_the_cure_is_named(feed: Feed, file: str, old: str, new: str, reason: str):
    feed.change(file, old, new)

    (fault,) = feed.faults()

    assert reason in fault.reason


def test_an_optional_address_of_separators_only_is_none(feed: Feed):
    feed.write("providers.csv", "provider_ref,name,kind,address,invoice_address\nP1,Oak,foster_carer,1 Oak,||\n"
                                "P2,Elm,care_home,2 Elm Street,\n")  # fmt: skip
    feed.load()
    assert {provider.invoice_address for provider in every(Provider)} == {""}


@pytest.mark.parametrize("reference", ["1E5", "2e10", "12E", "1E-5"])
def test_a_true_reference_may_look_like_a_power_of_ten(feed: Feed, reference: str):
    feed.add("clients.csv", f"{reference},Two,Names,")
    assert feed.faults() == []


@pytest.mark.parametrize("reference", ["1.23E+05", "1E+11", "2.00002E+06", '"1,23E+05"'])
def test_a_reference_that_a_spreadsheet_made_a_number_is_a_fault(feed: Feed, reference: str):
    feed.add("clients.csv", f"{reference},Two,Names,")
    (fault,) = feed.faults()
    assert "Format the column as text" in fault.reason


@pytest.mark.parametrize("kind", ["file", "directory", "beside"])
def test_a_link_out_of_the_directory_is_not_followed(feed: Feed, tmp_path, kind: str):
    secret = tmp_path / "secret"
    secret.write_text("top,secret\n")
    (feed.path / "clients.csv").unlink()
    if kind == "directory":
        secret = tmp_path / "elsewhere"
        secret.mkdir()
    if kind == "beside":
        (feed.path / "real.txt").write_text(CLIENTS)
        secret = feed.path / "real.txt"
    os.symlink(secret, feed.path / "clients.csv")

    faults = feed.faults()

    assert faults[0].file == "clients.csv"
    assert "link to a file elsewhere" in faults[0].reason
    assert "secret" not in "".join(map(str, faults))


def test_any_link_in_the_directory_is_refused(feed: Feed, tmp_path):
    os.symlink(tmp_path, feed.path / "archive")
    (fault,) = feed.faults()
    assert (fault.file, fault.reason[:9]) == ("archive", "This is a")


BAD_KEYS = {
    "client": ("clients.csv", "C2,Testing", "1.2E+11,Testing", 3),
    "service, in both files": ("services.csv", "S1", "S 1", 2),
    "provider": ("providers.csv", "P1,O1", "P*1,O1", 2),
    "contract": ("contracts.csv", "K1,P1", ",P1", 2),
    "item": ("care_package_items.csv", "I1,K1", "#REF!,K1", 2),
    "twice": ("contracts.csv", "K2,P2", "K1,P2", 3),
    "claim": ("claims.csv", "CL1,P1", "CL 1,P1", 2),
}


@pytest.mark.parametrize(("file", "old", "new", "row"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_a_bad_key_is_one_fault(feed: Feed, file: str, old: str, new: str, row: int):
    feed.change(file, old, new)
    assert [(fault.file, fault.row) for fault in feed.faults()] == [(file, row)]


def test_a_bad_key_in_every_file_is_one_fault(feed: Feed):
    for name in ("services.csv", "service_levels.csv", "provider_services.csv"):
        feed.write(name, feed.text(name).replace("S1", "S 1"))
    assert [(fault.file, fault.row) for fault in feed.faults()] == [("services.csv", 2)]


def test_more_lost_references_than_bad_keys_are_faults(feed: Feed):
    feed.change("clients.csv", "C2,Testing", "C 2,Testing")
    feed.add("care_package_items.csv", "I3,K1,C9,WEEK,2019-01-01,,,no")
    assert [(fault.file, fault.row) for fault in feed.faults()] == [
        ("clients.csv", 3), ("care_package_items.csv", 3), ("care_package_items.csv", 4)
    ]  # fmt: skip


BAD_ROWS = {
    "contract's day": ("contracts.csv", "K1,P1,Oak,2018-04-01", "K1,P1,Oak,soon"),
    "contract's provider": ("contracts.csv", "K1,P1,Oak", "K1,P9,Oak"),
    "contract's cells": ("contracts.csv", "K1,P1,Oak,2018-04-01,,none,no", "K1,P1,Oak,2018-04-01,,none"),
    "item's client": ("care_package_items.csv", "I1,K1,C1", "I1,K1,"),
    "item's contract": ("care_package_items.csv", "I1,K1,C1", "I1,K 1,C1"),
    "method's beginning": ("payment_methods.csv", "WEEKLY,never,net,2019-02-04", "WEEKLY,never,net,4 Feb"),
    "calendar's days": ("calendars.csv", "1,6,11", "7,6,11"),
    "claim's days": ("claims.csv", "2019-07-19,Mileage,accepted,2019-07-24", "2019-07-19,Mileage,accepted,2019-07-01"),
    "level's VAT": ("service_levels.csv", "HOUR,S1,Support,hour,inclusive,standard,20",
                    "HOUR,S1,Support,hour,inclusive,standard,0"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_faulty_row_gives_no_sentence_about_another_record(feed: Feed, file: str, old: str, new: str):
    feed.change(file, old, new)
    assert {fault.file for fault in feed.faults()} == {file}
    assert len(feed.faults()) == 1


def test_the_same_again_once_it_is_on_record(feed: Feed):
    feed.load()
    for file, old, new in BAD_ROWS.values():
        before = feed.text(file)
        feed.change(file, old, new)
        assert [fault.file for fault in feed.faults()] == [file], (file, new)
        feed.write(file, before)
