"""65 kinds of malformed file, each with part of what is said of it (trust.md R2). Files of CSV, and of Excel."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from xlsxwriter import Workbook

from tests.support.uploads import HEADINGS, Agency, csv_of, xlsx_of

Kind = tuple[str, str, bytes, str]
"""What is wrong, the file's name, what is in it, and part of what is said."""


def malformed(agency: Agency) -> Iterator[Kind]:
    yield from _csv_files(agency)
    yield from _csv_rows(agency)
    yield from _workbooks(agency)


def _csv_files(agency: Agency) -> Iterator[Kind]:
    good = csv_of(agency.row(0))
    head = ",".join(HEADINGS).encode()
    yield "empty", "a.csv", b"", "The file is empty"
    yield "only blanks", "a.csv", b" \r\n\r\n", "The file is empty"
    yield "only separators", "a.csv", b",,,\r\n,,\r\n", "The file is empty"
    yield "only headings", "a.csv", head + b"\r\n", "no rows below its headings"
    yield "trailing blank rows only", "a.csv", head + b"\r\n,,,\r\n,,\r\n", "no rows below its headings"
    yield "no headings", "a.csv", b"1,2,3\r\n4,5,6\r\n", "Which column is which?"
    yield "a heading is missing", "a.csv", b"CPLIRef,ActualQty\r\nX,14\r\n", "Which column is which?"
    yield "a heading twice", "a.csv", csv_of(("X", "Y"), headings=("ActualQty", "ActualQty")), "Which column is which?"
    yield "NUL", "a.csv", good.replace(b"14", b"1\x004"), "NUL"
    yield "UTF-16 without its mark", "a.csv", good.decode().encode("utf-16-le"), "NUL"
    yield "no characters of any code", "a.csv", good + b"\x81\x8d,\r\n", "cannot be read. Save it as “CSV UTF-8”"
    yield "half of UTF-16", "a.csv", b"\xff\xfe" + b"a", "cannot be read"
    yield "a quote is never closed", "a.csv", head + b'\r\n"X,14\r\n', "never closed"
    yield "a quote in the middle", "a.csv", head + b'\r\n"X"Y,14\r\n', "quotation mark in the middle"
    yield "a line without an end", "a.csv", head + b"\r\n" + b"x" * 300_000, "more than 5,000 characters"
    yield (
        "120,000 rows",
        "a.csv",
        head + b"\r\n" + b"x,y\r\n" * 120_000,
        "more than 100,000 rows, and nothing of it was read",
    )
    yield "too many columns", "a.csv", b"x," * 60 + b"y\r\n", "more than 50 columns"
    yield "a PDF called CSV", "a.csv", b"%PDF-1.7 x", "it is a PDF or a picture"
    yield "a picture called CSV", "a.csv", b"\x89PNG\r\n", "it is a PDF or a picture"
    yield "a workbook called CSV", "a.csv", xlsx_of(agency.row(0)), "it is an Excel workbook"
    yield "a web page called CSV", "a.csv", b"<!DOCTYPE html><p>Log in", "it is a web page"
    yield "another ending", "a.docx", good, "Send an Excel workbook (.xlsx) or a CSV file (.csv)"
    yield "no ending", "actuals", good, "Send an Excel workbook"
    yield "OpenDocument", "a.ods", good, "Files that end in .ods cannot be read"


def _csv_rows(agency: Agency) -> Iterator[Kind]:
    other = Agency(1)
    told = {
        "another provider's line item": (other.row(0), "is no line item of yours"),
        "leading noughts lost": (agency.row(0, CPLIRef=f"00{agency.items[0].reference}"), "Make it “"),
        "no line item": (agency.row(0, CPLIRef=""), "takes nothing from the row above"),
        "month before day": (agency.row(0, WeekCommencing="04/20/2026"), "Write the day first"),
        "29 February": (agency.row(0, WeekCommencing="29/02/2026"), "no day of the calendar"),
        "not a week’s first day": (agency.row(0, WeekCommencing="22/04/2026"), "is a Wednesday"),
        "a week to come": (agency.row(0, WeekCommencing="18/05/2026"), "has not begun"),
        "a week long ago": (agency.row(0, WeekCommencing="07/01/2020"), "Did you mean"),
        "a closed week": (agency.row(0, WeekCommencing="05/01/2026"), "more than 13 weeks old"),
        "Excel’s number of no Monday": (agency.row(0, WeekCommencing="46133"), "is a Tuesday"),
        "decimal comma": (agency.row(0, ActualQty="13,25"), "Make it “13.25”"),
        "negative": (agency.row(0, ActualQty="-14"), "below 0"),
        "a true minus": (agency.row(0, ActualQty="−14"), "below 0"),
        "parentheses": (agency.row(0, ActualQty="(14)"), "Make it “-14”"),
        "1e400": (agency.row(0, ActualQty="1e400"), "is no number"),
        "a formula": (agency.row(0, ActualQty="=7+7"), "is no number"),
        "too much": (agency.row(0, ActualQty="1,000"), "a week has at most"),
        "no step": (agency.row(0, ActualQty="13.33", Comment="x"), "Enter steps of 0.25"),
        "words": (agency.row(0, ActualQty="all of it"), "is no number"),
        "a reason unknown": (agency.row(0, ReasonCode="Aliens"), "is no reason"),
        "the same row twice": (agency.row(0), "stand in row 3 too"),
        "a fold of 13 hours without a word": (agency.row(0, ActualQty="13"), "Say why it is not the planned"),
    }  # fmt: skip
    for name, (row, said) in told.items():
        twice = [row, row] if "twice" in name else [row]
        yield name, "a.csv", csv_of(*twice), said


