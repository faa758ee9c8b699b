"""Files that a person takes away."""

import io
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TypeVar

from flask import Response
from werkzeug.wsgi import FileWrapper

from exchange.downloads.tabular import Cell, csv_text
from exchange.downloads.workbook import write_workbook
from forms.base import FilterForm

Rows = Iterable[Sequence[Cell]]


class FileKind(StrEnum):
    """As the address ends: `/data.<file:ending>`."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def mimetype(self) -> str:
        if self is FileKind.CSV:
            return "text/csv"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableFile(Response):
    """A table as a file. `told` is what it says as text, since an XLSX file is packed: blueprints/reading.py looks
    there for what is noted.
    """

    told = ""


class WrongFilter(Exception):
    """A file was asked for with a filter that is none of its list's, say from an old address: 422."""

    def __init__(self, form: FilterForm) -> None:
        super().__init__(". ".join(str(each) for faults in form.errors.values() for each in faults))
        self.form = form


F = TypeVar("F", bound=FilterForm)


def checked(form: F) -> F:
    """The filters of a file. WrongFilter, which says what is wrong, rather than a file of headings only."""
    if not form.validate():
        raise WrongFilter(form)
    return form


def table_file(name: str, rows: Rows, kind: str, *, is_long: bool = False) -> TableFile:
    """The rows, headings first, as a file to save under `name` and the kind's ending. Let the name say nothing of a
    client: browsers list it.

    `is_long`: sent while it is read. Such a file shows no client, since nobody could note it before it is sent.
    """
    as_kind = FileKind(kind)
    response = _long(rows, as_kind) if is_long else _short(list(rows), as_kind)
    response.mimetype = as_kind.mimetype
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{as_kind}")
    return response


def _short(rows: list[Sequence[Cell]], kind: FileKind) -> TableFile:
    text = "".join(csv_text(rows))
    if kind is FileKind.CSV:
        response = TableFile(text)
    else:
        write_workbook(rows, file := io.BytesIO())
        response = TableFile(file.getvalue())
    response.told = text
    return response


def _long(rows: Rows, kind: FileKind) -> TableFile:
    if kind is FileKind.CSV:
        return TableFile(csv_text(rows))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
    write_workbook(rows, file)
    file.seek(0)
    return TableFile(FileWrapper(file))


def calendar_file(name: str, text: str) -> Response:
    """A calendar file to save under `name`, which says nothing of a client either."""
    response = Response(text, mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
