"""Rules of acknowledgements.csv that rest on what was exported: it speaks of exports, files and rows that there are."""

from sqlalchemy import select

from exchange.feed.shape import Values
from exchange.feed.sheets import Row, Sheet
from exchange.feed.world import World
from models.base import chunks, session
from models.records.export import AnswerResult, Export, Exported

FILE = "acknowledgements.csv"
CHUNK = 500


def check(sheet: Sheet, world: World) -> None:
    """Add to the sheet what is wrong with rows that answer exports."""
    if sheet.file.name != FILE:
        return
    merged = world.merged[FILE]
    exports = _exports({key[0] for key in sheet.by_key})
    known = _rows_in(exports, [key for key in sheet.by_key if key[2]])
    for key, row in sheet.each():
        if not row.is_rejected:
            _check_row(sheet, row, merged[key], exports.get(key[0]), known)


def _check_row(sheet: Sheet, row: Row, values: Values, export: Export | None, known: set[tuple[int, str, str]]) -> None:
    number, name = values["number"], values["file"]
    if export is None:
        sheet.fault(row, "sequence", f"There is no export {number}")
        return
    kind = next((each.kind for each in export.files if each.name == name), None)
    if values["row"] and not name:
        sheet.fault(row, "file", "Enter the file in which the row is")
    elif name and kind is None:
        sheet.fault(row, "file", f"Export {number} has no such file")
    elif values["row"] and (export.id, kind or "", values["row"]) not in known:
        sheet.fault(row, "row", f"{name} of export {number} has no row that begins so")
    if values["result"] is AnswerResult.REFUSED and not values["reason"]:
        sheet.fault(row, "reason", "Say why it is refused")
    elif values["result"] is AnswerResult.ACCEPTED and values["reason"]:
        sheet.fault(row, "reason", "Leave it empty: what is accepted has no reason")


def _exports(numbers: set[int]) -> dict[int, Export]:
    query = select(Export)
    found = (
        export
        for some in chunks(sorted(numbers), CHUNK)
        for export in session.scalars(query.where(Export.number.in_(some)))
    )
    return {export.number: export for export in found}


def _rows_in(exports: dict[int, Export], keys: list[tuple[int, str, str]]) -> set[tuple[int, str, str]]:
    """Which of the rows that the keys name there are: export id, kind and reference."""
    told = Exported
    columns = select(told.export_id, told.kind, told.reference)
    ids = sorted(exports[number].id for number in {key[0] for key in keys} & exports.keys())
    query = columns.where(told.export_id.in_(ids))
    found: set[tuple[int, str, str]] = set()
    for some in chunks(sorted({key[2] for key in keys}), CHUNK):
        found |= {(row[0], row[1], row[2]) for row in session.execute(query.where(told.reference.in_(some)))}
    return found