def _workbooks(agency: Agency) -> Iterator[Kind]:
    good = xlsx_of(agency.row(0))
    yield "an old workbook", "a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "the old kind"
    locked = b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le")
    yield "encrypted", "a.xlsx", locked, "it has a password"
    yield "no zip", "a.xlsx", b"hello", "no Excel workbook"
    yield "cut off", "a.xlsx", good[: len(good) // 2], "damaged or cut off"
    yield "another zip", "a.xlsx", _zip({"a.txt": b"x"}), "no workbook in it"
    yield "a binary workbook", "a.xlsx", _zip({"xl/workbook.bin": b"x"}), ".xlsb"
    yield "macros", "a.xlsx", _with(good, {"xl/vbaProject.bin": b"x"}), "it holds macros"
    yield "linked", "a.xlsx", _with(good, {"xl/externalLinks/externalLink1.xml": b"<x/>"}), "from another workbook"
    yield "many members", "a.xlsx", _with(good, {f"xl/m{n}.xml": b"" for n in range(1_001)}), "Excel does not write"
    yield "out of its folder", "a.xlsx", _with(good, {"../../etc/x": b""}), "Excel does not write"
    yield "a zip bomb", "a.xlsx", _with(good, {"xl/bomb.xml": bytes(160_000_000)}), "unpacks to more than 200 MB"
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    yield "entities", "a.xlsx", _sheet(good, lambda _: entity), "can do harm"
    outside = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>'
    yield "an outer entity", "a.xlsx", _sheet(good, lambda _: outside), "can do harm"
    cell = b'</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    yield (
        "a far cell",
        "a.xlsx",
        _sheet(good, lambda xml: xml.replace(b"</row></sheetData>", cell)),
        "far below the table",
    )
    wide = b'<c r="ZZ2"><v>1</v></c></row></sheetData>'
    yield "a wide cell", "a.xlsx", _sheet(good, lambda xml: xml.replace(b"</row></sheetData>", wide)), "50 columns"
    many = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(3, 120_003))
    long = _sheet(good, lambda xml: xml.replace(b"</sheetData>", many + b"</sheetData>"))
    yield "a cell that is too long", "a.xlsx", xlsx_of(["x" * 5_001]), "row 2 has more than 5,000 characters"
    many = xlsx_of(*(["x" * 4_999] * 50 for _ in range(81)), headings=[f"H{n}" for n in range(50)])
    yield "one long text in every cell", "a.xlsx", many, "more than 20 million characters"
    yield "120,000 rows", "a.xlsx", long, "more than 100,000 rows"
    index = _sheet(good, lambda xml: re.sub(rb't="s"><v>\d+', b't="s"><v>999999', xml))
    yield "strings out of range", "a.xlsx", index, "damaged"
    yield "several sheets", "a.xlsx", _book(("One", "Two")), "and none is called Actuals"
    yield "a hidden sheet", "a.xlsx", _book(("Actuals", "Other"), hidden="Actuals"), "its sheet is hidden"
    merged = _sheet(good, lambda xml: xml.replace(
        b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'))  # fmt: skip
    yield "merged cells", "a.xlsx", merged, "its cells A2:A3 are merged"
    formula = b'<c r="C2"><f>7+7</f></c>'
    unworked = _sheet(good, lambda xml: re.sub(rb'<c r="C2".*?</c>', formula, xml))
    yield "a formula never worked out", "a.xlsx", unworked, "never worked out"
    error = b'<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    yield "an error", "a.xlsx", _sheet(good, lambda xml: re.sub(rb'<c r="C2".*?</c>', error, xml)), "ends in an error"
    long_id = [1234567890123456789, date(2026, 4, 20), 14]
    yield "a number cut off", "a.xlsx", xlsx_of([long_id[0], "20/04/2026", 14]), "Excel has cut this number off"
    yield "a day as text", "a.xlsx", xlsx_of(agency.row(0, WeekCommencing="Monday last")), "is no day"
    yield "empty", "a.xlsx", xlsx_of(headings=()), "The file is empty"


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in members.items():
            pack.writestr(name, content)
    return file.getvalue()


def _with(book: bytes, more: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as pack:
        return _zip({name: pack.read(name) for name in pack.namelist()} | more)


def _sheet(book: bytes, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as pack:
        return _with(book, {"xl/worksheets/sheet1.xml": change(pack.read("xl/worksheets/sheet1.xml"))})


def _book(sheets: tuple[str, ...], hidden: str = "") -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        pages: dict[str, Any] = {name: book.add_worksheet(name) for name in sheets}
        for page in pages.values():
            page.write_row(0, 0, HEADINGS)
        if hidden:
            next(page for name, page in pages.items() if name != hidden).activate()
            next(page for name, page in pages.items() if name != hidden).set_first_sheet()
            pages[hidden].hide()
    return file.getvalue()
