"""Reading a bank's statement, as its own website gives it out: CSV with a day, an amount and a text. Nothing of it is
kept here.

Banks name the columns in many ways, and write money that came in as a positive amount or in a column of its own.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.money import parse_pence
from models.reports.bank_matching import Credit

LARGEST, MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 1_000_000, 10_000, 50, 1_000
MOST_FAULTS = 20
YEARS = range(1990, 2100)
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_OUT = re.compile(r"^\(.*\)$|[-−]$|DR?$")
"""Money that went out, where it is not written with a minus before it: (5.00), 5.00-, 5.00 DR, 5.00D."""
_SIGNS = re.compile(r"^\(|\)$|[-−]$| ?[CD]R?$")
DAYS = ("date", "transaction date", "posted date", "booking date", "value date", "completed date")
AMOUNTS = ("amount", "value", "amount gbp", "amount (gbp)")
CREDITS = ("paid in", "money in", "credit", "credit amount", "credits", "in", "receipts", "deposits")
TEXTS = ("reference", "description", "details", "narrative", "transaction description", "memo", "payee", "name",
         "transaction details", "counter party", "type", "notes")  # fmt: skip
_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%d/%m/%y", "%d.%m.%Y", "%Y%m%d",
            "%d %b %y", "%d-%b-%y")  # fmt: skip


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong, at the cell as a spreadsheet names it: A1 where it is the file as a whole."""

    cell: str
    reason: str


class WrongStatement(Exception):
    """The file cannot be read as a statement; all that is wrong, as far as MOST_FAULTS."""

    def __init__(self, faults: Sequence[CellFault]) -> None:
        self.faults = tuple(faults[:MOST_FAULTS])
        super().__init__("; ".join(f"{fault.cell}: {fault.reason}" for fault in self.faults))


@dataclass(frozen=True)
class BankStatement:
    """The days that it covers, and what came in on them."""

    first_on: date
    last_on: date
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    day: int
    amount: int
    texts: tuple[int, ...]


def read_statement(content: bytes) -> BankStatement:
    """WrongStatement where it is none, or a cell of it is wrong."""
    rows = list(_rows(_text(content)))
    at, columns = _header(rows)
    faults: list[CellFault] = []
    days, credits = [], []
    for number, cells in rows[at + 1 :]:
        if len(cells) <= max(columns.day, columns.amount):
            if any(cell.strip() for cell in cells):
                faults.append(CellFault(f"A{number}", "This row has fewer cells than the header"))
            continue
        on = _day(cells[columns.day], number, columns.day, faults)
        pence = _pence(cells[columns.amount], number, columns.amount, faults)
        if on is None:
            continue
        days.append(on)
        if pence is not None and pence > 0:
            text = " ".join(cells[each].strip() for each in columns.texts if each < len(cells))
            credits.append(Credit(number, on, pence, text))
    if faults:
        raise WrongStatement(faults)
    if not days:
        raise WrongStatement([CellFault("A1", "There are no rows below the header")])
    return BankStatement(min(days), max(days), tuple(credits))


def statement_or_faults(content: bytes) -> tuple[BankStatement | None, tuple[CellFault, ...]]:
    """The statement, or None with what is wrong with the file."""
    try:
        return read_statement(content), ()
    except WrongStatement as wrong:
        return None, wrong.faults


def _text(content: bytes) -> str:
    if not content.strip():
        raise WrongStatement([CellFault("A1", "The file is empty")])
    if len(content) > LARGEST:
        raise WrongStatement([CellFault("A1", "The file is larger than 1 MB. Choose fewer days at your bank")])
    if b"\0" in content or content.startswith((b"PK", b"%PDF", b"\xd0\xcf")):
        raise WrongStatement([CellFault("A1", "This is no CSV file. Choose CSV where your bank asks for a format")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered as a spreadsheet numbers them; empty ones are left out."""
    head = text[:4_000]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
        for number, cells in enumerate(reader, 1):
            if number > MOST_ROWS:
                raise WrongStatement([CellFault(f"A{number}", f"There are more than {MOST_ROWS:,} rows")])
            if len(cells) > MOST_COLUMNS or any(len(cell) > MOST_CHARACTERS for cell in cells):
                raise WrongStatement([CellFault(f"A{number}", "This row is too long. Is a quotation mark missing?")])
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as problem:
        raise WrongStatement([CellFault("A1", f"This cannot be read as CSV: {problem}")]) from None


def _header(rows: Sequence[tuple[int, list[str]]]) -> tuple[int, _Columns]:
    """Where the names of the columns stand, which may be below lines about the account."""
    for at, (_, cells) in enumerate(rows[:20]):
        names = [re.sub(r"\s+", " ", cell.strip().casefold()) for cell in cells]
        day = _first(names, DAYS)
        amount = _first(names, CREDITS)
        amount = _first(names, AMOUNTS) if amount is None else amount
        if day is not None and amount is not None:
            return at, _Columns(day, amount, tuple(index for index, name in enumerate(names) if name in TEXTS))
    wanted = "a column named Date, and one named Amount, Credit, Paid in or Money in"
    raise WrongStatement([CellFault("A1", f"There is no row that names the columns. It needs {wanted}")])


def _first(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _day(cell: str, row: int, column: int, faults: list[CellFault]) -> date | None:
    text = _TIME.sub("", cell.strip())
    for form in _FORMATS:
        try:
            on = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
        if on.year in YEARS:
            return on
    faults.append(CellFault(_place(row, column), f"“{cell.strip()[:40]}” is no day. Write it like 31/03/2020"))
    return None


def _pence(cell: str, row: int, column: int, faults: list[CellFault]) -> int | None:
    text = cell.strip().upper().removeprefix("+").replace("GBP", "").strip()
    if not text:
        return None
    is_out = bool(_OUT.search(text))
    try:
        pence = parse_pence(_SIGNS.sub("", text))
        return -abs(pence) if is_out else pence
    except ValueError as problem:
        faults.append(CellFault(_place(row, column), f"“{cell.strip()[:40]}” {problem}"))
        return None


def _place(row: int, column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return f"{name}{row}"
