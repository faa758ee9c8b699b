"""Remittances in tests: what a run has kept, and every form that a report takes."""

import csv
import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pikepdf
from bs4 import BeautifulSoup
from sqlalchemy import select

from models.payments.advice import Advice
from models.payments.payment import ScheduledPayment
from models.payments.remittance import Remittance
from models.records.contract import Contract
from tests.support.rows import every


def kept(contract: Contract) -> list[Remittance]:
    return every(select(Remittance).where(Remittance.contract_id == contract.id).order_by(Remittance.id))


def advice(contract: Contract, first_on: date) -> Advice:
    """What the one run that has paid this payment says of it."""
    query = select(Remittance).join(ScheduledPayment, ScheduledPayment.id == Remittance.payment_id)
    of_it = Remittance.contract_id == contract.id, ScheduledPayment.first_on == first_on
    [found] = every(query.where(*of_it))
    return found.advice


def told(lines: Any) -> list[tuple[str, str, int]]:
    """Reason, days and net pence of each line."""
    return [(str(each.reason), f"{each.first:%d/%m}-{each.last:%d/%m}", each.net_pence) for each in lines]


def rows_of_page(html: str) -> list[list[str]]:
    """The cells of every line of every table, without sums."""
    rows = BeautifulSoup(html, "html.parser").select("section.report table tr")
    cells = [[" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in rows if row.select("td")]
    return [row for row, tr in zip(cells, [r for r in rows if r.select("td")], strict=True) if not tr.select("strong")]


def rows_of_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def rows_of_pdf(content: bytes) -> list[list[str]]:
    """The cells of every row of its tables that has data, by its structure; headings of columns are left out."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        texts = [_texts_of(page) for page in pdf.pages]
        numbers = {page.objgen: n for n, page in enumerate(pdf.pages)}
        rows = list(_all(pdf.Root.StructTreeRoot.K.K, "/TR"))
        return [
            [_text(cell, texts, numbers) for cell in row.K]
            for row in rows
            if any(str(cell.S) == "/TD" for cell in row.K)
        ]


def _all(element: Any, kind: str) -> Any:
    for part in element:
        if isinstance(part, pikepdf.Dictionary) and "/S" in part:
            if str(part.S) == kind:
                yield part
            yield from _all(part.get("/K", []), kind)


def _text(cell: Any, texts: list[dict[int, str]], numbers: dict[Any, int]) -> str:
    marks = [texts[numbers[mark.Pg.objgen]].get(int(mark.MCID), "") for mark in cell.K]
    return " ".join(" ".join(marks).split())


def _texts_of(page: Any) -> dict[int, str]:
    """What is drawn under each mark of the page, read through the fonts' own tables of letters."""
    letters = {name: _letters(font) for name, font in page.Resources.Font.items()}
    found: dict[int, str] = {}
    mark, font = None, {}
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC":
                mark = int(operands[1].MCID)
            case "EMC":
                mark = None
            case "Tf":
                font = letters[str(operands[0])]
            case "Tj" if mark is not None:
                raw = bytes(operands[0])
                text = "".join(font.get(raw[at : at + 2], "?") for at in range(0, len(raw), 2))
                found[mark] = f"{found.get(mark, '')} {text}"
    return found


def _letters(font: Any) -> dict[bytes, str]:
    """Two bytes and the letters that they stand for: the file's own ToUnicode."""
    table = font.ToUnicode.read_bytes().decode("latin-1")
    pairs = re.findall(r"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4,})>", table)
    return {bytes.fromhex(code): bytes.fromhex(text).decode("utf-16-be") for code, text in pairs}


def rows_of_xlsx(content: bytes) -> list[dict[str, str | Decimal]]:
    """Every row by its headings: text as it is, numbers as they are written, nothing where a cell is empty."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        sheet = ElementTree.fromstring(packed.read("xl/worksheets/sheet1.xml"))
    rows = [{_column(cell): _value(cell) for cell in row} for row in sheet.iter(f"{_MAIN}row")]
    headings = rows[0]
    return [{str(name): row.get(at, "") for at, name in headings.items()} for row in rows[1:]]


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _column(cell: Any) -> str:
    return str(cell.get("r")).rstrip("0123456789")


def _value(cell: Any) -> str | Decimal:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_MAIN}t"))
    assert cell.get("t") is None, "neither a formula nor a shared string"
    return Decimal(cell.findtext(f"{_MAIN}v"))
