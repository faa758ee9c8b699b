"""A PDF whose text carries its structure: headings, paragraphs, lists and tables, drawn by fpdf2 and tagged by pikepdf.

What is drawn is marked on its page (`/P <</MCID 3>> BDC ... EMC`); when all is drawn, the tree that names the marks is
built. Headers and footers are artifacts, which a screen reader passes over.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import cast

import pikepdf
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from pikepdf import Array, Dictionary, Name, String

from exchange.pdf.fonts import BOLD, REGULAR, drawable, path_of

FAMILY = "arimo"
MARGIN, WIDTH, WIDE = 20, 170, 257
"""Millimetres, of A4: upright, and on its side."""
LABELS = 52
"""How wide the first column of a table is."""
SIZES = {"H1": 18, "H2": 13, "P": 10.5}
LINE = 5.2


@dataclass
class Element:
    """A part of the structure: its kind, its parts, and the marks of what was drawn for it (page from 0, number)."""

    kind: str
    parts: list["Element"] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)
    scope: str = ""
    """Of a heading in a table: Row or Column."""


class TaggedPDF(FPDF):
    """Draw with `heading`, `paragraph`, `numbered` and `rows`; `finished()` gives the file."""

    def __init__(self, title: str, *, made_on: date, foot: str, is_wide: bool = False) -> None:
        """`is_wide`: the pages lie on their sides, for tables of many columns."""
        super().__init__(format="A4", orientation="landscape" if is_wide else "portrait")
        self.width = WIDE if is_wide else WIDTH
        self.foot, self.root = drawable(foot), Element("Document")
        self._open, self._marks = [self.root], 0
        self.set_title(drawable(title))
        self.set_lang("en-GB")
        self.set_creation_date(datetime.combine(made_on, time(), UTC))
        self.set_auto_page_break(auto=False)
        self.set_margins(MARGIN, MARGIN)
        self.add_font(FAMILY, "", str(path_of(REGULAR)))
        self.add_font(FAMILY, "B", str(path_of(BOLD)))
        self.alias_nb_pages()
        self.add_page()

    def footer(self) -> None:
        self._out("/Artifact BMC")
        self.set_y(-15)
        self.set_font(FAMILY, "", 8)
        self.cell(self.width - 30, 5, self.foot)
        self.cell(30, 5, f"Page {self.page_no()} of {{nb}}", align="R")
        self._out("EMC")

    def heading(self, words: str, *, level: int = 1) -> None:
        kind = f"H{min(level, 2)}"
        self._room(3 * LINE)
        if level > 1:
            self.ln(3)
        with self._element(kind):
            self._text(words, bold=True, size=SIZES[kind])
        self.ln(2)

    def paragraph(self, words: str, *, bold: bool = False) -> None:
        with self._element("P"):
            self._text(words, bold=bold)
        self.ln(2)

    def numbered(self, items: Sequence[str]) -> None:
        with self._element("L", is_drawn=False):
            for number, words in enumerate(items, 1):
                with self._element("LI", is_drawn=False), self._element("LBody"):
                    self._text(f"{number}. {words}")
                self.ln(1)
        self.ln(2)

    def rows(self, headings: tuple[str, str], rows: Sequence[tuple[str, str]]) -> None:
        """Two columns: what, and what of it. The headings stand again on each page that the table goes on to."""
        with self._element("Table", is_drawn=False):
            with self._element("TR", is_drawn=False):
                self._cells(headings, "TH", "TH", scope="Column")
            for row in rows:
                if self._lines(row) * LINE > self._left:
                    self.add_page()
                    self._repeat(headings)
                with self._element("TR", is_drawn=False):
                    self._cells(row, "TH", "TD", scope="Row")
        self.ln(3)

    def finished(self) -> bytes:
        """The file. The same drawing gives the same bytes."""
        return _with_structure(bytes(self.output()), self.root)

    def _repeat(self, headings: tuple[str, str]) -> None:
        self._out("/Artifact BMC")
        self._draw_cell(headings[0], 0, bold=True)
        self._draw_cell(headings[1], LABELS, bold=True)
        self.ln(LINE + 1)
        self._out("EMC")

    def _cells(self, row: tuple[str, str], first: str, second: str, *, scope: str) -> None:
        height = self._lines(row) * LINE
        self._room(height)
        with self._element(first, scope=scope):
            self._draw_cell(row[0], 0, bold=True)
        with self._element(second, scope=scope if second == "TH" else ""):
            self._draw_cell(row[1], LABELS, bold=second == "TH")
        self.set_xy(MARGIN, self.get_y() + height + 1)
        self._out("/Artifact BMC")
        self.set_draw_color(190)
        self.line(MARGIN, self.get_y() - 0.5, MARGIN + self.width, self.get_y() - 0.5)
        self._out("EMC")

    def _draw_cell(self, words: str, at: int, *, bold: bool) -> None:
        x, y = MARGIN, self.get_y()
        self.set_font(FAMILY, "B" if bold else "", SIZES["P"])
        self.set_xy(x + at, y)
        self.multi_cell(LABELS - 2 if at == 0 else self.width - LABELS, LINE, drawable(words), align="L")
        self.set_xy(x, y)

    def _lines(self, row: tuple[str, str]) -> int:
        """How many lines the higher of the two cells has."""
        counts = []
        for words, width, style in ((row[0], LABELS - 2, "B"), (row[1], self.width - LABELS, "")):
            self.set_font(FAMILY, style, SIZES["P"])
            counts.append(len(self._broken(words, width)))
        return max(1, *counts)

    def _text(self, words: str, *, bold: bool = False, size: float = SIZES["P"]) -> None:
        self.set_font(FAMILY, "B" if bold else "", size)
        height = size / SIZES["P"] * LINE
        for line in self._broken(words, self.width):
            if height > self._left:
                self._end_mark()
                self.add_page()
                self._begin_mark()
                self.set_font(FAMILY, "B" if bold else "", size)
            self.cell(self.width, height, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _broken(self, words: str, width: float) -> list[str]:
        """The lines of these words in the font at hand."""
        found = self.multi_cell(width, LINE, drawable(words), align="L", dry_run=True, output="LINES")
        return cast(list[str], found)  # which fpdf2 declares to be whatever multi_cell may give

    @property
    def _left(self) -> float:
        """Millimetres down to the footer."""
        return self.h - 22 - self.get_y()

    def _room(self, height: float) -> None:
        if height > self._left:
            self.add_page()

    @contextmanager
    def _element(self, kind: str, *, scope: str = "", is_drawn: bool = True) -> Iterator[None]:
        element = Element(kind, scope=scope)
        self._open[-1].parts.append(element)
        self._open.append(element)
        if is_drawn:
            self._begin_mark()
        yield
        if is_drawn:
            self._end_mark()
        self._open.pop()

    def _begin_mark(self) -> None:
        element = self._open[-1]
        element.marks.append((self.page_no() - 1, self._marks))
        self._out(f"/{element.kind} <</MCID {self._marks}>> BDC")
        self._marks += 1

    def _end_mark(self) -> None:
        self._out("EMC")

    def add_page(self, *args: object, **options: object) -> None:
        """Marks are counted anew on each page."""
        super().add_page(*args, **options)  # type: ignore[arg-type]  # passed on as they come
        self._marks = 0


def _with_structure(drawn: bytes, root: Element) -> bytes:
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        tree = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        named: list[dict[int, pikepdf.Object]] = [{} for _ in pdf.pages]
        tree.K = _built(pdf, root, tree, named)
        numbers = Array()
        for at, page in enumerate(pdf.pages):
            page.obj.StructParents = at
            page.obj.Tabs = Name.S
            marks = pdf.make_indirect(Array([named[at][mark] for mark in sorted(named[at])]))
            numbers.append(at)
            numbers.append(marks)
        tree.ParentTree = pdf.make_indirect(Dictionary(Nums=numbers))
        tree.ParentTreeNextKey = len(pdf.pages)
        pdf.Root.StructTreeRoot = tree
        pdf.Root.MarkInfo = Dictionary(Marked=True)
        pdf.Root.Lang = String("en-GB")
        pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        file = io.BytesIO()
        pdf.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return file.getvalue()


def _built(
    pdf: pikepdf.Pdf, element: Element, parent: pikepdf.Object, named: list[dict[int, pikepdf.Object]]
) -> pikepdf.Object:
    made = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name(f"/{element.kind}"), P=parent))
    if element.scope:
        made.A = Dictionary(O=Name.Table, Scope=Name(f"/{element.scope}"))
    inside = Array([_built(pdf, part, made, named) for part in element.parts])
    for page, mark in element.marks:
        inside.append(Dictionary(Type=Name.MCR, Pg=pdf.pages[page].obj, MCID=mark))
        named[page][mark] = made
    made.K = inside
    return made
