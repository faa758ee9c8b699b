"""Reading a table that somebody sends: what stands in it, and what is refused."""

import io
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook

from exchange.downloads.tabular import Rate, csv_text
from exchange.sheets.reading import LARGEST, SheetRefused, read_table
from exchange.sheets.template import safe_twice
from models.uploads.cells import plain_text
from tests.support.uploads import xlsx_of

MONDAY = date(2026, 9, 7)
HEAD = b"CPLIRef,ActualQty\r\n"


def cells(content: bytes, name: str = "a.csv") -> list[tuple[int, list[str]]]:
    return read_table(name, content, "Actuals").rows


@pytest.mark.parametrize(
    "content",
    [
        b"A,B\nx,1\n", b"\xef\xbb\xbfA,B\r\nx,1\r\n", b"A;B\r\nx;1\r\n", b"A\tB\r\nx\t1\r\n", b"A|B\nx|1\n",
        "A\tB\nx\t1\n".encode("utf-16"), b"A,B\r\nx,1\n", b'"A","B"\r\n"x","1"', b"A,B,,\r\nx,1,,\r\n",
    ],
)  # fmt: skip
def test_a_table_is_the_same_however_it_is_written(content):
    assert cells(content) == [(1, ["A", "B"]), (2, ["x", "1"])]


def test_rows_have_the_numbers_that_a_spreadsheet_shows():
    assert cells(b"\n\nA,B\n,,\nx,1\n") == [(3, ["A", "B"]), (5, ["x", "1"])]
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet("Actuals")
        page.write(2, 0, "A")
        page.write(6, 4, 13.25)
    assert cells(file.getvalue(), "a.xlsx") == [(3, ["A"]), (7, ["", "", "", "", "13.25"])]


def test_a_quoted_line_end_is_part_of_its_cell():
    assert cells(b'A,B\r\n"one\r\ntwo, three","1"\r\nx,2\r\n')[1:] == [(2, ["one\r\ntwo, three", "1"]), (3, ["x", "2"])]


def test_windows_text_is_read_and_told():
    table = read_table("a.csv", "Name\nSián – Jones’s\n".encode("cp1252"), "Actuals")
    assert table.rows[1][1] == ["Sián – Jones’s"]
    assert "Windows-1252" in table.notes[0]


def test_days_times_and_numbers_of_a_workbook_are_as_people_type_them():
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        page, day = book.add_worksheet("Actuals"), book.add_format({"num_format": "dd/mm/yyyy"})
        moment, hours = (book.add_format({"num_format": text}) for text in ("dd/mm/yyyy hh:mm", "[h]:mm"))
        page.write_datetime(0, 0, datetime.combine(MONDAY, time()), day)
        page.write_datetime(0, 1, datetime.combine(MONDAY, time(8, 30)), moment)
        page.write_number(0, 2, 13.25 / 24, hours)
        page.write_number(0, 3, 13.1 + 0.15)
        page.write_string(0, 4, "00741254")
        page.write_boolean(0, 5, True)
        page.write_formula(0, 6, "=7+7", None, 14)
    assert cells(file.getvalue(), "a.xlsx") == [
        (1, ["07/09/2026", "07/09/2026 08:30", "13:15", "13.25", "00741254", "TRUE", "14"])
    ]


def test_a_workbook_of_1904_says_the_same_day():
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "date_1904": True}) as book:
        page = book.add_worksheet("Actuals")
        page.write_datetime(0, 0, datetime.combine(MONDAY, time()), book.add_format({"num_format": "dd/mm/yyyy"}))
    assert cells(file.getvalue(), "a.xlsx") == [(1, ["07/09/2026"])]


def test_hidden_rows_are_read_and_told():
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        page = book.add_worksheet("Actuals")
        for row, text in enumerate("ABC"):
            page.write(row, 0, text)
        page.set_row(1, None, None, {"hidden": True})
    table = read_table("a.xlsx", file.getvalue(), "Actuals")
    assert [row[1] for row in table.rows] == [["A"], ["B"], ["C"]]
    assert "hidden" in table.notes[0]


def test_the_only_sheet_is_read_whatever_it_is_called_and_that_is_told():
    table = read_table("a.xlsx", xlsx_of(["x"], headings=["A"], sheet="Export"), "Actuals")
    assert (table.sheet, len(table.rows)) == ("Export", 2)
    assert "It has no sheet called Actuals: Export was read" in table.notes


def test_a_hundred_thousand_rows_are_read_whole_and_one_more_is_refused():
    assert len(cells(HEAD + b"x,1\r\n" * 100_000)) == 100_001
    with pytest.raises(SheetRefused, match="more than 100,000 rows, and nothing of it was read"):
        cells(HEAD + b"x,1\r\n" * 100_001)


def test_a_workbook_of_a_hundred_thousand_rows_is_read_whole_and_a_cell_far_below_them_is_refused():
    def workbook(rows, far):
        with Workbook(file := io.BytesIO(), {"constant_memory": True}) as book:
            page = book.add_worksheet("Actuals")
            for row in range(rows):
                page.write_row(row, 0, ("x", 1))
            page.write(far - 1, 0, "x")
        return file.getvalue()

    found = cells(workbook(100_000, 100_001), "a.xlsx")
    assert (len(found), found[-1]) == (100_001, (100_001, ["x"]))
    assert cells(workbook(2, 110_000), "a.xlsx")[-1] == (110_000, ["x"])
    with pytest.raises(SheetRefused, match=r"a cell stands far below the table \(A110001\)"):
        cells(workbook(2, 110_001), "a.xlsx")


def test_twenty_five_megabytes_are_looked_at_and_a_byte_more_is_not():
    with pytest.raises(SheetRefused, match="more than 100,000 rows"):
        cells((HEAD + b"x,1\r\n" * LARGEST)[:LARGEST])
    with pytest.raises(SheetRefused, match="more than 25 MB"):
        cells((HEAD + b"x,1\r\n" * LARGEST)[: LARGEST + 1])


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn")), max_size=30
) | st.sampled_from(["=1+1", "'=1", "''@x", "+44 1632", "-5", "\t=x", "＝1", " =2", "'", "00741254", "1e5", "O’Neill"])


@given(st.lists(texts, min_size=1, max_size=40))
def test_what_our_csv_writes_comes_back_as_it_was(values):
    """trust.md F7: import(export(x)) == x, but for blanks around it."""
    rows = safe_twice([("A", "B"), *((value, "x") for value in values)])
    content = "".join(csv_text(rows)).encode()
    import csv

    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]
    assert [plain_text(row[0], is_csv=True) for row in found] == [value.strip() for value in values]


def test_cells_of_every_kind_come_back():
    rows = [("A", "B", "C"), (Rate(132_500), date(2026, 9, 7), 12)]
    assert cells("".join(csv_text(rows)).encode())[1] == (2, ["13.25", "07/09/2026", "12"])
