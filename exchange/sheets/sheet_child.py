"""Reads one table: a CSV file or an Excel workbook from stdin, as JSON to stdout. Run as a program of its own, with
little memory and time, since the file may be made to break whatever reads it. It imports nothing of the portal.

Arguments: `csv` or `xlsx`, and the name of the sheet that is looked for. It answers {"rows": [[number, [text, ...]]],
"sheet": name, "notes": [...], "bad": {cell: code}, "merged": [area]}, or {"refused": code, "detail": text}; how both
are worded is said in exchange/sheets/reading.py. Rows have the numbers that a spreadsheet shows; empty ones are left
out.
"""

import csv
import gc
import io
import json
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, NoReturn
from xml.etree import ElementTree

MEMORY = 512_000_000
SECONDS = 20
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 100_000, 50, 5_000
MOST_TEXT = 20_000_000
"""Characters of all cells: a workbook may say one long text in each of a million cells, and be small."""
LAST_ROW = 110_000
"""No cell stands below it: the reader of workbooks keeps room for every row above the last one."""
LONG = 1e15
"""From here on Excel has cut digits off."""
MOST_MEMBERS, LARGEST_MEMBER, LARGEST_WHOLE = 1_000, 150_000_000, 200_000_000
MOST_NAMED = 100
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW = re.compile(rb'<(?:\w+:)?row\b(?:[^>]*?\br="(\d+)")?[^>]*(?<!/)>')
_WIDE = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="(?:A[Y-Z]|[B-Z][A-Z]|[A-Z]{3})\d+"[^>]*(?<!/)>')
_FAR = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]+(\d{6,7}))"[^>]*(?<!/)>')
_UNWORKED = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]+\d+)"[^>]*><(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_ERROR = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+\d+)"[^>]*(?<!/)>')
_ODD = re.compile(rb'r="(?:[A-Z]+\d{6}|A[Y-Z]|[B-Z][A-Z]|[A-Z]{3})')
"""What a far or a wide cell begins with: found quickly, where there is none."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]+\d+:[A-Z]+\d+)"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d+)"[^>]*(?<!/)>')


class Refused(Exception):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def read_csv(content: bytes) -> dict[str, Any]:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Refused("csv_is_workbook")
    if content.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise Refused("csv_is_other")
    text, notes = _decoded(content)
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        raise Refused("csv_is_markup")
    csv.field_size_limit(MOST_CHARACTERS)
    delimiter = _delimiter(text)
    if delimiter != ",":
        notes.append({";": "semicolons", "\t": "tabs", "|": "bars"}[delimiter])
    rows: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            number += 1
            _keep(rows, number, cells)
    except csv.Error as problem:
        raise Refused(_csv_problem(str(problem)), str(number + 1)) from None
    return {"rows": rows, "sheet": "", "notes": notes, "bad": {}, "merged": []}


def _decoded(content: bytes) -> tuple[str, list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), ["utf-16"]
        except UnicodeDecodeError:
            raise Refused("encoding") from None
    if b"\0" in content:
        raise Refused("nul", str(content[: content.index(b"\0")].count(b"\n") + 1))
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), ["cp1252"]
    except UnicodeDecodeError as problem:
        raise Refused("encoding", str(content[: problem.start].count(b"\n") + 1)) from None


def _delimiter(text: str) -> str:
    """What parts the cells of the first line that has any."""
    first = next((line for line in text[:20_000].splitlines() if line.strip(" ,;\t|")), "")
    return max(",;\t|", key=first.count)


def _csv_problem(said: str) -> str:
    if "limit" in said:
        return "long_cell"
    return "quote_open" if "unexpected end" in said else "quote_inside" if "expected after" in said else "csv"


def _keep(rows: list[tuple[int, list[str]]], number: int, cells: list[str]) -> None:
    while cells and not cells[-1].strip():
        cells.pop()
    if not cells:
        return
    if len(cells) > MOST_COLUMNS:
        raise Refused("columns", str(number))
    if len(rows) > MOST_ROWS:  # one is the headings
        raise Refused("rows")
    rows.append((number, cells))


def read_xlsx(content: bytes, wanted: str) -> dict[str, Any]:
    from python_calamine import CalamineWorkbook

    book, path, name = _structure(content, wanted)
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        xml = pack.read(path)
    notes, bad, merged = _look_through(xml)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name)
    rows: list[tuple[int, list[str]]] = []
    room, known = MOST_TEXT, _Floats()
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False), 1):
        texts = [known[cell] if type(cell) is float else cell if type(cell) is str else _text(cell) for cell in cells]
        room -= sum(map(len, texts))
        if max(map(len, texts), default=0) > MOST_CHARACTERS:
            raise Refused("long_text", str(number))
        if room < 0:
            raise Refused("text")
        if known.has_long or int in map(type, cells):
            for index, cell in enumerate(cells):
                if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= LONG:
                    bad[f"{_column(index)}{number}"] = "long_number"
        _keep(rows, number, texts)
    return {"rows": rows, "sheet": name, "notes": notes + book, "bad": bad, "merged": merged}


class _Floats(dict[float, str]):
    """By a number of a workbook: as a person would type it. Most say what others say, and are worded once."""

    has_long = False
    """One of them was LONG."""

    def __missing__(self, cell: float) -> str:
        self.has_long = self.has_long or abs(cell) >= LONG
        found = self[cell] = _text(cell)
        return found


def _structure(content: bytes, wanted: str) -> tuple[list[str], str, str]:
    """Look at the workbook before anything reads it; its notes, and the path and name of the sheet to read."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        secret = "EncryptedPackage".encode("utf-16-le") in content
        raise Refused("encrypted" if secret else "xls")
    if not content.startswith(b"PK"):
        raise Refused("xlsx_is_other")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            names = _members(pack)
            return _chosen(pack, names, wanted)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, KeyError, ElementTree.ParseError, OSError):
        raise Refused("broken") from None


