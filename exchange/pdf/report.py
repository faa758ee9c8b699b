"""A report as PDF: the facts, notes and tables of its sheet, tagged, with headings that stand again on each page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from exchange.pdf.fonts import drawable
from exchange.pdf.tagged import FAMILY, MARGIN, TaggedPDF
from exchange.reports.sheet import Column, Sheet, Table, shown

SIZE, LINE = 8.5, 4.4
"""Points, and millimetres from line to line, of a table."""
GAP = 1.6
"""Millimetres between rows."""
DOWN = 3.3
"""Millimetres from the top of a line to where its letters stand."""

Progress = Callable[[int, int], None]


def report_pdf(sheet: Sheet, progress: Progress | None = None) -> bytes:
    """The file: the same sheet gives the same bytes. `progress` is told how many rows are drawn, of how many."""
    pdf = ReportPDF(sheet.title, made_on=sheet.made_on, foot=sheet.foot)
    pdf.heading(sheet.title)
    for note in sheet.notes:
        pdf.paragraph(note)
    if sheet.facts:
        pdf.rows(("What", "As it was on the day"), [(label, shown(cell)) for label, cell in sheet.facts])
    done = 0
    for table in sheet.tables:
        pdf.heading(table.caption, level=2)
        if table.note:
            pdf.paragraph(table.note)
        pdf.table_of(table, partial(_tell, progress, done, sheet.rows))
        done += len(table.rows)
    return pdf.finished()


def _tell(progress: Progress | None, before: int, total: int, rows: int) -> None:
    if progress is not None:
        progress(before + rows, total)


@dataclass(frozen=True)
class _Laid:
    """A row with the lines of each cell, as they are broken to its column."""

    cells: Sequence[Sequence[tuple[str, float]]]
    """The lines of each, with how wide they are."""
    is_bold: bool

    @property
    def height(self) -> float:
        return max(map(len, self.cells), default=1) * LINE + GAP


class ReportPDF(TaggedPDF):
    """Tables of any number of columns, numbers to the right. What many cells say is measured and broken once."""

    def __init__(self, title: str, *, made_on: date, foot: str) -> None:
        self._known: dict[tuple[str, int, bool], list[tuple[str, float]]] = {}
        super().__init__(title, made_on=made_on, foot=foot, is_wide=True)

    def table_of(self, table: Table, progress: Callable[[int], None]) -> None:
        columns = table.columns
        heads = self._laid([column.label for column in columns], columns, is_bold=True)
        with self._element("Table", is_drawn=False):
            self._room(heads.height + 3 * (LINE + GAP))
            with self._element("TR", is_drawn=False):
                self._draw(heads, columns, ["TH"] * len(columns), "Column")
            for at, row in enumerate(table.rows, 1):
                laid = self._laid([shown(cell) for cell in row.cells], columns, is_bold=not row.is_line)
                if laid.height > self._left:
                    self.add_page()
                    self._out("/Artifact BMC")
                    self._draw(heads, columns, None, "")
                    self._out("EMC")
                with self._element("TR", is_drawn=False):
                    self._draw(laid, columns, ["TH", *["TD"] * (len(columns) - 1)], "Row")
                if at % 100 == 0:
                    progress(at)
        progress(len(table.rows))
        self.ln(3)

    def _laid(self, texts: Sequence[str], columns: Sequence[Column], *, is_bold: bool) -> _Laid:
        cells = []
        for at, (text, column) in enumerate(zip(texts, columns, strict=True)):
            key = text, column.width, is_bold or at == 0
            if key not in self._known:
                self.set_font(FAMILY, "B" if key[2] else "", SIZE)
                lines = self._wrapped(drawable(text), column.width - 2)
                self._known[key] = [(line, self.get_string_width(line)) for line in lines]
            cells.append(self._known[key])
        return _Laid(cells, is_bold)

    def _wrapped(self, text: str, width: float) -> list[str]:
        if self.get_string_width(text) <= width:
            return [text]
        lines = [""]
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if not lines[-1] or self.get_string_width(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return [part for line in lines for part in self._cut(line, width)]

    def _cut(self, word: str, width: float) -> list[str]:
        """A word that is wider than its column, in pieces."""
        parts = []
        while self.get_string_width(word) > width:
            at = len(word) - 1
            while at > 1 and self.get_string_width(word[:at]) > width:
                at -= 1
            parts.append(word[:at])
            word = word[at:]
        return [*parts, word]

    def _draw(self, laid: _Laid, columns: Sequence[Column], kinds: Sequence[str] | None, scope: str) -> None:
        """Draw the row where the pen is. Without `kinds` it stands there before, and is no part of the structure."""
        x, y = float(MARGIN), self.get_y()
        for at, (lines, column) in enumerate(zip(laid.cells, columns, strict=True)):
            self.set_font(FAMILY, "B" if laid.is_bold or at == 0 else "", SIZE)
            if kinds is None:
                self._lines_at(x, y, lines, column)
            else:
                with self._element(kinds[at], scope=scope if kinds[at] == "TH" else ""):
                    self._lines_at(x, y, lines, column)
            x += column.width
        self.set_xy(MARGIN, y + laid.height)
        if kinds is not None:
            self._out("/Artifact BMC")
        self.set_draw_color(190)
        self.line(MARGIN, y + laid.height - GAP / 2, MARGIN + self.width, y + laid.height - GAP / 2)
        if kinds is not None:
            self._out("EMC")

    def _lines_at(self, x: float, y: float, lines: Sequence[tuple[str, float]], column: Column) -> None:
        for n, (line, width) in enumerate(lines):
            if line:
                self.text(x + (column.width - 2 - width if column.is_numeric else 0), y + n * LINE + DOWN, line)
