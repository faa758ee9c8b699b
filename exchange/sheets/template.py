"""The template of actuals: what is planned stands in it, what was delivered is typed over. As a workbook it offers the
reasons and refuses what no week can hold; as CSV it is the same rows.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from exchange.downloads.tabular import Cell, Rate
from models.records.actual import AbsenceReason
from models.records.import_batch import ImportKind
from models.uploads.actual_rows import TEMPLATE
from models.uploads.cells import cell_name
from models.uploads.columns import ACTUALS, COLUMNS, Column
from models.uploads.prefilled import PrefilledRow

SPARE_ROWS = 500
"""Rows below the last one in which the workbook still checks what is typed."""
_QUOTED_FORMULA = re.compile(r"'+\s*[=+\-@\t＝＋－＠]")
_WIDE = {"Comment": 40, "ClientName": 24, "ServiceLevel": 28}
_NAMES = [column.name for column in ACTUALS]


def headings(kind: ImportKind) -> tuple[str, ...]:
    return tuple(column.name for column in COLUMNS[kind])


def template_rows(provider_reference: str, rows: Iterable[PrefilledRow]) -> Iterator[tuple[Cell, ...]]:
    """Headings, then a row for each person and week, in the order of the columns."""
    yield headings(ImportKind.ACTUALS)
    for row in rows:
        item, planned, stands = row.item, row.planned, row.stands
        figures: tuple[Cell, ...] = (Rate(planned.planned_e4), None, None, None, None, None, None, None, None, 0)
        if stands is not None:
            figures = (
                Rate(stands.actual_e4), _some(stands.frustrated_e4), _some(stands.missed_e4), _some(stands.extra_e4),
                stands.planned_visits, stands.visits, stands.reason.value if stands.reason else None, stands.comment,
                stands.provider_reference, stands.version,
            )  # fmt: skip
        yield (
            TEMPLATE, provider_reference, item.contract_reference, item.reference, item.client_reference,
            item.client_name, item.level_name, planned.week.first, item.unit.value, Rate(planned.planned_e4), *figures,
        )  # fmt: skip


def safe_twice(rows: Iterable[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """For CSV: text that begins with an apostrophe before a formula gets one more, so that taking one off gives the
    text as it was.
    """
    for row in rows:
        yield tuple(f"'{cell}" if isinstance(cell, str) and _QUOTED_FORMULA.match(cell) else cell for cell in row)


def _some(quantity_e4: int) -> Rate | None:
    return Rate(quantity_e4) if quantity_e4 else None


def write_template(rows: Iterable[tuple[Cell, ...]], file: IO[bytes]) -> None:
    """The workbook: sheet Actuals, with the columns of the plan locked, and sheet Help. `rows` of `template_rows`."""
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(ImportKind.ACTUALS.sheet)
        formats = _Formats(book)
        count = 0
        for number, row in enumerate(rows):
            count = number
            for place, cell in enumerate(row):
                _write(sheet, number, place, cell, formats)
        _check_cells(sheet, count + SPARE_ROWS, formats)
        for place, column in enumerate(ACTUALS):
            width = {"Comment": 40, "ClientName": 24, "ServiceLevel": 28}.get(
                column.name, max(10, len(column.name) + 2)
            )
            hidden = {"hidden": column.name in ("TemplateVersion", "RowVersion")}
            sheet.set_column(place, place, width, formats.planned if column.is_planned else formats.typed, hidden)
        sheet.freeze_panes(1, _NAMES.index("ServiceLevel"))
        sheet.autofilter(0, 0, max(count, 1), len(ACTUALS) - 1)
        sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True,
                           "insert_rows": True, "delete_rows": True})  # fmt: skip
        _help(book, formats)


class _Formats:
    def __init__(self, book: Workbook) -> None:
        self.heading: Format = book.add_format({"bold": True, "bottom": 1, "locked": True})
        grey = {"locked": True, "bg_color": "#F3F2F1"}
        self.planned: Format = book.add_format(grey)
        self.planned_day: Format = book.add_format(grey | {"num_format": "dd/mm/yyyy"})
        self.planned_quantity: Format = book.add_format(grey | {"num_format": "0.00##"})
        self.typed: Format = book.add_format({"locked": False})
        self.quantity: Format = book.add_format({"locked": False, "num_format": "0.00##"})
        self.wrapped: Format = book.add_format({"text_wrap": True, "valign": "top"})


def _write(sheet: Worksheet, number: int, place: int, cell: Cell, formats: _Formats) -> None:
    is_planned = ACTUALS[place].is_planned
    if number == 0:
        sheet.write_string(0, place, str(cell), formats.heading)
    elif isinstance(cell, Rate):
        units: Any = Decimal(cell.e4).scaleb(-4)  # digit by digit, which the types of XlsxWriter leave out
        sheet.write_number(number, place, units, formats.planned_quantity if is_planned else formats.quantity)
    elif isinstance(cell, date):
        sheet.write_datetime(number, place, datetime.combine(cell, time()), formats.planned_day)
    elif isinstance(cell, int):
        sheet.write_number(number, place, cell, formats.planned if is_planned else formats.typed)
    elif isinstance(cell, str) and cell:
        sheet.write_string(number, place, cell, formats.planned if is_planned else formats.typed)


def _check_cells(sheet: Worksheet, last: int, formats: _Formats) -> None:
    """What Excel itself refuses, or warns of, as somebody types."""
    unit, planned = (_letters(name) for name in ("Unit", "PlannedQty"))
    for name in ("ActualQty", "FrustratedQty", "MissedQty", "ExtraQty"):
        place, own = _NAMES.index(name), _letters(name)
        step = f'IF(${unit}2="hour",25,IF(${unit}2="session",50,100))'
        is_step = f"OR(MOD(ROUND({own}2*100,2),{step})=0,{own}2=${planned}2)"
        sheet.data_validation(1, place, last, place, {
            "validate": "custom", "value": f"=AND(ISNUMBER({own}2),{own}2>=0,{is_step})", "error_title": name,
            "error_message": "Enter 0 or more: hours in quarters (0.25), sessions in halves, all else whole.",
        })  # fmt: skip
    place = _NAMES.index("ActualVisits")
    sheet.data_validation(1, place, last, place, {
        "validate": "integer", "criteria": "between", "minimum": 0, "maximum": 500, "error_title": "ActualVisits",
        "error_message": "Enter a whole number of visits.",
    })  # fmt: skip
    place = _NAMES.index("ReasonCode")
    sheet.data_validation(1, place, last, place, {
        "validate": "list", "source": [each.value for each in AbsenceReason], "error_title": "ReasonCode",
        "error_message": "Choose one of the list.",
    })  # fmt: skip
    for name, most in (("Comment", 1000), ("ProviderReference", 30)):
        place = _NAMES.index(name)
        sheet.data_validation(1, place, last, place, {
            "validate": "length", "criteria": "<=", "value": most, "error_title": name,
            "error_message": f"Write {most} characters or fewer.",
        })  # fmt: skip


def _letters(name: str) -> str:
    return cell_name(_NAMES.index(name), 1).rstrip("1")


def _help(book: Workbook, formats: _Formats) -> None:
    sheet = book.add_worksheet("Help")
    sheet.set_column(0, 0, 22, formats.wrapped)
    sheet.set_column(1, 1, 90, formats.wrapped)
    lines = [
        ("What to do", "Type over ActualQty what was delivered, and say in the columns beside it why it differs. Then "
                       "save the file and upload it. Grey columns are the plan, and are not read back."),
        ("", ""), *((column.name, _about(column)) for column in ACTUALS),
        ("", ""), ("ReasonCode", "What the codes mean"), *((each.value, each.label) for each in AbsenceReason),
    ]  # fmt: skip
    for number, (name, about) in enumerate(lines):
        sheet.write_string(number, 0, name, formats.heading if number == 0 else formats.wrapped)
        sheet.write_string(number, 1, about, formats.wrapped)


def _about(column: Column) -> str:
    return f"{column.about}{'. Needed' if column.is_needed else ''}"