def _members(pack: zipfile.ZipFile) -> set[str]:
    members = pack.infolist()
    names = {each.filename for each in members}
    _refuse_size(members)
    strange = len(names) != len(members) or any(name.startswith("/") or ".." in name.split("/") for name in names)
    if strange:
        raise Refused("members")
    if "xl/workbook.xml" not in names:
        raise Refused("binary" if "xl/workbook.bin" in names else "no_workbook")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused("macros")
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise Refused("linked")
    for name in names:
        if name.endswith((".xml", ".rels")) and DOCTYPE.search(pack.open(name).read(4_000)):
            raise Refused("doctype")
    return names


def _refuse_size(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise Refused("members")
    sizes = [each.file_size for each in members]
    if max(sizes, default=0) > LARGEST_MEMBER or sum(sizes) > LARGEST_WHOLE:
        raise Refused("unpacks")
    if any(each.flag_bits & 1 for each in members):
        raise Refused("encrypted")


def _chosen(pack: zipfile.ZipFile, names: set[str], wanted: str) -> tuple[list[str], str, str]:
    sheets, paths = _sheets(pack), _paths(pack)
    found = [each for each in sheets if each[0].casefold() == wanted.casefold()]
    shown = [each for each in sheets if each[1] == "visible"]
    if found and found[0][1] != "visible":
        raise Refused("hidden", wanted)
    if not found and len(shown) != 1:
        raise Refused("sheets" if shown else "hidden", ", ".join(name for name, _, _ in shown[:10]))
    name, _, key = (found or shown)[0]
    path = paths.get(key, "")
    if path not in names:
        raise Refused("broken")
    return ([f"sheet:{name}"] if not found else []), path, name


def _sheets(pack: zipfile.ZipFile) -> list[tuple[str, str, str]]:
    """The name, state and key of each."""
    root = ElementTree.fromstring(pack.read("xl/workbook.xml"))  # noqa: S314 - no DOCTYPE, little memory
    found = []
    for each in root.iter():
        if each.tag.rpartition("}")[2] == "sheet":
            key = next((value for name, value in each.attrib.items() if name.endswith("}id")), "")
            found.append((each.get("name", ""), each.get("state", "visible"), key))
    return found


def _paths(pack: zipfile.ZipFile) -> dict[str, str]:
    root = ElementTree.fromstring(pack.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - no DOCTYPE, little memory
    targets = {each.get("Id", ""): each.get("Target", "") for each in root.iter() if each.get("Id")}
    return {
        key: target.removeprefix("/") if target.startswith("/") else f"xl/{target}" for key, target in targets.items()
    }


def _look_through(xml: bytes) -> tuple[list[str], dict[str, str], list[str]]:
    """What calamine does not tell: how many rows there are, far cells, errors, unworked formulas, merged cells."""
    numbers = [int(found[1] or 0) for found in _ROW.finditer(xml)]
    if len(numbers) > MOST_ROWS + 1_000:
        raise Refused("rows")
    is_odd = _ODD.search(xml) is not None
    if far := next((found for found in _FAR.finditer(xml) if int(found[2]) > LAST_ROW), None) if is_odd else None:
        raise Refused("far", far[1].decode())
    if numbers and max(numbers) > LAST_ROW:
        raise Refused("far", f"row {max(numbers)}")
    if wide := _WIDE.search(xml) if is_odd else None:
        raise Refused("columns", re.findall(rb'r="[A-Z]+(\d+)"', wide[0])[0].decode())
    bad = dict.fromkeys(_named(_UNWORKED, xml, b"<f", b":f"), "unworked")
    bad |= dict.fromkeys(_named(_ERROR, xml, b't="e"'), "error")
    is_hidden = b"hidden=" in xml and _HIDDEN.search(xml) is not None
    return (["hidden_rows"] if is_hidden else []), bad, _named(_MERGED, xml, b"mergeCell")


def _named(wanted: re.Pattern[bytes], xml: bytes, *signs: bytes) -> list[str]:
    """The first cells or areas that are so. Each stands where one of the `signs` is, which is looked for first: a sheet
    of 100,000 rows is long.
    """
    if not any(sign in xml for sign in signs):
        return []
    return [found[1].decode() for found in islice(wanted.finditer(xml), MOST_NAMED)]


def _text(cell: Any) -> str:
    """The cell as a person would type it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if abs(cell) < LONG and cell == int(cell) else f"{cell:.10g}"
    return _time_text(cell) if isinstance(cell, date | time | timedelta) else str(cell)


def _time_text(cell: date | time | timedelta) -> str:
    if isinstance(cell, timedelta):
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if not isinstance(cell, datetime) or cell.time() == time():
        return f"{cell:%d/%m/%Y}"
    return f"{cell:%d/%m/%Y %H:%M}" if cell.second == 0 else f"{cell:%d/%m/%Y %H:%M:%S}"


def _column(index: int) -> str:
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def answer(said: dict[str, Any]) -> NoReturn:
    sys.stdout.write(json.dumps(said, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.flush()
    sys.exit(0)


def main() -> None:
    limit()
    gc.disable()  # it ends before there is any rubbish
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # a text stream, which has it
    kind, wanted = sys.argv[1], sys.argv[2]
    content = sys.stdin.buffer.read()
    try:
        said = read_csv(content) if kind == "csv" else read_xlsx(content, wanted)
    except Refused as refused:
        answer({"refused": refused.code, "detail": refused.detail})
    except MemoryError:
        answer({"refused": "memory", "detail": ""})
    except BaseException:  # whatever is wrong with it, a panic of the reader of workbooks among it
        answer({"refused": "broken", "detail": ""})
    answer(said)


if __name__ == "__main__":
    main()
