"""The file of one client as a zip: a page to read, and each table as CSV beside it."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from html import escape
from typing import Any

from models.auditing.words import words_of
from models.calendar import LONDON
from models.money import plain
from models.reports.subject_file import AUDIT, Table

ABOUT = (
    "This is what the Provider Portal holds on one person. Read it before it is given out: what somebody typed may"
    " speak of other people in ways that no machine finds. The contents of attached files are not in here: the table"
    " Files names them."
)
STYLE = (
    "body{font:16px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #999;padding:4px;\
text-align:left;vertical-align:top;white-space:pre-wrap}"
)


def as_zip(title: str, tables: Sequence[Table]) -> bytes:
    """index.html and a CSV of each table."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("index.html", _page(title, tables))
        for table in tables:
            file.writestr(f"{table.name.lower().replace(' ', '-')}.csv", _csv(table))
    return data.getvalue()


def _page(title: str, tables: Sequence[Table]) -> str:
    parts = [
        f"<!doctype html><html lang=en-GB><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    ]
    parts.append(f"<h1>{escape(title)}</h1><p>{escape(ABOUT)}</p>")
    for table in tables:
        parts.append(f"<h2>{escape(table.name)}</h2>")
        if not table.rows:
            parts.append("<p>Nothing.</p>")
            continue
        head = "".join(f"<th scope=col>{escape(_heading(each))}</th>" for each in table.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(each)}</td>" for each in _texts(table, row)) + "</tr>" for row in table.rows
        )
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "\n".join(parts) + "\n"


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(map(_heading, table.columns))
    for row in table.rows:
        writer.writerow(_harmless(each) for each in _texts(table, row))
    return "\ufeff" + out.getvalue()


def _texts(table: Table, row: Sequence[Any]) -> list[str]:
    texts = [_text(name, value) for name, value in zip(table.columns, row, strict=True)]
    if table.name == AUDIT:
        at = table.columns.index("action")
        texts[at] = words_of(texts[at])
    return texts


def _heading(column: str) -> str:
    plain_name = column.removesuffix("_pence").removesuffix("_e4").replace("_", " ").capitalize()
    return f"{plain_name} (£)" if column.endswith("_pence") else plain_name


def _text(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return f"{value.astimezone(LONDON):%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if column.endswith("_pence"):
        return plain(value)
    if column.endswith("_e4"):
        values = value if isinstance(value, list) else [value]
        return ", ".join(f"{each // 10_000}.{each % 10_000:04}" for each in values)
    return str(value.value if isinstance(value, Enum) else value)


def _harmless(text: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and not text[1:2].isdigit() else text
