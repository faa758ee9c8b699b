"""XLSX files, read back and compared with the CSV file of the same rows."""

import csv
import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from exchange.downloads.tabular import Pence, csv_text
from exchange.downloads.workbook import write_workbook

HEADINGS = ("Reference", "Client", "On", "Total", "Payments", "Note")
ROWS = [
    ("00741254", "ap Rhys, Llŷr", date(2019, 4, 3), Pence(-73_593), 12, "3-4"),
    ("=1+1", "O’Brien & <Sons>", None, Pence(29), 0, "http://example.org/ +44 1632 960001"),
    ("1E5", "", date(1948, 2, 29), Pence(123_456_789_012_345), -3, "two\nlines"),
]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets_of(data):
    """The cells of each sheet: text as it is, numbers as Decimal."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = sorted(name for name in packed.namelist() if name.startswith("xl/worksheets/sheet"))
        return [ElementTree.fromstring(packed.read(name)) for name in names]


def cells_of(sheet):
    return [{cell.get("r").rstrip("0123456789"): _value(cell) for cell in row} for row in sheet.iter(f"{MAIN}row")]


def _value(cell):
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    assert cell.get("t") is None, "neither a formula nor a shared string"
    return Decimal(cell.findtext(f"{MAIN}v"))


def written(rows, **options):
    write_workbook(rows, file := io.BytesIO(), **options)
    return sheets_of(file.getvalue())


def as_csv_has_it(value, column):
    """What the CSV file says of this cell."""
    if column == "C" and isinstance(value, Decimal):
        return f"{date(1899, 12, 30) + timedelta(days=int(value)):%d/%m/%Y}"
    if isinstance(value, Decimal):
        return f"{value:.2f}" if column == "D" else str(value)
    return value


def test_read_back_it_says_what_the_csv_file_says():
    [sheet] = written([HEADINGS, *ROWS])
    told = [[as_csv_has_it(row.get(each, ""), each) for each in "ABCDEF"] for row in cells_of(sheet)]
    text = "".join(csv_text([HEADINGS, *ROWS])).removeprefix("\ufeff")
    assert told == [[cell.removeprefix("'") for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


def test_references_stay_text_and_money_is_an_exact_number():
    [sheet] = written([HEADINGS, *ROWS])
    first, second, third = cells_of(sheet)[1:]
    assert (first["A"], first["F"], second["A"], third["A"]) == ("00741254", "3-4", "=1+1", "1E5")
    sums = [Decimal("-735.93"), Decimal("0.29"), Decimal("1234567890123.45")]
    assert [row["D"] for row in (first, second, third)] == sums


@pytest.mark.parametrize("pence", [1, 7, 10, 57, 110, 294, 1_005, 161_515_87, 4_035, 99_999_999_99])
def test_no_pence_is_lost_in_a_number(pence):
    [sheet] = written([("Total",), (Pence(pence),), (Pence(-pence),)])
    up, down = cells_of(sheet)[1:]
    assert (up["A"] * 100, down["A"] * 100) == (pence, -pence)


def test_the_headings_stay_in_sight_and_filter():
    [sheet] = written([HEADINGS, *ROWS])
    pane = sheet.find(f".//{MAIN}pane")
    assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
    assert sheet.find(f"{MAIN}autoFilter").get("ref") == "A1:F4"
    assert len(sheet.findall(f".//{MAIN}col")) == 6


def test_what_is_too_long_for_a_sheet_goes_on_in_another():
    rows = [("Number",), *((each,) for each in range(5))]
    sheets = [[row["A"] for row in cells_of(sheet)] for sheet in written(rows, most_rows=3)]
    assert sheets == [["Number", 0, 1], ["Number", 2, 3], ["Number", 4]]


def test_a_table_without_rows_is_a_file_too():
    assert [list(row.values()) for row in cells_of(written([HEADINGS])[0])] == [list(HEADINGS)]
    assert cells_of(written([])[0]) == []
