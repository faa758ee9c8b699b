"""Files that a person takes away."""

from collections.abc import Iterable, Sequence

from flask import Response

from exchange.downloads.tabular import Cell, csv_text


def csv_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    """The rows as a CSV file to save under `name`. Let the name say nothing of a client: browsers list it."""
    response = Response("".join(csv_text(rows)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def calendar_file(name: str, text: str) -> Response:
    """A calendar file to save under `name`, which says nothing of a client either."""
    response = Response(text, mimetype="text/calendar")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
