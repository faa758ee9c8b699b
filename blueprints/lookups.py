"""Finding the record that an address names."""

from datetime import date
from typing import TypeVar

from flask import Flask, abort
from sqlalchemy import Select
from werkzeug.routing import BaseConverter, IntegerConverter, UnicodeConverter, ValidationError

from models.base import session

T = TypeVar("T")


def init_app(app: Flask) -> None:
    app.url_map.converters.update(int=Number, day=Day, reference=Reference)


def get_or_404(query: Select[tuple[T]]) -> T:
    """The one record that the query finds. It always asks the database, so the tenant's filter always applies."""
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        abort(404)
    return found


class Number(IntegerConverter):
    """A number that fits into a key: any other is the address of nothing."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **options})


class Day(BaseConverter):
    """<day:first_on>: 2019-09-30."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: date) -> str:
        return value.isoformat()


class Reference(UnicodeConverter):
    """<reference:contract>: one of the finance system's own references."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **{"maxlength": 100, **options})

    def to_python(self, value: str) -> str:
        if not value.isprintable():
            raise ValidationError
        return value
