"""A report as PDF: tagged, the same twice, headings on every page, and letters and words that do not fit."""

import io
from dataclasses import replace
from datetime import date

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.downloads.tabular import Pence, Rate
from exchange.pdf.fonts import ON_THE_PAGE
from exchange.pdf.report import report_pdf
from exchange.reports.sheet import Column, Row, RowKind, Sheet, Table, shown, sums
from tests.support.remittances import rows_of_pdf

COLUMNS = (Column("Client", 120), Column("Days", 87, True), Column("Total", 50, True))


def sheet_of(names):
    rows = [Row([name, at, Pence(-100 * at)]) for at, name in enumerate(names)]
    total = sums(rows, COLUMNS, "Paid to your bank", RowKind.TOTAL)
    return Sheet("Remittance Advice", "remittance-1", date(2019, 9, 22), "Borsetshire Council. Remittance 1",
                 facts=[("Contract", "Sausage Sandwich"), ("Paid", Pence(5))], notes=["A note."],
                 tables=[Table("Lines", COLUMNS, [*rows, total])])  # fmt: skip


def opened(sheet):
    return pikepdf.open(io.BytesIO(report_pdf(sheet)))


@pytest.mark.covers("S4-117")
def test_the_same_sheet_gives_the_same_bytes_and_another_gives_others():
    sheet = sheet_of(["S, Bart"])
    assert report_pdf(sheet) == report_pdf(sheet)
    assert report_pdf(sheet) != report_pdf(replace(sheet, made_on=date(2019, 9, 23)))
    assert sheet.key == sheet_of(["S, Bart"]).key != sheet_of(["T, Bart"]).key


def test_it_is_tagged_says_its_language_and_embeds_its_fonts():
    with opened(sheet_of(["S, Bart"])) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-GB"
        for font in pdf.pages[0].Resources.Font.values():
            assert font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
            assert font.ToUnicode.read_bytes()
        content = pdf.pages[0].Contents.read_bytes()
        assert content.count(b"BDC") + content.count(b"BMC") == content.count(b"EMC")


def test_cells_are_read_in_order_with_their_sums():
    assert rows_of_pdf(report_pdf(sheet_of(["S, Bart", "T, CLA"])))[-3:] == [
        ["S, Bart", "0", "£0.00"], ["T, CLA", "1", "−£1.00"], ["Paid to your bank", "", "−£1.00"],
    ]  # fmt: skip


def test_a_long_table_goes_on_under_the_same_headings_and_pages_are_counted():
    sheet = sheet_of([f"S, Bart ({n})" for n in range(300)])
    told = []
    content = report_pdf(sheet, lambda done, total: told.append((done, total)))
    assert told == [(100, 301), (200, 301), (300, 301), (301, 301)]
    rows = rows_of_pdf(content)
    assert [row[0] for row in rows if row[0].startswith("S, Bart")] == [f"S, Bart ({n})" for n in range(300)]
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pages = len(pdf.pages)
        assert pages > 5
        for page in pdf.pages:
            drawn = page.Contents.read_bytes()
            assert drawn.count(b"/Artifact BMC") > 1
            assert drawn.count(b"BDC") + drawn.count(b"BMC") == drawn.count(b"EMC")
    assert len(content) < 300_000


@pytest.mark.parametrize("name", ["أحمد", "李", "🙂"])
def test_letters_that_it_cannot_draw_are_said_to_be_on_the_page(name):
    assert ON_THE_PAGE.replace(" ", "") in rows_of_pdf(report_pdf(sheet_of([name])))[-2][0].replace(" ", "")


def test_a_word_that_is_wider_than_its_column_is_cut_and_loses_nothing():
    word = "Gwenllïan-Llywelyn-" * 12
    assert rows_of_pdf(report_pdf(sheet_of([word])))[-2][0].replace(" ", "") == word


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_nothing_that_is_written_breaks_it(text):
    assert report_pdf(sheet_of([text])).startswith(b"%PDF")


def test_cells_are_shown_as_people_read_them():
    cells = [None, "", "00741254", 1_204, Pence(-73_593), Rate(3_870), date(2019, 9, 30)]
    assert [shown(cell) for cell in cells] == ["", "", "00741254", "1,204", "−£735.93", "£0.387", "30/09/2019"]


def test_a_column_is_added_up_only_where_every_line_has_money():
    rows = [Row(["A", 1, Pence(5)]), Row(["B", 2, None])]
    assert sums(rows, COLUMNS, "All", RowKind.TOTAL).cells == ["All", None, None]
    assert sums(rows[:1], COLUMNS, "All", RowKind.TOTAL).cells == ["All", None, Pence(5)]
