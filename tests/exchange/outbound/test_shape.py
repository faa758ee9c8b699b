"""How the cells of an export are written, in which order its rows stand, and which words it has."""

import re
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from exchange.outbound import shape
from exchange.outbound.kinds import FILES
from exchange.outbound.shape import Out, OutFile
from models.records.actual import AbsenceReason, Origin
from models.records.contract import VatCode

FILE = OutFile("file.csv", (Out("name", shape.TEXT), Out("amount", shape.MONEY)), "Names.", (lambda: sa.select(1),))


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        (shape.TEXT, "  Two hours,\r\n\r\nat least \n", "Two hours, | at least"),
        (shape.TEXT, "=1+1", "=1+1"),
        (shape.MONEY, 123_450, "1234.50"),
        (shape.MONEY, -2_002, "-20.02"),
        (shape.MONEY, -5, "-0.05"),
        (shape.QUANTITY, 127_500, "12.75"),
        (shape.QUANTITY, 10_000, "1"),
        (shape.QUANTITY, 1, "0.0001"),
        (shape.QUANTITY, -2_500, "-0.25"),
        (shape.QUANTITY, 12_345_000_000, "1234500"),
        (shape.DAY, date(2019, 3, 31), "2019-03-31"),
        (shape.DAY, datetime(2019, 6, 30, 23, 30, tzinfo=UTC), "2019-07-01"),
        (shape.YES_NO, True, "yes"),
        (shape.YES_NO, False, "no"),
        (shape.YEAR, 2019, "2019/2020"),
    ],
)
def test_a_cell_is_written_so(kind, value, written):
    assert kind.write(value) == written


def test_rows_stand_in_the_order_of_their_bytes_whatever_a_database_makes_of_letters():
    names = ["Świątek", "Zoe", "adam", "_x", "Adam", "Łukasz", "Tŷ’r Ŵyn", "李", "A-B", "AB"]
    rows = FILE.written((0, name, 1) for name in names)
    assert [row[0] for row in rows] == ["A-B", "AB", "Adam", "Tŷ’r Ŵyn", "Zoe", "_x", "adam", "Łukasz", "Świątek", "李"]


def test_a_cell_with_nothing_is_empty_and_one_with_nought_is_not():
    assert FILE.written([(0, None, None), (1, "", 0)]) == [["", ""], ["", "0.00"]]


def test_a_file_is_utf_8_with_line_feeds_and_quotes_only_what_needs_it():
    assert FILE.content([["O’Brien, “Ltd”", "1.00"], ['He said "no"', "2.00"]]) == (
        'name,amount\n"O’Brien, “Ltd”",1.00\n"He said ""no""",2.00\n'.encode()
    )


def test_a_row_that_has_too_few_cells_is_no_row():
    with pytest.raises(ValueError, match="zip"):
        FILE.written([(0, "Zoe")])


@pytest.mark.parametrize(
    ("column", "words"), [("reason", AbsenceReason), ("vat_code", VatCode), ("origin", Origin)], ids=str
)
def test_a_column_of_words_lists_all_that_may_stand_in_it(column, words):
    notes = [each.note for file in FILES for each in file.columns if (each.name, each.kind) == (column, shape.WORD)]
    assert notes
    for note in notes:
        assert set(re.findall(r"`(\w+)`", note)) == {each.value for each in words}


def test_no_column_of_words_is_without_its_words():
    assert [
        (file.name, each.name)
        for file in FILES
        for each in file.columns
        if each.kind == shape.WORD and "`" not in each.note
    ] == []
