"""Files that a person takes away."""

from collections.abc import Iterable, Sequence

from flask import Response

from exchange.tabular import Cell, csv_text


def csv_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    """A CSV file with this name, which holds nothing about a client."""
    response = Response("".join(csv_text(rows)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def calendar_file(name: str, text: str) -> Response:
    """A calendar file with this name, which holds nothing about a client."""
    response = Response(text, mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
